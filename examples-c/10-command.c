/* 10-command: a program with a main, its arguments, its streams and its exit status.
 * usage: 10-command [STATUS | trap] [WORD]... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

#define TEXT(text) (text), strlen(text)

int main(int argc, char **argv) {
  static const char *const defaults[] = {"7", "to be or not to be"};
  const char *path = "../tests/guests/command.wasm", *input = "this comes from stdin\n";
  int status = EXIT_FAILURE;
  int32_t guest_status = 0;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  if ((error = runtime_sandbox_new(&sandbox)) != NULL) goto done;
  if ((error = runtime_sandbox_arg(sandbox, TEXT("command"))) != NULL) goto done;
  for (int i = 0; i < (argc > 1 ? argc - 1 : 2); i++) {
    const char *arg = argc > 1 ? argv[i + 1] : defaults[i];
    if ((error = runtime_sandbox_arg(sandbox, TEXT(arg))) != NULL) goto done;
  }
  error = runtime_sandbox_stdin_bytes(sandbox, (const uint8_t *)input, strlen(input));
  if (error != NULL) goto done;
  if ((error = runtime_sandbox_stdout_inherit(sandbox)) != NULL) goto done;
  options.sandbox = sandbox;
  error = runtime_component_from_file(runtime, TEXT(path), &options, &component);
  if (error != NULL) goto done;

  fflush(stdout); /* what the guest prints goes straight out */
  if ((error = runtime_component_run(component, NULL, &guest_status)) != NULL) goto done;
  printf("it ended with status %d\n", (int)guest_status);
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "command: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
