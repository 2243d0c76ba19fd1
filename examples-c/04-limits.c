/* 04-limits: what a guest may use of memory and time, and what happens when it wants more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

/* Calls `text` in the component at `path` and prints the answer or the failure. */
static runtime_error_t *try(const runtime_t *runtime, const char *path, const char *text,
                            uint64_t timeout_ms) {
  runtime_component_t *component = NULL;
  runtime_bytes_t *answer = NULL;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_error_t *error =
      runtime_component_from_file(runtime, path, strlen(path), NULL, &component);
  if (error != NULL) goto done;

  options.timeout_ms = timeout_ms;
  runtime_error_t *refused =
      runtime_component_call_text(component, text, strlen(text), &options, &answer);
  if (refused == NULL) {
    printf("%s = %s\n", text, (const char *)runtime_bytes_data(answer));
  } else {
    printf("%s: %s: %s\n", text, runtime_error_code_name(runtime_error_code(refused)),
           runtime_error_message(refused));
  }
  runtime_error_free(refused);

done:
  runtime_bytes_free(answer);
  runtime_component_free(component);
  return error;
}

int main(void) {
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;

  runtime_builder_max_linear_memory(builder, 16 << 20);   /* bytes, of each memory */
  runtime_builder_max_instance_memory(builder, 32 << 20); /* bytes, of one instance in all */
  runtime_builder_max_execution_time(builder, 1000);      /* milliseconds, of each call */
  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;

  /* 16 MiB are 256 pages. A guest may ask for more and carry on when refused... */
  error = try(runtime, "../tests/guests/wat/grow.wat", "all()", 0);
  if (error != NULL) goto done;
  /* ...or give up, as most languages do. Either way the host keeps its memory. */
  error = try(runtime, "../tests/guests/wat/grow.wat", "pages(1000)", 0);
  if (error != NULL) goto done;

  /* A guest that computes for ever, stopped after 50 ms: a call may only shorten the limit. */
  error = try(runtime, "../tests/guests/wat/spin.wat", "spin()", 50);
  if (error != NULL) goto done;
  /* A guest that sleeps for an hour is stopped all the same. */
  error = try(runtime, "../tests/guests/old-wasi.wasm", "nap(3600000)", 50);
  if (error != NULL) goto done;
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "limits: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
