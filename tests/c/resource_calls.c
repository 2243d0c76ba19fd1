/* threads */
/* Resources of the host in calls of fresh instances: given, lent, given back. */
#include "counters.h"

/* An asynchronous call tells its outcome before its instance has ended. */
static void until_dropped(unsigned count) {
  while (dropped() != count) pause_ms(1);
}

/* Calls a function in a fresh instance, on this thread or as an asynchronous call. */
static runtime_error_t *fresh(const runtime_component_t *component, const char *name,
                              const runtime_value_t *args, size_t args_len, bool apart,
                              runtime_values_t **out) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(component, name);
  runtime_error_t *error = apart
                               ? call_apart(function, args, args_len, NULL, &results)
                               : runtime_function_call(function, args, args_len, NULL, &results);
  runtime_function_free(function);
  if (out == NULL) runtime_values_free(results);
  if (out != NULL) *out = results;
  return error;
}

static void test_fresh_instances_take_and_give_them(void) {
  for (int apart = 0; apart < 2; apart++) {
    runtime_component_t *component = counters_load(host_open, NULL);
    runtime_values_t *results = NULL;
    runtime_value_t args[1] = {value_borrow(counter_make(10))};
    for (uint32_t i = 1; i <= 3; i++) {
      CHECK_OK(fresh(component, "use", args, 1, apart, &results));
      CHECK(take_u32(results) == 10 + i && dropped() == 0);
    }
    args[0] = value_own(0);
    CHECK_OK(fresh(component, "pass", args, 1, apart, &results));
    CHECK(runtime_values_data(results)->kind == RUNTIME_KIND_OWN);
    CHECK(runtime_values_data(results)->of.resource == 0 && dropped() == 0);
    runtime_values_free(results);
    CHECK_OK(fresh(component, "keep", args, 1, apart, NULL));
    until_dropped(1);
    args[0] = value_own(counter_make(1));
    CHECK_ERROR(fresh(component, "fail", args, 1, apart, NULL), RUNTIME_ERROR_TRAP, "");
    until_dropped(2);
    counters_free(component);
  }
}

static void test_fresh_instances_check_them_first(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_value_t args[2] = {value_own(counter_make(10)), value_string("no number")};
  CHECK_ERROR(fresh(component, "both", args, 2, false, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "`n`");
  args[0] = value_own((uint64_t)1 << 32);
  CHECK_ERROR(fresh(component, "keep", args, 1, false, NULL), RUNTIME_ERROR_INVALID_ARGUMENT,
              "32-bit");
  runtime_function_t *keep = find(component, "keep");
  completion.pending_out = &pending;
  CHECK_ERROR(runtime_function_call_async(keep, args, 1, NULL, &completion),
              RUNTIME_ERROR_INVALID_ARGUMENT, "32-bit");
  args[0] = value_borrow(0);
  CHECK_ERROR(runtime_function_call(keep, args, 1, NULL, &(runtime_values_t *){NULL}),
              RUNTIME_ERROR_TYPE_MISMATCH, "`c`");
  CHECK(dropped() == 0 && pending == NULL);
  runtime_function_free(keep);
  counters_free(component);
}

/* Before the guest has it, a resource is the host's: also where there is no instance to take it. */
static void test_a_call_that_never_begins_takes_none(void) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_function_t *keep = find(component, "keep");
  runtime_value_t own = value_own(counter_make(1));
  runtime_values_t *results = NULL;
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  runtime_cancel_trigger(cancel);
  options.cancel = cancel;
  options.report = &report;
  CHECK_ERROR(runtime_function_call(keep, &own, 1, &options, &results), RUNTIME_ERROR_CANCELLED,
              "");
  CHECK(report.resources_taken == 0);
  CHECK_ERROR(call_apart(keep, &own, 1, &options, &results), RUNTIME_ERROR_CANCELLED, "");
  CHECK(results == NULL && dropped() == 0 && report.resources_taken == 0);
  options.cancel = NULL;
  CHECK_OK(runtime_function_call(keep, &own, 1, &options, &results));
  runtime_values_free(results);
  CHECK(dropped() == 1 && report.resources_taken == 1);
  runtime_cancel_free(cancel);
  runtime_function_free(keep);
  counters_free(component);
}

/* What a guest gave back and nobody takes is dropped as well. */
static void test_an_outcome_that_nobody_takes(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_function_t *pass = find(component, "pass");
  runtime_value_t own = value_own(counter_make(1)), other;
  runtime_values_t *results = NULL;
  if (!blocking_only) {
    runtime_pending_t *pending = start(pass, &own, 1, NULL);
    while (!runtime_pending_is_done(pending)) pause_ms(1);
    CHECK(dropped() == 0);
    runtime_pending_free(pending);
    until_dropped(1);
    other = value_own(counter_make(2));
    pending = start(pass, &other, 1, NULL);
    runtime_pending_free(pending);
    until_dropped(2);
  }
  own = value_own(counter_make(3));
  const unsigned before = dropped();
  CHECK_OK(runtime_function_call(pass, &own, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(dropped() == before);
  runtime_function_free(pass);
  counters_free(component);
}

static void test_a_borrow_is_not_taken(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_function_t *use = find(component, "use");
  runtime_value_t borrow = value_borrow(counter_make(1));
  runtime_values_t *results = NULL;
  options.report = &report;
  CHECK_OK(runtime_function_call(use, &borrow, 1, &options, &results));
  CHECK(take_u32(results) == 2 && report.resources_taken == 0);
  runtime_function_free(use);
  counters_free(component);
}

static void tests(void) {
  RUN(test_fresh_instances_take_and_give_them);
  RUN(test_fresh_instances_check_them_first);
  RUN(test_a_call_that_never_begins_takes_none);
  RUN(test_an_outcome_that_nobody_takes);
  RUN(test_a_borrow_is_not_taken);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
