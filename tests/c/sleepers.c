/* threads */
/* Ten thousand calls that sleep are cancelled at once, run out of time at once, or are shut down:
 * no more threads start for that than `worker_threads` and one. */
#include "guests.h"

enum { WORKERS = 3 };

static guest_t guest;
static atomic_int ended, wrong, expected, peak, stop;

static void complete(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  (void)user_data;
  if ((int)runtime_error_code(error) != atomic_load(&expected)) atomic_fetch_add(&wrong, 1);
  runtime_values_free(results);
  runtime_error_free(error);
  /* Now and then a callback blocks. */
  if (atomic_fetch_add(&ended, 1) % 500 == 0) pause_ms(2);
}

/* Counts threads until it is told to stop; itself among them. */
static void *watch(void *data) {
  (void)data;
  while (atomic_load(&stop) == 0) {
    int count = thread_count();
    if (count > atomic_load(&peak)) atomic_store(&peak, count);
  }
  return NULL;
}

static void test_few_threads_end_many_calls(int how, size_t count) {
  runtime_builder_t *builder = guest_builder(count);
  runtime_cancel_t *cancel = NULL;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_value_t hour = value_u64(3600000);
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_worker_threads(builder, WORKERS);
  runtime_builder_max_execution_time(builder, 3600000);
  guest_make(&guest, builder);
  CHECK_OK(runtime_cancel_new(&cancel));
  options.cancel = how == 0 ? cancel : NULL;
  if (how == 1) options.timeout_ms = 2000 + count / 4;
  completion.callback = complete;
  atomic_store(&expected, how == 1 ? RUNTIME_ERROR_TIMEOUT : RUNTIME_ERROR_CANCELLED);
  atomic_store(&ended, 0);
  atomic_store(&stop, 0);
  for (size_t i = 0; i < count; i++)
    CHECK_OK(runtime_function_call_async(guest.sleep, &hour, 1, &options, &completion));
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  do {
    pause_ms(10);
    CHECK_OK(runtime_stats(guest.runtime, &stats));
  } while (stats.instances < count && stats.timed_out == 0);
  int before = thread_count();
  atomic_store(&peak, 0);
  pthread_t watcher = thread_start(watch, NULL);
  while (atomic_load(&peak) == 0) pause_ms(1);
  if (how == 0) runtime_cancel_trigger(cancel);
  if (how == 2) CHECK_OK(runtime_shutdown(guest.runtime, UINT64_MAX));
  while (atomic_load(&ended) < (int)count) pause_ms(1);
  atomic_store(&stop, 1);
  thread_join(watcher);
  printf("%zu calls: %d threads, at most %d\n", count, before, atomic_load(&peak) - 1);
  CHECK(atomic_load(&wrong) == 0 && atomic_load(&ended) == (int)count);
  CHECK(atomic_load(&peak) - 1 <= before + WORKERS + 1);
  runtime_cancel_free(cancel);
  guest_free(&guest);
}

int main(void) {
  size_t count = getenv("WASMCELL_TEST_SMALL") != NULL ? 100 : 10000;
  for (int how = 0; how < 3; how++) test_few_threads_end_many_calls(how, count);
  puts("test_few_threads_end_many_calls");
  return EXIT_SUCCESS;
}
