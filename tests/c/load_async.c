/* threads */
/* Asynchronous loads: one outcome each, few at once, and each with its own end. */
#include <unistd.h>

#include "guests.h"

/* What a completion callback saw. */
typedef struct {
  atomic_int called, finalized, code;
  runtime_component_t *component;
} seen_t;

static void finalize(void *user_data) {
  seen_t *seen = user_data;
  atomic_fetch_add(&seen->finalized, 1);
}

static void complete(void *user_data, runtime_component_t *component, runtime_error_t *error) {
  seen_t *seen = user_data;
  CHECK((component == NULL) != (error == NULL));
  CHECK(atomic_load(&seen->finalized) == 0);
  seen->component = component;
  atomic_store(&seen->code, (int)runtime_error_code(error));
  atomic_fetch_add(&seen->called, 1);
  runtime_error_free(error);
}

static runtime_component_completion_t into(seen_t *seen) {
  runtime_component_completion_t completion = RUNTIME_COMPONENT_COMPLETION_INIT;
  memset(seen, 0, sizeof *seen);
  completion.callback = complete;
  completion.user_data = seen;
  completion.finalizer = finalize;
  return completion;
}

static void until_finalized(seen_t *seen) {
  while (atomic_load(&seen->finalized) == 0) pause_ms(1);
  CHECK(atomic_load(&seen->finalized) == 1 && atomic_load(&seen->called) == 1);
}

static runtime_t *new_runtime(uint64_t threads) {
  runtime_builder_t *builder = guest_builder(2);
  runtime_t *runtime = NULL;
  /* Room for the greeter. */
  runtime_builder_max_linear_memory(builder, 2 << 20);
  runtime_builder_max_core_instances_per_component(builder, 30);
  runtime_builder_max_compile_threads(builder, threads);
  runtime_builder_max_compile_cost(builder, 1000000000);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static runtime_error_t *start(const runtime_t *runtime, const char *wat,
                              const runtime_component_options_t *options,
                              const runtime_component_completion_t *completion) {
  return runtime_component_new_async(runtime, (const uint8_t *)wat, strlen(wat), options,
                                     completion);
}

/* Text of `n` functions that takes long to compile, in a buffer that the caller frees. */
static char *slow_text(size_t n, char mark) {
  char *text = malloc(8 * n + 64);
  CHECK(text != NULL);
  size_t len = (size_t)sprintf(text, "(component (core module $%c ", mark);
  for (size_t i = 0; i < n; i++) len += (size_t)sprintf(text + len, "(func)");
  sprintf(text + len, "))");
  return text;
}

static void test_the_callback_has_the_component(void) {
  runtime_t *runtime = new_runtime(0);
  seen_t seen;
  runtime_component_completion_t completion = into(&seen);
  CHECK_OK(start(runtime, guest_wat, NULL, &completion));
  until_finalized(&seen);
  CHECK(seen.component != NULL);
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(seen.component, "add", 3, &function));
  runtime_function_free(function);
  runtime_component_free(seen.component);
  completion = into(&seen);
  CHECK_OK(start(runtime, "(component", NULL, &completion));
  until_finalized(&seen);
  CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_COMPILE);
  runtime_free(runtime);
}

static void test_somebody_waits(void) {
  runtime_t *runtime = new_runtime(0);
  runtime_component_completion_t completion = RUNTIME_COMPONENT_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_component_t *component = NULL;
  runtime_values_t *values = NULL;
  completion.pending_out = &pending;
  CHECK_OK(start(runtime, guest_wat, NULL, &completion));
  /* The load has what it needs. */
  runtime_free(runtime);
  CHECK_ERROR(runtime_pending_wait(pending, 0, &values), RUNTIME_ERROR_INVALID_ARGUMENT,
              "runtime_pending_wait_component");
  CHECK_OK(runtime_pending_wait_component(pending, UINT64_MAX, &component));
  CHECK(component != NULL && runtime_pending_is_done(pending));
  runtime_component_free(component);
  CHECK_ERROR(runtime_pending_wait_component(pending, 0, &component), RUNTIME_ERROR_NOT_FOUND, "");
  runtime_pending_free(pending);
  CHECK_ERROR(start(NULL, guest_wat, NULL, &completion), RUNTIME_ERROR_INVALID_ARGUMENT, "runtime");
  CHECK(pending == NULL && component == NULL);
}

static void test_a_file_is_read_on_the_way(void) {
  runtime_t *runtime = new_runtime(0);
  char path[4096];
  snprintf(path, sizeof path, "%s/greeter.wasm", getenv("WASMCELL_GUESTS"));
  const char *paths[] = {path, "no/such/file"};
  for (size_t i = 0; i < 2; i++) {
    seen_t seen;
    runtime_component_completion_t completion = into(&seen);
    CHECK_OK(
        runtime_component_from_file_async(runtime, paths[i], strlen(paths[i]), NULL, &completion));
    until_finalized(&seen);
    CHECK((seen.component != NULL) == (i == 0));
    if (i == 1) CHECK(atomic_load(&seen.code) == RUNTIME_ERROR_IO);
    runtime_component_free(seen.component);
  }
  runtime_free(runtime);
}

static runtime_stats_t stats_of(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

/* One thread: the others wait for it, each as long as it likes. */
static void test_loads_wait_their_turn(void) {
  enum { LOADS = 4 };
  runtime_t *runtime = new_runtime(1);
  runtime_cancel_t *token = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  seen_t seen[LOADS], late;
  char *slow = slow_text(scaled(20000), 'a');
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.cancel = token;
  runtime_component_completion_t completion = into(&seen[0]);
  CHECK_OK(start(runtime, slow, &options, &completion));
  while (stats_of(runtime).loads_running == 0 && atomic_load(&seen[0].called) == 0) pause_ms(1);
  for (size_t i = 1; i < LOADS; i++) {
    completion = into(&seen[i]);
    CHECK_OK(start(runtime, guest_wat, NULL, &completion));
  }
  options.cancel = NULL;
  options.timeout_ms = 20;
  completion = into(&late);
  CHECK_OK(start(runtime, "(component (component))", &options, &completion));
  until_finalized(&late);
  if (atomic_load(&seen[0].called) == 0) CHECK(atomic_load(&late.code) == RUNTIME_ERROR_TIMEOUT);
  CHECK(stats_of(runtime).loads_running <= 1);
  runtime_cancel_trigger(token);
  until_finalized(&seen[0]);
  for (size_t i = 1; i < LOADS; i++) {
    until_finalized(&seen[i]);
    CHECK(seen[i].component != NULL);
    runtime_component_free(seen[i].component);
  }
  runtime_component_free(seen[0].component);
  runtime_component_free(late.component);
  free(slow);
  runtime_cancel_free(token);
  runtime_free(runtime);
}

static atomic_int logged;

static void on_log(void *user_data, runtime_log_level_t level, const char *target,
                   size_t target_len, const char *message, size_t message_len) {
  (void)user_data, (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  atomic_fetch_add(&logged, 1);
}

/* Afterwards nothing of the host's is called, and no thread is left, though a compiler cannot be
 * stopped. */
static void shut_down_while_loading(bool waits) {
  enum { LOADS = 3 };
  int threads = thread_count();
  runtime_builder_t *builder = guest_builder(2);
  runtime_t *runtime = NULL;
  runtime_builder_max_compile_threads(builder, 1);
  runtime_builder_max_compile_cost(builder, 1000000000);
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_TRACE, on_log, NULL, NULL);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  /* One compiles, the others wait for it. */
  char *slow = slow_text(scaled(20000), 'a');
  seen_t seen[LOADS];
  runtime_pending_t *pending[LOADS] = {NULL};
  for (size_t i = 0; i < LOADS; i++) {
    runtime_component_completion_t completion = into(&seen[i]);
    if (waits) {
      completion = (runtime_component_completion_t)RUNTIME_COMPONENT_COMPLETION_INIT;
      completion.pending_out = &pending[i];
    }
    CHECK_OK(start(runtime, i == 0 ? slow : guest_wat, NULL, &completion));
    while (stats_of(runtime).loads_running == 0) pause_ms(1);
  }
  CHECK_OK(runtime_shutdown(runtime, UINT64_MAX));
  int records = atomic_load(&logged);
  CHECK(has_threads(threads));
  runtime_pending_t *late = NULL;
  runtime_component_completion_t none = RUNTIME_COMPONENT_COMPLETION_INIT;
  none.pending_out = &late;
  CHECK_ERROR(start(runtime, guest_wat, NULL, &none), RUNTIME_ERROR_SHUTDOWN, "");
  for (size_t i = 0; i < LOADS; i++) {
    runtime_component_t *component = NULL;
    if (waits) {
      runtime_error_t *error = runtime_pending_wait_component(pending[i], 0, &component);
      CHECK((error == NULL) == (component != NULL));
      if (i > 0) CHECK(runtime_error_code(error) == RUNTIME_ERROR_CANCELLED);
      runtime_error_free(error);
      runtime_pending_free(pending[i]);
    } else {
      CHECK(atomic_load(&seen[i].called) == 1 && atomic_load(&seen[i].finalized) == 1);
      if (i > 0) CHECK(atomic_load(&seen[i].code) == RUNTIME_ERROR_CANCELLED);
      component = seen[i].component;
    }
    runtime_component_free(component);
  }
  runtime_free(runtime);
  CHECK(has_threads(threads) && atomic_load(&logged) == records);
  free(slow);
}

static void test_shutdown_while_one_compiles(void) {
  shut_down_while_loading(false);
}
static void test_shutdown_while_somebody_waits(void) {
  shut_down_while_loading(true);
}

int main(void) {
  int threads = thread_count();
  RUN(test_the_callback_has_the_component);
  RUN(test_somebody_waits);
  RUN(test_a_file_is_read_on_the_way);
  RUN(test_loads_wait_their_turn);
  RUN(test_shutdown_while_one_compiles);
  RUN(test_shutdown_while_somebody_waits);
  uint64_t start_ms = now_ms();
  while (thread_count() > threads && now_ms() - start_ms < 120000) pause_ms(5);
  CHECK(thread_count() == threads);
  return 0;
}
