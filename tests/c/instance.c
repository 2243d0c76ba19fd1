/* threads */
/* Instances: state between calls, one call at a time, and what failure leaves behind. */
#include "guests.h"

static guest_t guest;

static runtime_instance_t *instance_make(void) {
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  CHECK(instance != NULL && !runtime_instance_is_poisoned(instance));
  return instance;
}

static runtime_error_t *instance_call(const runtime_instance_t *instance,
                                      const runtime_function_t *function,
                                      const runtime_value_t *arg,
                                      const runtime_call_options_t *options) {
  runtime_values_t *results = NULL;
  runtime_error_t *error =
      runtime_instance_call(instance, function, arg, arg != NULL, options, &results);
  CHECK((error == NULL) == (results != NULL));
  runtime_values_free(results);
  return error;
}

/* What `add` answers in `instance`. */
static uint32_t add(const runtime_instance_t *instance, uint32_t n) {
  runtime_values_t *results = NULL;
  runtime_value_t arg = value_u32(n);
  CHECK_OK(runtime_instance_call(instance, guest.add, &arg, 1, NULL, &results));
  return take_u32(results);
}

static void test_it_keeps_its_state(void) {
  runtime_instance_t *one = instance_make();
  runtime_instance_t *other = instance_make();
  CHECK(add(one, 1) == 1 && add(one, 2) == 3);
  CHECK(add(other, 10) == 10 && add(one, 3) == 6);

  runtime_values_t *results = NULL;
  runtime_value_t arg = value_u32(5);
  CHECK_OK(runtime_function_call(guest.add, &arg, 1, NULL, &results));
  CHECK(take_u32(results) == 5);
  CHECK(add(one, 0) == 6);
  runtime_instance_free(other);
  CHECK(add(one, 1) == 7);
  runtime_instance_free(one);
}

static void test_it_takes_text(void) {
  runtime_instance_t *instance = instance_make();
  runtime_bytes_t *text = NULL;
  CHECK_OK(runtime_instance_call_text(instance, guest.add, "add(4)", 6, NULL, &text));
  CHECK_TEXT((const char *)runtime_bytes_data(text), "4");
  runtime_bytes_free(text);
  CHECK_OK(runtime_instance_call_text(instance, guest.add, "(5)", 3, NULL, &text));
  CHECK_TEXT((const char *)runtime_bytes_data(text), "9");
  runtime_bytes_free(text);
  CHECK_ERROR(runtime_instance_call_text(instance, guest.add, "sub(5)", 6, NULL, &text),
              RUNTIME_ERROR_INVALID_ARGUMENT, "text");
  CHECK(text == NULL && add(instance, 0) == 9);
  runtime_instance_free(instance);
}

static void *sleep_in(void *instance) {
  runtime_value_t ms = value_u64(400);
  for (;;) {
    runtime_error_t *error = instance_call(instance, guest.sleep, &ms, NULL);
    if (error == NULL) return NULL;
    /* The thread that waits for this one may be in it just now. */
    CHECK_ERROR(error, RUNTIME_ERROR_BUSY, "another call");
  }
}

/* Waits until another thread's call is in `instance`. */
static void until_busy(const runtime_instance_t *instance) {
  runtime_value_t zero = value_u32(0);
  for (;;) {
    runtime_error_t *error = instance_call(instance, guest.add, &zero, NULL);
    int code = (int)runtime_error_code(error);
    runtime_error_free(error);
    if (code == RUNTIME_ERROR_BUSY) return;
    CHECK(code == RUNTIME_ERROR_NONE);
    pause_ms(1);
  }
}

static void test_another_call_meanwhile_is_refused(void) {
  runtime_instance_t *instance = instance_make();
  runtime_value_t one = value_u32(1);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  CHECK(add(instance, 1) == 1);
  pthread_t sleeper = thread_start(sleep_in, instance);
  until_busy(instance);
  CHECK_ERROR(instance_call(instance, guest.add, &one, NULL), RUNTIME_ERROR_BUSY, "another call");
  CHECK_ERROR(runtime_instance_call_async(instance, guest.add, &one, 1, NULL, &completion),
              RUNTIME_ERROR_BUSY, "another call");
  CHECK(pending == NULL && !runtime_instance_is_poisoned(instance));
  thread_join(sleeper);
  CHECK(add(instance, 1) == 2);
  runtime_instance_free(instance);
}

/* `instance` refuses everything, saying `why`, and can be released. */
static void expect_poisoned(runtime_instance_t *instance, const char *why) {
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  runtime_bytes_t *text = NULL;
  CHECK(runtime_instance_is_poisoned(instance));
  CHECK_ERROR(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results),
              RUNTIME_ERROR_POISONED, why);
  CHECK_ERROR(runtime_instance_call_text(instance, guest.add, "(1)", 3, NULL, &text),
              RUNTIME_ERROR_POISONED, why);
  CHECK(results == NULL && text == NULL && runtime_instance_is_poisoned(instance));
  runtime_instance_free(instance);
}

/* Cancels what runs a moment later. */
static void *trigger_later(void *cancel) {
  pause_ms(50);
  runtime_cancel_trigger(cancel);
  return NULL;
}

static void test_failure_poisons_it(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_value_t hour = value_u64(3600000);
  runtime_instance_t *instance = instance_make();
  CHECK_ERROR(instance_call(instance, guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  expect_poisoned(instance, "unreachable");

  instance = instance_make();
  CHECK_ERROR(instance_call(instance, guest.recurse, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "");
  expect_poisoned(instance, "");

  options.timeout_ms = 20;
  instance = instance_make();
  CHECK_ERROR(instance_call(instance, guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  expect_poisoned(instance, "");
  instance = instance_make();
  CHECK_ERROR(instance_call(instance, guest.sleep, &hour, &options), RUNTIME_ERROR_TIMEOUT, "");
  expect_poisoned(instance, "");

  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  options.timeout_ms = 0;
  options.cancel = cancel;
  instance = instance_make();
  pthread_t thread = thread_start(trigger_later, cancel);
  CHECK_ERROR(instance_call(instance, guest.spin, NULL, &options), RUNTIME_ERROR_CANCELLED, "");
  thread_join(thread);
  runtime_cancel_free(cancel);
  expect_poisoned(instance, "");
}

static void test_what_is_refused_leaves_it_alone(void) {
  runtime_instance_t *instance = instance_make();
  runtime_value_t wrong = value_u64(1);
  runtime_value_t one = value_u32(1);
  runtime_call_options_t fuel = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_options_t garbage = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_options_t cancelled = RUNTIME_CALL_OPTIONS_INIT;
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  runtime_cancel_trigger(cancel);
  cancelled.cancel = cancel;
  fuel.fuel = 1;
  garbage.struct_size = 0;
  CHECK(add(instance, 1) == 1);
  CHECK_ERROR(instance_call(instance, guest.add, &wrong, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "n");
  CHECK_ERROR(instance_call(instance, guest.add, NULL, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "n");
  CHECK_ERROR(instance_call(instance, guest.add, &one, &fuel), RUNTIME_ERROR_INVALID_ARGUMENT,
              "fuel");
  CHECK_ERROR(instance_call(instance, guest.add, &one, &garbage), RUNTIME_ERROR_INVALID_ARGUMENT,
              "struct_size");
  CHECK_ERROR(instance_call(instance, guest.add, &one, &cancelled), RUNTIME_ERROR_CANCELLED, "");
  runtime_cancel_free(cancel);
  CHECK(!runtime_instance_is_poisoned(instance) && add(instance, 1) == 2);
  runtime_instance_free(instance);
}

static void test_functions_of_other_components_are_refused(void) {
  runtime_component_t *other = NULL;
  runtime_function_t *stranger = NULL;
  runtime_value_t one = value_u32(1);
  runtime_instance_t *instance = instance_make();
  /* The same bytes, and yet another component. */
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)guest_wat, strlen(guest_wat), NULL,
                                 &other));
  CHECK_OK(runtime_component_function(other, "add", 3, &stranger));
  CHECK_ERROR(instance_call(instance, stranger, &one, NULL), RUNTIME_ERROR_INVALID_ARGUMENT,
              "`function`");
  runtime_component_t *same = runtime_component_clone(guest.component);
  runtime_function_t *friend = NULL;
  CHECK_OK(runtime_component_function(same, "add", 3, &friend));
  CHECK_OK(instance_call(instance, friend, &one, NULL));
  runtime_function_free(friend);
  runtime_component_free(same);
  runtime_function_free(stranger);
  runtime_component_free(other);
  CHECK(add(instance, 1) == 2);
  runtime_instance_free(instance);
}

/* The limit counts from the entry of each call, however old the instance is. */
static void test_the_deadline_belongs_to_the_call(void) {
  const uint64_t limit = 100;
  guest_t kept = guest;
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_max_execution_time(builder, limit);
  guest_make(&guest, builder);
  runtime_instance_t *instance = instance_make();
  runtime_value_t ms = value_u64(limit / 2);
  runtime_value_t loops = value_u64(100000);
  for (uint32_t i = 1; i <= 3; i++) {
    pause_ms(2 * limit);
    CHECK(add(instance, 1) == i);
    pause_ms(2 * limit);
    CHECK_OK(instance_call(instance, guest.work, &loops, NULL));
    CHECK_OK(instance_call(instance, guest.sleep, &ms, NULL));
  }
  uint64_t start = now_ms();
  CHECK_ERROR(instance_call(instance, guest.spin, NULL, NULL), RUNTIME_ERROR_TIMEOUT, "100 ms");
  CHECK(now_ms() - start >= limit);
  expect_poisoned(instance, "");
  guest_free(&guest);
  guest = kept;
}

static void test_it_outlives_what_it_was_made_of(void) {
  guest_t kept = guest;
  guest_make(&guest, guest_builder(4));
  runtime_instance_t *instance = instance_make();
  runtime_function_t *function = runtime_function_clone(guest.add);
  runtime_value_t one = value_u32(1);
  guest_free(&guest);
  guest = kept;
  CHECK_OK(instance_call(instance, function, &one, NULL));
  runtime_function_free(function);
  runtime_instance_free(instance);
}

static void test_free_leaves_a_call_in_it_alone(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_instance_t *instance = instance_make();
  pthread_t sleeper = thread_start(sleep_in, instance);
  until_busy(instance);
  runtime_instance_free(instance);
  thread_join(sleeper);
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  CHECK(stats.instances == 0);
}

static void test_it_counts_as_alive(void) {
  guest_t kept = guest;
  runtime_instance_t *instance = NULL;
  runtime_instance_t *second = NULL;
  runtime_value_t one = value_u32(1);
  runtime_builder_t *builder = guest_builder(1);
  runtime_builder_instance_wait(builder, 20);
  guest_make(&guest, builder);
  instance = instance_make();
  CHECK_ERROR(runtime_instance_new(guest.component, NULL, &second), RUNTIME_ERROR_INSTANCE_LIMIT,
              "max_components");
  CHECK_ERROR(call(guest.add, &one, NULL), RUNTIME_ERROR_INSTANCE_LIMIT, "max_components");
  CHECK(second == NULL && add(instance, 1) == 1);
  /* A poisoned instance gives its place back at once. */
  CHECK_ERROR(instance_call(instance, guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  CHECK_OK(call(guest.add, &one, NULL));
  expect_poisoned(instance, "");
  instance = instance_make();
  runtime_instance_free(instance);
  guest_free(&guest);
  guest = kept;
}

/* The start of a guest is part of making an instance. */
static void test_a_start_is_held_to_the_limits(void) {
  static const char *const starts[] = {"(loop $l (br $l))", "unreachable"};
  static const int codes[] = {RUNTIME_ERROR_TIMEOUT, RUNTIME_ERROR_TRAP};
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 20;
  for (size_t i = 0; i < 2; i++) {
    char wat[256];
    runtime_component_t *component = NULL;
    runtime_instance_t *instance = NULL;
    int len = snprintf(wat, sizeof wat,
                       "(component (core module $m (func $s %s) (start $s))"
                       " (core instance (instantiate $m)))",
                       starts[i]);
    CHECK_OK(
        runtime_component_new(guest.runtime, (const uint8_t *)wat, (size_t)len, NULL, &component));
    CHECK_ERROR(runtime_instance_new(component, &options, &instance), codes[i], "");
    CHECK(instance == NULL);
    runtime_component_free(component);
  }
}

int main(void) {
  guest_make(&guest, guest_builder(8));
  RUN(test_it_keeps_its_state);
  RUN(test_it_takes_text);
  RUN(test_another_call_meanwhile_is_refused);
  RUN(test_failure_poisons_it);
  RUN(test_what_is_refused_leaves_it_alone);
  RUN(test_functions_of_other_components_are_refused);
  RUN(test_the_deadline_belongs_to_the_call);
  RUN(test_it_outlives_what_it_was_made_of);
  RUN(test_free_leaves_a_call_in_it_alone);
  RUN(test_it_counts_as_alive);
  RUN(test_a_start_is_held_to_the_limits);
  guest_free(&guest);
  return 0;
}
