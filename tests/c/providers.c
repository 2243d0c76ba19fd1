/* threads */
/* Components that provide for others. */
#include "providers.h"

static runtime_stats_t stats_of(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(host_runtime, &stats));
  return stats;
}

static void test_a_component_serves_another(void) {
  runtime_component_t *component = load_chain(1, host_ticks, NULL);
  runtime_stats_t before = stats_of();
  expect_text(component, "echo(\"there and back\")", "\"there and back\"");
  runtime_stats_t after = stats_of();
  CHECK(after.started == before.started + 2);
  CHECK(after.finished == before.finished + 2);
  CHECK(after.instances == before.instances);
  expect_text(component, "echo(\"\")", "\"\"");
  CHECK_TEXT(runtime_component_import_definition(component, 0), CALC "#add");
  runtime_component_free(component);
}

/* The state of a provider lives for a call of the host's, however the host keeps its instance. */
static void test_an_instance_for_each_call(void) {
  runtime_component_t *component = load_chain(1, host_ticks, NULL);
  expect_text(component, "add(20)", "40");
  expect_text(component, "add(20)", "40");
  runtime_instance_t *instance = instantiate(component);
  runtime_function_t *add = find(component, "add");
  runtime_stats_t before = stats_of();
  for (int i = 0; i < 3; i++) {
    runtime_value_t arg = value_u32(5);
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_instance_call(instance, add, &arg, 1, NULL, &results));
    CHECK(runtime_values_data(results)->of.u32 == 10);
    runtime_values_free(results);
    CHECK(stats_of().instances == before.instances);
  }
  runtime_function_free(add);
  runtime_instance_free(instance);
  runtime_component_free(component);
  /* All of a chain live as long: four calls of the last one. */
  component = load_chain(2, host_ticks, NULL);
  expect_text(component, "add(1)", "4");
  runtime_component_free(component);
}

static void test_host_functions_of_a_provider(void) {
  counted_t counted = {0};
  runtime_component_t *component = load_chain(3, host_ticks, &counted);
  expect_text(component, "tick()", "()");
  runtime_function_t *tick = find(component, "tick");
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(tick, NULL, 0, NULL, &results));
  runtime_values_free(results);
  CHECK(atomic_load(&counted.called) == 2);
  runtime_function_free(tick);
  runtime_component_free(component);
  component = load_chain(3, host_ticks, NULL);
  for (int apart = 0; apart < 2; apart++) {
    runtime_error_t *error = failing(component, "tick", apart, NULL);
    CHECK_TEXT(runtime_error_message(error), "no clock");
    CHECK_ERROR(error, RUNTIME_ERROR_HOST, "no clock");
  }
  runtime_component_free(component);
}

typedef struct {
  uint64_t id;
  int ticks;
} known_t;

static runtime_error_t *host_knows(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)args, (void)args_len, (void)results, (void)results_len;
  known_t *known = user_data;
  CHECK(runtime_call_component_id(call) == known->id);
  CHECK(runtime_call_context(call) == known);
  CHECK(runtime_call_remaining_ms(call) <= 5000);
  known->ticks++;
  return NULL;
}

/* A function of the host learns who calls, and finds what the host attached to its own call. */
static void test_who_calls_the_host(void) {
  known_t known = {0};
  runtime_component_t *calc = load_calc(host_knows, &known);
  known.id = runtime_component_id(calc);
  CHECK(known.id != 0 && runtime_component_id(NULL) == 0 && runtime_call_component_id(NULL) == 0);
  runtime_component_t *component = load_named(relay_wat, linker_of(calc), "relay");
  CHECK(runtime_component_id(component) > known.id);
  runtime_function_t *tick = find(component, "tick");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.context = &known;
  options.timeout_ms = 5000;
  for (int i = 0; i < 2; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(i == 0 ? runtime_function_call(tick, NULL, 0, &options, &results)
                    : call_apart(tick, NULL, 0, &options, &results));
    runtime_values_free(results);
  }
  CHECK(known.ticks == 2);
  runtime_function_free(tick);
  runtime_component_free(component);
}

/* What is left of the fuel goes along and comes back, and what was used is told. */
static void test_fuel_goes_through_a_chain(void) {
  runtime_t *own = host_runtime;
  runtime_builder_t *builder = check_builder();
  runtime_builder_max_components(builder, 8);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_epoch_tick(builder, 5);
  runtime_builder_fuel(builder, 1000000);
  CHECK_OK(runtime_build(builder, &host_runtime));
  runtime_builder_free(builder);
  uint64_t used[3];
  for (int relays = 0; relays <= 2; relays++) {
    runtime_component_t *component = load_chain(relays, host_ticks, NULL);
    runtime_function_t *add = find(component, "add");
    runtime_value_t arg = value_u32(1);
    runtime_values_t *results = NULL;
    runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    options.report = &report;
    CHECK_OK(runtime_function_call(add, &arg, 1, &options, &results));
    runtime_values_free(results);
    used[relays] = report.fuel_used;
    /* Without end, but not without fuel: all of it is used up, wherever. */
    options.fuel = 50000;
    CHECK_ERROR(failing(component, "spin", 0, &options), RUNTIME_ERROR_FUEL, "`fuel` is 50000");
    CHECK(report.fuel_used >= 50000 && report.fuel_used < 50100);
    runtime_function_free(add);
    runtime_component_free(component);
  }
  CHECK(used[0] > 0 && used[1] > 2 * used[0] && used[2] > 2 * used[1]);
  runtime_free(host_runtime);
  host_runtime = own;
}

/* The error names the provider and what it provides, and keeps the code. */
static void test_failures_keep_their_code(void) {
  static const struct {
    const char *name;
    int code;
  } cases[] = {{"trap", RUNTIME_ERROR_TRAP},
               {"recurse", RUNTIME_ERROR_STACK_OVERFLOW},
               {"grow", RUNTIME_ERROR_MEMORY_LIMIT},
               {"spin", RUNTIME_ERROR_TIMEOUT}};
  for (int relays = 1; relays <= 3; relays += 2) {
    runtime_component_t *component = load_chain(relays, host_ticks, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      for (int apart = 0; apart < 2; apart++) {
        runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
        if (cases[i].code == RUNTIME_ERROR_TIMEOUT) options.timeout_ms = 30;
        runtime_stats_t before = stats_of();
        runtime_error_t *error = failing(component, cases[i].name, apart, &options);
        if (cases[i].code != RUNTIME_ERROR_TIMEOUT || !apart) {
          char text[64];
          snprintf(text, sizeof text, "`" CALC "#%s`", cases[i].name);
          CHECK(strstr(runtime_error_message(error), text) != NULL);
          CHECK(strstr(runtime_error_message(error), "the component `calc` provides") != NULL);
        }
        if (cases[i].code == RUNTIME_ERROR_TRAP) {
          CHECK(runtime_error_frame_count(error) > 0);
        }
        CHECK_ERROR(error, cases[i].code, "");
        runtime_stats_t after = stats_of();
        CHECK(after.started ==
              after.finished + after.trapped + after.timed_out + after.cancelled + after.failed);
        CHECK(after.instances == before.instances && after.memory == before.memory);
      }
    }
    runtime_component_free(component);
  }
}

static void *trigger_soon(void *cancel) {
  pause_ms(30);
  runtime_cancel_trigger(cancel);
  return NULL;
}

static void test_a_cancelled_chain_ends(void) {
  runtime_component_t *component = load_chain(3, host_ticks, NULL);
  for (int apart = 0; apart < 2; apart++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_cancel_t *cancel = NULL;
    pthread_t thread;
    CHECK_OK(runtime_cancel_new(&cancel));
    options.cancel = cancel;
    CHECK(pthread_create(&thread, NULL, trigger_soon, cancel) == 0);
    CHECK_ERROR(failing(component, "spin", apart, &options), RUNTIME_ERROR_CANCELLED, "");
    CHECK(pthread_join(thread, NULL) == 0);
    runtime_cancel_free(cancel);
  }
  runtime_component_free(component);
}

static runtime_error_t *host_calls_within(void *user_data, runtime_call_t *call,
                                          const runtime_value_t *args, size_t args_len,
                                          runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  runtime_bytes_t *answer = NULL;
  return runtime_component_call_text(*(runtime_component_t **)user_data, "tick()", 6, NULL,
                                     &answer);
}

/* Calls of providers are within each other like those of callbacks. */
static void test_depth_counts_providers(void) {
  runtime_t *own = host_runtime;
  runtime_builder_t *builder = check_builder();
  runtime_builder_max_components(builder, 8);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_max_call_depth(builder, 2);
  CHECK_OK(runtime_build(builder, &host_runtime));
  runtime_builder_free(builder);
  counted_t counted = {0};
  runtime_component_t *component = load_chain(1, host_ticks, &counted);
  expect_text(component, "tick()", "()");
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_component(linker, component, NULL));
  runtime_component_t *more = NULL;
  CHECK_ERROR(try_load(relay_wat, linker, &more), RUNTIME_ERROR_LINK, "is the first of 2");
  runtime_linker_free(linker);
  runtime_component_free(component);
  /* The callback of one call is within it, and a chain of two is too much there. */
  component = load_chain(1, host_calls_within, &more);
  more = component;
  CHECK_ERROR(text_error(component, "tick()", NULL), RUNTIME_ERROR_STACK_OVERFLOW,
              "`max_call_depth` is 2");
  runtime_component_free(component);
  runtime_free(host_runtime);
  host_runtime = own;
}

static void tests(void) {
  RUN(test_a_component_serves_another);
  RUN(test_an_instance_for_each_call);
  RUN(test_host_functions_of_a_provider);
  RUN(test_who_calls_the_host);
  RUN(test_fuel_goes_through_a_chain);
  RUN(test_failures_keep_their_code);
  RUN(test_a_cancelled_chain_ends);
  RUN(test_depth_counts_providers);
}

int main(void) {
  with_providers(8, tests);
  return 0;
}
