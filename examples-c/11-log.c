/* 11-log: log records of a guest, and values that configure it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

#define TEXT(text) (text), strlen(text)

/* Records of the library itself come here, too; those of guests have a target of their own. */
static void print_record(void *user_data, runtime_log_level_t level, const char *target,
                         size_t target_len, const char *message, size_t message_len) {
  static const char *const names[] = {"", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
  (void)user_data;
  if (target_len < 6 || memcmp(target, "guest:", 6) != 0) return;
  printf("%-5s %.*s: %.*s\n", names[level], (int)target_len, target, (int)message_len, message);
}

int main(void) {
  static const char *const calls[] = {
      "config(\"currency\")",
      "config(\"colour\")",
      "log(\"info\", \"\", \"open for business\")",
      "log(\"debug\", \"till\", \"too detailed for this runtime\")",
      "log(\"critical\", \"till\", \"on fire\")",
  };
  const char *path = "../tests/guests/wasi.wasm";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;

  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_INFO, print_record, NULL, NULL);
  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  if ((error = runtime_sandbox_new(&sandbox)) != NULL) goto done;
  error = runtime_sandbox_config(sandbox, TEXT("currency"), TEXT("EUR"));
  if (error != NULL) goto done;
  options.sandbox = sandbox;
  options.name = "shop";
  options.name_len = 4;
  error = runtime_component_from_file(runtime, TEXT(path), &options, &component);
  if (error != NULL) goto done;

  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char text[200];
    runtime_bytes_t *answer = NULL;
    snprintf(text, sizeof text, "wasmcell:test/outside@0.1.0#%s", calls[i]);
    error = runtime_component_call_text(component, TEXT(text), NULL, &answer);
    if (error != NULL) goto done;
    printf("%s = %s\n", calls[i], (const char *)runtime_bytes_data(answer));
    runtime_bytes_free(answer);
  }
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "log: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
