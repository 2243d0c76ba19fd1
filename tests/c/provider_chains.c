/* threads */
/* What guests that provide for each other can do to their host: chains as long as there are, slots
 * that are not there, hosts that leave in the middle. */
#include "door.h"
#include "providers.h"
#include "whole.h"

enum { LONGEST = 32 };

/* ---- chains ---- */

static void test_a_chain_has_an_end(void) {
  counted_t counted = {0};
  runtime_component_t *component = load_chain(LONGEST - 1, host_ticks, &counted);
  expect_text(component, "tick()", "()");
  CHECK(atomic_load(&counted.called) == 1);
  for (int apart = 0; apart < 2; apart++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    options.timeout_ms = 50;
    CHECK_ERROR(failing(component, "spin", apart, &options), RUNTIME_ERROR_TIMEOUT, "");
    CHECK_ERROR(failing(component, "recurse", apart, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "");
  }
  runtime_linker_t *linker = linker_of(component);
  runtime_component_t *more = NULL;
  runtime_error_t *error = try_load(relay_wat, linker, &more);
  runtime_error_details_t details = RUNTIME_ERROR_DETAILS_INIT;
  CHECK(runtime_error_details(error, &details));
  CHECK_TEXT(details.setting, "max_call_depth");
  CHECK(details.asked == LONGEST + 1 && details.allowed == LONGEST);
  CHECK_ERROR(error, RUNTIME_ERROR_LINK, "is the first of 32 that provide for each other");
  runtime_linker_free(linker);
}

/* ---- the host calls again ---- */

typedef struct {
  runtime_component_t *component;
  int depth, deepest;
  int code;
} again_t;

static runtime_error_t *host_calls_again(void *user_data, runtime_call_t *call,
                                         const runtime_value_t *args, size_t args_len,
                                         runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  again_t *again = user_data;
  if (++again->depth > again->deepest) again->deepest = again->depth;
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error =
      runtime_component_call_text(again->component, "tick()", 6, NULL, &answer);
  again->depth--;
  again->code = runtime_error_code(error);
  return error;
}

/* Through three providers and the host, and again, until something is used up. */
static void test_recursion_through_providers_and_the_host(void) {
  again_t again = {0};
  again.component = load_chain(3, host_calls_again, &again);
  runtime_error_t *error = text_error(again.component, "tick()", NULL);
  CHECK(again.deepest > 0 && again.depth == 0);
  CHECK(again.code == RUNTIME_ERROR_INSTANCE_LIMIT || again.code == RUNTIME_ERROR_STACK_OVERFLOW);
  CHECK_ERROR(error, again.code, "");
  runtime_component_free(again.component);
}

/* ---- slots ---- */

typedef struct {
  runtime_component_t *component;
  atomic_int done, refused;
} crowd_t;

static void *crowd_calls(void *user_data) {
  crowd_t *crowd = user_data;
  for (int i = 0; i < 20; i++) {
    runtime_bytes_t *answer = NULL;
    runtime_error_t *error =
        runtime_component_call_text(crowd->component, "add(1)", 6, NULL, &answer);
    if (error == NULL) {
      CHECK_TEXT((const char *)runtime_bytes_data(answer), "4");
      atomic_fetch_add(&crowd->done, 1);
    } else {
      CHECK_ERROR(error, RUNTIME_ERROR_INSTANCE_LIMIT, "max_components");
      atomic_fetch_add(&crowd->refused, 1);
    }
    runtime_bytes_free(answer);
  }
  return NULL;
}

/* Each call needs three of four slots: nobody waits for ever, and some come through. */
static void test_a_crowd_with_few_slots(void) {
  enum { THREADS = 16 };
  crowd_t crowd = {0};
  crowd.component = load_chain(2, host_ticks, NULL);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&threads[i], NULL, crowd_calls, &crowd) == 0);
  }
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(atomic_load(&crowd.done) + atomic_load(&crowd.refused) == THREADS * 20);
  CHECK(atomic_load(&crowd.done) > 0);
  printf("%d of %d\n", atomic_load(&crowd.done), THREADS * 20);
  runtime_component_free(crowd.component);
}

static void test_more_than_all_slots(void) {
  runtime_component_t *component = load_chain(4, host_ticks, NULL);
  for (int apart = 0; apart < 2; apart++) {
    CHECK_ERROR(failing(component, "tick", apart, NULL), RUNTIME_ERROR_INSTANCE_LIMIT,
                "calls that have 4 of the 4 instances");
  }
  runtime_component_free(component);
}

/* ---- who leaves in the middle ---- */

static runtime_error_t *host_waits_at_door(void *user_data, runtime_call_t *call,
                                           const runtime_value_t *args, size_t args_len,
                                           runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  door_pass(user_data);
  return NULL;
}

/* All handles go while a provider's host function runs for an asynchronous call. */
static void test_everything_is_freed_meanwhile(void) {
  if (blocking_only) return;
  door_t door = {0};
  runtime_component_t *component = load_chain(2, host_waits_at_door, &door);
  runtime_function_t *tick = find(component, "tick");
  runtime_instance_t *instance = instantiate(component);
  runtime_pending_t *first = begin(tick, NULL, 0), *second = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &second;
  door_until(&door, 1);
  runtime_function_free(tick);
  tick = find(component, "spin");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  options.cancel = cancel;
  CHECK_OK(runtime_instance_call_async(instance, tick, NULL, 0, &options, &completion));
  runtime_function_free(tick);
  runtime_instance_free(instance);
  runtime_component_free(component);
  atomic_store(&door.open, true);
  CHECK_OK(end(first));
  runtime_cancel_trigger(cancel);
  runtime_cancel_free(cancel);
  CHECK_ERROR(end(second), RUNTIME_ERROR_CANCELLED, "");
}

/* Late while a provider's host function runs: the guest is dropped where it is, behind it. */
static void test_late_within_a_provider(void) {
  if (blocking_only) return;
  door_t door = {0};
  runtime_component_t *component = load_chain(2, host_waits_at_door, &door);
  runtime_function_t *tick = find(component, "tick");
  runtime_pending_t *pending = begin_late(tick, NULL, &door);
  pause_ms(100);
  atomic_store(&door.open, true);
  CHECK_ERROR(end(pending), RUNTIME_ERROR_TIMEOUT, "");
  runtime_function_free(tick);
  runtime_component_free(component);
}

static void test_shut_down_within_a_provider(void) {
  if (blocking_only) return;
  runtime_t *own = host_runtime;
  host_runtime = host_runtime_make(0);
  runtime_component_t *component = load_chain(1, host_ticks, NULL);
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_component(linker, component, NULL));
  runtime_function_t *spin = find(component, "spin");
  runtime_pending_t *pending = begin(spin, NULL, 0);
  pause_ms(20);
  CHECK_OK(runtime_shutdown(host_runtime, 10000));
  CHECK_ERROR(end(pending), RUNTIME_ERROR_CANCELLED, "");
  runtime_component_t *more = NULL;
  CHECK_ERROR(try_load(relay_wat, linker, &more), RUNTIME_ERROR_SHUTDOWN, "");
  runtime_function_free(spin);
  runtime_component_free(component);
  runtime_free(host_runtime);
  runtime_linker_free(linker);
  host_runtime = own;
}

/* ---- WASI ---- */

/* Sleeps and prints, as WASI does. */
static const char wasi_wat[] =
    "(component"
    "  (import \"wasi:io/error@0.2.0\" (instance $error (export \"error\" (type (sub resource)))))"
    "  (alias export $error \"error\" (type $error'))"
    "  (import \"wasi:io/poll@0.2.0\" (instance $poll"
    "    (export \"pollable\" (type $p (sub resource)))"
    "    (export \"[method]pollable.block\" (func (param \"self\" (borrow $p))))))"
    "  (alias export $poll \"pollable\" (type $pollable))"
    "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $clock"
    "    (alias outer 1 $pollable (type $outer))"
    "    (export \"pollable\" (type $p (eq $outer)))"
    "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $p))))))"
    "  (import \"wasi:io/streams@0.2.0\" (instance $streams"
    "    (alias outer 1 $error' (type $e))"
    "    (export \"error\" (type $error (eq $e)))"
    "    (export \"output-stream\" (type $o (sub resource)))"
    "    (type $v (variant (case \"last-operation-failed\" (own $error)) (case \"closed\")))"
    "    (export \"stream-error\" (type $failed (eq $v)))"
    "    (export \"[method]output-stream.blocking-write-and-flush\" (func"
    "      (param \"self\" (borrow $o)) (param \"contents\" (list u8))"
    "      (result (result (error $failed)))))))"
    "  (alias export $streams \"output-stream\" (type $stream))"
    "  (import \"wasi:cli/stdout@0.2.0\" (instance $stdout"
    "    (alias outer 1 $stream (type $outer))"
    "    (export \"output-stream\" (type $o (eq $outer)))"
    "    (export \"get-stdout\" (func (result (own $o))))))"
    "  (core module $memory (memory (export \"memory\") 1) (data (i32.const 0) \"tick\\n\"))"
    "  (core instance $m (instantiate $memory))"
    "  (core func $block (canon lower (func $poll \"[method]pollable.block\")))"
    "  (core func $after (canon lower (func $clock \"subscribe-duration\")))"
    "  (core func $drop (canon resource.drop $pollable))"
    "  (core func $stdout (canon lower (func $stdout \"get-stdout\")))"
    "  (core func $write (canon lower"
    "    (func $streams \"[method]output-stream.blocking-write-and-flush\")"
    "    (memory (core memory $m \"memory\"))))"
    "  (core module $code"
    "    (import \"\" \"block\" (func $block (param i32)))"
    "    (import \"\" \"after\" (func $after (param i64) (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (import \"\" \"stdout\" (func $stdout (result i32)))"
    "    (import \"\" \"write\" (func $write (param i32 i32 i32 i32)))"
    "    (func (export \"tick\")"
    "      (local $p i32)"
    "      (local.set $p (call $after (i64.const 2000000)))"
    "      (call $block (local.get $p))"
    "      (call $drop (local.get $p))"
    "      (call $write (call $stdout) (i32.const 0) (i32.const 5) (i32.const 16))))"
    "  (core instance $i (instantiate $code (with \"\" (instance"
    "    (export \"block\" (func $block)) (export \"after\" (func $after))"
    "    (export \"drop\" (func $drop)) (export \"stdout\" (func $stdout))"
    "    (export \"write\" (func $write))))))"
    "  (func $tick (canon lift (core func $i \"tick\")))"
    "  (instance $host (export \"tick\" (func $tick)))"
    "  (export \"acme:host/api@1.0.0\" (instance $host)))";

static void append(void *user_data, void *context, const uint8_t *bytes, size_t len) {
  (void)context;
  strncat(user_data, (const char *)bytes, len);
}

/* Each provider has its own sandbox, whoever is served; a chain of three sleeps and prints. */
static void test_a_provider_has_its_own_sandbox(void) {
  char printed[64] = "";
  runtime_sandbox_t *sandbox = NULL;
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, append, 0, printed, NULL));
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.sandbox = sandbox;
  options.blocking_only = blocking_only;
  CHECK_OK(runtime_component_new(host_runtime, (const uint8_t *)wasi_wat, strlen(wasi_wat),
                                 &options, &component));
  runtime_sandbox_free(sandbox);
  component = load_named(calc_wat, linker_of(component), "calc");
  component = load_named(relay_wat, linker_of(component), "relay");
  expect_text(component, "tick()", "()");
  CHECK_TEXT(printed, "tick\n");
  runtime_function_t *tick = find(component, "tick");
  for (int i = 0; i < 3; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(call_apart(tick, NULL, 0, NULL, &results));
    runtime_values_free(results);
  }
  CHECK_TEXT(printed, "tick\ntick\ntick\ntick\n");
  runtime_function_free(tick);
  runtime_component_free(component);
}

/* A guest that has a stack of its own, since it imports WASI, and a provider that may not: its host
 * functions run where it runs. */
static const char clock_wat[] =
    "(component"
    "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $clock"
    "    (export \"now\" (func (result u64)))))"
    "  (import \"" CALC
    "\" (instance $calc (export \"tick\" (func)) (export \"trap\" (func))"
    "    (export \"add\" (func (param \"n\" u32) (result u32)))))"
    "  (core func $now (canon lower (func $clock \"now\")))"
    "  (core func $add (canon lower (func $calc \"add\")))"
    "  (core func $tick (canon lower (func $calc \"tick\")))"
    "  (core func $trap (canon lower (func $calc \"trap\")))"
    "  (func (export \"now\") (result u64) (canon lift (core func $now)))"
    "  (func (export \"add\") (param \"n\" u32) (result u32) (canon lift (core func $add)))"
    "  (func (export \"tick\") (canon lift (core func $tick)))"
    "  (func (export \"trap\") (canon lift (core func $trap))))";

static void test_a_guest_with_a_stack_of_its_own(void) {
  counted_t counted = {0};
  runtime_component_t *calc = load_calc(host_ticks, &counted);
  runtime_component_t *component = load_named(clock_wat, linker_of(calc), "clock");
  runtime_instance_t *instance = instantiate(component);
  runtime_function_t *tick = find(component, "tick");
  for (int i = 0; i < 2; i++) {
    expect_text(component, "tick()", "()");
    expect_text(component, "add(7)", "7");
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_instance_call(instance, tick, NULL, 0, NULL, &results));
    runtime_values_free(results);
  }
  CHECK(atomic_load(&counted.called) == 4);
  CHECK_ERROR(failing(component, "trap", 0, NULL), RUNTIME_ERROR_TRAP, "`calc` provides");
  runtime_function_free(tick);
  runtime_instance_free(instance);
  runtime_component_free(component);
}

static void many_slots(void) {
  RUN(test_a_chain_has_an_end);
  RUN(test_recursion_through_providers_and_the_host);
  RUN(test_everything_is_freed_meanwhile);
  RUN(test_late_within_a_provider);
  RUN(test_shut_down_within_a_provider);
  RUN(test_a_provider_has_its_own_sandbox);
  RUN(test_a_guest_with_a_stack_of_its_own);
}

static void few_slots(void) {
  RUN(test_a_crowd_with_few_slots);
  RUN(test_more_than_all_slots);
}

int main(void) {
  whole_begin();
  with_providers(64, many_slots);
  with_providers(4, few_slots);
  return 0;
}
