/* What guests take of the mappings that the system lets a process have, and what happens when the
 * system gives no more memory: an error that says so, for the guest concerned. */
#include <sys/resource.h>

#include "guests.h"

#define PLACES 300
#define MEMORIES 30
/* What the header says that each place takes. */
#define EACH 7
/* Threads, code, heap and the like. */
#define REST 150

/* A component with `memories` linear memories, each of which has data behind its first page. */
static runtime_component_t *load(const runtime_t *runtime, int memories, const char *text) {
  static char wat[16384];
  runtime_component_t *component = NULL;
  size_t len = (size_t)snprintf(wat, sizeof wat, "(component (core module $m ");
  for (int i = 0; i < memories; i++) {
    len += (size_t)snprintf(wat + len, sizeof wat - len,
                            "(memory $m%d 1) (data (memory $m%d) (i32.const 8192) \"x\")", i, i);
  }
  len += (size_t)snprintf(wat + len, sizeof wat - len, ") (core instance (instantiate $m)))");
  CHECK(len < sizeof wat);
  runtime_error_t *error =
      runtime_component_new(runtime, (const uint8_t *)wat, len, NULL, &component);
  CHECK_ERROR(error, text == NULL ? RUNTIME_ERROR_NONE : RUNTIME_ERROR_RESOURCE_LIMIT,
              text == NULL ? "" : text);
  return component;
}

static int mappings(void) {
  int count = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  CHECK(file != NULL);
  for (int byte = fgetc(file); byte != EOF; byte = fgetc(file)) count += byte == '\n';
  CHECK(fclose(file) == 0);
  return count;
}

static runtime_t *build(bool pooling, uint64_t places) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(places);
  runtime_builder_max_memories_per_component(builder, MEMORIES);
  runtime_builder_instance_wait(builder, 0);
  if (pooling) runtime_builder_force_pooling_allocator(builder);
  if (!pooling) runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

/* An instance counts once for each of its memories, and all together take no more mappings than
 * the header says. */
static void memories_are_counted(bool pooling) {
  runtime_instance_t *large[PLACES / MEMORIES], *small[MEMORIES], *more = NULL;
  size_t count = sizeof large / sizeof *large;
  int before = mappings();
  runtime_t *runtime = build(pooling, PLACES);
  runtime_component_t *many = load(runtime, MEMORIES, NULL);
  runtime_component_t *one = load(runtime, 1, NULL);
  runtime_component_t *none = load(runtime, 0, NULL);
  for (size_t i = 0; i < count; i++) CHECK_OK(runtime_instance_new(many, NULL, &large[i]));
  int taken = mappings() - before;
  if (taken > EACH * PLACES + REST) CHECK_FAIL("%d mappings", taken);
  CHECK_ERROR(runtime_instance_new(many, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT,
              "an instance with 30 linear memories counts as 30, and so many of the 300 that "
              "`max_components` allows were not free");
  CHECK_ERROR(runtime_instance_new(one, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT,
              "all 300 instances that `max_components` allows");
  CHECK_ERROR(runtime_instance_new(none, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT,
              "`max_components`");
  /* The place of one with many is a place for as many with one, or without any. */
  runtime_instance_free(large[0]);
  for (size_t i = 0; i < MEMORIES; i++) {
    CHECK_OK(runtime_instance_new(i % 2 == 0 ? one : none, NULL, &small[i]));
  }
  CHECK_ERROR(runtime_instance_new(none, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT, "");
  runtime_instance_free(small[0]);
  CHECK_ERROR(runtime_instance_new(many, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT, "");
  for (size_t i = 1; i < MEMORIES; i++) runtime_instance_free(small[i]);
  CHECK_OK(runtime_instance_new(many, NULL, &large[0]));
  for (size_t i = 0; i < count; i++) runtime_instance_free(large[i]);
  runtime_component_free(many);
  runtime_component_free(one);
  runtime_component_free(none);
  runtime_free(runtime);
}

static void test_memories_are_counted_in_a_pool(void) {
  memories_are_counted(true);
}
static void test_memories_are_counted_on_demand(void) {
  memories_are_counted(false);
}

/* One that could never have an instance is not loaded. */
static void test_more_memories_than_places_are_refused(void) {
  for (int pooling = 0; pooling < 2; pooling++) {
    runtime_t *runtime = build(pooling != 0, MEMORIES - 1);
    CHECK(load(runtime, MEMORIES,
               "the component wants 30 linear memories; `max_components` is 29") == NULL);
    runtime_component_free(load(runtime, MEMORIES - 1, NULL));
    runtime_free(runtime);
  }
}

/* Lets the process have `bytes` more address space than it has. */
static struct rlimit leave(uint64_t bytes) {
  unsigned long long pages = 0;
  struct rlimit old, new;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%llu", &pages) == 1 && fclose(file) == 0);
  CHECK(getrlimit(RLIMIT_AS, &old) == 0);
  new = old;
  new.rlim_cur = pages * 4096 + bytes;
  CHECK(setrlimit(RLIMIT_AS, &new) == 0);
  return old;
}

static const char hungry[] =
    "(component (core module $m (memory %d) (func (export \"run\")"
    "    (if (i32.eq (memory.grow (i32.const 2048)) (i32.const -1)) (then unreachable))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"run\") (canon lift (core func $i \"run\"))))";

/* It is neither the guest's fault nor a limit of the builder: the message says which. */
static void test_a_system_without_memory_is_told_apart(void) {
  static const char why[] = "the system has no memory left for it, or no mapping";
  runtime_t *runtime = NULL;
  runtime_component_t *components[2];
  runtime_function_t *run = NULL;
  runtime_instance_t *instance = NULL, *more = NULL;
  runtime_values_t *results = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, 4);
  runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  for (int i = 0; i < 2; i++) {
    char wat[512];
    int len = snprintf(wat, sizeof wat, hungry, i == 0 ? 1 : 1024);
    CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, (size_t)len, NULL,
                                   &components[i]));
  }
  CHECK_OK(runtime_component_function(components[0], "run", 3, &run));
  CHECK_OK(runtime_instance_new(components[0], NULL, &instance));
  struct rlimit old = leave(16 << 20);
  runtime_error_t *made = runtime_instance_new(components[1], NULL, &more);
  runtime_error_t *grown = runtime_instance_call(instance, run, NULL, 0, NULL, &results);
  CHECK(setrlimit(RLIMIT_AS, &old) == 0);
  CHECK_ERROR(made, RUNTIME_ERROR_MEMORY_LIMIT, why);
  CHECK_ERROR(grown, RUNTIME_ERROR_MEMORY_LIMIT, why);
  CHECK(more == NULL && results == NULL);
  /* With memory, both go well. */
  runtime_instance_free(instance);
  CHECK_OK(runtime_instance_new(components[1], NULL, &more));
  CHECK_OK(runtime_function_call(run, NULL, 0, NULL, &results));
  runtime_values_free(results);
  runtime_instance_free(more);
  runtime_function_free(run);
  for (int i = 0; i < 2; i++) runtime_component_free(components[i]);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_memories_are_counted_in_a_pool);
  RUN(test_memories_are_counted_on_demand);
  RUN(test_more_memories_than_places_are_refused);
  /* Valgrind has its own idea of the limit. */
  if (getenv("WASMCELL_TEST_SMALL") == NULL) RUN(test_a_system_without_memory_is_told_apart);
  return 0;
}
