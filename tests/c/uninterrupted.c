/* threads */
/* What a guest does in one step is not interrupted; a call that ends too late for that, or was
 * cancelled meanwhile, is no success, whichever way it is made. */
#include "guests.h"

/* One step fills so much, which takes longer than a millisecond on any machine. */
enum { MEMORY = 128 << 20 };

/* What makes a guest run on a stack of its own: it could wait. */
static const char can_wait[] =
    "(import \"wasi:io/poll@0.2.0\" (instance"
    "  (export \"pollable\" (type $p (sub resource)))"
    "  (export \"[method]pollable.block\" (func (param \"self\" (borrow $p))))))"
    "(import \"wasi:cli/exit@0.2.0\" (instance $exit"
    "  (export \"exit\" (func (param \"status\" (result))))))"
    "(core func $exit (canon lower (func $exit \"exit\")))";

static runtime_t *runtime;

/* A guest with these imports, and `more` in its module, that fills its memory. */
static runtime_component_t *load(const char *imports, const char *core_imports, const char *with,
                                 const char *more, const char *exports) {
  char wat[4096];
  runtime_component_t *component = NULL;
  int len = snprintf(
      wat, sizeof wat,
      "(component %s (core module $m %s (memory %d)"
      "  (func $fill (export \"fill\")"
      "    (memory.fill (i32.const 0) (i32.const 1) (i32.const %d)))"
      "  (func (export \"rest\")) %s)"
      " (core instance $i (instantiate $m %s))"
      " (func (export \"rest\") (canon lift (core func $i \"rest\")))"
      " (func (export \"fill\") (canon lift (core func $i \"fill\"))) %s)",
      imports, core_imports, MEMORY >> 16, MEMORY, more, with, exports);
  CHECK(len > 0 && (size_t)len < sizeof wat);
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, (size_t)len, NULL, &component));
  return component;
}

static runtime_component_t *load_direct(void) { return load("", "", "", "", ""); }

static runtime_component_t *load_waiting(void) {
  return load(can_wait, "(import \"\" \"exit\" (func $exit (param i32)))",
              "(with \"\" (instance (export \"exit\" (func $exit))))",
              "(func (export \"leave\") (call $fill) (call $exit (i32.const 0)))",
              "(func (export \"leave\") (canon lift (core func $i \"leave\")))");
}

static runtime_function_t *function_of(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

/* Calls on a fresh instance or on `instance`, here or elsewhere. */
static runtime_error_t *make(const runtime_function_t *function, const runtime_instance_t *instance,
                             bool async, const runtime_call_options_t *options) {
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_error_t *error;
  completion.pending_out = &pending;
  if (async) {
    error = instance == NULL
                ? runtime_function_call_async(function, NULL, 0, options, &completion)
                : runtime_instance_call_async(instance, function, NULL, 0, options, &completion);
    if (error == NULL) error = runtime_pending_wait(pending, UINT64_MAX, &results);
    runtime_pending_free(pending);
  } else if (instance == NULL) {
    error = runtime_function_call(function, NULL, 0, options, &results);
  } else {
    error = runtime_instance_call(instance, function, NULL, 0, options, &results);
  }
  runtime_values_free(results);
  return error;
}

static runtime_call_options_t limited(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 1;
  return options;
}

static uint64_t late;

static void expect_timeout(runtime_error_t *error) {
  CHECK_ERROR(error, RUNTIME_ERROR_TIMEOUT, "limit of 1 ms");
  late++;
}

/* The instance is done for, as after any other time-out. On a busy machine the time may be over
 * before the guest is entered; then the instance is as it was. */
static void expect_the_end(const runtime_instance_t *instance, const runtime_function_t *function,
                           const runtime_function_t *rest, bool async) {
  runtime_call_options_t options = limited();
  int code = 0;
  for (int i = 0; i < 100 && code == 0; i++) {
    expect_timeout(make(function, instance, async, &options));
    runtime_error_t *error = make(rest, instance, async, NULL);
    code = (int)runtime_error_code(error);
    runtime_error_free(error);
  }
  CHECK(code == RUNTIME_ERROR_POISONED);
}

static void expect_late(const runtime_component_t *component, const char *name) {
  runtime_call_options_t options = limited();
  runtime_function_t *function = function_of(component, name);
  runtime_function_t *rest = function_of(component, "rest");
  runtime_instance_t *instance = NULL;
  for (int async = 0; async < 2; async++) {
    expect_timeout(make(function, NULL, async, &options));
    CHECK_OK(runtime_instance_new(component, NULL, &instance));
    CHECK_OK(make(rest, instance, async, NULL));
    expect_the_end(instance, function, rest, async);
    runtime_instance_free(instance);
  }
  char text[100];
  runtime_bytes_t *answer = NULL;
  (void)snprintf(text, sizeof text, "%s()", name);
  expect_timeout(runtime_component_call_text(component, text, strlen(text), &options, &answer));
  runtime_function_free(rest);
  runtime_function_free(function);
}

static void test_a_call_that_ends_late(void) {
  runtime_component_t *direct = load_direct(), *waiting = load_waiting();
  expect_late(direct, "fill");
  expect_late(waiting, "fill");
  /* Nor is it better to leave without an error. */
  expect_late(waiting, "leave");
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(stats.timed_out == late);
  runtime_component_free(direct);
  runtime_component_free(waiting);
}

static void test_a_call_in_time(void) {
  runtime_component_t *components[] = {load_direct(), load_waiting()};
  for (int i = 0; i < 4; i++) {
    runtime_function_t *fill = function_of(components[i / 2], "fill");
    CHECK_OK(make(fill, NULL, i % 2, NULL));
    runtime_function_free(fill);
  }
  runtime_component_free(components[0]);
  runtime_component_free(components[1]);
}

static void test_an_instance_that_starts_late(void) {
  runtime_component_t *component = load("", "", "", "(start $fill)", "");
  runtime_call_options_t options = limited();
  runtime_instance_t *instance = NULL;
  CHECK_ERROR(runtime_instance_new(component, &options, &instance), RUNTIME_ERROR_TIMEOUT, "1 ms");
  CHECK(instance == NULL);
  runtime_component_free(component);
}

static void *trigger(void *token) {
  pause_ms(10);
  runtime_cancel_trigger(token);
  return NULL;
}

/* The thread may come too late, but not every time. */
static void expect_cancelled(const runtime_component_t *component, bool async) {
  runtime_function_t *fill = function_of(component, "fill");
  int code = 0;
  for (int i = 0; i < 50 && code != RUNTIME_ERROR_CANCELLED; i++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_cancel_t *token = NULL;
    CHECK_OK(runtime_cancel_new(&token));
    options.cancel = token;
    pthread_t thread = thread_start(trigger, token);
    runtime_error_t *error = make(fill, NULL, async, &options);
    thread_join(thread);
    code = (int)runtime_error_code(error);
    CHECK(code == 0 || code == RUNTIME_ERROR_CANCELLED);
    runtime_error_free(error);
    runtime_cancel_free(token);
  }
  CHECK(code == RUNTIME_ERROR_CANCELLED);
  runtime_function_free(fill);
}

static void test_a_call_that_is_cancelled_meanwhile(void) {
  runtime_component_t *components[] = {load_direct(), load_waiting()};
  for (int i = 0; i < 4; i++) expect_cancelled(components[i / 2], i % 2);
  runtime_component_free(components[0]);
  runtime_component_free(components[1]);
}

int main(void) {
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_max_linear_memory(builder, MEMORY);
  runtime_builder_epoch_tick(builder, 1);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  RUN(test_a_call_that_ends_late);
  RUN(test_a_call_in_time);
  RUN(test_an_instance_that_starts_late);
  RUN(test_a_call_that_is_cancelled_meanwhile);
  runtime_free(runtime);
  return 0;
}
