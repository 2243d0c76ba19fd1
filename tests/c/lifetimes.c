/* threads */
/* Who owns what, and for how long: each sentence of the header about it, freed in the other order.
 * AddressSanitizer and Valgrind see what is used after its end, and what never ends. */
#include "guests.h"
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"

static runtime_t *make_runtime(void) { return load_runtime(load_builder()); }

/* Memory on the heap, so that reading it too late is noticed. */
static char *copy(const char *text) {
  char *bytes = malloc(strlen(text));
  CHECK(bytes != NULL);
  memcpy(bytes, text, strlen(text));
  return bytes;
}

static void test_null_may_be_released(void) {
  runtime_builder_free(NULL);
  runtime_free(NULL);
  runtime_component_free(NULL);
  runtime_function_free(NULL);
  runtime_instance_free(NULL);
  runtime_values_free(NULL);
  runtime_bytes_free(NULL);
  runtime_error_free(NULL);
  runtime_cancel_free(NULL);
  runtime_pending_free(NULL);
  CHECK(runtime_component_clone(NULL) == NULL && runtime_function_clone(NULL) == NULL);
  CHECK(runtime_cancel_clone(NULL) == NULL);
}

static void test_a_component_works_without_its_runtime(void) {
  runtime_t *runtime = make_runtime();
  runtime_component_t *component = load_guest(runtime, "kinds.wasm");
  runtime_free(runtime);
  CHECK_CALL(component, "add(2, 3)", "5");
  runtime_function_t *function = load_function(component, KINDS "echo-string");
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(component, NULL, &instance));
  runtime_component_free(component);

  runtime_value_t text = value_string("still here");
  CHECK_OK(call(function, &text, NULL));
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, function, &text, 1, NULL, &results));
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "still here");
  runtime_function_free(function);
  runtime_instance_free(instance);
  /* Results refer to nothing else. */
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "still here");
  runtime_values_free(results);
}

static void test_clones_are_released_in_any_order(void) {
  for (int first = 0; first < 2; first++) {
    runtime_t *runtime = make_runtime();
    runtime_component_t *components[2];
    runtime_function_t *functions[2];
    components[0] = load_wat(runtime, guest_wat);
    components[1] = runtime_component_clone(components[0]);
    functions[0] = load_function(components[first], "add");
    functions[1] = runtime_function_clone(functions[0]);
    runtime_free(runtime);
    runtime_value_t one = value_u32(1);
    runtime_component_free(components[first]);
    CHECK_CALL(components[1 - first], "add(9)", "9");
    runtime_function_free(functions[first]);
    runtime_component_free(components[1 - first]);
    CHECK_OK(call(functions[1 - first], &one, NULL));
    runtime_function_free(functions[1 - first]);
  }
}

/* Items and types live as long as the handle that they were asked of, whatever else goes. */
static void test_what_is_borrowed_lives_as_long_as_its_owner(void) {
  runtime_t *runtime = make_runtime();
  runtime_component_t *component = load_guest(runtime, "kinds.wasm");
  runtime_component_t *other = runtime_component_clone(component);
  const runtime_item_t *item = runtime_component_export(component, 0);
  const char *name = runtime_item_name(item);
  const char *parameter = runtime_type_child_name(runtime_item_type(item), 0);
  runtime_component_free(other);
  runtime_free(runtime);
  CHECK_TEXT(name, "add");
  CHECK_TEXT(parameter, "a");
  CHECK(runtime_type_kind(runtime_type_result(runtime_item_type(item))) == RUNTIME_KIND_U32);

  runtime_function_t *function = load_function(component, KINDS "echo-shape");
  const runtime_type_t *shape = runtime_type_result(runtime_function_type(function));
  const char *called = runtime_function_name(function);
  runtime_component_free(component);
  runtime_bytes_t *text = NULL;
  CHECK_TEXT(called, KINDS "echo-shape");
  CHECK_TEXT(runtime_type_child_name(shape, 3), "weight");
  CHECK_OK(runtime_type_text(shape, &text));
  runtime_function_free(function);
  CHECK(strncmp((const char *)runtime_bytes_data(text), "record { name: string", 21) == 0);
  runtime_bytes_free(text);
}

static void test_what_is_handed_over_outlives_everything(void) {
  runtime_bytes_t *wit = NULL;
  runtime_bytes_t *code = NULL;
  runtime_bytes_t *answer = NULL;
  runtime_bytes_t *none = NULL;
  runtime_t *runtime = make_runtime();
  runtime_component_t *component = load_wat(runtime, guest_wat);
  CHECK_OK(runtime_component_wit(component, &wit));
  CHECK_OK(runtime_component_serialize(component, &code));
  CHECK_OK(runtime_component_call_text(component, "echo(\"yes\")", 11, NULL, &answer));
  runtime_error_t *error = runtime_component_call_text(component, "trap()", 6, NULL, &none);
  runtime_component_free(component);
  runtime_free(runtime);
  CHECK(strstr((const char *)runtime_bytes_data(wit), "export add:") != NULL);
  CHECK(runtime_bytes_len(code) > 0 && memchr(runtime_bytes_data(code), 'w', 8) != NULL);
  CHECK_TEXT((const char *)runtime_bytes_data(answer), "\"yes\"");
  runtime_frame_t frame = RUNTIME_FRAME_INIT;
  CHECK(none == NULL && runtime_error_frame(error, 0, &frame));
  CHECK(frame.function != NULL && strlen(runtime_error_message(error)) > 0);
  runtime_error_free(error);
  runtime_bytes_free(answer);
  runtime_bytes_free(code);
  runtime_bytes_free(wit);
}

/* Nothing that was passed in is looked at later. */
static void test_arguments_may_go_when_the_call_returns(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_function_t *function = NULL;
  runtime_values_t *results = NULL;
  runtime_t *runtime = make_runtime();
  char *wat = copy(guest_wat);
  char *name = copy("echo");
  options.name = name;
  options.name_len = 4;
  CHECK_OK(runtime_component_new(runtime, (uint8_t *)wat, strlen(guest_wat), &options,
                                 &component));
  CHECK_OK(runtime_component_function(component, name, 4, &function));
  free(wat);
  free(name);
  CHECK_TEXT(runtime_component_name(component), "echo");
  CHECK_TEXT(runtime_function_name(function), "echo");

  char *text = copy("some text");
  runtime_value_t *arg = malloc(sizeof *arg);
  CHECK(arg != NULL);
  *arg = value_string("");
  arg->of.string.ptr = text;
  arg->of.string.len = 9;
  CHECK_OK(runtime_function_call(function, arg, 1, NULL, &results));
  free(arg);
  free(text);
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "some text");
  runtime_values_free(results);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(runtime);
}

/* An asynchronous call copies them. */
static void test_arguments_of_an_asynchronous_call_are_copied(void) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_t *runtime = make_runtime();
  runtime_component_t *component = load_wat(runtime, guest_wat);
  runtime_function_t *function = load_function(component, "echo");
  char *text = copy("some text");
  runtime_value_t arg = value_string("");
  arg.of.string.ptr = text;
  arg.of.string.len = 9;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, &arg, 1, NULL, &completion));
  memset(text, 'x', 9);
  free(text);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(runtime);
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "some text");
  runtime_pending_free(pending);
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "some text");
  runtime_values_free(results);
}

static atomic_bool has_begun;

/* A call on a handle of this thread's own, which is the last of all. */
static void *sleep_and_free(void *data) {
  runtime_function_t *sleep = data;
  runtime_value_t ms = value_u64(200);
  atomic_store(&has_begun, true);
  CHECK_OK(call(sleep, &ms, NULL));
  runtime_function_free(sleep);
  return NULL;
}

static void test_calls_in_flight_go_on(void) {
  guest_t guest;
  runtime_instance_t *instance = NULL;
  guest_make(&guest, guest_builder(2));
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  pthread_t sleeper = thread_start(sleep_and_free, runtime_function_clone(guest.sleep));
  while (!atomic_load(&has_begun)) pause_ms(1);
  pause_ms(20);
  guest_free(&guest);
  runtime_instance_free(instance);
  thread_join(sleeper);
}

/* Code is shared by its content: one goes, the other stays. */
static void test_components_of_the_same_bytes_are_independent(void) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_cache_memory(builder, 0);
  runtime_t *runtime = load_runtime(builder);
  runtime_component_t *one = load_wat(runtime, guest_wat);
  runtime_component_t *two = load_wat(runtime, guest_wat);
  runtime_function_t *function = load_function(two, "add");
  runtime_value_t n = value_u32(4);
  runtime_component_free(one);
  CHECK_OK(call(function, &n, NULL));
  runtime_component_free(two);
  runtime_free(runtime);
  CHECK_OK(call(function, &n, NULL));
  runtime_function_free(function);
}

/* What failed to be made needs no release, and what it was to be made of is as before. */
static void test_failures_leave_nothing_behind(void) {
  runtime_t *runtime = make_runtime();
  runtime_component_t *component = load_wat(runtime, guest_wat);
  for (int i = 0; i < 50; i++) {
    runtime_function_t *function = (runtime_function_t *)(void *)component;
    runtime_bytes_t *text = (runtime_bytes_t *)(void *)component;
    load_refused(runtime, "(component (import \"x\" (func)))", RUNTIME_ERROR_LINK, "");
    CHECK_ERROR(runtime_component_function(component, "x", 1, &function), RUNTIME_ERROR_NOT_FOUND,
                "");
    CHECK_ERROR(runtime_component_call_text(component, "add(", 4, NULL, &text),
                RUNTIME_ERROR_INVALID_ARGUMENT, "");
    CHECK(function == NULL && text == NULL);
  }
  CHECK_CALL(component, "add(1)", "1");
  runtime_component_free(component);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_null_may_be_released);
  RUN(test_a_component_works_without_its_runtime);
  RUN(test_clones_are_released_in_any_order);
  RUN(test_what_is_borrowed_lives_as_long_as_its_owner);
  RUN(test_what_is_handed_over_outlives_everything);
  RUN(test_arguments_may_go_when_the_call_returns);
  RUN(test_arguments_of_an_asynchronous_call_are_copied);
  RUN(test_calls_in_flight_go_on);
  RUN(test_components_of_the_same_bytes_are_independent);
  RUN(test_failures_leave_nothing_behind);
  return 0;
}
