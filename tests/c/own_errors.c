/* Errors that hosts make: with the codes that they choose, and clones. */
#include "load.h"

static runtime_t *runtime;

/* What the call `text` fails with. */
static runtime_error_t *failure(const runtime_component_t *component, const char *text) {
  runtime_bytes_t *out = NULL;
  runtime_error_t *error = runtime_component_call_text(component, text, strlen(text), NULL, &out);
  CHECK(error != NULL && out == NULL);
  return error;
}

/* A host function that fails as it is told. */
static runtime_error_t *fails(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  return runtime_error_of_code(*(int *)user_data, "told to", 7);
}

static void test_host_functions_choose_their_code(void) {
  static const char path[] = "f: func()";
  int code = 0;
  runtime_linker_t *linker = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  const char *wat =
      "(component (import \"f\" (func $f)) (core func $g (canon lower (func $f)))"
      " (core module $m (import \"\" \"f\" (func $f)) (func (export \"f\") (call $f)))"
      " (core instance $i (instantiate $m (with \"\" (instance (export \"f\" (func $g))))))"
      " (func (export \"g\") (canon lift (core func $i \"f\"))))";
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, path, strlen(path), fails, &code, NULL));
  options.linker = linker;
  CHECK_OK(
      runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), &options, &component));
  for (code = -1; code < 300; code++) {
    bool is_code = strcmp(runtime_error_code_name(code), "UNKNOWN") != 0;
    bool is_taken = is_code && code != RUNTIME_ERROR_NONE && code != RUNTIME_ERROR_PANIC;
    CHECK_ERROR(failure(component, "g()"), is_taken ? code : RUNTIME_ERROR_HOST, "told to");
  }
  runtime_component_free(component);
  runtime_linker_free(linker);
}

static void test_a_clone_says_the_same(void) {
  CHECK(runtime_error_clone(NULL) == NULL);
  runtime_component_t *component =
      load_wat(runtime, "(component (core module $m (func (export \"f\") unreachable))"
                        " (core instance $i (instantiate $m))"
                        " (func (export \"f\") (canon lift (core func $i \"f\"))))");
  runtime_error_t *first = failure(component, "f()");
  runtime_component_free(component);
  runtime_error_t *second = runtime_error_clone(first);
  runtime_frame_t frame = RUNTIME_FRAME_INIT;
  CHECK(second != NULL && second != first);
  CHECK_TEXT(runtime_error_message(second), runtime_error_message(first));
  CHECK(runtime_error_code(second) == RUNTIME_ERROR_TRAP);
  CHECK(runtime_error_trap(second) == RUNTIME_TRAP_UNREACHABLE);
  CHECK(runtime_error_frame_count(first) > 0);
  CHECK(runtime_error_frame_count(second) == runtime_error_frame_count(first));
  runtime_error_free(first);
  CHECK(runtime_error_frame(second, 0, &frame) && frame.offset != UINT64_MAX);
  runtime_error_free(second);
}

int main(void) {
  runtime = load_runtime(load_builder());
  RUN(test_host_functions_choose_their_code);
  RUN(test_a_clone_says_the_same);
  runtime_free(runtime);
  return 0;
}
