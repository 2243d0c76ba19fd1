/* threads */
/* The threads of a runtime: gone after the last release, in whatever order; asleep while idle. */
#include "guests.h"

#define IDLE_MS 2000
#define SETTLE_MS 300

static int at_start;

/* A thread that was joined may still be listed for a moment. */
static void expect_threads(int count) {
  for (int i = 0; i < 60000 && thread_count() != count; i++) pause_ms(1);
  if (thread_count() != count) CHECK_FAIL("%d threads, expected %d", thread_count(), count);
}

/* The threads that there are, without those that were joined and may still be listed. */
static int settled_threads(void) {
  int least = thread_count();
  for (int i = 0; i < 100; i++) {
    pause_ms(1);
    int count = thread_count();
    if (count < least) least = count;
  }
  return least;
}

static runtime_component_t *load(const runtime_t *runtime, const char *file) {
  runtime_component_t *component = NULL;
  char path[4096];
  int len = snprintf(path, sizeof path, "%s/%s", getenv("WASMCELL_GUESTS"), file);
  CHECK_OK(runtime_component_from_file(runtime, path, (size_t)len, NULL, &component));
  return component;
}

static void test_no_thread_remains_of_a_runtime(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(2);
  expect_threads(at_start);
  for (size_t i = 0; i < scaled(50); i++) {
    CHECK_OK(runtime_build(builder, &runtime));
    CHECK(thread_count() > at_start);
    runtime_free(runtime);
    expect_threads(at_start);
  }
  runtime_builder_free(builder);
}

static void test_no_thread_remains_of_a_runtime_that_worked(void) {
  guest_t guest;
  runtime_value_t ms = value_u64(5);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  options.timeout_ms = 20;
  completion.pending_out = &pending;
  guest_make(&guest, guest_builder(2));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "");
  CHECK_OK(runtime_function_call_async(guest.sleep, &ms, 1, NULL, &completion));
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
  guest_free(&guest);
  expect_threads(at_start);
}

/* Compiling takes threads of its own. */
static void test_no_thread_remains_of_compiling(void) {
  runtime_t *runtime = NULL;
  runtime_bytes_t *code = NULL;
  runtime_component_t *same = NULL;
  runtime_builder_t *builder = guest_builder(2);
  runtime_builder_max_memories_per_component(builder, 4);
  runtime_builder_max_core_instances_per_component(builder, 30);
  runtime_builder_max_linear_memory(builder, 16 << 20);
  CHECK_OK(runtime_build(builder, &runtime));
  int with_runtime = thread_count();
  runtime_component_t *component = load(runtime, "greeter-c.wasm");
  expect_threads(with_runtime);
  CHECK_OK(runtime_component_serialize(component, &code));
  CHECK_OK(runtime_component_deserialize(runtime, runtime_bytes_data(code), runtime_bytes_len(code),
                                         NULL, &same));
  expect_threads(with_runtime);
  runtime_bytes_free(code);
  runtime_free(runtime);
  CHECK(thread_count() > at_start);
  runtime_component_free(component);
  runtime_component_free(same);
  expect_threads(at_start);
  runtime_builder_free(builder);
}

static void test_no_thread_remains_of_a_build_that_failed(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(2);
  runtime_builder_cache_directory(builder, "/dev/null", 9);
  for (int i = 0; i < 3; i++) {
    CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT,
                "cache_directory");
  }
  runtime_builder_free(builder);
  expect_threads(at_start);
}

/* What may be freed in any order, and keeps the runtime's threads as long as it lives. */
typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *function;
  runtime_instance_t *instance;
  int threads;
} objects_t;

static objects_t objects_make(const runtime_builder_t *builder) {
  objects_t it = {NULL, NULL, NULL, NULL, 0};
  CHECK_OK(runtime_build(builder, &it.runtime));
  it.threads = settled_threads();
  CHECK_OK(runtime_component_new(it.runtime, (const uint8_t *)guest_wat, strlen(guest_wat), NULL,
                                 &it.component));
  CHECK_OK(runtime_component_function(it.component, "add", 3, &it.function));
  CHECK_OK(runtime_instance_new(it.component, NULL, &it.instance));
  return it;
}

static void objects_free(objects_t *it, int which) {
  switch (which) {
    case 0: runtime_free(it->runtime); break;
    case 1: runtime_component_free(it->component); break;
    case 2: runtime_function_free(it->function); break;
    default: runtime_instance_free(it->instance);
  }
}

static void test_the_last_release_ends_the_threads(void) {
  runtime_builder_t *builder = guest_builder(2);
  runtime_builder_worker_threads(builder, 1);
  for (int order = 0; order < 256; order++) {
    int picks[] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6};
    int picked = 0;
    for (int i = 0; i < 4; i++) picked |= 1 << picks[i];
    if (picked != 15) continue; /* One of them twice. */
    if (scaled(256) < 256 && order % 3 != 0) continue;
    objects_t it = objects_make(builder);
    for (int i = 0; i < 3; i++) {
      objects_free(&it, picks[i]);
      expect_threads(it.threads);
    }
    objects_free(&it, picks[3]);
    expect_threads(at_start);
  }
  runtime_builder_free(builder);
}

/* Reads `field` of /proc/self/task/<thread>/status; false if the thread is another one. */
static bool read_status(const char *thread, const char *name, const char *field,
                        unsigned long *number) {
  char path[300], line[256], is_called[64];
  bool wanted = false;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
  snprintf(is_called, sizeof is_called, "Name:\t%s\n", name);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  while (fgets(line, sizeof line, file) != NULL) {
    if (strcmp(line, is_called) == 0) wanted = true;
    if (strncmp(line, field, strlen(field)) == 0) *number = strtoul(line + strlen(field), NULL, 10);
  }
  CHECK(fclose(file) == 0);
  return wanted;
}

/* How often threads called `wasmcell-epoch` went to sleep so far, and how many there are. */
static unsigned long switches(int *threads) {
  unsigned long sum = 0;
  struct dirent *entry;
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks != NULL);
  *threads = 0;
  while ((entry = readdir(tasks)) != NULL) {
    unsigned long number = 0;
    if (!read_status(entry->d_name, "wasmcell-epoch", "voluntary_ctxt_switches:", &number)) {
      continue;
    }
    sum += number;
    *threads += 1;
  }
  CHECK(closedir(tasks) == 0);
  return sum;
}

static void expect_rest(const runtime_t *runtime, int threads) {
  int before_threads, after_threads;
  runtime_stats_t before = RUNTIME_STATS_INIT;
  runtime_stats_t after = RUNTIME_STATS_INIT;
  pause_ms(SETTLE_MS);
  CHECK_OK(runtime_stats(runtime, &before));
  unsigned long switched = switches(&before_threads);
  pause_ms(IDLE_MS);
  switched = switches(&after_threads) - switched;
  CHECK_OK(runtime_stats(runtime, &after));
  CHECK(before_threads == threads && after_threads == threads);
  if (switched > 1) CHECK_FAIL("%lu wake-ups while idle", switched);
  CHECK(after.ticks == before.ticks);
}

static void test_nothing_wakes_up_while_idle(void) {
  guest_t guest;
  runtime_value_t one = value_u32(1);
  runtime_instance_t *instance = NULL;
  guest_make(&guest, guest_builder(2));
  expect_rest(guest.runtime, 1);
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  expect_rest(guest.runtime, 1);
  runtime_instance_free(instance);
  guest_free(&guest);
}

static void *spin_a_while(void *spin) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 500;
  CHECK_ERROR(call((const runtime_function_t *)spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "");
  return NULL;
}

/* The counter counts: a guest that computes keeps the thread awake. */
static void test_it_wakes_up_for_a_guest(void) {
  guest_t guest;
  int threads;
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  guest_make(&guest, guest_builder(2));
  pause_ms(SETTLE_MS);
  unsigned long before = switches(&threads);
  pthread_t spinner = thread_start(spin_a_while, guest.spin);
  thread_join(spinner);
  CHECK(switches(&threads) - before >= 10 && threads == 1);
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  CHECK(stats.ticks >= 10);
  guest_free(&guest);
}

static void test_each_runtime_has_its_own_thread(void) {
  guest_t one, other;
  int threads;
  runtime_value_t arg = value_u32(1);
  guest_make(&one, guest_builder(2));
  guest_make(&other, guest_builder(2));
  switches(&threads);
  CHECK(threads == 2);
  guest_free(&one);
  switches(&threads);
  CHECK(threads == 1);
  CHECK_OK(call(other.add, &arg, NULL));
  guest_free(&other);
  expect_threads(at_start);
}

int main(void) {
  at_start = thread_count();
  RUN(test_no_thread_remains_of_a_runtime);
  RUN(test_no_thread_remains_of_a_runtime_that_worked);
  RUN(test_no_thread_remains_of_compiling);
  RUN(test_no_thread_remains_of_a_build_that_failed);
  RUN(test_the_last_release_ends_the_threads);
  RUN(test_nothing_wakes_up_while_idle);
  RUN(test_it_wakes_up_for_a_guest);
  RUN(test_each_runtime_has_its_own_thread);
  return 0;
}
