/* threads */
/* `interrupt` in the options of a call: the host is asked on its own thread, once a tick at most,
 * and can end the call there, whether the guest computes or waits. */
#include "hosts.h"

#define TICK_MS 5
#define HOUR 3600000

/* Imports a host function; spins when asked to, also as it starts and as a resource ends. */
static const char asker_wat[] =
    "(component"
    "  (import \"acme:host/api@1.0.0\" (instance $api (export \"tick\" (func))))"
    "  (core func $tick (canon lower (func $api \"tick\")))"
    "  (core module $m"
    "    (import \"\" \"tick\" (func $tick))"
    "    (func (export \"end\") (param i32) (loop $for-ever (br $for-ever)))"
    "    (func (export \"wait\") (call $tick))"
    "    (func (export \"spin\") (loop $for-ever (br $for-ever))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"tick\" (func $tick))))))"
    "  (type $thing' (resource (rep i32) (dtor (core func $i \"end\"))))"
    "  (export $thing \"thing\" (type $thing'))"
    "  (core func $new (canon resource.new $thing'))"
    "  (core module $n"
    "    (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "    (func (export \"make\") (result i32) (call $new (i32.const 1))))"
    "  (core instance $n (instantiate $n (with \"\" (instance (export \"new\" (func $new))))))"
    "  (func (export \"make\") (result (own $thing)) (canon lift (core func $n \"make\")))"
    "  (func (export \"wait\") (canon lift (core func $i \"wait\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\"))))";

/* The same without imports, so that it needs no stack of its own. */
static const char plain_wat[] =
    "(component"
    "  (core module $m"
    "    (func (export \"spin\") (loop $for-ever (br $for-ever)))"
    "    (func (export \"work\") (param i64) (result i64)"
    "      (local $i i64)"
    "      (loop $again"
    "        (local.set $i (i64.add (local.get $i) (i64.const 1)))"
    "        (br_if $again (i64.lt_u (local.get $i) (local.get 0))))"
    "      (local.get $i)))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"work\") (param \"n\" u64) (result u64) (canon lift (core func $i \"work\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\"))))";

static const char start_wat[] =
    "(component (core module $m (func $spin (loop $for-ever (br $for-ever))) (start $spin))"
    "  (core instance (instantiate $m)))";

/* What an interrupt knows: it says no when it is asked for the `no`th time. */
typedef struct {
  pthread_t thread;
  int asked, no;
  uint64_t start;
  const runtime_function_t *nested;
  const runtime_component_t *plain;
} asked_t;

static asked_t asking(int no) {
  asked_t asked = {.thread = pthread_self(), .no = no, .start = now_ms()};
  return asked;
}

static runtime_error_t *ask(void *user_data) {
  asked_t *asked = user_data;
  CHECK(pthread_equal(asked->thread, pthread_self()));
  asked->asked++;
  return asked->asked == asked->no ? runtime_error_new("enough", 6) : NULL;
}

static runtime_call_options_t with(runtime_interrupt_fn_t interrupt, asked_t *asked) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.interrupt = interrupt;
  options.interrupt_user_data = asked;
  return options;
}

static void expect_asked(const asked_t *asked) {
  uint64_t ticks = (now_ms() - asked->start) / TICK_MS;
  /* A ticker that was late makes up for it by its next tick, not by more of them. */
  CHECK(asked->asked == asked->no && (uint64_t)asked->asked <= ticks + 1);
}

static void expect_ended(const runtime_component_t *component, const char *name, uint64_t arg) {
  runtime_function_t *function = find(component, name);
  runtime_value_t value = value_u64(arg);
  asked_t asked = asking(4);
  runtime_call_options_t options = with(ask, &asked);
  CHECK_ERROR(call(function, arg != 0 ? &value : NULL, &options), RUNTIME_ERROR_HOST, "enough");
  expect_asked(&asked);
  runtime_function_free(function);
}

static runtime_error_t *never_answers(void *user_data, runtime_call_t *call,
                                      const runtime_value_t *args, size_t args_len,
                                      runtime_value_t *results, size_t results_len) {
  (void)args, (void)args_len, (void)results, (void)results_len;
  return runtime_call_defer(call, (runtime_reply_t **)user_data);
}

static runtime_reply_t *reply;

static runtime_component_t *load_asker(void) {
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick", never_answers, &reply);
  return load(asker_wat, linker);
}

static void test_it_ends_guests_that_compute(void) {
  runtime_component_t *asker = load_asker(), *plain = load(plain_wat, linker_make());
  expect_ended(asker, "spin", 0);
  expect_ended(plain, "spin", 0);
  expect_ended(plain, "work", UINT64_MAX);
  runtime_component_free(asker);
  runtime_component_free(plain);
}

static void test_it_ends_guests_that_wait(void) {
  runtime_component_t *asker = load_asker(), *sleeper = load(guest_wat, linker_make());
  expect_ended(asker, "wait", 0);
  runtime_reply_free(reply);
  expect_ended(sleeper, "sleep", HOUR);
  runtime_component_free(asker);
  runtime_component_free(sleeper);
}

/* Every way into a guest. */
static void test_it_ends_all_that_runs_guests(void) {
  runtime_component_t *asker = load_asker(), *start = load(start_wat, linker_make());
  asked_t asked = asking(1);
  runtime_call_options_t options = with(ask, &asked);
  runtime_instance_t *instance = NULL;
  CHECK_ERROR(runtime_instance_new(start, &options, &instance), RUNTIME_ERROR_HOST, "enough");
  expect_asked(&asked);

  asked = asking(1);
  CHECK_ERROR(text_error(asker, "spin()", &options), RUNTIME_ERROR_HOST, "enough");
  expect_asked(&asked);

  instance = instantiate(asker);
  runtime_function_t *make = find(asker, "make"), *spin = find(asker, "spin");
  runtime_values_t *made = NULL, *results = NULL;
  CHECK_OK(runtime_instance_call(instance, make, NULL, 0, &options, &made));
  asked = asking(1);
  CHECK_ERROR(runtime_instance_drop_resource(instance, runtime_values_data(made)->of.resource,
                                             &options),
              RUNTIME_ERROR_HOST, "enough");
  expect_asked(&asked);
  CHECK_ERROR(runtime_instance_call(instance, spin, NULL, 0, NULL, &results),
              RUNTIME_ERROR_POISONED, "earlier call");
  runtime_values_free(made);
  runtime_function_free(make);
  runtime_function_free(spin);
  runtime_instance_free(instance);
  runtime_component_free(asker);
  runtime_component_free(start);
}

/* It does not hide limits and tokens, and those that ask for less are not disturbed. */
static void test_everything_else_holds(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  runtime_component_t *sleeper = load(guest_wat, linker_make());
  runtime_function_t *spin = find(plain, "spin"), *work = find(plain, "work");
  runtime_function_t *sleep = find(sleeper, "sleep");
  runtime_cancel_t *token = NULL;
  runtime_value_t hour = value_u64(HOUR), little = value_u64(1), pause = value_u64(500);
  asked_t asked = asking(0);
  runtime_call_options_t options = with(ask, &asked);
  /* A busy machine may take long for one of them. */
  do {
    asked.asked = 0;
    CHECK_OK(call(work, &little, &options));
  } while (asked.asked > 0);
  CHECK_OK(call(sleep, &pause, &options));
  CHECK(asked.asked > 0);
  options.timeout_ms = 50;
  CHECK_ERROR(call(spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "50 ms");
  CHECK_ERROR(call(sleep, &hour, &options), RUNTIME_ERROR_TIMEOUT, "50 ms");
  CHECK_OK(runtime_cancel_new(&token));
  runtime_cancel_trigger(token);
  options.cancel = token;
  CHECK_ERROR(call(sleep, &hour, &options), RUNTIME_ERROR_CANCELLED, "cancelled");
  runtime_cancel_free(token);
  runtime_function_free(spin);
  runtime_function_free(work);
  runtime_function_free(sleep);
  runtime_component_free(plain);
  runtime_component_free(sleeper);
}

/* It may use much stack, make calls, and pass on their errors. */
static runtime_error_t *ask_others(void *user_data) {
  asked_t *asked = user_data;
  volatile char room[128 << 10];
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_value_t little = value_u64(1);
  runtime_values_t *results = NULL;
  for (size_t i = 0; i < sizeof room; i += 1024) room[i] = 1;
  asked->asked++;
  CHECK_OK(runtime_function_call(asked->nested, &little, 1, NULL, &results));
  runtime_values_free(results);
  if (asked->asked < asked->no) return NULL;
  options.timeout_ms = 1;
  runtime_value_t huge = value_u64(UINT64_MAX);
  return runtime_function_call(asked->nested, &huge, 1, &options, &results);
}

static void test_it_may_call_and_pass_on_errors(void) {
  runtime_component_t *plain = load(plain_wat, linker_make()), *asker = load_asker();
  runtime_function_t *spins[] = {find(plain, "spin"), find(asker, "spin")};
  runtime_function_t *work = find(plain, "work");
  for (int i = 0; i < 2; i++) {
    asked_t asked = asking(2);
    asked.nested = work;
    runtime_call_options_t options = with(ask_others, &asked);
    CHECK_ERROR(call(spins[i], NULL, &options), RUNTIME_ERROR_TIMEOUT, "1 ms");
    CHECK(asked.asked == 2);
    runtime_function_free(spins[i]);
  }
  runtime_function_free(work);
  runtime_component_free(plain);
  runtime_component_free(asker);
}

/* A later call of the same instance is asked about as its own options say. */
static void test_it_is_the_calls_own(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  runtime_function_t *work = find(plain, "work"), *spin = find(plain, "spin");
  runtime_instance_t *instance = instantiate(plain);
  runtime_value_t little = value_u64(1);
  runtime_values_t *results = NULL;
  {
    asked_t gone = asking(1);
    runtime_call_options_t options = with(ask, &gone);
    CHECK_OK(runtime_instance_call(instance, work, &little, 1, &options, &results));
    runtime_values_free(results);
    memset(&gone, 0xff, sizeof gone);
  }
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 30;
  CHECK_ERROR(runtime_instance_call(instance, spin, NULL, 0, &options, &results),
              RUNTIME_ERROR_TIMEOUT, "30 ms");
  runtime_function_free(work);
  runtime_function_free(spin);
  runtime_instance_free(instance);
  runtime_component_free(plain);
}

static void test_asynchronous_calls_refuse_it(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  runtime_function_t *spin = find(plain, "spin");
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  asked_t asked = asking(1);
  runtime_call_options_t options = with(ask, &asked);
  completion.pending_out = &pending;
  CHECK_ERROR(runtime_function_call_async(spin, NULL, 0, &options, &completion),
              RUNTIME_ERROR_INVALID_ARGUMENT, "options.interrupt");
  CHECK(pending == NULL && asked.asked == 0);
  runtime_function_free(spin);
  runtime_component_free(plain);
}

static void tests(void) {
  RUN(test_it_ends_guests_that_compute);
  RUN(test_it_ends_guests_that_wait);
  RUN(test_it_ends_all_that_runs_guests);
  RUN(test_everything_else_holds);
  RUN(test_it_may_call_and_pass_on_errors);
  RUN(test_it_is_the_calls_own);
  RUN(test_asynchronous_calls_refuse_it);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
