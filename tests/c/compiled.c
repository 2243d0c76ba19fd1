/* Compiled components: written out, read back, and refused when they are something else. */
#include "load.h"

static runtime_t *runtime;

static runtime_bytes_t *serialized(const runtime_component_t *component) {
  runtime_bytes_t *code = NULL;
  CHECK_OK(runtime_component_serialize(component, &code));
  CHECK(runtime_bytes_len(code) > 0);
  return code;
}

static runtime_error_t *deserialize(const runtime_t *into, const void *bytes, size_t len,
                                    runtime_component_t **out) {
  return runtime_component_deserialize(into, bytes, len, NULL, out);
}

static runtime_component_t *loaded(const runtime_t *into, const runtime_bytes_t *code) {
  runtime_component_t *component = NULL;
  CHECK_OK(deserialize(into, runtime_bytes_data(code), runtime_bytes_len(code), &component));
  return component;
}

static void refuse(const runtime_t *into, const void *bytes, size_t len, const char *text) {
  runtime_component_t *component = NULL;
  CHECK_ERROR(deserialize(into, bytes, len, &component), RUNTIME_ERROR_COMPILE, text);
  CHECK(component == NULL);
}

static void test_what_is_written_can_be_read(void) {
  runtime_component_t *original = load_guest(runtime, "kinds.wasm");
  runtime_bytes_t *code = serialized(original);
  runtime_component_t *copy = loaded(runtime, code);
  CHECK_CALL(copy, "add(1, 2)", "3");
  CHECK_CALL(copy, "wasmcell:test/kinds@0.1.0#echo-strings([\"a\", \"\\n\"])", "[\"a\", \"\\n\"]");
  CHECK(runtime_component_export_count(copy) == runtime_component_export_count(original));
  CHECK(runtime_component_import_count(copy) == runtime_component_import_count(original));
  runtime_bytes_t *wit = NULL;
  runtime_bytes_t *same = NULL;
  CHECK_OK(runtime_component_wit(original, &wit));
  CHECK_OK(runtime_component_wit(copy, &same));
  CHECK_TEXT((const char *)runtime_bytes_data(same), (const char *)runtime_bytes_data(wit));
  runtime_bytes_free(wit);
  runtime_bytes_free(same);
  runtime_bytes_free(code);
  runtime_component_free(original);
  CHECK_CALL(copy, "add(2, 2)", "4");
  runtime_component_free(copy);
}

/* Bytes need nothing of the runtime that they come from, and a copy of a copy is the same. */
static void test_bytes_outlive_their_runtime(void) {
  runtime_t *first = load_runtime(load_builder());
  runtime_component_t *component = load_guest(first, "greeter-c.wasm");
  runtime_bytes_t *code = serialized(component);
  runtime_component_free(component);
  runtime_free(first);
  runtime_component_t *copy = loaded(runtime, code);
  CHECK_CALL(copy, "greet(\"you\")", "\"Hello, you!\"");
  runtime_bytes_t *again = serialized(copy);
  CHECK(runtime_bytes_len(again) == runtime_bytes_len(code));
  CHECK(memcmp(runtime_bytes_data(again), runtime_bytes_data(code), runtime_bytes_len(code)) == 0);
  runtime_bytes_free(code);
  runtime_bytes_free(again);
  runtime_component_free(copy);
}

static void test_a_name_can_be_given(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = load_guest(runtime, "greeter-c.wasm");
  runtime_bytes_t *code = serialized(component);
  runtime_component_t *copy = NULL;
  options.name = "copy";
  options.name_len = 4;
  CHECK_OK(runtime_component_deserialize(runtime, runtime_bytes_data(code),
                                         runtime_bytes_len(code), &options, &copy));
  CHECK_TEXT(runtime_component_name(copy), "copy");
  runtime_component_free(copy);
  runtime_bytes_free(code);
  runtime_component_free(component);
}

static void test_what_is_not_compiled_is_refused(void) {
  size_t len = 0;
  uint8_t *wasm = check_guest("greeter-c.wasm", &len);
  refuse(runtime, wasm, len, "still has to be compiled");
  refuse(runtime, "", 0, "empty");
  refuse(runtime, "(component)", 11, "not a serialized component");
  free(wasm);
  /* And the other way round. */
  runtime_component_t *component = load_guest(runtime, "greeter-c.wasm");
  runtime_component_t *none = NULL;
  runtime_bytes_t *code = serialized(component);
  CHECK_ERROR(runtime_component_new(runtime, runtime_bytes_data(code), runtime_bytes_len(code),
                                    NULL, &none),
              RUNTIME_ERROR_COMPILE, "has to be deserialized");
  CHECK(none == NULL);
  runtime_bytes_free(code);
  runtime_component_free(component);
}

static void test_damaged_code_is_refused(void) {
  runtime_component_t *component = load_guest(runtime, "greeter-c.wasm");
  runtime_bytes_t *code = serialized(component);
  size_t len = runtime_bytes_len(code);
  size_t step = getenv("WASMCELL_TEST_SMALL") != NULL ? len / 10 : len / 500;
  uint8_t *bytes = malloc(len + 1);
  CHECK(bytes != NULL);
  memcpy(bytes, runtime_bytes_data(code), len);
  bytes[len] = 0;
  for (size_t at = 0; at < len; at += at < 60 ? 1 : step) {
    bytes[at] ^= 0x40;
    refuse(runtime, bytes, len, "serialized component");
    bytes[at] ^= 0x40;
    refuse(runtime, bytes, at, "serialized component");
  }
  refuse(runtime, bytes, len + 1, "damaged");
  free(bytes);
  runtime_bytes_free(code);
  runtime_component_free(component);
}

/* The format's version follows the eight bytes of magic. */
static void test_code_of_another_version_is_refused(void) {
  runtime_component_t *component = load_guest(runtime, "greeter-c.wasm");
  runtime_bytes_t *code = serialized(component);
  size_t len = runtime_bytes_len(code);
  uint8_t *bytes = malloc(len);
  CHECK(bytes != NULL);
  memcpy(bytes, runtime_bytes_data(code), len);
  bytes[8]++;
  refuse(runtime, bytes, len, "format 5, not 4");
  free(bytes);
  runtime_bytes_free(code);
  runtime_component_free(component);
}

static void test_code_for_other_settings_is_refused(void) {
  runtime_component_t *component = load_guest(runtime, "greeter-c.wasm");
  runtime_bytes_t *code = serialized(component);
  runtime_builder_t *builder = load_builder();
  runtime_builder_fuel(builder, 1000000);
  runtime_t *counting = load_runtime(builder);
  refuse(counting, runtime_bytes_data(code), runtime_bytes_len(code), "fuel");
  runtime_free(counting);
  runtime_bytes_free(code);
  runtime_component_free(component);
}

/* Limits and imports are looked at anew: compiled code is no way around them. */
static void test_limits_and_imports_hold_for_compiled_code(void) {
  runtime_component_t *none = NULL;
  runtime_component_t *component = load_wat(
      runtime, "(component (core module $m (memory 32)) (core instance (instantiate $m)))");
  runtime_bytes_t *code = serialized(component);
  runtime_builder_t *builder = load_builder();
  runtime_builder_max_linear_memory(builder, 1 << 20);
  runtime_t *narrow = load_runtime(builder);
  CHECK_ERROR(deserialize(narrow, runtime_bytes_data(code), runtime_bytes_len(code), &none),
              RUNTIME_ERROR_MEMORY_LIMIT, "max_linear_memory");
  runtime_free(narrow);
  runtime_bytes_free(code);
  runtime_component_free(component);

  builder = load_builder();
  runtime_builder_experimental_features(builder, RUNTIME_FEATURE_RPC_INTERFACE);
  runtime_t *open = load_runtime(builder);
  component = load_wat(open, "(component (import \"wrpc:rpc/x@0.1.0\" (instance)))");
  code = serialized(component);
  CHECK_ERROR(deserialize(runtime, runtime_bytes_data(code), runtime_bytes_len(code), &none),
              RUNTIME_ERROR_LINK, "rpc-interface");
  CHECK(none == NULL);
  runtime_bytes_free(code);
  runtime_component_free(component);
  runtime_free(open);
}

int main(void) {
  runtime = load_runtime(load_builder());
  RUN(test_what_is_written_can_be_read);
  RUN(test_bytes_outlive_their_runtime);
  RUN(test_a_name_can_be_given);
  RUN(test_what_is_not_compiled_is_refused);
  RUN(test_damaged_code_is_refused);
  RUN(test_code_of_another_version_is_refused);
  RUN(test_code_for_other_settings_is_refused);
  RUN(test_limits_and_imports_hold_for_compiled_code);
  runtime_free(runtime);
  return 0;
}
