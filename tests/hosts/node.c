/* An addon for Node: call() gives a promise, and its guest runs on threads of the library. Calls
 * come back to Node's loop by a thread-safe function. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

#define CHECK(call) \
  if ((call) != napi_ok) abort()

typedef struct {
  napi_deferred promise;
  runtime_values_t *results;
  runtime_error_t *error;
} call_t;

static runtime_t *runtime;
static napi_threadsafe_function completed;

/* In Node's loop: the promise is kept, or broken. */
static void settle(napi_env env, napi_value callback, void *context, void *data) {
  call_t *call = data;
  napi_value value, message;
  (void)callback, (void)context;
  if (env != NULL && call->error == NULL) {
    const runtime_value_t *result = runtime_values_data(call->results);
    CHECK(napi_create_string_utf8(env, result->of.string.ptr, result->of.string.len, &value));
    CHECK(napi_resolve_deferred(env, call->promise, value));
  } else if (env != NULL) {
    CHECK(napi_create_string_utf8(env, runtime_error_message(call->error), NAPI_AUTO_LENGTH,
                                  &message));
    CHECK(napi_create_error(env, NULL, message, &value));
    CHECK(napi_reject_deferred(env, call->promise, value));
  }
  runtime_error_free(call->error);
  runtime_values_free(call->results);
  free(call);
}

/* On a thread of the library. */
static void complete(void *data, runtime_values_t *results, runtime_error_t *error) {
  call_t *call = data;
  call->results = results;
  call->error = error;
  if (napi_call_threadsafe_function(completed, call, napi_tsfn_blocking) == napi_ok) {
    CHECK(napi_release_threadsafe_function(completed, napi_tsfn_release));
  } else { /* Node ends */
    settle(NULL, NULL, NULL, call);
  }
}

/* call(file, function, text, milliseconds) of func(string) -> string; what takes a number gets 1.
 */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value args[4], promise;
  char file[1024], name[64], text[256];
  size_t count = 4, file_len, name_len, text_len;
  uint32_t timeout = 0;
  call_t *call = calloc(1, sizeof *call);
  runtime_component_t *component = NULL;
  runtime_function_t *function = NULL;
  runtime_error_t *error;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  if (call == NULL) abort();
  CHECK(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  CHECK(napi_get_value_string_utf8(env, args[0], file, sizeof file, &file_len));
  CHECK(napi_get_value_string_utf8(env, args[1], name, sizeof name, &name_len));
  CHECK(napi_get_value_string_utf8(env, args[2], text, sizeof text, &text_len));
  CHECK(napi_get_value_uint32(env, args[3], &timeout));
  CHECK(napi_create_promise(env, &call->promise, &promise));
  CHECK(napi_acquire_threadsafe_function(completed));
  error = runtime_component_from_file(runtime, file, file_len, NULL, &component);
  if (error == NULL) error = runtime_component_function(component, name, name_len, &function);
  if (error == NULL) {
    runtime_value_t arg = {.kind = RUNTIME_KIND_STRING, .of.string = {text, text_len}};
    runtime_value_t number = {.kind = RUNTIME_KIND_S64, .of.s64 = 1};
    const runtime_type_t *type = runtime_type_child(runtime_function_type(function), 0);
    options.timeout_ms = timeout;
    completion.callback = complete;
    completion.user_data = call;
    error = runtime_function_call_async(
        function, runtime_type_kind(type) == RUNTIME_KIND_STRING ? &arg : &number, 1, &options,
        &completion);
  }
  runtime_function_free(function);
  runtime_component_free(component);
  if (error != NULL) complete(call, NULL, error);
  return promise;
}

static void stop(void *data) {
  (void)data;
  runtime_free(runtime);
}

NAPI_MODULE_INIT() {
  napi_value call, name;
  (void)exports;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, 64);
  runtime_error_t *error = runtime_build(builder, &runtime);
  runtime_builder_free(builder);
  if (error != NULL) abort();
  CHECK(napi_create_string_utf8(env, "wasmcell", NAPI_AUTO_LENGTH, &name));
  CHECK(napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, settle,
                                        &completed));
  CHECK(napi_unref_threadsafe_function(env, completed));
  CHECK(napi_add_env_cleanup_hook(env, stop, NULL));
  CHECK(napi_create_function(env, "call", NAPI_AUTO_LENGTH, start, NULL, &call));
  return call;
}
