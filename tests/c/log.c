/* threads */
/* Log records: their levels, where they come from, and what becomes of the user data. */
#include "guests.h"
#include "load.h"

/* What one callback has seen, and how often it was released. */
typedef struct {
  pthread_mutex_t lock;
  char text[16384];
  size_t len, records, warnings;
  int loosest;
  int finalized;
} log_t;

#define LOG_INIT {PTHREAD_MUTEX_INITIALIZER, "", 0, 0, 0, 0, 0}

static void on_record(void *user_data, runtime_log_level_t level, const char *target,
                      size_t target_len, const char *message, size_t message_len) {
  log_t *log = user_data;
  CHECK(pthread_mutex_lock(&log->lock) == 0);
  CHECK(log->finalized == 0);
  CHECK(target_len > 0 && message_len > 0);
  CHECK((int)level >= RUNTIME_LOG_LEVEL_ERROR && (int)level <= RUNTIME_LOG_LEVEL_TRACE);
  if ((int)level > log->loosest) log->loosest = (int)level;
  if (level == RUNTIME_LOG_LEVEL_WARN) log->warnings++;
  int written = snprintf(log->text + log->len, sizeof log->text - log->len, "%d %.*s %.*s\n",
                         (int)level, (int)target_len, target, (int)message_len, message);
  if (written > 0 && (size_t)written < sizeof log->text - log->len) log->len += (size_t)written;
  log->records++;
  CHECK(pthread_mutex_unlock(&log->lock) == 0);
}

static void on_finalize(void *user_data) { ((log_t *)user_data)->finalized++; }

static runtime_builder_t *logging(int level, log_t *log) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, level, on_record, log, on_finalize);
  return builder;
}

/* Builds, loads, calls and traps. */
static void use(runtime_builder_t *builder, const char *name) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_t *runtime = load_runtime(builder);
  options.name = name;
  options.name_len = strlen(name);
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)guest_wat, strlen(guest_wat), &options,
                                 &component));
  CHECK_CALL(component, "add(1)", "1");
  CHECK_CALL_ERROR(component, "trap()", RUNTIME_ERROR_TRAP, "");
  runtime_component_free(component);
  runtime_free(runtime);
}

static void test_records_arrive_at_their_level_and_above(void) {
  size_t records = 0;
  for (int level = RUNTIME_LOG_LEVEL_ERROR; level <= RUNTIME_LOG_LEVEL_TRACE; level++) {
    log_t log = LOG_INIT;
    use(logging(level, &log), "guest");
    CHECK(log.loosest <= level && log.records >= records && log.finalized == 1);
    records = log.records;
    if (level < RUNTIME_LOG_LEVEL_DEBUG) continue;
    CHECK(strstr(log.text, "4 wasmcell::runtime runtime built allocator=") != NULL);
    CHECK(strstr(log.text, "4 wasmcell::component component loaded component=\"guest\"") != NULL);
  }
  CHECK(records > 0);
}

static void test_calls_that_fail_and_limits_that_deny_are_told(void) {
  log_t log = LOG_INIT;
  runtime_builder_t *builder = logging(RUNTIME_LOG_LEVEL_DEBUG, &log);
  runtime_builder_max_linear_memory(builder, 65536);
  runtime_t *runtime = load_runtime(builder);
  runtime_component_t *component =
      load_wat(runtime,
               "(component (core module $m (memory 1)"
               "   (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))"
               "   (func (export \"trap\") unreachable))"
               " (core instance $i (instantiate $m))"
               " (func (export \"grow\") (result s32) (canon lift (core func $i \"grow\")))"
               " (func (export \"trap\") (canon lift (core func $i \"trap\"))))");
  CHECK_CALL(component, "grow()", "-1");
  CHECK(strstr(log.text, "4 wasmcell::limits a linear memory (bytes) wanted 131072; "
                         "`max_linear_memory` is 65536") != NULL);
  CHECK(strstr(log.text, "wasmcell::call") == NULL);
  CHECK_CALL_ERROR(component, "trap()", RUNTIME_ERROR_TRAP, "");
  CHECK(strstr(log.text, "4 wasmcell::call ") != NULL && strstr(log.text, "code=Trap") != NULL);
  runtime_component_free(component);
  runtime_free(runtime);
}

/* 40 000 memories of 4 GiB are more than any process can address. */
static void test_the_fallback_is_a_warning(void) {
  log_t log = LOG_INIT;
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_builder_t *builder = logging(RUNTIME_LOG_LEVEL_WARN, &log);
  runtime_builder_max_components(builder, 40000);
  runtime_builder_max_linear_memory(builder, 65536);
  runtime_builder_max_table_elements(builder, 1);
  runtime_builder_max_core_instances_per_component(builder, 1);
  runtime_t *runtime = load_runtime(builder);
  CHECK_OK(runtime_info(runtime, &info));
  CHECK(info.allocator != RUNTIME_ALLOCATOR_POOLING);
  CHECK(log.warnings == info.allocator - RUNTIME_ALLOCATOR_POOLING && log.records == log.warnings);
  CHECK(strncmp(log.text, "2 wasmcell::pool ", 17) == 0);
  CHECK(strstr(log.text, "a pool of 40000 memories of 4096 MiB needs ") != NULL);
  CHECK(strstr(log.text, "GiB of address space") != NULL);
  CHECK(log.finalized == 0);
  runtime_free(runtime);
  CHECK(log.finalized == 1);
}

static void *use_component(void *runtime) {
  for (size_t i = 0; i < scaled(100); i++) {
    runtime_component_t *component = load_wat(runtime, "(component)");
    runtime_component_free(component);
  }
  return NULL;
}

static void test_records_come_from_any_thread(void) {
  pthread_t threads[4];
  log_t log = LOG_INIT;
  runtime_t *runtime = load_runtime(logging(RUNTIME_LOG_LEVEL_DEBUG, &log));
  for (int i = 0; i < 4; i++) threads[i] = thread_start(use_component, runtime);
  for (int i = 0; i < 4; i++) thread_join(threads[i]);
  runtime_free(runtime);
  CHECK(log.records >= 4 * scaled(100) && log.finalized == 1);
}

/* Whoever goes last releases: builder, runtime, or what was made of it. */
static void test_the_finalizer_runs_after_the_last_user(void) {
  log_t log = LOG_INIT;
  runtime_t *first = NULL;
  runtime_t *second = NULL;
  runtime_builder_t *builder = logging(RUNTIME_LOG_LEVEL_DEBUG, &log);
  CHECK_OK(runtime_build(builder, &first));
  CHECK_OK(runtime_build(builder, &second));
  runtime_free(first);
  runtime_builder_free(builder);
  runtime_component_t *component = load_wat(second, guest_wat);
  runtime_function_t *function = load_function(component, "trap");
  runtime_free(second);
  runtime_component_free(component);
  CHECK(log.finalized == 0);
  CHECK_ERROR(call(function, NULL, NULL), RUNTIME_ERROR_TRAP, "");
  runtime_function_free(function);
  CHECK(log.finalized == 1);

  log_t unused = LOG_INIT;
  builder = logging(RUNTIME_LOG_LEVEL_DEBUG, &unused);
  runtime_builder_free(builder);
  CHECK(unused.finalized == 1 && unused.records == 0);
}

static void test_a_second_callback_replaces_the_first(void) {
  log_t first = LOG_INIT;
  log_t second = LOG_INIT;
  runtime_builder_t *builder = logging(RUNTIME_LOG_LEVEL_DEBUG, &first);
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_DEBUG, on_record, &second, on_finalize);
  CHECK(first.finalized == 1 && second.finalized == 0);
  use(builder, "guest");
  CHECK(first.records == 0 && second.records > 0 && second.finalized == 1);
}

/* Registering what cannot be registered releases it, and building reports it. */
static void refuse_log(int level, runtime_log_fn_t callback, const char *text) {
  log_t log = LOG_INIT;
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, level, callback, &log, on_finalize);
  CHECK(log.finalized == 1);
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, text);
  CHECK(runtime == NULL);
  runtime_builder_free(builder);
  CHECK(log.finalized == 1 && log.records == 0);
}

static void test_what_cannot_be_registered_is_released(void) {
  log_t log = LOG_INIT;
  runtime_builder_log(NULL, RUNTIME_LOG_LEVEL_WARN, on_record, &log, on_finalize);
  CHECK(log.finalized == 1);
  refuse_log(0, on_record, "`level`");
  refuse_log(6, on_record, "`level`");
  refuse_log(-1, on_record, "`level`");
  refuse_log(RUNTIME_LOG_LEVEL_WARN, NULL, "`callback`");
}

/* After a failed build the builder still has the callback. */
static void test_a_build_that_fails_keeps_the_callback(void) {
  log_t log = LOG_INIT;
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = logging(RUNTIME_LOG_LEVEL_DEBUG, &log);
  runtime_builder_cache_directory(builder, "/dev/null", 9);
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "");
  CHECK(log.finalized == 0);
  runtime_builder_free(builder);
  CHECK(log.finalized == 1);
}

static void on_nothing(void *user_data, runtime_log_level_t level, const char *target,
                       size_t target_len, const char *message, size_t message_len) {
  (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  CHECK(user_data == NULL);
}

static void test_user_data_and_finalizer_are_optional(void) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_TRACE, on_nothing, NULL, NULL);
  use(builder, "");
}

static runtime_t *reentered;
static runtime_component_t *reentered_guest;

/* A callback may call the library, the one that it is called from included. */
static void on_reentry(void *user_data, runtime_log_level_t level, const char *target,
                       size_t target_len, const char *message, size_t message_len) {
  runtime_info_t info = RUNTIME_INFO_INIT;
  static __thread int depth;
  (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  if (reentered == NULL || depth > 0) return;
  depth++;
  CHECK_OK(runtime_info(reentered, &info));
  runtime_component_free(load_wat(reentered, "(component)"));
  if (reentered_guest != NULL) {
    CHECK_CALL(reentered_guest, "add(2)", "2");
    CHECK_CALL_ERROR(reentered_guest, "trap()", RUNTIME_ERROR_TRAP, "");
  }
  ++*(int *)user_data;
  depth--;
}

static void test_a_callback_may_call_the_library(void) {
  int calls = 0;
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_TRACE, on_reentry, &calls, NULL);
  runtime_t *runtime = load_runtime(builder);
  reentered = runtime;
  reentered_guest = load_wat(runtime, guest_wat);
  CHECK(calls > 0);
  int loaded = calls;
  runtime_component_t *sleeper = load_wat(runtime, guest_wat);
  CHECK_CALL(sleeper, "sleep(1)", "()");
  CHECK(calls > loaded);
  reentered = NULL;
  runtime_component_free(sleeper);
  runtime_component_free(reentered_guest);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_records_arrive_at_their_level_and_above);
  RUN(test_calls_that_fail_and_limits_that_deny_are_told);
  RUN(test_the_fallback_is_a_warning);
  RUN(test_records_come_from_any_thread);
  RUN(test_the_finalizer_runs_after_the_last_user);
  RUN(test_a_second_callback_replaces_the_first);
  RUN(test_what_cannot_be_registered_is_released);
  RUN(test_a_build_that_fails_keeps_the_callback);
  RUN(test_user_data_and_finalizer_are_optional);
  RUN(test_a_callback_may_call_the_library);
  return 0;
}
