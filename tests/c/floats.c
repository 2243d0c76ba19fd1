/* no-valgrind: its processor has no floating-point signals, and tiny numbers always count */
/* threads */
/* Guests compute as WebAssembly says, whatever the host has made of its floating-point environment;
 * and the host finds its own wherever its code runs. */
#include "hosts.h"
#include "sandbox.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define HOST "acme:host/floats@1.0.0"

/* Asks the host in every way there is, computes, and traps. */
static const char floats_wat[] =
    "(component"
    "  (import \"" HOST "\" (instance $host"
    "    (export \"look\" (func (param \"x\" f64) (result f64)))"
    "    (export \"thing\" (type $t (sub resource)))"
    "    (export \"make\" (func (result (own $t))))))"
    "  (alias export $host \"thing\" (type $thing))"
    "  (core func $look (canon lower (func $host \"look\")))"
    "  (core func $make (canon lower (func $host \"make\")))"
    "  (core func $drop (canon resource.drop $thing))"
    "  (core module $m"
    "    (import \"\" \"look\" (func $look (param f64) (result f64)))"
    "    (import \"\" \"make\" (func $make (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (memory 1)"
    "    (global $third (mut f64) (f64.const 0))"
    "    (func $div (export \"div\") (param f64 f64) (result f64)"
    "      (f64.div (local.get 0) (local.get 1)))"
    "    (func $start (global.set $third (call $div (f64.const 1) (f64.const 3))))"
    "    (start $start)"
    "    (func (export \"started\") (result f64) (global.get $third))"
    "    (func (export \"folded\") (result f64) (f64.div (f64.const 1) (f64.const 3)))"
    "    (func (export \"tenth\") (result f64) (f64.const 0.1))"
    "    (func (export \"ask\") (param f64) (result f64)"
    "      (f64.div (call $look (f64.div (local.get 0) (f64.const 3))) (f64.const 3)))"
    "    (func (export \"end\") (call $drop (call $make)))"
    "    (func (export \"fault\") (result f64)"
    "      (drop (call $div (f64.const 1) (f64.const 0)))"
    "      (f64.load (i32.const -8))))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"look\" (func $look)) (export \"make\" (func $make))"
    "    (export \"drop\" (func $drop))))))"
    "  (func (export \"div\") (param \"a\" f64) (param \"b\" f64) (result f64)"
    "    (canon lift (core func $i \"div\")))"
    "  (func (export \"ask\") (param \"x\" f64) (result f64) (canon lift (core func $i \"ask\")))"
    "  (func (export \"started\") (result f64) (canon lift (core func $i \"started\")))"
    "  (func (export \"folded\") (result f64) (canon lift (core func $i \"folded\")))"
    "  (func (export \"tenth\") (result f64) (canon lift (core func $i \"tenth\")))"
    "  (func (export \"fault\") (result f64) (canon lift (core func $i \"fault\")))"
    "  (func (export \"end\") (canon lift (core func $i \"end\"))))";

/* The same computation without imports: without a stack of its own. */
static const char plain_wat[] =
    "(component"
    "  (core module $m (func (export \"div\") (param f64 f64) (result f64)"
    "    (f64.div (local.get 0) (local.get 1))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"div\") (param \"a\" f64) (param \"b\" f64) (result f64)"
    "    (canon lift (core func $i \"div\"))))";

/* What the host's threads may have: what threads start with, each other way to round, tiny numbers
 * as zero, every signal on, and what earlier results have left. */
#ifdef __x86_64__
#define STANDARD 0x1f80u
#define DOWNWARD 0x3f80u
static const unsigned environments[] = {STANDARD, 0x5f80u, DOWNWARD, 0x7f80u,
                                        0x9fc0u,  0u,      0x1fbfu,  0x3fu};
static unsigned get(void) { return _mm_getcsr(); }
static void set(unsigned environment) { _mm_setcsr(environment); }
#else
#define STANDARD 0u
#define DOWNWARD 0u
static const unsigned environments[] = {STANDARD};
static unsigned get(void) { return STANDARD; }
static void set(unsigned environment) { (void)environment; }
#endif
#define ENVIRONMENTS (sizeof environments / sizeof *environments)

/* What this thread's code is to find, and whether host functions change it for themselves. */
static _Thread_local unsigned mine = STANDARD;
static atomic_int looks, ends, lines, logs, done;
static int changes;

static void become(unsigned environment) {
  mine = environment;
  set(environment);
}

static runtime_error_t *look(void *data, runtime_call_t *in, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  CHECK(get() == mine);
  (void)data, (void)in;
  CHECK(args_len == 1 && results_len == 1);
  results[0] = args[0];
  atomic_fetch_add(&looks, 1);
  if (changes) become(mine == DOWNWARD ? STANDARD : DOWNWARD);
  return NULL;
}

static runtime_error_t *make(void *data, runtime_call_t *in, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  CHECK(get() == mine);
  (void)data, (void)in, (void)args, (void)args_len, (void)results_len;
  results[0].kind = RUNTIME_KIND_OWN;
  results[0].of.resource = 7;
  return NULL;
}

static void end(void *data, uint32_t resource) {
  CHECK(get() == mine && resource == 7);
  (void)data;
  atomic_fetch_add(&ends, 1);
}

static void released(void *data) {
  CHECK(get() == mine);
  (void)data;
}

static runtime_error_t *ask(void *data) {
  CHECK(get() == mine);
  (void)data;
  return NULL;
}

static void told(void *data, runtime_log_level_t level, const char *target, size_t target_len,
                 const char *message, size_t message_len) {
  CHECK(get() == mine);
  (void)data, (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  atomic_fetch_add(&logs, 1);
}

/* As exact as the processor: bits, so that nothing is computed here. */
static void expect_bits(runtime_values_t *results, uint64_t bits) {
  CHECK(get() == mine);
  CHECK(runtime_values_len(results) == 1);
  CHECK(runtime_values_data(results)->of.u64 == bits);
  runtime_values_free(results);
}

static runtime_value_t value_bits(uint64_t bits) {
  runtime_value_t value = value_u64(bits);
  value.kind = RUNTIME_KIND_F64;
  return value;
}

#define ONE UINT64_C(0x3ff0000000000000)
#define THREE UINT64_C(0x4008000000000000)
#define THIRD UINT64_C(0x3fd5555555555555)
#define NINTH UINT64_C(0x3fbc71c71c71c71c)
#define TENTH UINT64_C(0x3fb999999999999a)
#define INFINITE UINT64_C(0x7ff0000000000000)
#define TINY UINT64_C(3) /* 1.5e-323 */

/* How a call is made. */
typedef runtime_error_t *way_t(const runtime_function_t *, const runtime_value_t *, size_t,
                               runtime_values_t **);
static runtime_instance_t *instance;

static runtime_error_t *fresh(const runtime_function_t *function, const runtime_value_t *args,
                              size_t args_len, runtime_values_t **out) {
  return runtime_function_call(function, args, args_len, NULL, out);
}

static runtime_error_t *kept(const runtime_function_t *function, const runtime_value_t *args,
                             size_t args_len, runtime_values_t **out) {
  return runtime_instance_call(instance, function, args, args_len, NULL, out);
}

static runtime_error_t *apart(const runtime_function_t *function, const runtime_value_t *args,
                              size_t args_len, runtime_values_t **out) {
  return call_apart(function, args, args_len, NULL, out);
}

static void expect(way_t *way, const runtime_component_t *component, const char *name,
                   const runtime_value_t *args, size_t args_len, uint64_t bits) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(component, name);
  CHECK_OK(way(function, args, args_len, &results));
  expect_bits(results, bits);
  runtime_function_free(function);
}

static void computes(way_t *way, const runtime_component_t *component) {
  const runtime_value_t third[] = {value_bits(ONE), value_bits(THREE)};
  const runtime_value_t nothing[] = {value_bits(ONE), value_bits(0)};
  const runtime_value_t tiny[] = {value_bits(TINY), value_bits(ONE)};
  expect(way, component, "div", third, 2, THIRD);
  expect(way, component, "div", nothing, 2, INFINITE);
  expect(way, component, "div", tiny, 2, TINY);
}

static void asks(way_t *way, const runtime_component_t *component) {
  const runtime_value_t one = value_bits(ONE);
  runtime_values_t *results = NULL;
  runtime_function_t *ending = find(component, "end");
  int before = atomic_load(&ends);
  expect(way, component, "ask", &one, 1, NINTH);
  expect(way, component, "started", NULL, 0, THIRD);
  expect(way, component, "folded", NULL, 0, THIRD);
  expect(way, component, "tenth", NULL, 0, TENTH);
  CHECK_OK(way(ending, NULL, 0, &results));
  runtime_values_free(results);
  CHECK(atomic_load(&ends) == before + 1);
  runtime_function_free(ending);
}

static void faults(way_t *way, const runtime_component_t *component) {
  runtime_values_t *results = NULL;
  runtime_function_t *fault = find(component, "fault");
  CHECK_ERROR(way(fault, NULL, 0, &results), RUNTIME_ERROR_TRAP, "");
  CHECK(get() == mine);
  runtime_function_free(fault);
}

static runtime_component_t *floats_load(void) {
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define(linker, TEXT(HOST "#look"), look, NULL, released));
  CHECK_OK(runtime_linker_define(linker, TEXT(HOST "#make"), make, NULL, released));
  CHECK_OK(runtime_linker_define_resource(linker, TEXT(HOST "#thing"), end, NULL, released));
  return load(floats_wat, linker);
}

static void in_text(const runtime_component_t *component) {
  const char *calls[][2] = {{"div(1, 3)", "0.3333333333333333"}, {"div(0.1, 1)", "0.1"},
                            {"div(1, 0)", "inf"},  {"div(1.5e-323, 1)", NULL}, {"tenth()", "0.1"}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    runtime_bytes_t *answer = NULL;
    CHECK_OK(runtime_component_call_text(component, TEXT(calls[i][0]), NULL, &answer));
    if (calls[i][1] != NULL) CHECK_TEXT((const char *)runtime_bytes_data(answer), calls[i][1]);
    else CHECK(strcmp((const char *)runtime_bytes_data(answer), "0") != 0);
    runtime_bytes_free(answer);
    CHECK(get() == mine);
  }
}

static void interrupted(const runtime_component_t *component) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_values_t *results = NULL;
  runtime_function_t *div = find(component, "div");
  const runtime_value_t third[] = {value_bits(ONE), value_bits(THREE)};
  options.interrupt = ask;
  CHECK_OK(runtime_function_call(div, third, 2, &options, &results));
  expect_bits(results, THIRD);
  runtime_function_free(div);
}

/* All of a runtime's life in one environment: threads inherit it, code is compiled in it. */
static void live(void) {
  static way_t *const ways[] = {fresh, kept, apart};
  runtime_component_t *floats = floats_load(), *plain = load(plain_wat, linker_make());
  CHECK(get() == mine);
  for (size_t i = 0; i < 3; i++) {
    instance = instantiate(plain);
    computes(ways[i], plain);
    runtime_instance_free(instance);
    instance = instantiate(floats);
    computes(ways[i], floats);
    asks(ways[i], floats);
    faults(ways[i], floats);
    runtime_instance_free(instance);
  }
  in_text(floats);
  interrupted(floats);
  runtime_component_free(plain);
  runtime_component_free(floats);
  CHECK(get() == mine);
}

static void test_guests_compute_as_ever(void) {
  for (size_t i = 0; i < ENVIRONMENTS; i++) {
    become(environments[i]);
    with_all_ways(live);
    become(STANDARD);
  }
  CHECK(atomic_load(&looks) > 0 && atomic_load(&ends) > 0);
}

/* A host function that changes the environment changes its thread's. */
static void change(void) {
  const runtime_value_t one = value_bits(ONE);
  runtime_component_t *floats = floats_load();
  changes = 1;
  become(STANDARD);
  for (int i = 0; i < 4; i++) {
    expect(fresh, floats, "ask", &one, 1, NINTH);
    CHECK(get() == (i % 2 == 0 ? DOWNWARD : STANDARD));
  }
  changes = 0;
  runtime_component_free(floats);
}

static void test_host_functions_may_change_it(void) { with_all_ways(change); }

/* What guests compute leaves no flags, and what the host has computed stays. */
static void leave_flags(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  for (unsigned flags = 0; flags < 64 && STANDARD != 0; flags++) {
    become(STANDARD | flags);
    computes(fresh, plain);
  }
  become(STANDARD);
  runtime_component_free(plain);
}

static void test_flags_are_the_hosts(void) { with_all_ways(leave_flags); }

static void wrote(void *data, void *context, const uint8_t *bytes, size_t len) {
  CHECK(get() == mine && len > 0);
  (void)data, (void)context, (void)bytes;
  atomic_fetch_add(&lines, 1);
}

static void completed(void *data, runtime_values_t *results, runtime_error_t *error) {
  CHECK(get() == STANDARD);
  (void)data;
  CHECK_OK(error);
  runtime_values_free(results);
  set(DOWNWARD); /* Nobody after this finds it. */
  atomic_fetch_add(&done, 1);
}

/* Streams, log records, completions. */
static void test_other_callbacks(void) {
  for (size_t i = 0; i < ENVIRONMENTS; i++) {
    become(environments[i]);
    runtime_builder_t *builder = check_builder();
    runtime_builder_log(builder, RUNTIME_LOG_LEVEL_DEBUG, told, NULL, released);
    CHECK_OK(runtime_build(builder, &outside_runtime));
    runtime_builder_free(builder);
    runtime_sandbox_t *sandbox = sandbox_make();
    CHECK_OK(runtime_sandbox_stdout_callback(sandbox, wrote, 0, NULL, released));
    runtime_component_t *component = outside_load(sandbox);
    EXPECT(component, NULL, "print(\"one\\ntwo\")", "()");
    runtime_function_t *function = NULL;
    CHECK_OK(runtime_component_function(component, TEXT(OUTSIDE "print"), &function));
    runtime_value_t text = value_string("three");
    int calls = atomic_load(&done);
    for (int n = 0; n < 8; n++) {
      runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
      completion.callback = completed;
      CHECK_OK(runtime_function_call_async(function, &text, 1, NULL, &completion));
    }
    while (atomic_load(&done) < calls + 8) pause_ms(1);
    runtime_function_free(function);
    runtime_component_free(component);
    runtime_sandbox_free(sandbox);
    runtime_free(outside_runtime);
    CHECK(get() == mine);
  }
  become(STANDARD);
  CHECK(atomic_load(&lines) > 0 && atomic_load(&logs) > 0);
}

/* Code that was stored and comes back. */
static void come_back(void) {
  runtime_bytes_t *code = NULL;
  runtime_component_t *again = NULL, *plain = load(plain_wat, linker_make());
  CHECK_OK(runtime_component_serialize(plain, &code));
  CHECK_OK(runtime_component_deserialize(host_runtime, runtime_bytes_data(code),
                                         runtime_bytes_len(code), NULL, &again));
  computes(fresh, again);
  runtime_component_free(again);
  runtime_component_free(plain);
  runtime_bytes_free(code);
}

static void test_compiled_code(void) {
  for (size_t i = 0; i < ENVIRONMENTS; i++) {
    become(environments[i]);
    with_all_ways(come_back);
    become(STANDARD);
  }
}

int main(void) {
  RUN(test_guests_compute_as_ever);
  RUN(test_host_functions_may_change_it);
  RUN(test_flags_are_the_hosts);
  RUN(test_other_callbacks);
  RUN(test_compiled_code);
  return 0;
}
