// The benchmarks' work, done by wasmcell. See README.md.

#include <pthread.h>
#include <unistd.h>

#include "values.h"

// The directory of the benchmarks and that of the test guests, a component in Python, one without
// imports, a directory for the cache.
static const char *bench, *guests, *python, *plain_file, *cache;

static void check(runtime_error_t *error, const char *what) {
  if (error == NULL) return;
  fail(what, runtime_error_message(error), runtime_error_message_len(error));
}

static runtime_t *build(const char *cache_directory) {
  runtime_builder_t *builder = runtime_builder_new();
  const char *slots = getenv("BENCH_SLOTS");
  runtime_builder_max_components(builder, slots ? strtoull(slots, NULL, 10) : 1000);
  const char *signals = getenv("BENCH_SIGNALS");
  runtime_builder_signal_handlers(builder, signals == NULL || strcmp(signals, "off") != 0);
  // Loading is to be measured, not finding what is loaded.
  runtime_builder_cache_memory(builder, 0);
  if (cache_directory != NULL) {
    runtime_builder_cache_directory(builder, cache_directory, strlen(cache_directory));
  }
  runtime_t *runtime = NULL;
  check(runtime_build(builder, &runtime), "build");
  runtime_builder_free(builder);
  runtime_info_t info = RUNTIME_INFO_INIT;
  check(runtime_info(runtime, &info), "info");
  if (info.allocator != RUNTIME_ALLOCATOR_POOLING) fprintf(stderr, "no pool: %s\n", info.reason);
  return runtime;
}

static runtime_error_t *host(void *user, runtime_call_t *call, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user, (void)call, (void)args_len, (void)results_len;
  results[0] = u32(args[0].of.u32 + 1);
  return NULL;
}

static runtime_linker_t *host_linker(void) {
  runtime_linker_t *linker = NULL;
  check(runtime_linker_new(&linker), "linker");
  check(runtime_linker_define(linker, "host", 4, host, NULL, NULL), "define");
  return linker;
}

// A component in a runtime of its own, for all calls or only for blocking ones.
static runtime_component_t *load_for(const char *directory, const char *file, bool blocking_only) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s%s", directory, *directory ? "/" : "", file);
  runtime_t *runtime = build(NULL);
  runtime_linker_t *linker = host_linker();
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.linker = linker;
  options.blocking_only = blocking_only ? 1 : 0;
  runtime_component_t *component = NULL;
  check(runtime_component_from_file(runtime, path, strlen(path), &options, &component), path);
  runtime_linker_free(linker);
  runtime_free(runtime);
  return component;
}

static runtime_component_t *load(const char *directory, const char *file) {
  return load_for(directory, file, false);
}

static runtime_function_t *function(const runtime_component_t *component, const char *name) {
  runtime_function_t *it = NULL;
  check(runtime_component_function(component, name, strlen(name), &it), name);
  return it;
}

// `n` calls in a fresh instance each.
static uint64_t fresh(runtime_function_t *callee, const runtime_value_t *args, size_t len,
                      uint64_t n) {
  uint64_t begin = now();
  for (uint64_t i = 0; i < n; i++) {
    runtime_values_t *results = NULL;
    check(runtime_function_call(callee, args, len, NULL, &results), "fresh");
    runtime_values_free(results);
  }
  return now() - begin;
}

static const runtime_value_t PAIR[2] = {{.kind = RUNTIME_KIND_U32, .of = {.u32 = 20}},
                                        {.kind = RUNTIME_KIND_U32, .of = {.u32 = 22}}};

struct share {
  runtime_function_t *callee;
  uint64_t n;
};

static void *fresh_thread(void *argument) {
  const struct share *share = argument;
  fresh(share->callee, PAIR, 2, share->n);
  return NULL;
}

static uint64_t in_two_threads(runtime_function_t *callee, uint64_t n) {
  pthread_t all[2];
  struct share share = {callee, n};
  uint64_t begin = now();
  for (int i = 0; i < 2; i++) pthread_create(&all[i], NULL, fresh_thread, &share);
  for (int i = 0; i < 2; i++) pthread_join(all[i], NULL);
  return now() - begin;
}

// Bytes of this process that are in memory.
static uint64_t resident(void) {
  unsigned long long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  if (statm == NULL || fscanf(statm, "%*s %llu", &pages) != 1) fail("/proc", "no statm", 8);
  fclose(statm);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

// Bytes that `n` instances take.
static uint64_t instances(uint64_t n) {
  runtime_component_t *component = load(bench, "guest.wat");
  runtime_instance_t **all = allocate(n, sizeof(runtime_instance_t *));
  memset(all, 1, n * sizeof(runtime_instance_t *));
  uint64_t before = resident();
  for (uint64_t i = 0; i < n; i++)
    check(runtime_instance_new(component, NULL, &all[i]), "instance");
  uint64_t took = resident() - before;
  for (uint64_t i = 0; i < n; i++) runtime_instance_free(all[i]);
  runtime_component_free(component);
  free(all);
  return took;
}

// Gets a component `n` times, ready to be instantiated.
static uint64_t loads(const char *how, uint64_t n) {
  static runtime_t *compiler, *cached;
  static runtime_bytes_t *compiled;
  static char path[4096];
  if (compiler == NULL) {
    compiler = build(NULL);
    cached = build(cache);
    runtime_component_t *it = NULL;
    snprintf(path, sizeof path, "%s/greeter.wasm", guests);
    check(runtime_component_from_file(cached, path, strlen(path), NULL, &it), path);
    check(runtime_component_serialize(it, &compiled), "serialize");
    runtime_component_free(it);
  }
  uint64_t begin = now();
  for (uint64_t i = 0; i < n; i++) {
    runtime_component_t *it = NULL;
    runtime_error_t *error;
    if (strcmp(how, "load-deserialize") == 0) {
      error = runtime_component_deserialize(compiler, runtime_bytes_data(compiled),
                                            runtime_bytes_len(compiled), NULL, &it);
    } else {
      runtime_t *runtime = strcmp(how, "load-cache") == 0 ? cached : compiler;
      error = runtime_component_from_file(runtime, path, strlen(path), NULL, &it);
    }
    check(error, how);
    runtime_component_free(it);
  }
  return now() - begin;
}

// An instance that is called again and again.
struct live {
  const char *directory, *file;
  bool blocking_only;
  runtime_component_t *component;
  runtime_instance_t *instance;
};

// `n` calls of `name` in a live instance, which is made if it is not there.
static uint64_t calls(struct live *live, const char *name, const runtime_value_t *args, size_t len,
                      uint64_t n) {
  if (live->instance == NULL) {
    live->component = load_for(live->directory, live->file, live->blocking_only);
    check(runtime_instance_new(live->component, NULL, &live->instance), "instance");
  }
  runtime_function_t *callee = function(live->component, name);
  uint64_t begin = now();
  for (uint64_t i = 0; i < n; i++) {
    runtime_values_t *results = NULL;
    check(runtime_instance_call(live->instance, callee, args, len, NULL, &results), name);
    runtime_values_free(results);
  }
  uint64_t took = now() - begin;
  runtime_function_free(callee);
  return took;
}

static struct live guest, direct, plain, compute;

// Calls with arguments that are made once.
static uint64_t sized_calls(struct live *live, const char *name, uint64_t n) {
  static struct {
    char name[32];
    const char *kind;
    runtime_value_t value;
  } made[32];
  size_t i = 0;
  while (i < 31 && made[i].kind != NULL && strcmp(made[i].name, name) != 0) i++;
  if (made[i].kind == NULL) {
    if (!argument(name, &made[i].kind, &made[i].value)) return made[i].kind = NULL, IMPOSSIBLE;
    snprintf(made[i].name, sizeof made[i].name, "%s", name);
  }
  return calls(live, made[i].kind, &made[i].value, 1, n);
}

static uint64_t live_calls(struct live *live, const char *name, uint64_t n) {
  if (strcmp(name, "none") == 0) return calls(live, "none", NULL, 0, n);
  if (strcmp(name, "add") == 0) return calls(live, "add", PAIR, 2, n);
  return sized_calls(live, name, n);
}

// Calls that find an instance of an earlier one.
static uint64_t again(const char *name, uint64_t n) {
  static runtime_function_t *add, *greet;
  const runtime_value_t world = text("world", 5);
  const bool is_python = strcmp(name, "again-python") == 0;
  runtime_function_t **callee = is_python ? &greet : &add;
  if (is_python && access(python, R_OK) != 0) return IMPOSSIBLE;
  if (*callee == NULL) {
    runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
    runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
    runtime_component_t *first = load(is_python ? "" : bench, is_python ? python : "guest.wat");
    runtime_component_t *component = NULL;
    reuse.max_calls = UINT64_MAX;
    reuse.max_growth = UINT64_MAX;
    options.reuse = &reuse;
    runtime_linker_t *linker = host_linker();
    options.linker = linker;
    check(runtime_component_link(first, &options, &component), name);
    runtime_linker_free(linker);
    *callee = function(component, is_python ? "greet" : "add");
  }
  return fresh(*callee, is_python ? &world : PAIR, is_python ? 1 : 2, n);
}

static uint64_t work(const char *name, uint64_t n) {
  static runtime_function_t *add, *greet, *greet_python;
  const runtime_value_t world = text("world", 5), count = u32((uint32_t)n);
  const runtime_value_t blocks = u32(BLOCKS), rounds = u32(ROUNDS);
  if (strcmp(name, "fresh") == 0 || strcmp(name, "threads") == 0) {
    if (add == NULL) add = function(load(bench, "guest.wat"), "add");
    return *name == 'f' ? fresh(add, PAIR, 2, n) : in_two_threads(add, n);
  }
  if (strcmp(name, "fresh-wasi") == 0) {
    if (greet == NULL) greet = function(load(guests, "greeter.wasm"), "greet");
    return fresh(greet, &world, 1, n);
  }
  if (strcmp(name, "fresh-python") == 0) {
    if (access(python, R_OK) != 0) return IMPOSSIBLE;
    if (greet_python == NULL) greet_python = function(load("", python), "greet");
    return fresh(greet_python, &world, 1, n);
  }
  if (strncmp(name, "again", 5) == 0) return again(name, n);
  if (strcmp(name, "load-file") == 0 || strcmp(name, "load-linked") == 0) return IMPOSSIBLE;
  if (strncmp(name, "load-", 5) == 0) return loads(name, n);
  if (strncmp(name, "plain-", 6) == 0) return live_calls(&plain, name + 6, n);
  if (strncmp(name, "direct-", 7) == 0) return live_calls(&direct, name + 7, n);
  if (strcmp(name, "ask-direct") == 0) return calls(&direct, "ask", &count, 1, 1);
  if (strcmp(name, "ask") == 0) return calls(&guest, "ask", &count, 1, 1);
  if (strcmp(name, "compute") == 0) return calls(&compute, "compute", &blocks, 1, n);
  if (strcmp(name, "loop") == 0) return calls(&compute, "loop", &rounds, 1, n);
  if (strcmp(name, "instances") == 0) return instances(n);
  return live_calls(&guest, name, n);
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  bench = argv[1], guests = argv[2], python = argv[3], plain_file = argv[4], cache = argv[5];
  guest = (struct live){.directory = bench, .file = "guest.wat"};
  direct = guest;
  direct.blocking_only = true;
  compute = (struct live){.directory = bench, .file = "compute.wat"};
  plain = (struct live){.directory = "", .file = plain_file};
  serve(work);
  return 0;
}
