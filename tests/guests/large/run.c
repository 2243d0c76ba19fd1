/* Loads a large component, twice to show the cache, and greets in fresh instances. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasmcell.h>

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static runtime_error_t *greet(runtime_t *runtime, const char *path) {
  const char *call = "greet(\"world\")";
  runtime_component_t *component = NULL;
  runtime_bytes_t *answer = NULL;
  double begin = milliseconds();
  runtime_error_t *error =
      runtime_component_from_file(runtime, path, strlen(path), NULL, &component);
  double loaded = milliseconds();
  for (int i = 0; error == NULL && i < 10; i++) {
    runtime_bytes_free(answer);
    error = runtime_component_call_text(component, call, strlen(call), NULL, &answer);
  }
  if (error == NULL) {
    double each = (milliseconds() - loaded) / 10;
    const char *text = (const char *)runtime_bytes_data(answer);
    printf("%s: %s; loaded in %.0f ms, %.2f ms a call\n", path, text, loaded - begin, each);
    if (strcmp(text, "\"Hello, world!\"") != 0) abort();
  }
  runtime_bytes_free(answer);
  runtime_component_free(component);
  return error;
}

int main(int argc, char **argv) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_builder_max_components(builder, 100);
  runtime_error_t *error = argc == 2 ? runtime_build(builder, &runtime) : NULL;
  for (int i = 0; error == NULL && i < 2; i++) error = greet(runtime, argv[1]);
  int status = error != NULL;
  if (error != NULL) fprintf(stderr, "%s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
