/* A component that gets counters of its host: numbers that count how often they were dropped. */
#ifndef COUNTERS_H
#define COUNTERS_H

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
    "    (func (export \"both\") (param i32 i32) (call $drop (local.get 0)))"
    "    (func (export \"pass\") (param i32) (result i32) (local.get 0))"
    "    (func (export \"fail\") (param i32) unreachable))"
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
    "    (canon lift (core func $i \"both\")))"
    "  (func (export \"pass\") (param \"c\" (own $counter)) (result (own $counter))"
    "    (canon lift (core func $i \"pass\")))"
    "  (func (export \"fail\") (param \"c\" (own $counter)) (canon lift (core func $i \"fail\"))))";

/* The host's counters: their number is their place in here. */
enum { COUNTERS_MAX = 64 };
static struct {
  atomic_uint value, dropped;
} counters[COUNTERS_MAX];
static atomic_uint counters_len;
static counted_t counted;

/* Which numbers have been dropped once; none more often. */
static inline unsigned dropped(void) {
  unsigned sum = 0;
  for (unsigned i = 0; i < counters_len; i++) {
    CHECK(counters[i].dropped <= 1);
    sum += counters[i].dropped;
  }
  return sum;
}

static inline uint32_t counter_make(uint32_t start) {
  unsigned number = atomic_fetch_add(&counters_len, 1);
  CHECK(number < COUNTERS_MAX);
  atomic_store(&counters[number].value, start);
  return number;
}

static inline void counter_drop(void *user_data, uint32_t number) {
  CHECK(user_data == &counted && atomic_load(&counted.finalized) == 0);
  CHECK(number < counters_len);
  CHECK(atomic_fetch_add(&counters[number].dropped, 1) == 0);
}

static inline runtime_value_t value_own(uint64_t handle) {
  runtime_value_t value = value_u64(handle);
  value.kind = RUNTIME_KIND_OWN;
  return value;
}

static inline runtime_value_t value_borrow(uint64_t handle) {
  runtime_value_t value = value_u64(handle);
  value.kind = RUNTIME_KIND_BORROW;
  return value;
}

#define HOST_FN(name)                                                                      \
  static inline runtime_error_t *name(void *user_data, runtime_call_t *call,               \
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

static inline runtime_component_t *counters_load(runtime_host_fn_t open, void *pair_data) {
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

static inline void counters_free(runtime_component_t *component) {
  CHECK(atomic_load(&counted.finalized) == 0);
  runtime_component_free(component);
  until_counted(&counted);
}

#endif
