/* threads */
/* Asynchronous calls: one outcome each, whatever happens around them. */
#include "guests.h"

static guest_t guest;

/* What a completion callback saw. */
typedef struct {
  atomic_int called, finalized, code;
  uint32_t number;
  pthread_t thread;
} seen_t;

static void finalize(void *user_data) {
  seen_t *seen = user_data;
  atomic_fetch_add(&seen->finalized, 1);
}

static void complete(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  seen_t *seen = user_data;
  CHECK((results == NULL) != (error == NULL));
  CHECK(atomic_load(&seen->finalized) == 0);
  seen->thread = pthread_self();
  if (runtime_values_len(results) == 1) seen->number = runtime_values_data(results)->of.u32;
  atomic_store(&seen->code, (int)runtime_error_code(error));
  atomic_fetch_add(&seen->called, 1);
  runtime_error_free(error);
  runtime_values_free(results);
}

static runtime_completion_t into(seen_t *seen) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  memset(seen, 0, sizeof *seen);
  completion.callback = complete;
  completion.user_data = seen;
  completion.finalizer = finalize;
  return completion;
}

static void until_finalized(seen_t *seen) {
  while (atomic_load(&seen->finalized) == 0) pause_ms(1);
  CHECK(atomic_load(&seen->finalized) == 1 && atomic_load(&seen->called) == 1);
}

static runtime_error_t *start(const runtime_function_t *function, const runtime_value_t *arg,
                              const runtime_call_options_t *options,
                              const runtime_completion_t *completion) {
  return runtime_function_call_async(function, arg, arg != NULL, options, completion);
}

/* Starts a call to wait for. */
static runtime_pending_t *pend(const runtime_function_t *function, const runtime_value_t *arg) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  CHECK_OK(start(function, arg, NULL, &completion));
  CHECK(pending != NULL);
  return pending;
}

static void test_the_callback_gets_the_results_on_a_worker(void) {
  seen_t seen;
  char name[16] = "";
  runtime_completion_t completion = into(&seen);
  runtime_value_t seven = value_u32(7);
  CHECK_OK(start(guest.add, &seven, NULL, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_NONE && seen.number == 7);
  CHECK(!pthread_equal(seen.thread, pthread_self()));
  CHECK(pthread_getname_np(seen.thread, name, sizeof name) == 0);
  CHECK_TEXT(name, "wasmcell-worker");
}

static void test_the_callback_gets_the_error(void) {
  seen_t seen;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_value_t hour = value_u64(3600000);
  runtime_completion_t completion = into(&seen);
  CHECK_OK(start(guest.trap, NULL, NULL, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_TRAP);
  options.timeout_ms = 20;
  completion = into(&seen);
  CHECK_OK(start(guest.spin, NULL, &options, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_TIMEOUT);
  completion = into(&seen);
  CHECK_OK(start(guest.sleep, &hour, &options, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_TIMEOUT);
  completion = into(&seen);
  CHECK_OK(start(guest.recurse, NULL, NULL, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_STACK_OVERFLOW);
}

static void test_arguments_are_copied(void) {
  enum { LEN = 8000 };
  char *text = malloc(LEN + 1);
  CHECK(text != NULL);
  memset(text, 'a', LEN);
  text[LEN] = 0;
  runtime_value_t *arg = malloc(sizeof *arg);
  CHECK(arg != NULL);
  *arg = value_string(text);
  runtime_pending_t *pending = pend(guest.echo, arg);
  memset(text, 'b', LEN);
  free(text);
  free(arg);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  const runtime_value_t *result = runtime_values_data(results);
  CHECK(result->of.string.len == LEN && strspn(result->of.string.ptr, "a") == LEN);
  runtime_values_free(results);
  runtime_pending_free(pending);
}

/* `completion` does not start a call: its finalizer runs, its callback does not. */
static void expect_not_started(runtime_error_t *error, int code, const char *text, seen_t *seen,
                               runtime_pending_t **pending) {
  CHECK_ERROR(error, code, text);
  CHECK(atomic_load(&seen->called) == 0);
  if (atomic_load(&seen->finalized) != 1) CHECK_FAIL("%s: no finalizer", text);
  CHECK(*pending == NULL);
  memset(seen, 0, sizeof *seen);
  memset(pending, 0xA5, sizeof *pending);
}

static void test_the_finalizer_runs_when_starting_fails(void) {
  seen_t seen;
  runtime_pending_t *pending = (runtime_pending_t *)&seen;
  runtime_completion_t completion = into(&seen);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_value_t one = value_u32(1);
  runtime_value_t wrong = value_u64(1);
  const int invalid = RUNTIME_ERROR_INVALID_ARGUMENT;
  completion.pending_out = &pending;
  expect_not_started(start(NULL, &one, NULL, &completion), invalid, "`function`", &seen, &pending);
  expect_not_started(runtime_function_call_async(guest.add, NULL, 1, NULL, &completion), invalid,
                     "`args`", &seen, &pending);
  expect_not_started(start(guest.add, &wrong, NULL, &completion), RUNTIME_ERROR_TYPE_MISMATCH, "n",
                     &seen, &pending);
  expect_not_started(start(guest.add, NULL, NULL, &completion), RUNTIME_ERROR_TYPE_MISMATCH, "n",
                     &seen, &pending);
  options.struct_size = 1;
  expect_not_started(start(guest.add, &one, &options, &completion), invalid, "options", &seen,
                     &pending);
  options.struct_size = sizeof options;
  options.report = &report;
  report.struct_size = 0;
  expect_not_started(start(guest.add, &one, &options, &completion), invalid, "options.report",
                     &seen, &pending);
  options.report = NULL;
  options.fuel = 1; /* refused only where the call is about to start */
  expect_not_started(start(guest.add, &one, &options, &completion), invalid, "fuel", &seen,
                     &pending);
  expect_not_started(runtime_instance_call_async(NULL, guest.add, &one, 1, NULL, &completion),
                     invalid, "`instance`", &seen, &pending);

  runtime_completion_t neither = completion;
  neither.callback = NULL;
  neither.pending_out = NULL;
  pending = NULL;
  expect_not_started(start(guest.add, &one, NULL, &neither), invalid, "completion", &seen,
                     &pending);
  CHECK_ERROR(start(guest.add, &one, NULL, NULL), invalid, "`completion`");

  /* From a newer header: something that this library cannot do. */
  struct {
    runtime_completion_t known;
    uint64_t unknown;
  } newer = {completion, 1};
  newer.known.struct_size = sizeof newer;
  expect_not_started(start(guest.add, &one, NULL, &newer.known), invalid, "completion", &seen,
                     &pending);
  /* Without its size nothing in the struct can be trusted. */
  completion.struct_size = 0;
  CHECK_ERROR(start(guest.add, &one, NULL, &completion), invalid, "struct_size");
  CHECK(atomic_load(&seen.finalized) == 0 && atomic_load(&seen.called) == 0);
}

static void test_waiting_gives_the_outcome_once(void) {
  runtime_value_t seven = value_u32(7);
  runtime_values_t *results = NULL;
  runtime_pending_t *pending = pend(guest.add, &seven);
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  CHECK(take_u32(results) == 7 && runtime_pending_is_done(pending));
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_NOT_FOUND, "wait");
  CHECK(results == NULL && runtime_pending_is_done(pending));
  runtime_pending_free(pending);

  pending = pend(guest.trap, NULL);
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_TRAP, "unreach");
  CHECK_ERROR(runtime_pending_wait(pending, 0, &results), RUNTIME_ERROR_NOT_FOUND, "");
  CHECK(results == NULL);
  runtime_pending_free(pending);
  runtime_pending_free(NULL);
  CHECK(!runtime_pending_is_done(NULL));
}

static void test_waiting_has_a_limit_of_its_own(void) {
  runtime_value_t ms = value_u64(300);
  runtime_values_t *results = NULL;
  runtime_pending_t *pending = pend(guest.sleep, &ms);
  CHECK_ERROR(runtime_pending_wait(pending, 0, &results), RUNTIME_ERROR_TIMEOUT, "timeout_ms");
  uint64_t begin = now_ms();
  CHECK_ERROR(runtime_pending_wait(pending, 30, &results), RUNTIME_ERROR_TIMEOUT, "30 ms");
  CHECK(now_ms() - begin >= 30 && results == NULL && !runtime_pending_is_done(pending));
  CHECK_OK(runtime_pending_wait(pending, 60000, &results));
  CHECK(results != NULL && runtime_values_len(results) == 0);
  runtime_values_free(results);
  runtime_pending_free(pending);
}

static atomic_int winners, losers;

static void *wait_for(void *pending) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, &results);
  CHECK((error == NULL) == (results != NULL));
  CHECK(error == NULL || (int)runtime_error_code(error) == RUNTIME_ERROR_NOT_FOUND);
  atomic_fetch_add(error == NULL ? &winners : &losers, 1);
  runtime_error_free(error);
  runtime_values_free(results);
  return NULL;
}

static void test_of_several_waits_one_wins(void) {
  pthread_t threads[8];
  runtime_value_t ms = value_u64(50);
  runtime_pending_t *pending = pend(guest.sleep, &ms);
  for (size_t i = 0; i < 8; i++) threads[i] = thread_start(wait_for, pending);
  for (size_t i = 0; i < 8; i++) thread_join(threads[i]);
  CHECK(atomic_load(&winners) == 1 && atomic_load(&losers) == 7);
  runtime_pending_free(pending);
}

static void test_a_pending_call_is_released_early(void) {
  seen_t seen;
  runtime_pending_t *pending = NULL;
  runtime_value_t ms = value_u64(30);
  runtime_completion_t completion = into(&seen);
  completion.pending_out = &pending;
  CHECK_OK(start(guest.sleep, &ms, NULL, &completion));
  runtime_pending_free(pending);
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_NONE);
  runtime_pending_free(pend(guest.sleep, &ms));
  runtime_pending_free(pend(guest.trap, NULL));
}

/* With both, the callback has the outcome, and waiting is for its end. */
static void test_callback_and_waiting_go_together(void) {
  seen_t seen;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = (runtime_values_t *)&seen;
  runtime_value_t ms = value_u64(30);
  runtime_completion_t completion = into(&seen);
  completion.pending_out = &pending;
  CHECK_OK(start(guest.sleep, &ms, NULL, &completion));
  for (int i = 0; i < 2; i++) {
    CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
    CHECK(results == NULL && runtime_pending_is_done(pending));
    CHECK(atomic_load(&seen.called) == 1 && atomic_load(&seen.finalized) == 1);
  }
  runtime_pending_free(pending);
}

static void test_instances_take_asynchronous_calls(void) {
  runtime_instance_t *instance = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_value_t ms = value_u64(100);
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  for (uint32_t i = 1; i <= 3; i++) {
    CHECK_OK(runtime_instance_call_async(instance, guest.add, &one, 1, NULL, &completion));
    CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
    CHECK(take_u32(results) == i);
    runtime_pending_free(pending);
  }
  CHECK_OK(runtime_instance_call_async(instance, guest.sleep, &ms, 1, NULL, &completion));
  CHECK_ERROR(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results),
              RUNTIME_ERROR_BUSY, "");
  runtime_instance_free(instance); /* the call goes on */
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);

  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  CHECK_OK(runtime_instance_call_async(instance, guest.trap, NULL, 0, NULL, &completion));
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_TRAP, "");
  runtime_pending_free(pending);
  CHECK_ERROR(runtime_instance_call_async(instance, guest.add, &one, 1, NULL, &completion),
              RUNTIME_ERROR_POISONED, "unreachable");
  CHECK(pending == NULL && runtime_instance_is_poisoned(instance));
  runtime_instance_free(instance);
}

static void test_many_in_flight_take_few_threads(void) {
  enum { MANY = 10000 };
  static runtime_pending_t *pending[MANY];
  size_t count = scaled(MANY);
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_value_t ms = value_u64(2000);
  int most = 0;
  for (size_t i = 0; i < count; i++) {
    pending[i] = pend(guest.sleep, &ms);
    if (i % 1000 == 0 && thread_count() > most) most = thread_count();
  }
  uint64_t end = now_ms() + 20000;
  while (stats.instances < count && now_ms() < end) {
    CHECK_OK(runtime_stats(guest.runtime, &stats));
    if (thread_count() > most) most = thread_count();
  }
  for (size_t i = 0; i < count; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_pending_wait(pending[i], UINT64_MAX, &results));
    runtime_values_free(results);
    runtime_pending_free(pending[i]);
  }
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  printf("%llu calls at once, %d threads\n", (unsigned long long)stats.instances_peak, most);
  CHECK(stats.instances_peak >= count * 9 / 10 && stats.instances == 0 && most < 16);
}

int main(void) {
  runtime_builder_t *builder = guest_builder(scaled(10000) + 200);
  runtime_builder_worker_threads(builder, 2);
  guest_make(&guest, builder);
  RUN(test_the_callback_gets_the_results_on_a_worker);
  RUN(test_the_callback_gets_the_error);
  RUN(test_arguments_are_copied);
  RUN(test_the_finalizer_runs_when_starting_fails);
  RUN(test_waiting_gives_the_outcome_once);
  RUN(test_waiting_has_a_limit_of_its_own);
  RUN(test_of_several_waits_one_wins);
  RUN(test_a_pending_call_is_released_early);
  RUN(test_callback_and_waiting_go_together);
  RUN(test_instances_take_asynchronous_calls);
  RUN(test_many_in_flight_take_few_threads);
  guest_free(&guest);
  return 0;
}
