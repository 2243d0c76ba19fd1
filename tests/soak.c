/* What a long life leaves behind: nothing. A million calls in fresh instances, a million in instances
 * that are used again, a million beside another call, then 100,000 cycles of each object; resident
 * memory and descriptors are printed along the way and must not grow. `make soak` runs it; a number
 * as an argument divides all counts, for a quick look. */
#include "c/conformance/crowd.h"
#include "c/guests.h"

#define STEPS 10
/* What an allocator and the kernel may keep back, from the second tenth to the last. */
#define SLACK_KIB 4096

/* The same code: each call has a fresh instance, or one that had calls before. */
static guest_t fresh, reusing;
/* The one that calls are made of. */
static guest_t *guest = &fresh;

static long resident_kib(void) {
  char line[256];
  long kib = -1;
  FILE *file = fopen("/proc/self/status", "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
  }
  CHECK(fclose(file) == 0 && kib > 0);
  return kib;
}

static int descriptors(void) {
  int count = -3; /* ., .. and the directory itself */
  DIR *directory = opendir("/proc/self/fd");
  CHECK(directory != NULL);
  while (readdir(directory) != NULL) count++;
  CHECK(closedir(directory) == 0);
  return count;
}

static runtime_stats_t stats_now(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(fresh.runtime, &stats));
  return stats;
}

/* Runs `cycle` `count` times and watches. */
static void soak(const char *name, size_t count, void (*cycle)(size_t)) {
  long first = 0, last = 0;
  int open = 0;
  uint64_t begin = now_ms();
  printf("%-22s %7zu times, resident KiB:", name, count);
  for (int step = 0; step < STEPS; step++) {
    for (size_t i = 0; i < count / STEPS; i++) cycle(i);
    last = resident_kib();
    /* The first tenth fills caches and the allocator's arenas. */
    if (step == 1) first = last;
    if (step == 1) open = descriptors();
    printf(" %ld", last);
    CHECK(fflush(stdout) == 0);
  }
  uint64_t took = now_ms() - begin;
  printf("; %d descriptors, %u ms, %.2f us each\n", descriptors(), (unsigned)took,
         (double)took * 1000 / (double)count);
  if (last > first + SLACK_KIB)
    CHECK_FAIL("%s: %ld KiB more than it began with", name, last - first);
  /* Whenever calls meet, another pool may get its copy of the guest, which keeps a descriptor. */
  int copies = (int)stats_now().pools - 1;
  if (descriptors() > open + copies)
    CHECK_FAIL("%s: %d descriptors, %d before", name, descriptors(), open);
}

static void cycle_call(size_t i) {
  (void)i;
  runtime_value_t text = value_string("a million times");
  CHECK_OK(call(guest->echo, &text, NULL));
}

static void cycle_failing_call(size_t i) {
  (void)i;
  CHECK_ERROR(call(guest->trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
}

static void cycle_timed_out_call(size_t i) {
  runtime_value_t hour = value_u64(3600000);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 1;
  runtime_error_t *error =
      i % 2 == 0 ? call(guest->sleep, &hour, &options) : call(guest->spin, NULL, &options);
  CHECK_ERROR(error, RUNTIME_ERROR_TIMEOUT, "");
}

static void cycle_async(size_t i) {
  (void)i;
  runtime_value_t one = value_u32(1);
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(guest->add, &one, 1, NULL, &completion));
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
}

static void cycle_abandoned(size_t i) {
  runtime_value_t hour = value_u64(3600000);
  runtime_cancel_t *token = NULL;
  runtime_pending_t *pending = NULL;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  CHECK_OK(runtime_cancel_new(&token));
  options.cancel = token;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(guest->sleep, &hour, 1, &options, &completion));
  if (i % 2 == 0) runtime_pending_free(pending);
  runtime_cancel_trigger(token);
  runtime_cancel_free(token);
  if (i % 2 != 0) {
    runtime_values_t *results = NULL;
    CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_CANCELLED, "");
    runtime_pending_free(pending);
  }
}

static void cycle_builder(size_t i) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_builder_max_components(builder, 4);
  runtime_builder_cache_directory(builder, "/nowhere", 8);
  runtime_builder_epoch_tick(builder, i % 2 == 0 ? 0 : 5);
  if (i % 2 == 0) CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "");
  runtime_builder_free(builder);
}

static void cycle_runtime(size_t i) {
  (void)i;
  guest_t other;
  runtime_value_t one = value_u32(1);
  guest_make(&other, guest_builder(4));
  CHECK_OK(call(other.add, &one, NULL));
  guest_free(&other);
}

static void cycle_component(size_t i) {
  (void)i;
  runtime_component_t *component = NULL;
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_new(guest->runtime, (const uint8_t *)guest_wat, strlen(guest_wat), NULL,
                                 &component));
  CHECK_OK(runtime_component_function(component, "add", 3, &function));
  runtime_component_free(component);
  runtime_function_free(function);
}

/* A component that is linked, called, and gone, as what `reuse` says. */
static void linked(const runtime_component_reuse_t *reuse, size_t calls) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_function_t *add = NULL;
  runtime_value_t one = value_u32(1);
  options.reuse = reuse;
  CHECK_OK(runtime_component_link(guest->component, &options, &component));
  CHECK_OK(runtime_component_function(component, "add", 3, &add));
  runtime_component_free(component);
  for (size_t i = 0; i < calls; i++) CHECK_OK(call(add, &one, NULL));
  runtime_function_free(add);
}

static void cycle_linked(size_t i) {
  (void)i;
  linked(NULL, 1);
}

/* Its last instance waits for a call when it goes. */
static void cycle_linked_reusing(size_t i) {
  runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
  reuse.max_calls = 1 + i % 4;
  linked(&reuse, 2);
}

/* The second call that is not alone has it copied, and the third is one of the copy. */
static void cycle_copied(size_t i) {
  (void)i;
  linked(NULL, 3);
}

/* Every second instance gets more memory than may wait for the next. */
static void cycle_grown(size_t i) {
  runtime_value_t pages = value_u32(i % 2 == 0 ? 1 : 40);
  CHECK_OK(call(guest->grow, &pages, NULL));
}

static void cycle_instance(size_t i) {
  (void)i;
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  runtime_value_t one = value_u32(1);
  CHECK_OK(runtime_instance_new(guest->component, NULL, &instance));
  CHECK_OK(runtime_instance_call(instance, guest->add, &one, 1, NULL, &results));
  CHECK(take_u32(results) == 1);
  runtime_instance_free(instance);
}

static void cycle_token(size_t i) {
  runtime_cancel_t *token = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  runtime_cancel_t *clone = runtime_cancel_clone(token);
  runtime_value_t one = value_u32(1);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.cancel = clone;
  CHECK_OK(call(guest->add, &one, &options));
  if (i % 2 == 0) runtime_cancel_trigger(token);
  runtime_cancel_free(token);
  runtime_cancel_free(clone);
}

static void cycle_error(size_t i) {
  (void)i;
  runtime_function_t *function = NULL;
  CHECK_ERROR(runtime_error_new("mine", 4), RUNTIME_ERROR_HOST, "mine");
  CHECK_ERROR(runtime_component_function(guest->component, "none", 4, &function),
              RUNTIME_ERROR_NOT_FOUND, "none");
}

/* Another component of the code of `fresh`, whose instances are used again. */
static void make_reusing(void) {
  runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.reuse = &reuse;
  reusing.runtime = NULL;
  CHECK_OK(runtime_component_link(fresh.component, &options, &reusing.component));
  guest_take_functions(&reusing);
}

static void soak_calls(size_t divisor) {
  soak("calls", 1000000 / divisor, cycle_call);
  soak("calls that trap", 100000 / divisor, cycle_failing_call);
  soak("calls that time out", 2000 / divisor, cycle_timed_out_call);
  soak("asynchronous calls", 100000 / divisor, cycle_async);
  soak("cancelled calls", 20000 / divisor, cycle_abandoned);
}

/* Calls that are not alone, so that they are made in a pool of their processor. */
static void soak_crowd(size_t divisor) {
  crowd_t crowd;
  printf("beside another call:\n");
  crowd_begin(&crowd, fresh.runtime);
  soak("calls", 1000000 / divisor, cycle_call);
  soak("calls that trap", 100000 / divisor, cycle_failing_call);
  soak("calls that grow", 100000 / divisor, cycle_grown);
  soak("components, copied", 20000 / divisor, cycle_copied);
  crowd_end(&crowd);
  CHECK(stats_now().pools > 1 || !crowd_is_possible());
}

int main(int argc, char **argv) {
  size_t divisor = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1;
  CHECK(divisor > 0);
  runtime_builder_t *builder = guest_builder(600);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_epoch_tick(builder, 1);
  guest_make(&fresh, builder);
  int threads = thread_count();
  soak_calls(divisor);
  printf("instances that are used again:\n");
  make_reusing();
  guest = &reusing;
  soak_calls(divisor);
  guest = &fresh;
  CHECK(stats_now().reused >= 1000000 / divisor / 2);
  guest_free(&reusing);
  CHECK(stats_now().resting == 0);
  soak_crowd(divisor);
  printf("objects:\n");
  soak("builders", 100000 / divisor, cycle_builder);
  soak("runtimes", 500 / divisor, cycle_runtime);
  soak("components, cached", 100000 / divisor, cycle_component);
  soak("components, linked", 100000 / divisor, cycle_linked);
  soak("the same, reusing", 100000 / divisor, cycle_linked_reusing);
  soak("instances", 100000 / divisor, cycle_instance);
  soak("tokens", 100000 / divisor, cycle_token);
  soak("errors", 100000 / divisor, cycle_error);
  /* Threads for what may block, such as the end of a cancelled call, stay for ten seconds. */
  for (uint64_t end = now_ms() + 15000; thread_count() > threads && now_ms() < end;) pause_ms(100);
  if (thread_count() > threads) CHECK_FAIL("%d threads, %d before", thread_count(), threads);
  const runtime_stats_t stats = stats_now();
  printf("%u calls, %u of them in instances used again, %u instances and %u bytes of guests' "
         "memory at most, %u pools\n",
         (unsigned)stats.started, (unsigned)stats.reused, (unsigned)stats.instances_peak,
         (unsigned)stats.memory_peak, (unsigned)stats.pools);
  CHECK(stats.instances == 0 && stats.memory == 0 && stats.pool_slots == 0);
  guest_free(&fresh);
  return 0;
}
