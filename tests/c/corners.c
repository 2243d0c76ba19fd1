/* no-valgrind: it counts each page of a pool */
/* no-sanitizer: it changes how much memory is resident */
/* Settings within their ranges never make runtime_build() take much memory or time, whatever their
 * combination: a pool that would is left out, and runtime_info() says why. */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define MIB 1024L /* getrusage counts in KiB */
#define MOST (64 * MIB)
#define MOST_MS 2000

/* The ends of each range. */
static const struct {
  void (*set)(runtime_builder_t *builder, uint64_t value);
  uint64_t ends[2];
} settings[] = {
    {runtime_builder_max_components, {1, 1000000}},
    {runtime_builder_max_tables_per_component, {1, 10000}},
    {runtime_builder_max_table_elements, {1, 10000000}},
    {runtime_builder_max_linear_memory, {64 << 10, (uint64_t)4 << 30}},
    {runtime_builder_max_stack, {16 << 10, 64 << 20}},
    {runtime_builder_max_memories_per_component, {1, 10000}},
    {runtime_builder_max_core_instances_per_component, {1, 10000}},
    {runtime_builder_pool_keep_resident, {0, 1 << 30}},
};
#define SETTINGS (sizeof settings / sizeof *settings)

static void build(const runtime_builder_t *builder, uint32_t allocator, const char *reason) {
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK_OK(runtime_info(runtime, &info));
  CHECK((info.reason[0] == '\0') == (info.allocator == RUNTIME_ALLOCATOR_POOLING));
  if (allocator != 0) CHECK(info.allocator == allocator);
  if (strstr(info.reason, reason) == NULL) CHECK_FAIL("%s", info.reason);
  runtime_free(runtime);
}

/* Builds in a process of its own, which may take this much. */
static void measure(const runtime_builder_t *builder, uint32_t allocator, const char *reason) {
  struct rusage before, usage;
  CHECK(getrusage(RUSAGE_SELF, &before) == 0 && fflush(NULL) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    build(builder, allocator, reason);
    _exit(0);
  }
  int status = 0;
  CHECK(wait4(child, &status, 0, &usage) == child && status == 0);
  long grown = usage.ru_maxrss - before.ru_maxrss;
  /* Of the processor, since others use the machine as well. */
  long ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
            (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
  if (grown > MOST || ms > MOST_MS) CHECK_FAIL("%ld MiB, %ld ms", grown / MIB, ms);
}

static void test_every_corner(void) {
  for (unsigned corner = 0; corner < 1U << SETTINGS; corner++) {
    runtime_builder_t *builder = runtime_builder_new();
    runtime_builder_worker_threads(builder, 1);
    for (size_t i = 0; i < SETTINGS; i++)
      settings[i].set(builder, settings[i].ends[corner >> i & 1]);
    /* The first bit has two more values: the default, and what the system's maps just allow. */
    measure(builder, 0, "");
    if (corner & 1) {
      runtime_builder_max_components(builder, corner & 2 ? 10000 : 30000);
      measure(builder, 0, "");
    }
    runtime_builder_free(builder);
  }
}

static void test_many_threads(void) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_worker_threads(builder, 1024);
  measure(builder, 0, "");
  runtime_builder_free(builder);
}

static void test_the_reason_is_told(void) {
  static const char reason[] = "10000 tables each (`max_tables_per_component`) takes";
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_tables_per_component(builder, 10000);
  measure(builder, RUNTIME_ALLOCATOR_POOLING_SHRUNK, reason);
  runtime_builder_max_components(builder, 1000000);
  measure(builder, RUNTIME_ALLOCATOR_ON_DEMAND, reason);
  runtime_builder_force_pooling_allocator(builder);
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_POOL, reason);
  CHECK(runtime == NULL);
  runtime_builder_free(builder);
}

int main(void) {
  RUN(test_the_reason_is_told);
  RUN(test_many_threads);
  RUN(test_every_corner);
  return 0;
}
