/* Loading components: from bytes and files, what is refused, and what they may import. */
#include <unistd.h>

#include "load.h"

static runtime_t *runtime;

static const char answer_wat[] =
    "(component"
    "  (core module $m (func (export \"answer\") (result i32) (i32.const 42)))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"answer\") (result u32) (canon lift (core func $i \"answer\"))))";

static runtime_error_t *from_file(const char *path, runtime_component_t **out) {
  return runtime_component_from_file(runtime, path, strlen(path), NULL, out);
}

static void refuse_file(const char *path, int code, const char *text) {
  runtime_component_t *component = NULL;
  CHECK_ERROR(from_file(path, &component), code, text);
  CHECK(component == NULL);
}

static void test_binary_and_text_are_loaded(void) {
  runtime_component_t *component = load_wat(runtime, answer_wat);
  CHECK_CALL(component, "answer()", "42");
  runtime_component_free(component);
  component = load_guest(runtime, "greeter-c.wasm");
  CHECK_CALL(component, "greet(\"world\")", "\"Hello, world!\"");
  runtime_component_free(component);
}

/* The bytes are borrowed for the call only. */
static void test_bytes_may_go_after_loading(void) {
  size_t len = 0;
  runtime_component_t *component = NULL;
  uint8_t *bytes = check_guest("greeter-c.wasm", &len);
  CHECK_OK(runtime_component_new(runtime, bytes, len, NULL, &component));
  memset(bytes, 0xA5, len);
  free(bytes);
  CHECK_CALL(component, "greet(\"\")", "\"Hello, !\"");
  runtime_component_free(component);
}

static void test_files_are_loaded(void) {
  runtime_component_t *component = NULL;
  const char *path = load_scratch("answer.wat");
  load_write(path, answer_wat, strlen(answer_wat));
  CHECK_OK(from_file(path, &component));
  CHECK_CALL(component, "answer()", "42");
  runtime_component_free(component);
}

static void test_files_that_are_not_there_are_named(void) {
  refuse_file("/no/such/place.wasm", RUNTIME_ERROR_IO, "/no/such/place.wasm");
  refuse_file(".", RUNTIME_ERROR_IO, "");
  refuse_file("", RUNTIME_ERROR_IO, "");
  refuse_file("\xff\xfe.wasm", RUNTIME_ERROR_INVALID_ARGUMENT, "`path`");
  /* A NUL inside ends no path. */
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_from_file(runtime, "/dev/null\0x", 11, NULL, &component),
              RUNTIME_ERROR_IO, "");
  CHECK(component == NULL);
}

static void refuse_bytes(const char *bytes, size_t len, const char *text) {
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)bytes, len, NULL, &component),
              RUNTIME_ERROR_COMPILE, text);
  CHECK(component == NULL);
}

static void test_what_is_no_component_is_refused_with_the_reason(void) {
  load_refused(runtime, "(module)", RUNTIME_ERROR_COMPILE, "wasm-tools component new");
  refuse_bytes("\0asm\1\0\0", 8, "core module");
  refuse_bytes("\0asm\x0c\0\1", 8, "binary format 12");
  refuse_bytes("\0asm\x0d\0\1", 7, "cut off");
  refuse_bytes("", 0, "empty");
  refuse_bytes("\0asm", 4, "cut off");
  refuse_bytes("\x7f\x45\x4c\x46\xff\xff\xff\xff", 8, "neither");
  load_refused(runtime, "hello", RUNTIME_ERROR_COMPILE, "line 1, column 1");
  load_refused(runtime, "(component\n  (func", RUNTIME_ERROR_COMPILE, "line 2");
  load_refused(runtime, "(component (export \"f\" (func 0)))", RUNTIME_ERROR_COMPILE, "");
  refuse_file("/dev/null", RUNTIME_ERROR_COMPILE, "empty");
}

/* Any of the first bytes of a component, or any bit of them changed: refused, or no harm. */
static void test_pieces_of_a_component_are_refused(void) {
  size_t len = 0;
  size_t step = getenv("WASMCELL_TEST_SMALL") != NULL ? 4999 : 97;
  uint8_t *bytes = check_guest("greeter-c.wasm", &len);
  for (size_t cut = 0; cut < len; cut += step) {
    uint8_t *piece = malloc(cut + 1);
    runtime_component_t *component = NULL;
    CHECK(piece != NULL);
    memcpy(piece, bytes, cut);
    runtime_error_t *error = runtime_component_new(runtime, piece, cut, NULL, &component);
    /* A file that ends between two sections is a component, if a useless one. */
    CHECK((error == NULL) == (component != NULL));
    if (error != NULL) CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_COMPILE);
    runtime_error_free(error);
    runtime_component_free(component);
    free(piece);
  }
  for (size_t at = 0; at < len; at += step) {
    runtime_component_t *component = NULL;
    bytes[at] ^= 0x10;
    runtime_error_free(runtime_component_new(runtime, bytes, len, NULL, &component));
    runtime_component_free(component);
    bytes[at] ^= 0x10;
  }
  free(bytes);
}

/* The size is looked at first: none of these is a component. */
static void test_too_large_is_refused_before_anything_else(void) {
  static const uint8_t garbage[101];
  runtime_component_t *component = NULL;
  runtime_t *usual = runtime;
  runtime_builder_t *builder = load_builder();
  runtime_builder_max_component_size(builder, 100);
  runtime = load_runtime(builder);
  CHECK_ERROR(runtime_component_new(runtime, garbage, 101, NULL, &component),
              RUNTIME_ERROR_COMPONENT_TOO_LARGE, "101 bytes; `max_component_size` is 100");
  CHECK_ERROR(runtime_component_new(runtime, garbage, 100, NULL, &component),
              RUNTIME_ERROR_COMPILE, "");
  CHECK_ERROR(runtime_component_new(runtime, garbage, SIZE_MAX / 2, NULL, &component),
              RUNTIME_ERROR_COMPONENT_TOO_LARGE, "max_component_size");
  CHECK(component == NULL);
  runtime_free(runtime);
  runtime = usual;
}

static void test_files_that_are_too_large_are_not_read(void) {
  static const off_t sizes[] = {(50 << 20) + 1, 100 << 20, (off_t)1 << 40};
  const char *path = load_scratch("sparse.wasm");
  load_write(path, "", 0);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK(truncate(path, sizes[i]) == 0);
    refuse_file(path, RUNTIME_ERROR_COMPONENT_TOO_LARGE, "`max_component_size` is 52428800");
  }
  CHECK(remove(path) == 0);
  /* It claims to be empty, and never ends. */
  refuse_file("/dev/zero", RUNTIME_ERROR_COMPONENT_TOO_LARGE, "max_component_size");
}

static void test_missing_imports_are_named(void) {
  load_refused(runtime,
               "(component (import \"acme:host/log@1.0.0\" (instance (export \"log\" (func)))))",
               RUNTIME_ERROR_LINK, "`acme:host/log@1.0.0#log`");
  load_refused(runtime, "(component (import \"log\" (func)))", RUNTIME_ERROR_LINK, "`log`");
  load_refused(runtime,
               "(component (import \"wasi:blobstore/a@0.2.0\" (instance (export \"x\" (func)))))",
               RUNTIME_ERROR_LINK, "not among the WASI interfaces");
  /* It is there, but of another type. */
  load_refused(runtime,
               "(component (import \"wasi:random/random@0.2.0\""
               "  (instance (export \"get-random-u64\" (func (result string))))))",
               RUNTIME_ERROR_LINK, "wasi:random/random@0.2.0");
}

static const char *const gated[] = {
    "wasmcloud:messaging/producer@0.3.0",      "wasmcloud:messaging/request-reply@0.3.0",
    "wasmcloud:messaging/types@0.3.0",         "wasmcloud:identity/store@0.0.1",
    "wrpc:rpc/transport@0.1.0",
};
static const uint64_t gates[] = {
    RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3,      RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3,
    RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3,      RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE,
    RUNTIME_FEATURE_RPC_INTERFACE,
};

/* Loads a component that imports `interface` into a runtime with `features`. */
static void import_gated(const char *interface, uint64_t features, bool is_on) {
  char wat[256];
  runtime_builder_t *builder = load_builder();
  runtime_builder_experimental_features(builder, features);
  runtime_t *it = load_runtime(builder);
  snprintf(wat, sizeof wat, "(component (import \"%s\" (instance (export \"x\" (func)))))",
           interface);
  CHECK(runtime_skip_feature_gated_instance(it, interface, strlen(interface)) == is_on);
  if (is_on) {
    runtime_component_free(load_wat(it, wat));
  } else {
    load_refused(it, wat, RUNTIME_ERROR_LINK, "experimental feature");
    load_refused(it, wat, RUNTIME_ERROR_LINK, interface);
  }
  runtime_free(it);
}

static void test_experimental_interfaces_have_a_gate(void) {
  const uint64_t all = RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3 |
                       RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE | RUNTIME_FEATURE_RPC_INTERFACE;
  for (size_t i = 0; i < sizeof gated / sizeof *gated; i++) {
    import_gated(gated[i], 0, false);
    import_gated(gated[i], gates[i], true);
    import_gated(gated[i], all & ~gates[i], false);
  }
  import_gated("wrpc:rpc/anything@0.1.0", all, true);
  CHECK(!runtime_skip_feature_gated_instance(runtime, "wasi:cli/run@0.2.0", 18));
}

/* The feature is on, and still nobody is there to answer. */
static void test_calling_what_a_gate_lets_pass_traps(void) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_experimental_features(builder, RUNTIME_FEATURE_RPC_INTERFACE);
  runtime_t *it = load_runtime(builder);
  runtime_component_t *component =
      load_wat(it, "(component (import \"wrpc:rpc/x@0.1.0\" (instance $x (export \"f\" (func))))"
                   " (core func $f (canon lower (func $x \"f\")))"
                   " (core module $m (import \"\" \"f\" (func $f))"
                   "   (func (export \"go\") (call $f)) (func (export \"stay\")))"
                   " (core instance $i (instantiate $m (with \"\" (instance"
                   "   (export \"f\" (func $f))))))"
                   " (func (export \"go\") (canon lift (core func $i \"go\")))"
                   " (func (export \"stay\") (canon lift (core func $i \"stay\"))))");
  CHECK_CALL(component, "stay()", "()");
  CHECK_CALL_ERROR(component, "go()", RUNTIME_ERROR_TRAP, "wrpc:rpc/x@0.1.0");
  runtime_component_free(component);
  runtime_free(it);
}

/* WASI is there for whoever imports it, and grants nothing. */
static void test_guests_with_wasi_load_and_see_nothing(void) {
  static const char *const guests[] = {"greeter.wasm", "kinds.wasm", "command.wasm", "wasi.wasm"};
  for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
    runtime_component_t *component = load_guest(runtime, guests[i]);
    CHECK(runtime_component_import_count(component) > 0);
    runtime_component_free(component);
  }
  runtime_component_t *component = load_guest(runtime, "old-wasi.wasm");
  CHECK_CALL(component, "arguments()", "[]");
  CHECK_CALL(component, "environment()", "[]");
  CHECK_CALL(component, "say(\"nobody hears this\")", "()");
  runtime_bytes_t *out = NULL;
  CHECK_OK(runtime_component_call_text(component, "read(\"/etc/passwd\")", 19, NULL, &out));
  CHECK(strncmp((const char *)runtime_bytes_data(out), "err(", 4) == 0);
  runtime_bytes_free(out);
  runtime_component_free(component);
}

static void test_blocking_only_is_yes_or_no(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.blocking_only = 2;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)answer_wat, strlen(answer_wat),
                                    &options, &component),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`options.blocking_only`: is 2");
  CHECK(component == NULL);
}

static void test_names_are_kept(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = load_wat(runtime, answer_wat);
  CHECK_TEXT(runtime_component_name(component), "");
  runtime_component_free(component);
  char name[] = "Antwort \xc3\xa4";
  options.name = name;
  options.name_len = strlen(name);
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)answer_wat, strlen(answer_wat),
                                 &options, &component));
  memset(name, 'x', sizeof name); /* It was copied. */
  CHECK_TEXT(runtime_component_name(component), "Antwort \xc3\xa4");
  runtime_component_t *clone = runtime_component_clone(component);
  runtime_component_free(component);
  CHECK_TEXT(runtime_component_name(clone), "Antwort \xc3\xa4");
  runtime_component_free(clone);
  options.name = "\xff";
  options.name_len = 1;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)answer_wat, strlen(answer_wat),
                                    &options, &component),
              RUNTIME_ERROR_INVALID_ARGUMENT, "name");
  CHECK(component == NULL);
}

int main(void) {
  runtime = load_runtime(load_builder());
  RUN(test_binary_and_text_are_loaded);
  RUN(test_bytes_may_go_after_loading);
  RUN(test_files_are_loaded);
  RUN(test_files_that_are_not_there_are_named);
  RUN(test_what_is_no_component_is_refused_with_the_reason);
  RUN(test_pieces_of_a_component_are_refused);
  RUN(test_too_large_is_refused_before_anything_else);
  RUN(test_files_that_are_too_large_are_not_read);
  RUN(test_missing_imports_are_named);
  RUN(test_experimental_interfaces_have_a_gate);
  RUN(test_calling_what_a_gate_lets_pass_traps);
  RUN(test_guests_with_wasi_load_and_see_nothing);
  RUN(test_blocking_only_is_yes_or_no);
  RUN(test_names_are_kept);
  runtime_free(runtime);
  return 0;
}
