/* threads */
/* Each limit has its own code and names what was asked, the limit, and the setting that raises it;
 * the same with a pool and without one. */
#include "guests.h"

#define PAGE ((uint64_t)65536)
#define WAIT_MS 150

/* Takes memory or table elements, and aborts when it is refused any; recurses as deep as it is
 * told. `a` and `b` are two memories. */
static const char taker_wat[] =
    "(component"
    "  (core module $m"
    "    (memory 1)"
    "    (table $t 0 funcref)"
    "    (func (export \"grow\") (param i32)"
    "      (if (i32.eq (i32.const -1) (memory.grow (local.get 0))) (then unreachable)))"
    "    (func (export \"elements\") (param i32)"
    "      (if (i32.eq (i32.const -1) (table.grow $t (ref.null func) (local.get 0)))"
    "        (then unreachable)))"
    "    (func $deep (export \"deep\") (param i32)"
    "      (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))))))"
    "  (core instance $a (instantiate $m))"
    "  (core instance $b (instantiate $m))"
    "  (func (export \"a\") (param \"n\" u32) (canon lift (core func $a \"grow\")))"
    "  (func (export \"b\") (param \"n\" u32) (canon lift (core func $b \"grow\")))"
    "  (func (export \"elements\") (param \"n\" u32) (canon lift (core func $a \"elements\")))"
    "  (func (export \"deep\") (param \"n\" u32) (canon lift (core func $a \"deep\"))))";

/* What the two allocators have in common. */
static runtime_builder_t *builder_for(bool pooling) {
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_max_memories_per_component(builder, 2);
  if (pooling) {
    runtime_builder_force_pooling_allocator(builder);
  } else {
    runtime_builder_force_on_demand_allocator(builder);
  }
  return builder;
}

static runtime_t *build(runtime_builder_t *builder) {
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static runtime_component_t *load(const runtime_t *runtime, const char *wat) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component));
  return component;
}

static runtime_function_t *find(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

/* Calls `name` of the taker in `instance`, or in a fresh one if that is NULL. */
static runtime_error_t *take(const runtime_component_t *taker, const runtime_instance_t *instance,
                             const char *name, uint64_t count) {
  runtime_value_t n = value_u32((uint32_t)count);
  runtime_values_t *results = NULL;
  runtime_function_t *function = find(taker, name);
  runtime_error_t *error = instance != NULL
                               ? runtime_instance_call(instance, function, &n, 1, NULL, &results)
                               : runtime_function_call(function, &n, 1, NULL, &results);
  runtime_values_free(results);
  runtime_function_free(function);
  return error;
}

static runtime_instance_t *instantiate(const runtime_component_t *component) {
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(component, NULL, &instance));
  return instance;
}

static runtime_stats_t stats_of(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

static void test_each_memory(bool pooling) {
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_linear_memory(builder, 16 * PAGE);
  runtime_t *runtime = build(builder);
  runtime_component_t *taker = load(runtime, taker_wat);
  CHECK_OK(take(taker, NULL, "a", 15));
  CHECK(stats_of(runtime).denied == 0);
  CHECK_ERROR(take(taker, NULL, "a", 16), RUNTIME_ERROR_MEMORY_LIMIT,
              "wanted 1114112; `max_linear_memory` is 1048576");
  CHECK(stats_of(runtime).denied == 1 && stats_of(runtime).memory == 0);
  CHECK_ERROR(take(taker, NULL, "a", 65535), RUNTIME_ERROR_MEMORY_LIMIT, "`max_linear_memory`");
  runtime_component_free(taker);
  runtime_free(runtime);
}

static void test_the_sum_of_memories_and_tables(bool pooling) {
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_linear_memory(builder, 64 * PAGE);
  runtime_builder_max_instance_memory(builder, 20 * PAGE);
  runtime_builder_max_table_elements(builder, 100000);
  runtime_t *runtime = build(builder);
  runtime_component_t *taker = load(runtime, taker_wat);
  runtime_instance_t *instance = instantiate(taker);
  CHECK_OK(take(taker, instance, "a", 9));
  CHECK_OK(take(taker, instance, "b", 8));
  CHECK_OK(take(taker, instance, "elements", PAGE / 8));
  CHECK(stats_of(runtime).memory == 20 * PAGE && stats_of(runtime).memory_peak == 20 * PAGE);
  CHECK_ERROR(take(taker, instance, "b", 1), RUNTIME_ERROR_MEMORY_LIMIT,
              "together wanted 1376256 bytes; `max_instance_memory` is 1310720");
  CHECK(runtime_instance_is_poisoned(instance));
  CHECK(stats_of(runtime).memory == 0);
  runtime_instance_free(instance);
  runtime_component_free(taker);
  runtime_free(runtime);
}

static void test_tables(bool pooling) {
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_table_elements(builder, 1000);
  runtime_t *runtime = build(builder);
  runtime_component_t *taker = load(runtime, taker_wat);
  CHECK_OK(take(taker, NULL, "elements", 1000));
  CHECK_ERROR(take(taker, NULL, "elements", 1001), RUNTIME_ERROR_MEMORY_LIMIT,
              "wanted 1001; `max_table_elements` is 1000");
  runtime_component_free(taker);
  runtime_free(runtime);
}

static void test_stack(bool pooling) {
  static const uint64_t sizes[] = {64 << 10, 512 << 10, 8 << 20};
  uint64_t deepest = 0;
  for (int i = 0; i < 3; i++) {
    char text[64];
    runtime_builder_t *builder = builder_for(pooling);
    runtime_builder_max_stack(builder, sizes[i]);
    runtime_t *runtime = build(builder);
    runtime_component_t *taker = load(runtime, taker_wat);
    CHECK(snprintf(text, sizeof text, "`max_stack` is %u", (unsigned)sizes[i]) > 0);
    CHECK_ERROR(take(taker, NULL, "deep", 1u << 30), RUNTIME_ERROR_STACK_OVERFLOW, text);
    /* A frame takes from 16 to 256 bytes. */
    CHECK_OK(take(taker, NULL, "deep", sizes[i] / 256 - 64));
    CHECK_ERROR(take(taker, NULL, "deep", sizes[i] / 16), RUNTIME_ERROR_STACK_OVERFLOW, text);
    CHECK(sizes[i] > deepest);
    deepest = sizes[i];
    runtime_component_free(taker);
    runtime_free(runtime);
  }
}

/* A call with fuel, blocking or not, and what it used. */
static runtime_error_t *burn(const guest_t *guest, uint64_t rounds, uint64_t fuel, bool blocking,
                             uint64_t *used) {
  runtime_value_t n = value_u64(rounds);
  runtime_values_t *results = NULL;
  runtime_pending_t *pending = NULL;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_error_t *error;
  options.fuel = fuel;
  options.report = &report;
  completion.pending_out = &pending;
  if (blocking) {
    error = runtime_function_call(guest->work, &n, 1, &options, &results);
  } else {
    CHECK_OK(runtime_function_call_async(guest->work, &n, 1, &options, &completion));
    error = runtime_pending_wait(pending, UINT64_MAX, &results);
    runtime_pending_free(pending);
  }
  runtime_values_free(results);
  *used = report.fuel_used;
  return error;
}

static uint64_t fuel_used; /* by work(1000), the same in every runtime */

static void test_fuel(bool pooling) {
  guest_t guest;
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_fuel(builder, 100000);
  guest_make(&guest, builder);
  for (int i = 0; i < 6; i++) {
    uint64_t used = 0;
    CHECK_OK(burn(&guest, 1000, 0, i % 2 == 0, &used));
    if (fuel_used == 0) fuel_used = used;
    CHECK(used >= 1000 && used == fuel_used);
    /* Exactly as much is enough, and half of it is not. */
    CHECK_OK(burn(&guest, 1000, used, i % 2 == 0, &used));
    CHECK(used == fuel_used);
    char text[64];
    CHECK(snprintf(text, sizeof text, "`fuel` is %u", (unsigned)(used / 2)) > 0);
    CHECK_ERROR(burn(&guest, 1000, used / 2, i % 2 == 0, &used), RUNTIME_ERROR_FUEL, text);
    CHECK(used >= fuel_used / 2 && used < fuel_used);
    CHECK_ERROR(burn(&guest, 1000000, 0, i % 2 == 0, &used), RUNTIME_ERROR_FUEL,
                "`fuel` is 100000");
    CHECK(used >= 100000);
    /* A call cannot have more than the builder gives. */
    CHECK_ERROR(burn(&guest, 1000000, UINT64_MAX, i % 2 == 0, &used), RUNTIME_ERROR_FUEL,
                "`fuel` is 100000");
  }
  CHECK_ERROR(call(guest.spin, NULL, NULL), RUNTIME_ERROR_FUEL, "`fuel`");
  /* A call that is cut off while it waits has used some as well. */
  runtime_value_t hour = value_u64(3600000);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  options.timeout_ms = 20;
  options.report = &report;
  CHECK_ERROR(call(guest.sleep, &hour, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK(report.fuel_used > 0 && report.fuel_used < fuel_used);
  guest_free(&guest);
}

static void test_without_fuel(bool pooling) {
  guest_t guest;
  uint64_t used = 1;
  guest_make(&guest, builder_for(pooling));
  CHECK_OK(burn(&guest, 1000, 0, true, &used));
  CHECK(used == 0);
  CHECK_ERROR(burn(&guest, 1000, 5, true, &used), RUNTIME_ERROR_INVALID_ARGUMENT, "`fuel`");
  guest_free(&guest);
}

static void *free_later(void *instance) {
  pause_ms(WAIT_MS);
  runtime_instance_free(instance);
  return NULL;
}

static void test_instances(bool pooling) {
  static const uint64_t waits[] = {0, WAIT_MS, 60000};
  for (int i = 0; i < 3; i++) {
    guest_t guest;
    runtime_instance_t *kept[4], *another = NULL;
    char text[64];
    runtime_value_t one = value_u32(1);
    runtime_builder_t *builder = builder_for(pooling);
    runtime_builder_instance_wait(builder, waits[i]);
    guest_make(&guest, builder);
    for (int k = 0; k < 4; k++) kept[k] = instantiate(guest.component);
    CHECK(stats_of(guest.runtime).instances == 4);
    uint64_t begin = now_ms();
    if (waits[i] <= WAIT_MS) {
      CHECK(snprintf(text, sizeof text, "for the %u ms that `instance_wait`", (unsigned)waits[i]) >
            0);
      CHECK_ERROR(runtime_instance_new(guest.component, NULL, &another),
                  RUNTIME_ERROR_INSTANCE_LIMIT, text);
      CHECK(now_ms() - begin >= waits[i] && another == NULL);
      CHECK_ERROR(call(guest.add, &one, NULL), RUNTIME_ERROR_INSTANCE_LIMIT,
                  "all 4 instances that `max_components` allows");
      /* Instances that are there go on. */
      CHECK_ERROR(
          runtime_instance_call(kept[0], guest.trap, NULL, 0, NULL, &(runtime_values_t *){NULL}),
          RUNTIME_ERROR_TRAP, "unreachable");
      /* One that failed has no memory any more, so its place is free. */
      CHECK_OK(call(guest.add, &one, NULL));
      runtime_instance_free(kept[0]);
    } else {
      pthread_t thread = thread_start(free_later, kept[0]);
      CHECK_OK(call(guest.add, &one, NULL));
      CHECK(now_ms() - begin < 60000);
      thread_join(thread);
    }
    for (int k = 1; k < 4; k++) runtime_instance_free(kept[k]);
    CHECK(stats_of(guest.runtime).instances == 0 && stats_of(guest.runtime).instances_peak == 4);
    guest_free(&guest);
  }
}

/* Loading or, for what only a pool counts then, instantiating the taker fails. */
static void check_parts(runtime_builder_t *builder, runtime_error_code_t code, const char *text) {
  runtime_t *runtime = build(builder);
  runtime_component_t *taker = NULL;
  runtime_error_t *error =
      runtime_component_new(runtime, (const uint8_t *)taker_wat, strlen(taker_wat), NULL, &taker);
  if (error == NULL) error = take(taker, NULL, "a", 0);
  CHECK_ERROR(error, code, text);
  CHECK(stats_of(runtime).instances == 0 && stats_of(runtime).memory == 0);
  runtime_component_free(taker);
  runtime_free(runtime);
}

static void test_parts(bool pooling) {
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_core_instances_per_component(builder, 1);
  check_parts(builder, RUNTIME_ERROR_RESOURCE_LIMIT, "`max_core_instances_per_component` is 1");
  builder = builder_for(pooling);
  runtime_builder_max_memories_per_component(builder, 1);
  check_parts(builder, RUNTIME_ERROR_RESOURCE_LIMIT, "`max_memories_per_component` is 1");
  builder = builder_for(pooling);
  runtime_builder_max_tables_per_component(builder, 1);
  check_parts(builder, RUNTIME_ERROR_RESOURCE_LIMIT, "`max_tables_per_component` is 1");
  builder = builder_for(pooling);
  runtime_builder_max_component_size(builder, 100);
  check_parts(builder, RUNTIME_ERROR_COMPONENT_TOO_LARGE, "`max_component_size` is 100");
}

int main(void) {
  for (int i = 0; i < 2; i++) {
    printf(i == 0 ? "with a pool\n" : "on demand\n");
#define RUN_WITH(test) (printf("  %s\n", #test), fflush(stdout), test(i == 0))
    RUN_WITH(test_each_memory);
    RUN_WITH(test_the_sum_of_memories_and_tables);
    RUN_WITH(test_tables);
    RUN_WITH(test_stack);
    RUN_WITH(test_fuel);
    RUN_WITH(test_without_fuel);
    RUN_WITH(test_instances);
    RUN_WITH(test_parts);
  }
  return 0;
}
