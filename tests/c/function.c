/* threads */
/* Functions: how they are found, what arguments they refuse, and calls from many threads. */
#include "guests.h"
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0"
#define CALLERS 8

static runtime_t *runtime;
static runtime_component_t *kinds;

static void test_functions_are_found_by_name(void) {
  static const char *const names[] = {"add", KINDS "#echo-u8", KINDS "#nothing"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    runtime_function_t *function = load_function(kinds, names[i]);
    CHECK_TEXT(runtime_function_name(function), names[i]);
    runtime_function_t *clone = runtime_function_clone(function);
    runtime_function_free(function);
    CHECK_TEXT(runtime_function_name(clone), names[i]);
    runtime_function_free(clone);
  }
}

static void not_found(const char *name, size_t len, const char *text) {
  runtime_function_t *function = NULL;
  CHECK_ERROR(runtime_component_function(kinds, name, len, &function), RUNTIME_ERROR_NOT_FOUND,
              text);
  CHECK(function == NULL);
}

static void test_what_is_not_there_is_answered_with_what_is(void) {
  static const char *const absent[] = {
      "subtract", "", "Add", "add ", "echo-u8", KINDS, KINDS "#", "#add", KINDS "#add",
      "wasmcell:test/kinds@0.2.0#echo-u8", KINDS "#point", "wasmcell:test/counters@0.1.0#counter",
  };
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
    not_found(absent[i], strlen(absent[i]), "divide");
    not_found(absent[i], strlen(absent[i]), KINDS "#echo-bool");
  }
  not_found("subtract", 8, "`subtract`");
  not_found("add\0", 4, "divide");
  runtime_function_t *function = NULL;
  CHECK_ERROR(runtime_component_function(kinds, "\xff", 1, &function),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`name`");
  CHECK(function == NULL);
}

static void test_a_component_may_export_nothing(void) {
  runtime_function_t *function = NULL;
  runtime_component_t *empty = load_wat(runtime, "(component)");
  CHECK(runtime_component_export_count(empty) == 0);
  CHECK_ERROR(runtime_component_function(empty, "add", 3, &function), RUNTIME_ERROR_NOT_FOUND,
              "`add`");
  runtime_component_free(empty);
}

/* Calling `name` with these arguments fails with this text, which names the parameter. */
static void mismatch(const char *name, const runtime_value_t *args, size_t len, const char *text) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = load_function(kinds, name);
  CHECK_ERROR(runtime_function_call(function, args, len, NULL, &results),
              RUNTIME_ERROR_TYPE_MISMATCH, text);
  CHECK(results == NULL);
  runtime_function_free(function);
}

static void test_the_number_of_arguments_is_checked(void) {
  const runtime_value_t numbers[] = {value_u32(1), value_u32(2), value_u32(3)};
  mismatch("add", NULL, 0, "parameter `a`");
  mismatch("add", numbers, 1, "parameter `b`");
  mismatch("add", numbers, 3, "2");
  mismatch(KINDS "#nothing", numbers, 1, "0");
}

static void test_wrong_types_name_the_parameter_and_both_types(void) {
  runtime_value_t args[] = {value_u32(1), value_u64(2)};
  mismatch("add", args, 2, "parameter `b`: expected u32, found u64");
  args[0] = value_string("one");
  mismatch("add", args, 2, "parameter `a`: expected u32, found string");
  mismatch(KINDS "#echo-string", &args[1], 1, "parameter `x`: expected string, found u64");
  args[0] = value_u32(0);
  mismatch(KINDS "#echo-colour", args, 1, "parameter `x`: expected enum { red, green, blue }");
  args[0].kind = RUNTIME_KIND_FUNCTION;
  mismatch("add", args, 2, "parameter `a`: expected u32, found func");
}

static void test_kinds_that_no_value_has_are_refused(void) {
  static const uint8_t impossible[] = {RUNTIME_KIND_NONE, 24, 31, 200, 255};
  runtime_values_t *results = NULL;
  runtime_function_t *add = load_function(kinds, "add");
  for (size_t i = 0; i < sizeof impossible; i++) {
    runtime_value_t args[] = {value_u32(1), value_u32(2)};
    args[1].kind = impossible[i];
    CHECK_ERROR(runtime_function_call(add, args, 2, NULL, &results),
                RUNTIME_ERROR_INVALID_ARGUMENT, "parameter `b`");
    CHECK(results == NULL);
  }
  runtime_function_free(add);
}

/* What is wrong lies deep inside, and the message says where. */
static void test_wrong_types_inside_name_the_place(void) {
  runtime_value_t fields[] = {value_u32(1), value_u32(2), value_u32(3)};
  runtime_value_t point = value_u32(0);
  point.kind = RUNTIME_KIND_RECORD;
  point.of.values.ptr = fields;
  point.of.values.len = 2;
  mismatch(KINDS "#echo-point", &point, 1, "`x.x`: expected s32, found u32");
  fields[0].kind = fields[1].kind = RUNTIME_KIND_S32;
  runtime_value_t points[] = {point, point};
  runtime_value_t list = value_u32(0);
  list.kind = RUNTIME_KIND_LIST;
  list.of.list.ptr = points;
  list.of.list.len = 2;
  points[1].of.values.len = 1;
  mismatch(KINDS "#echo-points", &list, 1, "`x[1]");
  points[1].of.values.len = 3;
  mismatch(KINDS "#echo-points", &list, 1, "`x[1]");
  list.element = RUNTIME_KIND_U8;
  mismatch(KINDS "#echo-points", &list, 1, "parameter `x");
  mismatch(KINDS "#echo-s64s", &list, 1, "found list<u8>");
}

static void test_a_function_is_called_as_often_as_wanted(void) {
  runtime_function_t *add = load_function(kinds, "add");
  const runtime_value_t args[] = {value_u32(40), value_u32(2)};
  for (size_t i = 0; i < scaled(500); i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_function_call(add, args, 2, NULL, &results));
    CHECK(take_u32(results) == 42);
  }
  runtime_function_free(add);
}

/* The guest adds to a sum, and finds it at 0 each time. */
static void test_each_call_has_a_fresh_instance(void) {
  guest_t guest;
  guest_make(&guest, guest_builder(2));
  for (int i = 0; i < 3; i++) {
    runtime_values_t *results = NULL;
    runtime_value_t seven = value_u32(7);
    CHECK_OK(runtime_function_call(guest.add, &seven, 1, NULL, &results));
    CHECK(take_u32(results) == 7);
  }
  guest_free(&guest);
}

static runtime_function_t *shared;
static atomic_uint calls_done;

/* Strings of this thread's own come back, whatever the others do. */
static void *call_often(void *data) {
  const char *letter = data;
  char text[3000];
  memset(text, letter[0], sizeof text - 1);
  text[sizeof text - 1] = 0;
  for (size_t i = 0; i < scaled(200); i++) {
    runtime_values_t *results = NULL;
    text[i % (sizeof text - 1)] = 0;
    runtime_value_t arg = value_string(text);
    CHECK_OK(runtime_function_call(shared, &arg, 1, NULL, &results));
    const runtime_value_t *answer = runtime_values_data(results);
    CHECK(answer->of.string.len == arg.of.string.len);
    CHECK_TEXT(answer->of.string.ptr, text);
    text[i % (sizeof text - 1)] = letter[0];
    runtime_values_free(results);
    atomic_fetch_add(&calls_done, 1);
  }
  return NULL;
}

/* Twice as many threads as instances: some wait for their turn. */
static void test_many_threads_call_one_function(void) {
  static const char letters[] = "abcdefgh";
  pthread_t callers[CALLERS];
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_t *usual = runtime;
  runtime_builder_t *builder = load_builder();
  runtime_builder_instance_wait(builder, 60000);
  runtime = load_runtime(builder);
  runtime_component_t *component = load_guest(runtime, "kinds.wasm");
  shared = load_function(component, KINDS "#echo-string");
  for (size_t i = 0; i < CALLERS; i++) {
    callers[i] = thread_start(call_often, (void *)(uintptr_t)&letters[i]);
  }
  for (size_t i = 0; i < CALLERS; i++) thread_join(callers[i]);
  CHECK(calls_done == CALLERS * scaled(200));
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(stats.finished == calls_done && stats.instances == 0 && stats.instances_peak <= 4);
  runtime_function_free(shared);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime = usual;
}

/* A component whose function `f` has a parameter of this type. */
static void unsupported(const char *type, const char *name) {
  char wat[512];
  snprintf(wat, sizeof wat,
           "(component (core module $m (func (export \"f\") (param i32)))"
           " (core instance $i (instantiate $m)) (type $t %s)"
           " (func (export \"f\") (param \"x\" $t) (canon lift (core func $i \"f\"))))",
           type);
  load_refused(runtime, wat, RUNTIME_ERROR_UNSUPPORTED, name);
}

static void test_types_that_are_not_supported_are_named(void) {
  unsupported("(stream u8)", "`stream`");
  unsupported("(stream)", "`stream`");
  unsupported("(future u32)", "`future`");
  unsupported("error-context", "`error-context`");
  unsupported("(list u8 4)", "Fixed-length list");
  unsupported("(map string u32)", "Map");
}

/* Resources have no text, and none of a fresh instance outlives it. */
static void test_resources_do_not_leave_a_fresh_instance(void) {
  runtime_values_t *results = NULL;
  runtime_value_t start = value_u32(5);
  runtime_function_t *make =
      load_function(kinds, "wasmcell:test/counters@0.1.0#[constructor]counter");
  runtime_function_t *increment =
      load_function(kinds, "wasmcell:test/counters@0.1.0#[method]counter.increment");
  CHECK_ERROR(runtime_function_call(make, &start, 1, NULL, &results), RUNTIME_ERROR_UNSUPPORTED,
              "resource");
  CHECK_ERROR(runtime_function_call(increment, &start, 1, NULL, &results),
              RUNTIME_ERROR_TYPE_MISMATCH, "`self`: expected borrow<counter>, found u32");
  runtime_bytes_t *text = NULL;
  CHECK_ERROR(runtime_function_call_text(make, "(5)", 3, NULL, &text), RUNTIME_ERROR_UNSUPPORTED,
              "resource");
  CHECK_ERROR(runtime_function_call_text(increment, "(5)", 3, NULL, &text),
              RUNTIME_ERROR_UNSUPPORTED, "borrow<counter>");
  CHECK(results == NULL && text == NULL);
  runtime_function_free(make);
  runtime_function_free(increment);
}

int main(void) {
  runtime = load_runtime(load_builder());
  kinds = load_guest(runtime, "kinds.wasm");
  RUN(test_functions_are_found_by_name);
  RUN(test_what_is_not_there_is_answered_with_what_is);
  RUN(test_a_component_may_export_nothing);
  RUN(test_the_number_of_arguments_is_checked);
  RUN(test_wrong_types_name_the_parameter_and_both_types);
  RUN(test_kinds_that_no_value_has_are_refused);
  RUN(test_wrong_types_inside_name_the_place);
  RUN(test_a_function_is_called_as_often_as_wanted);
  RUN(test_each_call_has_a_fresh_instance);
  RUN(test_many_threads_call_one_function);
  RUN(test_types_that_are_not_supported_are_named);
  RUN(test_resources_do_not_leave_a_fresh_instance);
  runtime_component_free(kinds);
  runtime_free(runtime);
  return 0;
}
