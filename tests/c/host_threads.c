/* threads */
/* Functions of the host that asynchronous calls run have threads of their own: few, whoever calls
 * whatever how often, and none for long; what finds none waits, and holds up nobody else. */
#include "door.h"

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
  door_pass(door);
  return NULL;
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
  asking.block = find(asking.component, "block");
  asking.loop = find(asking.component, "loop");
  asking.compute = find(asking.component, "compute");
  return asking;
}

static void asking_free(asking_t *asking) {
  runtime_function_free(asking->block);
  runtime_function_free(asking->loop);
  runtime_function_free(asking->compute);
  runtime_component_free(asking->component);
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
  CHECK_OK(end(begin(other.block, NULL, 0))); /* all that it takes is there */
  int before = thread_count();
  for (int i = 0; i < CALLS; i++) calls[i] = begin(blocked.block, NULL, 0);
  while (host_functions(runtime) < CALLS) pause_ms(1);
  door_until(&closed, THREADS / 2);
  for (int i = 0; i < 20; i++) {
    CHECK_OK(end(begin(other.block, NULL, 0)));
    CHECK_OK(end(begin(other.compute, NULL, 0)));
    CHECK_OK(end(begin(blocked.compute, NULL, 0)));
  }
  CHECK(thread_count() <= before + THREADS - 1);
  CHECK(atomic_load(&closed.entered) == THREADS / 2);
  atomic_store(&closed.open, true);
  for (int i = 0; i < CALLS; i++) CHECK_OK(end(calls[i]));
  CHECK(atomic_load(&closed.entered) == CALLS && atomic_load(&closed.most) == THREADS / 2);
  CHECK(host_functions(runtime) == 0);
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
  for (int i = 0; i < CALLS; i++) calls[i] = begin(asking.loop, NULL, 300);
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
  runtime_pending_t *first = begin_late(asking.block, NULL, &door);
  runtime_pending_t *second = begin(asking.block, NULL, 20);
  CHECK_ERROR(end(second), RUNTIME_ERROR_TIMEOUT, "20 ms");
  pause_ms(50);
  CHECK(!runtime_pending_is_done(first) && host_functions(runtime) == 1);
  atomic_store(&door.open, true);
  CHECK_ERROR(end(first), RUNTIME_ERROR_TIMEOUT, "");
  CHECK(atomic_load(&door.entered) == 1 && host_functions(runtime) == 0);
  CHECK_OK(end(begin(asking.block, NULL, 0)));
  asking_free(&asking);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_who_blocks_holds_up_nobody);
  RUN(test_loops_take_few_threads);
  RUN(test_time_runs_on);
  return 0;
}
