/* run: ulimit -v 900000000 -- full */
/* run: ulimit -v 90000000 -- shrunk */
/* run: ulimit -v 4000000 -- on-demand */
/* run: ulimit -v 90000000 -- forced */
/* run: ulimit -v 4000000 -- refused */
/* What a runtime gets when the address space is short, and that its limits hold all the same.
 *
 * 100 memories of 4 GiB fit into 900 GB, 100 of 64 MiB into 90 GB, and neither into 4 GB. */
#include <pthread.h>

#include "guests.h"

#define COMPONENTS 100
#define LINEAR_MEMORY ((uint64_t)64 << 20)
#define INSTANCE_MEMORY ((uint64_t)96 << 20)
#define GIB ((uint64_t)1 << 30)
#define WAIT_MS 150

/* Two memories, each of which begins with one page of 64 KiB. */
static const char twins_wat[] =
    "(component"
    "  (core module $m"
    "    (memory 1)"
    "    (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))"
    "  (core instance $a (instantiate $m))"
    "  (core instance $b (instantiate $m))"
    "  (func (export \"a\") (param \"pages\" u32) (result s32)"
    "    (canon lift (core func $a \"grow\")))"
    "  (func (export \"b\") (param \"pages\" u32) (result s32)"
    "    (canon lift (core func $b \"grow\"))))";

static runtime_t *runtime;

static runtime_builder_t *pool_builder(void) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, COMPONENTS);
  runtime_builder_max_linear_memory(builder, LINEAR_MEMORY);
  runtime_builder_max_instance_memory(builder, INSTANCE_MEMORY);
  runtime_builder_max_memories_per_component(builder, 2);
  runtime_builder_instance_wait(builder, WAIT_MS);
  runtime_builder_worker_threads(builder, 1);
  return builder;
}

static runtime_component_t *load(const char *wat) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component));
  return component;
}

static runtime_instance_t *instantiate(const runtime_component_t *component) {
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(component, NULL, &instance));
  return instance;
}

/* Bytes of address space that this process has. */
static uint64_t address_space(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%llu", &pages) == 1 && fclose(file) == 0);
  return pages * 4096;
}

static bool near(uint64_t actual, uint64_t expected) {
  return actual > expected - expected / 10 && actual < expected + expected / 10 + GIB;
}

/* What `info` says about a pool whose memories have `slot` bytes each is true. */
static void check_pool(const runtime_info_t *info, uint64_t slot, uint64_t grown) {
  CHECK(info->total_memories == COMPONENTS && info->memory_reservation == slot);
  CHECK(near(info->address_space, COMPONENTS * slot) && near(grown, info->address_space));
}

static void test_the_description_is_true(const char *step) {
  runtime_builder_t *builder = pool_builder();
  runtime_info_t info = RUNTIME_INFO_INIT;
  uint64_t before = address_space();
  if (strcmp(step, "forced") == 0) runtime_builder_force_pooling_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  uint64_t grown = address_space() - before;
  CHECK_OK(runtime_info(runtime, &info));
  CHECK(info.max_components == COMPONENTS && info.reserved == 0);
  if (strcmp(step, "full") == 0) {
    CHECK(info.allocator == RUNTIME_ALLOCATOR_POOLING);
    check_pool(&info, 4 * GIB, grown);
    CHECK_TEXT(info.reason, "");
  } else if (strcmp(step, "on-demand") == 0) {
    CHECK(info.allocator == RUNTIME_ALLOCATOR_ON_DEMAND);
    CHECK(info.total_memories == 0 && info.address_space == 0 && grown < GIB);
    CHECK(strstr(info.reason, "100 memories of 4096 MiB") != NULL);
    CHECK(strstr(info.reason, "100 memories of 64 MiB") != NULL);
  } else {
    CHECK(info.allocator == RUNTIME_ALLOCATOR_POOLING_SHRUNK);
    check_pool(&info, LINEAR_MEMORY, grown);
    CHECK(strstr(info.reason, "100 memories of 4096 MiB") != NULL);
    CHECK(strstr(info.reason, "100 memories of 64 MiB") == NULL);
  }
  runtime_builder_free(builder);
}

/* How many pages the memory had before it grew by `pages`, or -1. */
static int32_t grow(const runtime_instance_t *instance, const runtime_function_t *function,
                    uint32_t pages) {
  runtime_values_t *results = NULL;
  runtime_value_t arg = value_u32(pages);
  CHECK_OK(runtime_instance_call(instance, function, &arg, 1, NULL, &results));
  int32_t before = runtime_values_data(results)->of.s32;
  runtime_values_free(results);
  return before;
}

/* 1024 pages for each memory, 1536 for both together. */
static void test_memory_limits_hold(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_function_t *a = NULL;
  runtime_function_t *b = NULL;
  runtime_component_t *twins = load(twins_wat);
  CHECK_OK(runtime_component_function(twins, "a", 1, &a));
  CHECK_OK(runtime_component_function(twins, "b", 1, &b));
  runtime_instance_t *instance = instantiate(twins);
  CHECK(grow(instance, a, 1024) == -1 && grow(instance, a, 65535) == -1);
  CHECK(grow(instance, a, 1023) == 1 && grow(instance, a, 1) == -1);
  CHECK(grow(instance, b, 512) == -1);
  CHECK(grow(instance, b, 511) == 1 && grow(instance, b, 1) == -1 && grow(instance, b, 0) == 512);
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(stats.memory == INSTANCE_MEMORY && stats.denied == 5);
  runtime_instance_free(instance);
  /* Limits are for each instance. */
  instance = instantiate(twins);
  CHECK(grow(instance, b, 1023) == 1);
  runtime_instance_free(instance);
  runtime_function_free(a);
  runtime_function_free(b);
  runtime_component_free(twins);
}

/* A component that begins with more than it may have is not loaded at all. */
static void test_initial_memory_is_limited(void) {
  static const char wat[] =
      "(component (core module $m (memory 1025)) (core instance (instantiate $m)))";
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component),
              RUNTIME_ERROR_MEMORY_LIMIT, "max_linear_memory");
  CHECK(component == NULL);
}

static void *free_after_a_while(void *instance) {
  pause_ms(WAIT_MS / 3);
  runtime_instance_free(instance);
  return NULL;
}

static void test_the_instance_limit_holds(void) {
  runtime_instance_t *instances[COMPONENTS];
  runtime_instance_t *more = NULL;
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_component_t *component = load("(component (core module $m (memory 1) (table 1 funcref))"
                                        " (core instance (instantiate $m)))");
  for (size_t i = 0; i < COMPONENTS; i++) instances[i] = instantiate(component);
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(stats.instances == COMPONENTS);
  uint64_t start = now_ms();
  CHECK_ERROR(runtime_instance_new(component, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT,
              "all 100 instances that `max_components` allows");
  CHECK(more == NULL && now_ms() - start >= WAIT_MS);

  /* Waiting pays: a place becomes free meanwhile. */
  pthread_t helper = thread_start(free_after_a_while, instances[0]);
  CHECK_OK(runtime_instance_new(component, NULL, &instances[0]));
  thread_join(helper);
  for (size_t i = 0; i < COMPONENTS; i++) runtime_instance_free(instances[i]);
  runtime_component_free(component);
}

/* The same for calls, which make an instance each. */
static void test_what_is_freed_serves_again(void) {
  runtime_component_t *twins = load(twins_wat);
  for (size_t i = 0; i < 3 * COMPONENTS; i++) {
    runtime_bytes_t *answer = NULL;
    CHECK_OK(runtime_component_call_text(twins, "a(15)", 5, NULL, &answer));
    CHECK_TEXT((const char *)runtime_bytes_data(answer), "1");
    runtime_bytes_free(answer);
  }
  runtime_component_free(twins);
}

static void test_a_pool_that_must_be_and_cannot_is_an_error(void) {
  runtime_builder_t *builder = pool_builder();
  runtime_builder_force_pooling_allocator(builder);
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_POOL, "100 memories of 64 MiB");
  CHECK(runtime == NULL);
  runtime_builder_free(builder);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  if (strcmp(argv[1], "refused") == 0) {
    RUN(test_a_pool_that_must_be_and_cannot_is_an_error);
    return 0;
  }
  printf("%s: ", argv[1]);
  test_the_description_is_true(argv[1]);
  puts("test_the_description_is_true");
  RUN(test_memory_limits_hold);
  RUN(test_initial_memory_is_limited);
  RUN(test_the_instance_limit_holds);
  RUN(test_what_is_freed_serves_again);
  runtime_free(runtime);
  return 0;
}
