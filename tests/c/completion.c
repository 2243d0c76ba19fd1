/* threads */
/* What a completion callback may do: everything. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

/* The last handles of a runtime, and the call that releases them. */
typedef struct {
  guest_t guest;
  runtime_cancel_t *cancel;
  runtime_instance_t *instance;
  runtime_pending_t *pending;
  atomic_int called, finalized;
} last_t;

static void finalize(void *user_data) {
  last_t *last = user_data;
  atomic_fetch_add(&last->finalized, 1);
}

static void release_everything(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  last_t *last = user_data;
  guest_free(&last->guest);
  runtime_cancel_free(last->cancel);
  runtime_instance_free(last->instance);
  runtime_pending_free(last->pending);
  runtime_error_free(error);
  runtime_values_free(results);
  atomic_fetch_add(&last->called, 1);
}

/* Threads of the library end when its last object goes, wherever that happens. */
static void until_threads(int count) {
  uint64_t end = now_ms() + 60000;
  while (thread_count() > count) {
    if (now_ms() > end) CHECK_FAIL("%d threads instead of %d", thread_count(), count);
    pause_ms(1);
  }
}

static void test_it_releases_the_last_handle(void) {
  const int threads = thread_count();
  for (int i = 0; i < 20; i++) {
    static last_t last;
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    runtime_value_t ms = value_u64((uint64_t)(i % 3) * 5);
    memset(&last, 0, sizeof last);
    guest_make(&last.guest, guest_builder(4));
    CHECK_OK(runtime_cancel_new(&last.cancel));
    if (i % 2 == 0) CHECK_OK(runtime_instance_new(last.guest.component, NULL, &last.instance));
    options.cancel = last.cancel;
    completion.callback = release_everything;
    completion.user_data = &last;
    completion.finalizer = finalize;
    completion.pending_out = &last.pending;
    if (i % 2 == 0) {
      CHECK_OK(runtime_instance_call_async(last.instance, last.guest.sleep, &ms, 1, &options,
                                           &completion));
    } else {
      CHECK_OK(runtime_function_call_async(last.guest.sleep, &ms, 1, &options, &completion));
    }
    while (atomic_load(&last.finalized) == 0) pause_ms(1);
    CHECK(atomic_load(&last.called) == 1 && atomic_load(&last.finalized) == 1);
    until_threads(threads);
  }
}

/* Everything is released while the call is on its way; the call keeps what it needs. */
static void test_calls_outlive_every_handle(void) {
  const int threads = thread_count();
  last_t last;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_value_t ms = value_u64(50);
  runtime_values_t *results = NULL;
  memset(&last, 0, sizeof last);
  completion.pending_out = &last.pending;
  guest_make(&last.guest, guest_builder(4));
  CHECK_OK(runtime_function_call_async(last.guest.sleep, &ms, 1, NULL, &completion));
  guest_free(&last.guest);
  CHECK_OK(runtime_pending_wait(last.pending, UINT64_MAX, &results));
  runtime_values_free(results);
  until_threads(threads);
  runtime_pending_free(last.pending);
}

/* A chain of calls, each started by the callback of the one before. */
typedef struct {
  guest_t guest;
  runtime_instance_t *instance;
  uint32_t length;
  atomic_int done;
} chain_t;

static void next(void *user_data, runtime_values_t *results, runtime_error_t *error);

static void link_chain(chain_t *chain) {
  runtime_value_t one = value_u32(1);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.callback = next;
  completion.user_data = chain;
  CHECK_OK(
      runtime_instance_call_async(chain->instance, chain->guest.add, &one, 1, NULL, &completion));
}

static void next(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  chain_t *chain = user_data;
  CHECK(error == NULL);
  CHECK(take_u32(results) == ++chain->length);
  if (chain->length < 200) {
    link_chain(chain);
  } else {
    atomic_store(&chain->done, 1);
  }
}

static void test_it_starts_the_next_call(void) {
  chain_t chain;
  memset(&chain, 0, sizeof chain);
  guest_make(&chain.guest, guest_builder(4));
  CHECK_OK(runtime_instance_new(chain.guest.component, NULL, &chain.instance));
  link_chain(&chain);
  while (atomic_load(&chain.done) == 0) pause_ms(1);
  runtime_instance_free(chain.instance);
  guest_free(&chain.guest);
}

static void block_inside(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  last_t *last = user_data;
  runtime_call_options_t short_time = RUNTIME_CALL_OPTIONS_INIT;
  runtime_value_t one = value_u32(1);
  CHECK(error == NULL);
  runtime_values_free(results);
  short_time.timeout_ms = 20;
  CHECK_OK(call(last->guest.add, &one, NULL));
  CHECK_ERROR(call(last->guest.spin, NULL, &short_time), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK_ERROR(call(last->guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  /* Its own end is what it cannot wait for. */
  CHECK(!runtime_pending_is_done(last->pending));
  CHECK_ERROR(runtime_pending_wait(last->pending, UINT64_MAX, &results), RUNTIME_ERROR_BUSY, "own");
  CHECK(results == NULL);
  atomic_fetch_add(&last->called, 1);
}

static void test_it_makes_blocking_calls(void) {
  last_t last;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_value_t ms = value_u64(20);
  runtime_values_t *results = NULL;
  memset(&last, 0, sizeof last);
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_worker_threads(builder, 1);
  guest_make(&last.guest, builder);
  completion.callback = block_inside;
  completion.user_data = &last;
  completion.pending_out = &last.pending;
  CHECK_OK(runtime_function_call_async(last.guest.sleep, &ms, 1, NULL, &completion));
  CHECK_OK(runtime_pending_wait(last.pending, UINT64_MAX, &results));
  CHECK(results == NULL && atomic_load(&last.called) == 1);
  runtime_pending_free(last.pending);
  guest_free(&last.guest);
}

/* The report is complete when the callback begins. */
typedef struct {
  runtime_call_report_t report;
  uint64_t fuel;
  atomic_int done;
} used_t;

static void look(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  used_t *used = user_data;
  used->fuel = used->report.fuel_used;
  runtime_error_free(error);
  runtime_values_free(results);
  atomic_store(&used->done, 1);
}

static void test_it_finds_the_report(void) {
  guest_t guest;
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_fuel(builder, 1000000);
  guest_make(&guest, builder);
  const runtime_function_t *const functions[] = {guest.work, guest.work, guest.trap};
  uint64_t fuel[3];
  for (size_t i = 0; i < 3; i++) {
    used_t used = {RUNTIME_CALL_REPORT_INIT, 0, 0};
    runtime_value_t loops = value_u64(1000);
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    options.report = &used.report;
    completion.callback = look;
    completion.user_data = &used;
    CHECK_OK(runtime_function_call_async(functions[i], &loops, i < 2, &options, &completion));
    while (atomic_load(&used.done) == 0) pause_ms(1);
    fuel[i] = used.fuel;
  }
  CHECK(fuel[0] > 1000 && fuel[0] == fuel[1] && fuel[2] > 0 && fuel[2] < fuel[0]);
  guest_free(&guest);
}

static void never(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  (void)user_data, (void)results, (void)error;
  _exit(3);
}

/* A fork has no workers: nothing starts there, nothing is waited for, and nothing leaks. */
static void test_a_fork_starts_nothing(void) {
  last_t last;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_value_t ms = value_u64(100);
  runtime_values_t *results = NULL;
  int status = 0;
  memset(&last, 0, sizeof last);
  guest_make(&last.guest, guest_builder(4));
  completion.pending_out = &last.pending;
  CHECK_OK(runtime_function_call_async(last.guest.sleep, &ms, 1, NULL, &completion));
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    runtime_pending_t *pending = NULL;
    CHECK_ERROR(runtime_pending_wait(last.pending, UINT64_MAX, &results), RUNTIME_ERROR_FORKED, "");
    CHECK(!runtime_pending_is_done(last.pending));
    completion.callback = never;
    completion.user_data = &last;
    completion.finalizer = finalize;
    completion.pending_out = &pending;
    CHECK_ERROR(runtime_function_call_async(last.guest.sleep, &ms, 1, NULL, &completion),
                RUNTIME_ERROR_FORKED, "");
    CHECK(pending == NULL && atomic_load(&last.finalized) == 1);
    runtime_pending_free(last.pending);
    guest_free(&last.guest);
    /* Not by exit: threads that did not come along are left alone on purpose, which Valgrind would
     * report there. */
    (void)raise(SIGKILL);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK_OK(runtime_pending_wait(last.pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(last.pending);
  guest_free(&last.guest);
}

/* It holds a task of the worker's, whose turn would be over after some waits. */
static void wait_often(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  last_t *last = user_data;
  runtime_value_t ms = value_u64(1);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 60000;
  runtime_instance_t *instance = NULL;
  CHECK_OK(error);
  runtime_values_free(results);
  CHECK_OK(runtime_instance_new(last->guest.component, NULL, &instance));
  uint64_t start = now_ms();
  for (int i = 0; i < 300; i++) {
    runtime_values_t *slept = NULL;
    CHECK_OK(runtime_instance_call(instance, last->guest.sleep, &ms, 1, &options, &slept));
    runtime_values_free(slept);
  }
  CHECK(now_ms() - start < 50000);
  runtime_instance_free(instance);
  atomic_fetch_add(&last->called, 1);
}

static void test_it_may_wait_often(void) {
  static last_t last;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_value_t ms = value_u64(1);
  memset(&last, 0, sizeof last);
  guest_make(&last.guest, guest_builder(4));
  completion.callback = wait_often;
  completion.user_data = &last;
  CHECK_OK(runtime_function_call_async(last.guest.sleep, &ms, 1, NULL, &completion));
  while (atomic_load(&last.called) == 0) pause_ms(5);
  guest_free(&last.guest);
}

int main(void) {
  RUN(test_it_may_wait_often);
  RUN(test_it_releases_the_last_handle);
  RUN(test_calls_outlive_every_handle);
  RUN(test_it_starts_the_next_call);
  RUN(test_it_makes_blocking_calls);
  RUN(test_it_finds_the_report);
  RUN(test_a_fork_starts_nothing);
  return 0;
}
