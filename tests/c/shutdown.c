/* threads */
/* A runtime that is shut down while much of it is going on: nothing of the host's is called any
 * more, whatever is released later. */
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"

/* What callbacks do, and what became of them. */
static atomic_int inside, called, ended, cancelled, finalized, dropped, released, over;
static _Atomic(runtime_reply_t *) owed[1000];
static atomic_int owing;

/* A callback that runs. Never once `over`. */
static void enter(void) {
  CHECK(atomic_load(&over) == 0);
  atomic_fetch_add(&inside, 1);
  atomic_fetch_add(&called, 1);
}

static void leave(void) { atomic_fetch_sub(&inside, 1); }

static void on_finalize(void *user_data) {
  (void)user_data;
  CHECK(atomic_load(&over) == 0);
  atomic_fetch_add(&finalized, 1);
}

/* Waits until somebody says so. */
static runtime_error_t *host_block(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)args, (void)args_len, (void)results_len;
  enter();
  while (atomic_load(&released) == 0 && !(user_data != NULL && runtime_call_is_cancelled(call)))
    pause_ms(1);
  results[0] = value_u32(1);
  leave();
  return NULL;
}

/* Answers never. */
static runtime_error_t *host_defer(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)args, (void)args_len, (void)results, (void)results_len;
  enter();
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  atomic_store(&owed[atomic_fetch_add(&owing, 1)], reply);
  leave();
  return NULL;
}

/* Shuts down from where that cannot be. */
static runtime_error_t *host_shutdown(void *user_data, runtime_call_t *call,
                                      const runtime_value_t *args, size_t args_len,
                                      runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results_len;
  enter();
  CHECK_ERROR(runtime_shutdown(host_runtime, UINT64_MAX), RUNTIME_ERROR_BUSY, "callback");
  results[0] = value_u32(7);
  leave();
  return NULL;
}

static void complete(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  enter();
  if (user_data != NULL) {
    CHECK_ERROR(runtime_shutdown(host_runtime, UINT64_MAX), RUNTIME_ERROR_BUSY, "callback");
  }
  pause_ms(2);
  if ((int)runtime_error_code(error) == RUNTIME_ERROR_CANCELLED) atomic_fetch_add(&cancelled, 1);
  runtime_values_free(results);
  runtime_error_free(error);
  atomic_fetch_add(&ended, 1);
  leave();
}

static void on_log(void *user_data, runtime_log_level_t level, const char *target,
                   size_t target_len, const char *message, size_t message_len) {
  (void)user_data, (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  enter();
  leave();
}

static void reset(void) {
  atomic_int *all[] = {&inside, &called,  &ended,    &cancelled, &finalized,
                       &dropped, &released, &over, &owing};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) atomic_store(all[i], 0);
}

static runtime_t *make(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(scaled(2000));
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_worker_threads(builder, 2);
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_TRACE, on_log, NULL, on_finalize);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

/* A component whose `add` is `callback`; its linker is gone. */
static runtime_component_t *with(runtime_host_fn_t callback, void *user_data, uint64_t blocking) {
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = linker_make();
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  const char *path = "acme:host/api@1.0.0#add";
  CHECK_OK(runtime_linker_define(linker, path, strlen(path), callback, user_data, on_finalize));
  runtime_linker_unresolved_trap(linker);
  options.linker = linker;
  options.blocking_only = blocking;
  CHECK_OK(runtime_component_new(host_runtime, (const uint8_t *)host_wat, strlen(host_wat),
                                 &options, &component));
  runtime_linker_free(linker);
  return component;
}

static const runtime_value_t *two(void) {
  static runtime_value_t args[2];
  args[0] = value_u32(1);
  args[1] = value_u32(2);
  return args;
}

/* Calls until it is refused; what ends one before is its cancellation. */
static void *calls(void *data) {
  const runtime_function_t *function = data;
  for (;;) {
    runtime_values_t *results = NULL;
    runtime_error_t *error = runtime_function_call(function, two(), 2, NULL, &results);
    int code = (int)runtime_error_code(error);
    runtime_error_free(error);
    runtime_values_free(results);
    if (code == RUNTIME_ERROR_SHUTDOWN) return NULL;
    CHECK(code == 0 || code == RUNTIME_ERROR_CANCELLED || code == RUNTIME_ERROR_INSTANCE_LIMIT);
  }
}

static void *computes(void *data) {
  runtime_error_t *error = NULL;
  do {
    runtime_error_free(error);
    error = call(data, NULL, NULL);
    CHECK(error != NULL);
  } while ((int)runtime_error_code(error) == RUNTIME_ERROR_CANCELLED);
  CHECK_ERROR(error, RUNTIME_ERROR_SHUTDOWN, "shut down");
  return NULL;
}

static runtime_error_t *call_async(const runtime_function_t *function, void *user_data) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.callback = complete;
  completion.user_data = user_data;
  return runtime_function_call_async(function, two(), 2, NULL, &completion);
}

static void *shuts_down(void *data) {
  (void)data;
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  CHECK(atomic_load(&inside) == 0);
  return NULL;
}

/* Nothing of `host_runtime` takes anything new. */
static void expect_shut(runtime_component_t *component, runtime_function_t *function,
                        runtime_instance_t *instance) {
  runtime_component_t *another = NULL;
  runtime_instance_t *fresh = NULL;
  runtime_values_t *results = NULL;
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_bytes_t *bytes = NULL;
  const int code = RUNTIME_ERROR_SHUTDOWN;
  CHECK_ERROR(try_load(host_wat, NULL, &another), code, "shut down");
  CHECK_ERROR(runtime_instance_new(component, NULL, &fresh), code, "shut down");
  CHECK_ERROR(runtime_function_call(function, two(), 2, NULL, &results), code, "shut down");
  CHECK_ERROR(call_async(function, NULL), code, "shut down");
  if (instance != NULL) {
    CHECK_ERROR(runtime_instance_call(instance, function, two(), 2, NULL, &results), code, "shut");
  }
  CHECK_OK(runtime_info(host_runtime, &info));
  CHECK_OK(runtime_component_serialize(component, &bytes));
  CHECK_ERROR(runtime_component_deserialize(host_runtime, runtime_bytes_data(bytes),
                                            runtime_bytes_len(bytes), NULL, &another),
              code, "shut down");
  runtime_bytes_free(bytes);
  runtime_function_free(find(component, "add"));
  CHECK_OK(runtime_shutdown(host_runtime, 0));
}

static void test_a_runtime_that_does_nothing(void) {
  reset();
  int before = thread_count();
  host_runtime = make();
  runtime_component_t *component = with(host_block, NULL, 0);
  runtime_function_t *function = find(component, "add");
  atomic_store(&released, 1);
  runtime_instance_t *instance = instantiate(component);
  CHECK(thread_count() > before);
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  CHECK(has_threads(before));
  /* Of the log and of the function, though component and instance are still there. */
  CHECK(atomic_load(&finalized) == 2);
  atomic_store(&over, 1);
  expect_shut(component, function, instance);
  CHECK(has_threads(before));
  runtime_instance_free(instance);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(host_runtime);
  CHECK(atomic_load(&finalized) == 2);
}

static void test_everything_in_flight_ends(void) {
  reset();
  int before = thread_count();
  host_runtime = make();
  const size_t asynchronous = scaled(500);
  CHECK(asynchronous + 100 < sizeof owed / sizeof *owed);
  runtime_component_t *all[] = {with(host_defer, NULL, 0), with(host_defer, NULL, 1),
                                with(host_block, &called, 0), with(host_block, &called, 1)};
  enum { ALL = sizeof all / sizeof *all };
  runtime_function_t *functions[ALL];
  runtime_component_t *guest = NULL;
  CHECK_OK(runtime_component_new(host_runtime, (const uint8_t *)guest_wat, strlen(guest_wat), NULL,
                                 &guest));
  runtime_function_t *spin = find(guest, "spin");
  pthread_t threads[ALL + 1][2];
  for (size_t i = 0; i < ALL; i++) {
    functions[i] = find(all[i], "add");
    for (size_t j = 0; j < 2; j++) threads[i][j] = thread_start(calls, functions[i]);
  }
  for (size_t j = 0; j < 2; j++) threads[ALL][j] = thread_start(computes, spin);
  for (size_t i = 0; i < asynchronous; i++) CHECK_OK(call_async(functions[0], NULL));
  while (atomic_load(&owing) < (int)asynchronous + 4 || atomic_load(&inside) < 4) pause_ms(1);
  pthread_t others[3];
  for (size_t i = 0; i < 3; i++) others[i] = thread_start(shuts_down, NULL);
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  CHECK(atomic_load(&inside) == 0);
  CHECK(atomic_load(&ended) == (int)asynchronous && atomic_load(&cancelled) == (int)asynchronous);
  for (size_t i = 0; i < 3; i++) thread_join(others[i]);
  for (size_t i = 0; i <= ALL; i++)
    for (size_t j = 0; j < 2; j++) thread_join(threads[i][j]);
  CHECK(has_threads(before));
  for (int i = 0; i < atomic_load(&owing); i++) runtime_reply_free(atomic_load(&owed[i]));
  CHECK(atomic_load(&finalized) == ALL + 1);
  atomic_store(&over, 1);
  for (size_t i = 0; i < ALL; i++) {
    runtime_function_free(functions[i]);
    runtime_component_free(all[i]);
  }
  runtime_function_free(spin);
  runtime_component_free(guest);
  runtime_free(host_runtime);
}

static void test_a_callback_that_does_not_return_is_named(void) {
  reset();
  host_runtime = make();
  runtime_component_t *component = with(host_block, NULL, 0);
  runtime_function_t *function = find(component, "add");
  pthread_t thread = thread_start(calls, function);
  CHECK_OK(call_async(function, NULL));
  while (atomic_load(&inside) < 2) pause_ms(1);
  CHECK_ERROR(runtime_shutdown(host_runtime, 20), RUNTIME_ERROR_TIMEOUT,
              "still running after 20 ms: 1 blocking call, 1 asynchronous call, in callbacks");
  CHECK_ERROR(runtime_shutdown(host_runtime, 0), RUNTIME_ERROR_TIMEOUT, "after 0 ms");
  atomic_store(&released, 1);
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  CHECK(atomic_load(&inside) == 0 && atomic_load(&ended) == 1 && atomic_load(&finalized) == 2);
  thread_join(thread);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(host_runtime);
}

static void test_not_from_a_callback(void) {
  reset();
  host_runtime = make();
  runtime_component_t *component = with(host_shutdown, NULL, 0);
  runtime_function_t *function = find(component, "add");
  expect_text(component, "add(1, 2)", "7");
  CHECK_OK(call_async(function, &called));
  while (atomic_load(&ended) == 0) pause_ms(1);
  expect_text(component, "add(1, 2)", "7");
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_free(host_runtime);
}

/* A guest that was given resources and keeps them. */
static const char keeper[] =
    "(component (import \"make\" (instance $h (export \"thing\" (type $t (sub resource)))"
    "    (export \"[constructor]thing\" (func (result (own $t))))))"
    "  (core func $new (canon lower (func $h \"[constructor]thing\")))"
    "  (core module $m (import \"\" \"new\" (func $new (result i32)))"
    "    (func (export \"keep\") (drop (call $new))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
    "  (func (export \"keep\") (canon lift (core func $i \"keep\"))))";

static runtime_error_t *host_new(void *user_data, runtime_call_t *call,
                                 const runtime_value_t *args, size_t args_len,
                                 runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results_len;
  enter();
  results[0].kind = RUNTIME_KIND_OWN;
  results[0].of.resource = 5;
  leave();
  return NULL;
}

static void on_drop(void *user_data, uint32_t rep) {
  (void)user_data;
  enter();
  CHECK(rep == 5);
  atomic_fetch_add(&dropped, 1);
  leave();
}

static void test_resources_of_instances_that_are_kept(void) {
  reset();
  host_runtime = make();
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define_resource(linker, "make#thing", 10, on_drop, NULL, on_finalize));
  CHECK_OK(runtime_linker_define(linker, "make#[constructor]thing", 23, host_new, NULL,
                                 on_finalize));
  options.linker = linker;
  CHECK_OK(runtime_component_new(host_runtime, (const uint8_t *)keeper, strlen(keeper), &options,
                                 &component));
  runtime_linker_free(linker);
  runtime_function_t *keep = find(component, "keep");
  runtime_instance_t *instance = instantiate(component);
  for (int i = 0; i < 3; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_instance_call(instance, keep, NULL, 0, NULL, &results));
    runtime_values_free(results);
  }
  CHECK(atomic_load(&dropped) == 0);
  CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  CHECK(atomic_load(&dropped) == 3 && atomic_load(&finalized) == 3);
  atomic_store(&over, 1);
  runtime_instance_free(instance);
  runtime_function_free(keep);
  runtime_component_free(component);
  runtime_free(host_runtime);
}

static void test_a_fork(void) {
  reset();
  host_runtime = make();
  for (int shut = 0; shut < 2; shut++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      CHECK_ERROR(runtime_shutdown(host_runtime, UINT64_MAX), RUNTIME_ERROR_FORKED, "forked");
      runtime_free(host_runtime);
      _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_OK(runtime_shutdown(host_runtime, UINT64_MAX));
  }
  runtime_free(host_runtime);
}

int main(void) {
  RUN(test_a_runtime_that_does_nothing);
  for (int i = 0; i < 5; i++) RUN(test_everything_in_flight_ends);
  RUN(test_a_callback_that_does_not_return_is_named);
  RUN(test_not_from_a_callback);
  RUN(test_resources_of_instances_that_are_kept);
  /* What a fork leaves alone is lost to Valgrind. */
  if (getenv("WASMCELL_TEST_SMALL") == NULL) RUN(test_a_fork);
  return EXIT_SUCCESS;
}
