/* 01-hello: call a function of a component with a string and print the string it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "../tests/guests/greeter.wasm";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_function_t *greet = NULL;
  runtime_values_t *results = NULL;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;

  /* The expensive step: compiles the component to machine code. */
  error = runtime_component_from_file(runtime, path, strlen(path), NULL, &component);
  if (error != NULL) goto done;
  if ((error = runtime_component_function(component, "greet", 5, &greet)) != NULL) goto done;

  /* Arguments are borrowed for the call. Each call runs in a fresh instance. */
  runtime_value_t name = {.kind = RUNTIME_KIND_STRING, .of.string = {"world", 5}};
  if ((error = runtime_function_call(greet, &name, 1, NULL, &results)) != NULL) goto done;

  /* Results live until runtime_values_free. Strings end with a NUL that `len` does not count. */
  printf("%s\n", runtime_values_data(results)[0].of.string.ptr);
  status = EXIT_SUCCESS;

done: /* Every _free accepts NULL, in any order. */
  if (error != NULL) fprintf(stderr, "hello: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_values_free(results);
  runtime_function_free(greet);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
