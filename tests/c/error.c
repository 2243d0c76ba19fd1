/* Errors: traps of each kind with the functions on the stack, exit statuses, names of codes. */
#include "load.h"

static runtime_t *runtime;
static runtime_component_t *traps;

/* What the call `text` fails with. */
static runtime_error_t *failure(const runtime_component_t *component, const char *text) {
  runtime_bytes_t *out = NULL;
  runtime_error_t *error = runtime_component_call_text(component, text, strlen(text), NULL, &out);
  CHECK(error != NULL && out == NULL);
  return error;
}

static runtime_frame_t frame(const runtime_error_t *error, size_t index) {
  runtime_frame_t it = RUNTIME_FRAME_INIT;
  CHECK(runtime_error_frame(error, index, &it));
  CHECK(it.struct_size == sizeof it && it.file != NULL && it.module != NULL);
  return it;
}

/* A component whose only function is `f: func()` with this body. */
static runtime_component_t *load_body(const char *body) {
  char wat[1024];
  snprintf(wat, sizeof wat,
           "(component (core module $m (memory 1) (table 1 funcref)"
           " (type $other (func (param f64)))"
           "   (elem (i32.const 0) $void) (func $void)"
           "   (func $body (export \"f\") %s))"
           " (core instance $i (instantiate $m)) (func (export \"f\")"
           " (canon lift (core func $i \"f\"))))",
           body);
  return load_wat(runtime, wat);
}

static void test_each_trap_has_its_kind(void) {
  static const struct {
    const char *body;
    int code, trap;
    const char *text;
  } kinds[] = {
      {"unreachable", RUNTIME_ERROR_TRAP, RUNTIME_TRAP_UNREACHABLE, "unreachable"},
      {"(drop (i32.load (i32.const -1)))", RUNTIME_ERROR_TRAP, RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS,
       "out of bounds memory"},
      {"(drop (table.get (i32.const 7)))", RUNTIME_ERROR_TRAP, RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS,
       "table"},
      {"(table.set (i32.const 0) (ref.null func)) (call_indirect (i32.const 0))",
       RUNTIME_ERROR_TRAP, RUNTIME_TRAP_INDIRECT_CALL_TO_NULL, "uninitialized"},
      {"(call_indirect (type $other) (f64.const 1) (i32.const 0))", RUNTIME_ERROR_TRAP,
       RUNTIME_TRAP_BAD_SIGNATURE, "type mismatch"},
      {"(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", RUNTIME_ERROR_TRAP,
       RUNTIME_TRAP_INTEGER_OVERFLOW, "overflow"},
      {"(drop (i64.rem_u (i64.const 1) (i64.const 0)))", RUNTIME_ERROR_TRAP,
       RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO, "divide by zero"},
      {"(drop (i32.trunc_f64_s (f64.const nan)))", RUNTIME_ERROR_TRAP,
       RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER, "integer"},
      {"(call $body)", RUNTIME_ERROR_STACK_OVERFLOW, RUNTIME_TRAP_STACK_OVERFLOW, "stack"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    /* Valgrind ends a program that divides by zero, whatever handlers it has. */
    if (getenv("WASMCELL_TEST_SMALL") != NULL && strchr(kinds[i].text, 'v') != NULL) continue;
    runtime_component_t *component = load_body(kinds[i].body);
    runtime_error_t *error = failure(component, "f()");
    if ((int)runtime_error_trap(error) != kinds[i].trap) {
      CHECK_FAIL("%s: trap %d, %s", kinds[i].body, (int)runtime_error_trap(error),
                 runtime_error_message(error));
    }
    CHECK(runtime_error_frame_count(error) > 0);
    CHECK_TEXT(frame(error, 0).function, "body");
    CHECK_ERROR(error, kinds[i].code, kinds[i].text);
    runtime_component_free(component);
  }
}

/* A result behind the end of memory, text that is none, a case that is none. */
static void test_breaking_the_canonical_abi_has_a_kind(void) {
  static const char *const bodies[][2] = {
      {"string", "(i32.store (i32.const 0) (i32.const -1))"
                 "(i32.store (i32.const 4) (i32.const 9))"},
      {"string", "(i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 1))"
                 "(i32.store8 (i32.const 8) (i32.const 255))"},
      {"(option u32)", "(i32.store8 (i32.const 0) (i32.const 2))"},
      {"(list u32)", "(i32.store (i32.const 0) (i32.const 1))"
                     "(i32.store (i32.const 4) (i32.const 1))"},
      {"(tuple char char)", "(i32.store (i32.const 0) (i32.const 0xD800))"},
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    char wat[1024];
    snprintf(wat, sizeof wat,
             "(component (core module $m (memory (export \"memory\") 1)"
             "   (func (export \"f\") (result i32) %s (i32.const 0)))"
             " (core instance $i (instantiate $m)) (func (export \"f\") (result %s)"
             " (canon lift (core func $i \"f\") (memory (core memory $i \"memory\")))))",
             bodies[i][1], bodies[i][0]);
    runtime_component_t *component = load_wat(runtime, wat);
    runtime_error_t *error = failure(component, "f()");
    if ((int)runtime_error_trap(error) != RUNTIME_TRAP_CANONICAL_ABI) {
      CHECK_FAIL("%s: trap %d, %s", bodies[i][0], (int)runtime_error_trap(error),
                 runtime_error_message(error));
    }
    CHECK_ERROR(error, RUNTIME_ERROR_TRAP, "");
    runtime_component_free(component);
  }
}

/* `$a` has a resource and functions that take it and text; `$b` borrows it and goes on wrongly;
 * `$c` calls both. */
static const char keepers_wat[] =
    "(component"
    " (component $a"
    "  (type $t (resource (rep i32))) (export $r \"r\" (type $t))"
    "  (core func $new (canon resource.new $t))"
    "  (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "   (memory (export \"memory\") 1)"
    "   (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
    "   (func (export \"make\") (result i32) (call $new (i32.const 7)))"
    "   (func (export \"take\") (param i32))"
    "   (func (export \"read\") (param i32 i32)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
    "  (func (export \"make\") (result (own $r)) (canon lift (core func $i \"make\")))"
    "  (func (export \"take\") (param \"x\" (own $r)) (canon lift (core func $i \"take\")))"
    "  (func (export \"utf8\") (param \"x\" string) (canon lift (core func $i \"read\")"
    "   (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))))"
    "  (func (export \"utf16\") (param \"x\" string) (canon lift (core func $i \"read\")"
    "   string-encoding=utf16"
    "   (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\")))))"
    " (component $b"
    "  (import \"a\" (instance $a (export \"r\" (type $r (sub resource)))"
    "   (export \"take\" (func (param \"x\" (own $r))))))"
    "  (alias export $a \"r\" (type $r))"
    "  (core func $take (canon lower (func $a \"take\")))"
    "  (core module $m (import \"\" \"take\" (func $take (param i32)))"
    "   (func (export \"keep\") (param i32))"
    "   (func (export \"give\") (param i32) (call $take (local.get 0))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"take\" (func $take))))))"
    "  (func (export \"keep\") (param \"x\" (borrow $r)) (canon lift (core func $i \"keep\")))"
    "  (func (export \"give\") (param \"x\" (borrow $r)) (canon lift (core func $i \"give\"))))";

static const char handles_wat[] =
    " (component $c"
    "  (import \"a\" (instance $a (export \"r\" (type $r (sub resource)))"
    "   (export \"make\" (func (result (own $r))))"
    "   (export \"utf8\" (func (param \"x\" string)))"
    "   (export \"utf16\" (func (param \"x\" string)))))"
    "  (alias export $a \"r\" (type $r))"
    "  (import \"b\" (instance $b (alias outer 1 $r (type $s))"
    "   (export \"keep\" (func (param \"x\" (borrow $s))))"
    "   (export \"give\" (func (param \"x\" (borrow $s))))))"
    "  (core module $memory (memory (export \"memory\") 1))"
    "  (core instance $memory (instantiate $memory))"
    "  (type $x (resource (rep i32))) (type $y (resource (rep i32)))"
    "  (core func $new (canon resource.new $x)) (core func $rep (canon resource.rep $y))"
    "  (core func $make (canon lower (func $a \"make\")))"
    "  (core func $keep (canon lower (func $b \"keep\")))"
    "  (core func $give (canon lower (func $b \"give\")))"
    "  (core func $utf8 (canon lower (func $a \"utf8\")"
    "   (memory (core memory $memory \"memory\"))))"
    "  (core func $utf16 (canon lower (func $a \"utf16\") string-encoding=utf16"
    "   (memory (core memory $memory \"memory\"))))"
    "  (core module $m"
    "   (import \"\" \"memory\" (memory 1))"
    "   (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "   (import \"\" \"rep\" (func $rep (param i32) (result i32)))"
    "   (import \"\" \"make\" (func $make (result i32)))"
    "   (import \"\" \"keep\" (func $keep (param i32)))"
    "   (import \"\" \"give\" (func $give (param i32)))"
    "   (import \"\" \"utf8\" (func $utf8 (param i32 i32)))"
    "   (import \"\" \"utf16\" (func $utf16 (param i32 i32)))"
    "   (func (export \"mistake\") (drop (call $rep (call $new (i32.const 1)))))"
    "   (func (export \"keep\") (call $keep (call $make)))"
    "   (func (export \"give\") (call $give (call $make)))"
    "   (func (export \"utf8\") (i32.store8 (i32.const 0) (i32.const 255))"
    "    (call $utf8 (i32.const 0) (i32.const 1)))"
    "   (func (export \"utf16\") (i32.store (i32.const 0) (i32.const 0xD800))"
    "    (call $utf16 (i32.const 0) (i32.const 1))))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "   (export \"memory\" (memory $memory \"memory\"))"
    "   (export \"new\" (func $new)) (export \"rep\" (func $rep)) (export \"make\" (func $make))"
    "   (export \"keep\" (func $keep)) (export \"give\" (func $give))"
    "   (export \"utf8\" (func $utf8)) (export \"utf16\" (func $utf16))))))"
    "  (func (export \"mistake\") (canon lift (core func $i \"mistake\")))"
    "  (func (export \"keep\") (canon lift (core func $i \"keep\")))"
    "  (func (export \"give\") (canon lift (core func $i \"give\")))"
    "  (func (export \"utf8\") (canon lift (core func $i \"utf8\")))"
    "  (func (export \"utf16\") (canon lift (core func $i \"utf16\"))))"
    " (instance $a (instantiate $a)) (instance $b (instantiate $b (with \"a\" (instance $a))))"
    " (instance $c (instantiate $c (with \"a\" (instance $a)) (with \"b\" (instance $b))))"
    " (export \"mistake\" (func $c \"mistake\")) (export \"keep\" (func $c \"keep\"))"
    " (export \"give\" (func $c \"give\")) (export \"utf8\" (func $c \"utf8\"))"
    " (export \"utf16\" (func $c \"utf16\")))";

static void test_breaking_it_within_a_component_has_that_kind(void) {
  static const char *const calls[][2] = {
      {"mistake()", "used with the wrong type"},
      {"keep()", "borrow handles still remain"},
      {"give()", "own resource from a borrow"},
      {"utf8()", "invalid utf8"},
      {"utf16()", "invalid utf16"},
  };
  char wat[8192];
  (void)snprintf(wat, sizeof wat, "%s%s", keepers_wat, handles_wat);
  runtime_component_t *component = load_wat(runtime, wat);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    runtime_error_t *error = failure(component, calls[i][0]);
    if ((int)runtime_error_trap(error) != RUNTIME_TRAP_CANONICAL_ABI) {
      CHECK_FAIL("%s: trap %d, %s", calls[i][0], (int)runtime_error_trap(error),
                 runtime_error_message(error));
    }
    CHECK_ERROR(error, RUNTIME_ERROR_TRAP, calls[i][1]);
  }
  runtime_component_free(component);
}

static runtime_error_t *never(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  return runtime_error_new("called", 6);
}

/* Arguments of a host function that are said to stand behind the end of memory, or across it. */
static void test_arguments_outside_of_memory_have_that_kind(void) {
  static const char *const places[] = {"65530", "-8"};
  runtime_linker_t *linker = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "f", 1, never, NULL, NULL));
  options.linker = linker;
  for (size_t i = 0; i < 2; i++) {
    char wat[1024];
    snprintf(wat, sizeof wat,
             "(component (import \"f\" (func $f (param \"x\" (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8"
             "  u8 u8 u8 u8 u8 u8 u8))))"
             " (core module $memory (memory (export \"memory\") 1))"
             " (core instance $memory (instantiate $memory))"
             " (core func $f (canon lower (func $f) (memory (core memory $memory \"memory\"))))"
             " (core module $m (import \"\" \"f\" (func $f (param i32)))"
             "  (func (export \"f\") (call $f (i32.const %s))))"
             " (core instance $i (instantiate $m (with \"\" (instance"
             "  (export \"f\" (func $f))))))"
             " (func (export \"run\") (canon lift (core func $i \"f\"))))",
             places[i]);
    runtime_component_t *component = NULL;
    CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), &options,
                                   &component));
    runtime_error_t *error = failure(component, "run()");
    CHECK((int)runtime_error_trap(error) == RUNTIME_TRAP_CANONICAL_ABI);
    CHECK_ERROR(error, RUNTIME_ERROR_TRAP, "pointer out of bounds");
    runtime_component_free(component);
  }
  runtime_linker_free(linker);
}

/* What validation says of an import comes with the name of that. */
static void test_an_import_that_is_not_valid_is_named(void) {
  load_refused(runtime,
               "(component (import \"a:b/first\" (instance (export \"f\" (func))))"
               " (import \"a:b/second\" (instance (export \"f\" (func (param \"x\""
               "  (flags \"a\" \"b\")))))))",
               RUNTIME_ERROR_COMPILE, "import `a:b/second`: a type in it");
}

static void test_frames_name_the_functions_on_the_stack(void) {
  static const char *const names[] = {"deep", "middle", "run"};
  runtime_frame_t it = RUNTIME_FRAME_INIT;
  runtime_error_t *error = failure(traps, "run(0)");
  CHECK(runtime_error_frame_count(error) == 3);
  for (size_t i = 0; i < 3; i++) {
    it = frame(error, i);
    CHECK_TEXT(it.function, names[i]);
    CHECK_TEXT(it.module, "accounts");
    CHECK(it.offset > 0 && it.offset < 1000 && it.line == 0 && it.column == 0);
    CHECK_TEXT(it.file, "");
  }
  CHECK(frame(error, 0).offset < frame(error, 1).offset);
  CHECK(frame(error, 1).offset < frame(error, 2).offset);
  CHECK(!runtime_error_frame(error, 3, &it));
  CHECK(it.function == NULL && it.module == NULL && it.offset == 0 && it.struct_size == sizeof it);
  CHECK(!runtime_error_frame(error, SIZE_MAX, &it) && !runtime_error_frame(NULL, 0, &it));
  it.struct_size = 0;
  CHECK(!runtime_error_frame(error, 0, &it));
  runtime_error_free(error);
}

/* As compilers of Rust and C++ write them. */
static void test_names_are_demangled(void) {
  static const char *const names[][2] = {
      {"_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"},
      {"_ZN7account4openEi", "account::open(int)"},
      {"main", "main"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char wat[512];
    snprintf(wat, sizeof wat,
             "(component (core module $m (func (@name \"%s\") (export \"f\") unreachable))"
             " (core instance $i (instantiate $m))"
             " (func (export \"f\") (canon lift (core func $i \"f\"))))",
             names[i][0]);
    runtime_component_t *component = load_wat(runtime, wat);
    runtime_error_t *error = failure(component, "f()");
    CHECK(strncmp(frame(error, 0).function, names[i][1], strlen(names[i][1])) == 0);
    runtime_error_free(error);
    runtime_component_free(component);
  }
}

static void test_a_trap_leaves_the_component_alone(void) {
  for (int i = 0; i < 20; i++) {
    runtime_error_free(failure(traps, "divide(1, 0)"));
    CHECK_CALL(traps, "run(7)", "7");
  }
}

static void test_an_exit_has_a_status(void) {
  runtime_component_t *component = load_guest(runtime, "old-wasi.wasm");
  runtime_error_t *error = failure(component, "leave(0)");
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_EXIT);
  CHECK(runtime_error_exit_status(error) == 0 && runtime_error_trap(error) == 0);
  runtime_error_free(error);
  error = failure(component, "leave(3)");
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_EXIT);
  CHECK(runtime_error_exit_status(error) != 0 && runtime_error_trap(error) == 0);
  CHECK(strstr(runtime_error_message(error), "status") != NULL);
  runtime_error_free(error);
  runtime_component_free(component);
}

/* An error refers to nothing else. */
static void test_an_error_outlives_its_runtime(void) {
  runtime_t *usual = runtime;
  runtime = load_runtime(load_builder());
  runtime_component_t *component = load_body("unreachable");
  runtime_error_t *error = failure(component, "f()");
  runtime_component_free(component);
  runtime_free(runtime);
  runtime = usual;
  CHECK_TEXT(frame(error, 0).function, "body");
  CHECK(strlen(runtime_error_message(error)) == runtime_error_message_len(error));
  runtime_error_free(error);
}

static void test_what_is_no_trap_has_no_frames(void) {
  runtime_bytes_t *out = NULL;
  runtime_error_t *error = runtime_component_call_text(traps, "nope()", 6, NULL, &out);
  CHECK(runtime_error_frame_count(error) == 0 && runtime_error_trap(error) == RUNTIME_TRAP_NONE);
  CHECK(runtime_error_exit_status(error) == 0);
  runtime_error_free(error);
}

static void test_the_host_makes_errors_of_its_own(void) {
  runtime_error_t *error = runtime_error_new("no more tea\0!", 13);
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_HOST);
  CHECK_TEXT(runtime_error_message(error), "no more tea\xef\xbf\xbd!");
  CHECK(runtime_error_message_len(error) == 15 && runtime_error_frame_count(error) == 0);
  runtime_error_free(error);
  error = runtime_error_new("\xff", 1);
  CHECK_TEXT(runtime_error_message(error), "\xef\xbf\xbd");
  runtime_error_free(error);
  error = runtime_error_new("two\nlines", 9);
  CHECK_TEXT(runtime_error_message(error), "two lines");
  runtime_error_free(error);
  CHECK_ERROR(runtime_error_new(NULL, 0), RUNTIME_ERROR_HOST, "");
}

static void test_codes_have_names(void) {
#define NAMED(name) CHECK_TEXT(runtime_error_code_name(RUNTIME_ERROR_##name), #name)
  NAMED(NONE); NAMED(INVALID_ARGUMENT); NAMED(NOT_FOUND); NAMED(TYPE_MISMATCH); NAMED(BUSY);
  NAMED(COMPILE); NAMED(LINK); NAMED(TRAP); NAMED(EXIT); NAMED(POISONED); NAMED(TIMEOUT);
  NAMED(CANCELLED); NAMED(MEMORY_LIMIT); NAMED(COMPONENT_TOO_LARGE); NAMED(INSTANCE_LIMIT);
  NAMED(FUEL); NAMED(STACK_OVERFLOW); NAMED(RESOURCE_LIMIT); NAMED(DESCRIPTOR_LIMIT);
  NAMED(LOOKUP_LIMIT); NAMED(DISK_QUOTA); NAMED(IO); NAMED(POOL);
  NAMED(SIGNATURE); NAMED(FORKED); NAMED(UNSUPPORTED); NAMED(HOST); NAMED(PANIC);
  CHECK_TEXT(runtime_error_code_name(-1), "UNKNOWN");
  CHECK_TEXT(runtime_error_code_name(INT32_MAX), "UNKNOWN");
}

int main(void) {
  size_t len = 0;
  runtime = load_runtime(load_builder());
  uint8_t *wat = check_guest("wat/trap.wat", &len);
  CHECK_OK(runtime_component_new(runtime, wat, len, NULL, &traps));
  free(wat);
  RUN(test_each_trap_has_its_kind);
  RUN(test_breaking_the_canonical_abi_has_a_kind);
  RUN(test_breaking_it_within_a_component_has_that_kind);
  RUN(test_arguments_outside_of_memory_have_that_kind);
  RUN(test_an_import_that_is_not_valid_is_named);
  RUN(test_frames_name_the_functions_on_the_stack);
  RUN(test_names_are_demangled);
  RUN(test_a_trap_leaves_the_component_alone);
  RUN(test_an_exit_has_a_status);
  RUN(test_an_error_outlives_its_runtime);
  RUN(test_what_is_no_trap_has_no_frames);
  RUN(test_the_host_makes_errors_of_its_own);
  RUN(test_codes_have_names);
  runtime_component_free(traps);
  runtime_free(runtime);
  return 0;
}
