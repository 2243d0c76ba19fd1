/* threads */
/* Host functions at work: errors, contexts, stacks, freeing from within, many at once. */
#include "hosts.h"

#define API "acme:host/api@1.0.0#"
#define HOST_FN(name)                                                                      \
  static runtime_error_t *name(void *user_data, runtime_call_t *call,                      \
                               const runtime_value_t *args, size_t args_len,               \
                               runtime_value_t *results, size_t results_len)
#define UNUSED \
  ((void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len)

/* The guest with `callback` as `add`. */
static runtime_component_t *with_add(runtime_host_fn_t callback, void *user_data) {
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", callback, user_data);
  return load(host_wat, linker);
}

/* ---- errors ---- */

HOST_FN(host_fails) {
  UNUSED;
  return runtime_error_new("no more numbers", 15);
}

/* Returns the error of another call as it is. */
HOST_FN(host_passes_on) {
  UNUSED;
  runtime_bytes_t *out = NULL;
  return runtime_component_call_text(user_data, "tick(1)", 7, NULL, &out);
}

HOST_FN(host_fails_later) {
  UNUSED;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_reply_complete(reply, NULL, 0, runtime_error_new("not any more", 12));
  return NULL;
}

HOST_FN(host_fails_anyway) {
  UNUSED;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  *(runtime_reply_t **)user_data = reply;
  return runtime_error_new("on second thoughts", 18);
}

HOST_FN(host_gives_up) {
  UNUSED;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_reply_free(reply);
  return NULL;
}

static void test_an_error_comes_through_untouched(void) {
  runtime_component_t *component = with_add(host_fails, NULL);
  runtime_error_t *error = text_error(component, "add(1, 2)", NULL);
  CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_HOST);
  CHECK_TEXT(runtime_error_message(error), "no more numbers");
  runtime_error_free(error);

  runtime_instance_t *instance = instantiate(component);
  runtime_function_t *add = find(component, "add");
  runtime_value_t args[2] = {value_u32(1), value_u32(2)};
  runtime_values_t *results = NULL;
  CHECK_ERROR(runtime_instance_call(instance, add, args, 2, NULL, &results), RUNTIME_ERROR_HOST,
              "no more numbers");
  CHECK(results == NULL && runtime_instance_is_poisoned(instance));
  CHECK_ERROR(call_apart(add, args, 2, NULL, &results), RUNTIME_ERROR_HOST, "no more numbers");
  runtime_instance_free(instance);
  runtime_function_free(add);

  runtime_component_t *outer = with_add(host_passes_on, component);
  CHECK_ERROR(text_error(outer, "add(1, 2)", NULL), RUNTIME_ERROR_TRAP, "tick");
  runtime_component_free(outer);
  runtime_component_free(component);
}

static void test_an_error_may_come_later(void) {
  runtime_component_t *component = with_add(host_fails_later, NULL);
  CHECK_ERROR(text_error(component, "add(1, 2)", NULL), RUNTIME_ERROR_HOST, "not any more");
  runtime_component_free(component);
  component = with_add(host_gives_up, NULL);
  CHECK_ERROR(text_error(component, "add(1, 2)", NULL), RUNTIME_ERROR_HOST, "without answering");
  runtime_component_free(component);
  runtime_reply_t *reply = NULL;
  component = with_add(host_fails_anyway, &reply);
  CHECK_ERROR(text_error(component, "add(1, 2)", NULL), RUNTIME_ERROR_HOST, "second thoughts");
  runtime_component_free(component);
  runtime_value_t result = value_u32(3);
  runtime_reply_complete(reply, &result, 1, NULL);
  runtime_reply_complete(NULL, &result, 1, NULL);
  runtime_reply_complete(NULL, NULL, 0, runtime_error_new("x", 1));
  runtime_reply_free(NULL);
}

/* ---- what a callback is told ---- */

typedef struct {
  int depth;
  uint64_t remaining;
  const runtime_component_t *component;
} context_t;

/* Calls the guest again with another context, and finds its own afterwards. */
HOST_FN(host_looks) {
  UNUSED;
  context_t *context = runtime_call_context(call);
  CHECK(context != NULL && context->depth == (int)args[0].of.u32);
  CHECK(!runtime_call_is_cancelled(call));
  context->remaining = runtime_call_remaining_ms(call);
  if (context->depth < (getenv("WASMCELL_TEST_SMALL") != NULL ? 1 : 5)) {
    char text[32];
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_bytes_t *out = NULL;
    context_t inner = {context->depth + 1, 0, context->component};
    options.context = &inner;
    options.timeout_ms = 5000;
    int len = snprintf(text, sizeof text, "add(%d, 0)", inner.depth);
    runtime_error_t *error =
        runtime_component_call_text(inner.component, text, (size_t)len, &options, &out);
    runtime_bytes_free(out);
    if (error != NULL) return error;
    CHECK(inner.remaining <= 5000 && inner.remaining > 0);
  }
  CHECK(runtime_call_context(call) == context);
  results[0] = args[0];
  return NULL;
}

static void test_contexts_belong_to_calls(void) {
  runtime_component_t *component = with_add(host_looks, NULL);
  context_t context = {0, 0, component};
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_bytes_t *out = NULL;
  options.context = &context;
  options.timeout_ms = 60000;
  CHECK_OK(runtime_component_call_text(component, "add(0, 0)", 9, &options, &out));
  CHECK(context.remaining > 5000 && context.remaining <= 60000);
  runtime_bytes_free(out);
  runtime_function_t *add = find(component, "add");
  runtime_value_t args[2] = {value_u32(0), value_u32(0)};
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(add, args, 2, &options, &results));
  CHECK(take_u32(results) == 0);
  runtime_function_free(add);
  runtime_component_free(component);
  CHECK(runtime_call_context(NULL) == NULL && runtime_call_remaining_ms(NULL) == 0);
  CHECK(!runtime_call_is_cancelled(NULL));
}

HOST_FN(host_without_context) {
  UNUSED;
  CHECK(runtime_call_context(call) == NULL);
  results[0] = args[0];
  return NULL;
}

/* Waits until it is told that nobody waits for it. */
HOST_FN(host_waits) {
  UNUSED;
  while (!runtime_call_is_cancelled(call)) pause_ms(1);
  if (user_data == NULL) CHECK(runtime_call_remaining_ms(call) == 0);
  return runtime_error_new("gave up", 7);
}

HOST_FN(host_cancels) {
  UNUSED;
  CHECK(!runtime_call_is_cancelled(call));
  runtime_cancel_trigger(user_data);
  return host_waits(user_data, call, args, args_len, results, results_len);
}

static void test_a_callback_learns_that_its_time_is_up(void) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_t *component = with_add(host_without_context, NULL);
  expect_text(component, "add(1, 2)", "1");
  runtime_component_free(component);
  component = with_add(host_waits, NULL);
  options.timeout_ms = 30;
  runtime_error_t *error = text_error(component, "add(1, 2)", &options);
  int code = (int)runtime_error_code(error);
  CHECK(code == RUNTIME_ERROR_HOST || code == RUNTIME_ERROR_TIMEOUT);
  runtime_error_free(error);
  runtime_component_free(component);
  options.timeout_ms = 0;
  runtime_cancel_t *cancel = NULL;
  CHECK_OK(runtime_cancel_new(&cancel));
  component = with_add(host_cancels, cancel);
  options.cancel = cancel;
  error = text_error(component, "add(1, 2)", &options);
  code = (int)runtime_error_code(error);
  CHECK(code == RUNTIME_ERROR_HOST || code == RUNTIME_ERROR_CANCELLED);
  runtime_error_free(error);
  runtime_cancel_free(cancel);
  runtime_component_free(component);
}

/* ---- stacks ---- */

enum { FRAME = 4096 };

static uint32_t deep(uint32_t frames) {
  volatile char room[FRAME];
  room[0] = (char)frames;
  room[FRAME - 1] = (char)frames;
  uint32_t below = frames == 0 ? 0 : deep(frames - 1);
  return below + (uint32_t)(room[0] == room[FRAME - 1]);
}

HOST_FN(host_digs) {
  UNUSED;
  uint32_t frames = (4 << 20) / FRAME;
  CHECK(deep(frames) == frames + 1);
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  return NULL;
}

static void *call_with_room(void *component) {
  expect_text(component, "add(40, 2)", "42");
  return NULL;
}

static void test_a_callback_has_the_callers_whole_stack(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  runtime_component_t *component = with_add(host_digs, NULL);
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, 32 << 20) == 0);
  CHECK(pthread_create(&thread, &attributes, call_with_room, component) == 0);
  thread_join(thread);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  runtime_function_t *add = find(component, "add");
  runtime_value_t args[2] = {value_u32(40), value_u32(2)};
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 42);
  runtime_function_free(add);
  runtime_component_free(component);
}

/* ---- freeing from within ---- */

typedef struct {
  counted_t counted;
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *function;
  runtime_instance_t *instance;
} all_t;

HOST_FN(host_frees) {
  UNUSED;
  all_t *all = user_data;
  atomic_fetch_add(&all->counted.inside, 1);
  runtime_instance_free(all->instance);
  runtime_function_free(all->function);
  runtime_component_free(all->component);
  runtime_free(all->runtime);
  CHECK(atomic_load(&all->counted.finalized) == 0);
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  atomic_fetch_sub(&all->counted.inside, 1);
  return NULL;
}

/* Everything there is, in a runtime of its own, and nothing that keeps it but `all`. */
static void all_make(all_t *all, int on_demand) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.blocking_only = blocking_only;
  memset(all, 0, sizeof *all);
  all->runtime = host_runtime_make(on_demand);
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  CHECK_OK(runtime_linker_define(linker, API "add", strlen(API "add"), host_frees, all,
                                 counted_finalize));
  options.linker = linker;
  CHECK_OK(runtime_component_new(all->runtime, (const uint8_t *)host_wat, strlen(host_wat),
                                 &options, &all->component));
  runtime_linker_free(linker);
  all->function = find(all->component, "add");
  all->instance = instantiate(all->component);
}

static void test_a_callback_may_free_everything(void) {
  runtime_value_t args[2] = {value_u32(40), value_u32(2)};
  for (int way = 0; way < (blocking_only ? 6 : 10); way++) {
    all_t all;
    runtime_values_t *results = NULL;
    runtime_bytes_t *text = NULL;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    runtime_pending_t *pending = NULL;
    completion.pending_out = &pending;
    all_make(&all, way % 2);
    switch (way / 2) {
      case 0:
        CHECK_OK(runtime_function_call(all.function, args, 2, NULL, &results));
        break;
      case 1:
        CHECK_OK(runtime_instance_call(all.instance, all.function, args, 2, NULL, &results));
        break;
      case 2:
        CHECK_OK(runtime_component_call_text(all.component, "add(40, 2)", 10, NULL, &text));
        break;
      case 3:
        CHECK_OK(finish(start(all.function, args, 2, NULL), &results));
        break;
      default:
        CHECK_OK(runtime_instance_call_async(all.instance, all.function, args, 2, NULL,
                                             &completion));
        CHECK_OK(finish(pending, &results));
    }
    if (text != NULL) CHECK_TEXT((const char *)runtime_bytes_data(text), "42");
    if (text == NULL) CHECK(take_u32(results) == 42);
    runtime_bytes_free(text);
    until_counted(&all.counted);
  }
}

/* ---- many at once ---- */

static void *call_often(void *component) {
  for (size_t i = 0; i < scaled(200); i++) expect_text(component, "add(40, 2)", "42");
  return NULL;
}

static void test_many_threads_call_at_once(void) {
  counted_t counted = {0};
  pthread_t threads[8];
  runtime_component_t *component = with_add(host_add, &counted);
  size_t count = getenv("WASMCELL_TEST_SMALL") != NULL ? 2 : 8;
  for (size_t i = 0; i < count; i++) threads[i] = thread_start(call_often, component);
  for (size_t i = 0; i < count; i++) thread_join(threads[i]);
  CHECK((size_t)atomic_load(&counted.called) == count * scaled(200));
  runtime_component_free(component);
}

static void tests(void) {
  RUN(test_an_error_comes_through_untouched);
  RUN(test_an_error_may_come_later);
  RUN(test_contexts_belong_to_calls);
  RUN(test_a_callback_learns_that_its_time_is_up);
  RUN(test_a_callback_has_the_callers_whole_stack);
  RUN(test_a_callback_may_free_everything);
  RUN(test_many_threads_call_at_once);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
