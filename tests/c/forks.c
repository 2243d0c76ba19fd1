/* threads */
/* no-valgrind: a fork leaves alone what belongs to threads it does not have, as if it leaked it */
/* no-sanitizer: AddressSanitizer's allocator, unlike glibc's, leaves locks as they are in a fork */
/* Forks release what they inherit in any order, build runtimes of their own before, between and
 * after, and end in any way; and so do their forks, whatever the threads of the parent are doing at
 * the moment of the fork. The parent goes on. */
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"

#define PATIENCE_S 60

enum {
  BUILDER, LINKER, SANDBOX, RUNTIME, COMPONENT, HOSTED, FUNCTION, INSTANCE, HELD, RESULTS, TOKEN,
  FLYING, LANDED, ERROR, OUTPUT, REPLY, OBJECTS
};

/* One of each, made by `make`. */
static void *all[OBJECTS];
static uint64_t worker_threads;
static int on_demand;

static void release(int kind) {
  void *it = all[kind];
  all[kind] = NULL;
  switch (kind) {
    case BUILDER: runtime_builder_free(it); break;
    case LINKER: runtime_linker_free(it); break;
    case SANDBOX: runtime_sandbox_free(it); break;
    case RUNTIME: runtime_free(it); break;
    case COMPONENT: case HOSTED: runtime_component_free(it); break;
    case FUNCTION: runtime_function_free(it); break;
    case INSTANCE: case HELD: runtime_instance_free(it); break;
    case RESULTS: runtime_values_free(it); break;
    case TOKEN: runtime_cancel_free(it); break;
    case FLYING: case LANDED: runtime_pending_free(it); break;
    case ERROR: runtime_error_free(it); break;
    case OUTPUT: runtime_output_free(it); break;
    case REPLY: runtime_reply_free(it); break;
    default: CHECK(false);
  }
}

static void release_all(void) {
  for (int i = 0; i < OBJECTS; i++) release(i);
}

static runtime_builder_t *forks_builder(void) {
  runtime_builder_t *builder = guest_builder(16);
  runtime_builder_worker_threads(builder, worker_threads);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

/* (text) -> string, later. */
static runtime_error_t *defer(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  runtime_reply_t *reply = NULL;
  (void)args, (void)args_len, (void)results, (void)results_len;
  CHECK_OK(runtime_call_defer(call, &reply));
  *(runtime_reply_t **)user_data = reply;
  return NULL;
}

static runtime_function_t *lookup(const void *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

static runtime_component_t *compile(const runtime_t *runtime, const char *wat,
                                    const runtime_component_options_t *options) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), options, &component));
  return component;
}

static runtime_reply_t *owed;

/* A call that its host function keeps waiting, and a call in flight. */
static void start_calls(const runtime_function_t *sleep) {
  runtime_function_t *shout = lookup(all[HOSTED], "shout");
  runtime_value_t text = value_string("wait"), ms = value_u64(60000);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.cancel = all[TOKEN];
  owed = NULL;
  all[LANDED] = start(shout, &text, 1, &options);
  all[FLYING] = start(sleep, &ms, 1, &options);
  while (((runtime_reply_t *volatile *)&owed)[0] == NULL) pause_ms(1);
  all[REPLY] = owed;
  runtime_function_free(shout);
}

static void make(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_values_t *results = NULL;
  runtime_value_t one = value_u32(1);
  runtime_linker_t *linker = linker_make();
  runtime_sandbox_t *sandbox = NULL;
  runtime_cancel_t *token = NULL;
  runtime_output_t *output = NULL;
  runtime_t *runtime = NULL;
  all[BUILDER] = forks_builder();
  CHECK_OK(runtime_build(all[BUILDER], &runtime));
  define(linker, "acme:host/api@1.0.0#add", host_add, NULL);
  define(linker, "acme:host/api@1.0.0#shout", defer, &owed);
  define(linker, "acme:host/api@1.0.0#tick", defer, &owed);
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(sandbox, "/", 1, "/", 1, RUNTIME_RIGHT_READ));
  CHECK_OK(runtime_cancel_new(&token));
  CHECK_OK(runtime_output_new(100, &output));
  all[LINKER] = linker, all[SANDBOX] = sandbox, all[RUNTIME] = runtime;
  all[TOKEN] = token, all[OUTPUT] = output;
  options.sandbox = sandbox;
  all[COMPONENT] = compile(runtime, guest_wat, &options);
  options.linker = linker;
  all[HOSTED] = compile(runtime, host_wat, &options);
  all[FUNCTION] = lookup(all[COMPONENT], "add");
  all[INSTANCE] = instantiate(all[COMPONENT]);
  all[HELD] = instantiate(all[HOSTED]);
  CHECK_OK(runtime_function_call(all[FUNCTION], &one, 1, NULL, &results));
  all[RESULTS] = results;
  runtime_function_t *trap = lookup(all[COMPONENT], "trap");
  all[ERROR] = call(trap, NULL, NULL);
  CHECK(all[ERROR] != NULL);
  runtime_function_free(trap);
  runtime_function_t *sleep = lookup(all[COMPONENT], "sleep");
  start_calls(sleep);
  runtime_function_free(sleep);
}

/* Both calls go on in the parent. */
static void finish_calls(void) {
  runtime_values_t *results = NULL;
  runtime_value_t text = value_string("at last");
  CHECK(!runtime_pending_is_done(all[LANDED]) && !runtime_pending_is_done(all[FLYING]));
  runtime_reply_complete(all[REPLY], &text, 1, NULL);
  all[REPLY] = NULL;
  CHECK_OK(runtime_pending_wait(all[LANDED], UINT64_MAX, &results));
  runtime_values_free(results);
  CHECK(!runtime_cancel_is_triggered(all[TOKEN]));
  runtime_cancel_trigger(all[TOKEN]);
  CHECK_ERROR(runtime_pending_wait(all[FLYING], UINT64_MAX, &results), RUNTIME_ERROR_CANCELLED,
              "");
}

/* A runtime of this process does all that there is. */
static void use_another(void) {
  guest_t guest;
  runtime_value_t one = value_u32(1), ms = value_u64(1);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_values_t *results = NULL;
  guest_make(&guest, forks_builder());
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  options.timeout_ms = 10;
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "10 ms");
  CHECK_OK(finish(start(guest.sleep, &ms, 1, NULL), &results));
  runtime_values_free(results);
  guest_free(&guest);
}

static void in_child(void (*body)(unsigned), unsigned seed) {
  CHECK(fflush(NULL) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    (void)alarm(PATIENCE_S);
    body(seed);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) CHECK_FAIL("signal %d, seed %u", WTERMSIG(status), seed);
  CHECK(WEXITSTATUS(status) == 0);
}

/* Releases all in an order that `seed` tells, with other runtimes in between. */
static void child(unsigned seed) {
  int order[OBJECTS + 2];
  for (int i = 0; i < OBJECTS + 2; i++) order[i] = i;
  srand(seed);
  for (int i = OBJECTS + 1; i > 0; i--) {
    int other = rand() % (i + 1), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  int left = seed % 3 == 2 ? OBJECTS / 2 : 0;
  for (int i = left; i < OBJECTS + 2; i++) {
    if (order[i] < OBJECTS) release(order[i]);
    if (order[i] == OBJECTS) use_another();
    if (order[i] > OBJECTS && seed % 2 == 0) in_child(child, seed + 1001);
  }
#if !defined(__SANITIZE_ADDRESS__) /* LeakSanitizer looks at exit() */
  if (left > 0) CHECK(atexit(release_all) == 0);
  if (seed % 4 != 3) exit(0);
#endif
}

/* What is inherited and cannot run says so, and what it does not need it leaves alone. */
static void child_asks(unsigned seed) {
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  (void)seed;
  CHECK_ERROR(call(all[FUNCTION], &one, NULL), RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(runtime_pending_wait(all[LANDED], UINT64_MAX, &results), RUNTIME_ERROR_FORKED, "");
  CHECK_OK(runtime_stats(all[RUNTIME], &stats));
  runtime_reply_complete(all[REPLY], &one, 1, NULL);
  all[REPLY] = NULL;
  child(seed);
}

static void test_any_order(void) {
  for (unsigned i = 0; i < scaled(6); i++) {
    make();
    in_child(child, 100 * (unsigned)worker_threads + i);
    in_child(child_asks, i);
    finish_calls();
    use_another();
    release_all();
  }
}

/* The parent's other threads, each in the midst of something else. */
static atomic_bool stop;

static void *call_on(void *name) {
  runtime_function_t *function = lookup(all[COMPONENT], name);
  while (!atomic_load(&stop)) {
    runtime_value_t arg = strcmp(name, "echo") == 0 ? value_string("again") : value_u32(1);
    CHECK_OK(call(function, &arg, NULL));
  }
  runtime_function_free(function);
  return NULL;
}

static void *start_on(void *data) {
  runtime_function_t *sleep = lookup(all[COMPONENT], "sleep");
  (void)data;
  while (!atomic_load(&stop)) {
    runtime_value_t ms = value_u64(1);
    runtime_values_t *results = NULL;
    CHECK_OK(finish(start(sleep, &ms, 1, NULL), &results));
    runtime_values_free(results);
  }
  runtime_function_free(sleep);
  return NULL;
}

/* Compiles another component each time, and writes it to the cache. */
static void *load_on(void *data) {
  static const char directory[] = "/forks-cache";
  char wat[500], path[4096];
  runtime_builder_t *builder = forks_builder();
  runtime_t *runtime = NULL;
  CHECK((size_t)snprintf(path, sizeof path, "%s%s", getenv("WASMCELL_SCRATCH"), directory) <
        sizeof path);
  (void)data;
  runtime_builder_cache_directory(builder, path, strlen(path));
  runtime_builder_cache_memory(builder, 1 << 16);
  CHECK_OK(runtime_build(builder, &runtime));
  for (unsigned i = 0; !atomic_load(&stop); i++) {
    (void)snprintf(wat, sizeof wat,
                   "(component (core module $m (func (export \"f\") (result i32) i32.const %u))"
                   " (core instance $i (instantiate $m))"
                   " (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))",
                   i % 500);
    runtime_component_free(compile(runtime, wat, NULL));
  }
  runtime_free(runtime);
  runtime_builder_free(builder);
  return NULL;
}

static void *build_on(void *data) {
  (void)data;
  while (!atomic_load(&stop)) {
    guest_t guest;
    guest_make(&guest, forks_builder());
    guest_free(&guest);
  }
  return NULL;
}

static void test_while_threads_work(void) {
  char echo[] = "echo", add[] = "add";
  pthread_t threads[6];
  make();
  atomic_store(&stop, false);
  threads[0] = thread_start(call_on, echo);
  threads[1] = thread_start(call_on, echo);
  threads[2] = thread_start(call_on, add);
  threads[3] = thread_start(start_on, NULL);
  threads[4] = thread_start(load_on, NULL);
  threads[5] = thread_start(build_on, NULL);
  for (unsigned i = 0; i < scaled(40); i++) in_child(i % 2 == 0 ? child : child_asks, i);
  atomic_store(&stop, true);
  for (int i = 0; i < 6; i++) thread_join(threads[i]);
  finish_calls();
  release_all();
}

/* A callback forks, and comes back twice. */
static pid_t forked;

static runtime_error_t *fork_here(void *user_data, runtime_call_t *call,
                                  const runtime_value_t *args, size_t args_len,
                                  runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  if (forked < 0) forked = fork();
  if (forked == 0) (void)alarm(PATIENCE_S);
  return NULL;
}

/* The parent's guest would never end. */
static runtime_error_t *fork_at_tick(void *user_data) {
  (void)fork_here(user_data, NULL, NULL, 0, NULL, 0);
  return forked > 0 ? runtime_error_new("enough", 6) : NULL;
}

/* Calls `function`, which forks: in the fork that ends with FORKED, whatever is released. */
static void call_and_fork(const runtime_function_t *function, const runtime_value_t *args,
                          int expected) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_values_t *results = NULL;
  options.interrupt = args == NULL ? fork_at_tick : NULL;
  forked = -1;
  CHECK(fflush(NULL) == 0);
  runtime_error_t *error =
      runtime_function_call(function, args, args != NULL, &options, &results);
  if (forked == 0) {
    CHECK_ERROR(error, RUNTIME_ERROR_FORKED, "forked");
    release_all();
    use_another();
    _exit(0);
  }
  int status = 0;
  CHECK(forked > 0 && waitpid(forked, &status, 0) == forked);
  if (status != 0) CHECK_FAIL("the fork ended with status %#x", status);
  CHECK_ERROR(error, expected, "");
  runtime_values_free(results);
}

static void test_coming_back_from_a_callback(void) {
  for (uint64_t blocking = 0; blocking < 2; blocking++) {
    runtime_value_t once = value_u32(1);
    make();
    runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
    runtime_linker_t *linker = linker_make();
    define(linker, "acme:host/api@1.0.0#add", host_add, NULL);
    define(linker, "acme:host/api@1.0.0#shout", defer, NULL);
    define(linker, "acme:host/api@1.0.0#tick", fork_here, NULL);
    options.linker = linker;
    options.blocking_only = blocking;
    runtime_component_t *component = compile(all[RUNTIME], host_wat, &options);
    runtime_function_t *tick = lookup(component, "tick");
    runtime_function_t *spin = lookup(all[COMPONENT], "spin");
    call_and_fork(tick, &once, 0);
    call_and_fork(spin, NULL, RUNTIME_ERROR_HOST);
    runtime_function_free(spin);
    runtime_function_free(tick);
    runtime_component_free(component);
    runtime_linker_free(linker);
    finish_calls();
    release_all();
  }
}

int main(void) {
  static const uint64_t counts[] = {1, 2, 8, 64};
  for (int i = 0; i < 8; i++) {
    worker_threads = counts[i / 2];
    on_demand = i % 2;
    printf("%d workers, %s\n", (int)worker_threads, on_demand ? "on demand" : "pool");
    RUN(test_any_order);
    RUN(test_coming_back_from_a_callback);
#if !defined(__SANITIZE_ADDRESS__)
    /* AddressSanitizer's allocator, unlike the C library's, leaves its locks as they are. */
    if (i < 4) RUN(test_while_threads_work);
#else
    (void)test_while_threads_work;
#endif
  }
  return 0;
}
