/* threads */
/* What can be started on the workers besides calls by value: text, commands, instances, the end of
 * a resource; and commands in an instance that is kept. */
#include "hosts.h"

static const char sum_wat[] =
    "(component (core module $m"
    "    (global $sum (mut i32) (i32.const 0))"
    "    (func (export \"add\") (param i32) (result i32)"
    "      (global.set $sum (i32.add (global.get $sum) (local.get 0)))"
    "      (global.get $sum))"
    "    (func (export \"run\") (result i32)"
    "      (i32.eq (global.get $sum) (i32.const 7)))"
    "    (func (export \"spin\") (loop $l (br $l)))"
    "    (func (export \"trap\") unreachable))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"add\") (param \"n\" u32) (result u32) (canon lift (core func $i \"add\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\")))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\")))"
    "  (func $run (result (result)) (canon lift (core func $i \"run\")))"
    "  (instance (export \"wasi:cli/run@0.2.0\") (export \"run\" (func $run))))";

static const char bad_start_wat[] =
    "(component (core module $m (func $f unreachable) (start $f))"
    "  (core instance (instantiate $m)))";

static const char boxes_wat[] =
    "(component"
    "  (core module $d"
    "    (func (export \"drop\") (param i32)"
    "      (if (i32.eq (local.get 0) (i32.const 9)) (then unreachable))))"
    "  (core instance $d (instantiate $d))"
    "  (type $box' (resource (rep i32) (dtor (core func $d \"drop\"))))"
    "  (core func $new (canon resource.new $box'))"
    "  (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "    (func (export \"make\") (param i32) (result i32) (call $new (local.get 0))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
    "  (export $box \"box\" (type $box'))"
    "  (func (export \"make\") (param \"n\" u32) (result (own $box))"
    "    (canon lift (core func $i \"make\"))))";

typedef runtime_error_t *(*starter_t)(void *data, const runtime_completion_t *completion);

/* Starts a call, and waits for it. */
static runtime_error_t *outcome(starter_t starter, void *data, runtime_values_t **out) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  runtime_error_t *error = starter(data, &completion);
  *out = NULL;
  CHECK((error == NULL) == (pending != NULL));
  return error != NULL ? error : finish(pending, out);
}

typedef struct {
  const runtime_component_t *component;
  const runtime_instance_t *instance;
  const runtime_function_t *function;
  const char *text;
  uint64_t handle;
  const runtime_call_options_t *options;
} what_t;

static runtime_error_t *text_of_function(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_function_call_text_async(it->function, it->text, strlen(it->text), it->options,
                                          completion);
}

static runtime_error_t *text_of_instance(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_instance_call_text_async(it->instance, it->function, it->text, strlen(it->text),
                                          it->options, completion);
}

static runtime_error_t *run_of_component(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_component_run_async(it->component, it->options, completion);
}

static runtime_error_t *run_of_instance(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_instance_run_async(it->instance, it->options, completion);
}

static runtime_error_t *drop_of_instance(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_instance_drop_resource_async(it->instance, it->handle, it->options, completion);
}

static void expect_string(runtime_values_t *values, const char *text) {
  CHECK(runtime_values_len(values) == 1);
  const runtime_value_t *value = runtime_values_data(values);
  CHECK(value->kind == RUNTIME_KIND_STRING && value->of.string.len == strlen(text));
  CHECK(memcmp(value->of.string.ptr, text, strlen(text)) == 0);
  runtime_values_free(values);
}

static void expect_status(runtime_values_t *values, int32_t status) {
  CHECK(runtime_values_len(values) == 1);
  CHECK(runtime_values_data(values)->kind == RUNTIME_KIND_S32);
  CHECK(runtime_values_data(values)->of.s32 == status);
  runtime_values_free(values);
}

static runtime_error_t *text_of_component(void *data, const runtime_completion_t *completion) {
  const what_t *it = data;
  return runtime_component_call_text_async(it->component, it->text, strlen(it->text), it->options,
                                           completion);
}

static void test_text(void) {
  runtime_call_options_t brief = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = load(sum_wat, linker_make());
  runtime_function_t *add = find(component, "add"), *spin = find(component, "spin");
  runtime_instance_t *instance = instantiate(component);
  runtime_values_t *values = NULL;
  what_t what = {component, instance, add, "add(5)", 0, NULL};
  for (int i = 0; i < 2; i++) {
    CHECK_OK(outcome(text_of_function, &what, &values));
    expect_string(values, "5");
  }
  CHECK_OK(outcome(text_of_instance, &what, &values));
  expect_string(values, "5");
  what.text = "(2)";
  CHECK_OK(outcome(text_of_instance, &what, &values));
  expect_string(values, "7");
  what.text = "add(3)";
  CHECK_OK(outcome(text_of_component, &what, &values));
  expect_string(values, "3");
  what.text = "lacks()";
  CHECK_ERROR(outcome(text_of_component, &what, &values), RUNTIME_ERROR_NOT_FOUND, "lacks");
  what.text = "add(true)";
  CHECK_ERROR(outcome(text_of_function, &what, &values), RUNTIME_ERROR_TYPE_MISMATCH, "");
  CHECK_ERROR(outcome(text_of_instance, &what, &values), RUNTIME_ERROR_TYPE_MISMATCH, "");
  CHECK(!runtime_instance_is_poisoned(instance));
  brief.timeout_ms = 15;
  what.function = spin;
  what.text = "spin()";
  what.options = &brief;
  CHECK_ERROR(outcome(text_of_function, &what, &values), RUNTIME_ERROR_TIMEOUT, "15 ms");
  CHECK_ERROR(outcome(text_of_instance, &what, &values), RUNTIME_ERROR_TIMEOUT, "15 ms");
  CHECK(runtime_instance_is_poisoned(instance));
  what.function = add;
  what.text = "add(1)";
  CHECK_ERROR(outcome(text_of_instance, &what, &values), RUNTIME_ERROR_POISONED, "");
  runtime_instance_free(instance);
  runtime_function_free(add);
  runtime_function_free(spin);
  runtime_component_free(component);
}

static void test_commands(void) {
  runtime_component_t *component = load(sum_wat, linker_make());
  runtime_component_t *other = load(boxes_wat, linker_make());
  runtime_instance_t *instance = instantiate(component);
  runtime_values_t *values = NULL;
  int32_t status = 9;
  what_t what = {component, instance, NULL, NULL, 0, NULL};
  CHECK_OK(outcome(run_of_component, &what, &values));
  expect_status(values, 0);
  CHECK_OK(outcome(run_of_instance, &what, &values));
  expect_status(values, 0);
  CHECK_OK(runtime_instance_run(instance, NULL, &status));
  CHECK(status == 0);
  runtime_function_t *add = find(component, "add");
  runtime_value_t seven = value_u32(7);
  CHECK_OK(runtime_instance_call(instance, add, &seven, 1, NULL, &values));
  runtime_values_free(values);
  CHECK_OK(runtime_instance_run(instance, NULL, &status));
  CHECK(status == 1);
  CHECK_OK(outcome(run_of_instance, &what, &values));
  expect_status(values, 1);
  CHECK_OK(outcome(run_of_component, &what, &values));
  expect_status(values, 0);
  runtime_instance_free(instance);
  runtime_instance_t *none = instantiate(other);
  what.component = other;
  what.instance = none;
  CHECK_ERROR(outcome(run_of_component, &what, &values), RUNTIME_ERROR_NOT_FOUND, "command");
  CHECK_ERROR(outcome(run_of_instance, &what, &values), RUNTIME_ERROR_NOT_FOUND, "command");
  CHECK_ERROR(runtime_instance_run(none, NULL, &status), RUNTIME_ERROR_NOT_FOUND, "command");
  CHECK(status == 0 && !runtime_instance_is_poisoned(none));
  runtime_function_free(add);
  runtime_instance_free(none);
  runtime_component_free(component);
  runtime_component_free(other);
}

static void test_instances(void) {
  runtime_component_t *component = load(sum_wat, linker_make());
  runtime_component_t *bad = load(bad_start_wat, linker_make());
  runtime_instance_completion_t completion = RUNTIME_INSTANCE_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_instance_t *instance = NULL;
  runtime_component_t *wrong = NULL;
  runtime_values_t *values = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_instance_new_async(component, NULL, &completion));
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &values), RUNTIME_ERROR_INVALID_ARGUMENT,
              "runtime_pending_wait_instance()");
  CHECK_ERROR(runtime_pending_wait_component(pending, UINT64_MAX, &wrong),
              RUNTIME_ERROR_INVALID_ARGUMENT, "runtime_pending_wait_instance()");
  CHECK_OK(runtime_pending_wait_instance(pending, UINT64_MAX, &instance));
  CHECK(instance != NULL && runtime_pending_is_done(pending));
  runtime_instance_t *again = NULL;
  CHECK_ERROR(runtime_pending_wait_instance(pending, 0, &again), RUNTIME_ERROR_NOT_FOUND, "");
  runtime_pending_free(pending);
  runtime_function_t *add = find(component, "add");
  runtime_value_t two = value_u32(2);
  for (uint32_t i = 1; i <= 3; i++) {
    CHECK_OK(runtime_instance_call(instance, add, &two, 1, NULL, &values));
    CHECK(take_u32(values) == 2 * i);
  }
  runtime_instance_free(instance);
  CHECK_OK(runtime_instance_new_async(bad, NULL, &completion));
  CHECK_ERROR(runtime_pending_wait_instance(pending, UINT64_MAX, &instance), RUNTIME_ERROR_TRAP,
              "");
  CHECK(instance == NULL);
  runtime_pending_free(pending);
  /* One that nobody takes ends by itself. */
  CHECK_OK(runtime_instance_new_async(component, NULL, &completion));
  runtime_pending_free(pending);
  runtime_function_free(add);
  runtime_component_free(component);
  runtime_component_free(bad);
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  do {
    CHECK_OK(runtime_stats(host_runtime, &stats));
  } while (stats.instances > 0);
}

static void test_the_end_of_a_resource(void) {
  runtime_component_t *component = load(boxes_wat, linker_make());
  runtime_function_t *make = find(component, "make");
  runtime_instance_t *instance = instantiate(component);
  runtime_values_t *values = NULL;
  what_t what = {component, instance, NULL, NULL, 0, NULL};
  for (uint32_t n = 8; n <= 9; n++) {
    runtime_value_t arg = value_u32(n);
    CHECK_OK(runtime_instance_call(instance, make, &arg, 1, NULL, &values));
    what.handle = runtime_values_data(values)->of.resource;
    runtime_values_free(values);
    if (n == 9) break;
    CHECK_OK(outcome(drop_of_instance, &what, &values));
    CHECK(runtime_values_len(values) == 0);
    runtime_values_free(values);
    CHECK_ERROR(outcome(drop_of_instance, &what, &values), RUNTIME_ERROR_INVALID_ARGUMENT,
                "resource");
    CHECK(!runtime_instance_is_poisoned(instance));
  }
  CHECK_ERROR(outcome(drop_of_instance, &what, &values), RUNTIME_ERROR_TRAP, "");
  CHECK(runtime_instance_is_poisoned(instance));
  runtime_instance_free(instance);
  runtime_function_free(make);
  runtime_component_free(component);
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    host_runtime = host_runtime_make(on_demand);
    RUN(test_text);
    RUN(test_commands);
    RUN(test_instances);
    RUN(test_the_end_of_a_resource);
    runtime_free(host_runtime);
  }
  return 0;
}
