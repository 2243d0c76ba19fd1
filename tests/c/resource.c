/* threads */
/* Resources of the host: numbers that it chooses, given and taken, each dropped exactly once. */
#include "counters.h"

static void test_a_guest_uses_and_drops_one(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  expect_text(component, "twice(5)", "7");
  CHECK(counters_len == 1 && dropped() == 1);
  expect_text(component, "close(5)", "()");
  CHECK(counters_len == 2 && dropped() == 2);
  runtime_function_t *twice = find(component, "twice");
  runtime_value_t nine = value_u32(9);
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(twice, &nine, 1, NULL, &results));
  CHECK(take_u32(results) == 11 && dropped() == 3);
  runtime_function_free(twice);
  counters_free(component);
}

static void test_what_a_guest_leaves_behind_is_dropped(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = counters_load(host_open, NULL);
  expect_text(component, "leak(1)", "()");
  CHECK(dropped() == 1);
  CHECK_ERROR(text_error(component, "trap(2)", NULL), RUNTIME_ERROR_TRAP, "unreachable");
  CHECK(dropped() == 2);
  options.timeout_ms = 20;
  CHECK_ERROR(text_error(component, "spin(3)", &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK(dropped() == 3);
  expect_text(component, "pair()", "()");
  CHECK(counters_len == 5 && dropped() == 5);

  runtime_instance_t *instance = instantiate(component);
  runtime_function_t *leak = find(component, "leak");
  runtime_function_t *trap = find(component, "trap");
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, leak, &one, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(counters_len == 6 && dropped() == 5);
  CHECK_ERROR(runtime_instance_call(instance, trap, &one, 1, NULL, &results), RUNTIME_ERROR_TRAP,
              "");
  CHECK(counters_len == 7 && dropped() == 7);
  runtime_instance_free(instance);
  runtime_function_free(leak);
  runtime_function_free(trap);
  counters_free(component);
}

static void test_refused_results_stay_the_hosts(void) {
  runtime_component_t *component = counters_load(host_open, &counted);
  CHECK_ERROR(text_error(component, "pair()", NULL), RUNTIME_ERROR_TYPE_MISMATCH, "result.1");
  CHECK(counters_len == 1 && dropped() == 0);
  counters_free(component);
}

static runtime_error_t *in(const runtime_instance_t *instance, const runtime_component_t *component,
                           const char *name, const runtime_value_t *args, size_t args_len,
                           runtime_values_t **out) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(component, name);
  runtime_error_t *error =
      runtime_instance_call(instance, function, args, args_len, NULL, &results);
  runtime_function_free(function);
  if (out == NULL) runtime_values_free(results);
  if (out != NULL) *out = results;
  return error;
}

static void test_a_call_gives_and_lends_them(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_instance_t *instance = instantiate(component);
  runtime_values_t *results = NULL;
  runtime_value_t args[2] = {value_own(counter_make(10)), value_string("no number")};

  CHECK_ERROR(in(instance, component, "both", args, 2, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "`n`");
  args[0] = value_own((uint64_t)1 << 32);
  CHECK_ERROR(in(instance, component, "keep", args, 1, NULL), RUNTIME_ERROR_INVALID_ARGUMENT,
              "32-bit");
  args[0] = value_borrow(0);
  CHECK_ERROR(in(instance, component, "keep", args, 1, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "`c`");
  CHECK(dropped() == 0 && !runtime_instance_is_poisoned(instance));

  for (uint32_t i = 1; i <= 3; i++) {
    CHECK_OK(in(instance, component, "use", args, 1, &results));
    CHECK(take_u32(results) == 10 + i && dropped() == 0);
  }
  args[0] = value_own(0);
  CHECK_OK(in(instance, component, "keep", args, 1, NULL));
  CHECK_OK(in(instance, component, "kept", NULL, 0, &results));
  CHECK(take_u32(results) == 14 && dropped() == 0);
  CHECK_OK(in(instance, component, "give", NULL, 0, &results));
  CHECK(runtime_values_data(results)->kind == RUNTIME_KIND_OWN);
  CHECK(runtime_values_data(results)->of.resource == 0 && dropped() == 0);
  runtime_values_free(results);
  CHECK_OK(in(instance, component, "keep", args, 1, NULL));
  runtime_instance_free(instance);
  CHECK(dropped() == 1);
  counters_free(component);
}

/* ---- resources in answers that come later ---- */

static runtime_reply_t *reply_owed;

HOST_FN(host_opens_later) {
  UNUSED;
  CHECK_OK(runtime_call_defer(call, &reply_owed));
  if (args[0].of.u32 == 0) return NULL;
  runtime_value_t own = value_own(counter_make(args[0].of.u32));
  runtime_reply_complete(reply_owed, &own, 1, NULL);
  if (args[0].of.u32 == 99) runtime_cancel_trigger(runtime_call_context(call));
  return NULL;
}

static void test_answers_that_never_arrive_are_dropped(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = counters_load(host_opens_later, NULL);
  expect_text(component, "twice(5)", "7");
  CHECK(counters_len == 1 && dropped() == 1);
  options.timeout_ms = 20;
  CHECK_ERROR(text_error(component, "twice(0)", &options), RUNTIME_ERROR_TIMEOUT, "");
  runtime_value_t own = value_own(counter_make(1));
  runtime_reply_complete(reply_owed, &own, 1, NULL);
  CHECK(counters_len == 2 && dropped() == 2);
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  options.cancel = cancel;
  options.context = cancel;
  options.timeout_ms = 0;
  CHECK_ERROR(text_error(component, "spin(99)", &options), RUNTIME_ERROR_CANCELLED, "");
  CHECK(counters_len == 3 && dropped() == 3);
  runtime_cancel_free(cancel);
  counters_free(component);
}

static void tests(void) {
  RUN(test_a_guest_uses_and_drops_one);
  RUN(test_what_a_guest_leaves_behind_is_dropped);
  RUN(test_refused_results_stay_the_hosts);
  RUN(test_a_call_gives_and_lends_them);
  RUN(test_answers_that_never_arrive_are_dropped);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
