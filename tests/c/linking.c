/* threads */
/* One compiled component, linked many times: each with a linker, limits and defaults of its own. */
#include "hosts.h"

#define WAIT_MS 20

static runtime_t *small_runtime(bool pooling) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_instance_wait(builder, WAIT_MS);
  runtime_builder_max_execution_time(builder, 60000);
  if (pooling) {
    runtime_builder_force_pooling_allocator(builder);
  } else {
    runtime_builder_force_on_demand_allocator(builder);
  }
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static runtime_component_t *load_as(const runtime_t *runtime, const char *wat,
                                    const runtime_component_options_t *options) {
  runtime_component_t *component = NULL;
  CHECK_OK(
      runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), options, &component));
  return component;
}

static runtime_component_t *link_again(const runtime_component_t *component,
                                       const runtime_component_options_t *options) {
  runtime_component_t *another = NULL;
  CHECK_OK(runtime_component_link(component, options, &another));
  return another;
}

/* Calls a function with or without an argument in a fresh instance. */
static runtime_error_t *try(const runtime_component_t *component, const char *name,
                            const runtime_value_t *arg, const runtime_call_options_t *options,
                            runtime_values_t **out) {
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(component, name);
  runtime_error_t *error =
      runtime_function_call(function, arg, arg != NULL, options, &results);
  runtime_function_free(function);
  if (out == NULL) runtime_values_free(results);
  if (out != NULL) *out = results;
  return error;
}

/* How many pages more a guest gets: -1 for none. */
static int32_t grown(const runtime_component_t *component, uint32_t pages) {
  runtime_value_t n = value_u32(pages);
  runtime_values_t *results = NULL;
  CHECK_OK(try(component, "grow", &n, NULL, &results));
  int32_t before = runtime_values_data(results)->of.s32;
  runtime_values_free(results);
  return before;
}

static void test_each_has_limits_of_its_own(bool pooling) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_t *runtime = small_runtime(pooling);
  runtime_component_t *first = load_as(runtime, guest_wat, NULL);
  options.limits = &limits;
  limits.max_linear_memory = 2 << 16;
  runtime_component_t *second = link_again(first, &options);
  limits.max_execution_time_ms = 20;
  runtime_component_t *brief = link_again(first, &options);
  limits.max_linear_memory = (uint64_t)1 << 40;
  limits.max_execution_time_ms = UINT64_MAX;
  limits.max_instances = 4294967295;
  runtime_component_t *third = link_again(second, &options);

  CHECK(grown(first, 15) == 1 && grown(second, 1) == 1 && grown(second, 2) == -1);
  CHECK(grown(third, 15) == 1 && grown(third, 16) == -1);
  CHECK_ERROR(try(brief, "spin", NULL, NULL, NULL), RUNTIME_ERROR_TIMEOUT, "20 ms");
  runtime_call_options_t longer = RUNTIME_CALL_OPTIONS_INIT;
  longer.timeout_ms = 50000;
  CHECK_ERROR(try(brief, "spin", NULL, &longer, NULL), RUNTIME_ERROR_TIMEOUT, "20 ms");
  longer.timeout_ms = 10;
  CHECK_ERROR(try(brief, "spin", NULL, &longer, NULL), RUNTIME_ERROR_TIMEOUT, "10 ms");
  CHECK_ERROR(try(third, "spin", NULL, &longer, NULL), RUNTIME_ERROR_TIMEOUT, "10 ms");

  runtime_component_free(brief);

  runtime_function_t *add = find(second, "add");
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  runtime_component_free(first);
  runtime_component_free(second);
  CHECK_OK(runtime_function_call(add, &one, 1, NULL, &results));
  CHECK(take_u32(results) == 1);
  runtime_free(runtime);
  CHECK_OK(try(third, "add", &one, NULL, NULL));
  CHECK_ERROR(runtime_instance_call(NULL, add, &one, 1, NULL, &results),
              RUNTIME_ERROR_INVALID_ARGUMENT, "instance");
  runtime_function_free(add);
  runtime_component_free(third);
}

/* What does not fit its limits is refused when it is linked, with the setting's name. */
static void test_what_does_not_fit_is_refused(bool pooling) {
  static const char large_wat[] = "(component (core module $m (memory 8) (table 100 funcref))"
                                  "  (core instance (instantiate $m)))";
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_component_t *another = NULL;
  runtime_t *runtime = small_runtime(pooling);
  runtime_component_t *large = load_as(runtime, large_wat, NULL);
  options.limits = &limits;
  limits.max_linear_memory = 7 << 16;
  CHECK_ERROR(runtime_component_link(large, &options, &another), RUNTIME_ERROR_MEMORY_LIMIT,
              "`max_linear_memory` is 458752");
  limits.max_linear_memory = 0;
  limits.max_table_elements = 99;
  CHECK_ERROR(runtime_component_link(large, &options, &another), RUNTIME_ERROR_MEMORY_LIMIT,
              "`max_table_elements` is 99");
  limits.max_table_elements = 0;
  limits.max_instances = (uint64_t)1 << 32;
  CHECK_ERROR(runtime_component_link(large, &options, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "options.limits.max_instances");
  limits.max_instances = 0;
  limits.fuel = 1;
  CHECK_ERROR(runtime_component_link(large, &options, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "without fuel");
  limits.struct_size = 3;
  CHECK_ERROR(runtime_component_link(large, &options, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "options.limits");
  CHECK_ERROR(runtime_component_link(NULL, NULL, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "component");
  CHECK_ERROR(runtime_component_link(large, NULL, NULL), RUNTIME_ERROR_INVALID_ARGUMENT, "out");
  CHECK(another == NULL);
  runtime_component_free(large);
  runtime_free(runtime);
}

/* One component takes no more than its share of the instances; others find theirs. */
static void test_a_bulkhead(bool pooling) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_instance_t *held[2] = {NULL, NULL}, *more = NULL;
  runtime_value_t one = value_u32(1);
  runtime_t *runtime = small_runtime(pooling);
  runtime_component_t *open = load_as(runtime, guest_wat, NULL);
  options.limits = &limits;
  limits.max_instances = 2;
  runtime_component_t *narrow = link_again(open, &options);
  for (int i = 0; i < 2; i++) CHECK_OK(runtime_instance_new(narrow, NULL, &held[i]));
  CHECK_ERROR(try(narrow, "add", &one, NULL, NULL), RUNTIME_ERROR_INSTANCE_LIMIT,
              "all 2 instances that `max_instances` allows");
  CHECK_ERROR(runtime_instance_new(narrow, NULL, &more), RUNTIME_ERROR_INSTANCE_LIMIT,
              "`max_instances`");
  runtime_function_t *add = find(narrow, "add");
  runtime_values_t *results = NULL;
  CHECK_ERROR(call_apart(add, &one, 1, NULL, &results), RUNTIME_ERROR_INSTANCE_LIMIT, "");
  runtime_function_free(add);
  CHECK_OK(try(open, "add", &one, NULL, NULL));
  runtime_instance_free(held[0]);
  CHECK_OK(try(narrow, "add", &one, NULL, NULL));
  CHECK_ERROR(try(narrow, "trap", NULL, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  CHECK_OK(try(narrow, "add", &one, NULL, NULL));
  runtime_instance_free(held[1]);
  runtime_component_free(open);
  runtime_component_free(narrow);
  runtime_free(runtime);
}

static const char asker_wat[] =
    "(component"
    "  (import \"acme:host/who@1.0.0\" (instance $host (export \"asks\" (func (result u32)))))"
    "  (core func $asks (canon lower (func $host \"asks\")))"
    "  (core module $m (import \"\" \"asks\" (func $asks (result i32)))"
    "    (func (export \"asks\") (result i32) (call $asks))"
    "    (func (export \"spin\") (loop $l (br $l))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"asks\" (func $asks))))))"
    "  (func (export \"asks\") (result u32) (canon lift (core func $i \"asks\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\"))))";

/* Answers with the number of its linker, or of the call. */
static runtime_error_t *host_asks(void *user_data, runtime_call_t *call,
                                  const runtime_value_t *args, size_t args_len,
                                  runtime_value_t *results, size_t results_len) {
  const uint32_t *own = runtime_call_context(call);
  (void)args, (void)args_len, (void)results_len;
  results[0] = value_u32(own != NULL ? *own : *(const uint32_t *)user_data);
  return NULL;
}

static void test_each_has_a_linker_of_its_own(bool pooling) {
  static uint32_t numbers[2] = {1, 2};
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *linked[2], *another = NULL;
  runtime_instance_t *instance = NULL;
  runtime_t *runtime = small_runtime(pooling);
  options.unlinked = 1;
  runtime_component_t *seen = load_as(runtime, asker_wat, &options);
  CHECK(runtime_component_import_count(seen) == 1);
  CHECK(runtime_component_import_definition(seen, 0) == NULL);
  CHECK_ERROR(try(seen, "asks", NULL, NULL, NULL), RUNTIME_ERROR_LINK, "without being linked");
  CHECK_ERROR(runtime_instance_new(seen, NULL, &instance), RUNTIME_ERROR_LINK, "");
  CHECK_ERROR(runtime_component_link(seen, &options, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "options.unlinked");
  options.unlinked = 2;
  CHECK_ERROR(runtime_component_link(seen, &options, &another), RUNTIME_ERROR_INVALID_ARGUMENT,
              "options.unlinked");
  CHECK_ERROR(runtime_component_link(seen, NULL, &another), RUNTIME_ERROR_LINK,
              "acme:host/who@1.0.0#asks");
  options.unlinked = 0;
  for (int i = 0; i < 2; i++) {
    runtime_linker_t *linker = linker_make();
    define(linker, "acme:host/who@1.0.0#asks", host_asks, &numbers[i]);
    options.linker = linker;
    linked[i] = link_again(seen, &options);
    runtime_linker_free(linker);
  }
  runtime_component_free(seen);
  for (int i = 0; i < 2; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(try(linked[i], "asks", NULL, NULL, &results));
    CHECK(take_u32(results) == numbers[i]);
    runtime_component_free(linked[i]);
  }
  runtime_free(runtime);
}

static atomic_uint asked;

static runtime_error_t *interrupt_third(void *user_data) {
  (void)user_data;
  return atomic_fetch_add(&asked, 1) < 2 ? NULL : runtime_error_new("enough", 6);
}

static void test_calls_have_defaults(bool pooling) {
  static uint32_t own = 7, other = 8, linkers = 9;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_call_options_t defaults = RUNTIME_CALL_OPTIONS_INIT, how = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_component_t *component = NULL, *another = NULL;
  runtime_values_t *results = NULL;
  runtime_cancel_t *cancel = NULL, *unused = NULL;
  runtime_t *runtime = small_runtime(pooling);
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/who@1.0.0#asks", host_asks, &linkers);
  options.linker = linker;
  options.call_defaults = &defaults;
  CHECK_OK(runtime_cancel_new(&cancel));
  CHECK_OK(runtime_cancel_new(&unused));
  defaults.context = &own;
  component = load_as(runtime, asker_wat, &options);
  CHECK_OK(try(component, "asks", NULL, NULL, &results));
  CHECK(take_u32(results) == 7);
  how.context = &other;
  CHECK_OK(try(component, "asks", NULL, &how, &results));
  CHECK(take_u32(results) == 8);
  defaults.timeout_ms = 15;
  another = link_again(component, &options);
  CHECK_ERROR(try(another, "spin", NULL, &how, NULL), RUNTIME_ERROR_TIMEOUT, "15 ms");
  how.timeout_ms = 40;
  CHECK_ERROR(try(another, "spin", NULL, &how, NULL), RUNTIME_ERROR_TIMEOUT, "40 ms");
  runtime_function_t *spin = find(another, "spin");
  CHECK_ERROR(call_apart(spin, NULL, 0, NULL, &results), RUNTIME_ERROR_TIMEOUT, "15 ms");
  runtime_function_free(spin);
  runtime_component_free(another);

  defaults.timeout_ms = 60000;
  defaults.interrupt = interrupt_third;
  defaults.cancel = cancel;
  another = link_again(component, &options);
  CHECK_ERROR(try(another, "spin", NULL, NULL, NULL), RUNTIME_ERROR_HOST, "enough");
  runtime_instance_t *instance = NULL;
  runtime_function_t *again = find(another, "spin");
  CHECK_OK(runtime_instance_new(another, NULL, &instance));
  atomic_store(&asked, 0);
  CHECK_ERROR(runtime_instance_call(instance, again, NULL, 0, NULL, &results), RUNTIME_ERROR_HOST,
              "enough");
  runtime_instance_free(instance);
  how.timeout_ms = 30;
  CHECK_ERROR(call_apart(again, NULL, 0, &how, &results), RUNTIME_ERROR_TIMEOUT, "30 ms");
  runtime_function_free(again);
  runtime_cancel_trigger(cancel);
  CHECK_ERROR(try(another, "asks", NULL, NULL, NULL), RUNTIME_ERROR_CANCELLED, "");
  how.cancel = unused;
  how.timeout_ms = 0;
  CHECK_OK(try(another, "asks", NULL, &how, NULL));
  runtime_component_free(another);

  another = NULL;
  defaults.report = &report;
  CHECK_ERROR(runtime_component_link(component, &options, &another),
              RUNTIME_ERROR_INVALID_ARGUMENT, "options.call_defaults.report");
  defaults.report = NULL;
  defaults.fuel = 5;
  CHECK_ERROR(runtime_component_link(component, &options, &another),
              RUNTIME_ERROR_INVALID_ARGUMENT, "options.call_defaults.fuel");
  runtime_cancel_free(cancel);
  runtime_cancel_free(unused);
  runtime_linker_free(linker);
  runtime_component_free(component);
  runtime_free(runtime);
}

int main(void) {
  for (int pooling = 0; pooling < 2; pooling++) {
    printf(pooling ? "with a pool\n" : "on demand\n");
#define RUN_WITH(test) (printf("  %s\n", #test), fflush(stdout), test(pooling))
    RUN_WITH(test_each_has_limits_of_its_own);
    RUN_WITH(test_what_does_not_fit_is_refused);
    RUN_WITH(test_a_bulkhead);
    RUN_WITH(test_each_has_a_linker_of_its_own);
    RUN_WITH(test_calls_have_defaults);
  }
  return 0;
}
