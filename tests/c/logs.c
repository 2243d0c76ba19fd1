/* threads */
/* Log records of several runtimes: each goes to the runtime that it is about, and nowhere else. */
#include "guests.h"
#include "load.h"

/* What one callback has seen. */
typedef struct {
  char text[8192];
  size_t len, records;
  int finalized;
} log_t;

static void on_record(void *user_data, runtime_log_level_t level, const char *target,
                      size_t target_len, const char *message, size_t message_len) {
  log_t *log = user_data;
  (void)level, (void)target, (void)target_len;
  int written = snprintf(log->text + log->len, sizeof log->text - log->len, "%.*s\n",
                         (int)message_len, message);
  if (written > 0 && (size_t)written < sizeof log->text - log->len) log->len += (size_t)written;
  log->records++;
}

static void on_finalize(void *user_data) { ((log_t *)user_data)->finalized++; }

static runtime_t *logging(runtime_log_fn_t callback, void *user_data) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_DEBUG, callback, user_data,
                      callback == on_record ? on_finalize : NULL);
  return load_runtime(builder);
}

/* Loads a component under a name, and calls it. */
static void use(const runtime_t *runtime, const char *name) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.name = name;
  options.name_len = strlen(name);
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)guest_wat, strlen(guest_wat), &options,
                                 &component));
  CHECK_CALL(component, "add(1)", "1");
  runtime_component_free(component);
}

static bool mentions(const log_t *log, const char *text) { return strstr(log->text, text) != NULL; }

static void test_two_runtimes_do_not_mix(void) {
  log_t one, two;
  memset(&one, 0, sizeof one);
  memset(&two, 0, sizeof two);
  runtime_t *first = logging(on_record, &one);
  runtime_t *second = logging(on_record, &two);
  runtime_t *silent = load_runtime(load_builder());
  use(first, "for-one");
  use(second, "for-two");
  use(silent, "for-none");
  CHECK(mentions(&one, "for-one") && !mentions(&one, "for-two") && !mentions(&one, "for-none"));
  CHECK(mentions(&two, "for-two") && !mentions(&two, "for-one") && !mentions(&two, "for-none"));
  runtime_free(first);
  CHECK(one.finalized == 1 && two.finalized == 0);
  use(second, "later");
  CHECK(mentions(&two, "later"));
  runtime_free(silent);
  runtime_free(second);
  CHECK(two.finalized == 1);
}

/* A callback that uses another runtime, which has a callback of its own. */
static void on_relay(void *user_data, runtime_log_level_t level, const char *target,
                     size_t target_len, const char *message, size_t message_len) {
  (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  use(user_data, "from-a-callback");
}

static void test_a_callback_may_use_another_runtime(void) {
  log_t log;
  memset(&log, 0, sizeof log);
  runtime_t *other = logging(on_record, &log);
  runtime_t *relay = logging(on_relay, other);
  use(relay, "relay");
  CHECK(mentions(&log, "from-a-callback") && !mentions(&log, "\"relay\""));
  runtime_free(relay);
  runtime_free(other);
  CHECK(log.finalized == 1);
}

/* A host function that uses another runtime, in the middle of a call. */
static runtime_error_t *on_call(void *user_data, runtime_call_t *now, const runtime_value_t *args,
                                size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)now, (void)args, (void)args_len, (void)results, (void)results_len;
  use(user_data, "from-a-host-function");
  return NULL;
}

static const char caller_wat[] =
    "(component (import \"f\" (func $f)) (core func $f' (canon lower (func $f)))"
    " (core module $m (import \"\" \"f\" (func $f)) (func (export \"go\") (call $f)))"
    " (core instance $i (instantiate $m (with \"\" (instance (export \"f\" (func $f'))))))"
    " (func (export \"go\") (canon lift (core func $i \"go\"))))";

/* Calls a guest in a runtime that logs to `log`, whose host function uses `other`. */
static void call_through(log_t *log, runtime_t *other) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_linker_t *linker = NULL;
  runtime_component_t *component = NULL;
  runtime_t *runtime = logging(on_record, log);
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "f", 1, on_call, other, NULL));
  options.linker = linker;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)caller_wat, strlen(caller_wat),
                                 &options, &component));
  runtime_linker_free(linker);
  CHECK_CALL(component, "go()", "()");
  runtime_component_free(component);
  runtime_free(runtime);
  CHECK(!mentions(log, "from-a-host-function") && log->finalized == 1);
}

static void test_a_host_function_may_use_another_runtime(void) {
  log_t outer, inner;
  memset(&outer, 0, sizeof outer);
  memset(&inner, 0, sizeof inner);
  runtime_t *other = logging(on_record, &inner);
  call_through(&outer, other);
  CHECK(mentions(&inner, "from-a-host-function"));
  runtime_free(other);
  CHECK(inner.finalized == 1);
  memset(&outer, 0, sizeof outer);
  other = load_runtime(load_builder()); /* One without a log: its records go nowhere. */
  call_through(&outer, other);
  runtime_free(other);
}

int main(void) {
  RUN(test_two_runtimes_do_not_mix);
  RUN(test_a_callback_may_use_another_runtime);
  RUN(test_a_host_function_may_use_another_runtime);
  return 0;
}
