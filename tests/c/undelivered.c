/* threads */
/* What a host function answers, and resources of the host on their way, when the call is on another
 * thread, or over before they arrive: each gets there, or is dropped once. */
#include "counters.h"

enum { AT_A_TIME = 8, ROUNDS = 40 };

/* Answers from memory of its thread, which the next call uses again. */
static _Thread_local char answer[64];

static runtime_error_t *shout(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args_len, (void)results_len;
  memset(answer, 0, sizeof answer);
  memcpy(answer, args[0].of.string.ptr, args[0].of.string.len);
  results[0].kind = RUNTIME_KIND_STRING;
  results[0].of.string.ptr = answer;
  results[0].of.string.len = args[0].of.string.len;
  return NULL;
}

static runtime_t *runtime_with_host_threads(uint64_t threads, int on_demand) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = check_builder();
  runtime_builder_host_threads(builder, threads);
  runtime_builder_max_components(builder, AT_A_TIME);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_epoch_tick(builder, 5);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static void shout_many_times(const runtime_function_t *function) {
  char texts[AT_A_TIME][48];
  runtime_pending_t *pending[AT_A_TIME];
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < AT_A_TIME; i++) {
      snprintf(texts[i], sizeof texts[i], "%d-%030d", i, round);
      runtime_value_t arg = value_string(texts[i]);
      pending[i] = start(function, &arg, 1, NULL);
    }
    for (int i = 0; i < AT_A_TIME; i++) {
      runtime_values_t *values = NULL;
      CHECK_OK(finish(pending[i], &values));
      const runtime_string_t *string = &runtime_values_data(values)->of.string;
      CHECK(string->len == strlen(texts[i]));
      CHECK(memcmp(string->ptr, texts[i], string->len) == 0);
      runtime_values_free(values);
    }
  }
}

static void test_answers_are_read_on_their_thread(int on_demand) {
  for (uint64_t threads = 1; threads <= 4; threads += 3) {
    host_runtime = runtime_with_host_threads(threads, on_demand);
    runtime_linker_t *linker = linker_make();
    define(linker, "acme:host/api@1.0.0#shout", shout, NULL);
    define(linker, "acme:host/api@1.0.0#tick", shout, NULL);
    define(linker, "acme:host/api@1.0.0#add", host_add, NULL);
    runtime_component_t *component = load(host_wat, linker);
    runtime_function_t *function = find(component, "shout");
    shout_many_times(function);
    runtime_function_free(function);
    runtime_component_free(component);
    runtime_free(host_runtime);
  }
}

/* The call of a host function, or what it waits for, ends by this. */
static runtime_cancel_t *cancel;

HOST_FN(open_and_cancel) {
  UNUSED;
  runtime_cancel_trigger(cancel);
  results[0] = value_own(counter_make(args[0].of.u32));
  return NULL;
}

HOST_FN(open_later_and_cancel) {
  UNUSED;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_value_t own = value_own(counter_make(args[0].of.u32));
  runtime_reply_complete(reply, &own, 1, NULL);
  runtime_cancel_trigger(cancel);
  return NULL;
}

static void expect_all_dropped(void) {
  for (size_t i = 0; i < counters_len; i++) CHECK(counters[i].dropped == 1);
}

/* The ways of calling `leak`, which calls the host's constructor. */
enum { FRESH, FRESH_AWAY, KEPT, KEPT_AWAY, KEPT_TEXT_AWAY, WAYS };

static runtime_error_t *leak(int way, const runtime_function_t *function,
                             const runtime_instance_t *instance,
                             const runtime_call_options_t *options) {
  runtime_value_t arg = value_u32(3);
  runtime_values_t *values = NULL;
  runtime_pending_t *pending = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_error_t *error = NULL;
  completion.pending_out = &pending;
  switch (way) {
    case FRESH: return runtime_function_call(function, &arg, 1, options, &values);
    case KEPT: return runtime_instance_call(instance, function, &arg, 1, options, &values);
    case FRESH_AWAY:
      error = runtime_function_call_async(function, &arg, 1, options, &completion);
      break;
    case KEPT_AWAY:
      error = runtime_instance_call_async(instance, function, &arg, 1, options, &completion);
      break;
    default:
      error =
          runtime_instance_call_text_async(instance, function, "(3)", 3, options, &completion);
  }
  return error != NULL ? error : finish(pending, &values);
}

static void cancel_within(runtime_host_fn_t opens) {
  for (int way = FRESH; way < WAYS; way++) {
    runtime_component_t *component = counters_load(opens, NULL);
    runtime_function_t *function = find(component, "leak");
    runtime_instance_t *instance = instantiate(component);
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    CHECK_OK(runtime_cancel_new(&cancel));
    options.cancel = cancel;
    CHECK_ERROR(leak(way, function, instance, &options), RUNTIME_ERROR_CANCELLED, "");
    CHECK(counters_len == 1);
    expect_all_dropped();
    runtime_cancel_free(cancel);
    runtime_instance_free(instance);
    runtime_function_free(function);
    runtime_component_free(component);
    expect_all_dropped();
  }
}

static void test_an_answer_that_comes_too_late(int on_demand) {
  host_runtime = runtime_with_host_threads(2, on_demand);
  cancel_within(open_and_cancel);
  cancel_within(open_later_and_cancel);
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  runtime_free(host_runtime);
}

/* Drops what it is given, or passes it to the host. */
static const char gives_wat[] =
    "(component"
    "  (import \"acme:host/counters@1.0.0\" (instance $host"
    "    (export \"counter\" (type $counter (sub resource)))"
    "    (export \"[constructor]counter\" (func (param \"start\" u32) (result (own $counter))))"
    "    (export \"close\" (func (param \"c\" (own $counter))))))"
    "  (alias export $host \"counter\" (type $counter))"
    "  (core func $open (canon lower (func $host \"[constructor]counter\")))"
    "  (core func $close (canon lower (func $host \"close\")))"
    "  (core func $drop (canon resource.drop $counter))"
    "  (core module $m"
    "    (import \"\" \"open\" (func $open (param i32) (result i32)))"
    "    (import \"\" \"close\" (func $close (param i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (memory (export \"memory\") 1)"
    "    (func (export \"drop\") (param i32) (call $drop (local.get 0)))"
    "    (func (export \"close\") (param i32) (call $close (local.get 0)))"
    "    (func (export \"open\") (result i32) (call $open (i32.const 5)))"
    "    (func (export \"run\") (result i32)"
    "      (i32.store (i32.const 20) (call $open (i32.const 5))) (i32.const 16)))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"open\" (func $open)) (export \"close\" (func $close))"
    "    (export \"drop\" (func $drop))))))"
    "  (func (export \"drop\") (param \"c\" (own $counter)) (canon lift (core func $i \"drop\")))"
    "  (func (export \"close\") (param \"c\" (own $counter))"
    "    (canon lift (core func $i \"close\")))"
    "  (func (export \"open\") (result (own $counter)) (canon lift (core func $i \"open\")))"
    "  (func $run (result (result (own $counter)))"
    "    (canon lift (core func $i \"run\") (memory (core memory $i \"memory\"))))"
    "  (instance (export \"wasi:cli/run@0.2.0\") (export \"run\" (func $run))))";

/* Takes the only thread there is for functions of the host, for so long. */
static atomic_int taken;

HOST_FN(take_thread) {
  UNUSED;
  atomic_store(&taken, 1);
  pause_ms(150);
  results[0] = value_own(counter_make(args[0].of.u32));
  return NULL;
}

HOST_FN(never_called) {
  UNUSED;
  (void)results;
  CHECK_FAIL("%s", "there was no thread for it");
  return NULL;
}

static runtime_component_t *gives_load(runtime_host_fn_t opens, runtime_host_fn_t closes) {
  runtime_linker_t *linker = linker_make();
  counters_len = 0;
  memset(counters, 0, sizeof counters);
  memset(&counted, 0, sizeof counted);
  CHECK_OK(runtime_linker_define_resource(linker, COUNTERS "counter", strlen(COUNTERS "counter"),
                                          counter_drop, &counted, counted_finalize));
  define(linker, COUNTERS "[constructor]counter", opens, NULL);
  define(linker, COUNTERS "close", closes, NULL);
  return load(gives_wat, linker);
}

static void test_what_waits_for_a_thread(int on_demand) {
  const char *const names[] = {"drop", "close"};
  for (size_t i = 0; i < 2; i++) {
    host_runtime = runtime_with_host_threads(1, on_demand);
    runtime_component_t *component = gives_load(take_thread, never_called);
    runtime_function_t *open = find(component, "open"), *gives = find(component, names[i]);
    runtime_call_options_t brief = RUNTIME_CALL_OPTIONS_INIT;
    runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
    runtime_values_t *values = NULL;
    brief.report = &report;
    atomic_store(&taken, 0);
    runtime_pending_t *first = start(open, NULL, 0, NULL);
    while (atomic_load(&taken) == 0) pause_ms(1);
    brief.timeout_ms = 20;
    runtime_value_t own = value_own(counter_make(1));
    CHECK_ERROR(finish(start(gives, &own, 1, &brief), &values), RUNTIME_ERROR_TIMEOUT, "");
    CHECK_OK(finish(first, &values));
    runtime_values_free(values);
    runtime_function_free(open);
    runtime_function_free(gives);
    runtime_component_free(component);
    runtime_free(host_runtime);
    /* On a busy machine the time may be over before the guest has it: then it is the host's. */
    CHECK((uint64_t)counters[own.of.resource].dropped == report.resources_taken);
  }
}

static void test_resources_in_text(int on_demand) {
  host_runtime = runtime_with_host_threads(1, on_demand);
  runtime_component_t *component = gives_load(host_open, never_called);
  runtime_function_t *open = find(component, "open");
  runtime_instance_t *instance = instantiate(component);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_bytes_t *text = NULL;
  runtime_values_t *values = NULL;
  completion.pending_out = &pending;
  CHECK_ERROR(runtime_function_call_text(open, "()", 2, NULL, &text), RUNTIME_ERROR_UNSUPPORTED,
              "text");
  CHECK_ERROR(runtime_instance_call_text(instance, open, "()", 2, NULL, &text),
              RUNTIME_ERROR_UNSUPPORTED, "text");
  CHECK_OK(runtime_function_call_text_async(open, "()", 2, NULL, &completion));
  CHECK_ERROR(finish(pending, &values), RUNTIME_ERROR_UNSUPPORTED, "text");
  CHECK_OK(runtime_instance_call_text_async(instance, open, "()", 2, NULL, &completion));
  CHECK_ERROR(finish(pending, &values), RUNTIME_ERROR_UNSUPPORTED, "text");
  CHECK(counters_len == 4);
  runtime_instance_free(instance);
  runtime_function_free(open);
  runtime_component_free(component);
  runtime_free(host_runtime);
  expect_all_dropped();
}

/* `run` of another type than commands have is none. */
static void test_no_command(int on_demand) {
  int32_t status = 0;
  host_runtime = runtime_with_host_threads(1, on_demand);
  runtime_component_t *component = gives_load(never_called, never_called);
  runtime_instance_t *instance = instantiate(component);
  CHECK_ERROR(runtime_component_run(component, NULL, &status), RUNTIME_ERROR_NOT_FOUND, "type");
  CHECK_ERROR(runtime_instance_run(instance, NULL, &status), RUNTIME_ERROR_NOT_FOUND, "type");
  CHECK(!runtime_instance_is_poisoned(instance));
  runtime_instance_free(instance);
  runtime_component_free(component);
  runtime_free(host_runtime);
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    test_answers_are_read_on_their_thread(on_demand);
    test_an_answer_that_comes_too_late(on_demand);
    test_what_waits_for_a_thread(on_demand);
    test_resources_in_text(on_demand);
    test_no_command(on_demand);
  }
  return 0;
}
