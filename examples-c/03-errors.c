/* 03-errors: every failure is an owned error with a stable code and one line of text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

/* Prints what an error knows, frees it, and answers whether there was one. */
static bool report(const char *what, runtime_error_t *error) {
  printf("%s: %s: %s\n", what, runtime_error_code_name(runtime_error_code(error)),
         runtime_error_message(error));
  for (size_t i = 0; i < runtime_error_frame_count(error); i++) {
    runtime_frame_t frame = RUNTIME_FRAME_INIT;
    if (runtime_error_frame(error, i, &frame)) printf("  in %s\n", frame.function);
  }
  bool failed = error != NULL;
  runtime_error_free(error);
  return failed;
}

int main(void) {
  static const char path[] = "../tests/guests/wat/trap.wat";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL, *none = NULL;
  runtime_function_t *run = NULL, *missing = NULL;
  runtime_values_t *results = NULL;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, path, sizeof path - 1, NULL, &component);
  if (error != NULL) goto done;
  if ((error = runtime_component_function(component, "run", 3, &run)) != NULL) goto done;

  /* The caller's mistakes name what is wrong. */
  report("missing", runtime_component_function(component, "walk", 4, &missing));

  runtime_value_t text = {.kind = RUNTIME_KIND_STRING, .of.string = {"0", 1}};
  report("wrong type", runtime_function_call(run, &text, 1, NULL, &results));
  report("too few", runtime_function_call(run, NULL, 0, NULL, &results));
  report("no runtime", runtime_component_from_file(NULL, path, sizeof path - 1, NULL, &none));

  /* Bytes that are not a component. */
  report("garbage", runtime_component_new(runtime, (const uint8_t *)"\0asm", 4, NULL, &none));

  /* A guest that traps: which rule it broke, and where, innermost function first. */
  runtime_value_t zero = {.kind = RUNTIME_KIND_U32, .of.u32 = 0};
  report("trap", runtime_function_call(run, &zero, 1, NULL, &results));

  /* A trap ends that call only. The next one works. */
  runtime_value_t seven = {.kind = RUNTIME_KIND_U32, .of.u32 = 7};
  if ((error = runtime_function_call(run, &seven, 1, NULL, &results)) != NULL) goto done;
  printf("afterwards: %u\n", (unsigned)runtime_values_data(results)[0].of.u32);
  status = EXIT_SUCCESS;

done:
  if (error != NULL) report("errors", error);
  runtime_values_free(results);
  runtime_function_free(run);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
