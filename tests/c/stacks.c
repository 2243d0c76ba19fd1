/* no-valgrind: it takes small stacks of guests beside those of threads for frames of the latter */
/* threads */
/* Components whose guests have less stack than the runtime allows: as the others in all else. */
#include "hosts.h"

enum { LESS = 64 << 10, FEW = 100, MANY = 6000 };

/* Calls itself, or the host, at the depth that it is told; or never ends. */
static const char deep_wat[] =
    "(component"
    "  (import \"acme:host/api@1.0.0\" (instance $api (export \"tick\" (func))))"
    "  (core func $tick (canon lower (func $api \"tick\")))"
    "  (core module $m"
    "    (import \"\" \"tick\" (func $tick))"
    "    (memory (export \"memory\") 1)"
    "    (func $down (export \"down\") (param i32) (result i32)"
    "      (if (result i32) (local.get 0)"
    "        (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))"
    "        (else (call $tick) (i32.const 0))))"
    "    (func (export \"spin\") (loop $l (br $l))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"tick\" (func $tick))))))"
    "  (func (export \"down\") (param \"n\" u32) (result u32) (canon lift (core func $i \"down\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\"))))";

static atomic_int ticked;

static runtime_error_t *tick(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  atomic_fetch_add(&ticked, 1);
  return NULL;
}

static runtime_component_t *load_deep(uint64_t stack) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick", tick, NULL);
  limits.max_stack = stack;
  options.linker = linker;
  options.limits = &limits;
  options.blocking_only = blocking_only;
  CHECK_OK(runtime_component_new(host_runtime, (const uint8_t *)deep_wat, strlen(deep_wat),
                                 &options, &component));
  runtime_linker_free(linker);
  return component;
}

static runtime_error_t *down(const runtime_component_t *component, uint32_t depth) {
  runtime_value_t arg = value_u32(depth);
  runtime_values_t *values = NULL;
  runtime_function_t *function = find(component, "down");
  runtime_error_t *error = runtime_function_call(function, &arg, 1, NULL, &values);
  CHECK(error != NULL || runtime_values_data(values)->of.u32 == depth);
  runtime_values_free(values);
  runtime_function_free(function);
  return error;
}

static runtime_error_t *down_away(const runtime_component_t *component, uint32_t depth) {
  runtime_value_t arg = value_u32(depth);
  runtime_values_t *values = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  runtime_function_t *function = find(component, "down");
  CHECK_OK(runtime_function_call_async(function, &arg, 1, NULL, &completion));
  runtime_error_t *error = finish(pending, &values);
  runtime_values_free(values);
  runtime_function_free(function);
  return error;
}

static void expect_overflow(runtime_error_t *error, uint64_t stack) {
  runtime_error_details_t details = RUNTIME_ERROR_DETAILS_INIT;
  CHECK(runtime_error_code(error) == RUNTIME_ERROR_STACK_OVERFLOW);
  CHECK(runtime_error_details(error, &details) && details.allowed == stack);
  CHECK_TEXT(details.setting, "max_stack");
  runtime_error_free(error);
}

static void expect_nobody(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(host_runtime, &stats));
  CHECK(stats.instances == 0 && stats.pool_slots == 0);
}

static void test_each_has_its_stack(void) {
  runtime_component_t *all = load_deep(0), *less = load_deep(LESS), *same = load_deep(LESS);
  runtime_component_t *half = load_deep(2 * LESS), *more = load_deep((uint64_t)1 << 40);
  runtime_component_t *const roomy[] = {all, more}, *const few[] = {less, same};
  int before = atomic_load(&ticked);
  for (size_t i = 0; i < 2; i++) {
    CHECK_OK(down(roomy[i], MANY));
    CHECK_OK(down(few[i], FEW));
    expect_overflow(down(few[i], MANY), LESS);
    if (blocking_only == 0) {
      CHECK_OK(down_away(roomy[i], MANY));
      CHECK_OK(down_away(few[i], FEW));
      expect_overflow(down_away(few[i], MANY), LESS);
    }
  }
  CHECK(atomic_load(&ticked) - before == (blocking_only != 0 ? 4 : 8));
  expect_overflow(down(half, MANY), 2 * LESS);
  expect_nobody();
  runtime_component_free(all);
  runtime_component_free(less);
  runtime_component_free(same);
  runtime_component_free(half);
  runtime_component_free(more);
}

static void test_time_is_up_there_too(void) {
  runtime_component_t *less = load_deep(LESS);
  runtime_call_options_t brief = RUNTIME_CALL_OPTIONS_INIT;
  runtime_function_t *spin = find(less, "spin");
  runtime_values_t *values = NULL;
  brief.timeout_ms = 20;
  CHECK_ERROR(runtime_function_call(spin, NULL, 0, &brief, &values), RUNTIME_ERROR_TIMEOUT,
              "20 ms");
  runtime_function_free(spin);
  runtime_component_free(less);
}

static void test_linked_again(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick", tick, NULL);
  options.linker = linker;
  options.blocking_only = blocking_only;
  runtime_component_t *less = load_deep(LESS), *all = NULL, *again = NULL;
  CHECK_OK(runtime_component_link(less, &options, &all));
  options.limits = &limits;
  limits.max_stack = 2 * LESS;
  CHECK_OK(runtime_component_link(all, &options, &again));
  runtime_component_free(less);
  CHECK_OK(down(all, MANY));
  runtime_component_free(all);
  CHECK_OK(down(again, FEW));
  expect_overflow(down(again, MANY), 2 * LESS);
  runtime_component_free(again);
  runtime_linker_free(linker);
}

/* Each size is there for as long as a component has it. */
static void test_so_many_sizes(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_component_t *all[16];
  runtime_component_t *one = load_deep(0), *more = NULL;
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick", tick, NULL);
  options.linker = linker;
  options.limits = &limits;
  for (uint64_t i = 0; i < 16; i++) all[i] = load_deep(LESS + 4096 * i);
  limits.max_stack = LESS + 1;
  for (int i = 0; i < 2; i++)
    CHECK_ERROR(runtime_component_link(one, &options, &more), RUNTIME_ERROR_RESOURCE_LIMIT,
                "16 other sizes");
  for (int i = 0; i < 16; i++) CHECK_OK(down(all[i], FEW));
  runtime_component_free(all[7]);
  CHECK_OK(runtime_component_link(one, &options, &more));
  CHECK_OK(down(more, FEW));
  for (int i = 0; i < 16; i++)
    if (i != 7) runtime_component_free(all[i]);
  runtime_component_free(more);
  runtime_component_free(one);
  runtime_linker_free(linker);
}

/* Threads with less room than the runtime's stack takes have enough for less of one. */
static void *on_small_stack(void *data) {
  (void)data;
  runtime_component_t *less = load_deep(LESS), *all = load_deep(0);
  CHECK_OK(down(less, FEW));
  expect_overflow(down(less, MANY), LESS);
  runtime_error_t *error = down(all, FEW);
  if (blocking_only != 0) {
    CHECK(runtime_error_code(error) == RUNTIME_ERROR_STACK_OVERFLOW);
    runtime_error_free(error);
  } else {
    CHECK_OK(error);
  }
  runtime_component_free(less);
  runtime_component_free(all);
  return NULL;
}

static void test_small_threads(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, 900 << 10) == 0);
  CHECK(pthread_create(&thread, &attributes, on_small_stack, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
}

static void *call_often(void *data) {
  for (int i = 0; i < 200; i++) {
    CHECK_OK(down(data, FEW));
    if (i % 20 == 0) expect_overflow(down(data, MANY), LESS);
  }
  return NULL;
}

static void test_from_threads(void) {
  pthread_t threads[2];
  runtime_component_t *less = load_deep(LESS);
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, call_often, less) == 0);
  for (uint64_t i = 0; i < 50; i++) runtime_component_free(load_deep(LESS + 4096 * (i % 3)));
  for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  runtime_component_free(less);
  expect_nobody();
}

/* Where guests check bounds by themselves, which makes other code. */
static runtime_t *without_handlers(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = check_builder();
  runtime_builder_signal_handlers(builder, false);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

int main(void) {
  const char *const ways[] = {"pool", "on demand", "blocking calls only", "no signal handlers"};
  for (int way = 0; way < 4; way++) {
    printf("%s\n", ways[way]);
    host_runtime = way == 3 ? without_handlers() : host_runtime_make(way == 1);
    blocking_only = way == 2;
    RUN(test_each_has_its_stack);
    RUN(test_time_is_up_there_too);
    RUN(test_linked_again);
    RUN(test_so_many_sizes);
    RUN(test_small_threads);
    RUN(test_from_threads);
    runtime_free(host_runtime);
  }
  return 0;
}
