/* threads */
/* Which definition serves which import: exact and compatible versions, and nothing of another type.
 * What a guest imports is its own choice, so each test also tries what an honest one would not. */
#include "hosts.h"

/* A component that imports `f` with the type `type`, from each of the interfaces in `imports`, and
 * exports `ask0`, `ask1` and so on, which call these. */
static char *guest_of(const char *const *imports, const char *const *types, size_t count) {
  static char text[8192];
  size_t at = 0;
  at += (size_t)snprintf(text + at, sizeof text - at, "(component");
  for (size_t i = 0; i < count; i++)
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "(import \"%s\" (instance $i%zu (export \"f\" (func %s))))", imports[i],
                           i, types[i]);
  for (size_t i = 0; i < count; i++) {
    const char *param = strstr(types[i], "\"a\" u64") != NULL ? "i64" : "i32";
    const char *result = strstr(types[i], "result u64") != NULL ? "i64" : "i32";
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "(core func $f%zu (canon lower (func $i%zu \"f\")))"
                           "(core module $m%zu (import \"\" \"f\" (func $f (param %s) (result %s)))"
                           "  (func (export \"ask\") (param %s) (result %s)"
                           "    (call $f (local.get 0))))"
                           "(core instance $c%zu (instantiate $m%zu"
                           "  (with \"\" (instance (export \"f\" (func $f%zu))))))"
                           "(func (export \"ask%zu\") %s (canon lift (core func $c%zu \"ask\")))",
                           i, i, i, param, result, param, result, i, i, i, i, types[i], i);
  }
  at += (size_t)snprintf(text + at, sizeof text - at, ")");
  CHECK(at < sizeof text);
  return text;
}

#define U32 "(param \"a\" u32) (result u32)"
#define U64 "(param \"a\" u64) (result u32)"
#define WIDE "(param \"a\" u32) (result u64)"

/* Answers with the number in `user_data`, which tells the definitions apart. */
static runtime_error_t *host_number(void *user_data, runtime_call_t *call,
                                    const runtime_value_t *args, size_t args_len,
                                    runtime_value_t *results, size_t results_len) {
  (void)call;
  CHECK(args_len == 1 && results_len == 1 && args[0].kind == RUNTIME_KIND_U32);
  results[0] = value_u32((uint32_t) * (const int *)user_data + args[0].of.u32);
  return NULL;
}

static int numbers[] = {0, 100, 200, 300};

typedef struct {
  const char *defined[4]; /* with the number of its place times 100 */
  const char *imports[4];
  const char *types[4];
  const char *answers[4]; /* to `ask(1)` */
  const char *error;
  const char *also;
} versions_t;

static const versions_t cases[] = {
    /* Exact. */
    {{"a:b/c@1.0.0#f"}, {"a:b/c@1.0.0"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c#f"}, {"a:b/c"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c@1.0.0-rc#f"}, {"a:b/c@1.0.0-rc"}, {U32}, {"1"}, NULL, NULL},
    /* Compatible, in both directions. */
    {{"a:b/c@1.0.0#f"}, {"a:b/c@1.0.1"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c@1.4.0#f"}, {"a:b/c@1.0.1"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c@0.2.0#f"}, {"a:b/c@0.2.6"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c@1.0.0#f"}, {"a:b/c@1.0.0", "a:b/c@1.0.1"}, {U32, U32}, {"1", "1"}, NULL, NULL},
    /* The exact one wins, then the newest. */
    {{"a:b/c@1.0.0#f", "a:b/c@1.2.0#f"}, {"a:b/c@1.0.0"}, {U32}, {"1"}, NULL, NULL},
    {{"a:b/c@1.0.0#f", "a:b/c@1.10.0#f", "a:b/c@1.9.0#f", "a:b/c@2.0.0#f"},
     {"a:b/c@1.0.1", "a:b/c@1.9.0", "a:b/c@2.0.1"},
     {U32, U32, U32},
     {"101", "201", "301"},
     NULL,
     NULL},
    /* Not compatible. */
    {{"a:b/c@0.2.0#f"}, {"a:b/c@0.3.0"}, {U32}, {0}, "import `a:b/c@0.3.0#f`", "`a:b/c@0.2.0#f`"},
    {{"a:b/c@1.0.0#f"}, {"a:b/c@2.0.0"}, {U32}, {0}, "import `a:b/c@2.0.0#f`", "`a:b/c@1.0.0#f`"},
    {{"a:b/c@0.0.1#f"}, {"a:b/c@0.0.2"}, {U32}, {0}, "import `a:b/c@0.0.2#f`", NULL},
    {{"a:b/c@1.0.0-rc#f"}, {"a:b/c@1.0.0"}, {U32}, {0}, "import `a:b/c@1.0.0#f`", NULL},
    {{"a:b/c#f"}, {"a:b/c@1.0.0"}, {U32}, {0}, "import `a:b/c@1.0.0#f`", NULL},
    /* Of another type: alone, and beside one that is right. */
    {{"a:b/c@1.0.0#f: func(a: u32) -> u32"},
     {"a:b/c@1.0.1"},
     {U64},
     {0},
     "import `a:b/c@1.0.1#f`: the host defines `a:b/c@1.0.0#f: func(a: u32) -> u32`",
     "`func(a: u64) -> u32`"},
    {{"a:b/c@1.0.0#f: func(a: u32) -> u32"},
     {"a:b/c@1.0.0", "a:b/c@1.0.1"},
     {U32, U64},
     {0},
     "`a:b/c@1.0.0#f: func(a: u32) -> u32`",
     "`func(a: u64) -> u32`"},
    {{"a:b/c@1.0.0#f: func(a: u32) -> u32"},
     {"a:b/c@1.0.1", "a:b/c@1.0.0"},
     {WIDE, U32},
     {0},
     "import `a:b/c@1.0.1#f`",
     "`func(a: u32) -> u64`"},
    /* A definition without a type serves one type, whichever that is. */
    {{"a:b/c@1.0.0#f"},
     {"a:b/c@1.0.0", "a:b/c@1.0.1"},
     {U32, U64},
     {0},
     "import `a:b/c@1.0.1#f`: the host's `a:b/c@1.0.0#f` serves one type",
     "`func(a: u32) -> u32`"},
    {{"a:b/c@1.0.0#f"},
     {"a:b/c@1.0.1", "a:b/c@1.0.2"},
     {WIDE, U32},
     {0},
     "import `a:b/c@1.0.2#f`",
     "`func(a: u32) -> u64`"},
    /* An older one whose type fits is better than a newer one whose type does not. */
    {{"a:b/c@1.0.0#f: func(a: u32) -> u32", "a:b/c@1.1.0#f: func(a: u64) -> u32"},
     {"a:b/c@1.0.1"},
     {U32},
     {"1"},
     NULL,
     NULL},
    /* But an exact one of another type is a contradiction. */
    {{"a:b/c@1.0.0#f: func(a: u32) -> u32", "a:b/c@1.1.0#f: func(a: u64) -> u32"},
     {"a:b/c@1.1.0"},
     {U32},
     {0},
     "import `a:b/c@1.1.0#f`: the host defines `func(a: u64) -> u32`",
     NULL},
};

static void ask(const runtime_component_t *component, const char *name, const char *answer) {
  char call[32];
  snprintf(call, sizeof call, "%s(1)", name);
  expect_text(component, call, answer);
}

static void test_versions(void) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const versions_t *it = &cases[i];
    runtime_linker_t *linker = linker_make();
    for (size_t k = 0; k < 4 && it->defined[k] != NULL; k++)
      define(linker, it->defined[k], host_number, &numbers[k]);
    size_t count = 0;
    while (count < 4 && it->imports[count] != NULL) count++;
    runtime_component_t *component = NULL;
    runtime_error_t *error = try_load(guest_of(it->imports, it->types, count), linker, &component);
    runtime_linker_free(linker);
    if (it->error != NULL) {
      CHECK(error != NULL && component == NULL);
      const char *also = it->also != NULL ? it->also : "";
      if (strstr(runtime_error_message(error), also) == NULL)
        fprintf(stderr, "case %zu: %s\n", i, runtime_error_message(error));
      CHECK(strstr(runtime_error_message(error), also) != NULL);
      CHECK_ERROR(error, RUNTIME_ERROR_LINK, it->error);
      continue;
    }
    CHECK_OK(error);
    for (size_t k = 0; k < count; k++) {
      char name[8];
      snprintf(name, sizeof name, "ask%zu", k);
      ask(component, name, it->answers[k]);
    }
    runtime_component_free(component);
  }
}

static void test_what_serves_an_import_is_told(void) {
  const char *imports[] = {"a:b/c@1.0.0", "a:b/c@1.0.1", "a:b/c@2.0.0"};
  const char *types[] = {U32, U32, U32};
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, "a:b/c@1.0.0#f: func(a: u32) -> u32", host_number, &numbers[0]);
  runtime_component_t *component = load(guest_of(imports, types, 3), linker);
  CHECK(runtime_component_import_count(component) == 3);
  for (size_t i = 0; i < 2; i++) {
    const char *definition = runtime_component_import_definition(component, i);
    CHECK(definition != NULL && strcmp(definition, "a:b/c@1.0.0#f") == 0);
  }
  CHECK(runtime_component_import_definition(component, 2) == NULL);
  CHECK(runtime_component_import_definition(component, 3) == NULL);
  CHECK(runtime_component_import_definition(NULL, 0) == NULL);
  ask(component, "ask1", "1");
  CHECK_ERROR(text_error(component, "ask2(1)", NULL), RUNTIME_ERROR_TRAP, "a:b/c@2.0.0#f");
  runtime_component_free(component);
}

/* ---- interfaces within interfaces ---- */

static const char nested_wat[] =
    "(component"
    "  (import \"a:b/outer@1.0.1\" (instance $o (export \"d:e/inner@0.1.2\""
    "    (instance (export \"f\" (func (param \"a\" u32) (result u32)))))))"
    "  (alias export $o \"d:e/inner@0.1.2\" (instance $i))"
    "  (core func $f (canon lower (func $i \"f\")))"
    "  (core module $m (import \"\" \"f\" (func $f (param i32) (result i32)))"
    "    (func (export \"ask\") (param i32) (result i32) (call $f (local.get 0))))"
    "  (core instance $c (instantiate $m (with \"\" (instance (export \"f\" (func $f))))))"
    "  (func (export \"ask\") (param \"a\" u32) (result u32) (canon lift (core func $c \"ask\"))))";

static void test_interfaces_within_interfaces(void) {
  static const char *const good[] = {"a:b/outer@1.0.1#d:e/inner@0.1.2#f: func(a: u32) -> u32",
                                     "a:b/outer@1.0.0#d:e/inner@0.1.0#f: func(a: u32) -> u32"};
  static const char *const bad[] = {"a:b/outer@1.0.0#d:e/inner@0.1.0#f: func(a: u64) -> u32",
                                    "a:b/outer@1.0.0#d:e/inner@0.2.0#f",
                                    "a:b/outer@2.0.0#d:e/inner@0.1.2#f"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    runtime_linker_t *linker = linker_make();
    define(linker, good[i], host_number, &numbers[2]);
    runtime_component_t *component = load(nested_wat, linker);
    ask(component, "ask", "201");
    runtime_component_free(component);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    runtime_linker_t *linker = linker_make();
    define(linker, bad[i], host_number, &numbers[2]);
    runtime_component_t *component = NULL;
    CHECK_ERROR(try_load(nested_wat, linker, &component), RUNTIME_ERROR_LINK,
                "import `a:b/outer@1.0.1#d:e/inner@0.1.2#f`");
    runtime_linker_free(linker);
  }
}

/* Of what is defined an error names the one that comes closest: it was meant, in all likelihood. */
static void test_what_comes_close_is_named(void) {
  static const struct {
    const char *defined[3], *import, *near;
  } cases[] = {
      {{"x:y/z@1.0.0#f", "a:b/c@2.0.0#f"}, "a:b/c@1.0.0", "it defines `a:b/c@2.0.0#f`"},
      {{"a:b/c#f"}, "a:b/c@1.0.0", "it defines `a:b/c#f`"},
      {{"a:b/c@1.0.0#F"}, "a:b/c@1.0.0", "it defines `a:b/c@1.0.0#F`"},
      {{"a:b/C@1.0.0#f"}, "a:b/c@1.0.0", "it defines `a:b/C@1.0.0#f`"},
      {{"f"}, "a:b/c@1.0.0", "it defines `f`"},
      /* Another version is closer than the rest, wherever it stands. */
      {{"f", "a:b/C@1.0.0#f", "a:b/c@2.0.0#f"}, "a:b/c@1.0.0", "it defines `a:b/c@2.0.0#f`"},
      {{"F", "a:b/C@1.0.0#F"}, "a:b/c@1.0.0", "it defines `a:b/C@1.0.0#F`"},
      {{"a:b/c@1.0.0#g", "a:b/d@1.0.0#f", "g"}, "a:b/c@1.0.0", NULL},
  };
  const char *types[] = {U32};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    runtime_linker_t *linker = linker_make();
    for (size_t k = 0; k < 3 && cases[i].defined[k] != NULL; k++)
      define(linker, cases[i].defined[k], host_number, &numbers[k]);
    runtime_component_t *component = NULL;
    runtime_error_t *error = try_load(guest_of(&cases[i].import, types, 1), linker, &component);
    if (cases[i].near == NULL) CHECK(strstr(runtime_error_message(error), "it defines") == NULL);
    CHECK_ERROR(error, RUNTIME_ERROR_LINK, cases[i].near != NULL ? cases[i].near : "has to define");
    CHECK(component == NULL);
    runtime_linker_free(linker);
  }
}

/* ---- WASI ---- */

/* Imports the monotonic clock by two versions, one of them with functions of another type. */
static const char clocks_wat[] =
    "(component"
    "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $a"
    "    (export \"now\" (func (result u64))) (export \"resolution\" (func (result u64)))))"
    "  (import \"wasi:clocks/monotonic-clock@0.2.6\" (instance $b"
    "    (export \"now\" (func (result %s)))))"
    "  (core func $now (canon lower (func $a \"now\")))"
    "  (core func $resolution (canon lower (func $a \"resolution\")))"
    "  (core func $later (canon lower (func $b \"now\")))"
    "  (core module $m (import \"\" \"now\" (func $now (result i64)))"
    "    (import \"\" \"resolution\" (func $resolution (result i64)))"
    "    (func (export \"now\") (result i64) (call $now))"
    "    (func (export \"resolution\") (result i64) (call $resolution)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"now\" (func $now))"
    "    (export \"resolution\" (func $resolution))))))"
    "  (func (export \"now\") (result u64) (canon lift (core func $i \"now\")))"
    "  (func (export \"resolution\") (result u64) (canon lift (core func $i \"resolution\"))))";

static runtime_error_t *host_now(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                                 size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args;
  CHECK(args_len == 0 && results_len == 1);
  results[0] = (runtime_value_t){.kind = RUNTIME_KIND_U64, .of = {.u64 = 42}};
  return NULL;
}

static void test_definitions_of_functions_of_wasi(void) {
  static const char *const versions[] = {"0.2.0", "0.2.6", "0.2.12", "0.2.40"};
  char text[4096], path[96];
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
    for (int typed = 0; typed < 2; typed++) {
      snprintf(path, sizeof path, "wasi:clocks/monotonic-clock@%s#now%s", versions[i],
               typed ? ": func() -> u64" : "");
      runtime_linker_t *linker = linker_make();
      define(linker, path, host_now, NULL);
      snprintf(text, sizeof text, clocks_wat, "u64");
      runtime_component_t *component = NULL;
      CHECK_OK(try_load(text, linker, &component));
      expect_text(component, "now()", "42");
      /* The rest is WASI's own. */
      expect_text(component, "resolution()", "1");
      runtime_component_free(component);
      /* A version of it with another type, which WASI does not have. */
      snprintf(text, sizeof text, clocks_wat, "u32");
      component = NULL;
      CHECK_ERROR(try_load(text, linker, &component), RUNTIME_ERROR_LINK,
                  "wasi:clocks/monotonic-clock@0.2.6");
      runtime_linker_free(linker);
    }
}

static void tests(void) {
  RUN(test_versions);
  RUN(test_what_serves_an_import_is_told);
  RUN(test_interfaces_within_interfaces);
  RUN(test_what_comes_close_is_named);
  RUN(test_definitions_of_functions_of_wasi);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
