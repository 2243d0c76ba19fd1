/* run: ulimit -v 120000 */
/* run: ulimit -v 150000 */
/* run: ulimit -v 200000 */
/* run: ulimit -v 250000 */
/* run: ulimit -v 300000 */
/* run: ulimit -v 400000 */
/* run: ulimit -v 600000 */
/* run: ulimit -v 2000000 -- fits */
/* Where a process may have little address space, a runtime cannot be built or a component not be
 * loaded: each an error, never the end of the process. */
#include "load.h"

static const char tiny[] =
    "(component (core module $m (func (export \"f\") (result i32) (i32.const 7)))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))";

/* What may be the reason. */
static int is_refusal(const runtime_error_t *error) {
  int code = (int)runtime_error_code(error);
  return code == RUNTIME_ERROR_RESOURCE_LIMIT || code == RUNTIME_ERROR_IO ||
         code == RUNTIME_ERROR_MEMORY_LIMIT || code == RUNTIME_ERROR_POOL ||
         code == RUNTIME_ERROR_INVALID_ARGUMENT || code == RUNTIME_ERROR_COMPILE;
}

static void look(const char *what, runtime_error_t *error, int fits) {
  if (error != NULL && !is_refusal(error))
    CHECK_FAIL("%s: %s", what, runtime_error_message(error));
  if (fits && error != NULL) CHECK_FAIL("%s: %s", what, runtime_error_message(error));
  printf("%s: %s\n", what, error != NULL ? runtime_error_message(error) : "fits");
  runtime_error_free(error);
}

/* With an engine of its own. */
static void load_less(const runtime_t *runtime, int fits) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_component_t *component = NULL;
  limits.max_stack = 64 << 10;
  options.limits = &limits;
  runtime_error_t *error = runtime_component_new(runtime, (const uint8_t *)tiny, strlen(tiny),
                                                 &options, &component);
  if (error == NULL) {
    runtime_bytes_t *answer = NULL;
    look("a call with less stack",
         runtime_component_call_text(component, "f()", 3, NULL, &answer), fits);
    runtime_bytes_free(answer);
  }
  look("less stack", error, fits);
  runtime_component_free(component);
}

static void load_all(const runtime_t *runtime, int fits) {
  const char *const guests[] = {"greeter.wasm", "kinds.wasm", "wasi.wasm", "greeter-c.wasm"};
  runtime_component_t *component = NULL;
  runtime_error_t *error = runtime_component_new(runtime, (const uint8_t *)tiny, strlen(tiny),
                                                 NULL, &component);
  if (error == NULL) {
    runtime_bytes_t *answer = NULL;
    runtime_error_t *failed = runtime_component_call_text(component, "f()", 3, NULL, &answer);
    look("a call", failed, fits);
    runtime_bytes_free(answer);
  }
  look("text", error, fits);
  load_less(runtime, fits);
  runtime_component_free(component);
  for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
    size_t len = 0;
    component = NULL;
    uint8_t *bytes = check_guest(guests[i], &len);
    error = runtime_component_new(runtime, bytes, len, NULL, &component);
    look(guests[i], error, fits);
    runtime_component_free(component);
    free(bytes);
  }
}

int main(int argc, char **argv) {
  int fits = argc > 1 && strcmp(argv[1], "fits") == 0;
  for (int sort = 0; sort < 2; sort++) {
    runtime_t *runtime = NULL;
    runtime_builder_t *builder = sort == 0 ? runtime_builder_new() : load_builder();
    runtime_builder_worker_threads(builder, 2);
    runtime_error_t *error = runtime_build(builder, &runtime);
    runtime_builder_free(builder);
    if (error == NULL) load_all(runtime, fits);
    look("building", error, fits);
    runtime_free(runtime);
  }
  return EXIT_SUCCESS;
}
