/* threads */
/* Instances that are used again: what they remember, when they are not, and that they give way. */
#include "counters.h"

static runtime_t *runtime;
static runtime_component_reuse_t reuse;

static const char sum_wat[] =
    "(component (core module $m"
    "    (memory 1)"
    "    (global $sum (mut i32) (i32.const 0))"
    "    (func (export \"add\") (param i32) (result i32)"
    "      (global.set $sum (i32.add (global.get $sum) (local.get 0)))"
    "      (global.get $sum))"
    "    (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    "    (func (export \"spin\") (loop $l (br $l)))"
    "    (func (export \"trap\") unreachable))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"add\") (param \"n\" u32) (result u32) (canon lift (core func $i \"add\")))"
    "  (func (export \"grow\") (param \"n\" u32) (result u32) (canon lift (core func $i \"grow\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\")))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\"))))";

static runtime_component_t *load_with(const char *wat, const runtime_component_limits_t *limits,
                                      const runtime_linker_t *linker) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.reuse = &reuse;
  options.limits = limits;
  options.linker = linker;
  options.blocking_only = blocking_only;
  CHECK_OK(
      runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), &options, &component));
  return component;
}

static runtime_stats_t stats_now(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

/* What `name` gives for `n`, in a blocking or an asynchronous call. */
static uint32_t ask(const runtime_component_t *component, const char *name, uint32_t n,
                    bool apart) {
  runtime_function_t *function = find(component, name);
  runtime_value_t arg = value_u32(n);
  runtime_values_t *results = NULL;
  if (apart) {
    CHECK_OK(call_apart(function, &arg, 1, NULL, &results));
  } else {
    CHECK_OK(runtime_function_call(function, &arg, 1, NULL, &results));
  }
  runtime_function_free(function);
  return take_u32(results);
}

static runtime_error_t *fails(const runtime_component_t *component, const char *name, bool apart,
                              const runtime_call_options_t *options) {
  runtime_function_t *function = find(component, name);
  runtime_values_t *results = NULL;
  runtime_error_t *error = apart ? call_apart(function, NULL, 0, options, &results)
                                 : runtime_function_call(function, NULL, 0, options, &results);
  runtime_function_free(function);
  CHECK(results == NULL);
  return error;
}

static void test_the_next_call_finds_what_was_left(void) {
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  const uint64_t reused = stats_now().reused;
  CHECK(ask(component, "add", 1, false) == 1);
  CHECK(stats_now().resting == 1 && stats_now().instances == 1);
  CHECK(ask(component, "add", 2, true) == 3);
  CHECK(ask(component, "add", 3, false) == 6);
  CHECK(stats_now().resting == 1 && stats_now().reused == reused + 2);
  expect_text(component, "add(5)", "5");
  CHECK(ask(component, "add", 4, true) == 10);
  runtime_component_free(component);
  CHECK(stats_now().resting == 0 && stats_now().instances == 0 && stats_now().memory == 0);
}

static void test_none_is_kept_after_a_failure(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  for (int apart = 0; apart < 2; apart++) {
    CHECK(ask(component, "add", 1, apart) == 1);
    CHECK_ERROR(fails(component, "trap", apart, NULL), RUNTIME_ERROR_TRAP, "");
    CHECK(ask(component, "add", 1, apart) == 1);
    options.timeout_ms = 15;
    CHECK_ERROR(fails(component, "spin", apart, &options), RUNTIME_ERROR_TIMEOUT, "");
    CHECK(ask(component, "add", 1, apart) == 1);
    /* One that is refused before it begins leaves the instance alone, in a blocking call. */
    options.timeout_ms = 0;
    options.cancel = cancel;
    runtime_cancel_trigger(cancel);
    CHECK_ERROR(fails(component, "trap", false, &options), RUNTIME_ERROR_CANCELLED, "");
    options.cancel = NULL;
    CHECK(ask(component, "add", 1, apart) == 2);
    CHECK_ERROR(fails(component, "trap", apart, NULL), RUNTIME_ERROR_TRAP, "");
  }
  runtime_cancel_free(cancel);
  runtime_component_free(component);
  CHECK(stats_now().instances == 0);
}

static void test_its_terms(void) {
  reuse.max_calls = 3;
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  for (uint32_t i = 0; i < 7; i++) CHECK(ask(component, "add", 1, i % 2) == i % 3 + 1);
  runtime_component_free(component);
  reuse.max_calls = 0;

  reuse.max_growth = 2 << 16;
  component = load_with(sum_wat, NULL, NULL);
  CHECK(ask(component, "grow", 2, false) == 1 && ask(component, "add", 1, false) == 1);
  CHECK(ask(component, "grow", 1, false) == 3 && stats_now().resting == 0);
  CHECK(ask(component, "grow", 1, true) == 1 && stats_now().resting == 1);
  runtime_component_free(component);
  reuse.max_growth = 0;

  reuse.max_idle_ms = 20;
  component = load_with(sum_wat, NULL, NULL);
  CHECK(ask(component, "add", 1, false) == 1);
  while (stats_now().resting > 0) pause_ms(1);
  CHECK(ask(component, "add", 1, true) == 1);
  while (stats_now().instances > 0) pause_ms(1);
  runtime_component_free(component);
  reuse.max_idle_ms = UINT64_MAX;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.reuse = &reuse;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)sum_wat, strlen(sum_wat), &options,
                                    &component),
              RUNTIME_ERROR_INVALID_ARGUMENT, "options.reuse.max_idle_ms");
  reuse.max_idle_ms = 0;
}

/* Others find a place although all are taken by instances that wait. */
static void test_they_give_way(void) {
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  runtime_component_t *other = load_with(sum_wat, NULL, NULL);
  runtime_instance_t *held[3];
  CHECK(ask(component, "add", 1, false) == 1);
  CHECK(ask(other, "add", 1, false) == 1);
  CHECK(stats_now().resting == 2);
  for (int i = 0; i < 3; i++) held[i] = instantiate(component);
  CHECK(stats_now().resting == 1);
  CHECK(ask(component, "add", 1, true) == 1);
  for (int i = 0; i < 3; i++) runtime_instance_free(held[i]);
  runtime_component_free(component);
  runtime_component_free(other);

  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  limits.max_instances = 1;
  component = load_with(sum_wat, &limits, NULL);
  CHECK(ask(component, "add", 1, false) == 1);
  held[0] = instantiate(component);
  CHECK(stats_now().resting == 0 && stats_now().instances == 1);
  runtime_instance_free(held[0]);
  runtime_component_free(component);
}

enum { THREADS = 8, CALLS = 200 };

static void *hammer(void *data) {
  for (uint32_t i = 0; i < CALLS; i++) CHECK(ask(data, "add", 1, i % 2) >= 1);
  return NULL;
}

/* More threads than instances: what one gives back, the next has. */
static void test_many_threads(void) {
  pthread_t threads[THREADS];
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  const uint64_t reused = stats_now().reused;
  for (int i = 0; i < THREADS; i++) threads[i] = thread_start(hammer, component);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  runtime_stats_t stats = stats_now();
  CHECK(stats.resting <= 4 && stats.resting == stats.instances);
  CHECK(stats.reused - reused > THREADS * CALLS / 2);
  runtime_component_free(component);
  CHECK(stats_now().instances == 0);
}

/* An instance that owns something of the host's ends with its call, as the host expects. */
static void test_resources_of_the_host(void) {
  runtime_t *const before = host_runtime;
  runtime_values_t *results = NULL;
  memset(counters, 0, sizeof counters);
  counters_len = 0;
  memset(&counted, 0, sizeof counted);
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define_resource(linker, COUNTERS "counter", strlen(COUNTERS "counter"),
                                          counter_drop, &counted, counted_finalize));
  define(linker, COUNTERS "[constructor]counter", host_open, NULL);
  define(linker, COUNTERS "[method]counter.next", host_next, NULL);
  define(linker, COUNTERS "close", host_close, NULL);
  define(linker, COUNTERS "pair", host_pair, NULL);
  host_runtime = runtime;
  runtime_component_t *component = load_with(counters_wat, NULL, linker);
  runtime_linker_free(linker);
  CHECK(ask(component, "twice", 5, false) == 7 && dropped() == 1 && stats_now().resting == 1);
  runtime_function_t *leak = find(component, "leak");
  runtime_value_t one = value_u32(1);
  CHECK_OK(runtime_function_call(leak, &one, 1, NULL, &results));
  runtime_values_free(results);
  CHECK(dropped() == 2 && stats_now().resting == 0);
  runtime_function_free(leak);
  counters_free(component);
  host_runtime = before;
}

static atomic_int ending;

static void slow_drop(void *user_data, uint32_t number) {
  (void)user_data, (void)number;
  atomic_store(&ending, 1);
  pause_ms(100);
  atomic_store(&ending, 2);
}

static void *leaks(void *data) {
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_function_call(data, &one, 1, NULL, &results);
  runtime_error_free(error);
  runtime_values_free(results);
  return NULL;
}

/* The end of an instance that is not kept is a part of its call. */
static void test_a_shutdown_waits_for_destructors(void) {
  runtime_t *const before = runtime;
  runtime_builder_t *builder = guest_builder(4);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define_resource(linker, COUNTERS "counter", strlen(COUNTERS "counter"),
                                          slow_drop, NULL, NULL));
  memset(counters, 0, sizeof counters);
  counters_len = 0;
  define(linker, COUNTERS "[constructor]counter", host_open, NULL);
  define(linker, COUNTERS "[method]counter.next", host_next, NULL);
  define(linker, COUNTERS "close", host_close, NULL);
  define(linker, COUNTERS "pair", host_pair, NULL);
  runtime_component_t *component = load_with(counters_wat, NULL, linker);
  runtime_linker_free(linker);
  runtime_function_t *leak = find(component, "leak");
  atomic_store(&ending, 0);
  pthread_t thread = thread_start(leaks, leak);
  while (atomic_load(&ending) == 0) pause_ms(1);
  CHECK_OK(runtime_shutdown(runtime, UINT64_MAX));
  CHECK(atomic_load(&ending) == 2);
  CHECK(pthread_join(thread, NULL) == 0);
  runtime_function_free(leak);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime = before;
}

static atomic_bool enough;

static void *hammer_on(void *data) {
  while (!atomic_load(&enough)) CHECK(ask(data, "add", 1, false) >= 1);
  return NULL;
}

/* However busy a component is, others get their turn. */
static void test_nobody_starves(void) {
  runtime_t *const before = runtime;
  pthread_t threads[3];
  runtime_builder_t *builder = guest_builder(1);
  runtime_builder_instance_wait(builder, 600000);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  reuse.max_calls = UINT64_MAX;
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  runtime_component_t *other = load_with(sum_wat, NULL, NULL);
  atomic_store(&enough, false);
  for (int i = 0; i < 3; i++) threads[i] = thread_start(hammer_on, component);
  for (int i = 0; i < 20; i++) {
    CHECK(ask(other, "add", 1, i % 2) >= 1);
    expect_text(component, "add(5)", "5");
  }
  atomic_store(&enough, true);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  reuse.max_calls = 0;
  runtime_component_free(component);
  runtime_component_free(other);
  runtime_free(runtime);
  runtime = before;
}

static void test_a_shutdown_ends_them(void) {
  runtime_component_t *component = load_with(sum_wat, NULL, NULL);
  CHECK(ask(component, "add", 1, false) == 1);
  CHECK_OK(runtime_shutdown(runtime, UINT64_MAX));
  CHECK(stats_now().resting == 0 && stats_now().instances == 0);
  runtime_component_free(component);
}

int main(void) {
  const runtime_component_reuse_t defaults = RUNTIME_COMPONENT_REUSE_INIT;
  for (int way = 0; way < 4; way++) {
    runtime_builder_t *builder = guest_builder(4);
    if (way % 2) runtime_builder_force_on_demand_allocator(builder);
    CHECK_OK(runtime_build(builder, &runtime));
    runtime_builder_free(builder);
    blocking_only = way >= 2;
    reuse = defaults;
    printf("%s%s\n", way % 2 ? "on demand" : "pool", way >= 2 ? ", blocking only" : "");
    RUN(test_the_next_call_finds_what_was_left);
    RUN(test_none_is_kept_after_a_failure);
    RUN(test_its_terms);
    RUN(test_they_give_way);
    RUN(test_many_threads);
    RUN(test_resources_of_the_host);
    RUN(test_a_shutdown_waits_for_destructors);
    RUN(test_nobody_starves);
    RUN(test_a_shutdown_ends_them);
    runtime_free(runtime);
  }
  return 0;
}
