/* What the generated program failpoints.c needs besides the fixture. Only the library built with
 * the feature `failpoints` has this function, and no header declares it. */
#ifndef FAILPOINTS_H
#define FAILPOINTS_H

#include "nulls.h"

void runtime_failpoint_arm(const char *name, size_t name_len);

static inline void arm(const char *name) { runtime_failpoint_arm(name, strlen(name)); }

static inline int panicked(runtime_error_t *error, const char *point) {
  int code = (int)runtime_error_code(error);
  CHECK(error == NULL || strstr(runtime_error_message(error), point) != NULL);
  CHECK(error == NULL || code == RUNTIME_ERROR_PANIC);
  runtime_error_free(error);
  return error != NULL;
}

/* Walks through the core, from settings to results, until the armed point is reached: one step of
 * it fails, and says why. */
static inline void core_point(const char *point) {
  runtime_builder_t *builder = check_builder();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_function_t *function = NULL;
  runtime_values_t *values = NULL;
  int count = 0;
  while (runtime == NULL) {
    count += panicked(runtime_build(builder, &runtime), point);
    CHECK(count <= 1);
  }
  while (component == NULL) {
    count += panicked(runtime_component_new(runtime, (const uint8_t *)fixture_wat,
                                            strlen(fixture_wat), NULL, &component),
                      point);
    CHECK(count <= 1);
  }
  while (function == NULL) {
    count += panicked(runtime_component_function(component, "echo", 4, &function), point);
    CHECK(count <= 1);
  }
  while (values == NULL) {
    count += panicked(runtime_function_call(function, &fixture.value, 1, NULL, &values), point);
    CHECK(count <= 1);
  }
  if (count != 1) CHECK_FAIL("nothing reaches %s", point);
  runtime_values_free(values);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
}

#endif
