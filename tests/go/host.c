#include "host.h"
#include <string.h>
#include "_cgo_export.h"

static const char GUEST[] =
    "(component"
    "  (import \"add\" (func $add (param \"a\" u32) (param \"b\" u32) (result u32)))"
    "  (core func $lowered (canon lower (func $add)))"
    "  (core module $m"
    "    (import \"host\" \"add\" (func $add (param i32 i32) (result i32)))"
    "    (func (export \"sum\") (param i32 i32) (result i32)"
    "      (call $add (local.get 0) (local.get 1))))"
    "  (core instance $i (instantiate $m (with \"host\" (instance"
    "    (export \"add\" (func $lowered))))))"
    "  (func (export \"sum\") (param \"a\" u32) (param \"b\" u32) (result u32)"
    "    (canon lift (core func $i \"sum\"))))";

static runtime_error_t *add(void *user_data, runtime_call_t *of, const runtime_value_t *args,
                            size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)of, (void)args_len, (void)results_len;
  results[0].kind = RUNTIME_KIND_U32;
  results[0].of.u32 = goAdd(args[0].of.u32, args[1].of.u32);
  return NULL;
}

runtime_error_t *load(runtime_t *runtime, runtime_component_t **out) {
  runtime_linker_t *linker = NULL;
  runtime_error_t *error = runtime_linker_new(&linker);
  if (error == NULL) error = runtime_linker_define(linker, "add", 3, add, NULL, NULL);
  if (error == NULL) {
    runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
    options.linker = linker;
    error = runtime_component_new(runtime, (const uint8_t *)GUEST, strlen(GUEST), &options, out);
  }
  runtime_linker_free(linker);
  return error;
}

runtime_error_t *call(const runtime_function_t *function, uint32_t a, uint32_t b, uint32_t *sum) {
  runtime_value_t args[2] = {{.kind = RUNTIME_KIND_U32}, {.kind = RUNTIME_KIND_U32}};
  runtime_values_t *values = NULL;
  args[0].of.u32 = a;
  args[1].of.u32 = b;
  runtime_error_t *error = runtime_function_call(function, args, 2, NULL, &values);
  if (error == NULL) *sum = runtime_values_data(values)[0].of.u32;
  runtime_values_free(values);
  return error;
}
