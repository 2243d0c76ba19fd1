/* Values that are not well formed: refused before the guest runs, and the place is named. Values
 * that are nested as deep as types may be. */
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"

static runtime_t *runtime;
static runtime_component_t *component;

static runtime_value_t value(uint8_t kind) {
  runtime_value_t it;
  memset(&it, 0, sizeof it);
  it.kind = kind;
  return it;
}

/* Calling `echo-<name>` with `arg` is refused with this text. */
static void refuse(const char *name, const runtime_value_t *arg, const char *text) {
  char path[128];
  runtime_values_t *results = NULL;
  snprintf(path, sizeof path, KINDS "echo-%s", name);
  runtime_function_t *function = load_function(component, path);
  CHECK_ERROR(runtime_function_call(function, arg, 1, NULL, &results),
              RUNTIME_ERROR_INVALID_ARGUMENT, text);
  CHECK(results == NULL);
  runtime_function_free(function);
}

static void test_scalars_out_of_range_are_refused(void) {
  static const uint32_t surrogates[] = {0xD800, 0xDFFF, 0x110000, UINT32_MAX};
  runtime_value_t it = value(RUNTIME_KIND_BOOL);
  it.of.boolean = 2;
  refuse("bool", &it, "`x`");
  it = value(RUNTIME_KIND_CHAR);
  for (size_t i = 0; i < 4; i++) {
    it.of.character = surrogates[i];
    refuse("char", &it, "`x`");
  }
  it = value(RUNTIME_KIND_ENUM);
  it.index = 3;
  refuse("colour", &it, "3");
  it.index = UINT32_MAX;
  refuse("colour", &it, "4294967295");
}

static void test_fields_that_mean_nothing_must_be_zero(void) {
  runtime_value_t it = value(RUNTIME_KIND_U32);
  it.reserved = 1;
  refuse("u32", &it, "reserved");
  it = value(RUNTIME_KIND_U32);
  it.element = RUNTIME_KIND_U8;
  refuse("u32", &it, "element");
  it = value(RUNTIME_KIND_U32);
  it.index = 1;
  refuse("u32", &it, "index");
}

static void test_text_that_is_not_utf8_is_refused(void) {
  static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf",
                                    "\xf5\x80\x80\x80"};
  runtime_value_t it = value(RUNTIME_KIND_STRING);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    it.of.string.ptr = bad[i];
    it.of.string.len = strlen(bad[i]);
    refuse("string", &it, "UTF-8");
  }
  runtime_value_t list = value(RUNTIME_KIND_LIST);
  runtime_value_t words[] = {value(RUNTIME_KIND_STRING), value(RUNTIME_KIND_STRING), it};
  list.of.list.ptr = words;
  list.of.list.len = 3;
  refuse("strings", &list, "`x[2]`");
}

static void test_null_has_no_length(void) {
  runtime_value_t it = value(RUNTIME_KIND_STRING);
  it.of.string.len = 1;
  refuse("string", &it, "NULL");
  it = value(RUNTIME_KIND_LIST);
  it.of.list.len = 1;
  refuse("strings", &it, "NULL");
  it.element = RUNTIME_KIND_U8;
  refuse("bytes", &it, "NULL");
  it = value(RUNTIME_KIND_RECORD);
  it.of.values.len = 2;
  refuse("point", &it, "NULL");
  it = value(RUNTIME_KIND_FLAGS);
  it.of.flags.len = 1;
  refuse("rights", &it, "NULL");
}

/* No pointer is followed as far as these lengths say. */
static void test_lengths_that_cannot_be_are_refused(void) {
  static const uint64_t word[2];
  runtime_value_t it = value(RUNTIME_KIND_STRING);
  it.of.string.ptr = (const char *)word;
  it.of.string.len = SIZE_MAX;
  refuse("string", &it, "`x`");
  it = value(RUNTIME_KIND_LIST);
  it.of.list.ptr = word;
  it.of.list.len = SIZE_MAX / 8;
  it.element = RUNTIME_KIND_S64;
  refuse("s64s", &it, "`x`");
  it.element = 0;
  refuse("strings", &it, "`x`");
}

static void test_pointers_must_be_aligned(void) {
  static const uint64_t words[4];
  const char *odd = (const char *)words + 1;
  runtime_value_t it = value(RUNTIME_KIND_LIST);
  it.of.list.ptr = odd;
  it.of.list.len = 1;
  refuse("strings", &it, "aligned");
  it.element = RUNTIME_KIND_S64;
  refuse("s64s", &it, "aligned");
  it = value(RUNTIME_KIND_OPTION);
  it.index = 1;
  memcpy(&it.of.payload, &odd, sizeof odd);
  refuse("option", &it, "aligned");
}

static void test_cases_and_what_they_carry_must_fit(void) {
  const runtime_value_t text = value(RUNTIME_KIND_STRING);
  runtime_value_t it = value(RUNTIME_KIND_OPTION);
  it.index = 2;
  refuse("option", &it, "2");
  it.index = 1;
  refuse("option", &it, "`x");
  it.index = 0;
  it.of.payload = &text;
  refuse("option", &it, "`x");
  it = value(RUNTIME_KIND_VARIANT);
  it.index = 4;
  refuse("size", &it, "4");
  it.index = 3;
  refuse("size", &it, "`x");
  it = value(RUNTIME_KIND_RESULT);
  it.index = 2;
  refuse("result-bare", &it, "2");
  it.index = 1;
  it.of.payload = &text;
  refuse("result-bare", &it, "`x");
}

static void test_flags_nobody_declared_are_refused(void) {
  static const uint32_t words[] = {8, 0x80000000, 0, 1};
  runtime_value_t it = value(RUNTIME_KIND_FLAGS);
  it.of.flags.len = 1;
  for (size_t i = 0; i < 2; i++) {
    it.of.flags.ptr = &words[i];
    refuse("rights", &it, "`x`");
  }
  it.of.flags.ptr = &words[2];
  it.of.flags.len = 2;
  refuse("many", &it, "`x`");
}

/* What lies deep inside has a path. */
static void test_places_inside_are_named(void) {
  runtime_value_t point[] = {value(RUNTIME_KIND_S32), value(RUNTIME_KIND_S32)};
  runtime_value_t bad[] = {value(RUNTIME_KIND_S32), value(RUNTIME_KIND_S32)};
  runtime_value_t corners[] = {value(RUNTIME_KIND_RECORD), value(RUNTIME_KIND_RECORD)};
  runtime_value_t shape[] = {value(RUNTIME_KIND_STRING), value(RUNTIME_KIND_LIST),
                             value(RUNTIME_KIND_OPTION), value(RUNTIME_KIND_F64)};
  runtime_value_t it = value(RUNTIME_KIND_RECORD);
  bad[1].reserved = 7;
  corners[0].of.values.ptr = point;
  corners[1].of.values.ptr = bad;
  corners[0].of.values.len = corners[1].of.values.len = 2;
  shape[1].of.list.ptr = corners;
  shape[1].of.list.len = 2;
  it.of.values.ptr = shape;
  it.of.values.len = 4;
  refuse("shape", &it, "`x.corners[1].y`");
  bad[1].reserved = 0;
  runtime_value_t colour = value(RUNTIME_KIND_ENUM);
  colour.index = 9;
  shape[2].index = 1;
  shape[2].of.payload = &colour;
  refuse("shape", &it, "`x.colour");
}

#define DEPTH 80

/* Lists in lists in lists, the innermost of bytes: echoed by a guest that answers what it gets. */
static runtime_component_t *load_nested(void) {
  static const char head[] =
      "(component (core module $m (memory (export \"memory\") 1)"
      " (global $top (mut i32) (i32.const 64))"
      " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32)"
      "   (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"
      "   (global.set $top (i32.add (local.get $at) (local.get 3))) (local.get $at))"
      " (func (export \"echo\") (param i32 i32) (result i32)"
      "   (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1))"
      "   (i32.const 0)))"
      " (core instance $i (instantiate $m)) (type $t0 (list u8))";
  static char wat[DEPTH * 40 + sizeof head + 300];
  int at = snprintf(wat, sizeof wat, "%s", head);
  for (int i = 1; i < DEPTH; i++) {
    at += snprintf(wat + at, sizeof wat - (size_t)at, " (type $t%d (list $t%d))", i, i - 1);
  }
  snprintf(wat + at, sizeof wat - (size_t)at,
           " (func (export \"echo\") (param \"x\" $t%d) (result $t%d)"
           " (canon lift (core func $i \"echo\") (memory (core memory $i \"memory\"))"
           " (realloc (core func $i \"realloc\")))))",
           DEPTH - 1, DEPTH - 1);
  return load_wat(runtime, wat);
}

static void test_deep_values_come_back(void) {
  static const uint8_t bytes[] = {1, 2, 3};
  runtime_value_t levels[DEPTH];
  runtime_values_t *results = NULL;
  runtime_component_t *nested = load_nested();
  runtime_function_t *echo = load_function(nested, "echo");
  for (size_t i = 0; i < DEPTH; i++) {
    levels[i] = value(RUNTIME_KIND_LIST);
    levels[i].of.list.ptr = i == 0 ? (const void *)bytes : &levels[i - 1];
    levels[i].of.list.len = i == 0 ? sizeof bytes : 1;
    levels[i].element = i == 0 ? RUNTIME_KIND_U8 : 0;
  }
  CHECK_OK(runtime_function_call(echo, &levels[DEPTH - 1], 1, NULL, &results));
  const runtime_value_t *at = runtime_values_data(results);
  for (size_t i = 1; i < DEPTH; i++) {
    CHECK(at->kind == RUNTIME_KIND_LIST && at->element == 0 && at->of.list.len == 1);
    at = at->of.list.ptr;
  }
  CHECK(at->element == RUNTIME_KIND_U8 && at->of.list.len == sizeof bytes);
  CHECK(memcmp(at->of.list.ptr, bytes, sizeof bytes) == 0);
  runtime_values_free(results);

  /* A value that points at itself ends where the type ends. */
  levels[0] = value(RUNTIME_KIND_LIST);
  levels[0].of.list.ptr = &levels[0];
  levels[0].of.list.len = 1;
  CHECK_ERROR(runtime_function_call(echo, &levels[0], 1, NULL, &results),
              RUNTIME_ERROR_TYPE_MISMATCH, "expected u8, found list");
  runtime_function_free(echo);
  runtime_component_free(nested);
}

int main(void) {
  runtime = load_runtime(load_builder());
  component = load_guest(runtime, "kinds.wasm");
  RUN(test_scalars_out_of_range_are_refused);
  RUN(test_fields_that_mean_nothing_must_be_zero);
  RUN(test_text_that_is_not_utf8_is_refused);
  RUN(test_null_has_no_length);
  RUN(test_lengths_that_cannot_be_are_refused);
  RUN(test_pointers_must_be_aligned);
  RUN(test_cases_and_what_they_carry_must_fit);
  RUN(test_flags_nobody_declared_are_refused);
  RUN(test_places_inside_are_named);
  RUN(test_deep_values_come_back);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
