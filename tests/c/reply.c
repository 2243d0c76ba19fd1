/* threads */
/* Host functions that answer later, from other threads, and host functions that call back in. */
#include "hosts.h"

#define API "acme:host/api@1.0.0#"
#define HOST_FN(name)                                                                      \
  static runtime_error_t *name(void *user_data, runtime_call_t *call,                      \
                               const runtime_value_t *args, size_t args_len,               \
                               runtime_value_t *results, size_t results_len)
#define UNUSED \
  ((void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len)

/* ---- answers that come later ---- */

/* A thread that answers calls, one at a time: after a while, or only when it is told to. */
typedef struct {
  uint64_t delay_ms;
  bool waits;
  pthread_t thread;
  runtime_reply_t *reply;
  char text[32];
  atomic_int asked, told, answered;
} answerer_t;

static void *answer(void *data) {
  answerer_t *answerer = data;
  pause_ms(answerer->delay_ms);
  while (answerer->waits && !atomic_load(&answerer->told)) pause_ms(1);
  runtime_value_t result = value_string(answerer->text);
  runtime_reply_complete(answerer->reply, &result, 1, NULL);
  memset(answerer->text, 0, sizeof answerer->text);
  atomic_fetch_add(&answerer->answered, 1);
  return NULL;
}

HOST_FN(host_answers_later) {
  UNUSED;
  answerer_t *answerer = user_data;
  CHECK(args[0].of.string.len < sizeof answerer->text);
  memcpy(answerer->text, args[0].of.string.ptr, args[0].of.string.len + 1);
  CHECK_OK(runtime_call_defer(call, &answerer->reply));
  runtime_reply_t *again = NULL;
  CHECK_ERROR(runtime_call_defer(call, &again), RUNTIME_ERROR_INVALID_ARGUMENT, "before");
  CHECK(again == NULL && answerer->reply != NULL);
  answerer->thread = thread_start(answer, answerer);
  atomic_fetch_add(&answerer->asked, 1);
  return NULL;
}

static runtime_component_t *with_answerer(answerer_t *answerer, bool waits) {
  memset(answerer, 0, sizeof *answerer);
  answerer->delay_ms = waits ? 0 : 30;
  answerer->waits = waits;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "shout", host_answers_later, answerer);
  return load(host_wat, linker);
}

/* Whether the answerer was asked before the call was over: on a busy machine the guest may not have
 * come so far. If so, it answers now, which nobody hears. */
static bool answers_at_last(answerer_t *answerer) {
  if (atomic_load(&answerer->asked) == 0) return false;
  CHECK(atomic_load(&answerer->answered) == 0);
  atomic_store(&answerer->told, 1);
  thread_join(answerer->thread);
  CHECK(atomic_load(&answerer->answered) == 1);
  return true;
}

typedef struct {
  runtime_cancel_t *cancel;
  uint64_t after_ms;
} canceller_t;

static void *cancel_soon(void *data) {
  canceller_t *canceller = data;
  pause_ms(canceller->after_ms);
  runtime_cancel_trigger(canceller->cancel);
  return NULL;
}

static void test_an_answer_comes_from_another_thread(void) {
  answerer_t answerer;
  runtime_component_t *component = with_answerer(&answerer, false);
  expect_text(component, "shout(\"later\")", "\"later\"");
  thread_join(answerer.thread);
  runtime_function_t *shout = find(component, "shout");
  runtime_value_t text = value_string("on a worker");
  runtime_values_t *results = NULL;
  CHECK_OK(call_apart(shout, &text, 1, NULL, &results));
  CHECK_TEXT(runtime_values_data(results)->of.string.ptr, "on a worker");
  thread_join(answerer.thread);
  CHECK(atomic_load(&answerer.answered) == 2);
  runtime_values_free(results);
  runtime_function_free(shout);
  runtime_component_free(component);
}

/* A call that ends after `ms`, by its token or its time, while it waits for an answer. */
static bool ends_while_it_waits(bool cancelled, bool on_worker, uint64_t ms) {
  answerer_t answerer;
  runtime_value_t text = value_string("too late");
  runtime_values_t *results = NULL;
  runtime_component_t *component = with_answerer(&answerer, true);
  runtime_function_t *shout = find(component, "shout");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  canceller_t canceller = {NULL, ms};
  CHECK_OK(runtime_cancel_new(&canceller.cancel));
  if (cancelled) options.cancel = canceller.cancel;
  if (!cancelled) options.timeout_ms = ms;
  pthread_t thread = thread_start(cancel_soon, &canceller);
  runtime_error_t *error = on_worker
      ? call_apart(shout, &text, 1, &options, &results)
      : runtime_function_call(shout, &text, 1, &options, &results);
  CHECK_ERROR(error, cancelled ? RUNTIME_ERROR_CANCELLED : RUNTIME_ERROR_TIMEOUT, "");
  CHECK(results == NULL);
  runtime_function_free(shout);
  runtime_component_free(component);
  thread_join(thread);
  runtime_cancel_free(canceller.cancel);
  return answers_at_last(&answerer);
}

static void test_waiting_for_an_answer_ends_with_the_call(void) {
  for (int cancelled = 0; cancelled <= 1; cancelled++) {
    for (int on_worker = 0; on_worker <= 1; on_worker++) {
      uint64_t ms = 30;
      while (!ends_while_it_waits(cancelled, on_worker, ms)) CHECK((ms *= 2) < 60000);
    }
  }
}

/* A call that is late after `ms`, whose runtime is gone when it is answered. */
static bool outlives_everything(uint64_t ms) {
  answerer_t answerer;
  runtime_t *shared = host_runtime;
  host_runtime = host_runtime_make(0);
  runtime_component_t *component = with_answerer(&answerer, true);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = ms;
  char limit[32];
  snprintf(limit, sizeof limit, "%llu ms", (unsigned long long)ms);
  CHECK_ERROR(text_error(component, "shout(\"late\")", &options), RUNTIME_ERROR_TIMEOUT, limit);
  runtime_component_free(component);
  runtime_free(host_runtime);
  host_runtime = shared;
  return answers_at_last(&answerer);
}

static void test_an_answer_may_outlive_everything(void) {
  uint64_t ms = 10;
  while (!outlives_everything(ms)) CHECK((ms *= 2) < 60000);
}

/* ---- calling back in ---- */

typedef struct {
  const runtime_component_t *component;
  const runtime_instance_t *instance;
  const runtime_function_t *function;
  int depth;
} inward_t;

/* Is in a call of `instance`, which takes no other meanwhile, and stays whole. */
HOST_FN(host_is_busy) {
  UNUSED;
  inward_t *inward = user_data;
  runtime_values_t *values = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  CHECK_ERROR(runtime_instance_call(inward->instance, inward->function, args, 2, NULL, &values),
              RUNTIME_ERROR_BUSY, "another call");
  CHECK_ERROR(runtime_instance_call_async(inward->instance, inward->function, args, 2, NULL,
                                          &completion),
              RUNTIME_ERROR_BUSY, "another call");
  CHECK_ERROR(runtime_instance_drop_resource(inward->instance, 1, NULL), RUNTIME_ERROR_BUSY,
              "another call");
  CHECK(values == NULL && pending == NULL && !runtime_instance_is_poisoned(inward->instance));
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  return NULL;
}

static void test_an_instance_is_busy_from_within(void) {
  inward_t inward = {0};
  runtime_value_t args[2] = {value_u32(40), value_u32(2)};
  runtime_values_t *results = NULL;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", host_is_busy, &inward);
  runtime_component_t *component = load(host_wat, linker);
  runtime_function_t *add = find(component, "add");
  runtime_instance_t *instance = instantiate(component);
  inward.instance = instance;
  inward.function = add;
  for (int i = 0; i < 3; i++) {
    CHECK_OK(runtime_instance_call(instance, add, args, 2, NULL, &results));
    CHECK(take_u32(results) == 42);
  }
  runtime_instance_free(instance);
  runtime_function_free(add);
  runtime_component_free(component);
}

/* Adds by calling its own guest again, one less each time. */
HOST_FN(host_recurses) {
  UNUSED;
  inward_t *inward = user_data;
  if (args[1].of.u32 == 0) {
    results[0] = args[0];
    return NULL;
  }
  inward->depth++;
  runtime_values_t *values = NULL;
  runtime_value_t less[2] = {value_u32(args[0].of.u32 + 1), value_u32(args[1].of.u32 - 1)};
  runtime_error_t *error = runtime_function_call(inward->function, less, 2, NULL, &values);
  if (error != NULL) return error;
  results[0] = value_u32(take_u32(values));
  return NULL;
}

static void test_a_guest_may_be_called_from_its_own_host_function(void) {
  inward_t inward = {0};
  uint32_t depth = getenv("WASMCELL_TEST_SMALL") != NULL ? 1 : 20;
  runtime_value_t args[2] = {value_u32(40), value_u32(depth)};
  runtime_values_t *results = NULL;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", host_recurses, &inward);
  runtime_component_t *component = load(host_wat, linker);
  runtime_function_t *add = find(component, "add");
  inward.function = add;
  CHECK_OK(runtime_function_call(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 40 + depth && inward.depth == (int)depth);
  CHECK_OK(call_apart(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 40 + depth);
  runtime_function_free(add);
  runtime_component_free(component);
}

/* Uses each object of the library that there is, some of them its own caller's. */
HOST_FN(host_does_everything) {
  UNUSED;
  inward_t *inward = user_data;
  runtime_t *shared = host_runtime;
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_info_t info = RUNTIME_INFO_INIT;
  CHECK_OK(runtime_stats(shared, &stats));
  CHECK_OK(runtime_info(shared, &info));
  CHECK_TEXT(runtime_function_name(inward->function), "add");
  CHECK(runtime_component_import_count(inward->component) > 0);
  runtime_bytes_t *bytes = NULL, *compiled = NULL;
  CHECK_OK(runtime_component_wit(inward->component, &bytes));
  runtime_bytes_free(bytes);
  CHECK_OK(runtime_component_serialize(inward->component, &compiled));
  runtime_component_free(runtime_component_clone(inward->component));

  guest_t guest;
  guest_make(&guest, guest_builder(2));
  runtime_value_t seven = value_u32(7);
  runtime_values_t *values = NULL;
  CHECK_OK(finish(start(guest.add, &seven, 1, NULL), &values));
  CHECK(take_u32(values) == 7);
  runtime_value_t soon = value_u64(5);
  CHECK_OK(runtime_function_call(guest.sleep, &soon, 1, NULL, &values));
  runtime_values_free(values);
  runtime_instance_t *instance = instantiate(guest.component);
  CHECK_OK(runtime_instance_call(instance, guest.add, &seven, 1, NULL, &values));
  CHECK(take_u32(values) == 7);
  CHECK_ERROR(runtime_instance_call(instance, guest.trap, NULL, 0, NULL, &values),
              RUNTIME_ERROR_TRAP, "");
  runtime_instance_free(instance);
  guest_free(&guest);

  runtime_component_t *twin = NULL;
  runtime_linker_t *linker = linker_make();
  define(linker, API "add", host_add, NULL);
  runtime_linker_unresolved_trap(linker);
  CHECK_OK(try_load(host_wat, linker, &twin));
  runtime_linker_free(linker);
  expect_text(twin, "add(1, 2)", "3");
  runtime_component_free(twin);
  runtime_bytes_free(compiled);
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  return NULL;
}

static void test_a_callback_may_use_everything(void) {
  inward_t inward = {0};
  runtime_value_t args[2] = {value_u32(40), value_u32(2)};
  runtime_values_t *results = NULL;
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", host_does_everything, &inward);
  runtime_component_t *component = load(host_wat, linker);
  runtime_function_t *add = find(component, "add");
  inward.component = component;
  inward.function = add;
  CHECK_OK(runtime_function_call(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 42);
  CHECK_OK(call_apart(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 42);
  runtime_function_free(add);
  runtime_component_free(component);
}

/* Blocks a worker; the others go on. */
HOST_FN(host_blocks) {
  UNUSED;
  if (args[0].of.u32 == 0) {
    while (atomic_load((atomic_int *)user_data) == 0) pause_ms(1);
  }
  results[0] = args[1];
  return NULL;
}

static void test_a_callback_may_block_a_worker(void) {
  enum { BLOCKED = 8 };
  atomic_int released = 0;
  runtime_pending_t *blocked[BLOCKED];
  runtime_value_t args[2] = {value_u32(0), value_u32(2)};
  runtime_values_t *results = NULL;
  if (blocking_only) return;
  if (getenv("WASMCELL_TEST_SMALL") != NULL) return; /* it has no room for so many */
  runtime_linker_t *linker = linker_make();
  runtime_linker_unresolved_trap(linker);
  define(linker, API "add", host_blocks, &released);
  runtime_component_t *component = load(host_wat, linker);
  runtime_function_t *add = find(component, "add");
  for (int i = 0; i < BLOCKED; i++) blocked[i] = start(add, args, 2, NULL);
  args[0] = value_u32(1);
  CHECK_OK(call_apart(add, args, 2, NULL, &results));
  CHECK(take_u32(results) == 2);
  atomic_store(&released, 1);
  for (int i = 0; i < BLOCKED; i++) {
    CHECK_OK(finish(blocked[i], &results));
    CHECK(take_u32(results) == 2);
  }
  runtime_function_free(add);
  runtime_component_free(component);
}

static void tests(void) {
  RUN(test_an_answer_comes_from_another_thread);
  RUN(test_waiting_for_an_answer_ends_with_the_call);
  RUN(test_an_answer_may_outlive_everything);
  RUN(test_an_instance_is_busy_from_within);
  RUN(test_a_guest_may_be_called_from_its_own_host_function);
  RUN(test_a_callback_may_use_everything);
  RUN(test_a_callback_may_block_a_worker);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
