/* no-valgrind: it compiles large components, which takes minutes there */
/* What an instance has besides memories and tables is limited and counted: globals, references to
 * functions, elements on their way into tables; for one instance and for all, with a pool and
 * without one, however it is made. */
#include "guests.h"

#define MIB (UINT64_C(1) << 20)
#define GLOBALS 20000 /* 16 bytes each */
#define BYTES (16 * GLOBALS)

typedef struct {
  const char *each, *core; /* what the module has so often, and what refers to it */
} kind_t;

static const kind_t kinds[] = {
    {"(global (mut i64) (i64.const 1))", ""},
    {"(elem func $f)", "(func $f)"},
    {"(func (export \"@\"))", ""}, /* where the number goes */
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* A component of `instances` core instances, each with `count` of what `kind` says. */
static char *text_of(const kind_t *kind, int count, int instances) {
  size_t room = 4096 + (strlen(kind->each) + 12) * (size_t)count + 128 * (size_t)instances, at = 0;
  char *text = malloc(room);
  CHECK(text != NULL);
#define ADD(...) at += (size_t)snprintf(text + at, room - at, __VA_ARGS__)
  ADD("(component (core module $e (func (export \"f\"))) (core instance $e (instantiate $e))");
  ADD("(core module $m ");
  const char *number = strchr(kind->each, '@');
  for (int i = 0; i < count; i++) {
    if (number == NULL) {
      ADD("%s\n", kind->each);
    } else {
      ADD("%.*s%d%s\n", (int)(number - kind->each), kind->each, i, number + 1);
    }
  }
  ADD("%s (func (export \"run\")))", kind->core);
  for (int i = 0; i < instances; i++) {
    ADD("(core instance $i%d (instantiate $m (with \"\" (instance $e))))", i);
  }
  ADD("(func (export \"run\") (canon lift (core func $i0 \"run\"))))");
#undef ADD
  CHECK(at < room);
  return text;
}

static runtime_builder_t *builder_for(bool pooling) {
  runtime_builder_t *builder = guest_builder(8);
  runtime_builder_max_core_instances_per_component(builder, 20);
  /* Such globals are more work for the compiler than others of their size. */
  runtime_builder_max_compile_cost(builder, 1000000000);
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

/* Whether components are loaded for blocking calls only. */
static bool blocking_only;

static runtime_error_t *load(const runtime_t *runtime, const kind_t *kind, int count, int instances,
                             runtime_component_t **out) {
  char *text = text_of(kind, count, instances);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.blocking_only = blocking_only;
  runtime_error_t *error =
      runtime_component_new(runtime, (const uint8_t *)text, strlen(text), &options, out);
  free(text);
  return error;
}

static runtime_stats_t stats_of(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

/* Every kind is refused at load, naming the setting; what fits is not. */
static void refused_at_load(bool pooling) {
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_instance_state(builder, 128 << 10);
  runtime_t *runtime = build(builder);
  for (size_t i = 0; i < KINDS; i++) {
    runtime_component_t *component = NULL;
    CHECK_ERROR(load(runtime, &kinds[i], 10000, 1, &component), RUNTIME_ERROR_MEMORY_LIMIT,
                "`max_instance_state` is 131072");
    CHECK(component == NULL);
    /* Each instance counts. */
    CHECK_ERROR(load(runtime, &kinds[i], 1000, 10, &component), RUNTIME_ERROR_MEMORY_LIMIT,
                "`max_instance_state` is 131072");
    CHECK_OK(load(runtime, &kinds[i], 1000, 1, &component));
    runtime_component_free(component);
  }
  runtime_free(runtime);
}

static void test_refused_at_load_pooling(void) {
  refused_at_load(true);
}
static void test_refused_at_load_on_demand(void) {
  refused_at_load(false);
}

/* Compiled code remembers what its instances take. */
static void test_compiled_code_is_refused_too(void) {
  runtime_component_t *component = NULL;
  runtime_bytes_t *code = NULL;
  runtime_t *runtime = build(builder_for(false));
  CHECK_OK(load(runtime, &kinds[0], GLOBALS, 1, &component));
  CHECK_OK(runtime_component_serialize(component, &code));
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_t *builder = builder_for(false);
  runtime_builder_max_instance_state(builder, BYTES);
  runtime = build(builder);
  CHECK_ERROR(runtime_component_deserialize(runtime, runtime_bytes_data(code),
                                            runtime_bytes_len(code), NULL, &component),
              RUNTIME_ERROR_MEMORY_LIMIT, "`max_instance_state` is 320000");
  runtime_bytes_free(code);
  runtime_free(runtime);
}

static runtime_error_t *call_run(const runtime_component_t *component, bool blocking) {
  runtime_function_t *run = NULL;
  runtime_values_t *results = NULL;
  runtime_pending_t *pending = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(runtime_component_function(component, "run", 3, &run));
  runtime_error_t *error;
  if (blocking) {
    error = runtime_function_call(run, NULL, 0, NULL, &results);
  } else {
    CHECK_OK(runtime_function_call_async(run, NULL, 0, NULL, &completion));
    error = runtime_pending_wait(pending, 60000, &results);
    runtime_pending_free(pending);
  }
  runtime_values_free(results);
  runtime_function_free(run);
  return error;
}

/* Three instances fit into 1 MiB, a fourth does not, until one of them is gone. */
static void all_together(bool pooling, bool blocking) {
  runtime_component_t *component = NULL;
  runtime_instance_t *instances[3] = {NULL}, *more = NULL;
  runtime_builder_t *builder = builder_for(pooling);
  runtime_builder_max_total_instance_state(builder, MIB);
  runtime_t *runtime = build(builder);
  CHECK_OK(load(runtime, &kinds[0], GLOBALS, 1, &component));
  for (size_t i = 0; i < 3; i++) CHECK_OK(runtime_instance_new(component, NULL, &instances[i]));
  runtime_stats_t stats = stats_of(runtime);
  CHECK(stats.instance_state >= 3 * BYTES && stats.instance_state <= MIB);
  CHECK_ERROR(runtime_instance_new(component, NULL, &more), RUNTIME_ERROR_MEMORY_LIMIT,
              "`max_total_instance_state` is 1048576");
  CHECK_ERROR(call_run(component, blocking), RUNTIME_ERROR_MEMORY_LIMIT,
              "`max_total_instance_state`");
  CHECK(more == NULL && stats_of(runtime).instance_state == stats.instance_state);
  CHECK(stats_of(runtime).instances == 3);
  runtime_instance_free(instances[1]);
  CHECK_OK(call_run(component, blocking));
  runtime_instance_free(instances[0]);
  runtime_instance_free(instances[2]);
  CHECK(stats_of(runtime).instance_state == 0 && stats_of(runtime).instances == 0);
  CHECK(stats_of(runtime).instance_state_peak == stats.instance_state);
  runtime_component_free(component);
  runtime_free(runtime);
}

static void test_all_together_pooling(void) {
  all_together(true, true);
  all_together(true, false);
}
static void test_all_together_on_demand(void) {
  all_together(false, true);
  all_together(false, false);
}

/* Such components run on the caller's stack. */
static void test_blocking_only(void) {
  blocking_only = true;
  refused_at_load(false);
  all_together(true, true);
  all_together(false, true);
  blocking_only = false;
}

int main(void) {
  RUN(test_refused_at_load_pooling);
  RUN(test_refused_at_load_on_demand);
  RUN(test_compiled_code_is_refused_too);
  RUN(test_all_together_pooling);
  RUN(test_all_together_on_demand);
  RUN(test_blocking_only);
  return 0;
}
