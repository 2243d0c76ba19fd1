/* 08-stdio: what a guest prints, captured or sent to a callback, and what it reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

#define TEXT(text) (text), strlen(text)

/* Gets each line that the guest prints to stderr, on the thread that makes the call. */
static void complain(void *user_data, void *context, const uint8_t *data, size_t data_len) {
  printf("%s, %s: %.*s", (const char *)user_data, (const char *)context, (int)data_len,
         (const char *)data);
}

/* Calls `text` and prints the answer, or why there is none, and what was captured. */
static void call(const runtime_component_t *component, runtime_call_options_t options,
                 const char *text) {
  char whole[200];
  runtime_bytes_t *answer = NULL;
  snprintf(whole, sizeof whole, "wasmcell:test/outside@0.1.0#%s", text);
  runtime_error_t *error = runtime_component_call_text(component, TEXT(whole), &options, &answer);
  printf("%s: %s\n", text,
         error == NULL ? (const char *)runtime_bytes_data(answer) : runtime_error_message(error));
  printf("  stdout: \"%s\"%s\n", runtime_output_stdout(options.output),
         runtime_output_is_truncated(options.output) ? " and more" : "");
  runtime_error_free(error);
  runtime_bytes_free(answer);
}

int main(void) {
  const char *path = "../tests/guests/wasi.wasm";
  const char input[] = "Ada\nLovelace\n";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_call_options_t how = RUNTIME_CALL_OPTIONS_INIT;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  if ((error = runtime_sandbox_new(&sandbox)) != NULL) goto done;
  error = runtime_sandbox_stdin_bytes(sandbox, (const uint8_t *)input, strlen(input));
  if (error != NULL) goto done;
  if ((error = runtime_sandbox_stdout_capture(sandbox)) != NULL) goto done;
  error = runtime_sandbox_stderr_callback(sandbox, complain, RUNTIME_WRITE_WHOLE_LINES,
                                          "the guest says", NULL);
  if (error != NULL) goto done;
  options.sandbox = sandbox;
  error = runtime_component_from_file(runtime, TEXT(path), &options, &component);
  if (error != NULL) goto done;

  /* Each call may capture up to 20 bytes, and tells the callback who called. */
  if ((error = runtime_output_new(20, &how.output)) != NULL) goto done;
  how.context = "first call";
  call(component, how, "print(\"hello\")");
  call(component, how, "print(\"more than twenty bytes\")");
  how.context = "third call";
  call(component, how, "complain(\"two\\nlines\\n\")");
  call(component, how, "read-line()");
  /* Captured output arrives however the call ends. */
  how.timeout_ms = 50;
  call(component, how, "print-and-sleep(\"good night\")");
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "stdio: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_output_free(how.output);
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
