/* threads */
/* Values as text and back: every kind, malformed text, and limits. */
#include "deep.h"
#include "spelt.h"

#define COUNTERS "wasmcell:test/counters@0.1.0#"

/* `text` is a value of that type that prints as `canonical`, which is the same value; and a guest
 * takes and gives it. */
static void reads(const char *name, const char *text, const char *canonical) {
  char function_name[128];
  runtime_values_t *results = NULL;
  const runtime_type_t *type = type_of(name);
  runtime_values_t *values = parsed(type, text);
  runtime_values_t *again = parsed(type, canonical);
  const runtime_value_t *value = runtime_values_data(values);
  CHECK(value->kind == (uint8_t)runtime_type_kind(type));
  check_spelt(type, value, canonical);
  CHECK(same(type, value, value) && same(type, value, runtime_values_data(again)));
  snprintf(function_name, sizeof function_name, KINDS "echo-%s", name);
  runtime_function_t *function = load_function(kinds, function_name);
  CHECK_OK(runtime_function_call(function, value, 1, NULL, &results));
  check_spelt(type, runtime_values_data(results), canonical);
  CHECK(same(type, value, runtime_values_data(results)));
  runtime_function_free(function);
  runtime_values_free(results);
  runtime_values_free(again);
  runtime_values_free(values);
}

static void test_every_kind_goes_both_ways(void) {
  static const char *const values[][2] = {
      {"bool", "true"}, {"bool", "false"}, {"s8", "-128"}, {"u8", "255"}, {"s16", "-32768"},
      {"u16", "65535"}, {"s32", "-2147483648"}, {"u32", "4294967295"},
      {"s64", "-9223372036854775808"}, {"u64", "18446744073709551615"}, {"f32", "1.5"},
      {"f32", "nan"}, {"f32", "-inf"}, {"f64", "-0.25"}, {"f64", "-0"}, {"f64", "inf"},
      {"f64", "nan"}, {"char", "'x'"}, {"char", "'\\''"}, {"char", "'\xf0\x9f\xa6\x80'"},
      {"string", "\"\""}, {"string", "\"gr\xc3\xbc\xc3\x9f\""}, {"string", "\"a\\\"b\\\\c\\n\""},
      {"string", "\"\\u{0}\""}, {"bytes", "[1, 2, 255]"}, {"bytes", "[]"},
      {"bools", "[true, false]"}, {"chars", "['a', '\xc3\xa9']"}, {"s64s", "[-1, 0]"},
      {"f64s", "[0.5, nan, -inf, -0]"}, {"strings", "[\"a\", \"\"]"}, {"strings", "[]"},
      {"nested", "[[1], [], [2, 3]]"}, {"points", "[{x: 1, y: -2}]"}, {"point", "{x: -3, y: 4}"},
      {"shape", "{name: \"t\", corners: [{x: 0, y: 0}], colour: some(blue), weight: 0.5}"},
      {"shape", "{name: \"\", corners: [], weight: 0}"}, {"tuple", "(1, \"two\", 3)"},
      {"colour", "green"}, {"size", "unknown"}, {"size", "exact(7)"}, {"size", "range((1, 2))"},
      {"size", "named(\"big\")"}, {"rights", "{read, execute}"}, {"rights", "{}"},
      {"many", "{n0, n31}"}, {"option", "none"}, {"option", "some(\"x\")"},
      {"option-option", "none"}, {"option-option", "some(none)"},
      {"option-option", "some(some(1))"}, {"result", "ok(1)"}, {"result", "err(\"no\")"},
      {"result-ok-only", "err"}, {"result-error-only", "ok"}, {"result-error-only", "err(9)"},
      {"result-bare", "ok"}, {"result-bare", "err"},
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    reads(values[i][0], values[i][1], values[i][1]);
}

/* The same value may be written in other ways. */
static void test_text_is_read_generously(void) {
  reads("option", "\"x\"", "some(\"x\")");
  reads("result", " 5 ", "ok(5)");
  reads("point", " { y : 4 , x : -3 , } ", "{x: -3, y: 4}");
  reads("string", "\"\\u{1F980}\"", "\"\xf0\x9f\xa6\x80\"");
  reads("f64", "1e3", "1000");
  reads("u8", "\n7 // a comment\n", "7");
  reads("rights", "{execute, read}", "{read, execute}");
}

static void refused(const char *name, const char *text, int code, const char *message) {
  runtime_values_t *out = NULL;
  CHECK_ERROR(parse(type_of(name), text, &out), code, message);
  CHECK(out == NULL);
}

static void test_what_is_wrong_has_a_place(void) {
  static const char *const bad[] = {
      "", " ", "(", "[1", "[1,, 2]", "[1;]", "\"1", "@", "''", "((((((((", "]", "{x: }", "1 2",
      "\"\\q\"", "// nothing", "some(", "%", "-", "1.5.5", "\"\\u{110000}\"", "\xc3\xa9",
  };
  static const char *const names[] = {"u8", "string", "nested", "shape", "size", "char"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
      runtime_values_t *out = NULL;
      runtime_error_t *error = parse(type_of(names[n]), bad[i], &out);
      CHECK(error != NULL && out == NULL);
      int code = (int)runtime_error_code(error);
      CHECK(code == RUNTIME_ERROR_INVALID_ARGUMENT || code == RUNTIME_ERROR_TYPE_MISMATCH);
      CHECK(strstr(runtime_error_message(error), "column") != NULL);
      runtime_error_free(error);
    }
  }
  refused("u8", "@", RUNTIME_ERROR_INVALID_ARGUMENT, "`text`: invalid token at column 1");
  refused("bytes", "[1,\n @]", RUNTIME_ERROR_INVALID_ARGUMENT, "at line 2, column 2");
  refused("strings", "[\"\xc3\xbc\xc3\xbc\", @]", RUNTIME_ERROR_INVALID_ARGUMENT, "at column 8");
  refused("u8", "1 2", RUNTIME_ERROR_INVALID_ARGUMENT, "trailing characters after value at column");
  refused("u8", "256", RUNTIME_ERROR_TYPE_MISMATCH,
          "`value`: expected u8, found number 256 at column 1");
  refused("bytes", "[1, -1]", RUNTIME_ERROR_TYPE_MISMATCH,
          "`value[1]`: expected u8, found number -1 at column 5");
  refused("point", "{x: 1}", RUNTIME_ERROR_TYPE_MISMATCH, "`value.y`: expected s32, found no");
  refused("colour", "purple", RUNTIME_ERROR_TYPE_MISMATCH,
          "expected enum { red, green, blue }, found name purple at column 1");
  refused("char", "'xy'", RUNTIME_ERROR_INVALID_ARGUMENT, "column 1");
}

/* No NUL ends text, and what is no UTF-8 is none. */
static void test_text_has_a_length(void) {
  runtime_values_t *out = NULL;
  const runtime_type_t *type = type_of("u8");
  CHECK_OK(runtime_value_parse(type, "12345", 2, &out));
  CHECK(runtime_values_data(out)->of.u8 == 12);
  runtime_values_free(out);
  CHECK_ERROR(runtime_value_parse(type, "12\0", 3, &out), RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  CHECK_ERROR(runtime_value_parse(type, "\xff", 1, &out), RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  CHECK_ERROR(runtime_value_parse(type, NULL, 0, &out), RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  CHECK(out == NULL);
}

/* Every piece of a text, and each with something put in. */
static void test_cut_and_changed_texts_do_no_harm(void) {
  static const char text[] =
      "{name: \"a\\u{1F980}\", corners: [{x: -1, y: 2}], colour: some(blue), weight: -1.5e3}";
  static const char *const odd[] = {"", "\"\"\"", "'", "\\u{d800}", "}", "(", "-", "%", "//"};
  const runtime_type_t *type = type_of("shape");
  for (size_t end = 0; end < sizeof text; end++) {
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
      char changed[256];
      runtime_values_t *out = NULL;
      snprintf(changed, sizeof changed, "%.*s%s%s", (int)end, text, odd[i],
               i % 2 == 0 ? text + end : "");
      runtime_error_t *error = parse(type, changed, &out);
      CHECK((error == NULL) == (out != NULL));
      runtime_error_free(error);
      runtime_values_free(out);
    }
  }
}

/* Handles are numbers, which text only shows: text gives no right to what they stand for. */
static void test_handles_are_shown_and_not_read(void) {
  runtime_values_t *out = NULL;
  const runtime_type_t *type = type_in(kinds, COUNTERS "[method]counter.increment");
  CHECK(runtime_type_kind(type) == RUNTIME_KIND_BORROW);
  runtime_value_t handle = value_u32(0);
  handle.kind = RUNTIME_KIND_BORROW;
  handle.of.resource = 18446744073709551615u;
  check_spelt(type, &handle, "borrow(18446744073709551615)");
  runtime_value_t other = handle;
  other.of.resource = 1;
  CHECK(same(type, &handle, &handle) && !same(type, &handle, &other));
  static const char *const texts[] = {"borrow(1)", "own(1)", "1", "none", "\"x\"", "counter"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    CHECK_ERROR(parse(type, texts[i], &out), RUNTIME_ERROR_UNSUPPORTED, "borrow<counter>");
    CHECK(out == NULL);
  }
}

/* A function has no values, nor has what is not supported. */
static void test_functions_are_no_values(void) {
  bool equal = true;
  runtime_values_t *values = NULL;
  runtime_bytes_t *bytes = NULL;
  runtime_function_t *add = load_function(kinds, "add");
  const runtime_type_t *type = runtime_function_type(add);
  const runtime_value_t value = value_u32(1);
  CHECK_ERROR(parse(type, "(1, 2)", &values), RUNTIME_ERROR_UNSUPPORTED, "func(a: u32, b: u32)");
  CHECK_ERROR(runtime_value_text(type, &value, &bytes), RUNTIME_ERROR_UNSUPPORTED, "func");
  CHECK_ERROR(runtime_value_equal(type, &value, &value, &equal), RUNTIME_ERROR_UNSUPPORTED, "func");
  CHECK(values == NULL && bytes == NULL && !equal);
  runtime_function_free(add);
}

/* Names are the component's own, and so is what text leaves out: neither makes text or values of
 * it larger than their limits. */
static void test_text_and_values_have_limits(void) {
  enum { NAME = 60000, MANY = 3000 };
  char *wat = malloc(4 * NAME + 2000), *name = malloc(NAME + 1);
  CHECK(wat != NULL && name != NULL);
  memset(name, 'n', NAME);
  name[NAME] = '\0';
  sprintf(wat,
          "(component (core module $m (memory (export \"m\") 1)"
          "  (func (export \"r\") (param i32 i32 i32 i32) (result i32) (i32.const 64))"
          "  (func (export \"f\") (param i32 i32)))"
          "(core instance $i (instantiate $m))"
          "(type $e' (enum \"%s\")) (export $e \"e\" (type $e'))"
          "(type $r' (record (field \"%s\" (option u8)))) (export $r \"r\" (type $r'))"
          "(func (export \"names\") (param \"x\" (list $e)) (canon lift (core func $i \"f\")"
          "  (memory (core memory $i \"m\")) (realloc (core func $i \"r\"))))"
          "(func (export \"fields\") (param \"x\" (list $r)) (canon lift (core func $i \"f\")"
          "  (memory (core memory $i \"m\")) (realloc (core func $i \"r\")))))",
          name, name);
  runtime_component_t *component = load_wat(runtime, wat);
  runtime_value_t *cases = calloc(MANY, sizeof *cases);
  CHECK(cases != NULL);
  for (int i = 0; i < MANY; i++) cases[i].kind = RUNTIME_KIND_ENUM;
  runtime_value_t list = value_u32(0);
  list.kind = RUNTIME_KIND_LIST;
  list.of.list.ptr = cases;
  list.of.list.len = MANY;
  runtime_bytes_t *bytes = NULL;
  CHECK_ERROR(runtime_value_text(type_in(component, "names"), &list, &bytes),
              RUNTIME_ERROR_RESOURCE_LIMIT, "longer than 134217728 bytes");
  CHECK(bytes == NULL && same(type_in(component, "names"), &list, &list));
  list.of.list.len = 2;
  CHECK_OK(runtime_value_text(type_in(component, "names"), &list, &bytes));
  CHECK(runtime_bytes_len(bytes) == 2 * NAME + 4);
  runtime_bytes_free(bytes);

  runtime_values_t *values = NULL;
  char *fields = malloc(5 * MANY + 2);
  CHECK(fields != NULL);
  fields[0] = '[';
  for (int i = 0; i < MANY; i++) memcpy(fields + 1 + 4 * i, "{:},", 4);
  memcpy(fields + 1 + 4 * MANY, "]", 2);
  CHECK_ERROR(parse(type_in(component, "fields"), fields, &values), RUNTIME_ERROR_RESOURCE_LIMIT,
              "takes more memory than");
  CHECK(values == NULL);
  values = parsed(type_in(component, "fields"), "[{:}, {:}]");
  CHECK(runtime_values_data(values)->of.list.len == 2);
  runtime_values_free(values);
  runtime_component_free(component);
  free(fields);
  free(cases);
  free(name);
  free(wat);
}

static deep_t deep;

static void *deep_values(void *data) {
  (void)data;
  char text[2 * DEEP + 8];
  const runtime_type_t *type = type_in(deep.component, "run");
  size_t at = 0;
  for (int i = 0; i < DEEP; i++) text[at++] = '[';
  memcpy(text + at, "[]", 2);
  at += 2;
  for (int i = 0; i < DEEP; i++) text[at++] = ']';
  text[at] = '\0';
  check_spelt(type, deep.values, text);
  runtime_values_t *values = parsed(type, text);
  CHECK(same(type, runtime_values_data(values), deep.values));
  runtime_values_free(values);
  return NULL;
}

/* Values as deep as they may be need no more stack than there is; text that is deeper than any type
 * is refused. */
static void test_deep_values(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  deep_make(&deep, runtime);
  deep_values(NULL);
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, (size_t)64 << 10) == 0);
  CHECK(pthread_create(&thread, &attributes, deep_values, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  thread_join(thread);
  const size_t depth = 100000;
  char *text = malloc(depth);
  CHECK(text != NULL);
  memset(text, '[', depth);
  runtime_values_t *values = NULL;
  CHECK_ERROR(runtime_value_parse(type_in(deep.component, "run"), text, depth, &values),
              RUNTIME_ERROR_INVALID_ARGUMENT, "too deep");
  CHECK(values == NULL);
  free(text);
  deep_free(&deep);
}

static void tests(void) {
  RUN(test_every_kind_goes_both_ways);
  RUN(test_text_is_read_generously);
  RUN(test_what_is_wrong_has_a_place);
  RUN(test_text_has_a_length);
  RUN(test_cut_and_changed_texts_do_no_harm);
  RUN(test_handles_are_shown_and_not_read);
  RUN(test_functions_are_no_values);
  RUN(test_text_and_values_have_limits);
  RUN(test_deep_values);
}

int main(void) { return spelt_main(tests); }
