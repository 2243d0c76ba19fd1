/* A guest that takes what it can get, in a directory of its own; every way to run it. */
#ifndef HOARD_H
#define HOARD_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guests.h"
#include "load.h"

enum { DIRECTORIES, LISTINGS, STREAMS, TCP, UDP, LOOKUPS, GROWTH };
/* Error codes of WASI. */
enum { QUOTA = 6, INSUFFICIENT_MEMORY = 22 };
enum { NEW_SOCKET_LIMIT = 10, TEMPORARY_RESOLVER_FAILURE = 19 };

/* The way that tests run in now. */
static struct {
  bool on_demand, async, blocking_only;
} way;

static runtime_component_t *hoard;
static runtime_function_t *take, *refusal, *give, *insist;

static inline runtime_builder_t *hoard_builder(void) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_max_components(builder, 8);
  if (way.on_demand) runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

/* A directory with nothing in it but a directory `sub`. */
static inline const char *fresh_directory(const char *name) {
  char command[9000];
  const char *path = load_scratch(name);
  (void)snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/sub'", path, path);
  CHECK(system(command) == 0);
  return path;
}

/* A new directory with a file of 200 KB in it. */
static inline const char *hoard_directory(const char *name) {
  static char path[4096];
  static char bytes[200000];
  char file[4200];
  (void)snprintf(path, sizeof path, "%s", load_scratch(name));
  CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
  (void)snprintf(file, sizeof file, "%s/file", path);
  load_write(file, bytes, sizeof bytes);
  return path;
}

/* Loads a guest in the way that tests run in. */
static inline runtime_error_t *way_load(const runtime_t *runtime, const char *file,
                                        const runtime_sandbox_t *sandbox,
                                        runtime_component_t **out) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  size_t len = 0;
  uint8_t *bytes = check_guest(file, &len);
  options.sandbox = sandbox;
  options.blocking_only = way.blocking_only;
  runtime_error_t *error = runtime_component_new(runtime, bytes, len, &options, out);
  free(bytes);
  return error;
}

static inline runtime_error_t *hoard_try(const runtime_t *runtime, const runtime_sandbox_t *sandbox,
                                         runtime_component_t **out) {
  return way_load(runtime, "wat/hoard.wat", sandbox, out);
}

static inline runtime_sandbox_t *hoard_sandbox(const char *directory) {
  runtime_sandbox_t *sandbox = NULL;
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(sandbox, directory, strlen(directory), "/", 1,
                                     RUNTIME_RIGHT_READ | RUNTIME_RIGHT_LIST));
  CHECK_OK(runtime_sandbox_allow_connect(sandbox, "127.0.0.1", 9, 1, 1));
  CHECK_OK(runtime_sandbox_allow_name(sandbox, "*.example.com", 13));
  return sandbox;
}

/* Loads the guest into `sandbox`, which is consumed. */
static inline void hoard_load_with(const runtime_t *runtime, runtime_sandbox_t *sandbox) {
  CHECK_OK(hoard_try(runtime, sandbox, &hoard));
  runtime_sandbox_free(sandbox);
  take = load_function(hoard, "take");
  refusal = load_function(hoard, "refusal");
  give = load_function(hoard, "give");
  insist = load_function(hoard, "insist");
}

static inline void hoard_load(const runtime_t *runtime, const char *directory) {
  hoard_load_with(runtime, hoard_sandbox(directory));
}

static inline void hoard_free(void) {
  runtime_function_free(take);
  runtime_function_free(refusal);
  runtime_function_free(give);
  runtime_function_free(insist);
  runtime_component_free(hoard);
}

static inline runtime_instance_t *hoard_instance(void) {
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(hoard, NULL, &instance));
  return instance;
}

/* Calls in the way that tests run in. */
static inline runtime_error_t *hoard_call(const runtime_instance_t *instance,
                                          const runtime_function_t *function,
                                          const runtime_value_t *args, size_t args_len,
                                          runtime_values_t **out) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  if (!way.async) {
    return runtime_instance_call(instance, function, args, args_len, NULL, out);
  }
  completion.pending_out = &pending;
  CHECK_OK(runtime_instance_call_async(instance, function, args, args_len, NULL, &completion));
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, out);
  runtime_pending_free(pending);
  return error;
}

/* How many of `n` things of a kind the guest gets. */
static inline uint32_t takes(const runtime_instance_t *instance, uint32_t kind, uint32_t n) {
  runtime_value_t args[2] = {value_u32(kind), value_u32(n)};
  runtime_values_t *results = NULL;
  CHECK_OK(hoard_call(instance, take, args, 2, &results));
  return take_u32(results);
}

/* With which code the last was refused. */
static inline uint32_t refused(const runtime_instance_t *instance) {
  runtime_values_t *results = NULL;
  CHECK_OK(hoard_call(instance, refusal, NULL, 0, &results));
  return take_u32(results);
}

static inline void gives(const runtime_instance_t *instance, uint32_t n) {
  runtime_value_t arg = value_u32(n);
  runtime_values_t *results = NULL;
  CHECK_OK(hoard_call(instance, give, &arg, 1, &results));
  runtime_values_free(results);
}

static inline runtime_error_t *insists(const runtime_instance_t *instance, uint32_t kind,
                                       uint32_t n) {
  runtime_value_t args[2] = {value_u32(kind), value_u32(n)};
  runtime_values_t *results = NULL;
  runtime_error_t *error = hoard_call(instance, insist, args, 2, &results);
  runtime_values_free(results);
  return error;
}

static inline runtime_stats_t stats_of(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

/* Descriptors of this process. */
static inline int descriptors(void) {
  int count = -3; /* . and .. and its own */
  DIR *directory = opendir("/proc/self/fd");
  CHECK(directory != NULL);
  while (readdir(directory) != NULL) count++;
  CHECK(closedir(directory) == 0);
  return count;
}

/* Runs `tests` in every way. */
static inline void every_way(void (*tests)(void)) {
  for (int i = 0; i < 6; i++) {
    way.on_demand = i % 2 != 0;
    way.async = i / 2 == 1;
    way.blocking_only = i / 2 == 2;
    printf("%s%s\n", way.on_demand ? "on demand" : "pool",
           way.async ? ", asynchronous" : way.blocking_only ? ", blocking only" : "");
    tests();
  }
}

#endif
