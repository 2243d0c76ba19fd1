/* Calls as text: WAVE both ways for every kind of value, and errors that say where. */
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"
#define FIFTEEN \
  "(1, 2, 3, 4, 5.5, 6.5, \"seven\", true, '9', -10, -11, -12, -13, [14], some(15))"

static runtime_component_t *component;

/* `echo-<name>` answers what it is given. */
static void echo_as(const char *name, const char *value, const char *expected) {
  char call[1024];
  snprintf(call, sizeof call, KINDS "echo-%s(%s)", name, value);
  CHECK_CALL(component, call, expected);
}

static void echo(const char *name, const char *value) { echo_as(name, value, value); }

static void test_every_kind_goes_both_ways(void) {
  static const char *const values[][2] = {
      {"bool", "true"}, {"bool", "false"}, {"s8", "-128"}, {"u8", "255"}, {"s16", "-32768"},
      {"u16", "65535"}, {"s32", "-2147483648"}, {"u32", "4294967295"},
      {"s64", "-9223372036854775808"}, {"u64", "18446744073709551615"}, {"f32", "1.5"},
      {"f64", "-0.25"}, {"f64", "inf"}, {"f64", "-inf"}, {"f64", "nan"}, {"char", "'x'"},
      {"char", "'\xf0\x9f\xa6\x80'"}, {"string", "\"\""}, {"string", "\"gr\xc3\xbc\xc3\x9f\""},
      {"string", "\"a\\\"b\\\\c\\n\""}, {"bytes", "[1, 2, 255]"}, {"bytes", "[]"},
      {"bools", "[true, false]"}, {"chars", "['a', 'b']"}, {"s64s", "[-1, 0]"},
      {"f64s", "[0.5]"}, {"strings", "[\"a\", \"\"]"}, {"nested", "[[1], [], [2, 3]]"},
      {"points", "[{x: 1, y: -2}]"}, {"point", "{x: -3, y: 4}"},
      {"shape", "{name: \"t\", corners: [{x: 0, y: 0}], colour: some(blue), weight: 0.5}"},
      {"tuple", "(1, \"two\", 3)"}, {"colour", "green"}, {"size", "unknown"},
      {"size", "exact(7)"}, {"size", "range((1, 2))"}, {"size", "named(\"big\")"},
      {"rights", "{read, execute}"}, {"rights", "{}"}, {"option", "none"},
      {"option", "some(\"x\")"}, {"option-option", "some(none)"},
      {"option-option", "some(some(1))"}, {"result", "ok(1)"}, {"result", "err(\"no\")"},
      {"result-ok-only", "err"}, {"result-error-only", "ok"}, {"result-error-only", "err(9)"},
      {"result-bare", "ok"}, {"result-bare", "err"},
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) echo(values[i][0], values[i][1]);
}

/* The same value may be written in other ways. */
static void test_text_is_read_generously(void) {
  echo_as("option", "\"x\"", "some(\"x\")");
  echo_as("result", "5", "ok(5)");
  echo_as("point", " { y : 4 , x : -3 , } ", "{x: -3, y: 4}");
  echo_as("string", "\"\\u{1F980}\"", "\"\xf0\x9f\xa6\x80\"");
  echo_as("f64", "1e3", "1000");
  echo_as("u8", "\n7 // a comment\n", "7");
  echo_as("many", "{n31, n0}", "{n0, n31}");
}

static void test_no_parameter_and_many_are_fine(void) {
  CHECK_CALL(component, KINDS "nothing()", "()");
  CHECK_CALL(component, "add(1, 2)", "3");
  CHECK_CALL(component, "divide(7, 0)", "err(\"7 / 0 has no answer\")");
  CHECK_CALL(component, KINDS "echo-fifteen" FIFTEEN, FIFTEEN);
}

/* Of a function that was looked up, the name may be left out, or its interface. */
static void test_a_function_needs_no_name(void) {
  static const char *const calls[] = {"(5)", "echo-u8(5)", KINDS "echo-u8(5)", " ( 5 ) "};
  runtime_bytes_t *out = NULL;
  runtime_function_t *function = load_function(component, KINDS "echo-u8");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    CHECK_OK(runtime_function_call_text(function, calls[i], strlen(calls[i]), NULL, &out));
    CHECK_TEXT((const char *)runtime_bytes_data(out), "5");
    CHECK(runtime_bytes_len(out) == 1);
    runtime_bytes_free(out);
  }
  CHECK_ERROR(runtime_function_call_text(function, "add(1, 2)", 9, NULL, &out),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`add`");
  CHECK(out == NULL);
  runtime_function_free(function);
}

static void test_what_is_no_call_is_refused_with_its_place(void) {
  static const char *const bad[] = {
      "", " ", "add", "add(", "add(1, 2", "add 1, 2", "add(1, 2) add(1, 2)", "add(1, 2))",
      "add(1,, 2)", "add(1, 2;)", "add(\"1)", "add(1, @)", "add((((((((", "add(1, '')",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK_CALL_ERROR(component, bad[i], RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  }
  CHECK_CALL_ERROR(component, "add(1, @)", RUNTIME_ERROR_INVALID_ARGUMENT, "column 8");
  CHECK_CALL_ERROR(component, "add(1,\n @)", RUNTIME_ERROR_INVALID_ARGUMENT, "line 2, column 2");
  CHECK_CALL_ERROR(component, "add(1, 2) x", RUNTIME_ERROR_INVALID_ARGUMENT, "column 11");
  /* Columns are characters, not bytes. */
  CHECK_CALL_ERROR(component, KINDS "echo-strings([\"\xc3\xbc\xc3\xbc\", @])",
                   RUNTIME_ERROR_INVALID_ARGUMENT, "column 47");
}

static void test_unknown_functions_are_named(void) {
  CHECK_CALL_ERROR(component, "subtract(1, 2)", RUNTIME_ERROR_NOT_FOUND, "`subtract`");
  CHECK_CALL_ERROR(component, "echo-u8(1)", RUNTIME_ERROR_NOT_FOUND, KINDS "echo-u8");
}

static void test_wrong_types_are_refused_with_their_place(void) {
  static const char *const wrong[][2] = {
      {"add(1)", "parameter `b`: expected u32, found no argument at column 6"},
      {"add(1, 2, 3)", "column 11: expected 2, found 3"},
      {"add(1, -2)", "parameter `b`: expected u32, found number -2 at column 8"},
      {"add(1, 4294967296)", "parameter `b`: expected u32, found number 4294967296"},
      {"add(1, 2.5)", "parameter `b`: expected u32, found number 2.5 at column 8"},
      {"add(\"1\", 2)", "parameter `a`: expected u32, found string at column 5"},
      {KINDS "echo-bool(1)", "parameter `x`: expected bool, found number 1 at column 37"},
      {KINDS "echo-char(\"x\")", "parameter `x`: expected char, found string at column 37"},
      {KINDS "echo-bytes([1, 256])", "`x[1]`: expected u8, found number 256 at column 42"},
      {KINDS "echo-point({x: 1})", "`x.y`: expected s32, found no field"},
      {KINDS "echo-point({x: 1, y: 2, z: 3})", "found field `z` at column 54"},
      {KINDS "echo-point({x: 1, y: \"2\"})", "`x.y`: expected s32, found string at column 48"},
      {KINDS "echo-tuple((1, \"two\"))", "`x`: expected a tuple of 3, found 2"},
      {KINDS "echo-colour(purple)", "expected enum { red, green, blue }, found name purple"},
      {KINDS "echo-size(exact)", "`x.exact`: expected u64, found no payload at column 37"},
      {KINDS "echo-size(unknown(1))", "`x.unknown`: expected no payload, found a number"},
      {KINDS "echo-rights({read, fly})", "found flag `fly`"},
      {KINDS "echo-result-bare(ok(1))", "`x.ok`: expected no payload"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK_CALL_ERROR(component, wrong[i][0], RUNTIME_ERROR_TYPE_MISMATCH, wrong[i][1]);
  }
  CHECK_CALL_ERROR(component, KINDS "echo-char('xy')", RUNTIME_ERROR_INVALID_ARGUMENT,
                   "column 37");
  CHECK_CALL_ERROR(component, KINDS "echo-rights({read, read})", RUNTIME_ERROR_INVALID_ARGUMENT,
                   "duplicate flag at column 46");
}

/* Text has a length, and no NUL ends it. */
static void test_text_has_a_length(void) {
  runtime_bytes_t *out = NULL;
  CHECK_OK(runtime_component_call_text(component, "add(1, 2)garbage", 9, NULL, &out));
  CHECK_TEXT((const char *)runtime_bytes_data(out), "3");
  runtime_bytes_free(out);
  CHECK_ERROR(runtime_component_call_text(component, "add(1, 2)\0", 10, NULL, &out),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  CHECK_ERROR(runtime_component_call_text(component, "add(1, 2)\xff", 10, NULL, &out),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`text`");
  CHECK(out == NULL);
}

/* Nesting that no type has ends nothing. */
static void test_deep_text_is_refused(void) {
  size_t depth = 100000;
  char *text = malloc(depth * 2 + 100);
  runtime_bytes_t *out = NULL;
  CHECK(text != NULL);
  size_t len = (size_t)sprintf(text, KINDS "echo-nested(");
  memset(text + len, '[', depth);
  memset(text + len + depth, ']', depth);
  len += 2 * depth;
  text[len++] = ')';
  runtime_error_t *error = runtime_component_call_text(component, text, len, NULL, &out);
  CHECK(out == NULL && (int)runtime_error_code(error) == RUNTIME_ERROR_INVALID_ARGUMENT);
  runtime_error_free(error);
  free(text);
}

/* A call's options hold for text, too. */
static void test_text_takes_options(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_bytes_t *out = NULL;
  options.struct_size = 0;
  CHECK_ERROR(runtime_component_call_text(component, "add(1, 2)", 9, &options, &out),
              RUNTIME_ERROR_INVALID_ARGUMENT, "struct_size");
  CHECK(out == NULL);
}

int main(void) {
  runtime_t *runtime = load_runtime(load_builder());
  component = load_guest(runtime, "kinds.wasm");
  RUN(test_every_kind_goes_both_ways);
  RUN(test_text_is_read_generously);
  RUN(test_no_parameter_and_many_are_fine);
  RUN(test_a_function_needs_no_name);
  RUN(test_what_is_no_call_is_refused_with_its_place);
  RUN(test_unknown_functions_are_named);
  RUN(test_wrong_types_are_refused_with_their_place);
  RUN(test_text_has_a_length);
  RUN(test_deep_text_is_refused);
  RUN(test_text_takes_options);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
