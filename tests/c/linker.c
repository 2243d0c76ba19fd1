/* threads */
/* Linkers and host functions: what goes in and out, and who releases what. */
#include "hosts.h"
#include "whole.h"

#define API "acme:host/api@1.0.0#"

/* ---- values ---- */

static void test_a_guest_calls_the_host(void) {
  counted_t counted = {0};
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", host_add, &counted);
  runtime_component_t *component = load(host_wat, linker);
  expect_text(component, "add(40, 2)", "42");
  expect_text(component, "add(1, 2)", "3");
  CHECK(atomic_load(&counted.called) == 2);
  runtime_component_free(component);
}

static runtime_error_t *host_tick(void *user_data, runtime_call_t *call,
                                  const runtime_value_t *args, size_t args_len,
                                  runtime_value_t *results, size_t results_len) {
  CHECK(call != NULL && args == NULL && args_len == 0 && results == NULL && results_len == 0);
  atomic_fetch_add((atomic_int *)user_data, 1);
  return NULL;
}

static void test_nothing_goes_in_and_nothing_out(void) {
  atomic_int ticks = 0;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "tick", host_tick, &ticks);
  runtime_component_t *component = load(host_wat, linker);
  expect_text(component, "tick(1000)", "()");
  CHECK(atomic_load(&ticks) == 1000);
  runtime_component_free(component);
}

/* Answers in memory of the call, after having asked for all sorts of it. */
static runtime_error_t *host_shout(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)args_len, (void)results_len;
  size_t len = args[0].of.string.len;
  CHECK(args[0].of.string.ptr[len] == 0);
  for (size_t align = 1; align <= 4096; align *= 2) {
    char *memory = runtime_call_alloc(call, 100, align);
    CHECK(memory != NULL && (uintptr_t)memory % align == 0);
    for (int i = 0; i < 100; i++) CHECK(memory[i] == 0);
    memset(memory, 0xA5, 100);
  }
  CHECK(runtime_call_alloc(call, 0, 1) != NULL);
  CHECK(runtime_call_alloc(call, 1, 0) == NULL && runtime_call_alloc(call, 1, 24) == NULL);
  CHECK(runtime_call_alloc(call, SIZE_MAX, 1) == NULL);
  CHECK(runtime_call_alloc(call, SIZE_MAX / 2, 4096) == NULL);
  CHECK(runtime_call_alloc(NULL, 1, 1) == NULL);
  char *text = runtime_call_alloc(call, len + 1, 1);
  CHECK(text != NULL);
  for (size_t i = 0; i < len; i++) {
    char c = args[0].of.string.ptr[i];
    text[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  text[len] = '!';
  results[0] = value_string("");
  results[0].of.string.ptr = text;
  results[0].of.string.len = len + 1;
  return NULL;
}

static void test_results_live_in_memory_of_the_call(void) {
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "shout", host_shout, NULL);
  runtime_component_t *component = load(host_wat, linker);
  expect_text(component, "shout(\"hello\")", "\"HELLO!\"");
  expect_text(component, "shout(\"\")", "\"!\"");
  runtime_function_t *shout = find(component, "shout");
  enum { LEN = 1000000 };
  char *text = malloc(LEN + 1);
  CHECK(text != NULL);
  memset(text, 'x', LEN);
  text[LEN] = 0;
  runtime_value_t arg = value_string(text);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_function_call(shout, &arg, 1, NULL, &results));
  const runtime_value_t *result = runtime_values_data(results);
  CHECK(result->of.string.len == LEN + 1 && result->of.string.ptr[LEN - 1] == 'X');
  runtime_values_free(results);
  free(text);
  runtime_function_free(shout);
  runtime_component_free(component);
}

/* (echo: func(v: everything) -> everything), through the host. */
static const char everything_wat[] =
    "(component"
    "  (import \"acme:host/all@1.0.0\" (instance $all"
    "    (type $v (variant (case \"nothing\") (case \"number\" u32) (case \"text\" string)))"
    "    (export \"shape\" (type $shape (eq $v)))"
    "    (type $e (enum \"red\" \"green\"))"
    "    (export \"colour\" (type $colour (eq $e)))"
    "    (type $f (flags \"a\" \"b\" \"c\"))"
    "    (export \"rights\" (type $rights (eq $f)))"
    "    (type $r (record (field \"b\" bool) (field \"s8\" s8) (field \"u8\" u8)"
    "      (field \"s16\" s16) (field \"u16\" u16) (field \"s32\" s32) (field \"u32\" u32)"
    "      (field \"s64\" s64) (field \"u64\" u64) (field \"f32\" float32)"
    "      (field \"f64\" float64) (field \"c\" char) (field \"s\" string)"
    "      (field \"bytes\" (list u8)) (field \"wide\" (list u64)) (field \"halves\" (list s16))"
    "      (field \"chars\" (list char)) (field \"names\" (list string))"
    "      (field \"rows\" (list (list u16))) (field \"pair\" (tuple u32 string))"
    "      (field \"shapes\" (list $shape)) (field \"colour\" $colour)"
    "      (field \"some\" (option string)) (field \"none\" (option u8))"
    "      (field \"ok\" (result u32 (error string))) (field \"err\" (result u32 (error string)))"
    "      (field \"rights\" $rights)))"
    "    (export \"everything\" (type $everything (eq $r)))"
    "    (export \"echo\" (func (param \"v\" $everything) (result $everything)))))"
    "  (alias export $all \"everything\" (type $everything))"
    "  (core module $memory"
    "    (memory (export \"memory\") 4)"
    "    (global $top (mut i32) (i32.const 4096))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (local $at i32)"
    "      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"
    "      (global.set $top (i32.add (local.get $at) (local.get 3)))"
    "      (local.get $at)))"
    "  (core instance $memory (instantiate $memory))"
    "  (core func $echo (canon lower (func $all \"echo\") (memory (core memory $memory \"memory\"))"
    "    (realloc (core func $memory \"realloc\"))))"
    "  (core module $m"
    "    (import \"\" \"echo\" (func $echo (param i32 i32)))"
    "    (func (export \"echo\") (param i32) (result i32)"
    "      (call $echo (local.get 0) (i32.const 16))"
    "      (i32.const 16)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"echo\" (func $echo))))))"
    "  (func (export \"echo\") (param \"v\" $everything) (result $everything)"
    "    (canon lift (core func $i \"echo\") (memory (core memory $memory \"memory\"))"
    "      (realloc (core func $memory \"realloc\")))))";

static const char everything[] =
    "{b: true, s8: -8, u8: 8, s16: -16, u16: 16, s32: -32, u32: 32, s64: -64, u64: 64, "
    "f32: 0.5, f64: -0.25, c: 'ß', s: \"Grüße\", bytes: [1, 2, 255], wide: [18446744073709551615], "
    "halves: [-1, 1], chars: ['a', '🦀'], names: [\"\", \"one\", \"two\"], "
    "rows: [[], [1, 2], [3]], pair: (7, \"seven\"), shapes: [nothing, number(5), text(\"t\")], "
    "colour: green, some: some(\"thing\"), ok: ok(1), err: err(\"why\"), "
    "rights: {a, c}}";

static runtime_error_t *host_echo(void *user_data, runtime_call_t *call,
                                  const runtime_value_t *args, size_t args_len,
                                  runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call;
  CHECK(args_len == 1 && results_len == 1 && whole(&args[0]));
  results[0] = args[0];
  return NULL;
}

/* The same by a reply, which copies. */
static runtime_error_t *host_echo_later(void *user_data, runtime_call_t *call,
                                        const runtime_value_t *args, size_t args_len,
                                        runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)results, (void)results_len;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_reply_complete(reply, args, args_len, NULL);
  return NULL;
}

static void test_every_type_goes_both_ways(void) {
  char call[1024];
  CHECK((size_t)snprintf(call, sizeof call, "echo(%s)", everything) < sizeof call);
  runtime_host_fn_t ways[] = {host_echo, host_echo_later};
  for (size_t i = 0; i < 2; i++) {
    runtime_linker_t *linker = linker_make();
    define(linker, "acme:host/all@1.0.0#echo", ways[i], NULL);
    runtime_component_t *component = load(everything_wat, linker);
    expect_text(component, call, everything);
    runtime_component_free(component);
  }
}

/* ---- what is wrong with results ---- */

static runtime_error_t *host_forgets(void *user_data, runtime_call_t *call,
                                     const runtime_value_t *args, size_t args_len,
                                     runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  return NULL;
}

static runtime_error_t *host_mistakes(void *user_data, runtime_call_t *call,
                                      const runtime_value_t *args, size_t args_len,
                                      runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results_len;
  results[0] = value_string("five");
  return NULL;
}

/* A reply with one result too many, or without its array. */
static runtime_error_t *host_replies_badly(void *user_data, runtime_call_t *call,
                                           const runtime_value_t *args, size_t args_len,
                                           runtime_value_t *results, size_t results_len) {
  (void)results, (void)results_len;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_reply_complete(reply, user_data == NULL ? NULL : args, args_len, NULL);
  return NULL;
}

static void test_wrong_results_are_errors_of_the_caller(void) {
  int there = 0;
  const struct {
    runtime_host_fn_t callback;
    void *user_data;
    int code;
    const char *text;
  } cases[] = {
      {host_forgets, NULL, RUNTIME_ERROR_INVALID_ARGUMENT, API "add"},
      {host_forgets, NULL, RUNTIME_ERROR_INVALID_ARGUMENT, "0 is not a kind of value"},
      {host_mistakes, NULL, RUNTIME_ERROR_TYPE_MISMATCH, API "add"},
      {host_mistakes, NULL, RUNTIME_ERROR_TYPE_MISMATCH, "expected u32, found string"},
      {host_replies_badly, &there, RUNTIME_ERROR_TYPE_MISMATCH, "expected 1 results, found 2"},
      {host_replies_badly, NULL, RUNTIME_ERROR_INVALID_ARGUMENT, "results"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    runtime_linker_t *linker = linker_make();
    runtime_linker_unresolved_trap(linker);
    define(linker, API "add", cases[i].callback, cases[i].user_data);
    runtime_component_t *component = load(host_wat, linker);
    CHECK_ERROR(text_error(component, "add(1, 2)", NULL), cases[i].code, cases[i].text);
    runtime_component_free(component);
  }
}

/* ---- linking ---- */

static void test_types_are_compared_at_load(void) {
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add: func(a: u32,  b: u32) -> u32", host_add, NULL);
  CHECK_OK(try_load(host_wat, linker, &component));
  runtime_component_free(component);
  runtime_linker_free(linker);

  linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add: func(a: u64, b: u32) -> u32", host_add, NULL);
  CHECK_ERROR(try_load(host_wat, linker, &component), RUNTIME_ERROR_LINK,
              "`func(a: u64, b: u32) -> u32`, the component wants `func(a: u32, b: u32) -> u32`");
  CHECK(component == NULL);
  runtime_linker_free(linker);
}

static void test_unresolved_imports(void) {
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = linker_make();
  CHECK_ERROR(try_load(host_wat, linker, &component), RUNTIME_ERROR_LINK, "acme:host/api@1.0.0");
  CHECK_ERROR(try_load(host_wat, NULL, &component), RUNTIME_ERROR_LINK, "acme:host/api@1.0.0");
  define(linker, API "add", host_add, NULL);
  CHECK_ERROR(try_load(host_wat, linker, &component), RUNTIME_ERROR_LINK, "acme:host/api@1.0.0");
  CHECK(component == NULL);
  runtime_linker_unresolved_trap(linker);
  runtime_linker_unresolved_trap(NULL);
  component = load(host_wat, linker);
  expect_text(component, "add(1, 2)", "3");
  CHECK_ERROR(text_error(component, "tick(1)", NULL), RUNTIME_ERROR_TRAP, "tick");
  runtime_component_free(component);
}

static const char world_wat[] =
    "(component"
    "  (import \"answer\" (func $answer (result u32)))"
    "  (core func $answer (canon lower (func $answer)))"
    "  (core module $m (import \"\" \"answer\" (func $answer (result i32)))"
    "    (func (export \"ask\") (result i32) (call $answer)))"
    "  (core instance $i (instantiate $m"
    "    (with \"\" (instance (export \"answer\" (func $answer))))))"
    "  (func (export \"ask\") (result u32) (canon lift (core func $i \"ask\"))))";

static runtime_error_t *host_answer(void *user_data, runtime_call_t *call,
                                    const runtime_value_t *args, size_t args_len,
                                    runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)results_len;
  CHECK(args_len == 0);
  results[0] = value_u32(42);
  return NULL;
}

static void test_a_world_imports_functions_itself(void) {
  runtime_linker_t *linker = linker_make();
  define(linker, "answer: func() -> u32", host_answer, NULL);
  runtime_component_t *component = load(world_wat, linker);
  expect_text(component, "ask()", "42");
  runtime_component_free(component);
}

/* ---- finalizers ---- */

static void test_a_failed_definition_releases_user_data(void) {
  runtime_linker_t *linker = linker_make();
  counted_t kept = {0};
  CHECK_OK(runtime_linker_define(linker, "f", 1, host_add, &kept, counted_finalize));
  CHECK_OK(runtime_linker_define_resource(linker, "r", 1, NULL, NULL, NULL));
  const struct {
    runtime_linker_t *linker;
    const char *path;
    size_t path_len;
    runtime_host_fn_t callback;
    const char *resource; /* instead of `path`, for resources */
    const char *text;
  } cases[] = {
      {NULL, "g", 1, host_add, "g", "`linker`"},
      {linker, NULL, 1, host_add, NULL, "`path`"},
      {linker, "", 0, host_add, "", "`path`"},
      {linker, NULL, 0, host_add, NULL, "`path`"},
      {linker, "\xff", 1, host_add, "\xff", "`path`"},
      {linker, "a:b/c#", 6, host_add, "a:b/c#", "`path`"},
      {linker, "#g", 2, host_add, "#g", "`path`"},
      {linker, "f", 1, host_add, "r", "defined already"},
      {linker, "f: func()", 9, host_add, NULL, "defined already"},
      {linker, "g", 1, NULL, NULL, "`callback`"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    counted_t counted = {0};
    CHECK_ERROR(runtime_linker_define(cases[i].linker, cases[i].path, cases[i].path_len,
                                      cases[i].callback, &counted, counted_finalize),
                RUNTIME_ERROR_INVALID_ARGUMENT, cases[i].text);
    expect_finalized(&counted);
    if (cases[i].resource == NULL && cases[i].path != NULL) continue;
    counted_t other = {0};
    CHECK_ERROR(runtime_linker_define_resource(cases[i].linker, cases[i].resource,
                                               cases[i].path_len, NULL, &other, counted_finalize),
                RUNTIME_ERROR_INVALID_ARGUMENT, cases[i].text);
    expect_finalized(&other);
  }
  CHECK(atomic_load(&kept.finalized) == 0);
  runtime_linker_free(linker);
  expect_finalized(&kept);
}

static void test_components_keep_callbacks(void) {
  counted_t counted = {0};
  runtime_linker_t *linker = linker_make();
  runtime_component_t *one = NULL, *other = NULL;
  CHECK_OK(runtime_linker_define(linker, API "add", strlen(API "add"), host_add, &counted,
                                 counted_finalize));
  runtime_linker_unresolved_trap(linker);
  CHECK_OK(try_load(host_wat, linker, &one));
  CHECK_OK(try_load(host_wat, linker, &other));
  runtime_linker_free(linker);
  runtime_component_free(one);
  expect_text(other, "add(1, 2)", "3");
  runtime_function_t *function = find(other, "add");
  runtime_instance_t *instance = instantiate(other);
  runtime_component_free(other);
  runtime_function_free(function);
  CHECK(atomic_load(&counted.finalized) == 0);
  runtime_instance_free(instance);
  expect_finalized(&counted);
}

static void tests(void) {
  RUN(test_a_guest_calls_the_host);
  RUN(test_nothing_goes_in_and_nothing_out);
  RUN(test_results_live_in_memory_of_the_call);
  RUN(test_every_type_goes_both_ways);
  RUN(test_wrong_results_are_errors_of_the_caller);
  RUN(test_types_are_compared_at_load);
  RUN(test_unresolved_imports);
  RUN(test_a_world_imports_functions_itself);
  RUN(test_a_failed_definition_releases_user_data);
  RUN(test_components_keep_callbacks);
}

int main(void) {
  whole_begin();
  with_all_ways(tests);
  return 0;
}
