/* no-valgrind: what it counts are threads that run at the same time */
/* threads */
/* Many threads make and end instances at once, on all processors: who has a place of
 * `max_components` gets its instance, whatever pools and batches are in the midst of. */
#include <sys/resource.h>
#include <unistd.h>

#include "conformance/crowd.h"
#include "hosts.h"

enum { PLACES = 8, THREADS = 24, KEPT = 3, ROUNDS = 400, LARGE = 3 << 20 };

static guest_t guest;

static runtime_stats_t stats_now(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  return stats;
}

/* Small guests, guests that grow, and guests that trap: each gets a place in the end. */
static void *churn(void *data) {
  const size_t rounds = scaled(ROUNDS);
  const runtime_value_t one = value_u32(1), pages = value_u32(40);
  for (size_t i = 0; i < rounds; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_function_call(guest.add, &one, 1, NULL, &results));
    CHECK(take_u32(results) == 1);
    if (i % 7 == (size_t)data % 7) CHECK_OK(call(guest.grow, &pages, NULL));
    if (i % 11 == 0) CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  }
  return NULL;
}

/* Nobody counts twice, or is forgotten, in whatever lane a call begins and ends. */
static void expect_nothing_left(uint64_t kept) {
  const runtime_stats_t stats = stats_now();
  CHECK(stats.instances == kept && stats.pool_slots == kept);
  CHECK((stats.memory == 0) == (kept == 0) && (stats.instance_state == 0) == (kept == 0));
  CHECK(stats.started == stats.finished + stats.trapped && stats.failed == 0);
  CHECK(stats.instances_peak <= PLACES);
}

static void churn_with(uint64_t max_pools, uint64_t kept) {
  pthread_t threads[THREADS];
  runtime_instance_t *instances[KEPT];
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, PLACES);
  runtime_builder_max_linear_memory(builder, 64 << 20);
  runtime_builder_max_pools(builder, max_pools);
  runtime_builder_instance_wait(builder, 600000);
  guest_make(&guest, builder);
  for (size_t i = 0; i < kept; i++)
    CHECK_OK(runtime_instance_new(guest.component, NULL, &instances[i]));
  for (size_t i = 0; i < THREADS; i++) threads[i] = thread_start(churn, (void *)i);
  for (size_t i = 0; i < THREADS; i++) thread_join(threads[i]);
  expect_nothing_left(kept);
  CHECK((stats_now().pools > 1) == (max_pools > 1) || !crowd_is_possible());
  for (size_t i = 0; i < kept; i++) runtime_instance_free(instances[i]);
  expect_nothing_left(0);
  guest_free(&guest);
}

static void test_all_get_a_place_in_the_first_pool(void) {
  churn_with(1, 0);
}

static void test_all_get_a_place_in_pools_of_their_processors(void) {
  churn_with(65, 0);
}

static void test_all_get_a_place_beside_instances_that_stay(void) {
  churn_with(65, KEPT);
}

/* One call after the other needs one pool, wherever the thread runs. */
static void test_a_lonely_thread_has_one_pool(void) {
  const runtime_value_t one = value_u32(1);
  guest_make(&guest, runtime_builder_new());
  for (size_t i = 0; i < scaled(1000); i++) CHECK_OK(call(guest.add, &one, NULL));
  CHECK(stats_now().pools == 1 && stats_now().instances_peak == 1);
  guest_free(&guest);
}

/* Calls that meet another one, and get no pool for that. */
static void expect_one_pool(runtime_component_t *component, const char *text, uint64_t timeout_ms) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  crowd_t crowd;
  options.timeout_ms = timeout_ms;
  crowd_begin(&crowd, guest.runtime);
  for (size_t i = 0; i < 100; i++) {
    runtime_bytes_t *answer = NULL;
    runtime_error_t *error =
        runtime_component_call_text(component, text, strlen(text), &options, &answer);
    /* A busy machine may take that long. */
    if (timeout_ms == 0) CHECK(error == NULL);
    runtime_error_free(error);
    runtime_bytes_free(answer);
  }
  CHECK(stats_now().pools == 1);
  crowd_end(&crowd);
}

/* A call with little time left makes no copy, which might take all of it. */
static void test_a_short_call_makes_no_copy(void) {
  guest_make(&guest, runtime_builder_new());
  expect_one_pool(guest.component, "add(1)", 40);
  guest_free(&guest);
}

/* Guests with much memory have nothing of such pools, and cost none. */
static void test_large_guests_get_no_pool(void) {
  static const char large_wat[] =
      "(component"
      "  (core module $m (memory 33) (func (export \"go\")))"
      "  (core instance $i (instantiate $m))"
      "  (func (export \"go\") (canon lift (core func $i \"go\"))))";
  runtime_component_t *component = NULL;
  guest_make(&guest, runtime_builder_new());
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)large_wat, strlen(large_wat), NULL,
                                 &component));
  expect_one_pool(component, "go()", 0);
  runtime_component_free(component);
  guest_free(&guest);
}

/* Where address space or data is limited, nothing is taken that nobody has asked for. */
static void test_limited_processes_get_no_pool(void) {
  const rlim_t more_than_anybody_has = (rlim_t)1 << 50;
  struct rlimit before, limited;
  CHECK(getrlimit(RLIMIT_DATA, &before) == 0);
  limited = before;
  limited.rlim_cur = before.rlim_max < more_than_anybody_has ? before.rlim_max
                                                              : more_than_anybody_has;
  CHECK(setrlimit(RLIMIT_DATA, &limited) == 0);
  guest_make(&guest, runtime_builder_new());
  expect_one_pool(guest.component, "add(1)", 0);
  guest_free(&guest);
  CHECK(setrlimit(RLIMIT_DATA, &before) == 0);
}

static long resident_kib(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%*s %ld", &pages) == 1 && fclose(file) == 0);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Grows, and writes to all of it: as many bytes as it is told. */
static const char dirty_wat[] =
    "(component"
    "  (core module $m (memory 1)"
    "    (func (export \"dirty\") (param i32)"
    "      (drop (memory.grow (i32.shr_u (local.get 0) (i32.const 16))))"
    "      (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"dirty\") (param \"bytes\" u32) (canon lift (core func $i \"dirty\"))))";

static runtime_function_t *dirty;

static void *soil(void *data) {
  const runtime_value_t bytes = value_u32((uint32_t)(size_t)data);
  for (size_t i = 0; i < scaled(200); i++) CHECK_OK(call(dirty, &bytes, NULL));
  return NULL;
}

/* What ended instances wrote goes back to the system: at once where it is much, and in batches of
 * at most 16 times 2 MiB for each processor where it is little. */
static void expect_given_back(size_t bytes, long kib) {
  pthread_t threads[4];
  const long before = resident_kib();
  for (size_t i = 0; i < 4; i++) threads[i] = thread_start(soil, (void *)bytes);
  for (size_t i = 0; i < 4; i++) thread_join(threads[i]);
  if (resident_kib() - before > kib)
    CHECK_FAIL("%ld KiB stay resident of instances with %zu bytes", resident_kib() - before, bytes);
}

static void test_memory_goes_back_to_the_system(void) {
  const long allowance = 16 * 1024; /* the pools themselves, copies of the code, the allocator */
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  runtime_component_t *component = NULL;
  guest_make(&guest, runtime_builder_new());
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)dirty_wat, strlen(dirty_wat), NULL,
                                 &component));
  dirty = find(component, "dirty");
  expect_given_back(64 << 20, allowance + processors * 2048);
  expect_given_back(LARGE, allowance + processors * 2048);
  expect_given_back(1 << 20, allowance + processors * 32 * 1024);
  runtime_function_free(dirty);
  runtime_component_free(component);
  guest_free(&guest);
}

static void *stay_busy(void *data) {
  const runtime_value_t one = value_u32(1);
  (void)data;
  for (;;) {
    runtime_error_t *error = call(guest.add, &one, NULL);
    if (error != NULL) {
      const int code = (int)runtime_error_code(error);
      CHECK(code == RUNTIME_ERROR_SHUTDOWN || code == RUNTIME_ERROR_CANCELLED);
      runtime_error_free(error);
      return NULL;
    }
  }
}

/* A shutdown in the midst of it finds all calls, and what pools of other processors have. */
static void test_a_shutdown_finds_all_of_them(void) {
  pthread_t threads[4];
  for (size_t round = 0; round < scaled(20); round++) {
    guest_make(&guest, guest_builder(100));
    for (size_t i = 0; i < 4; i++) threads[i] = thread_start(stay_busy, NULL);
    pause_ms(round);
    CHECK_OK(runtime_shutdown(guest.runtime, 600000));
    const runtime_stats_t stats = stats_now();
    CHECK(stats.instances == 0 && stats.memory == 0 && stats.pool_slots == 0);
    for (size_t i = 0; i < 4; i++) thread_join(threads[i]);
    guest_free(&guest);
  }
}

/* The component's functions of the host are let go with it, also where another processor had a
 * copy of it. */
static void test_what_the_host_gave_is_let_go(void) {
  counted_t counted;
  crowd_t crowd;
  memset(&counted, 0, sizeof counted);
  host_runtime = host_runtime_make(0);
  crowd_begin(&crowd, host_runtime);
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define(linker, "acme:host/api@1.0.0#add", 23, host_add, &counted,
                                 counted_finalize));
  define(linker, "acme:host/api@1.0.0#shout", host_add, NULL);
  define(linker, "acme:host/api@1.0.0#tick", host_add, NULL);
  runtime_component_t *component = load(host_wat, linker);
  for (size_t i = 0; i < 100; i++) expect_text(component, "add(1, 2)", "3");
  CHECK(atomic_load(&counted.finalized) == 0);
  runtime_component_free(component);
  expect_finalized(&counted);
  crowd_end(&crowd);
  runtime_free(host_runtime);
}

int main(void) {
  RUN(test_a_lonely_thread_has_one_pool);
  RUN(test_all_get_a_place_in_the_first_pool);
  RUN(test_all_get_a_place_in_pools_of_their_processors);
  RUN(test_all_get_a_place_beside_instances_that_stay);
  RUN(test_a_short_call_makes_no_copy);
  RUN(test_large_guests_get_no_pool);
  RUN(test_limited_processes_get_no_pool);
  RUN(test_memory_goes_back_to_the_system);
  RUN(test_a_shutdown_finds_all_of_them);
  RUN(test_what_the_host_gave_is_let_go);
  return EXIT_SUCCESS;
}
