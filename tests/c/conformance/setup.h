/* The first block of a scenario: settings, grants, host functions, and the component. */
#ifndef CONFORMANCE_SETUP_H
#define CONFORMANCE_SETUP_H

#include "crowd.h"
#include "host.h"
#include "log.h"
#include "sandbox.h"

static const struct {
  const char *name;
  void (*set)(runtime_builder_t *, uint64_t);
} numeric_settings[] = {
    {"cache_memory", runtime_builder_cache_memory},
    {"epoch_tick", runtime_builder_epoch_tick},
    {"fuel", runtime_builder_fuel},
    {"instance_wait", runtime_builder_instance_wait},
    {"max_component_size", runtime_builder_max_component_size},
    {"max_components", runtime_builder_max_components},
    {"max_pools", runtime_builder_max_pools},
    {"max_core_instances_per_component", runtime_builder_max_core_instances_per_component},
    {"max_execution_time", runtime_builder_max_execution_time},
    {"max_hostcall_memory", runtime_builder_max_hostcall_memory},
    {"max_instance_memory", runtime_builder_max_instance_memory},
    {"max_linear_memory", runtime_builder_max_linear_memory},
    {"max_memories_per_component", runtime_builder_max_memories_per_component},
    {"max_names_size", runtime_builder_max_names_size},
    {"max_text_size", runtime_builder_max_text_size},
    {"max_compile_cost", runtime_builder_max_compile_cost},
    {"max_compile_threads", runtime_builder_max_compile_threads},
    {"max_random_size", runtime_builder_max_random_size},
    {"max_descriptors", runtime_builder_max_descriptors},
    {"max_total_descriptors", runtime_builder_max_total_descriptors},
    {"max_buffers", runtime_builder_max_buffers},
    {"max_total_buffers", runtime_builder_max_total_buffers},
    {"max_file_operations", runtime_builder_max_file_operations},
    {"file_threads", runtime_builder_file_threads},
    {"host_threads", runtime_builder_host_threads},
    {"max_lookups", runtime_builder_max_lookups},
    {"lookup_threads", runtime_builder_lookup_threads},
    {"max_environment", runtime_builder_max_environment},
    {"max_instance_state", runtime_builder_max_instance_state},
    {"max_total_instance_state", runtime_builder_max_total_instance_state},
    {"max_resources", runtime_builder_max_resources},
    {"max_stack", runtime_builder_max_stack},
    {"max_call_depth", runtime_builder_max_call_depth},
    {"pool_keep_resident", runtime_builder_pool_keep_resident},
    {"worker_threads", runtime_builder_worker_threads},
    {"max_table_elements", runtime_builder_max_table_elements},
    {"max_tables_per_component", runtime_builder_max_tables_per_component},
};

/* What every scenario starts from; tests/conformance/README.md says so. */
static runtime_builder_t *builder_make(void) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, 4);
  runtime_builder_max_core_instances_per_component(builder, 8);
  runtime_builder_max_memories_per_component(builder, 2);
  runtime_builder_max_linear_memory(builder, 16 << 20);
  runtime_builder_max_execution_time(builder, 60000);
  runtime_builder_epoch_tick(builder, 5);
  runtime_builder_worker_threads(builder, 2);
  runtime_builder_cache_memory(builder, 256 << 20);
  return builder;
}

/* A path below `tests`. */
static void tests_path(char *path, const char *name) {
  char below[MAX_PATH];
  const char *guests = getenv("WASMCELL_GUESTS");
  CHECK(guests != NULL);
  join(below, "..", name);
  join(path, guests, below);
}

static void builder_text(runtime_builder_t *builder, log_t *log, const char *name,
                         const char *value) {
  char path[MAX_PATH];
  if (same(name, "log")) {
    runtime_builder_log(builder, log_level(value), log_add, log, NULL);
  } else if (same(name, "trusted_key")) {
    tests_path(path, value);
    char *key = file_text(path);
    runtime_builder_trusted_key(builder, (const uint8_t *)key, strlen(key));
    free(key);
  } else if (same(name, "proposals")) {
    runtime_builder_proposals(builder, strtoull(value, NULL, 10));
  } else if (same(name, "experimental_feature_names")) {
    runtime_builder_experimental_feature_names(builder, value, strlen(value));
  } else if (same(name, "require_signature")) {
    runtime_builder_require_signature(builder, yes(value));
  } else if (same(name, "backtrace_details")) {
    runtime_builder_backtrace_details(builder, yes(value));
  } else if (same(name, "force_pooling_allocator") && yes(value)) {
    runtime_builder_force_pooling_allocator(builder);
  } else if (same(name, "force_on_demand_allocator") && yes(value)) {
    runtime_builder_force_on_demand_allocator(builder);
  } else {
    MALFORMED("no setting `%s %s`", name, value);
  }
}

/* `builder: name value` */
static void builder_set(runtime_builder_t *builder, log_t *log, const entry_t *entry) {
  const size_t count = sizeof numeric_settings / sizeof *numeric_settings;
  char *words[2];
  size_t i = 0;
  split(entry->value, 2, words);
  while (i < count && !same(numeric_settings[i].name, words[0])) i++;
  if (i < count) {
    numeric_settings[i].set(builder, number(words[1]));
  } else {
    builder_text(builder, log, words[0], words[1]);
  }
  free(words[0]);
}

/* What a scenario works with. */
typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_linker_t *linker;
  grants_t grants;
  log_t log;
  host_t host;
  char *scratch;
} setup_t;

/* The runtime of all scenarios without settings of their own. */
static runtime_t *default_runtime;

#ifdef CROWDED
static crowd_t crowd;

static void crowd_in(void) {
  crowd_begin(&crowd, default_runtime);
}

/* Ends it, after it was there for something. */
static void crowd_out(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  if (default_runtime == NULL) return;
  CHECK_OK(runtime_stats(default_runtime, &stats));
  CHECK(stats.pools > 1 || !crowd_is_possible());
  crowd_end(&crowd);
}
#else
static void crowd_in(void) {}
static void crowd_out(void) {}
#endif

/* Gives the scenario a runtime, which default_runtime may own. */
static runtime_error_t *setup_runtime(setup_t *setup, const block_t *block) {
  if (block_get(block, "builder") == NULL && default_runtime != NULL) {
    setup->runtime = default_runtime;
    return NULL;
  }
  runtime_builder_t *builder = builder_make();
  for (size_t i = 0; i < block->len; i++) {
    at.line = block->entries[i].line;
    if (same(block->entries[i].key, "builder"))
      builder_set(builder, &setup->log, &block->entries[i]);
  }
  runtime_error_t *error = runtime_build(builder, &setup->runtime);
  runtime_builder_free(builder);
  if (block_get(block, "builder") == NULL) {
    default_runtime = setup->runtime;
    crowd_in();
  }
  return error;
}

/* `provider: path` or `provider: path interface import`: what comes later finds only its exports.
 */
static runtime_error_t *setup_provider(setup_t *setup, const char *value) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_provider_options_t which = RUNTIME_PROVIDER_OPTIONS_INIT;
  runtime_component_t *provider = NULL;
  char file[MAX_PATH] = "", interface[MAX_PATH] = "", import[MAX_PATH] = "", path[MAX_PATH];
  if (sscanf(value, "%255s %255s %255s", file, interface, import) < 1)
    MALFORMED("`%s` names no file", value);
  tests_path(path, file);
  options.name = "provider";
  options.name_len = 8;
  options.linker = setup->linker;
  runtime_error_t *error =
      runtime_component_from_file(setup->runtime, path, strlen(path), &options, &provider);
  runtime_linker_free(setup->linker);
  setup->linker = NULL;
  if (error != NULL) return error;
  which.interface_name = interface;
  which.interface_name_len = strlen(interface);
  which.import_name = import;
  which.import_name_len = strlen(import);
  CHECK_OK(runtime_linker_new(&setup->linker));
  error = runtime_linker_component(setup->linker, provider, &which);
  runtime_component_free(provider);
  return error;
}

/* Makes what one line asks for, except the component, which comes last. */
static runtime_error_t *setup_line(setup_t *setup, const entry_t *entry) {
  static const char *const known[] = {"scenario", "builder", "component", "wat", "name",
                                      "error",    "message", "message contains", "limit",
                                      "default",  "linking", "reuse"};
  at.line = entry->line;
  if (same(entry->key, "file") || same(entry->key, "link")) {
    scratch_put(setup->scratch, entry);
    return NULL;
  }
  if (same(entry->key, "host")) {
    if (setup->linker == NULL) CHECK_OK(runtime_linker_new(&setup->linker));
    return host_define(&setup->host, setup->linker, entry->value);
  }
  if (same(entry->key, "provider")) return setup_provider(setup, entry->value);
  if (same(entry->key, "sandbox")) return grant(&setup->grants, setup->scratch, entry->value);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (same(entry->key, known[i])) return NULL;
  MALFORMED("unknown key `%s`", entry->key);
  return NULL;
}

/* `limit: name value` */
static void limit_set(runtime_component_limits_t *limits, const entry_t *entry) {
  const struct {
    const char *name;
    uint64_t *value;
  } all[] = {
      {"max_linear_memory", &limits->max_linear_memory},
      {"max_instance_memory", &limits->max_instance_memory},
      {"max_table_elements", &limits->max_table_elements},
      {"max_hostcall_memory", &limits->max_hostcall_memory},
      {"max_resources", &limits->max_resources},
      {"max_random_size", &limits->max_random_size},
      {"max_instances", &limits->max_instances},
      {"max_execution_time", &limits->max_execution_time_ms},
      {"fuel", &limits->fuel},
      {"max_stack", &limits->max_stack},
  };
  char *words[2];
  size_t i = 0;
  split(entry->value, 2, words);
  while (i < sizeof all / sizeof *all && !same(all[i].name, words[0])) i++;
  if (i == sizeof all / sizeof *all) MALFORMED("no limit `%s`", words[0]);
  *all[i].value = number(words[1]);
  free(words[0]);
}

/* `default: timeout ms` or `default: fuel units` */
static void default_set(runtime_call_options_t *defaults, const entry_t *entry) {
  char *words[2];
  split(entry->value, 2, words);
  if (!same(words[0], "timeout") && !same(words[0], "fuel"))
    MALFORMED("no default `%s`", words[0]);
  *(same(words[0], "fuel") ? &defaults->fuel : &defaults->timeout_ms) = number(words[1]);
  free(words[0]);
}

/* `component: path` or `wat: text` */
static runtime_error_t *setup_load(const setup_t *setup, const block_t *block,
                                   const runtime_component_options_t *options,
                                   runtime_component_t **out) {
  const char *wat = block_get(block, "wat");
  const char *file = block_get(block, "component");
  char path[MAX_PATH];
  if (wat != NULL)
    return runtime_component_new(setup->runtime, (const uint8_t *)wat, strlen(wat), options, out);
  if (file == NULL) return NULL;
  tests_path(path, file);
  return runtime_component_from_file(setup->runtime, path, strlen(path), options, out);
}

static runtime_error_t *setup_component(setup_t *setup, const block_t *block) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  runtime_call_options_t defaults = RUNTIME_CALL_OPTIONS_INIT;
  const char *name = block_get(block, "name");
  const char *linking = block_get(block, "linking");
  const char *calls = block_get(block, "reuse");
  runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_component_t *seen = NULL;
  for (size_t i = 0; i < block->len; i++) {
    at.line = block->entries[i].line;
    if (same(block->entries[i].key, "limit")) limit_set(&limits, &block->entries[i]);
    if (same(block->entries[i].key, "default")) default_set(&defaults, &block->entries[i]);
  }
  options.name = name;
  options.name_len = name != NULL ? strlen(name) : 0;
  options.linker = setup->linker;
  options.sandbox = setup->grants.sandbox;
  options.limits = &limits;
  options.call_defaults = &defaults;
  options.unlinked = linking != NULL;
  if (calls != NULL) {
    reuse.max_calls = number(calls);
    options.reuse = &reuse;
  }
  if (linking == NULL || same(linking, "never"))
    return setup_load(setup, block, &options, &setup->component);
  if (!same(linking, "later")) MALFORMED("linking `%s`", linking);
  runtime_error_t *error = setup_load(setup, block, &options, &seen);
  options.unlinked = 0;
  if (error == NULL) error = runtime_component_link(seen, &options, &setup->component);
  runtime_component_free(seen);
  return error;
}

/* Does what the block says, up to the first failure. */
static runtime_error_t *setup_make(setup_t *setup, const block_t *block) {
  memset(setup, 0, sizeof *setup);
  host_init(&setup->host);
  log_init(&setup->log);
  setup->scratch = scratch_new();
  runtime_error_t *error = setup_runtime(setup, block);
  for (size_t i = 0; error == NULL && i < block->len; i++)
    error = setup_line(setup, &block->entries[i]);
  at.line = block->entries[0].line;
  if (error == NULL) error = setup_component(setup, block);
  setup->host.component = setup->component;
  return error;
}

static void setup_free(setup_t *setup) {
  runtime_component_free(setup->component);
  runtime_linker_free(setup->linker);
  if (setup->runtime != default_runtime) runtime_free(setup->runtime);
  host_free(&setup->host);
  grants_free(&setup->grants);
  log_free(&setup->log);
  scratch_free(setup->scratch);
}

#endif
