/* 09-directory: files that a guest may read, others that it may write, and none besides. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasmcell.h>

#define TEXT(text) (text), strlen(text)

int main(void) {
  static const char *const calls[] = {
      "read-file(\"/texts/01-hello.txt\")",
      "write-file(\"/texts/01-hello.txt\", \"graffiti\")",
      "list-directory(\"/results\")",
      "write-file(\"/results/sum\", \"42\")",
      "read-file(\"/results/sum\")",
      "read-file(\"/results/../../README.md\")",
      "rename(\"/results/sum\", \"/texts/sum\")",
  };
  const char *path = "../tests/guests/wasi.wasm";
  char results[] = "/tmp/wasmcell-example-XXXXXX", file[100];
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;

  if (mkdtemp(results) == NULL) goto done;
  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  if ((error = runtime_sandbox_new(&sandbox)) != NULL) goto done;
  error = runtime_sandbox_directory(sandbox, TEXT("expected"), TEXT("/texts"),
                                    RUNTIME_RIGHT_READ | RUNTIME_RIGHT_LIST);
  if (error != NULL) goto done;
  error = runtime_sandbox_directory(sandbox, TEXT(results), TEXT("/results"),
                                    RUNTIME_RIGHT_WRITE | RUNTIME_RIGHT_LIST);
  if (error != NULL) goto done;
  options.sandbox = sandbox;
  error = runtime_component_from_file(runtime, TEXT(path), &options, &component);
  if (error != NULL) goto done;

  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char text[200];
    runtime_bytes_t *answer = NULL;
    snprintf(text, sizeof text, "wasmcell:test/outside@0.1.0#%s", calls[i]);
    error = runtime_component_call_text(component, TEXT(text), NULL, &answer);
    if (error != NULL) goto done;
    printf("%s\n  %s\n", calls[i], (const char *)runtime_bytes_data(answer));
    runtime_bytes_free(answer);
  }
  snprintf(file, sizeof file, "%s/sum", results);
  printf("%s on the host\n", access(file, R_OK) == 0 ? "there is a sum" : "there is no sum");
  unlink(file);
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "directory: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  runtime_free(runtime);
  runtime_builder_free(builder);
  rmdir(results);
  return status;
}
