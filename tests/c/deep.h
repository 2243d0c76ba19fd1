/* Values as deep as they may be, and calls that are given them. */
#ifndef DEEP_H
#define DEEP_H

#include "guests.h"

#define DEEP 90 /* lists within lists; types may be 100 deep */

static inline char *deep_wat(void) {
  const size_t room = 8192;
  char *text = malloc(room);
  CHECK(text != NULL);
  size_t at = (size_t)snprintf(
      text, room,
      "(component (core module $m (memory (export \"m\") 1) (global $top (mut i32) (i32.const 64))"
      "  (func (export \"r\") (param i32 i32 i32 i32) (result i32) (local $at i32)"
      "    (local.set $at (global.get $top))"
      "    (global.set $top (i32.add (global.get $top) (i32.const 16))) (local.get $at))"
      "  (func (export \"f\") (param i32 i32)))"
      "(core instance $i (instantiate $m)) (type $t0 (list u8))");
  for (int i = 1; i <= DEEP; i++) {
    at += (size_t)snprintf(text + at, room - at, "(type $t%d (list $t%d))", i, i - 1);
  }
  at += (size_t)snprintf(text + at, room - at,
                         "(func (export \"run\") (param \"x\" $t%d) (canon lift"
                         " (core func $i \"f\") (memory (core memory $i \"m\"))"
                         " (realloc (core func $i \"r\")))))",
                         DEEP);
  CHECK(at < room);
  return text;
}

typedef struct {
  runtime_component_t *component;
  runtime_function_t *run;
  runtime_value_t values[DEEP + 1]; /* each in the one before */
} deep_t;

static inline void await(runtime_pending_t *pending) {
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_pending_wait(pending, 60000, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
}

/* Asynchronous calls, which keep the values. */
static inline void *keeps_deep_values(void *data) {
  const deep_t *it = data;
  runtime_instance_t *instance = NULL;
  runtime_pending_t *pending = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(it->run, it->values, 1, NULL, &completion));
  await(pending);
  CHECK_OK(runtime_instance_new(it->component, NULL, &instance));
  CHECK_OK(runtime_instance_call_async(instance, it->run, it->values, 1, NULL, &completion));
  await(pending);
  runtime_instance_free(instance);
  return NULL;
}

static inline void deep_make(deep_t *deep, const runtime_t *runtime) {
  char *text = deep_wat();
  memset(deep, 0, sizeof *deep);
  CHECK_OK(
      runtime_component_new(runtime, (const uint8_t *)text, strlen(text), NULL, &deep->component));
  free(text);
  CHECK_OK(runtime_component_function(deep->component, "run", 3, &deep->run));
  for (int i = 0; i <= DEEP; i++) {
    deep->values[i].kind = RUNTIME_KIND_LIST;
    if (i == DEEP) {
      deep->values[i].element = RUNTIME_KIND_U8;
    } else {
      deep->values[i].of.list.ptr = &deep->values[i + 1];
      deep->values[i].of.list.len = 1;
    }
  }
}

static inline void deep_free(deep_t *deep) {
  runtime_function_free(deep->run);
  runtime_component_free(deep->component);
}

#endif
