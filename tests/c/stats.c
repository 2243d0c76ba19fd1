/* threads */
/* What a runtime tells about its calls, and what a call tells about itself. */
#include "guests.h"

static guest_t guest;

static runtime_stats_t look(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  return stats;
}

static uint64_t ended(const runtime_stats_t *stats) {
  return stats->finished + stats->trapped + stats->timed_out + stats->cancelled + stats->failed;
}

static void test_each_end_has_its_own_number(void) {
  runtime_value_t one = value_u32(1);
  runtime_value_t hour = value_u64(3600000);
  runtime_call_options_t brief = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_options_t doomed = RUNTIME_CALL_OPTIONS_INIT;
  runtime_cancel_t *cancel = NULL;
  runtime_stats_t before = look();
  brief.timeout_ms = 10;
  CHECK_OK(runtime_cancel_new(&cancel));
  runtime_cancel_trigger(cancel);
  doomed.cancel = cancel;
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  CHECK_ERROR(call(guest.recurse, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "");
  CHECK_ERROR(call(guest.spin, NULL, &brief), RUNTIME_ERROR_TIMEOUT, "");
  CHECK_ERROR(call(guest.sleep, &hour, &brief), RUNTIME_ERROR_TIMEOUT, "");
  CHECK_ERROR(call(guest.spin, NULL, &doomed), RUNTIME_ERROR_CANCELLED, "");
  runtime_stats_t after = look();
  CHECK(after.started - before.started == 7 && after.finished - before.finished == 2);
  CHECK(after.trapped - before.trapped == 2 && after.timed_out - before.timed_out == 2);
  CHECK(after.cancelled - before.cancelled == 1 && after.failed == before.failed);
  CHECK(after.started == ended(&after));
  CHECK(after.instances == 0 && after.memory == 0 && after.pool_slots == 0);
  CHECK(after.instances_peak >= 1 && after.memory_peak >= 65536 && after.ticks > before.ticks);
  runtime_cancel_free(cancel);
}

static void test_arguments_refused_are_no_calls(void) {
  runtime_value_t wrong = value_u64(1);
  runtime_stats_t before = look();
  CHECK_ERROR(call(guest.add, &wrong, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "");
  CHECK_ERROR(call(NULL, NULL, NULL), RUNTIME_ERROR_INVALID_ARGUMENT, "");
  CHECK(look().started == before.started);
}

static void test_what_is_alive_is_counted(void) {
  runtime_instance_t *instances[3] = {NULL};
  runtime_info_t info = RUNTIME_INFO_INIT;
  CHECK_OK(runtime_info(guest.runtime, &info));
  bool pooled = info.total_memories != 0;
  for (size_t i = 0; i < 3; i++) {
    CHECK_OK(runtime_instance_new(guest.component, NULL, &instances[i]));
    runtime_stats_t stats = look();
    CHECK(stats.instances == i + 1 && stats.memory == (i + 1) * 65536);
    CHECK(pooled ? stats.pool_slots == i + 1 : stats.pool_slots == 0);
  }
  runtime_value_t pages = value_u32(3);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instances[0], guest.grow, &pages, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(look().memory == 6 * 65536 && look().memory_peak >= 6 * 65536);
  uint64_t denied = look().denied;
  pages = value_u32(1000);
  CHECK_OK(runtime_instance_call(instances[0], guest.grow, &pages, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(look().denied == denied + 1 && look().memory == 6 * 65536);
  for (size_t i = 0; i < 3; i++) runtime_instance_free(instances[i]);
  runtime_stats_t stats = look();
  CHECK(stats.instances == 0 && stats.memory == 0 && stats.pool_slots == 0);
  CHECK(stats.instances_peak >= 3 && stats.memory_peak >= 6 * 65536);
}

static atomic_bool stop;
static atomic_size_t made;

static void *call_and_call(void *seed) {
  size_t count = scaled(2000);
  for (size_t i = 0; i < count; i++) {
    runtime_value_t one = value_u32(1);
    bool trap = (i + (size_t)seed) % 3 == 0;
    runtime_error_t *error = call(trap ? guest.trap : guest.add, trap ? NULL : &one, NULL);
    if ((error != NULL) != trap) CHECK_FAIL("%s", runtime_error_message(error));
    runtime_error_free(error);
    atomic_fetch_add(&made, 1);
  }
  return NULL;
}

/* Numbers never run backwards, and ends never overtake beginnings by more than calls in flight. */
static void *watch(void *data) {
  runtime_stats_t last = look();
  (void)data;
  while (!atomic_load(&stop)) {
    runtime_stats_t now = look();
    CHECK(now.started >= last.started && now.finished >= last.finished);
    CHECK(now.trapped >= last.trapped && now.ticks >= last.ticks);
    CHECK(now.instances_peak >= last.instances_peak && now.memory_peak >= last.memory_peak);
    CHECK(now.instances <= 4 && ended(&last) <= now.started);
    last = now;
  }
  return NULL;
}

static void test_they_add_up_under_load(void) {
  pthread_t threads[4];
  runtime_stats_t before = look();
  pthread_t watcher = thread_start(watch, NULL);
  for (size_t i = 0; i < 4; i++) threads[i] = thread_start(call_and_call, (void *)i);
  for (size_t i = 0; i < 4; i++) thread_join(threads[i]);
  atomic_store(&stop, true);
  thread_join(watcher);
  runtime_stats_t after = look();
  CHECK(after.started - before.started == atomic_load(&made));
  CHECK(after.started == ended(&after) && after.instances == 0 && after.memory == 0);
}

static void test_they_come_in_any_size(void) {
  struct {
    runtime_stats_t stats;
    uint64_t beyond;
  } larger;
  runtime_stats_t smaller;
  memset(&larger, 0xA5, sizeof larger);
  larger.stats.struct_size = sizeof larger;
  CHECK_OK(runtime_stats(guest.runtime, &larger.stats));
  CHECK(larger.stats.started > 0 && larger.beyond == 0);
  memset(&smaller, 0xA5, sizeof smaller);
  smaller.struct_size = offsetof(runtime_stats_t, trapped);
  CHECK_OK(runtime_stats(guest.runtime, &smaller));
  CHECK(smaller.finished == larger.stats.finished);
  CHECK(smaller.trapped == UINT64_C(0xA5A5A5A5A5A5A5A5));
  smaller.struct_size = 0;
  CHECK_ERROR(runtime_stats(guest.runtime, &smaller), RUNTIME_ERROR_INVALID_ARGUMENT,
              "struct_size");
  CHECK_ERROR(runtime_stats(NULL, &larger.stats), RUNTIME_ERROR_INVALID_ARGUMENT, "`runtime`");
  CHECK(larger.stats.started == 0);
}

/* Fuel is the same in every run, and reported whatever the end. */
static void test_a_call_reports_its_fuel(void) {
  guest_t kept = guest;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_value_t loops = value_u64(1000);
  runtime_value_t wrong = value_u32(1);
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_fuel(builder, 100000);
  guest_make(&guest, builder);
  options.report = &report;
  CHECK_OK(call(guest.work, &loops, &options));
  uint64_t first = report.fuel_used;
  CHECK(first > 1000 && first < 100000);
  CHECK_OK(call(guest.work, &loops, &options));
  CHECK(report.fuel_used == first);

  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_FUEL, "");
  CHECK(report.fuel_used >= 99990 && report.fuel_used <= 100000);
  CHECK_ERROR(call(guest.trap, NULL, &options), RUNTIME_ERROR_TRAP, "");
  CHECK(report.fuel_used > 0 && report.fuel_used < 100);

  options.fuel = first;
  CHECK_OK(call(guest.work, &loops, &options));
  options.fuel = first / 2;
  CHECK_ERROR(call(guest.work, &loops, &options), RUNTIME_ERROR_FUEL, "");
  options.fuel = UINT64_MAX; /* more than the runtime gives */
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_FUEL, "");
  CHECK(report.fuel_used <= 100000);
  CHECK_ERROR(call(guest.work, &wrong, &options), RUNTIME_ERROR_TYPE_MISMATCH, "");
  CHECK(report.fuel_used == 0);
  runtime_stats_t stats = look();
  CHECK(stats.trapped == 4 && stats.finished == 3 && stats.started == ended(&stats));
  guest_free(&guest);
  guest = kept;
}

static void test_reports_without_fuel_are_empty(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  report.fuel_used = 77;
  runtime_value_t one = value_u32(1);
  options.report = &report;
  CHECK_OK(call(guest.add, &one, &options));
  CHECK(report.struct_size == sizeof report && report.fuel_used == 0);
  options.fuel = 1;
  CHECK_ERROR(call(guest.add, &one, &options), RUNTIME_ERROR_INVALID_ARGUMENT, "`fuel`");
  options.fuel = 0;
  report.struct_size = 3;
  CHECK_ERROR(call(guest.add, &one, &options), RUNTIME_ERROR_INVALID_ARGUMENT, "options.report");
  CHECK(report.struct_size == 3);
  /* A report from before it had fuel. */
  report.struct_size = sizeof(size_t);
  report.fuel_used = 77;
  CHECK_OK(call(guest.add, &one, &options));
  CHECK(report.fuel_used == 77);
}

static void test_everything_without_a_pool(void) {
  guest_t kept = guest;
  runtime_builder_t *builder = guest_builder(8);
  runtime_builder_force_on_demand_allocator(builder);
  guest_make(&guest, builder);
  test_each_end_has_its_own_number();
  test_what_is_alive_is_counted();
  guest_free(&guest);
  guest = kept;
}

int main(void) {
  guest_make(&guest, guest_builder(256));
  RUN(test_each_end_has_its_own_number);
  RUN(test_arguments_refused_are_no_calls);
  RUN(test_what_is_alive_is_counted);
  RUN(test_they_add_up_under_load);
  RUN(test_they_come_in_any_size);
  RUN(test_a_call_reports_its_fuel);
  RUN(test_reports_without_fuel_are_empty);
  RUN(test_everything_without_a_pool);
  guest_free(&guest);
  return 0;
}
