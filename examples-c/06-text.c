/* 06-text: whole calls as text (WAVE), for tools, tests and tinkering. usage: 06-text [FILE CALL]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

int main(int argc, char **argv) {
  static const char *const calls[] = {
      "add(40, 2)",
      "longest([\"to\", \"tomorrow\"])",
      "longest([])",
      "divide(7, 0)",
      "wasmcell:test/kinds@0.1.0#echo-points([{x: 1, y: -1}, {x: 0, y: 7}])",
      "wasmcell:test/kinds@0.1.0#echo-size(range((1, 9)))",
      "wasmcell:test/kinds@0.1.0#echo-option-option(some(none))",
      "wasmcell:test/kinds@0.1.0#echo-rights({read, execute})",
      "add(40, \"two\")",
      "add(40",
  };
  const char *path = argc == 3 ? argv[1] : "../tests/guests/kinds.wasm";
  const size_t count = argc == 3 ? 1 : sizeof calls / sizeof *calls;
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, path, strlen(path), NULL, &component);
  if (error != NULL) goto done;

  for (size_t i = 0; i < count; i++) {
    const char *text = argc == 3 ? argv[2] : calls[i];
    runtime_bytes_t *answer = NULL;
    printf("%s\n", text);
    error = runtime_component_call_text(component, text, strlen(text), NULL, &answer);
    printf("  %s\n",
           error == NULL ? (const char *)runtime_bytes_data(answer) : runtime_error_message(error));
    runtime_error_free(error);
    error = NULL;
    runtime_bytes_free(answer);
  }
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "text: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
