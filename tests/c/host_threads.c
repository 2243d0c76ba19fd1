/* threads */
/* Functions of the host that asynchronous calls run have threads of their own: few, whoever calls
 * whatever how often, and none for long; what finds none waits, and holds up nobody else. */
#include "guests.h"

/* `block` calls the host once, `loop` for ever, `spin` never. */
static const char asking_wat[] =
    "(component"
    "  (import \"host\" (func $host))"
    "  (core func $lowered (canon lower (func $host)))"
    "  (core module $m"
    "    (import \"\" \"host\" (func $host))"
    "    (func (export \"block\") (call $host))"
    "    (func (export \"loop\") (loop $l (call $host) (br $l)))"
    "    (func (export \"compute\") (result i32) (i32.const 7)))"
    "  (core instance $i (instantiate $m"
    "    (with \"\" (instance (export \"host\" (func $lowered))))))"
    "  (func (export \"block\") (canon lift (core func $i \"block\")))"
    "  (func (export \"loop\") (canon lift (core func $i \"loop\")))"
    "  (func (export \"compute\") (result u32) (canon lift (core func $i \"compute\"))))";

enum { THREADS = 4, CALLS = 40 };

/* What a function of the host does. */
typedef struct {
  atomic_int inside, most, entered;
  atomic_bool open;
} door_t;

typedef struct {
  runtime_component_t *component;
  runtime_function_t *block, *loop, *compute;
} asking_t;

static runtime_t *runtime;

static runtime_error_t *wait_at_door(void *user_data, runtime_call_t *host_call,
                                     const runtime_value_t *args, size_t args_len,
                                     runtime_value_t *results, size_t results_len) {
  door_t *door = user_data;
  (void)host_call, (void)args, (void)args_len, (void)results, (void)results_len;
  int inside = atomic_fetch_add(&door->inside, 1) + 1;
  int most = atomic_load(&door->most);
  while (most < inside && !atomic_compare_exchange_weak(&door->most, &most, inside)) continue;
  atomic_fetch_add(&door->entered, 1);
  while (!atomic_load(&door->open)) pause_ms(1);
  atomic_fetch_sub(&door->inside, 1);
  return NULL;
}

static runtime_function_t *export_of(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

static asking_t asking_make(door_t *door) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_linker_t *linker = NULL;
  asking_t asking;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "host", 4, wait_at_door, door, NULL));
  options.linker = linker;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)asking_wat, strlen(asking_wat),
                                 &options, &asking.component));
  runtime_linker_free(linker);
  asking.block = export_of(asking.component, "block");
  asking.loop = export_of(asking.component, "loop");
  asking.compute = export_of(asking.component, "compute");
  return asking;
}

static void asking_free(asking_t *asking) {
  runtime_function_free(asking->block);
  runtime_function_free(asking->loop);
  runtime_function_free(asking->compute);
  runtime_component_free(asking->component);
}

static runtime_pending_t *begin(const runtime_function_t *function, uint64_t timeout_ms) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  options.timeout_ms = timeout_ms;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, NULL, 0, &options, &completion));
  return pending;
}

static runtime_error_t *end(runtime_pending_t *pending) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, &results);
  runtime_values_free(results);
  runtime_pending_free(pending);
  return error;
}

static uint64_t host_functions(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats.host_functions;
}

static void build(uint64_t threads) {
  runtime_builder_t *builder = guest_builder(CALLS + 10);
  runtime_builder_worker_threads(builder, 2);
  runtime_builder_host_threads(builder, threads);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
}

/* Those that block are few, and neither another component nor a guest that computes waits. */
static void test_who_blocks_holds_up_nobody(void) {
  door_t closed = {0}, open = {.open = true};
  runtime_pending_t *calls[CALLS];
  build(THREADS);
  asking_t blocked = asking_make(&closed), other = asking_make(&open);
  CHECK_OK(end(begin(other.block, 0))); /* all that it takes is there */
  int before = thread_count();
  for (int i = 0; i < CALLS; i++) calls[i] = begin(blocked.block, 0);
  while (host_functions() < CALLS) pause_ms(1);
  while (atomic_load(&closed.inside) < THREADS / 2) pause_ms(1);
  for (int i = 0; i < 20; i++) {
    CHECK_OK(end(begin(other.block, 0)));
    CHECK_OK(end(begin(other.compute, 0)));
    CHECK_OK(end(begin(blocked.compute, 0)));
  }
  CHECK(thread_count() <= before + THREADS - 1);
  CHECK(atomic_load(&closed.entered) == THREADS / 2);
  atomic_store(&closed.open, true);
  for (int i = 0; i < CALLS; i++) CHECK_OK(end(calls[i]));
  CHECK(atomic_load(&closed.entered) == CALLS && atomic_load(&closed.most) == THREADS / 2);
  CHECK(host_functions() == 0);
  asking_free(&blocked);
  asking_free(&other);
  runtime_free(runtime);
}

/* However many calls there are, and however often they ask. */
static void test_loops_take_few_threads(void) {
  door_t open = {.open = true};
  runtime_pending_t *calls[CALLS];
  build(THREADS);
  asking_t asking = asking_make(&open);
  int before = thread_count();
  for (int i = 0; i < CALLS; i++) calls[i] = begin(asking.loop, 300);
  for (int i = 0; i < 200; i++) {
    /* Some more end calls that are late. */
    CHECK(thread_count() <= before + THREADS + 2);
    pause_ms(1);
  }
  for (int i = 0; i < CALLS; i++) CHECK_ERROR(end(calls[i]), RUNTIME_ERROR_TIMEOUT, "300 ms");
  CHECK(atomic_load(&open.entered) > 0);
  asking_free(&asking);
  runtime_free(runtime);
}

/* A call that waits for a thread ends in time, without the function; one whose function runs ends
 * after it. */
static void test_time_runs_on(void) {
  door_t door = {0};
  build(1);
  asking_t asking = asking_make(&door);
  runtime_pending_t *first = begin(asking.block, 20);
  while (atomic_load(&door.inside) == 0) pause_ms(1);
  runtime_pending_t *second = begin(asking.block, 20);
  CHECK_ERROR(end(second), RUNTIME_ERROR_TIMEOUT, "20 ms");
  pause_ms(50);
  CHECK(!runtime_pending_is_done(first) && host_functions() == 1);
  atomic_store(&door.open, true);
  CHECK_ERROR(end(first), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK(atomic_load(&door.entered) == 1 && host_functions() == 0);
  CHECK_OK(end(begin(asking.block, 0)));
  asking_free(&asking);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_who_blocks_holds_up_nobody);
  RUN(test_loops_take_few_threads);
  RUN(test_time_runs_on);
  return 0;
}
