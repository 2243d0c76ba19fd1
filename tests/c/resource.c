/* threads */
/* Resources of the host: numbers that it chooses, given and taken, each dropped exactly once. */
#include "hosts.h"

#define COUNTERS "acme:host/counters@1.0.0#"

static const char counters_wat[] =
    "(component"
    "  (import \"acme:host/counters@1.0.0\" (instance $host"
    "    (export \"counter\" (type $counter (sub resource)))"
    "    (export \"[constructor]counter\" (func (param \"start\" u32) (result (own $counter))))"
    "    (export \"[method]counter.next\""
    "      (func (param \"self\" (borrow $counter)) (result u32)))"
    "    (export \"close\" (func (param \"c\" (own $counter))))"
    "    (export \"pair\" (func (result (tuple (own $counter) (own $counter)))))))"
    "  (alias export $host \"counter\" (type $counter))"
    "  (core module $memory (memory (export \"memory\") 1))"
    "  (core instance $memory (instantiate $memory))"
    "  (core func $open (canon lower (func $host \"[constructor]counter\")))"
    "  (core func $next (canon lower (func $host \"[method]counter.next\")))"
    "  (core func $close (canon lower (func $host \"close\")))"
    "  (core func $pair (canon lower (func $host \"pair\")"
    "    (memory (core memory $memory \"memory\"))))"
    "  (core func $drop (canon resource.drop $counter))"
    "  (core module $m"
    "    (import \"\" \"open\" (func $open (param i32) (result i32)))"
    "    (import \"\" \"next\" (func $next (param i32) (result i32)))"
    "    (import \"\" \"close\" (func $close (param i32)))"
    "    (import \"\" \"pair\" (func $pair (param i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (import \"\" \"memory\" (memory 1))"
    "    (global $kept (mut i32) (i32.const 0))"
    "    (func (export \"twice\") (param i32) (result i32)"
    "      (local $c i32)"
    "      (local.set $c (call $open (local.get 0)))"
    "      (drop (call $next (local.get $c)))"
    "      (call $next (local.get $c))"
    "      (call $drop (local.get $c)))"
    "    (func (export \"leak\") (param i32) (drop (call $open (local.get 0))))"
    "    (func (export \"trap\") (param i32) (drop (call $open (local.get 0))) unreachable)"
    "    (func (export \"spin\") (param i32)"
    "      (drop (call $open (local.get 0))) (loop $l (br $l)))"
    "    (func (export \"close\") (param i32) (call $close (call $open (local.get 0))))"
    "    (func (export \"pair\")"
    "      (call $pair (i32.const 16)) (call $drop (i32.load (i32.const 16))))"
    "    (func (export \"keep\") (param i32) (global.set $kept (local.get 0)))"
    "    (func (export \"kept\") (result i32) (call $next (global.get $kept)))"
    "    (func (export \"give\") (result i32) (global.get $kept))"
    "    (func (export \"use\") (param i32) (result i32)"
    "      (call $next (local.get 0)) (call $drop (local.get 0)))"
    "    (func (export \"both\") (param i32 i32) (call $drop (local.get 0))))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"open\" (func $open)) (export \"next\" (func $next))"
    "    (export \"close\" (func $close)) (export \"pair\" (func $pair))"
    "    (export \"drop\" (func $drop)) (export \"memory\" (memory $memory \"memory\"))))))"
    "  (func (export \"twice\") (param \"n\" u32) (result u32)"
    "    (canon lift (core func $i \"twice\")))"
    "  (func (export \"leak\") (param \"n\" u32) (canon lift (core func $i \"leak\")))"
    "  (func (export \"trap\") (param \"n\" u32) (canon lift (core func $i \"trap\")))"
    "  (func (export \"spin\") (param \"n\" u32) (canon lift (core func $i \"spin\")))"
    "  (func (export \"close\") (param \"n\" u32) (canon lift (core func $i \"close\")))"
    "  (func (export \"pair\") (canon lift (core func $i \"pair\")))"
    "  (func (export \"keep\") (param \"c\" (own $counter)) (canon lift (core func $i \"keep\")))"
    "  (func (export \"kept\") (result u32) (canon lift (core func $i \"kept\")))"
    "  (func (export \"give\") (result (own $counter)) (canon lift (core func $i \"give\")))"
    "  (func (export \"use\") (param \"c\" (borrow $counter)) (result u32)"
    "    (canon lift (core func $i \"use\")))"
    "  (func (export \"both\") (param \"c\" (own $counter)) (param \"n\" u32)"
    "    (canon lift (core func $i \"both\"))))";

/* The host's counters: their number is their place in here. */
enum { COUNTERS_MAX = 64 };
static struct {
  atomic_uint value, dropped;
} counters[COUNTERS_MAX];
static atomic_uint counters_len;
static counted_t counted;

/* Which numbers have been dropped once; none more often. */
static unsigned dropped(void) {
  unsigned sum = 0;
  for (unsigned i = 0; i < counters_len; i++) {
    CHECK(counters[i].dropped <= 1);
    sum += counters[i].dropped;
  }
  return sum;
}

static uint32_t counter_make(uint32_t start) {
  unsigned number = atomic_fetch_add(&counters_len, 1);
  CHECK(number < COUNTERS_MAX);
  atomic_store(&counters[number].value, start);
  return number;
}

static void counter_drop(void *user_data, uint32_t number) {
  CHECK(user_data == &counted && atomic_load(&counted.finalized) == 0);
  CHECK(number < counters_len);
  CHECK(atomic_fetch_add(&counters[number].dropped, 1) == 0);
}

static runtime_value_t value_own(uint64_t handle) {
  runtime_value_t value = value_u64(handle);
  value.kind = RUNTIME_KIND_OWN;
  return value;
}

static runtime_value_t value_borrow(uint64_t handle) {
  runtime_value_t value = value_u64(handle);
  value.kind = RUNTIME_KIND_BORROW;
  return value;
}

#define HOST_FN(name)                                                                      \
  static runtime_error_t *name(void *user_data, runtime_call_t *call,                      \
                               const runtime_value_t *args, size_t args_len,               \
                               runtime_value_t *results, size_t results_len)
#define UNUSED \
  ((void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len)

HOST_FN(host_open) {
  UNUSED;
  results[0] = value_own(counter_make(args[0].of.u32));
  return NULL;
}

HOST_FN(host_next) {
  UNUSED;
  CHECK(args[0].kind == RUNTIME_KIND_BORROW && args[0].of.resource < counters_len);
  results[0] = value_u32(atomic_fetch_add(&counters[args[0].of.resource].value, 1) + 1);
  return NULL;
}

HOST_FN(host_close) {
  UNUSED;
  CHECK(args[0].kind == RUNTIME_KIND_OWN && args[0].of.resource < counters_len);
  atomic_fetch_add(&counters[args[0].of.resource].dropped, 1);
  return NULL;
}

/* A tuple in memory of the call; with user_data its second half is no resource. */
HOST_FN(host_pair) {
  UNUSED;
  runtime_value_t *pair =
      runtime_call_alloc(call, 2 * sizeof *pair, _Alignof(runtime_value_t));
  CHECK(pair != NULL);
  pair[0] = value_own(counter_make(1));
  pair[1] = user_data == NULL ? value_own(counter_make(2)) : value_u32(2);
  results[0].kind = RUNTIME_KIND_TUPLE;
  results[0].of.values.ptr = pair;
  results[0].of.values.len = 2;
  return NULL;
}

static runtime_component_t *counters_load(runtime_host_fn_t open, void *pair_data) {
  runtime_linker_t *linker = linker_make();
  memset(counters, 0, sizeof counters);
  counters_len = 0;
  memset(&counted, 0, sizeof counted);
  CHECK_OK(runtime_linker_define_resource(linker, COUNTERS "counter", strlen(COUNTERS "counter"),
                                          counter_drop, &counted, counted_finalize));
  define(linker, COUNTERS "[constructor]counter", open, NULL);
  define(linker, COUNTERS "[method]counter.next", host_next, NULL);
  define(linker, COUNTERS "close", host_close, NULL);
  define(linker, COUNTERS "pair", host_pair, pair_data);
  return load(counters_wat, linker);
}

static void counters_free(runtime_component_t *component) {
  CHECK(atomic_load(&counted.finalized) == 0);
  runtime_component_free(component);
  until_counted(&counted);
}

static void test_a_guest_uses_and_drops_one(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  expect_text(component, "twice(5)", "7");
  CHECK(counters_len == 1 && dropped() == 1);
  expect_text(component, "close(5)", "()");
  CHECK(counters_len == 2 && dropped() == 2);
  runtime_function_t *twice = find(component, "twice");
  runtime_value_t nine = value_u32(9);
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(twice, &nine, 1, NULL, &results));
  CHECK(take_u32(results) == 11 && dropped() == 3);
  runtime_function_free(twice);
  counters_free(component);
}

static void test_what_a_guest_leaves_behind_is_dropped(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = counters_load(host_open, NULL);
  expect_text(component, "leak(1)", "()");
  CHECK(dropped() == 1);
  CHECK_ERROR(text_error(component, "trap(2)", NULL), RUNTIME_ERROR_TRAP, "unreachable");
  CHECK(dropped() == 2);
  options.timeout_ms = 20;
  CHECK_ERROR(text_error(component, "spin(3)", &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK(dropped() == 3);
  expect_text(component, "pair()", "()");
  CHECK(counters_len == 5 && dropped() == 5);

  runtime_instance_t *instance = instantiate(component);
  runtime_function_t *leak = find(component, "leak");
  runtime_function_t *trap = find(component, "trap");
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, leak, &one, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(counters_len == 6 && dropped() == 5);
  CHECK_ERROR(runtime_instance_call(instance, trap, &one, 1, NULL, &results), RUNTIME_ERROR_TRAP,
              "");
  CHECK(counters_len == 7 && dropped() == 7);
  runtime_instance_free(instance);
  runtime_function_free(leak);
  runtime_function_free(trap);
  counters_free(component);
}

static void test_refused_results_stay_the_hosts(void) {
  runtime_component_t *component = counters_load(host_open, &counted);
  CHECK_ERROR(text_error(component, "pair()", NULL), RUNTIME_ERROR_TYPE_MISMATCH, "result.1");
  CHECK(counters_len == 1 && dropped() == 0);
  counters_free(component);
}

static runtime_error_t *in(const runtime_instance_t *instance, const runtime_component_t *component,
                           const char *name, const runtime_value_t *args, size_t args_len,
                           runtime_values_t **out) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(component, name);
  runtime_error_t *error =
      runtime_instance_call(instance, function, args, args_len, NULL, &results);
  runtime_function_free(function);
  if (out == NULL) runtime_values_free(results);
  if (out != NULL) *out = results;
  return error;
}

static void test_a_call_gives_and_lends_them(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_instance_t *instance = instantiate(component);
  runtime_values_t *results = NULL;
  runtime_value_t args[2] = {value_own(counter_make(10)), value_string("no number")};

  CHECK_ERROR(in(instance, component, "both", args, 2, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "`n`");
  args[0] = value_own((uint64_t)1 << 32);
  CHECK_ERROR(in(instance, component, "keep", args, 1, NULL), RUNTIME_ERROR_INVALID_ARGUMENT,
              "32-bit");
  args[0] = value_borrow(0);
  CHECK_ERROR(in(instance, component, "keep", args, 1, NULL), RUNTIME_ERROR_TYPE_MISMATCH, "`c`");
  CHECK(dropped() == 0 && !runtime_instance_is_poisoned(instance));

  for (uint32_t i = 1; i <= 3; i++) {
    CHECK_OK(in(instance, component, "use", args, 1, &results));
    CHECK(take_u32(results) == 10 + i && dropped() == 0);
  }
  args[0] = value_own(0);
  CHECK_OK(in(instance, component, "keep", args, 1, NULL));
  CHECK_OK(in(instance, component, "kept", NULL, 0, &results));
  CHECK(take_u32(results) == 14 && dropped() == 0);
  CHECK_OK(in(instance, component, "give", NULL, 0, &results));
  CHECK(runtime_values_data(results)->kind == RUNTIME_KIND_OWN);
  CHECK(runtime_values_data(results)->of.resource == 0 && dropped() == 0);
  runtime_values_free(results);
  CHECK_OK(in(instance, component, "keep", args, 1, NULL));
  runtime_instance_free(instance);
  CHECK(dropped() == 1);
  counters_free(component);
}

static void test_a_fresh_instance_takes_none(void) {
  runtime_component_t *component = counters_load(host_open, NULL);
  runtime_function_t *keep = find(component, "keep");
  runtime_value_t own = value_own(counter_make(1));
  runtime_values_t *results = NULL;
  CHECK_ERROR(runtime_function_call(keep, &own, 1, NULL, &results), RUNTIME_ERROR_INVALID_ARGUMENT,
              "fresh");
  CHECK(results == NULL && dropped() == 0);
  runtime_function_free(keep);
  counters_free(component);
}

/* ---- resources in answers that come later ---- */

static runtime_reply_t *reply_owed;

HOST_FN(host_opens_later) {
  UNUSED;
  CHECK_OK(runtime_call_defer(call, &reply_owed));
  if (args[0].of.u32 == 0) return NULL;
  runtime_value_t own = value_own(counter_make(args[0].of.u32));
  runtime_reply_complete(reply_owed, &own, 1, NULL);
  if (args[0].of.u32 == 99) runtime_cancel_trigger(runtime_call_context(call));
  return NULL;
}

static void test_answers_that_never_arrive_are_dropped(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = counters_load(host_opens_later, NULL);
  expect_text(component, "twice(5)", "7");
  CHECK(counters_len == 1 && dropped() == 1);
  options.timeout_ms = 20;
  CHECK_ERROR(text_error(component, "twice(0)", &options), RUNTIME_ERROR_TIMEOUT, "");
  runtime_value_t own = value_own(counter_make(1));
  runtime_reply_complete(reply_owed, &own, 1, NULL);
  CHECK(counters_len == 2 && dropped() == 2);
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  options.cancel = cancel;
  options.context = cancel;
  options.timeout_ms = 0;
  CHECK_ERROR(text_error(component, "spin(99)", &options), RUNTIME_ERROR_CANCELLED, "");
  CHECK(counters_len == 3 && dropped() == 3);
  runtime_cancel_free(cancel);
  counters_free(component);
}

static void tests(void) {
  RUN(test_a_guest_uses_and_drops_one);
  RUN(test_what_a_guest_leaves_behind_is_dropped);
  RUN(test_refused_results_stay_the_hosts);
  RUN(test_a_call_gives_and_lends_them);
  RUN(test_a_fresh_instance_takes_none);
  RUN(test_answers_that_never_arrive_are_dropped);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
