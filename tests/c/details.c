/* What errors are about, as data: imports, arguments, settings, what was asked and is allowed. */
#include "load.h"

static runtime_error_details_t details(const runtime_error_t *error) {
  runtime_error_details_t it = RUNTIME_ERROR_DETAILS_INIT;
  CHECK(runtime_error_details(error, &it));
  CHECK(it.struct_size == sizeof it);
  CHECK(it.import != NULL && it.argument != NULL && it.setting != NULL);
  return it;
}

/* `error` has this code and these details, and ends here. */
static void expect(runtime_error_t *error, int code, const char *import, const char *argument,
                   const char *setting, uint64_t asked, uint64_t allowed) {
  const runtime_error_details_t it = details(error);
  CHECK((int)runtime_error_code(error) == code);
  CHECK(strcmp(it.import, import) == 0);
  CHECK(strcmp(it.argument, argument) == 0);
  CHECK(strcmp(it.setting, setting) == 0);
  if (it.asked != asked || it.allowed != allowed) {
    CHECK_FAIL("asked %llu, allowed %llu: %s", (unsigned long long)it.asked,
               (unsigned long long)it.allowed, runtime_error_message(error));
  }
  runtime_error_free(error);
}

static runtime_error_t *loading(const runtime_t *runtime, const char *wat) {
  runtime_component_t *component = NULL;
  return runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component);
}

static runtime_error_t *calling(const runtime_component_t *component, const char *text) {
  runtime_bytes_t *out = NULL;
  return runtime_component_call_text(component, text, strlen(text), NULL, &out);
}

static void test_nothing_is_known_of_no_error(void) {
  runtime_error_details_t it = RUNTIME_ERROR_DETAILS_INIT;
  CHECK(!runtime_error_details(NULL, &it));
  CHECK(it.setting == NULL && it.allowed == 0);
  runtime_error_t *own = runtime_error_new("mine", 4);
  CHECK(!runtime_error_details(own, NULL));
  it.struct_size = 0;
  CHECK(!runtime_error_details(own, &it));
  expect(own, RUNTIME_ERROR_HOST, "", "", "", 0, 0);
}

static void test_what_was_passed_is_named(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_stack(builder, 1);
  expect(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "", "max_stack", "", 0,
         0);
  runtime_builder_free(builder);
  expect(runtime_build(NULL, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "", "builder", "", 0, 0);

  runtime = load_runtime(load_builder());
  runtime_component_t *component =
      load_wat(runtime,
               "(component (core module $m (memory (export \"m\") 1)"
               "  (func (export \"r\") (param i32 i32 i32 i32) (result i32) (i32.const 64))"
               "  (func (export \"f\") (param i32 i32)))"
               " (core instance $i (instantiate $m))"
               " (type $p (record (field \"x\" u8) (field \"y\" u8)))"
               " (export $q \"p\" (type $p))"
               " (func (export \"f\") (param \"points\" (list $q)) (canon lift (core func $i \"f\")"
               "   (memory (core memory $i \"m\")) (realloc (core func $i \"r\")))))");
  expect(calling(component, "f([{x: 1, y: 2}, {x: 3, y: 256}])"), RUNTIME_ERROR_TYPE_MISMATCH,
         "", "points[1].y", "", 0, 0);
  expect(calling(component, "f(\"points\")"), RUNTIME_ERROR_TYPE_MISMATCH, "", "points", "", 0, 0);
  expect(calling(component, "f()"), RUNTIME_ERROR_TYPE_MISMATCH, "", "points", "", 0, 0);
  runtime_component_free(component);
  runtime_free(runtime);
}

static runtime_error_t *answer(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                               size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results_len;
  results[0].kind = RUNTIME_KIND_BOOL;
  return NULL;
}

#define GET "test:details/host@1.0.0#get"

/* Loads `wat` where the host defines GET with this type. */
static runtime_error_t *linking(const runtime_t *runtime, const char *path, const char *wat,
                                runtime_component_t **component) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_linker_t *linker = NULL;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, path, strlen(path), answer, NULL, NULL));
  options.linker = linker;
  runtime_error_t *error =
      runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), &options, component);
  runtime_linker_free(linker);
  return error;
}

static void test_the_import_is_named(void) {
  static const char guest[] =
      "(component (import \"test:details/host@1.0.0\" (instance $h"
      "   (export \"get\" (func (result u32)))))"
      " (core func $get (canon lower (func $h \"get\")))"
      " (core module $m (import \"h\" \"get\" (func $get (result i32)))"
      "   (func (export \"f\") (result i32) (call $get)))"
      " (core instance $i (instantiate $m (with \"h\" (instance (export \"get\" (func $get))))))"
      " (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))";
  runtime_t *runtime = load_runtime(load_builder());
  runtime_component_t *component = NULL;
  expect(loading(runtime, guest), RUNTIME_ERROR_LINK, GET, "", "", 0, 0);
  expect(linking(runtime, GET ": func() -> u64", guest, &component), RUNTIME_ERROR_LINK, GET, "",
         "", 0, 0);
  CHECK_OK(linking(runtime, GET ": func() -> u32", guest, &component));
  expect(calling(component, "f()"), RUNTIME_ERROR_TYPE_MISMATCH, GET, "result", "", 0, 0);
  runtime_component_free(component);

  /* A guest's name has an end. */
  char *name = malloc(5001), *wat = malloc(6000);
  CHECK(name != NULL && wat != NULL);
  memset(name, 'n', 5000);
  name[5000] = 0;
  snprintf(wat, 6000, "(component (import \"%s\" (func)))", name);
  runtime_error_t *error = loading(runtime, wat);
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_LINK);
  const char *import = details(error).import;
  CHECK(strlen(import) == 1003 && strncmp(import, name, 1000) == 0);
  CHECK(strcmp(import + 1000, "\xE2\x80\xA6") == 0);
  runtime_error_free(error);
  free(wat);
  free(name);
  runtime_free(runtime);
}

static void test_limits_say_what_was_asked_and_what_is_allowed(void) {
  static const char guest[] =
      "(component (core module $m (memory 1)"
      "   (func (export \"grow\") (if (i32.eq (memory.grow (i32.const 19)) (i32.const -1))"
      "     (then unreachable)))"
      "   (func $deep (export \"deep\") (call $deep)))"
      " (core instance $i (instantiate $m))"
      " (func (export \"grow\") (canon lift (core func $i \"grow\")))"
      " (func (export \"deep\") (canon lift (core func $i \"deep\"))))";
  for (int pool = 0; pool < 2; pool++) {
    runtime_builder_t *builder = load_builder();
    if (!pool) runtime_builder_force_on_demand_allocator(builder);
    runtime_builder_max_linear_memory(builder, 4 * 65536);
    runtime_builder_max_component_size(builder, 2000);
    runtime_builder_max_stack(builder, 100000);
    runtime_builder_fuel(builder, 1000);
    runtime_t *runtime = load_runtime(builder);
    runtime_component_t *component = load_wat(runtime, guest);
    expect(calling(component, "grow()"), RUNTIME_ERROR_MEMORY_LIMIT, "", "", "max_linear_memory",
           20 * 65536, 4 * 65536);
    expect(calling(component, "deep()"), RUNTIME_ERROR_FUEL, "", "", "fuel", 0, 1000);
    runtime_component_free(component);
    expect(loading(runtime, "(component (core module $m (memory 5))"
                            " (core instance (instantiate $m)))"),
           RUNTIME_ERROR_MEMORY_LIMIT, "", "", "max_linear_memory", 5 * 65536, 4 * 65536);
    char binary[3000] = {0, 'a', 's', 'm', 13, 0, 1, 0};
    expect(runtime_component_new(runtime, (const uint8_t *)binary, sizeof binary, NULL, &component),
           RUNTIME_ERROR_COMPONENT_TOO_LARGE, "", "", "max_component_size", 3000, 2000);
    runtime_free(runtime);
  }
}

int main(void) {
  RUN(test_nothing_is_known_of_no_error);
  RUN(test_what_was_passed_is_named);
  RUN(test_the_import_is_named);
  RUN(test_limits_say_what_was_asked_and_what_is_allowed);
  return 0;
}
