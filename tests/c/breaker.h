/* A guest that breaks each rule that the system reports by a signal. */
#ifndef BREAKER_H
#define BREAKER_H

#include "guests.h"

static const char breaker_wat[] =
    "(component"
    "  (core module $m (memory 1) (table 3 funcref) (type $f (func))"
    "    (func $deep (call $deep))"
    "    (func (export \"break\") (param $how i32)"
    "      (if (i32.eq (local.get $how) (i32.const 0)) (then unreachable))"
    "      (if (i32.eq (local.get $how) (i32.const 1))"
    "        (then (drop (i32.load (i32.const 0x7ffffff0)))))"
    "      (if (i32.eq (local.get $how) (i32.const 2))"
    "        (then (drop (i32.div_s (local.get $how)"
    "          (i32.sub (local.get $how) (local.get $how))))))"
    "      (if (i32.eq (local.get $how) (i32.const 3)) (then (call $deep)))"
    "      (if (i32.eq (local.get $how) (i32.const 4))"
    "        (then (call_indirect (type $f) (i32.const 2))))"
    "      (if (i32.eq (local.get $how) (i32.const 5))"
    "        (then (i32.store8 (i32.const -1) (i32.const 1))))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"break\") (param \"how\" u32) (canon lift (core func $i \"break\"))))";

enum { WAYS = 6, FINE = 9 };
static const int break_codes[WAYS] = {RUNTIME_ERROR_TRAP,           RUNTIME_ERROR_TRAP,
                                      RUNTIME_ERROR_TRAP,           RUNTIME_ERROR_STACK_OVERFLOW,
                                      RUNTIME_ERROR_TRAP,           RUNTIME_ERROR_TRAP};
static const char *const break_words[WAYS] = {"unreachable", "out of bounds", "divide by zero",
                                              "",            "uninitialized", "out of bounds"};

typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *function;
  uint64_t blocking_only;
} breaker_t;

/* Loads the guest into a runtime built from `builder`, which is consumed. */
static inline breaker_t breaker_make(runtime_builder_t *builder, uint64_t blocking_only) {
  breaker_t it = {.blocking_only = blocking_only};
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.blocking_only = blocking_only;
  CHECK_OK(runtime_build(builder, &it.runtime));
  runtime_builder_free(builder);
  CHECK_OK(runtime_component_new(it.runtime, (const uint8_t *)breaker_wat, strlen(breaker_wat),
                                 &options, &it.component));
  CHECK_OK(runtime_component_function(it.component, "break", 5, &it.function));
  return it;
}

static inline void breaker_free(breaker_t *it) {
  runtime_function_free(it->function);
  runtime_component_free(it->component);
  runtime_free(it->runtime);
}

/* The error of an asynchronous call. */
static inline runtime_error_t *break_apart(const breaker_t *it, const runtime_value_t *how) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(it->function, how, 1, NULL, &completion));
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, &results);
  CHECK(results == NULL);
  runtime_pending_free(pending);
  return error;
}

/* Every way ends in its error: in a fresh instance, in one that is kept, and on the workers. */
static inline void breaker_break(const breaker_t *it) {
  runtime_value_t fine = value_u32(FINE);
  for (uint32_t i = 0; i < WAYS; i++) {
    /* Valgrind does not always tell handlers exactly where an instruction failed. */
    if (i > 0 && runtime_signal_handlers_installed() && getenv("WASMCELL_TEST_SMALL")) continue;
    runtime_value_t how = value_u32(i);
    runtime_instance_t *instance = NULL;
    runtime_values_t *results = NULL;
    CHECK_ERROR(call(it->function, &how, NULL), break_codes[i], break_words[i]);
    CHECK_OK(runtime_instance_new(it->component, NULL, &instance));
    CHECK_OK(runtime_instance_call(instance, it->function, &fine, 1, NULL, &results));
    runtime_values_free(results);
    CHECK_ERROR(runtime_instance_call(instance, it->function, &how, 1, NULL, &results),
                break_codes[i], break_words[i]);
    runtime_instance_free(instance);
    if (!it->blocking_only) CHECK_ERROR(break_apart(it, &how), break_codes[i], break_words[i]);
  }
  CHECK_OK(call(it->function, &fine, NULL));
}

#endif
