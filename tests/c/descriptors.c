/* threads */
/* A guest has so many descriptors of the process, and all guests together, whatever they are for;
 * what they give back is there again, and the process always has some for itself. */
#include <sys/resource.h>

#include "hoard.h"

/* Waits until the guests hold `count`: what operations hold that nobody waits for goes later. */
static void expect_held(const runtime_t *runtime, uint64_t count) {
  for (int i = 0; i < 1000 && stats_of(runtime).descriptors != count; i++) pause_ms(10);
  CHECK(stats_of(runtime).descriptors == count);
}

/* Waits until the process has `count`: a thread may be about to close one that no longer counts. */
static void expect_open(int count) {
  for (int i = 0; i < 1000 && descriptors() != count; i++) pause_ms(10);
  CHECK(descriptors() == count);
}

static void test_each_kind_counts(void) {
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_max_descriptors(builder, 10);
  runtime_t *runtime = load_runtime(builder);
  hoard_load(runtime, hoard_directory("descriptors"));
  expect_held(runtime, 1); /* the directory that is granted */
  for (uint32_t kind = DIRECTORIES; kind <= UDP; kind++) {
    runtime_instance_t *instance = hoard_instance();
    CHECK(takes(instance, kind, 1) == 1); /* starts the threads */
    uint64_t denied = stats_of(runtime).descriptors_denied;
    int before = descriptors();
    CHECK(takes(instance, kind, 50) == 9);
    CHECK(refused(instance) == (kind >= TCP ? NEW_SOCKET_LIMIT : INSUFFICIENT_MEMORY));
    CHECK(stats_of(runtime).descriptors_denied == denied + 1);
    expect_held(runtime, 11);
    expect_open(before + 9);
    gives(instance, 4);
    expect_held(runtime, 7);
    expect_open(before + 5);
    CHECK(takes(instance, kind, 50) == 4);
    runtime_instance_free(instance);
    expect_held(runtime, 1);
  }
  CHECK(stats_of(runtime).descriptors_peak == 11);
  hoard_free();
  expect_held(runtime, 0);
  runtime_free(runtime);
}

/* They add up over kinds: one limit. */
static void test_kinds_add_up(void) {
  runtime_t *runtime = load_runtime(hoard_builder());
  hoard_load(runtime, hoard_directory("descriptors"));
  runtime_instance_t *instance = hoard_instance();
  uint32_t count = 0;
  for (uint32_t kind = DIRECTORIES; kind <= UDP; kind++) count += takes(instance, kind, 10);
  CHECK(count == 50);
  CHECK(takes(instance, DIRECTORIES, 100) == 14); /* 64 by default */
  for (uint32_t kind = DIRECTORIES; kind <= UDP; kind++) CHECK(takes(instance, kind, 1) == 0);
  gives(instance, 64);
  CHECK(takes(instance, UDP, 100) == 64);
  runtime_instance_free(instance);
  hoard_free();
  runtime_free(runtime);
}

static void test_all_instances_share_a_total(void) {
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_max_total_descriptors(builder, 21);
  runtime_t *runtime = load_runtime(builder);
  hoard_load(runtime, hoard_directory("descriptors"));
  runtime_instance_t *one = hoard_instance(), *other = hoard_instance();
  CHECK(takes(one, DIRECTORIES, 15) == 15);
  CHECK(takes(other, TCP, 15) == 5 && refused(other) == NEW_SOCKET_LIMIT);
  CHECK(takes(one, LISTINGS, 1) == 0 && refused(one) == INSUFFICIENT_MEMORY);
  CHECK_ERROR(insists(other, DIRECTORIES, 3), RUNTIME_ERROR_DESCRIPTOR_LIMIT,
              "`max_total_descriptors` is 21");
  runtime_instance_free(other);
  CHECK(takes(one, LISTINGS, 100) == 5);

  runtime_sandbox_t *sandbox = hoard_sandbox(hoard_directory("descriptors"));
  runtime_component_t *more = NULL;
  CHECK_ERROR(hoard_try(runtime, sandbox, &more), RUNTIME_ERROR_DESCRIPTOR_LIMIT,
              "wanted 1 more; `max_total_descriptors` is 21");
  gives(one, 1);
  CHECK_OK(hoard_try(runtime, sandbox, &more));
  runtime_component_free(more);
  runtime_sandbox_free(sandbox);
  runtime_instance_free(one);
  hoard_free();
  runtime_free(runtime);
}

static void test_a_guest_that_insists_says_why(void) {
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_max_descriptors(builder, 3);
  runtime_t *runtime = load_runtime(builder);
  hoard_load(runtime, hoard_directory("descriptors"));
  runtime_instance_t *instance = hoard_instance();
  CHECK_ERROR(insists(instance, LISTINGS, 4), RUNTIME_ERROR_DESCRIPTOR_LIMIT,
              "the instance held 3 descriptors and wanted 1 more; `max_descriptors` is 3");
  runtime_instance_free(instance);
  instance = hoard_instance();
  CHECK(takes(instance, LISTINGS, 4) == 3);
  /* The next call is not told of what an earlier one was denied. */
  gives(instance, 3);
  CHECK_OK(insists(instance, LISTINGS, 3));
  runtime_instance_free(instance);
  hoard_free();
  runtime_free(runtime);
}

/* By default guests leave half of the process's descriptors to it. */
static void test_the_process_keeps_some(void) {
  enum { GUESTS = 8 };
  struct rlimit limit, low;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  low = limit;
  low.rlim_cur = 256;
  CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
  runtime_t *runtime = load_runtime(hoard_builder());
  hoard_load(runtime, hoard_directory("descriptors"));
  runtime_instance_t *instances[GUESTS];
  uint32_t count = 1;
  for (int i = 0; i < GUESTS; i++) {
    instances[i] = hoard_instance();
    count += takes(instances[i], i % 2 ? DIRECTORIES : UDP, 1000);
  }
  CHECK(count == 128);
  FILE *own = fopen("/proc/self/stat", "r");
  CHECK(own != NULL && fclose(own) == 0);
  for (int i = 0; i < GUESTS; i++) runtime_instance_free(instances[i]);
  hoard_free();
  runtime_free(runtime);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* What streams have read ahead is bounded, too. */
static void test_buffers_have_a_limit(void) {
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_max_buffers(builder, 256 << 10);
  runtime_builder_max_total_buffers(builder, 1 << 20);
  runtime_t *runtime = load_runtime(builder);
  hoard_load(runtime, hoard_directory("descriptors"));
  runtime_instance_t *instances[5];
  for (int i = 0; i < 5; i++) {
    instances[i] = hoard_instance();
    CHECK(takes(instances[i], STREAMS, 10) == (i < 4 ? 4 : 0));
  }
  runtime_stats_t stats = stats_of(runtime);
  CHECK(stats.buffers == 1 << 20 && stats.buffers_peak == 1 << 20);
  runtime_instance_free(instances[0]);
  CHECK(takes(instances[4], STREAMS, 10) == 4);
  CHECK_ERROR(insists(instances[4], STREAMS, 1), RUNTIME_ERROR_RESOURCE_LIMIT,
              "`max_buffers` is 262144");
  for (int i = 1; i < 5; i++) runtime_instance_free(instances[i]);
  for (int i = 0; i < 1000 && stats_of(runtime).buffers > 0; i++) pause_ms(10);
  stats = stats_of(runtime);
  CHECK(stats.buffers == 0 && stats.file_operations == 0);
  hoard_free();
  runtime_free(runtime);
}

/* The streams of the process are used as they are, however many instances have them. */
static void test_inherited_streams_take_none(void) {
  enum { GUESTS = 8 };
  runtime_t *runtime = load_runtime(hoard_builder());
  runtime_sandbox_t *sandbox = hoard_sandbox(hoard_directory("descriptors"));
  CHECK_OK(runtime_sandbox_stdin_inherit(sandbox));
  CHECK_OK(runtime_sandbox_stdout_inherit(sandbox));
  CHECK_OK(runtime_sandbox_stderr_inherit(sandbox));
  hoard_load_with(runtime, sandbox);
  runtime_instance_t *instances[GUESTS];
  int before = 0;
  for (int i = 0; i < GUESTS; i++) {
    instances[i] = hoard_instance();
    CHECK(takes(instances[i], DIRECTORIES, 1) == 1);
    gives(instances[i], 1);
    expect_held(runtime, 1);
    if (i == 0) {
      pause_ms(50); /* the first starts threads */
      before = descriptors();
    }
    expect_open(before);
  }
  for (int i = 0; i < GUESTS; i++) runtime_instance_free(instances[i]);
  expect_open(before);
  hoard_free();
  runtime_free(runtime);
}

static void tests(void) {
  RUN(test_each_kind_counts);
  RUN(test_kinds_add_up);
  RUN(test_all_instances_share_a_total);
  RUN(test_a_guest_that_insists_says_why);
  RUN(test_the_process_keeps_some);
  RUN(test_buffers_have_a_limit);
  RUN(test_inherited_streams_take_none);
}

int main(void) {
  every_way(tests);
  return 0;
}
