/* threads */
/* Resources of guests, held by the host from one call of an instance to the next. */
#include "hosts.h"

/* Counters and boxes; it knows how many of either it dropped. */
static const char held_wat[] =
    "(component"
    "  (core module $base"
    "    (global (export \"dropped\") (mut i32) (i32.const 0))"
    "    (global $boxes (mut i32) (i32.const 0))"
    "    (global (export \"trap\") (mut i32) (i32.const 0))"
    "    (func (export \"drop-counter\") (param i32)"
    "      (if (global.get 2) (then unreachable))"
    "      (global.set 0 (i32.add (global.get 0) (i32.const 1))))"
    "    (func (export \"drop-box\") (param i32)"
    "      (global.set $boxes (i32.add (global.get $boxes) (i32.const 1)))))"
    "  (core instance $base (instantiate $base))"
    "  (type $counter' (resource (rep i32) (dtor (core func $base \"drop-counter\"))))"
    "  (type $box' (resource (rep i32) (dtor (core func $base \"drop-box\"))))"
    "  (export $counter \"counter\" (type $counter'))"
    "  (export $box \"box\" (type $box'))"
    "  (core func $new-counter (canon resource.new $counter'))"
    "  (core func $drop-counter (canon resource.drop $counter'))"
    "  (core func $new-box (canon resource.new $box'))"
    "  (core module $m"
    "    (import \"\" \"new-counter\" (func $new-counter (param i32) (result i32)))"
    "    (import \"\" \"drop-counter\" (func $drop-counter (param i32)))"
    "    (import \"\" \"new-box\" (func $new-box (param i32) (result i32)))"
    "    (import \"base\" \"dropped\" (global $dropped (mut i32)))"
    "    (import \"base\" \"trap\" (global $trap (mut i32)))"
    "    (memory (export \"memory\") 1)"
    "    (global $top (mut i32) (i32.const 1024))"
    "    (func (export \"new\") (param i32) (result i32)"
    "      (global.set $top (i32.add (global.get $top) (i32.const 4)))"
    "      (i32.store (global.get $top) (local.get 0))"
    "      (call $new-counter (global.get $top)))"
    "    (func (export \"next\") (param i32) (result i32)"
    "      (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))"
    "      (i32.load (local.get 0)))"
    "    (func (export \"sum\") (param i32 i32) (result i32)"
    "      (i32.add (i32.load (local.get 0)) (i32.load (local.get 1))))"
    "    (func (export \"close\") (param i32) (call $drop-counter (local.get 0)))"
    "    (func (export \"close-two\") (param i32 i32)"
    "      (call $drop-counter (local.get 0)) (call $drop-counter (local.get 1)))"
    "    (func (export \"box\") (result i32) (call $new-box (i32.const 0)))"
    "    (func (export \"trap-in-drop\") (global.set $trap (i32.const 1)))"
    "    (func (export \"dropped\") (result i32) (global.get $dropped)))"
    "  (core instance $i (instantiate $m"
    "    (with \"\" (instance (export \"new-counter\" (func $new-counter))"
    "      (export \"drop-counter\" (func $drop-counter)) (export \"new-box\" (func $new-box))))"
    "    (with \"base\" (instance $base))))"
    "  (func (export \"[constructor]counter\") (param \"start\" u32) (result (own $counter))"
    "    (canon lift (core func $i \"new\")))"
    "  (func (export \"[method]counter.next\") (param \"self\" (borrow $counter)) (result u32)"
    "    (canon lift (core func $i \"next\")))"
    "  (func (export \"sum\") (param \"a\" (borrow $counter)) (param \"b\" (borrow $counter))"
    "    (result u32) (canon lift (core func $i \"sum\")))"
    "  (func (export \"close\") (param \"c\" (own $counter)) (canon lift (core func $i \"close\")))"
    "  (func (export \"close-two\") (param \"a\" (own $counter)) (param \"b\" (own $counter))"
    "    (canon lift (core func $i \"close-two\")))"
    "  (func (export \"mix\") (param \"a\" (borrow $counter)) (param \"b\" (own $counter))"
    "    (canon lift (core func $i \"close-two\")))"
    "  (func (export \"new-box\") (result (own $box)) (canon lift (core func $i \"box\")))"
    "  (func (export \"trap-in-drop\") (canon lift (core func $i \"trap-in-drop\")))"
    "  (func (export \"dropped\") (result u32) (canon lift (core func $i \"dropped\"))))";

static runtime_component_t *component;
static runtime_function_t *new_counter, *next, *sum, *close_one, *close_two, *mix, *new_box,
    *trap_in_drop, *count_dropped;

static runtime_value_t handle(runtime_kind_t kind, uint64_t number) {
  runtime_value_t value = value_u64(number);
  value.kind = (uint8_t)kind;
  return value;
}

static runtime_value_t own(uint64_t number) { return handle(RUNTIME_KIND_OWN, number); }
static runtime_value_t lend(uint64_t number) { return handle(RUNTIME_KIND_BORROW, number); }

static runtime_error_t *in(const runtime_instance_t *instance, const runtime_function_t *function,
                           const runtime_value_t *args, size_t args_len) {
  runtime_values_t *results = NULL;
  runtime_error_t *error =
      runtime_instance_call(instance, function, args, args_len, NULL, &results);
  runtime_values_free(results);
  return error;
}

static uint32_t number_of(const runtime_instance_t *instance, const runtime_function_t *function,
                          const runtime_value_t *args, size_t args_len) {
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, function, args, args_len, NULL, &results));
  return take_u32(results);
}

/* The handle that `function` gives. */
static uint64_t resource_of(const runtime_instance_t *instance, const runtime_function_t *function,
                            const runtime_value_t *args, size_t args_len) {
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, function, args, args_len, NULL, &results));
  CHECK(runtime_values_len(results) == 1);
  CHECK(runtime_values_data(results)->kind == RUNTIME_KIND_OWN);
  uint64_t number = runtime_values_data(results)->of.resource;
  runtime_values_free(results);
  return number;
}

static uint64_t counter(const runtime_instance_t *instance, uint32_t start) {
  runtime_value_t arg = value_u32(start);
  return resource_of(instance, new_counter, &arg, 1);
}

static uint32_t next_of(const runtime_instance_t *instance, uint64_t number) {
  runtime_value_t arg = lend(number);
  return number_of(instance, next, &arg, 1);
}

static uint32_t dropped(const runtime_instance_t *instance) {
  return number_of(instance, count_dropped, NULL, 0);
}

static runtime_error_t *drop(const runtime_instance_t *instance, uint64_t number) {
  return runtime_instance_drop_resource(instance, number, NULL);
}

static void expect_unknown(const runtime_instance_t *instance, uint64_t number) {
  runtime_value_t borrowed = lend(number), owned = own(number);
  CHECK_ERROR(in(instance, next, &borrowed, 1), RUNTIME_ERROR_INVALID_ARGUMENT, "`self`");
  CHECK_ERROR(in(instance, close_one, &owned, 1), RUNTIME_ERROR_INVALID_ARGUMENT, "`c`");
  CHECK_ERROR(drop(instance, number), RUNTIME_ERROR_INVALID_ARGUMENT, "no handle of this instance");
  CHECK(!runtime_instance_is_poisoned(instance));
}

static void test_the_host_holds_them_across_calls(void) {
  runtime_instance_t *instance = instantiate(component);
  uint64_t a = counter(instance, 10), b = counter(instance, 20);
  CHECK(a != b);
  for (uint32_t i = 1; i <= 100; i++) {
    CHECK(next_of(instance, a) == 10 + i && next_of(instance, b) == 20 + i);
  }
  runtime_value_t both[2] = {lend(a), lend(b)};
  CHECK(number_of(instance, sum, both, 2) == 230);
  both[1] = lend(a);
  CHECK(number_of(instance, sum, both, 2) == 220);
  CHECK(dropped(instance) == 0);
  CHECK_OK(drop(instance, a));
  CHECK(dropped(instance) == 1);
  expect_unknown(instance, a);
  CHECK(next_of(instance, b) == 121);
  runtime_value_t given = own(b);
  CHECK_OK(in(instance, close_one, &given, 1));
  CHECK(dropped(instance) == 2);
  expect_unknown(instance, b);
  runtime_instance_free(instance);
}

static void test_strangers_are_refused(void) {
  runtime_instance_t *instance = instantiate(component);
  runtime_instance_t *other = instantiate(component);
  uint64_t ours = counter(instance, 1), theirs = counter(other, 1);
  CHECK(ours != theirs);
  expect_unknown(instance, theirs);
  expect_unknown(other, ours);
  const uint64_t numbers[] = {0, 1, UINT32_MAX, UINT64_MAX, ours + 1, ours ^ (1ULL << 32),
                              ours ^ (1ULL << 40), ours ^ (1ULL << 63)};
  const size_t count = sizeof numbers / sizeof *numbers;
  for (size_t i = 0; i < count; i++) expect_unknown(instance, numbers[i]);

  uint64_t box = resource_of(instance, new_box, NULL, 0);
  runtime_value_t wrong = lend(box);
  CHECK_ERROR(in(instance, next, &wrong, 1), RUNTIME_ERROR_INVALID_ARGUMENT, "another type");
  wrong = lend(ours);
  CHECK_ERROR(in(instance, close_one, &wrong, 1), RUNTIME_ERROR_TYPE_MISMATCH, "expected own");
  CHECK(!runtime_instance_is_poisoned(instance) && next_of(instance, ours) == 2);
  runtime_instance_free(instance);
  runtime_instance_free(other);
}

static void test_one_call_takes_each_once(void) {
  runtime_instance_t *instance = instantiate(component);
  uint64_t a = counter(instance, 1), b = counter(instance, 2);
  runtime_value_t twice[2] = {own(a), own(a)};
  CHECK_ERROR(in(instance, close_two, twice, 2), RUNTIME_ERROR_INVALID_ARGUMENT, "one call");
  twice[0] = lend(a);
  CHECK_ERROR(in(instance, mix, twice, 2), RUNTIME_ERROR_INVALID_ARGUMENT, "one call");
  twice[0] = own(a);
  twice[1] = own(b ^ 1ULL << 50);
  CHECK_ERROR(in(instance, close_two, twice, 2), RUNTIME_ERROR_INVALID_ARGUMENT, "`b`");
  CHECK(next_of(instance, a) == 2 && dropped(instance) == 0);

  /* What does not start takes nothing. */
  runtime_call_options_t fuel = RUNTIME_CALL_OPTIONS_INIT;
  runtime_values_t *results = NULL;
  fuel.fuel = 1;
  twice[1] = own(b);
  CHECK_ERROR(runtime_instance_call(instance, close_two, twice, 2, &fuel, &results),
              RUNTIME_ERROR_INVALID_ARGUMENT, "fuel");
  CHECK_ERROR(runtime_instance_drop_resource(instance, a, &fuel), RUNTIME_ERROR_INVALID_ARGUMENT,
              "fuel");
  CHECK(next_of(instance, a) == 3 && next_of(instance, b) == 3);
  CHECK_OK(in(instance, close_two, twice, 2));
  CHECK(dropped(instance) == 2);
  runtime_instance_free(instance);
}

/* More often than 16 bits can count. */
static void test_numbers_are_not_used_again(void) {
  runtime_instance_t *instance = instantiate(component);
  uint64_t first = resource_of(instance, new_box, NULL, 0), last = first;
  CHECK_OK(drop(instance, first));
  for (size_t i = 0; i < scaled((1 << 16) + 100); i++) {
    uint64_t number = resource_of(instance, new_box, NULL, 0);
    CHECK(number != first && number != last);
    last = number;
    CHECK_OK(drop(instance, number));
  }
  uint64_t held = counter(instance, 1);
  expect_unknown(instance, first);
  CHECK(next_of(instance, held) == 2);
  runtime_instance_free(instance);
}

/* Nor by another instance, nor by one of another runtime, however many came before. */
static void test_no_two_instances_give_one_number(void) {
  runtime_t *runtime = host_runtime_make(1);
  runtime_component_t *elsewhere = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)held_wat, strlen(held_wat), NULL,
                                 &elsewhere));
  runtime_function_t *make = find(elsewhere, "[constructor]counter");
  runtime_function_t *ask = find(elsewhere, "[method]counter.next");
  runtime_value_t start = value_u32(1);
  for (size_t i = 0; i < scaled(300); i++) {
    runtime_instance_t *here = instantiate(component), *there = instantiate(elsewhere);
    uint64_t ours = counter(here, 1), theirs = resource_of(there, make, &start, 1);
    runtime_value_t stranger = lend(ours);
    CHECK(ours != theirs);
    CHECK_ERROR(in(there, ask, &stranger, 1), RUNTIME_ERROR_INVALID_ARGUMENT, "`self`");
    expect_unknown(here, theirs);
    runtime_instance_free(here);
    runtime_instance_free(there);
  }
  runtime_function_free(make);
  runtime_function_free(ask);
  runtime_component_free(elsewhere);
  runtime_free(runtime);
}

static void test_a_destructor_may_fail(void) {
  runtime_instance_t *instance = instantiate(component);
  uint64_t a = counter(instance, 1), b = counter(instance, 2);
  CHECK_OK(in(instance, trap_in_drop, NULL, 0));
  CHECK_ERROR(drop(instance, a), RUNTIME_ERROR_TRAP, "unreachable");
  CHECK(runtime_instance_is_poisoned(instance));
  CHECK_ERROR(drop(instance, b), RUNTIME_ERROR_POISONED, "unreachable");
  runtime_instance_free(instance);
}

static void test_asynchronous_calls_give_them_too(void) {
  if (blocking_only) return;
  runtime_instance_t *instance = instantiate(component);
  runtime_value_t five = value_u32(5);
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_instance_call_async(instance, new_counter, &five, 1, NULL, &completion));
  CHECK_OK(finish(pending, &results));
  uint64_t number = runtime_values_data(results)->of.resource;
  runtime_values_free(results);
  runtime_value_t arg = lend(number);
  CHECK_OK(runtime_instance_call_async(instance, next, &arg, 1, NULL, &completion));
  CHECK_OK(finish(pending, &results));
  CHECK(take_u32(results) == 6);
  CHECK_OK(drop(instance, number));
  CHECK(dropped(instance) == 1);
  runtime_instance_free(instance);
}

static void test_fresh_instances_have_none(void) {
  runtime_value_t five = value_u32(5);
  runtime_values_t *results = NULL;
  CHECK_ERROR(runtime_function_call(new_counter, &five, 1, NULL, &results),
              RUNTIME_ERROR_UNSUPPORTED, "instance");
  runtime_value_t arg = lend(5);
  CHECK_ERROR(runtime_function_call(next, &arg, 1, NULL, &results), RUNTIME_ERROR_INVALID_ARGUMENT,
              "fresh");
  CHECK(results == NULL);
  CHECK_ERROR(drop(NULL, 5), RUNTIME_ERROR_INVALID_ARGUMENT, "`instance`");
}

static void test_the_host_holds_so_many(void) {
  runtime_t *shared = host_runtime;
  runtime_builder_t *builder = check_builder();
  runtime_component_t *small = NULL;
  runtime_values_t *results = NULL;
  runtime_builder_max_resources(builder, 8);
  CHECK_OK(runtime_build(builder, &host_runtime));
  runtime_builder_free(builder);
  CHECK_OK(try_load(held_wat, NULL, &small));
  runtime_function_t *make = find(small, "[constructor]counter");
  runtime_instance_t *instance = instantiate(small);
  runtime_value_t one = value_u32(1);
  uint64_t last = 0;
  for (int i = 0; i < 8; i++) last = resource_of(instance, make, &one, 1);
  CHECK_OK(drop(instance, last));
  last = resource_of(instance, make, &one, 1);
  CHECK_ERROR(runtime_instance_call(instance, make, &one, 1, NULL, &results),
              RUNTIME_ERROR_RESOURCE_LIMIT, "max_resources");
  CHECK(results == NULL);
  runtime_instance_free(instance);
  runtime_function_free(make);
  runtime_component_free(small);
  runtime_free(host_runtime);
  host_runtime = shared;
}

static void tests(void) {
  CHECK_OK(try_load(held_wat, NULL, &component));
  new_counter = find(component, "[constructor]counter");
  next = find(component, "[method]counter.next");
  sum = find(component, "sum");
  close_one = find(component, "close");
  close_two = find(component, "close-two");
  mix = find(component, "mix");
  new_box = find(component, "new-box");
  trap_in_drop = find(component, "trap-in-drop");
  count_dropped = find(component, "dropped");
  RUN(test_the_host_holds_them_across_calls);
  RUN(test_strangers_are_refused);
  RUN(test_one_call_takes_each_once);
  RUN(test_numbers_are_not_used_again);
  RUN(test_no_two_instances_give_one_number);
  RUN(test_a_destructor_may_fail);
  RUN(test_asynchronous_calls_give_them_too);
  RUN(test_fresh_instances_have_none);
  RUN(test_the_host_holds_so_many);
  runtime_function_t *all[] = {new_counter, next, sum, close_one, close_two, mix, new_box,
                               trap_in_drop, count_dropped};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) runtime_function_free(all[i]);
  runtime_component_free(component);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
