/* The guest that tries everything a sandbox may grant, in every way to run it. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "hoard.h"

static runtime_component_t *outside;

static inline void outside_load_in(const runtime_t *runtime, const runtime_sandbox_t *sandbox) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  size_t len = 0;
  uint8_t *bytes = check_guest("wasi.wasm", &len);
  options.sandbox = sandbox;
  options.blocking_only = way.blocking_only;
  CHECK_OK(runtime_component_new(runtime, bytes, len, &options, &outside));
  free(bytes);
}

/* Calls a function with one text or two; the answer is one of `ok` and `err`. */
static inline runtime_error_t *outside_try(const char *name, const char *a, const char *b,
                                           uint64_t timeout_ms, runtime_values_t **out) {
  char path[200];
  runtime_value_t args[2] = {value_string(a), value_string(b != NULL ? b : "")};
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  (void)snprintf(path, sizeof path, "wasmcell:test/outside@0.1.0#%s", name);
  runtime_function_t *function = load_function(outside, path);
  options.timeout_ms = timeout_ms;
  completion.pending_out = &pending;
  runtime_error_t *error;
  if (way.async) {
    CHECK_OK(runtime_function_call_async(function, args, b != NULL ? 2 : 1, &options,
                                         &completion));
    error = runtime_pending_wait(pending, UINT64_MAX, out);
    runtime_pending_free(pending);
  } else {
    error = runtime_function_call(function, args, b != NULL ? 2 : 1, &options, out);
  }
  runtime_function_free(function);
  return error;
}

/* What the guest was told: "" if all went well. In a buffer of its own until the next call. */
static inline const char *told(const char *name, const char *a, const char *b) {
  static char text[100];
  runtime_values_t *results = NULL;
  CHECK_OK(outside_try(name, a, b, 20000, &results));
  const runtime_value_t *result = runtime_values_data(results);
  CHECK(result->kind == RUNTIME_KIND_RESULT);
  text[0] = 0;
  if (result->index == 1) {
    runtime_string_t error = result->of.payload->of.string;
    CHECK(error.len < sizeof text);
    memcpy(text, error.ptr, error.len);
    text[error.len] = 0;
  }
  runtime_values_free(results);
  return text;
}

#endif
