/* threads */
/* Whatever a guest does, its call ends in bounded time with a code of its own, and nobody else on
 * the same runtime notices: under both allocators, blocking and asynchronous. */
#include <unistd.h>

#include "guests.h"

#define TICK_MS 10
#define LIMIT_MS 200
#define SPACES_MS 20
#define MIB (1 << 20)

typedef struct {
  const char *name;
  int code;
  const char *text; /* the message contains it */
  int trap;
} hostile_t;

#define TIME RUNTIME_ERROR_TIMEOUT, "its limit of 200 ms", 0
#define ABI RUNTIME_TRAP_CANONICAL_ABI

static const hostile_t guests[] = {
    {"endless-loop", TIME},
    {"endless-start", TIME},
    {"endless-growth", TIME},
    {"sleep", TIME},
    {"silence", TIME},
    {"silent-pipe", TIME},
    {"busy-polling", TIME},
    {"realloc-endless", TIME},
    {"read-stdin", RUNTIME_ERROR_NONE, "", 0},
    {"memory-bomb", RUNTIME_ERROR_MEMORY_LIMIT, "`max_linear_memory` is 8388608", 1},
    {"many-memories-bomb", RUNTIME_ERROR_MEMORY_LIMIT, "`max_instance_memory` is 20971520", 1},
    {"table-bomb", RUNTIME_ERROR_MEMORY_LIMIT, "`max_table_elements` is 2000", 1},
    {"recursion", RUNTIME_ERROR_STACK_OVERFLOW, "`max_stack` is 524288",
     RUNTIME_TRAP_STACK_OVERFLOW},
    {"resource-bomb", RUNTIME_ERROR_RESOURCE_LIMIT, "`max_resources` is 100", 0},
    {"own-resource-bomb", RUNTIME_ERROR_RESOURCE_LIMIT, "`max_resources` is 100", 0},
    {"random-bomb", RUNTIME_ERROR_RESOURCE_LIMIT, "`max_random_size` is 65536", 0},
    {"hostcall-bomb", RUNTIME_ERROR_RESOURCE_LIMIT, "`max_hostcall_memory` is 1048576", 0},
    {"result-bomb", RUNTIME_ERROR_RESOURCE_LIMIT, "`max_hostcall_memory` is 1048576", 0},
    {"large-memory", RUNTIME_ERROR_MEMORY_LIMIT, "`max_linear_memory` is 8388608", 0},
    {"many-memories", RUNTIME_ERROR_RESOURCE_LIMIT, "per_component` is 30", 0},
    {"unreachable", RUNTIME_ERROR_TRAP, "unreachable", RUNTIME_TRAP_UNREACHABLE},
    {"division-by-zero", RUNTIME_ERROR_TRAP, "divide by zero",
     RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO},
    {"out-of-bounds", RUNTIME_ERROR_TRAP, "out of bounds", RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"indirect-call-mismatch", RUNTIME_ERROR_TRAP, "type mismatch", RUNTIME_TRAP_BAD_SIGNATURE},
    {"realloc-traps", RUNTIME_ERROR_TRAP, "unreachable", RUNTIME_TRAP_UNREACHABLE},
    {"realloc-unaligned", RUNTIME_ERROR_TRAP, "align", ABI},
    {"realloc-out-of-range", RUNTIME_ERROR_TRAP, "beyond end of memory", ABI},
    {"realloc-at-the-end", RUNTIME_ERROR_TRAP, "beyond end of memory", ABI},
    {"realloc-overlapping", RUNTIME_ERROR_NONE, "", 0},
    {"endless-string", RUNTIME_ERROR_TRAP, "out of bounds", ABI},
    {"endless-list", RUNTIME_ERROR_TRAP, "out of bounds", ABI},
    {"endless-list-of-strings", RUNTIME_ERROR_TRAP, "out of bounds", ABI},
    {"unaligned-list", RUNTIME_ERROR_TRAP, "align", ABI},
    {"invalid-utf8", RUNTIME_ERROR_TRAP, "utf-8", ABI},
    {"surrogate-string", RUNTIME_ERROR_TRAP, "utf-8", ABI},
    {"surrogate-char", RUNTIME_ERROR_TRAP, "char", ABI},
    {"char-out-of-range", RUNTIME_ERROR_TRAP, "char", ABI},
    {"enum-out-of-range", RUNTIME_ERROR_TRAP, "discriminant", ABI},
    {"variant-out-of-range", RUNTIME_ERROR_TRAP, "discriminant", ABI},
    {"imports-everything", RUNTIME_ERROR_LINK, "`anything`", 0},
    {"ten-thousand-exports", RUNTIME_ERROR_NONE, "", 0},
};
#define GUESTS (sizeof guests / sizeof guests[0])

static bool on_valgrind(void) {
  return getenv("WASMCELL_TEST_SMALL") != NULL;
}

/* Milliseconds within which something must have happened, on any machine. */
static uint64_t bound(uint64_t ms) {
  return on_valgrind() ? 20 * ms : ms;
}

/* A component with 10,000 exports, the last of them `run`. */
static char *many_exports(size_t *len) {
  size_t room = 1 << 20;
  char *text = malloc(room);
  CHECK(text != NULL);
  size_t at = (size_t)snprintf(text, room,
                               "(component (core module $m (func (export \"f\")))"
                               "(core instance $i (instantiate $m))"
                               "(func $f (canon lift (core func $i \"f\")))");
  for (int i = 1; i < 10000; i++) {
    at += (size_t)snprintf(text + at, room - at, "(export \"f%d\" (func $f))\n", i);
    CHECK(at < room);
  }
  *len = at + (size_t)snprintf(text + at, room - at, "(export \"run\" (func $f)))");
  CHECK(*len < room);
  return text;
}

/* Whether instances are used again, whatever guests leave in them. */
static bool reuses;

static runtime_component_options_t load_options(void) {
  static const runtime_component_reuse_t again = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  if (reuses) options.reuse = &again;
  return options;
}

/* Reads from the stdin of this process, which is a pipe that nobody writes to. */
static runtime_error_t *load_reader(const runtime_t *runtime, runtime_component_t **out) {
  size_t len = 0;
  void *bytes = check_guest("hostile/read-stdin.wat", &len);
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_options_t options = load_options();
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_stdin_inherit(sandbox));
  options.sandbox = sandbox;
  runtime_error_t *error = runtime_component_new(runtime, bytes, len, &options, out);
  runtime_sandbox_free(sandbox);
  free(bytes);
  return error;
}

static runtime_error_t *load(const runtime_t *runtime, const char *name,
                             runtime_component_t **out) {
  size_t len = 0;
  char path[256];
  void *bytes;
  if (strcmp(name, "silent-pipe") == 0) return load_reader(runtime, out);
  if (strcmp(name, "ten-thousand-exports") == 0) {
    bytes = many_exports(&len);
  } else {
    CHECK((size_t)snprintf(path, sizeof path, "hostile/%s.wat", name) < sizeof path);
    bytes = check_guest(path, &len);
  }
  runtime_component_options_t options = load_options();
  runtime_error_t *error = runtime_component_new(runtime, bytes, len, &options, out);
  free(bytes);
  return error;
}

/* A list of numbers or a text for each parameter. */
static size_t fill(const runtime_function_t *function, runtime_value_t *args) {
  static const uint32_t numbers[] = {1, 2, 3, 4};
  const runtime_type_t *type = runtime_function_type(function);
  size_t len = runtime_type_len(type);
  CHECK(len <= 2);
  for (size_t i = 0; i < len; i++) {
    args[i] = value_string("text");
    if (runtime_type_kind(runtime_type_child(type, i)) == RUNTIME_KIND_LIST) {
      args[i].kind = RUNTIME_KIND_LIST;
      args[i].element = RUNTIME_KIND_U32;
      args[i].of.list.ptr = numbers;
      args[i].of.list.len = 4;
    }
  }
  return len;
}

static runtime_call_options_t options_for(const hostile_t *guest) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  if (guest->code == RUNTIME_ERROR_TIMEOUT) options.timeout_ms = LIMIT_MS;
  return options;
}

static runtime_pending_t *start(const hostile_t *guest, const runtime_function_t *function) {
  runtime_value_t args[2];
  runtime_pending_t *pending = NULL;
  runtime_call_options_t options = options_for(guest);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(
      runtime_function_call_async(function, args, fill(function, args), &options, &completion));
  CHECK(pending != NULL);
  return pending;
}

static runtime_error_t *finish(runtime_pending_t *pending) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_pending_wait(pending, bound(60000), &results);
  CHECK(runtime_pending_is_done(pending));
  runtime_values_free(results);
  runtime_pending_free(pending);
  return error;
}

static runtime_error_t *call_blocking(const hostile_t *guest, const runtime_function_t *function) {
  runtime_value_t args[2];
  runtime_values_t *results = NULL;
  runtime_call_options_t options = options_for(guest);
  runtime_error_t *error =
      runtime_function_call(function, args, fill(function, args), &options, &results);
  runtime_values_free(results);
  return error;
}

/* Releases `error`, which is what `guest` deserves. */
static void expect(const hostile_t *guest, runtime_error_t *error) {
  int trap = (int)runtime_error_trap(error);
  if (guest->code == RUNTIME_ERROR_TRAP && trap != guest->trap) {
    CHECK_FAIL("%s: trap %d: %s", guest->name, trap, runtime_error_message(error));
  }
  if ((int)runtime_error_code(error) != guest->code) {
    CHECK_FAIL("%s: %d, %s", guest->name, (int)runtime_error_code(error),
               runtime_error_message(error));
  }
  CHECK_ERROR(error, guest->code, guest->text);
}

/* Somebody who calls a well-behaved guest 50 times a second, on the same runtime. */
typedef struct {
  runtime_component_t *component;
  runtime_function_t *function;
  atomic_bool stop;
  uint64_t calls, slowest_ms;
} friend_t;

static void *friend_run(void *data) {
  friend_t *it = data;
  while (!atomic_load(&it->stop)) {
    runtime_value_t text = value_string("unharmed");
    runtime_values_t *results = NULL;
    uint64_t begin = now_ms();
    CHECK_OK(runtime_function_call(it->function, &text, 1, NULL, &results));
    uint64_t took = now_ms() - begin;
    CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "unharmed");
    runtime_values_free(results);
    it->calls++;
    if (took > it->slowest_ms) it->slowest_ms = took;
    if (took < SPACES_MS) pause_ms(SPACES_MS - took);
  }
  return NULL;
}

static void friend_make(friend_t *it, const runtime_t *runtime) {
  size_t len = 0;
  memset(it, 0, sizeof *it);
  void *bytes = check_guest("wat/echo.wat", &len);
  runtime_component_options_t options = load_options();
  CHECK_OK(runtime_component_new(runtime, bytes, len, &options, &it->component));
  CHECK_OK(runtime_component_function(it->component, "echo", 4, &it->function));
  free(bytes);
}

static void friend_end(friend_t *it, pthread_t thread) {
  atomic_store(&it->stop, true);
  thread_join(thread);
  printf("  %u well-behaved calls, the slowest %u ms\n", (unsigned)it->calls,
         (unsigned)it->slowest_ms);
  CHECK(it->calls > 0 && it->slowest_ms < bound(2000));
  runtime_function_free(it->function);
  runtime_component_free(it->component);
}

static runtime_t *build(bool pooling) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_builder_max_components(builder, 64);
  runtime_builder_max_linear_memory(builder, 8 * MIB);
  runtime_builder_max_instance_memory(builder, 20 * MIB);
  runtime_builder_max_table_elements(builder, 2000);
  runtime_builder_max_resources(builder, 100);
  runtime_builder_max_random_size(builder, 65536);
  runtime_builder_max_hostcall_memory(builder, MIB);
  runtime_builder_epoch_tick(builder, TICK_MS);
  if (pooling) {
    runtime_builder_force_pooling_allocator(builder);
  } else {
    runtime_builder_force_on_demand_allocator(builder);
  }
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

/* One guest after the other, then all of them at once. */
static void every_guest(bool pooling, bool blocking) {
  runtime_pending_t *pending[GUESTS] = {NULL};
  runtime_t *runtime = build(pooling);
  friend_t friend;
  friend_make(&friend, runtime);
  pthread_t thread = thread_start(friend_run, &friend);
  for (size_t i = 0; i < GUESTS; i++) {
    const hostile_t *guest = &guests[i];
    runtime_component_t *component = NULL;
    runtime_function_t *function = NULL;
    uint64_t begin = now_ms();
    /* Valgrind ends a program that divides by zero, whatever handlers it has. */
    if (on_valgrind() && guest->trap == RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO) continue;
    runtime_error_t *error = load(runtime, guest->name, &component);
    if (error != NULL) {
      CHECK(component == NULL);
      expect(guest, error);
    } else {
      CHECK_OK(runtime_component_function(component, "run", 3, &function));
      runtime_component_free(component);
      begin = now_ms();
      expect(guest, blocking ? call_blocking(guest, function) : finish(start(guest, function)));
      if (!blocking) pending[i] = start(guest, function);
    }
    uint64_t took = now_ms() - begin;
    if (took > bound(LIMIT_MS + 2000)) {
      CHECK_FAIL("%s took %u ms", guest->name, (unsigned)took);
    }
    runtime_function_free(function);
  }
  for (size_t i = 0; i < GUESTS; i++) {
    if (pending[i] != NULL) expect(&guests[i], finish(pending[i]));
  }
  friend_end(&friend, thread);
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(stats.instances == 0 && stats.memory == 0 && (stats.reused > 0) == reuses);
  runtime_free(runtime);
}

static void test_pooling_blocking(void) {
  every_guest(true, true);
}
static void test_pooling_asynchronous(void) {
  every_guest(true, false);
}
static void test_on_demand_blocking(void) {
  every_guest(false, true);
}
static void test_on_demand_asynchronous(void) {
  every_guest(false, false);
}

int main(void) {
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0 && dup2(pipe_ends[0], STDIN_FILENO) == STDIN_FILENO);
  RUN(test_pooling_blocking);
  RUN(test_pooling_asynchronous);
  RUN(test_on_demand_blocking);
  RUN(test_on_demand_asynchronous);
  reuses = true;
  RUN(test_pooling_blocking);
  RUN(test_on_demand_asynchronous);
  return 0;
}
