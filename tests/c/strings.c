/* Text that guests choose arrives safely: NUL bytes, what is not UTF-8, and a megabyte of it. */
#include "load.h"

#define MEGABYTE ((size_t)1 << 20)
/* As long as the format allows names to be. */
#define LONGEST 100000
#define REPLACEMENT "\xef\xbf\xbd"

static runtime_t *runtime;

/* `len` letters in a buffer that the caller frees; the first one makes it easy to find. */
static char *letters(size_t len) {
  char *text = malloc(len + 1);
  CHECK(text != NULL);
  memset(text, 'm', len);
  text[0] = 'q';
  text[len] = 0;
  return text;
}

/* `before`, `text`, `after` in one. */
static char *join(const char *before, const char *text, const char *after) {
  size_t len = strlen(before) + strlen(text) + strlen(after);
  char *whole = malloc(len + 1);
  CHECK(whole != NULL);
  snprintf(whole, len + 1, "%s%s%s", before, text, after);
  return whole;
}

/* The component that exports the trapping function `f`, with `name` in its core module. */
static runtime_component_t *load_named(const char *module, const char *function) {
  char *inner = join("(component (core module $m (@name \"", module, "\") (func (@name \"");
  char *outer = join(inner, function,
                     "\") (export \"f\") unreachable)) (core instance $i (instantiate $m))"
                     " (func (export \"f\") (canon lift (core func $i \"f\"))))");
  runtime_component_t *component = load_wat(runtime, outer);
  free(inner);
  free(outer);
  return component;
}

/* What the trap in `component`, which is consumed, says about its only frame. */
static runtime_error_t *trap(runtime_component_t *component, runtime_frame_t *frame) {
  runtime_bytes_t *out = NULL;
  runtime_frame_t it = RUNTIME_FRAME_INIT;
  runtime_error_t *error = runtime_component_call_text(component, "f()", 3, NULL, &out);
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_TRAP && out == NULL);
  CHECK(runtime_error_message_len(error) == strlen(runtime_error_message(error)));
  CHECK(runtime_error_frame(error, 0, &it));
  runtime_component_free(component);
  *frame = it;
  return error;
}

static void test_names_in_backtraces_may_hold_anything(void) {
  static const char *const names[][2] = {
      {"", ""},
      {"a\\00b\\00", "a" REPLACEMENT "b" REPLACEMENT},
      {"two\\0alines\\0d", "two\nlines\r"},
      {"\\e2\\80\\ae\\1b[31m", "\xe2\x80\xae\x1b[31m"},
      {"%s%n%x", "%s%n%x"},
      {"\\f0\\9f\\a6\\80", "\xf0\x9f\xa6\x80"},
  };
  runtime_frame_t frame;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    runtime_error_t *error = trap(load_named(names[i][0], names[i][0]), &frame);
    CHECK_TEXT(frame.function, names[i][1]);
    CHECK_TEXT(frame.module, names[i][1]);
    runtime_error_free(error);
  }
}

/* The text format has no way to write such a name: `f` traps, and is called "a\xff\xfe""b". */
static void test_names_that_are_not_utf8_do_no_harm(void) {
  static const uint8_t binary[] =
      "\0asm\x0d\0\1\0"
      "\x01\x36" /* core module */
      "\0asm\1\0\0\0" "\x01\x04\x01\x60\0\0" "\x03\x02\x01\0" "\x07\x05\x01\x01" "f\0\0"
      "\x0a\x05\x01\x03\0\0\x0b" "\0\x0e\x04name\x01\x07\x01\0\x04" "a\xff\xfe" "b"
      "\0\x04\x03xyz" /* a custom section */
      "\x02\x04\x01\0\0\0" /* core instance */
      "\x06\x07\x01\0\0\x01\0\x01" "f" /* alias of its export */
      "\x07\x05\x01\x40\0\x01\0" /* type */
      "\x08\x06\x01\0\0\0\0\0" /* canon lift */
      "\x0b\x07\x01\0\x01" "f\x01\0"; /* export */
  runtime_component_t *component = NULL;
  runtime_frame_t frame;
  CHECK_OK(runtime_component_new(runtime, binary, sizeof binary, NULL, &component));
  runtime_error_t *error = trap(component, &frame);
  CHECK(strchr(frame.function, '\xff') == NULL && strchr(frame.function, '\xfe') == NULL);
  runtime_error_free(error);
}

static void test_long_names_in_backtraces_do_no_harm(void) {
  static const size_t lens[] = {5000, LONGEST, MEGABYTE};
  runtime_frame_t frame;
  for (size_t i = 0; i < 3; i++) {
    char *name = letters(lens[i]);
    runtime_error_t *error = trap(load_named(name, name), &frame);
    size_t len = strlen(frame.function);
    /* A name that is longer than the format allows counts as none; others end at 4 KiB. */
    CHECK(lens[i] > LONGEST ? len == 0 : len >= 4096 - 8 && len <= 4096 + 8);
    CHECK(strlen(frame.module) <= 4096 + 8);
    CHECK(len == 0 || strncmp(frame.function, name, 4000) == 0);
    runtime_error_free(error);
    free(name);
  }
}

/* A C++ name of 700 bytes that stands for one of 2^60: each part is the one before, twice. */
static void test_names_that_grow_when_demangled_do_no_harm(void) {
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  char name[2000] = "_Z1f1PI1AS0_E";
  size_t len = strlen(name);
  for (int n = 1; n < 60; n++) {
    char part[8];
    snprintf(part, sizeof part, n < 36 ? "S%.1s_" : "S1%.1s_", &digits[n % 36]);
    len += (size_t)snprintf(name + len, sizeof name - len, "S_I%s%sE", part, part);
  }
  runtime_frame_t frame;
  runtime_error_t *error = trap(load_named("", name), &frame);
  CHECK(strncmp(frame.function, "_Z1f1PI1AS0_E", 13) == 0);
  runtime_error_free(error);
}

/* Names of exports are letters, digits and dashes, but there may be many. */
static void test_long_names_of_exports_arrive(void) {
  char *name = letters(LONGEST);
  char *wat = join("(component (core module $m (func (export \"f\") (param i32) (result i32)"
                   " (local.get 0))) (core instance $i (instantiate $m)) (func (export \"",
                   name,
                   "\") (param \"x\" u32) (result u32) (canon lift (core func $i \"f\"))))");
  runtime_component_t *component = load_wat(runtime, wat);
  runtime_function_t *function = NULL;
  runtime_bytes_t *out = NULL;
  CHECK_TEXT(runtime_item_name(runtime_component_export(component, 0)), name);
  CHECK_OK(runtime_component_function(component, name, LONGEST, &function));
  CHECK_TEXT(runtime_function_name(function), name);
  CHECK_OK(runtime_function_call_text(function, "(7)", 3, NULL, &out));
  CHECK_TEXT((const char *)runtime_bytes_data(out), "7");
  runtime_function_free(function);
  runtime_bytes_free(out);
  CHECK_ERROR(runtime_component_function(component, name, LONGEST - 1, &function),
              RUNTIME_ERROR_NOT_FOUND, "the component has no function `");
  CHECK_OK(runtime_component_wit(component, &out));
  CHECK(strstr((const char *)runtime_bytes_data(out), name) != NULL);
  runtime_bytes_free(out);
  runtime_component_free(component);
  free(wat);
  free(name);
}

/* As far as a message goes. */
static void test_long_names_of_imports_arrive_in_the_error(void) {
  char *name = letters(LONGEST);
  char *wat = join("(component (import \"", name, "\" (func)))");
  name[1000] = 0;
  load_refused(runtime, wat, RUNTIME_ERROR_LINK, name);
  free(wat);
  free(name);
  name = letters(MEGABYTE);
  wat = join("(component (import \"", name, "\" (func)))");
  load_refused(runtime, wat, RUNTIME_ERROR_COMPILE, "");
  free(wat);
  free(name);
}

/* Names that the format forbids are shown, not obeyed. */
static void test_malformed_names_arrive_in_the_error(void) {
  static const char *const names[] = {"a\\00b", "a\\0ab", "\\1b[31m", "%n", "\\e2\\80\\ae", "A b"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *wat = join("(component (import \"", names[i], "\" (func)))");
    runtime_component_t *component = NULL;
    runtime_error_t *error =
        runtime_component_new(runtime, (uint8_t *)wat, strlen(wat), NULL, &component);
    CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_COMPILE && component == NULL);
    CHECK(strlen(runtime_error_message(error)) == runtime_error_message_len(error));
    CHECK(strchr(runtime_error_message(error), '\n') == NULL);
    runtime_error_free(error);
    free(wat);
  }
}

/* What the host itself calls things is treated the same. */
static void test_names_with_nul_from_the_host_are_whole(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_function_t *function = NULL;
  options.name = "a\0b";
  options.name_len = 3;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)"(component)", 11, &options,
                                 &component));
  CHECK_TEXT(runtime_component_name(component), "a" REPLACEMENT "b");
  CHECK_ERROR(runtime_component_function(component, "f\0g", 3, &function), RUNTIME_ERROR_NOT_FOUND,
              "`f" REPLACEMENT "g`");
  CHECK(function == NULL);
  runtime_component_free(component);
}

/* What the log callback below waits for, and how often it came. */
static const char *expected;
static size_t expected_len;
static int arrived;

static void on_record(void *user_data, runtime_log_level_t level, const char *target,
                      size_t target_len, const char *message, size_t message_len) {
  (void)user_data, (void)level, (void)target, (void)target_len;
  if (memmem(message, message_len, expected, expected_len) != NULL) arrived++;
}

/* The guest logs `text`, which is WAVE, and `len` bytes at `wanted` arrive in a record. */
static void check_logged(const runtime_component_t *component, const char *text,
                         const char *wanted, size_t len) {
  char *call = join("wasmcell:test/outside@0.1.0#log(\"error\", \"here\", \"", text, "\")");
  expected = wanted;
  expected_len = len;
  arrived = 0;
  CHECK_CALL(component, call, "()");
  CHECK(arrived == 1);
  free(call);
}

static void test_what_guests_log_arrives(void) {
  char *text = letters(MEGABYTE);
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_INFO, on_record, NULL, NULL);
  runtime_t *logging = load_runtime(builder);
  runtime_component_t *component = load_guest(logging, "wasi.wasm");
  check_logged(component, "plain", "plain", 5);
  check_logged(component, "a\\u{0}b", "a\0b", 3);
  check_logged(component, "%s%n", "%s%n", 4);
  check_logged(component, "\xc3\xbc\\u{202e}", "\xc3\xbc\xe2\x80\xae", 5);
  /* A record ends at 64 KiB. */
  check_logged(component, text, text, 65000);
  runtime_component_free(component);
  runtime_free(logging);
  free(text);
}

/* The same on its way back. */
static void test_results_are_whole(void) {
  size_t len = 0;
  runtime_component_t *component = NULL;
  runtime_values_t *results = NULL;
  uint8_t *wat = check_guest("wat/echo.wat", &len);
  CHECK_OK(runtime_component_new(runtime, wat, len, NULL, &component));
  free(wat);
  char *text = letters(MEGABYTE);
  text[5] = 0;
  runtime_value_t arg;
  memset(&arg, 0, sizeof arg);
  arg.kind = RUNTIME_KIND_STRING;
  arg.of.string.ptr = text;
  arg.of.string.len = MEGABYTE;
  runtime_function_t *echo = load_function(component, "echo");
  CHECK_OK(runtime_function_call(echo, &arg, 1, NULL, &results));
  runtime_string_t answer = runtime_values_data(results)->of.string;
  CHECK(answer.len == MEGABYTE && memcmp(answer.ptr, text, MEGABYTE + 1) == 0);
  runtime_values_free(results);
  CHECK_CALL(component, "echo(\"a\\u{0}b\\u{7f}\")", "\"a\\u{0}b\\u{7f}\"");
  free(text);
  runtime_function_free(echo);
  runtime_component_free(component);
}

int main(void) {
  runtime = load_runtime(load_builder());
  RUN(test_names_in_backtraces_may_hold_anything);
  RUN(test_names_that_are_not_utf8_do_no_harm);
  RUN(test_long_names_in_backtraces_do_no_harm);
  RUN(test_names_that_grow_when_demangled_do_no_harm);
  RUN(test_long_names_of_exports_arrive);
  RUN(test_long_names_of_imports_arrive_in_the_error);
  RUN(test_malformed_names_arrive_in_the_error);
  RUN(test_names_with_nul_from_the_host_are_whole);
  RUN(test_what_guests_log_arrives);
  RUN(test_results_are_whole);
  runtime_free(runtime);
  return 0;
}
