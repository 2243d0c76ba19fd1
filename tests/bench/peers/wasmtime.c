// The benchmarks' work, done by wasmtime's C API: configured as wasmcell configures wasmtime, with
// the same limits and deadlines, as far as that API has them. Its calls use no fibers, so one that
// waits cannot be timed out. See ../README.md.

#include <pthread.h>
#include <unistd.h>

#include "values.h"

static const uint64_t LIMIT = 600 * UINT64_C(1000000000);
enum { SLOTS = 1000, MEMORY = 256 << 20, RESIDENT = 10 << 10 };

// guest.wat, compute.wat, greeter.wasm, a component in Python, one without imports.
static char guest[4096], compute[4096], greeter[4096], *python, *plain;

static void check(wasmtime_error_t *error, const char *what) {
  if (error == NULL) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fail(what, message.data, message.size);
}

static void *tick(void *engine) {
  while (usleep(10000) == 0) wasmtime_engine_increment_epoch(engine);
  return NULL;
}

static wasm_engine_t *build(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_concurrency_support_set(config, false);
  wasmtime_config_wasm_component_model_set(config, true);
  wasmtime_config_max_wasm_stack_set(config, 512 << 10);
  wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_component_instances_set(pool, SLOTS);
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, SLOTS * 30);
  wasmtime_pooling_allocation_config_total_memories_set(pool, SLOTS);
  wasmtime_pooling_allocation_config_total_tables_set(pool, SLOTS * 20);
  wasmtime_pooling_allocation_config_max_core_instances_per_component_set(pool, 30);
  wasmtime_pooling_allocation_config_max_memories_per_component_set(pool, 30);
  wasmtime_pooling_allocation_config_max_tables_per_component_set(pool, 20);
  wasmtime_pooling_allocation_config_table_elements_set(pool, 15000);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, MEMORY);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, RESIDENT);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool, RESIDENT);
  wasmtime_pooling_allocation_config_decommit_batch_size_set(pool, 1);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  if (engine == NULL) fail("engine", "NULL", 4);
  pthread_t ticker;
  pthread_create(&ticker, NULL, tick, engine);
  return engine;
}

static wasmtime_error_t *host(void *data, wasmtime_context_t *context,
                              const wasmtime_component_func_type_t *type, val_t *args,
                              size_t args_len, val_t *results, size_t results_len) {
  (void)data, (void)context, (void)type, (void)args_len, (void)results_len;
  results[0] = u32(args[0].of.u32 + 1);
  return NULL;
}

// A component in an engine of its own, with one function of it.
struct callee {
  wasm_engine_t *engine;
  wasmtime_component_linker_t *linker;
  wasmtime_component_t *component;
  wasmtime_component_export_index_t *index;
};

static void *file(const char *path, size_t *size) {
  FILE *it = fopen(path, "rb");
  if (it == NULL) fail(path, "cannot be read", 14);
  fseek(it, 0, SEEK_END);
  *size = (size_t)ftell(it);
  rewind(it);
  void *bytes = allocate(*size, 1);
  if (fread(bytes, 1, *size, it) != *size) fail(path, "cannot be read", 14);
  fclose(it);
  return bytes;
}

static wasmtime_component_t *compile(wasm_engine_t *engine, const void *bytes, size_t size) {
  wasmtime_component_t *component = NULL;
  check(wasmtime_component_new(engine, bytes, size, &component), "compile");
  return component;
}

static wasmtime_component_linker_t *link_wasi(wasm_engine_t *engine) {
  wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
  check(wasmtime_component_linker_add_wasip2(linker), "wasi");
  return linker;
}

static struct callee *load(const char *path, const char *function, bool wasi) {
  struct callee *it = allocate(1, sizeof *it);
  size_t size;
  void *bytes = file(path, &size);
  it->engine = build();
  it->component = compile(it->engine, bytes, size);
  free(bytes);
  if (wasi) {
    it->linker = link_wasi(it->engine);
  } else {
    it->linker = wasmtime_component_linker_new(it->engine);
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(it->linker);
    check(wasmtime_component_linker_instance_add_func(root, "host", 4, host, NULL, NULL), "host");
    wasmtime_component_linker_instance_delete(root);
  }
  it->index = wasmtime_component_get_export_index(it->component, NULL, function, strlen(function));
  if (it->index == NULL) fail(path, "lacks the function", 18);
  return it;
}

// A store, and an instance in it.
struct live {
  uint64_t deadline;
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_component_instance_t instance;
};

static wasmtime_error_t *at_tick(wasmtime_context_t *context, void *data, uint64_t *delta,
                                 wasmtime_update_deadline_kind_t *kind) {
  (void)context;
  if (now() >= ((struct live *)data)->deadline) return wasmtime_error_new("late");
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return NULL;
}

static void arm(struct live *live) {
  live->deadline = now() + LIMIT;
  wasmtime_context_set_epoch_deadline(live->context, 1);
}

static void start(struct live *live, const struct callee *callee, bool wasi) {
  live->store = wasmtime_store_new(callee->engine, NULL, NULL);
  live->context = wasmtime_store_context(live->store);
  wasmtime_store_limiter(live->store, MEMORY, -1, -1, -1, -1);
  wasmtime_store_epoch_deadline_callback(live->store, at_tick, live, NULL);
  if (wasi) check(wasmtime_context_set_wasi(live->context, wasi_config_new()), "wasi");
  arm(live);
  check(wasmtime_component_linker_instantiate(callee->linker, live->context, callee->component,
                                              &live->instance),
        "instantiate");
}

static wasmtime_component_func_t find(struct live *live,
                                      const wasmtime_component_export_index_t *index) {
  wasmtime_component_func_t function;
  if (!wasmtime_component_instance_get_func(&live->instance, live->context, index, &function)) {
    fail("function", "not found", 9);
  }
  return function;
}

// `n` calls in a fresh instance each.
static uint64_t fresh(const struct callee *callee, const val_t *args, size_t len, uint64_t n,
                      bool wasi) {
  uint64_t begin = now();
  for (uint64_t i = 0; i < n; i++) {
    struct live live;
    start(&live, callee, wasi);
    wasmtime_component_func_t function = find(&live, callee->index);
    val_t result = u32(0);
    check(wasmtime_component_func_call(&function, live.context, args, len, &result, 1), "fresh");
    wasmtime_component_val_delete(&result);
    wasmtime_store_delete(live.store);
  }
  return now() - begin;
}

// `n` calls of `name` in a live instance.
static uint64_t calls(const char *path, const char *name, const val_t *args, size_t len,
                      uint64_t n) {
  static struct callee *callees[3];
  static struct live lives[3];
  int place = path == compute ? 1 : path == plain ? 2 : 0;
  struct callee *callee = callees[place];
  struct live *live = &lives[place];
  if (callee == NULL) {
    callee = callees[place] = load(path, name, false);
    start(live, callee, false);
  }
  wasmtime_component_export_index_t *index =
      wasmtime_component_get_export_index(callee->component, NULL, name, strlen(name));
  wasmtime_component_func_t function = find(live, index);
  wasmtime_component_export_index_delete(index);
  size_t results = strcmp(name, "none") == 0 ? 0 : 1;
  uint64_t begin = now();
  for (uint64_t i = 0; i < n; i++) {
    val_t result = u32(0);
    arm(live);
    wasmtime_error_t *error =
        wasmtime_component_func_call(&function, live->context, args, len, &result, results);
    if (error != NULL) {
      // What a call may take of the host's memory cannot be set here, and 64 MiB are too much.
      wasmtime_error_delete(error);
      wasmtime_store_delete(live->store);
      start(live, callee, false);
      return IMPOSSIBLE;
    }
    wasmtime_component_val_delete(&result);
  }
  return now() - begin;
}

// Calls with arguments that are made once.
static uint64_t sized_calls(const char *path, const char *work, uint64_t n) {
  static struct {
    char name[32];
    const char *kind;
    val_t value;
  } made[32];
  size_t i = 0;
  while (i < 31 && made[i].kind != NULL && strcmp(made[i].name, work) != 0) i++;
  if (made[i].kind == NULL) {
    if (!argument(work, &made[i].kind, &made[i].value)) return made[i].kind = NULL, IMPOSSIBLE;
    snprintf(made[i].name, sizeof made[i].name, "%s", work);
  }
  return calls(path, made[i].kind, &made[i].value, 1, n);
}

static uint64_t live_calls(const char *path, const char *name, uint64_t n) {
  const val_t pair[] = {u32(20), u32(22)};
  if (strcmp(name, "none") == 0) return calls(path, "none", NULL, 0, n);
  if (strcmp(name, "add") == 0) return calls(path, "add", pair, 2, n);
  return sized_calls(path, name, n);
}

// `n` calls of `greet`.
static uint64_t greets(struct callee **callee, const char *path, uint64_t n) {
  if (*callee == NULL) *callee = load(path, "greet", true);
  val_t world = text("world", 5);
  return fresh(*callee, &world, 1, n, true);
}

static uint64_t work(const char *name, uint64_t n) {
  static struct callee *add, *greet, *greet_in_python;
  const val_t pair[] = {u32(20), u32(22)}, count = u32((uint32_t)n);
  const val_t blocks = u32(BLOCKS), rounds = u32(ROUNDS);
  if (strcmp(name, "fresh") == 0) {
    if (add == NULL) add = load(guest, "add", false);
    return fresh(add, pair, 2, n, false);
  }
  if (strcmp(name, "fresh-wasi") == 0) return greets(&greet, greeter, n);
  if (strcmp(name, "fresh-python") == 0) {
    return access(python, R_OK) == 0 ? greets(&greet_in_python, python, n) : IMPOSSIBLE;
  }
  if (strncmp(name, "plain-", 6) == 0) return live_calls(plain, name + 6, n);
  if (strcmp(name, "ask") == 0) return calls(guest, "ask", &count, 1, 1);
  if (strcmp(name, "compute") == 0) return calls(compute, "compute", &blocks, 1, n);
  if (strcmp(name, "loop") == 0) return calls(compute, "loop", &rounds, 1, n);
  return live_calls(guest, name, n);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  snprintf(guest, sizeof guest, "%s/guest.wat", argv[1]);
  snprintf(compute, sizeof compute, "%s/compute.wat", argv[1]);
  snprintf(greeter, sizeof greeter, "%s/greeter.wasm", argv[2]);
  python = argv[3], plain = argv[4];
  serve(work);
  return 0;
}
