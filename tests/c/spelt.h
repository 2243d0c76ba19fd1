/* Values as text and back, and compared, by the types of a guest. */
#ifndef SPELT_H
#define SPELT_H

#include "guests.h"
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"

static runtime_t *runtime;
static runtime_component_t *kinds;

/* The type of the parameter of an exported function; alive as long as `kinds`. */
static inline const runtime_type_t *type_in(const runtime_component_t *component,
                                            const char *name) {
  for (size_t i = 0; i < runtime_component_export_count(component); i++) {
    const runtime_item_t *it = runtime_component_export(component, i);
    if (strcmp(runtime_item_name(it), name) == 0)
      return runtime_type_child(runtime_item_type(it), 0);
  }
  CHECK_FAIL("no export is called %s", name);
  return NULL;
}

static inline const runtime_type_t *type_of(const char *name) {
  char full[128];
  snprintf(full, sizeof full, KINDS "echo-%s", name);
  return type_in(kinds, full);
}

static inline runtime_error_t *parse(const runtime_type_t *type, const char *text,
                              runtime_values_t **out) {
  return runtime_value_parse(type, text, strlen(text), out);
}

static inline runtime_values_t *parsed(const runtime_type_t *type, const char *text) {
  runtime_values_t *out = NULL;
  CHECK_OK(parse(type, text, &out));
  CHECK(runtime_values_len(out) == 1);
  return out;
}

static inline bool same(const runtime_type_t *type, const runtime_value_t *a,
                        const runtime_value_t *b) {
  bool out = false;
  CHECK_OK(runtime_value_equal(type, a, b, &out));
  return out;
}

static inline void check_spelt(const runtime_type_t *type, const runtime_value_t *value,
                        const char *text) {
  runtime_bytes_t *out = NULL;
  CHECK_OK(runtime_value_text(type, value, &out));
  CHECK_TEXT((const char *)runtime_bytes_data(out), text);
  CHECK(runtime_bytes_len(out) == strlen(text));
  runtime_bytes_free(out);
}

/* Runs the tests of a program with a runtime and the guest whose types they use. */
static inline int spelt_main(void (*tests)(void)) {
  runtime = load_runtime(load_builder());
  kinds = load_guest(runtime, "kinds.wasm");
  tests();
  runtime_component_free(kinds);
  runtime_free(runtime);
  return 0;
}

#endif
