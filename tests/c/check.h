/* What every test program here is made of: CHECK and its relatives end the program at the first
 * thing that does not hold; RUN runs one test function and prints its name. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasmcell.h"

#define CHECK_FAIL(...) \
  (fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, __func__), fprintf(stderr, __VA_ARGS__), \
   fputc('\n', stderr), exit(EXIT_FAILURE))
#define CHECK(condition) ((condition) ? (void)0 : (void)CHECK_FAIL("not true: %s", #condition))

/* The call returns no error. */
#define CHECK_OK(call) check_error((call), 0, "", __FILE__, __LINE__)
/* The call returns an error with this code (RUNTIME_ERROR_*), whose message contains `text`. */
#define CHECK_ERROR(call, code, text) check_error((call), (code), (text), __FILE__, __LINE__)
/* Both texts are the same. */
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__)
#define RUN(test) (fprintf(stdout, "%s\n", #test), fflush(stdout), test())

static inline void check_error(runtime_error_t *error, int code, const char *text,
                               const char *file, int line) {
  int actual = (int)runtime_error_code(error);
  if (actual != code || strstr(runtime_error_message(error), text) == NULL) {
    fprintf(stderr, "%s:%d: error %d \"%s\", expected %d \"...%s...\"\n", file, line, actual,
            runtime_error_message(error), code, text);
    exit(EXIT_FAILURE);
  }
  runtime_error_free(error);
}

static inline void check_text(const char *actual, const char *expected, const char *file,
                              int line) {
  if (actual == NULL || strcmp(actual, expected) != 0) {
    fprintf(stderr, "%s:%d: \"%s\", expected \"%s\"\n", file, line, actual ? actual : "(NULL)",
            expected);
    exit(EXIT_FAILURE);
  }
}

/* A builder for tests that do not care about the pool: small where Valgrind counts each page. */
static inline runtime_builder_t *check_builder(void) {
  runtime_builder_t *builder = runtime_builder_new();
  if (getenv("WASMCELL_TEST_SMALL") != NULL) {
    runtime_builder_max_components(builder, 2);
    runtime_builder_max_memories_per_component(builder, 2);
    runtime_builder_max_core_instances_per_component(builder, 8);
  }
  return builder;
}

/* A file of the test guests, in a buffer that the caller frees. */
static inline void *check_guest(const char *name, size_t *len) {
  char path[4096];
  const char *directory = getenv("WASMCELL_GUESTS");
  CHECK(directory != NULL);
  CHECK((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) < sizeof path);
  FILE *file = fopen(path, "rb");
  if (file == NULL) CHECK_FAIL("no guest %s", path);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  long size = ftell(file);
  CHECK(size >= 0);
  rewind(file);
  void *bytes = malloc((size_t)size + 1);
  CHECK(bytes != NULL);
  *len = fread(bytes, 1, (size_t)size, file);
  CHECK(*len == (size_t)size);
  CHECK(fclose(file) == 0);
  return bytes;
}

#endif
