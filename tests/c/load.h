/* Runtimes for a test each, and components from text or from the test guests. */
#ifndef LOAD_H
#define LOAD_H

#include "check.h"

/* Large enough for every test guest, small enough for any machine. */
static inline runtime_builder_t *load_builder(void) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, 4);
  runtime_builder_max_linear_memory(builder, 16 << 20);
  runtime_builder_max_memories_per_component(builder, 2);
  runtime_builder_max_tables_per_component(builder, 4);
  runtime_builder_max_core_instances_per_component(builder, 30);
  runtime_builder_max_text_size(builder, 16 << 20);
  runtime_builder_worker_threads(builder, 1);
  runtime_builder_max_execution_time(builder, 60000);
  return builder;
}

/* Builds a runtime from `builder`, which is consumed. */
static inline runtime_t *load_runtime(runtime_builder_t *builder) {
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK(runtime != NULL);
  runtime_builder_free(builder);
  return runtime;
}

static inline runtime_component_t *load_wat(const runtime_t *runtime, const char *wat) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component));
  CHECK(component != NULL);
  return component;
}

/* Loading `wat` fails with this code and text. */
static inline void load_refused(const runtime_t *runtime, const char *wat, int code,
                                const char *text) {
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component),
              code, text);
  CHECK(component == NULL);
}

static inline runtime_component_t *load_guest(const runtime_t *runtime, const char *file) {
  size_t len = 0;
  runtime_component_t *component = NULL;
  uint8_t *bytes = check_guest(file, &len);
  CHECK_OK(runtime_component_new(runtime, bytes, len, NULL, &component));
  free(bytes);
  return component;
}

static inline runtime_function_t *load_function(const runtime_component_t *component,
                                                const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

/* The call `text` answers `expected`. */
#define CHECK_CALL(component, text, expected) \
  check_call((component), (text), (expected), __FILE__, __LINE__)

static inline void check_call(const runtime_component_t *component, const char *text,
                              const char *expected, const char *file, int line) {
  runtime_bytes_t *out = NULL;
  check_error(runtime_component_call_text(component, text, strlen(text), NULL, &out), 0, "", file,
              line);
  check_text((const char *)runtime_bytes_data(out), expected, file, line);
  runtime_bytes_free(out);
}

/* The call `text` fails with this code and text. */
#define CHECK_CALL_ERROR(component, call, code, text) \
  check_call_error((component), (call), (code), (text), __FILE__, __LINE__)

static inline void check_call_error(const runtime_component_t *component, const char *call,
                                    int code, const char *text, const char *file, int line) {
  runtime_bytes_t *out = NULL;
  check_error(runtime_component_call_text(component, call, strlen(call), NULL, &out), code, text,
              file, line);
  if (out != NULL) CHECK_FAIL("line %d: an answer in spite of the error", line);
}

/* A path for a file that a test makes, in a buffer of its own until the next call. */
static inline const char *load_scratch(const char *name) {
  static char path[4096];
  const char *directory = getenv("WASMCELL_SCRATCH");
  CHECK(directory != NULL);
  CHECK((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) < sizeof path);
  return path;
}

/* Puts a file where it belongs. */
static inline void load_write(const char *path, const void *bytes, size_t len) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) CHECK_FAIL("cannot write %s", path);
  CHECK(fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

#endif
