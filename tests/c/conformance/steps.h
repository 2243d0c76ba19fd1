/* The blocks after the first: calls and instances. */
#ifndef CONFORMANCE_STEPS_H
#define CONFORMANCE_STEPS_H

#include <pthread.h>
#include <time.h>

#include "away.h"
#include "expect.h"
#include "setup.h"
#include "values.h"

enum { MAX_INSTANCES = 8, DEFAULT_CAPTURE = 65536 };

typedef struct {
  setup_t setup;
  struct {
    const char *name;
    runtime_instance_t *instance;
  } instances[MAX_INSTANCES];
  handles_t handles;
  runtime_pending_t *begun;
} scene_t;

/* A token, and the thread that triggers it. */
typedef struct {
  runtime_cancel_t *token;
  uint64_t delay;
  bool later;
  pthread_t thread;
} canceller_t;

static void *cancel_later(void *data) {
  const canceller_t *canceller = data;
  sleep_ms(canceller->delay);
  runtime_cancel_trigger(canceller->token);
  return NULL;
}

/* `cancel: before` or `cancel: after 50` */
static void cancel_start(canceller_t *canceller, const char *when) {
  memset(canceller, 0, sizeof *canceller);
  if (when == NULL) return;
  CHECK_OK(runtime_cancel_new(&canceller->token));
  if (same(when, "before")) {
    runtime_cancel_trigger(canceller->token);
    return;
  }
  if (strncmp(when, "after ", 6) != 0) MALFORMED("`%s` is neither before nor after", when);
  canceller->later = true;
  canceller->delay = number(when + 6);
  CHECK(pthread_create(&canceller->thread, NULL, cancel_later, canceller) == 0);
}

static void cancel_end(canceller_t *canceller) {
  if (canceller->later) CHECK(pthread_join(canceller->thread, NULL) == 0);
  runtime_cancel_free(canceller->token);
}

/* Where a name is, or the first free place. */
static size_t instance_find(const scene_t *scene, const char *name) {
  size_t i = 0;
  while (i < MAX_INSTANCES && scene->instances[i].name != NULL &&
         !same(scene->instances[i].name, name))
    i++;
  if (i == MAX_INSTANCES) MALFORMED("more than %d instances", MAX_INSTANCES);
  return i;
}

/* The instance that a step is `in:`, or NULL. */
static runtime_instance_t *instance_of(const scene_t *scene, const block_t *block) {
  const char *name = block_get(block, "in");
  if (name == NULL) return NULL;
  size_t i = instance_find(scene, name);
  if (scene->instances[i].instance == NULL) MALFORMED("no instance `%s`", name);
  return scene->instances[i].instance;
}

/* The function that `call` names, before its arguments. */
static runtime_error_t *function_of(const scene_t *scene, const char *call,
                                    runtime_function_t **function) {
  return runtime_component_function(scene->setup.component, call, strcspn(call, "("), function);
}

static char *bytes_take(runtime_bytes_t *bytes) {
  if (bytes == NULL) return NULL;
  char *text = grab(runtime_bytes_len(bytes) + 1);
  memcpy(text, runtime_bytes_data(bytes), runtime_bytes_len(bytes));
  runtime_bytes_free(bytes);
  return text;
}

static bool is_async(const block_t *block) {
  const char *async = block_get(block, "async");
  return async != NULL && (same(async, "text") || yes(async));
}

/* Calls on this thread, with text in and out. */
static runtime_error_t *call_here(const runtime_component_t *component,
                                  const runtime_instance_t *instance, const char *call,
                                  const runtime_call_options_t *options, char **text) {
  runtime_bytes_t *bytes = NULL;
  runtime_function_t *function = NULL;
  runtime_error_t *error;
  if (instance == NULL) {
    error = runtime_component_call_text(component, call, strlen(call), options,
                                        &bytes);
  } else {
    error = runtime_component_function(component, call, strcspn(call, "("), &function);
    if (error == NULL)
      error = runtime_instance_call_text(instance, function, call, strlen(call), options, &bytes);
    runtime_function_free(function);
  }
  *text = bytes_take(bytes);
  return error;
}

/* Starts a call on the runtime's workers. */
static runtime_error_t *call_start(const scene_t *scene, const runtime_instance_t *instance,
                                   const char *call, const runtime_call_options_t *options,
                                   runtime_pending_t **pending) {
  runtime_function_t *function = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_error_t *error = function_of(scene, call, &function);
  if (error != NULL) return error;
  completion.pending_out = pending;
  args_t args = args_read(call, function, &scene->handles);
  error = instance == NULL
              ? runtime_function_call_async(function, args.values, args.len, options, &completion)
              : runtime_instance_call_async(instance, function, args.values, args.len, options,
                                            &completion);
  args_free(&args);
  runtime_function_free(function);
  return error;
}

/* Waits for what call_start() started, and releases it. Keeps the result, if it gets a name. */
static runtime_error_t *call_wait(scene_t *scene, runtime_pending_t **pending, const char *keep,
                                  char **text) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_pending_wait(*pending, UINT64_MAX, &results);
  if (error == NULL) *text = results_text(results);
  if (error == NULL && keep != NULL)
    handle_keep(&scene->handles, keep, runtime_values_data(results)->of.resource);
  runtime_values_free(results);
  runtime_pending_free(*pending);
  *pending = NULL;
  return error;
}

/* Runs the component as a command, or in an instance. */
static runtime_error_t *run_here(const runtime_component_t *component,
                                 const runtime_instance_t *instance,
                                 const runtime_call_options_t *options, int32_t *status) {
  return instance == NULL ? runtime_component_run(component, options, status)
                          : runtime_instance_run(instance, options, status);
}

/* `run:` */
static void step_command(const scene_t *scene, const block_t *block,
                         const runtime_call_options_t *options, outcome_t *outcome) {
  outcome->error = (is_async(block) ? run_away : run_here)(
      scene->setup.component, instance_of(scene, block), options, &outcome->status);
  outcome->ran = outcome->error == NULL;
}

/* `instance: name` */
static void step_instance(scene_t *scene, const block_t *block,
                          const runtime_call_options_t *options, outcome_t *outcome) {
  const char *name = block->entries[0].value;
  size_t i = instance_find(scene, name);
  runtime_instance_t **out = &scene->instances[i].instance;
  if (*out != NULL) MALFORMED("two instances `%s`", name);
  scene->instances[i].name = name;
  outcome->error = is_async(block) ? instantiate_away(scene->setup.component, options, out)
                                   : runtime_instance_new(scene->setup.component, options, out);
}

/* `free: name` */
static void step_free(scene_t *scene, const char *name) {
  size_t i = instance_find(scene, name);
  if (scene->instances[i].instance == NULL) MALFORMED("no instance `%s`", name);
  runtime_instance_free(scene->instances[i].instance);
  scene->instances[i].instance = NULL;
}

/* `drop: name` */
static void step_drop(const scene_t *scene, const block_t *block,
                      const runtime_call_options_t *options, outcome_t *outcome) {
  const char *name = block->entries[0].value;
  const runtime_instance_t *instance = instance_of(scene, block);
  uint64_t handle = handle_find(&scene->handles, name, strlen(name));
  outcome->error = (is_async(block) ? drop_away : runtime_instance_drop_resource)(
      instance, handle, options);
}

/* `call: text` */
static void step_call(scene_t *scene, const block_t *block, const runtime_call_options_t *options,
                      outcome_t *outcome) {
  const char *call = block_get(block, "call");
  runtime_instance_t *instance = instance_of(scene, block);
  bool away = is_async(block);
  if (!away || same(block_get(block, "async"), "text")) {
    outcome->error = (away ? text_away : call_here)(
        scene->setup.component, instance, call, options, &outcome->text);
    return;
  }
  runtime_pending_t *pending = NULL;
  outcome->error = call_start(scene, instance, call, options, &pending);
  if (outcome->error == NULL)
    outcome->error = call_wait(scene, &pending, block_get(block, "keep"), &outcome->text);
}

/* `type: name` */
static void step_type(const scene_t *scene, const char *name, outcome_t *outcome) {
  runtime_function_t *function = NULL;
  runtime_bytes_t *text = NULL;
  outcome->error = function_of(scene, name, &function);
  if (outcome->error == NULL)
    outcome->error = runtime_type_text(runtime_function_type(function), &text);
  outcome->text = bytes_take(text);
  runtime_function_free(function);
}

/* Reads a value of what the function takes, and writes it. */
static void step_value(const scene_t *scene, const char *what, outcome_t *outcome) {
  char name[256];
  const char *space = strchr(what, ' ');
  if (space == NULL || (size_t)(space - what) >= sizeof name) MALFORMED("`%s` has no text", what);
  snprintf(name, sizeof name, "%.*s", (int)(space - what), what);
  bool equal = false;
  runtime_function_t *function = NULL;
  runtime_values_t *values = NULL;
  runtime_bytes_t *text = NULL;
  outcome->error = function_of(scene, name, &function);
  const runtime_type_t *type = runtime_type_child(runtime_function_type(function), 0);
  if (outcome->error == NULL)
    outcome->error = runtime_value_parse(type, space + 1, strlen(space + 1), &values);
  const runtime_value_t *value = runtime_values_data(values);
  if (outcome->error == NULL) outcome->error = runtime_value_text(type, value, &text);
  if (outcome->error == NULL) {
    outcome->error = runtime_value_equal(type, value, value, &equal);
    if (!equal) MALFORMED("`%s` is not what it is", what);
  }
  outcome->text = bytes_take(text);
  runtime_values_free(values);
  runtime_function_free(function);
}

/* Does the one thing that the block says. */
static void step_do(scene_t *scene, const block_t *block, const runtime_call_options_t *options,
                    outcome_t *outcome) {
  const entry_t *first = &block->entries[0];
  if (same(first->key, "call")) {
    step_call(scene, block, options, outcome);
  } else if (same(first->key, "run")) {
    step_command(scene, block, options, outcome);
  } else if (same(first->key, "instance")) {
    step_instance(scene, block, options, outcome);
  } else if (same(first->key, "free")) {
    step_free(scene, first->value);
  } else if (same(first->key, "type")) {
    step_type(scene, first->value, outcome);
  } else if (same(first->key, "value")) {
    step_value(scene, first->value, outcome);
  } else if (same(first->key, "drop")) {
    step_drop(scene, block, options, outcome);
  } else if (same(first->key, "begin")) {
    if (scene->begun != NULL) MALFORMED("a call was begun and has not ended");
    outcome->error = call_start(scene, instance_of(scene, block), first->value, options,
                                &scene->begun);
  } else if (same(first->key, "end")) {
    if (scene->begun == NULL) MALFORMED("no call was begun");
    outcome->error = call_wait(scene, &scene->begun, NULL, &outcome->text);
  } else {
    MALFORMED("`%s` is nothing to do", first->key);
  }
}

/* A line is about how to call, or about what to expect. */
static void step_check_keys(const block_t *block, bool begins) {
  static const char *const calling[] = {"in",     "async",   "timeout", "fuel",
                                        "cancel", "context", "capture", "keep"};
  static const char *const expecting[] = {
      "expect", "error",  "exit",   "message",   "message contains", "trap",  "exit status",
      "frame",  "stdout", "stderr", "fuel used", "truncated",        "drops", "poisoned",
      "printed", "logged", "expect begins"};
  for (size_t i = 1; i < block->len; i++) {
    const char *key = block->entries[i].key;
    bool known = false;
    at.line = block->entries[i].line;
    for (size_t j = 0; j < sizeof calling / sizeof *calling; j++) known |= same(key, calling[j]);
    for (size_t j = 0; j < sizeof expecting / sizeof *expecting; j++)
      known |= same(key, expecting[j]);
    if (!known) MALFORMED("unknown key `%s`", key);
    if (begins && (same(key, "cancel") || same(key, "capture") || same(key, "fuel used")))
      MALFORMED("`%s` does not go with `begin`", key);
  }
}

static void step_run(scene_t *scene, const block_t *block) {
  outcome_t outcome;
  canceller_t canceller;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  bool begins = same(block->entries[0].key, "begin");
  const char *timeout = block_get(block, "timeout");
  const char *fuel = block_get(block, "fuel");
  const char *capture = block_get(block, "capture");
  step_check_keys(block, begins);
  at.line = block->entries[0].line;
  memset(&outcome, 0, sizeof outcome);
  CHECK_OK(runtime_output_new(capture != NULL ? number(capture) : DEFAULT_CAPTURE,
                              &outcome.output));
  cancel_start(&canceller, block_get(block, "cancel"));
  options.timeout_ms = timeout != NULL ? number(timeout) : 0;
  options.fuel = fuel != NULL ? number(fuel) : 0;
  options.cancel = canceller.token;
  options.context = context_of(block_get(block, "context"));
  options.report = begins ? NULL : &report;
  options.output = begins ? NULL : outcome.output;
  memset(scene->setup.grants.printed, 0, sizeof scene->setup.grants.printed);
  scene->setup.grants.printed_len = 0;
  step_do(scene, block, &options, &outcome);
  outcome.printed = scene->setup.grants.printed;
  outcome.logged = scene->setup.log.text;
  cancel_end(&canceller);
  outcome.fuel_used = report.fuel_used;
  outcome.drops = host_drops(&scene->setup.host);
  if (block_get(block, "in") != NULL)
    outcome.poisoned = runtime_instance_is_poisoned(instance_of(scene, block));
  expect_all(&outcome, block);
  outcome_free(&outcome);
}

/* Releases everything, also what a failed scenario left behind. */
static void scene_free(scene_t *scene) {
  char *text = NULL;
  if (scene->begun != NULL) runtime_error_free(call_wait(scene, &scene->begun, NULL, &text));
  free(text);
  for (size_t i = 0; i < MAX_INSTANCES; i++) runtime_instance_free(scene->instances[i].instance);
  setup_free(&scene->setup);
}

#endif
