/* Values of every type, from C into a guest and back: each comes back as it went. */
#include <math.h>

#include "load.h"
#include "whole.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"
#define COUNT(array) (sizeof(array) / sizeof *(array))
/* A value of this kind whose field is set. */
#define V(KIND, field, ...) \
  ((runtime_value_t){.kind = RUNTIME_KIND_##KIND, .of = {.field = __VA_ARGS__}})
#define STR(text) V(STRING, string, {text, sizeof text - 1})
/* A list that is one C array. */
#define FLAT(KIND, array)                            \
  ((runtime_value_t){.kind = RUNTIME_KIND_LIST,      \
                     .element = RUNTIME_KIND_##KIND, \
                     .of = {.list = {array, COUNT(array)}}})
/* A list, record or tuple of values. */
#define LIST(array) V(LIST, list, {array, COUNT(array)})
#define RECORD(array) V(RECORD, values, {array, COUNT(array)})
#define TUPLE(array) V(TUPLE, values, {array, COUNT(array)})
/* One case of several. */
#define CASE(KIND, number, value) \
  ((runtime_value_t){.kind = RUNTIME_KIND_##KIND, .index = number, .of = {.payload = value}})

static runtime_component_t *component;

static bool same(const runtime_value_t *a, const runtime_value_t *b);

static bool same_values(const void *a, const void *b, size_t len) {
  const runtime_value_t *left = a;
  const runtime_value_t *right = b;
  for (size_t i = 0; i < len; i++) {
    if (!same(&left[i], &right[i])) return false;
  }
  return true;
}

static bool same_payload(const runtime_value_t *a, const runtime_value_t *b) {
  return a == NULL || b == NULL ? a == b : same(a, b);
}

/* Whether both are the same, bit by bit, and everything they point to. */
static bool same(const runtime_value_t *a, const runtime_value_t *b) {
  if (a->kind != b->kind || a->element != b->element || a->index != b->index) return false;
  if (b->reserved != 0) return false;
  switch (a->kind) {
    case RUNTIME_KIND_STRING:
      return a->of.string.len == b->of.string.len && b->of.string.ptr[b->of.string.len] == 0 &&
             memcmp(a->of.string.ptr, b->of.string.ptr, a->of.string.len) == 0;
    case RUNTIME_KIND_LIST:
      if (a->of.list.len != b->of.list.len) return false;
      if (a->element == 0) return same_values(a->of.list.ptr, b->of.list.ptr, a->of.list.len);
      return a->of.list.len == 0 ||
             memcmp(a->of.list.ptr, b->of.list.ptr, a->of.list.len * whole_width(a->element)) == 0;
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
      return a->of.values.len == b->of.values.len &&
             same_values(a->of.values.ptr, b->of.values.ptr, a->of.values.len);
    case RUNTIME_KIND_VARIANT:
    case RUNTIME_KIND_OPTION:
    case RUNTIME_KIND_RESULT:
      return same_payload(a->of.payload, b->of.payload);
    case RUNTIME_KIND_FLAGS:
      return a->of.flags.len == b->of.flags.len &&
             memcmp(a->of.flags.ptr, b->of.flags.ptr, a->of.flags.len * sizeof(uint32_t)) == 0;
    default:
      return memcmp(&a->of, &b->of, whole_width(a->kind)) == 0;
  }
}

static runtime_values_t *call(const char *name, const runtime_value_t *args, size_t len) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = load_function(component, name);
  CHECK_OK(runtime_function_call(function, args, len, NULL, &results));
  for (size_t i = 0; i < runtime_values_len(results); i++)
    if (!whole(&runtime_values_data(results)[i])) CHECK_FAIL("%s: not all was written", name);
  runtime_function_free(function);
  return results;
}

/* `value` comes back from the function `echo-<name>` as `expected`. */
static void echo_as(const char *name, runtime_value_t value, runtime_value_t expected) {
  char path[128];
  snprintf(path, sizeof path, KINDS "echo-%s", name);
  runtime_values_t *results = call(path, &value, 1);
  CHECK(runtime_values_len(results) == 1);
  if (!same(&expected, runtime_values_data(results))) CHECK_FAIL("another value of %s", name);
  runtime_values_free(results);
}

static void echo(const char *name, runtime_value_t value) {
  echo_as(name, value, value);
}

static void test_numbers_come_back(void) {
  echo("bool", V(BOOL, boolean, 0));
  echo("bool", V(BOOL, boolean, 1));
  echo("s8", V(S8, s8, INT8_MIN));
  echo("u8", V(U8, u8, UINT8_MAX));
  echo("s16", V(S16, s16, INT16_MIN));
  echo("u16", V(U16, u16, UINT16_MAX));
  echo("s32", V(S32, s32, INT32_MIN));
  echo("u32", V(U32, u32, UINT32_MAX));
  echo("s64", V(S64, s64, INT64_MIN));
  echo("u64", V(U64, u64, UINT64_MAX));
}

static void test_floats_come_back_bit_by_bit(void) {
  static const double numbers[] = {0.0, -0.0, 1.5, -1e300, 5e-324, INFINITY, -INFINITY};
  for (size_t i = 0; i < COUNT(numbers); i++) {
    echo("f64", V(F64, f64, numbers[i]));
    echo("f32", V(F32, f32, (float)numbers[i]));
  }
  runtime_value_t nan = V(F64, f64, NAN);
  runtime_values_t *results = call(KINDS "echo-f64", &nan, 1);
  CHECK(isnan(runtime_values_data(results)->of.f64));
  runtime_values_free(results);
}

static void test_text_comes_back(void) {
  static char megabyte[1 << 20];
  static const uint32_t chars[] = {0, 'a', 0xD7FF, 0xE000, 0xFFFD, 0x10FFFF};
  for (size_t i = 0; i < COUNT(chars); i++) echo("char", V(CHAR, character, chars[i]));
  echo("string", STR(""));
  echo_as("string", V(STRING, string, {NULL, 0}), STR(""));
  echo("string", STR("a\0b\0"));
  echo("string", STR("gr\xc3\xbc\xc3\x9f \xf0\x9f\xa6\x80 \xe2\x80\xae\x7f"));
  memset(megabyte, 'm', sizeof megabyte);
  echo("string", V(STRING, string, {megabyte, sizeof megabyte}));
}

static void test_lists_of_numbers_are_arrays(void) {
  static const uint8_t bytes[] = {0, 1, 254, 255};
  static const uint8_t bools[] = {1, 0, 1};
  static const uint32_t chars[] = {'x', 0x1F980};
  static const int64_t numbers[] = {INT64_MIN, -1, 0, INT64_MAX};
  static const double floats[] = {-0.5, 1e-300};
  static uint8_t many[100000];
  echo("bytes", FLAT(U8, bytes));
  echo("bools", FLAT(BOOL, bools));
  echo("chars", FLAT(CHAR, chars));
  echo("s64s", FLAT(S64, numbers));
  echo("f64s", FLAT(F64, floats));
  for (size_t i = 0; i < sizeof many; i++) many[i] = (uint8_t)(i * 7);
  echo("bytes", FLAT(U8, many));
  runtime_value_t empty = {.kind = RUNTIME_KIND_LIST, .element = RUNTIME_KIND_U8};
  echo("bytes", empty);
}

/* Lists of numbers may go in as values, too; they come out as arrays. */
static void test_lists_of_numbers_may_be_values(void) {
  static const int64_t numbers[] = {-1, 2};
  static const uint8_t bools[] = {1, 0};
  const runtime_value_t values[] = {V(S64, s64, -1), V(S64, s64, 2)};
  const runtime_value_t truths[] = {V(BOOL, boolean, 1), V(BOOL, boolean, 0)};
  echo_as("s64s", LIST(values), FLAT(S64, numbers));
  echo_as("bools", LIST(truths), FLAT(BOOL, bools));
  runtime_value_t empty = {.kind = RUNTIME_KIND_LIST};
  runtime_value_t expected = {.kind = RUNTIME_KIND_LIST, .element = RUNTIME_KIND_S64};
  echo_as("s64s", empty, expected);
}

static void test_lists_of_other_things_are_values(void) {
  static const uint16_t small[] = {1, 2, 3};
  const runtime_value_t none = {.kind = RUNTIME_KIND_LIST, .element = RUNTIME_KIND_U16};
  const runtime_value_t words[] = {STR("one"), STR(""), STR("t\0o")};
  const runtime_value_t nested[] = {FLAT(U16, small), none, FLAT(U16, small)};
  echo("strings", LIST(words));
  echo("nested", LIST(nested));
}

static void test_records_and_tuples_come_back(void) {
  const runtime_value_t point[] = {V(S32, s32, -3), V(S32, s32, 4)};
  const runtime_value_t corners[] = {RECORD(point), RECORD(point), RECORD(point)};
  const runtime_value_t blue = {.kind = RUNTIME_KIND_ENUM, .index = 2};
  const runtime_value_t shape[] = {STR("triangle"), LIST(corners), CASE(OPTION, 1, &blue),
                                   V(F64, f64, 0.25)};
  const runtime_value_t odd[] = {V(BOOL, boolean, 1), V(CHAR, character, 'c'), V(U16, u16, 404)};
  const runtime_value_t tuple[] = {V(U8, u8, 9), STR("nine"), V(F32, f32, 9.5F)};
  echo("point", RECORD(point));
  echo("points", LIST(corners));
  echo("shape", RECORD(shape));
  echo("odd", RECORD(odd));
  echo("tuple", TUPLE(tuple));
  runtime_value_t arg = RECORD(shape);
  runtime_values_t *results = call(KINDS "describe", &arg, 1);
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "triangle: blue, 3 corners");
  runtime_values_free(results);
}

static void test_cases_come_back(void) {
  static const uint32_t rights[] = {0, 1, 5, 7};
  static const uint32_t many[] = {0, 1, 0x80000000, 0xFFFFFFFF};
  const runtime_value_t number = V(U64, u64, UINT64_MAX);
  const runtime_value_t text = STR("text");
  const runtime_value_t byte = V(U8, u8, 8);
  const runtime_value_t small = V(U32, u32, 1);
  const runtime_value_t ends[] = {number, V(U64, u64, 0)};
  const runtime_value_t range = TUPLE(ends);
  const runtime_value_t none = CASE(OPTION, 0, NULL);
  const runtime_value_t some = CASE(OPTION, 1, &small);
  for (uint32_t i = 0; i < 3; i++) {
    runtime_value_t colour = {.kind = RUNTIME_KIND_ENUM, .index = i};
    echo("colour", colour);
  }
  echo("size", CASE(VARIANT, 0, NULL));
  echo("size", CASE(VARIANT, 1, &number));
  echo("size", CASE(VARIANT, 2, &range));
  echo("size", CASE(VARIANT, 3, &text));
  for (size_t i = 0; i < 4; i++) {
    echo("rights", V(FLAGS, flags, {&rights[i], 1}));
    echo("many", V(FLAGS, flags, {&many[i], 1}));
  }
  echo_as("rights", V(FLAGS, flags, {NULL, 0}), V(FLAGS, flags, {&rights[0], 1}));
  echo("option", CASE(OPTION, 0, NULL));
  echo("option", CASE(OPTION, 1, &text));
  echo("option-option", none);
  echo("option-option", CASE(OPTION, 1, &none));
  echo("option-option", CASE(OPTION, 1, &some));
  echo("result", CASE(RESULT, 0, &number));
  echo("result", CASE(RESULT, 1, &text));
  echo("result-ok-only", CASE(RESULT, 1, NULL));
  echo("result-error-only", CASE(RESULT, 0, NULL));
  echo("result-error-only", CASE(RESULT, 1, &byte));
  echo("result-bare", CASE(RESULT, 0, NULL));
  echo("result-bare", CASE(RESULT, 1, NULL));
}

static void test_many_parameters_and_none_come_back(void) {
  static const uint8_t bytes[] = {14, 14};
  const runtime_value_t byte = V(U8, u8, 15);
  const runtime_value_t args[] = {
      V(U8, u8, 1),     V(U16, u16, 2),      V(U32, u32, 3),
      V(U64, u64, 4),   V(F32, f32, 5.5F),   V(F64, f64, 6.5),
      STR("seven"),     V(BOOL, boolean, 1), V(CHAR, character, '9'),
      V(S8, s8, -10),   V(S16, s16, -11),    V(S32, s32, -12),
      V(S64, s64, -13), FLAT(U8, bytes),     CASE(OPTION, 1, &byte),
  };
  runtime_values_t *results = call(KINDS "echo-fifteen", args, COUNT(args));
  const runtime_value_t *tuple = runtime_values_data(results);
  CHECK(tuple->kind == RUNTIME_KIND_TUPLE && tuple->of.values.len == COUNT(args));
  CHECK(same_values(args, tuple->of.values.ptr, COUNT(args)));
  runtime_values_free(results);
  results = call(KINDS "nothing", NULL, 0);
  CHECK(runtime_values_len(results) == 0 && runtime_values_data(results) == NULL);
  runtime_values_free(results);
}

int main(void) {
  whole_begin();
  runtime_t *runtime = load_runtime(load_builder());
  component = load_guest(runtime, "kinds.wasm");
  RUN(test_numbers_come_back);
  RUN(test_floats_come_back_bit_by_bit);
  RUN(test_text_comes_back);
  RUN(test_lists_of_numbers_are_arrays);
  RUN(test_lists_of_numbers_may_be_values);
  RUN(test_lists_of_other_things_are_values);
  RUN(test_records_and_tuples_come_back);
  RUN(test_cases_come_back);
  RUN(test_many_parameters_and_none_come_back);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
