/* Values compared, and hostile ones as text and on either side of a comparison. */
#include <math.h>

#include "spelt.h"

/* Neither text nor an answer for it, as text and as either side of a comparison. */
static void hostile(const char *name, runtime_value_t value, int code, const char *message) {
  bool equal = true;
  runtime_bytes_t *bytes = NULL;
  const runtime_type_t *type = type_of(name);
  CHECK_ERROR(runtime_value_text(type, &value, &bytes), code, message);
  CHECK_ERROR(runtime_value_equal(type, &value, &value, &equal), code, message);
  CHECK(bytes == NULL && !equal);
}

static void test_hostile_values_are_refused(void) {
  static const uint8_t impossible[] = {RUNTIME_KIND_NONE, 24, 31, 200, 255};
  const int invalid = RUNTIME_ERROR_INVALID_ARGUMENT, mismatch = RUNTIME_ERROR_TYPE_MISMATCH;
  runtime_value_t value = value_u32(1);
  for (size_t i = 0; i < sizeof impossible; i++) {
    value.kind = impossible[i];
    hostile("u32", value, invalid, "is not a kind of value");
  }
  hostile("u64", value_u32(1), mismatch, "expected u64, found u32");
  value = value_u32(1);
  value.reserved = 1;
  hostile("u32", value, invalid, "`reserved` is 1");
  value = value_u32(1);
  value.index = 1;
  hostile("u32", value, invalid, "`index`");
  value = value_u32(2);
  value.kind = RUNTIME_KIND_BOOL;
  hostile("bool", value, invalid, "a bool is 0 or 1");
  value = value_u32(0xD800);
  value.kind = RUNTIME_KIND_CHAR;
  hostile("char", value, invalid, "U+D800");
  value = value_string("");
  value.of.string.ptr = NULL;
  value.of.string.len = 1;
  hostile("string", value, invalid, "NULL with length 1");
  value = value_string("\xff");
  hostile("string", value, invalid, "not UTF-8");
  value = value_string("x");
  value.of.string.len = SIZE_MAX;
  hostile("string", value, invalid, "more than a guest can hold");
  value = value_u32(0);
  value.kind = RUNTIME_KIND_LIST;
  value.of.list.len = 1;
  value.of.list.ptr = NULL;
  hostile("strings", value, invalid, "NULL with length 1");
  value.element = RUNTIME_KIND_U8;
  hostile("bytes", value, invalid, "NULL with length 1");
  hostile("s64s", value, mismatch, "found list<u8>");
  static const uint32_t characters[] = {'a', 0x110000};
  value.element = RUNTIME_KIND_CHAR;
  value.of.list.ptr = characters;
  value.of.list.len = 2;
  hostile("chars", value, invalid, "[1]`: U+110000");
  static const int64_t numbers[2];
  value.element = RUNTIME_KIND_S64;
  value.of.list.ptr = (const char *)numbers + 1;
  value.of.list.len = 1;
  hostile("s64s", value, invalid, "not aligned");
  value = value_u32(3);
  value.kind = RUNTIME_KIND_ENUM;
  value.index = 3;
  hostile("colour", value, invalid, "`index` 3");
  value.kind = RUNTIME_KIND_VARIANT;
  value.index = 1;
  value.of.payload = NULL;
  hostile("size", value, invalid, ".exact`: `payload` is NULL");
  static const runtime_value_t nothing;
  value.index = 0;
  value.of.payload = &nothing;
  hostile("size", value, invalid, "`unknown` carries nothing");
  value.kind = RUNTIME_KIND_OPTION;
  hostile("option", value, invalid, "`none` carries nothing");
  value.kind = RUNTIME_KIND_RECORD;
  value.of.values.ptr = NULL;
  value.of.values.len = 2;
  hostile("point", value, invalid, "NULL with length 2");
  value.of.values.len = SIZE_MAX;
  hostile("point", value, mismatch, "expected 2 fields");
  static const uint32_t words[] = {8, 0};
  value.kind = RUNTIME_KIND_FLAGS;
  value.of.flags.ptr = words;
  value.of.flags.len = 1;
  hostile("rights", value, invalid, "flag 3 is set");
  value.of.flags.len = 2;
  hostile("rights", value, invalid, "2 words for 3 flags");
}

/* An option within a record is looked at, although text leaves it out. */
static void test_what_is_left_out_is_checked(void) {
  const runtime_type_t *type = type_of("shape");
  runtime_values_t *values = parsed(type, "{name: \"\", corners: [], weight: 0}");
  runtime_value_t fields[4], shape = *runtime_values_data(values);
  memcpy(fields, shape.of.values.ptr, sizeof fields);
  shape.of.values.ptr = fields;
  check_spelt(type, &shape, "{name: \"\", corners: [], weight: 0}");
  fields[2].of.payload = fields;
  hostile("shape", shape, RUNTIME_ERROR_INVALID_ARGUMENT, ".colour`: case `none` carries nothing");
  fields[2].kind = RUNTIME_KIND_U8;
  hostile("shape", shape, RUNTIME_ERROR_TYPE_MISMATCH, ".colour`");
  runtime_values_free(values);
}

static void test_the_wrong_side_is_named(void) {
  bool equal = true;
  const int mismatch = RUNTIME_ERROR_TYPE_MISMATCH;
  const runtime_value_t right = value_u32(1), wrong = value_u64(1);
  const runtime_type_t *type = type_of("u32");
  CHECK_ERROR(runtime_value_equal(type, &wrong, &right, &equal), mismatch, "`a`");
  CHECK_ERROR(runtime_value_equal(type, &right, &wrong, &equal), mismatch, "`b`");
  CHECK(!equal);
}

static void test_what_differs_differs(void) {
  static const char *const different[][3] = {
      {"bool", "true", "false"}, {"u8", "1", "2"}, {"s64", "-1", "1"}, {"f32", "0", "-0"},
      {"f64", "0", "-0"}, {"f64", "nan", "inf"}, {"f64", "1", "1.5"}, {"char", "'a'", "'b'"},
      {"string", "\"a\"", "\"ab\""}, {"string", "\"a\"", "\"b\""}, {"bytes", "[1]", "[1, 1]"},
      {"bytes", "[1, 2]", "[1, 3]"}, {"f64s", "[0]", "[-0]"}, {"strings", "[\"a\"]", "[\"b\"]"},
      {"nested", "[[], [1]]", "[[1], []]"}, {"point", "{x: 1, y: 2}", "{x: 1, y: 3}"},
      {"tuple", "(1, \"a\", 1)", "(1, \"a\", 2)"}, {"colour", "red", "blue"},
      {"size", "exact(1)", "exact(2)"}, {"size", "unknown", "exact(0)"},
      {"rights", "{read}", "{write}"}, {"rights", "{}", "{execute}"}, {"option", "none", "\"\""},
      {"option-option", "none", "some(none)"}, {"result", "ok(1)", "err(\"1\")"},
      {"result", "ok(1)", "ok(2)"}, {"result-bare", "ok", "err"},
  };
  for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
    const runtime_type_t *type = type_of(different[i][0]);
    runtime_values_t *a = parsed(type, different[i][1]), *b = parsed(type, different[i][2]);
    CHECK(!same(type, runtime_values_data(a), runtime_values_data(b)));
    CHECK(!same(type, runtime_values_data(b), runtime_values_data(a)));
    runtime_values_free(a);
    runtime_values_free(b);
  }
}

/* However it is given: as a C array or as values, with words that are left out, as any NaN. */
static void test_what_is_the_same_is_the_same(void) {
  static const uint8_t bytes[] = {1, 2};
  runtime_value_t values[2] = {value_u32(0), value_u32(0)};
  runtime_value_t flat = value_u32(0), spread = value_u32(0);
  for (int i = 0; i < 2; i++) {
    values[i].kind = RUNTIME_KIND_U8;
    values[i].of.u8 = bytes[i];
  }
  flat.kind = spread.kind = RUNTIME_KIND_LIST;
  flat.element = RUNTIME_KIND_U8;
  flat.of.list.ptr = bytes;
  spread.of.list.ptr = values;
  flat.of.list.len = spread.of.list.len = 2;
  CHECK(same(type_of("bytes"), &flat, &spread) && same(type_of("bytes"), &spread, &flat));
  check_spelt(type_of("bytes"), &spread, "[1, 2]");
  values[1].of.u8 = 3;
  CHECK(!same(type_of("bytes"), &flat, &spread));

  static const uint32_t word;
  runtime_value_t none = value_u32(0), zero = value_u32(0);
  none.kind = zero.kind = RUNTIME_KIND_FLAGS;
  none.of.flags.ptr = NULL;
  none.of.flags.len = 0;
  zero.of.flags.ptr = &word;
  zero.of.flags.len = 1;
  CHECK(same(type_of("rights"), &none, &zero) && same(type_of("rights"), &zero, &none));
  check_spelt(type_of("rights"), &none, "{}");

  runtime_value_t quiet = value_u64(0x7ff8000000000000u), other = value_u64(0xfff0000000000001u);
  quiet.kind = other.kind = RUNTIME_KIND_F64;
  CHECK(isnan(quiet.of.f64) && isnan(other.of.f64));
  CHECK(same(type_of("f64"), &quiet, &other));
}

static void tests(void) {
  RUN(test_hostile_values_are_refused);
  RUN(test_what_is_left_out_is_checked);
  RUN(test_the_wrong_side_is_named);
  RUN(test_what_differs_differs);
  RUN(test_what_is_the_same_is_the_same);
}

int main(void) { return spelt_main(tests); }
