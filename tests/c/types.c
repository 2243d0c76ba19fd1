/* Reflection: what a component imports and exports, its types, and its world as text. */
#include "load.h"

#define KINDS "wasmcell:test/kinds@0.1.0#"
#define COUNTERS "wasmcell:test/counters@0.1.0#"

static runtime_component_t *component;

static const runtime_item_t *item(const char *name) {
  for (size_t i = 0; i < runtime_component_export_count(component); i++) {
    const runtime_item_t *it = runtime_component_export(component, i);
    if (strcmp(runtime_item_name(it), name) == 0) return it;
  }
  CHECK_FAIL("no export is called %s", name);
  return NULL;
}

/* The type of an export that is a type, or of the parameter of an export that is a function. */
static const runtime_type_t *type(const char *name) {
  const runtime_type_t *it = runtime_item_type(item(name));
  CHECK(it != NULL);
  return runtime_type_kind(it) == RUNTIME_KIND_FUNCTION ? runtime_type_child(it, 0) : it;
}

static void check_spelling(const runtime_type_t *it, const char *spelling) {
  runtime_bytes_t *text = NULL;
  CHECK_OK(runtime_type_text(it, &text));
  CHECK_TEXT((const char *)runtime_bytes_data(text), spelling);
  CHECK(runtime_bytes_len(text) == strlen(spelling));
  runtime_bytes_free(text);
}

/* `it` has no parts, and is spelt like that. */
static void check_plain(const runtime_type_t *it, int kind, const char *spelling) {
  CHECK((int)runtime_type_kind(it) == kind && runtime_type_len(it) == 0);
  CHECK(runtime_type_child(it, 0) == NULL && runtime_type_child_name(it, 0) == NULL);
  CHECK(runtime_type_result(it) == NULL);
  check_spelling(it, spelling);
}

static void test_plain_types_have_a_kind_and_no_parts(void) {
  static const struct {
    const char *name;
    int kind;
  } plain[] = {
      {"bool", RUNTIME_KIND_BOOL}, {"s8", RUNTIME_KIND_S8},         {"u8", RUNTIME_KIND_U8},
      {"s16", RUNTIME_KIND_S16},   {"u16", RUNTIME_KIND_U16},       {"s32", RUNTIME_KIND_S32},
      {"u32", RUNTIME_KIND_U32},   {"s64", RUNTIME_KIND_S64},       {"u64", RUNTIME_KIND_U64},
      {"f32", RUNTIME_KIND_F32},   {"f64", RUNTIME_KIND_F64},       {"char", RUNTIME_KIND_CHAR},
      {"string", RUNTIME_KIND_STRING},
  };
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    char name[64];
    snprintf(name, sizeof name, KINDS "echo-%s", plain[i].name);
    check_plain(type(name), plain[i].kind, plain[i].name);
  }
}

/* The child has this name, or none, and this kind, or no type. */
static void check_child(const runtime_type_t *it, size_t index, const char *name, int kind) {
  const char *actual = runtime_type_child_name(it, index);
  if (name == NULL) {
    CHECK(actual == NULL);
  } else {
    CHECK_TEXT(actual, name);
  }
  CHECK((int)runtime_type_kind(runtime_type_child(it, index)) == kind);
}

/* Nothing lies behind the last child. */
static void check_len(const runtime_type_t *it, size_t len) {
  CHECK(runtime_type_len(it) == len);
  CHECK(runtime_type_child(it, len) == NULL && runtime_type_child_name(it, len) == NULL);
  CHECK(runtime_type_child(it, SIZE_MAX) == NULL && runtime_type_child_name(it, SIZE_MAX) == NULL);
}

static void test_records_and_tuples_have_fields(void) {
  const runtime_type_t *shape = type(KINDS "shape");
  CHECK(runtime_type_kind(shape) == RUNTIME_KIND_RECORD);
  check_len(shape, 4);
  check_child(shape, 0, "name", RUNTIME_KIND_STRING);
  check_child(shape, 1, "corners", RUNTIME_KIND_LIST);
  check_child(shape, 2, "colour", RUNTIME_KIND_OPTION);
  check_child(shape, 3, "weight", RUNTIME_KIND_F64);
  const runtime_type_t *corner = runtime_type_child(runtime_type_child(shape, 1), 0);
  CHECK(runtime_type_kind(corner) == RUNTIME_KIND_RECORD);
  check_child(corner, 1, "y", RUNTIME_KIND_S32);
  /* Names are as in WIT, whatever they mean in C. */
  const runtime_type_t *odd = type(KINDS "odd");
  check_child(odd, 0, "list", RUNTIME_KIND_BOOL);
  check_child(odd, 1, "int", RUNTIME_KIND_CHAR);
  check_child(odd, 2, "HTTP-code", RUNTIME_KIND_U16);

  const runtime_type_t *tuple = type(KINDS "echo-tuple");
  CHECK(runtime_type_kind(tuple) == RUNTIME_KIND_TUPLE);
  check_len(tuple, 3);
  check_child(tuple, 0, NULL, RUNTIME_KIND_U8);
  check_child(tuple, 2, NULL, RUNTIME_KIND_F32);
  check_spelling(tuple, "tuple<u8, string, f32>");
}

static void test_variants_enums_and_flags_have_cases(void) {
  const runtime_type_t *size = type(KINDS "size");
  CHECK(runtime_type_kind(size) == RUNTIME_KIND_VARIANT);
  check_len(size, 4);
  check_child(size, 0, "unknown", RUNTIME_KIND_NONE);
  check_child(size, 1, "exact", RUNTIME_KIND_U64);
  check_child(size, 2, "range", RUNTIME_KIND_TUPLE);
  check_child(size, 3, "named", RUNTIME_KIND_STRING);
  check_spelling(size, "variant { unknown, exact(u64), range(tuple<u64, u64>), named(string) }");

  const runtime_type_t *colour = type(KINDS "colour");
  CHECK(runtime_type_kind(colour) == RUNTIME_KIND_ENUM);
  check_len(colour, 3);
  check_child(colour, 2, "blue", RUNTIME_KIND_NONE);

  const runtime_type_t *rights = type(KINDS "rights");
  CHECK(runtime_type_kind(rights) == RUNTIME_KIND_FLAGS);
  check_len(rights, 3);
  check_child(rights, 1, "write", RUNTIME_KIND_NONE);
  check_len(type(KINDS "many"), 32);
  check_child(type(KINDS "many"), 31, "n31", RUNTIME_KIND_NONE);
}

static void test_lists_options_and_results_have_children(void) {
  const runtime_type_t *nested = type(KINDS "echo-nested");
  CHECK(runtime_type_kind(nested) == RUNTIME_KIND_LIST);
  check_len(nested, 1);
  check_child(nested, 0, NULL, RUNTIME_KIND_LIST);
  check_child(runtime_type_child(nested, 0), 0, NULL, RUNTIME_KIND_U16);

  const runtime_type_t *option = type(KINDS "echo-option-option");
  CHECK(runtime_type_kind(option) == RUNTIME_KIND_OPTION);
  check_len(option, 1);
  check_child(option, 0, NULL, RUNTIME_KIND_OPTION);

  const runtime_type_t *result = type(KINDS "echo-result");
  CHECK(runtime_type_kind(result) == RUNTIME_KIND_RESULT);
  check_len(result, 2);
  check_child(result, 0, "ok", RUNTIME_KIND_U64);
  check_child(result, 1, "err", RUNTIME_KIND_STRING);
  check_child(type(KINDS "echo-result-ok-only"), 1, "err", RUNTIME_KIND_NONE);
  check_child(type(KINDS "echo-result-error-only"), 0, "ok", RUNTIME_KIND_NONE);
  check_len(type(KINDS "echo-result-bare"), 2);
  check_spelling(type(KINDS "echo-result-error-only"), "result<_, u8>");
  check_spelling(type(KINDS "echo-result-bare"), "result");
}

static void test_functions_have_parameters_and_a_result(void) {
  const runtime_item_t *divide = item("divide");
  const runtime_type_t *it = runtime_item_type(divide);
  CHECK(runtime_item_kind(divide) == RUNTIME_ITEM_KIND_FUNCTION);
  CHECK(runtime_type_kind(it) == RUNTIME_KIND_FUNCTION);
  check_len(it, 2);
  check_child(it, 0, "a", RUNTIME_KIND_S64);
  check_child(it, 1, "b", RUNTIME_KIND_S64);
  CHECK(runtime_type_kind(runtime_type_result(it)) == RUNTIME_KIND_RESULT);
  check_spelling(it, "func(a: s64, b: s64) -> result<s64, string>");
  it = runtime_item_type(item(KINDS "nothing"));
  check_len(it, 0);
  CHECK(runtime_type_result(it) == NULL);
  check_spelling(it, "func()");
  CHECK(runtime_type_len(runtime_item_type(item(KINDS "echo-fifteen"))) == 15);
}

static void test_resources_are_shown(void) {
  const runtime_item_t *counter = item(COUNTERS "counter");
  CHECK(runtime_item_kind(counter) == RUNTIME_ITEM_KIND_RESOURCE);
  CHECK(runtime_item_type(counter) == NULL);
  const runtime_type_t *make = runtime_item_type(item(COUNTERS "[constructor]counter"));
  check_plain(runtime_type_result(make), RUNTIME_KIND_OWN, "own<counter>");
  check_plain(type(COUNTERS "[method]counter.increment"), RUNTIME_KIND_BORROW, "borrow<counter>");
  CHECK(runtime_item_kind(item(KINDS "point")) == RUNTIME_ITEM_KIND_TYPE);
}

static void test_imports_are_shown(void) {
  size_t count = runtime_component_import_count(component);
  bool found = false;
  CHECK(count > 0 && runtime_component_import(component, count) == NULL);
  CHECK(runtime_component_export(component, runtime_component_export_count(component)) == NULL);
  for (size_t i = 0; i < count; i++) {
    const runtime_item_t *it = runtime_component_import(component, i);
    CHECK(strncmp(runtime_item_name(it), "wasi:", 5) == 0);
    if (strstr(runtime_item_name(it), "cli/stdout@0.2.12#get-stdout") == NULL) continue;
    check_spelling(runtime_item_type(it), "func() -> own<output-stream>");
    found = true;
  }
  CHECK(found);
}

/* The same function, looked up. */
static void test_a_function_knows_its_type(void) {
  runtime_function_t *function = load_function(component, KINDS "echo-shape");
  const runtime_type_t *it = runtime_function_type(function);
  CHECK_TEXT(runtime_function_name(function), KINDS "echo-shape");
  CHECK(runtime_type_kind(it) == RUNTIME_KIND_FUNCTION && runtime_type_len(it) == 1);
  CHECK(runtime_type_kind(runtime_type_result(it)) == RUNTIME_KIND_RECORD);
  runtime_function_free(function);
}

static void test_the_world_is_spelt_as_wit(void) {
  static const char *const lines[] = {
      "  export divide: func(a: s64, b: s64) -> result<s64, string>;",
      "  import wasi:cli/stdout@0.2.12;",
      "  export wasmcell:test/kinds@0.1.0;",
      "    flags rights {\n      read,\n      write,\n      execute,\n    }",
      "    echo-shape: func(x: shape) -> shape;",
      "      compare: static func(a: borrow<counter>, b: borrow<counter>) -> s32;",
  };
  runtime_bytes_t *wit = NULL;
  CHECK_OK(runtime_component_wit(component, &wit));
  const char *text = (const char *)runtime_bytes_data(wit);
  CHECK(strlen(text) == runtime_bytes_len(wit));
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    if (strstr(text, lines[i]) == NULL) CHECK_FAIL("no `%s` in the world", lines[i]);
  }
  runtime_bytes_free(wit);
}

/* What a world of WIT cannot hold is shown item by item. */
static void test_modules_are_shown_and_have_no_wit(const runtime_t *runtime) {
  runtime_bytes_t *wit = NULL;
  runtime_component_t *it = load_wat(runtime, "(component (core module $m) (export \"code\""
                                              " (core module $m)))");
  const runtime_item_t *code = runtime_component_export(it, 0);
  CHECK_TEXT(runtime_item_name(code), "code");
  CHECK(runtime_item_kind(code) == RUNTIME_ITEM_KIND_MODULE && runtime_item_type(code) == NULL);
  CHECK_ERROR(runtime_component_wit(it, &wit), RUNTIME_ERROR_UNSUPPORTED, "");
  CHECK(wit == NULL);
  runtime_component_free(it);
}

int main(void) {
  runtime_t *runtime = load_runtime(load_builder());
  component = load_guest(runtime, "kinds.wasm");
  RUN(test_plain_types_have_a_kind_and_no_parts);
  RUN(test_records_and_tuples_have_fields);
  RUN(test_variants_enums_and_flags_have_cases);
  RUN(test_lists_options_and_results_have_children);
  RUN(test_functions_have_parameters_and_a_result);
  RUN(test_resources_are_shown);
  RUN(test_imports_are_shown);
  RUN(test_a_function_knows_its_type);
  RUN(test_the_world_is_spelt_as_wit);
  puts("test_modules_are_shown_and_have_no_wit");
  test_modules_are_shown_and_have_no_wit(runtime);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
