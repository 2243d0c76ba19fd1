/* unlinked */
/* A program that loads the library itself may close it again: wasmtime's signal handlers point
 * into it, so it stays. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasmcell.h"

#define CHECK(condition) \
  ((condition) ? (void)0 : (void)(fprintf(stderr, "%d: %s\n", __LINE__, #condition), exit(1)))

/* The functions used here, found by name. */
#define FUNCTIONS(X) \
  X(runtime_builder_new) X(runtime_builder_free) X(runtime_builder_max_components) \
  X(runtime_build) X(runtime_free) X(runtime_component_new) X(runtime_component_free) \
  X(runtime_component_call_text) X(runtime_error_code) X(runtime_error_free)

#define DECLARE(name) __extension__ static __typeof__(&name) my_##name;
FUNCTIONS(DECLARE)

static const char guest[] =
    "(component (core module $m (func (export \"trap\") unreachable))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\"))))";

static void trap(void) {
  runtime_builder_t *builder = my_runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_bytes_t *out = NULL;
  my_runtime_builder_max_components(builder, 2);
  CHECK(my_runtime_build(builder, &runtime) == NULL);
  CHECK(my_runtime_component_new(runtime, (const uint8_t *)guest, strlen(guest), NULL,
                                 &component) == NULL);
  runtime_error_t *error = my_runtime_component_call_text(component, "trap()", 6, NULL, &out);
  CHECK((int)my_runtime_error_code(error) == RUNTIME_ERROR_TRAP);
  my_runtime_error_free(error);
  my_runtime_component_free(component);
  my_runtime_free(runtime);
  my_runtime_builder_free(builder);
}

int main(void) {
  const char *path = getenv("WASMCELL_LIBRARY");
  CHECK(path != NULL);
  for (int i = 0; i < 2; i++) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
#define FIND(name) *(void **)&my_##name = dlsym(library, #name); CHECK(my_##name != NULL);
    FUNCTIONS(FIND)
    trap();
    CHECK(dlclose(library) == 0);
    trap();
  }
  puts("test_traps_after_dlclose");
  return 0;
}
