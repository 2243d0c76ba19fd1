/* threads */
/* Cancel tokens: sticky, in any order, and never felt by anybody else. */
#include "guests.h"

#define TICK_MS 5
#define HOUR 3600000

static guest_t guest;

static runtime_cancel_t *token_make(void) {
  runtime_cancel_t *token = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  CHECK(token != NULL && !runtime_cancel_is_triggered(token));
  return token;
}

static runtime_call_options_t with(const runtime_cancel_t *token) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.cancel = token;
  return options;
}

static void expect_cancelled(const runtime_cancel_t *token, const runtime_function_t *function,
                             const runtime_value_t *arg) {
  runtime_call_options_t options = with(token);
  CHECK_ERROR(call(function, arg, &options), RUNTIME_ERROR_CANCELLED, "cancelled");
}

static void test_it_is_sticky(void) {
  runtime_cancel_t *token = token_make();
  runtime_value_t one = value_u32(1);
  runtime_value_t hour = value_u64(HOUR);
  runtime_call_options_t options = with(token);
  CHECK_OK(call(guest.add, &one, &options));
  CHECK_OK(call(guest.add, &one, &options));
  runtime_cancel_trigger(token);
  runtime_cancel_trigger(token);
  CHECK(runtime_cancel_is_triggered(token));
  for (int i = 0; i < 3; i++) {
    expect_cancelled(token, guest.spin, NULL);
    expect_cancelled(token, guest.sleep, &hour);
    expect_cancelled(token, guest.add, &one);
  }
  CHECK(runtime_cancel_is_triggered(token));
  runtime_cancel_free(token);
  CHECK_OK(call(guest.add, &one, NULL));
}

/* Who starts such a call, who runs it and who ends it meet at once. */
static void test_calls_that_are_cancelled_before_they_begin(void) {
  enum { CALLS = 8 };
  runtime_cancel_t *token = token_make();
  runtime_call_options_t options = with(token);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *calls[CALLS];
  runtime_values_t *results = NULL;
  runtime_cancel_trigger(token);
  for (size_t round = 0; round < scaled(500); round++) {
    for (int i = 0; i < CALLS; i++) {
      completion.pending_out = &calls[i];
      CHECK_OK(runtime_function_call_async(guest.spin, NULL, 0, &options, &completion));
    }
    for (int i = 0; i < CALLS; i++) {
      CHECK_ERROR(runtime_pending_wait(calls[i], UINT64_MAX, &results), RUNTIME_ERROR_CANCELLED,
                  "cancelled");
      runtime_pending_free(calls[i]);
    }
  }
  runtime_cancel_free(token);
}

static void test_nothing_is_allowed(void) {
  runtime_cancel_trigger(NULL);
  runtime_cancel_free(NULL);
  CHECK(runtime_cancel_clone(NULL) == NULL && !runtime_cancel_is_triggered(NULL));
  CHECK_ERROR(runtime_cancel_new(NULL), RUNTIME_ERROR_INVALID_ARGUMENT, "`out`");
}

static void test_clones_are_one_token(void) {
  runtime_cancel_t *token = token_make();
  runtime_cancel_t *clone = runtime_cancel_clone(token);
  runtime_cancel_t *other = token_make();
  runtime_cancel_trigger(clone);
  CHECK(runtime_cancel_is_triggered(token) && !runtime_cancel_is_triggered(other));
  runtime_cancel_free(clone);
  CHECK(runtime_cancel_is_triggered(token));
  expect_cancelled(token, guest.spin, NULL);
  runtime_cancel_free(token);
  runtime_cancel_free(other);
}

/* One call on a thread of its own, and how long it took. */
typedef struct {
  const runtime_function_t *function;
  runtime_value_t arg;
  size_t args_len;
  runtime_call_options_t options;
  runtime_cancel_t *token;
  atomic_int code;
  uint64_t ended;
} job_t;

static void *job_run(void *data) {
  job_t *job = data;
  runtime_values_t *results = NULL;
  runtime_error_t *error =
      runtime_function_call(job->function, &job->arg, job->args_len, &job->options, &results);
  job->ended = now_ms();
  atomic_store(&job->code, (int)runtime_error_code(error));
  runtime_error_free(error);
  runtime_values_free(results);
  return NULL;
}

static void job_make(job_t *job, const runtime_function_t *function, uint64_t arg) {
  memset(job, 0, sizeof *job);
  job->function = function;
  job->arg = value_u64(arg);
  job->args_len = function == guest.spin ? 0 : 1;
  job->token = token_make();
  job->options = with(job->token);
  atomic_init(&job->code, -1);
}

/* The call ends soon after the trigger, whether the guest computes or waits. */
static void test_it_ends_calls_that_compute_or_wait(void) {
  const runtime_function_t *const functions[] = {guest.spin, guest.sleep};
  for (int i = 0; i < 20; i++) {
    job_t job;
    job_make(&job, functions[i % 2], HOUR);
    pthread_t thread = thread_start(job_run, &job);
    pause_ms((uint64_t)i);
    uint64_t start = now_ms();
    runtime_cancel_trigger(job.token);
    thread_join(thread);
    CHECK(atomic_load(&job.code) == RUNTIME_ERROR_CANCELLED);
    /* Two ticks are promised; machines that build something else meanwhile get more. */
    CHECK(job.ended < start + 2 * TICK_MS + 1000);
    runtime_cancel_free(job.token);
  }
}

static void test_free_leaves_calls_alone(void) {
  job_t job;
  job_make(&job, guest.sleep, 200);
  pthread_t thread = thread_start(job_run, &job);
  pause_ms(50);
  runtime_cancel_free(job.token);
  thread_join(thread);
  CHECK(atomic_load(&job.code) == RUNTIME_ERROR_NONE);

  job_make(&job, guest.spin, 0);
  runtime_cancel_t *clone = runtime_cancel_clone(job.token);
  thread = thread_start(job_run, &job);
  pause_ms(50);
  runtime_cancel_free(job.token);
  runtime_cancel_trigger(clone);
  runtime_cancel_free(clone);
  thread_join(thread);
  CHECK(atomic_load(&job.code) == RUNTIME_ERROR_CANCELLED);
}

static void test_it_ends_a_wait_for_an_instance(void) {
  guest_t kept = guest;
  runtime_instance_t *instance = NULL;
  job_t job;
  runtime_builder_t *builder = guest_builder(1);
  runtime_builder_instance_wait(builder, HOUR);
  guest_make(&guest, builder);
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  job_make(&job, guest.spin, 0);
  pthread_t thread = thread_start(job_run, &job);
  pause_ms(50);
  CHECK(atomic_load(&job.code) == -1);
  runtime_cancel_trigger(job.token);
  thread_join(thread);
  CHECK(atomic_load(&job.code) == RUNTIME_ERROR_CANCELLED);
  runtime_cancel_free(job.token);
  runtime_instance_free(instance);
  guest_free(&guest);
  guest = kept;
}

static void test_one_token_serves_several_runtimes(void) {
  guest_t other;
  runtime_cancel_t *token = token_make();
  guest_make(&other, guest_builder(2));
  job_t here, there;
  job_make(&here, guest.spin, 0);
  job_make(&there, guest.spin, 0);
  there.function = other.spin;
  here.options.cancel = there.options.cancel = token;
  pthread_t threads[] = {thread_start(job_run, &here), thread_start(job_run, &there)};
  pause_ms(30);
  runtime_cancel_trigger(token);
  thread_join(threads[0]);
  thread_join(threads[1]);
  CHECK(atomic_load(&here.code) == RUNTIME_ERROR_CANCELLED);
  CHECK(atomic_load(&there.code) == RUNTIME_ERROR_CANCELLED);
  runtime_cancel_free(here.token);
  runtime_cancel_free(there.token);
  runtime_cancel_free(token);
  guest_free(&other);
}

/* A random half of many calls is cancelled, on this runtime, component and function; each other
 * call gives its results. Even ones compute, odd ones wait. */
enum { CALLS = 1000 };
static job_t jobs[CALLS];
static bool chosen[CALLS];
static atomic_size_t ended;

static void jobs_make(size_t count, unsigned seed) {
  atomic_store(&ended, 0);
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    chosen[i] = (seed >> 16) % 2 != 0;
    /* Those that are to be cancelled would go on for a very long time. */
    if (i % 2 == 0) {
      job_make(&jobs[i], guest.work, chosen[i] ? UINT64_MAX : 200000);
    } else {
      job_make(&jobs[i], guest.sleep, chosen[i] ? HOUR : 100 + i % 200);
    }
  }
}

static void jobs_check(size_t count) {
  size_t cancelled = 0;
  for (size_t i = 0; i < count; i++) {
    int expected = chosen[i] ? RUNTIME_ERROR_CANCELLED : RUNTIME_ERROR_NONE;
    int code = atomic_load(&jobs[i].code);
    if (code != expected) CHECK_FAIL("call %zu ended with %d instead of %d", i, code, expected);
    runtime_cancel_free(jobs[i].token);
    cancelled += chosen[i];
  }
  CHECK(cancelled > 0 && cancelled < count);
}

static void jobs_cancel(size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (chosen[i]) runtime_cancel_trigger(jobs[i].token);
  }
}

static void test_a_random_half_of_blocking_calls(void) {
  static pthread_t threads[CALLS];
  size_t count = scaled(CALLS);
  pthread_attr_t small;
  CHECK(pthread_attr_init(&small) == 0);
  CHECK(pthread_attr_setstacksize(&small, 256 << 10) == 0);
  jobs_make(count, 1);
  for (size_t i = 0; i < count; i++) {
    CHECK(pthread_create(&threads[i], &small, job_run, &jobs[i]) == 0);
  }
  jobs_cancel(count);
  for (size_t i = 0; i < count; i++) thread_join(threads[i]);
  jobs_check(count);
  CHECK(pthread_attr_destroy(&small) == 0);
}

static void job_done(void *data, runtime_values_t *results, runtime_error_t *error) {
  job_t *job = data;
  CHECK((results == NULL) != (error == NULL));
  atomic_store(&job->code, (int)runtime_error_code(error));
  runtime_error_free(error);
  runtime_values_free(results);
  atomic_fetch_add(&ended, 1);
}

static void test_a_random_half_of_asynchronous_calls(void) {
  size_t count = scaled(CALLS);
  jobs_make(count, 2);
  for (size_t i = 0; i < count; i++) {
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    completion.callback = job_done;
    completion.user_data = &jobs[i];
    CHECK_OK(runtime_function_call_async(jobs[i].function, &jobs[i].arg, jobs[i].args_len,
                                         &jobs[i].options, &completion));
  }
  jobs_cancel(count);
  while (atomic_load(&ended) < count) pause_ms(1);
  jobs_check(count);
}

int main(void) {
  guest_make(&guest, guest_builder(CALLS + 8));
  RUN(test_it_is_sticky);
  RUN(test_calls_that_are_cancelled_before_they_begin);
  RUN(test_nothing_is_allowed);
  RUN(test_clones_are_one_token);
  RUN(test_it_ends_calls_that_compute_or_wait);
  RUN(test_free_leaves_calls_alone);
  RUN(test_it_ends_a_wait_for_an_instance);
  RUN(test_one_token_serves_several_runtimes);
  RUN(test_a_random_half_of_blocking_calls);
  RUN(test_a_random_half_of_asynchronous_calls);
  guest_free(&guest);
  return 0;
}
