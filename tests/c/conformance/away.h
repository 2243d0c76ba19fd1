/* What is started on the runtime's workers, and waited for: text, commands, instances, the end of a
 * resource. */
#ifndef CONFORMANCE_AWAY_H
#define CONFORMANCE_AWAY_H

#include "text.h"

/* Calls with text in and out: of a component in a fresh instance, or in an instance. */
static runtime_error_t *text_away(const runtime_component_t *component,
                                  const runtime_instance_t *instance, const char *call,
                                  const runtime_call_options_t *options, char **text) {
  runtime_function_t *function = NULL;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  runtime_error_t *error;
  if (instance == NULL) {
    error = runtime_component_call_text_async(component, call, strlen(call), options,
                                              &completion);
  } else {
    error = runtime_component_function(component, call, strcspn(call, "("), &function);
    if (error == NULL)
      error = runtime_instance_call_text_async(instance, function, call, strlen(call), options,
                                               &completion);
  }
  if (error == NULL) error = runtime_pending_wait(pending, UINT64_MAX, &results);
  if (error == NULL) {
    const runtime_value_t *value = runtime_values_data(results);
    CHECK(runtime_values_len(results) == 1 && value->kind == RUNTIME_KIND_STRING);
    *text = grab(value->of.string.len + 1);
    memcpy(*text, value->of.string.ptr, value->of.string.len);
  }
  runtime_values_free(results);
  runtime_pending_free(pending);
  runtime_function_free(function);
  return error;
}

/* Runs a component as a command, or in an instance. */
static runtime_error_t *run_away(const runtime_component_t *component,
                                 const runtime_instance_t *instance,
                                 const runtime_call_options_t *options, int32_t *status) {
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  runtime_error_t *error =
      instance == NULL
          ? runtime_component_run_async(component, options, &completion)
          : runtime_instance_run_async(instance, options, &completion);
  if (error == NULL) error = runtime_pending_wait(pending, UINT64_MAX, &results);
  if (error == NULL) *status = runtime_values_data(results)->of.s32;
  runtime_values_free(results);
  runtime_pending_free(pending);
  return error;
}

/* Makes an instance. */
static runtime_error_t *instantiate_away(const runtime_component_t *component,
                                         const runtime_call_options_t *options,
                                         runtime_instance_t **out) {
  runtime_pending_t *pending = NULL;
  runtime_instance_completion_t completion = RUNTIME_INSTANCE_COMPLETION_INIT;
  completion.pending_out = &pending;
  runtime_error_t *error =
      runtime_instance_new_async(component, options, &completion);
  if (error == NULL) error = runtime_pending_wait_instance(pending, UINT64_MAX, out);
  runtime_pending_free(pending);
  return error;
}

/* Drops a resource of a guest. */
static runtime_error_t *drop_away(const runtime_instance_t *instance, uint64_t handle,
                                  const runtime_call_options_t *options) {
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  runtime_error_t *error =
      runtime_instance_drop_resource_async(instance, handle, options, &completion);
  if (error == NULL) error = runtime_pending_wait(pending, UINT64_MAX, &results);
  CHECK(runtime_values_len(results) == 0);
  runtime_values_free(results);
  runtime_pending_free(pending);
  return error;
}

#endif
