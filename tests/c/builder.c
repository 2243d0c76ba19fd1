/* The builder: each setting's range, what is reported first, and what the defaults are. */
#include "check.h"

typedef void (*setter_t)(runtime_builder_t *builder, uint64_t value);

/* A setting with its smallest and largest value. */
typedef struct {
  const char *name;
  setter_t set;
  uint64_t min;
  uint64_t max;
} setting_t;

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define YEAR_MS UINT64_C(31622400000)
#define SETTING(name, min, max) {#name, runtime_builder_##name, min, max}

static const setting_t settings[] = {
    SETTING(max_components, 1, 1000000),
    SETTING(max_core_instances_per_component, 1, 10000),
    SETTING(max_memories_per_component, 1, 10000),
    SETTING(max_tables_per_component, 1, 10000),
    SETTING(max_table_elements, 1, 10000000),
    SETTING(max_component_size, 1, 4 * GIB),
    SETTING(max_linear_memory, 64 * KIB, 4 * GIB),
    SETTING(max_instance_memory, 64 * KIB, UINT64_C(1) << 47),
    SETTING(max_stack, 16 * KIB, 64 * MIB),
    SETTING(max_call_depth, 1, 10000),
    SETTING(max_hostcall_memory, 1, 4 * GIB),
    SETTING(max_resources, 1, 10000000),
    SETTING(max_random_size, 1, GIB),
    SETTING(max_names_size, KIB, GIB),
    SETTING(max_text_size, 0, 4 * GIB),
    SETTING(max_compile_cost, 0, UINT64_C(1000000000000000)),
    SETTING(max_compile_threads, 0, 1024),
    SETTING(max_pools, 1, 65),
    SETTING(max_descriptors, 1, 1000000),
    SETTING(max_total_descriptors, 1, 1000000),
    SETTING(max_buffers, 128 * KIB, GIB),
    SETTING(max_total_buffers, MIB, UINT64_C(1) << 47),
    SETTING(max_file_operations, 1, 1024),
    SETTING(file_threads, 1, 1024),
    SETTING(host_threads, 1, 1024),
    SETTING(max_lookups, 1, 1024),
    SETTING(lookup_threads, 1, 1024),
    SETTING(max_environment, 1, GIB),
    SETTING(max_instance_state, 4 * KIB, GIB),
    SETTING(max_total_instance_state, MIB, UINT64_C(1) << 47),
    SETTING(fuel, 1, UINT64_MAX),
    SETTING(max_execution_time, 1, YEAR_MS),
    SETTING(epoch_tick, 1, 10000),
    SETTING(instance_wait, 0, YEAR_MS),
    SETTING(pool_keep_resident, 0, GIB),
    SETTING(worker_threads, 0, 1024),
    SETTING(cache_memory, 0, UINT64_C(1) << 47),
};
#define SETTINGS (sizeof settings / sizeof *settings)

/* A builder for a runtime that takes little. */
static runtime_builder_t *small_builder(void) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_worker_threads(builder, 1);
  return builder;
}

/* Building with `builder`, which is consumed, fails with this text. */
static void refuse(runtime_builder_t *builder, const char *text) {
  runtime_t *runtime = (runtime_t *)(void *)builder;
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, text);
  CHECK(runtime == NULL);
  runtime_builder_free(builder);
}

static void accept(runtime_builder_t *builder) {
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_free(runtime);
  runtime_builder_free(builder);
}

static void refuse_value(const setting_t *setting, uint64_t value) {
  char text[128];
  runtime_builder_t *builder = small_builder();
  setting->set(builder, value);
  snprintf(text, sizeof text, "`%s`: %llu is not from", setting->name, (unsigned long long)value);
  refuse(builder, text);
}

static void test_values_out_of_range_are_named(void) {
  for (size_t i = 0; i < SETTINGS; i++) {
    const setting_t *setting = &settings[i];
    if (setting->min > 0) {
      refuse_value(setting, 0);
      refuse_value(setting, setting->min - 1);
    }
    if (setting->max < UINT64_MAX) {
      refuse_value(setting, setting->max + 1);
      /* Numbers that would fit if somebody cut them to 32 bits, or took them for signed ones. */
      refuse_value(setting, (UINT64_C(1) << 50) + setting->min);
      refuse_value(setting, UINT64_MAX);
      refuse_value(setting, UINT64_MAX / 2 + 1);
    }
  }
}

static void test_the_ends_of_each_range_are_usable(void) {
  for (size_t i = 0; i < SETTINGS; i++) {
    const uint64_t ends[] = {settings[i].min, settings[i].max};
    for (size_t end = 0; end < 2; end++) {
      /* Nobody here has room for 1024 threads with Valgrind looking. */
      if (settings[i].set == runtime_builder_worker_threads && end == 1) continue;
      runtime_builder_t *builder = small_builder();
      settings[i].set(builder, ends[end]);
      accept(builder);
    }
  }
}

/* It is rounded up. */
static void test_a_limit_may_be_shorter_than_a_tick(void) {
  runtime_builder_t *builder = small_builder();
  runtime_builder_max_execution_time(builder, 9);
  accept(builder);
}

static void test_a_null_builder_is_ignored_until_it_builds(void) {
  runtime_t *runtime = (runtime_t *)(void *)&runtime;
  for (size_t i = 0; i < SETTINGS; i++) settings[i].set(NULL, 1);
  runtime_builder_force_pooling_allocator(NULL);
  runtime_builder_force_on_demand_allocator(NULL);
  runtime_builder_require_signature(NULL, true);
  runtime_builder_trusted_key(NULL, (const uint8_t *)"x", 1);
  runtime_builder_backtrace_details(NULL, true);
  runtime_builder_experimental_features(NULL, 1);
  runtime_builder_experimental_feature_names(NULL, "x", 1);
  runtime_builder_cache_directory(NULL, "/", 1);
  runtime_builder_free(NULL);
  CHECK_ERROR(runtime_build(NULL, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "`builder`");
  CHECK(runtime == NULL);
}

static void test_the_first_problem_is_reported(void) {
  runtime_builder_t *builder = small_builder();
  runtime_builder_max_stack(builder, 0);
  runtime_builder_max_components(builder, 0);
  runtime_builder_trusted_key(builder, (const uint8_t *)"x", 1);
  runtime_builder_max_stack(builder, 1 << 20); /* Too late. */
  refuse(builder, "`max_stack`: 0");
}

static void test_features_are_checked(void) {
  runtime_builder_t *builder = small_builder();
  runtime_builder_experimental_features(builder, 1 | UINT64_C(1) << 63);
  refuse(builder, "no feature has bit 0x8000000000000000");
  builder = small_builder();
  runtime_builder_experimental_feature_names(builder, "rpc-interface,no-such", 21);
  refuse(builder, "`experimental_features`: no feature is called `no-such`");
  builder = small_builder();
  runtime_builder_experimental_feature_names(builder, "\xff", 1);
  refuse(builder, "UTF-8");
  builder = small_builder();
  runtime_builder_experimental_feature_names(builder, NULL, 1);
  refuse(builder, "`experimental_features`: is NULL");
}

/* By bit and by name, in any spelling, they add up. */
static void test_features_are_united(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = small_builder();
  runtime_builder_experimental_features(builder, RUNTIME_FEATURE_RPC_INTERFACE);
  runtime_builder_experimental_feature_names(builder, " WASMCLOUD_Messaging-v3 ,", 25);
  runtime_builder_experimental_feature_names(builder, NULL, 0);
  runtime_builder_experimental_features(builder, 0);
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK(runtime_skip_feature_gated_instance(runtime, "wrpc:rpc/x@0.1.0", 16));
  CHECK(runtime_skip_feature_gated_instance(runtime, "wasmcloud:messaging/types@0.3.0", 31));
  CHECK(!runtime_skip_feature_gated_instance(runtime, "wasmcloud:identity/store@0.0.1", 30));
  CHECK(!runtime_skip_feature_gated_instance(runtime, "wasmcloud:messaging/types@0.2.0", 31));
  runtime_free(runtime);
  runtime_builder_free(builder);
}

static void test_features_are_listed(void) {
  uint64_t all = 0;
  for (size_t i = 0; i < runtime_feature_count(); i++) {
    uint64_t bit = 0;
    const char *name = runtime_feature_name(i);
    CHECK_OK(runtime_feature_parse(name, strlen(name), &bit));
    CHECK(bit == runtime_feature_bit(i) && (all & bit) == 0);
    all |= bit;
  }
  CHECK(all == (RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3 |
                RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE | RUNTIME_FEATURE_RPC_INTERFACE));
  CHECK(runtime_feature_name(runtime_feature_count()) == NULL);
  CHECK(runtime_feature_bit(SIZE_MAX) == 0);
  uint64_t set = 9;
  CHECK_ERROR(runtime_feature_parse("rpc", 3, &set), RUNTIME_ERROR_INVALID_ARGUMENT, "`rpc`");
  CHECK(set == 0);
}

static void test_settings_that_contradict_each_other_are_refused(void) {
  runtime_builder_t *builder = small_builder();
  runtime_builder_force_pooling_allocator(builder);
  refuse(builder, "`force_on_demand_allocator`");
  builder = small_builder();
  runtime_builder_require_signature(builder, true);
  refuse(builder, "`require_signature`: no trusted_key");
  builder = small_builder();
  runtime_builder_require_signature(builder, true);
  runtime_builder_require_signature(builder, false); /* Taken back. */
  accept(builder);
}

static void test_text_and_keys_are_checked(void) {
  runtime_builder_t *builder = small_builder();
  runtime_builder_trusted_key(builder, (const uint8_t *)"hello", 5);
  refuse(builder, "`trusted_key`");
  builder = small_builder();
  runtime_builder_trusted_key(builder, NULL, 32);
  refuse(builder, "`trusted_key`: is NULL");
  builder = small_builder();
  runtime_builder_cache_directory(builder, "", 0);
  refuse(builder, "`cache_directory`: is empty");
  builder = small_builder();
  runtime_builder_cache_directory(builder, NULL, 7);
  refuse(builder, "`cache_directory`: is NULL");
}

static void test_what_is_set_twice_overrides(void) {
  runtime_t *runtime = NULL;
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_builder_t *builder = small_builder();
  runtime_builder_max_components(builder, 5);
  runtime_builder_max_components(builder, 7);
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK_OK(runtime_info(runtime, &info));
  CHECK(info.max_components == 7);
  runtime_free(runtime);
  runtime_builder_free(builder);
}

/* Building borrows: one builder makes several runtimes, and may go before them. */
static void test_a_builder_builds_again(void) {
  runtime_t *runtimes[3] = {NULL, NULL, NULL};
  runtime_builder_t *builder = small_builder();
  for (uint64_t i = 0; i < 3; i++) {
    runtime_builder_max_components(builder, i + 1);
    CHECK_OK(runtime_build(builder, &runtimes[i]));
  }
  runtime_builder_free(builder);
  for (uint64_t i = 0; i < 3; i++) {
    runtime_info_t info = RUNTIME_INFO_INIT;
    CHECK_OK(runtime_info(runtimes[i], &info));
    CHECK(info.max_components == i + 1 && info.allocator == RUNTIME_ALLOCATOR_ON_DEMAND);
    CHECK_TEXT(info.reason, "force_on_demand_allocator");
    runtime_free(runtimes[i]);
  }
}

/* The smallest component that a runtime with defaults loads, or does not. */
static void check_default(const runtime_t *runtime, const char *core, int code, const char *text) {
  char wat[512];
  runtime_component_t *component = NULL;
  snprintf(wat, sizeof wat, "(component (core module $m %s) (core instance (instantiate $m)))",
           core);
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component),
              code, text);
  runtime_component_free(component);
}

/* 10 000 instances; 4096 pages, which are 256 MiB; 15 000 elements. */
static void test_the_defaults_are_as_documented(void) {
  runtime_t *runtime = NULL;
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_builder_t *builder = runtime_builder_new();
  if (getenv("WASMCELL_TEST_SMALL") != NULL) runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK_OK(runtime_info(runtime, &info));
  CHECK(info.max_components == 10000);
  if (info.allocator != RUNTIME_ALLOCATOR_ON_DEMAND) CHECK(info.total_memories == 10000);
  check_default(runtime, "(memory 4096)", RUNTIME_ERROR_NONE, "");
  check_default(runtime, "(memory 4097)", RUNTIME_ERROR_MEMORY_LIMIT, "max_linear_memory");
  check_default(runtime, "(table 15000 funcref)", RUNTIME_ERROR_NONE, "");
  check_default(runtime, "(table 15001 funcref)", RUNTIME_ERROR_MEMORY_LIMIT,
                "max_table_elements");
  CHECK(!runtime_skip_feature_gated_instance(runtime, "wrpc:rpc/x@0.1.0", 16));
  runtime_free(runtime);
  runtime_builder_free(builder);
}

int main(void) {
  RUN(test_values_out_of_range_are_named);
  RUN(test_the_ends_of_each_range_are_usable);
  RUN(test_a_limit_may_be_shorter_than_a_tick);
  RUN(test_a_null_builder_is_ignored_until_it_builds);
  RUN(test_the_first_problem_is_reported);
  RUN(test_features_are_checked);
  RUN(test_features_are_united);
  RUN(test_features_are_listed);
  RUN(test_settings_that_contradict_each_other_are_refused);
  RUN(test_text_and_keys_are_checked);
  RUN(test_what_is_set_twice_overrides);
  RUN(test_a_builder_builds_again);
  RUN(test_the_defaults_are_as_documented);
  return 0;
}
