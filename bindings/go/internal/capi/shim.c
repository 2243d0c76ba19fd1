#include "shim.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "pack.h"

/* Calls --------------------------------------------------------------------------------------- */

runtime_call_options_t wasmcell_go_options(const wasmcell_go_call_t *call,
                                           runtime_call_report_t *report) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = call->timeout_ms;
  options.fuel = call->fuel;
  options.cancel = (const runtime_cancel_t *)call->cancel;
  options.output = (runtime_output_t *)call->output;
  options.context = (void *)call->context;
  options.report = report;
  return options;
}

void wasmcell_go_reported(wasmcell_go_call_t *call, const runtime_call_report_t *report) {
  call->fuel_used = report->fuel_used;
  call->resources_taken = report->resources_taken != 0;
}

void wasmcell_go_call(wasmcell_go_call_t *call, const runtime_value_t *args, char *buffer) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = wasmcell_go_options(call, &report);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  runtime_values_t *values = NULL;
  runtime_error_t *error =
      call->instance == 0
          ? runtime_function_call(function, args, call->args_len, &options, &values)
          : runtime_instance_call((const runtime_instance_t *)call->instance, function, args,
                                  call->args_len, &options, &values);
  call->error = (uintptr_t)error;
  wasmcell_go_reported(call, &report);
  call->results_len = runtime_values_len(values);
  const runtime_value_t *results = runtime_values_data(values);
  if (wasmcell_go_pack(results, call->results_len, buffer, call->buffer_len)) {
    runtime_values_free(values);
    call->values = call->results = 0;
  } else {
    call->values = (uintptr_t)values;
    call->results = (uintptr_t)results;
  }
}

runtime_error_t *wasmcell_go_call_text(wasmcell_go_call_t *call, const char *text, size_t len,
                                       runtime_bytes_t **out) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = wasmcell_go_options(call, &report);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  runtime_error_t *error;
  if (call->component != 0) {
    error = runtime_component_call_text((const runtime_component_t *)call->component, text, len,
                                        &options, out);
  } else if (call->instance != 0) {
    error = runtime_instance_call_text((const runtime_instance_t *)call->instance, function, text,
                                       len, &options, out);
  } else {
    error = runtime_function_call_text(function, text, len, &options, out);
  }
  wasmcell_go_reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_run(wasmcell_go_call_t *call, int32_t *status) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = wasmcell_go_options(call, &report);
  runtime_error_t *error =
      call->component != 0
          ? runtime_component_run((const runtime_component_t *)call->component, &options, status)
          : runtime_instance_run((const runtime_instance_t *)call->instance, &options, status);
  wasmcell_go_reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_instantiate(wasmcell_go_call_t *call, runtime_instance_t **out) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = wasmcell_go_options(call, &report);
  runtime_error_t *error =
      runtime_instance_new((const runtime_component_t *)call->component, &options, out);
  wasmcell_go_reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_drop_resource(wasmcell_go_call_t *call, uint64_t resource) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = wasmcell_go_options(call, &report);
  runtime_error_t *error = runtime_instance_drop_resource(
      (const runtime_instance_t *)call->instance, resource, &options);
  wasmcell_go_reported(call, &report);
  return error;
}

/* On the workers ------------------------------------------------------------------------------ */

/* What a call on the workers needs until it has ended. */
typedef struct {
  uintptr_t handle;
  runtime_call_report_t report;
} started_t;

static void deliver(const started_t *started, uintptr_t outcome, const runtime_value_t *results,
                    size_t results_len, runtime_error_t *error) {
  wasmcellGoCompleted(started->handle, outcome, (uintptr_t)results, results_len, (uintptr_t)error,
                      started->report.fuel_used, started->report.resources_taken != 0);
}

static void completed(void *data, runtime_values_t *values, runtime_error_t *error) {
  deliver(data, (uintptr_t)values, runtime_values_data(values), runtime_values_len(values), error);
}

static void instantiated(void *data, runtime_instance_t *instance, runtime_error_t *error) {
  deliver(data, (uintptr_t)instance, NULL, 0, error);
}

static started_t *started_new(uintptr_t handle) {
  const runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  started_t *started = malloc(sizeof *started);
  if (started == NULL) return NULL;
  started->handle = handle;
  started->report = report;
  return started;
}

static runtime_error_t *no_memory(void) {
  static const char none[] = "no memory to start a call";
  return runtime_error_new(none, sizeof none - 1);
}

static runtime_completion_t completion_of(started_t *started) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.callback = completed;
  completion.user_data = started;
  completion.finalizer = free;
  return completion;
}

runtime_error_t *wasmcell_go_start(const wasmcell_go_call_t *call, const runtime_value_t *args,
                                   uintptr_t handle) {
  started_t *started = started_new(handle);
  if (started == NULL) return no_memory();
  const runtime_call_options_t options = wasmcell_go_options(call, &started->report);
  const runtime_completion_t completion = completion_of(started);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  if (call->instance == 0)
    return runtime_function_call_async(function, args, call->args_len, &options, &completion);
  return runtime_instance_call_async((const runtime_instance_t *)call->instance, function, args,
                                     call->args_len, &options, &completion);
}

runtime_error_t *wasmcell_go_start_text(const wasmcell_go_call_t *call, const char *text,
                                        size_t len, uintptr_t handle) {
  started_t *started = started_new(handle);
  if (started == NULL) return no_memory();
  const runtime_call_options_t options = wasmcell_go_options(call, &started->report);
  const runtime_completion_t completion = completion_of(started);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  if (call->component != 0)
    return runtime_component_call_text_async((const runtime_component_t *)call->component, text,
                                             len, &options, &completion);
  if (call->instance != 0)
    return runtime_instance_call_text_async((const runtime_instance_t *)call->instance, function,
                                            text, len, &options, &completion);
  return runtime_function_call_text_async(function, text, len, &options, &completion);
}

runtime_error_t *wasmcell_go_start_run(const wasmcell_go_call_t *call, uintptr_t handle) {
  started_t *started = started_new(handle);
  if (started == NULL) return no_memory();
  const runtime_call_options_t options = wasmcell_go_options(call, &started->report);
  const runtime_completion_t completion = completion_of(started);
  if (call->component != 0)
    return runtime_component_run_async((const runtime_component_t *)call->component, &options,
                                       &completion);
  return runtime_instance_run_async((const runtime_instance_t *)call->instance, &options,
                                    &completion);
}

runtime_error_t *wasmcell_go_start_instantiate(const wasmcell_go_call_t *call, uintptr_t handle) {
  started_t *started = started_new(handle);
  if (started == NULL) return no_memory();
  const runtime_call_options_t options = wasmcell_go_options(call, &started->report);
  runtime_instance_completion_t completion = RUNTIME_INSTANCE_COMPLETION_INIT;
  completion.callback = instantiated;
  completion.user_data = started;
  completion.finalizer = free;
  return runtime_instance_new_async((const runtime_component_t *)call->component, &options,
                                    &completion);
}

runtime_error_t *wasmcell_go_start_drop_resource(const wasmcell_go_call_t *call, uint64_t resource,
                                                 uintptr_t handle) {
  started_t *started = started_new(handle);
  if (started == NULL) return no_memory();
  const runtime_call_options_t options = wasmcell_go_options(call, &started->report);
  const runtime_completion_t completion = completion_of(started);
  return runtime_instance_drop_resource_async((const runtime_instance_t *)call->instance, resource,
                                              &options, &completion);
}

/* Errors -------------------------------------------------------------------------------------- */

void wasmcell_go_error(const runtime_error_t *error, wasmcell_go_error_t *out) {
  out->message = runtime_error_message(error);
  out->message_len = runtime_error_message_len(error);
  out->frames = runtime_error_frame_count(error);
  out->code = (int32_t)runtime_error_code(error);
  out->trap = (int32_t)runtime_error_trap(error);
  out->exit_status = runtime_error_exit_status(error);
  out->http = (int32_t)runtime_error_http(error);
  out->http_status = runtime_error_http_status(error);
  out->details = (runtime_error_details_t)RUNTIME_ERROR_DETAILS_INIT;
  (void)runtime_error_details(error, &out->details);
}

void wasmcell_go_frames(const runtime_error_t *error, runtime_frame_t *frames, size_t len) {
  for (size_t i = 0; i < len; i++) {
    frames[i].struct_size = sizeof frames[i];
    (void)runtime_error_frame(error, i, &frames[i]);
  }
}

/* Components ---------------------------------------------------------------------------------- */

/* What the options point to has to live as long as they do. */
typedef struct {
  runtime_component_options_t options;
  runtime_component_limits_t limits;
  runtime_component_reuse_t reuse;
  runtime_call_options_t defaults;
} loading_t;

static const runtime_component_options_t *loading(loading_t *all, const char *name,
                                                  size_t name_len,
                                                  const wasmcell_go_load_options *more) {
  const runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  const runtime_call_options_t defaults = RUNTIME_CALL_OPTIONS_INIT;
  all->options = options;
  all->limits = more->limits;
  all->limits.struct_size = sizeof all->limits;
  all->defaults = defaults;
  all->defaults.timeout_ms = more->default_timeout_ms;
  all->defaults.fuel = more->default_fuel;
  all->options.name = name;
  all->options.name_len = name_len;
  all->options.sandbox = (const runtime_sandbox_t *)more->sandbox;
  all->options.linker = (const runtime_linker_t *)more->linker;
  all->options.blocking_only = more->blocking_only ? 1 : 0;
  all->options.unlinked = more->unlinked ? 1 : 0;
  all->options.timeout_ms = more->timeout_ms;
  all->options.cancel = (const runtime_cancel_t *)more->cancel;
  all->options.limits = &all->limits;
  all->options.call_defaults = &all->defaults;
  all->reuse = more->reuse;
  all->reuse.struct_size = sizeof all->reuse;
  if (more->reuses) all->options.reuse = &all->reuse;
  return &all->options;
}

runtime_error_t *wasmcell_go_load(const runtime_t *runtime, int32_t source, const void *bytes,
                                  size_t len, int32_t fd, const char *name, size_t name_len,
                                  const wasmcell_go_load_options *more,
                                  runtime_component_t **out) {
  loading_t all;
  const runtime_component_options_t *options = loading(&all, name, name_len, more);
  switch (source) {
    case WASMCELL_GO_FILE: return runtime_component_from_file(runtime, bytes, len, options, out);
    case WASMCELL_GO_COMPILED:
      return runtime_component_deserialize(runtime, bytes, len, options, out);
    case WASMCELL_GO_SHARED: return runtime_component_from_fd(runtime, fd, options, out);
    default: return runtime_component_new(runtime, bytes, len, options, out);
  }
}

runtime_error_t *wasmcell_go_link(const runtime_component_t *component, const char *name,
                                  size_t name_len, const wasmcell_go_load_options *more,
                                  runtime_component_t **out) {
  loading_t all;
  return runtime_component_link(component, loading(&all, name, name_len, more), out);
}

runtime_error_t *wasmcell_go_provide(runtime_linker_t *linker, const runtime_component_t *provider,
                                     const char *interface_name, size_t interface_name_len,
                                     const char *import_name, size_t import_name_len) {
  runtime_provider_options_t options = RUNTIME_PROVIDER_OPTIONS_INIT;
  options.interface_name = interface_name;
  options.interface_name_len = interface_name_len;
  options.import_name = import_name;
  options.import_name_len = import_name_len;
  return runtime_linker_component(linker, provider, &options);
}

/* Callbacks ----------------------------------------------------------------------------------- */

static void finalize(void *data) { wasmcellGoFinalize((uintptr_t)data); }

static runtime_error_t *host(void *data, runtime_call_t *call, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  return (runtime_error_t *)wasmcellGoHost(
      (uintptr_t)data, (uintptr_t)runtime_call_context(call), (uintptr_t)call,
      (runtime_value_t *)(uintptr_t)args, args_len, results, results_len);
}

static void drop(void *data, uint32_t resource) { wasmcellGoDrop((uintptr_t)data, resource); }

static runtime_error_t *read_input(void *data, void *context, uint8_t *buffer, size_t capacity,
                                   size_t *len_out) {
  (void)context;
  return (runtime_error_t *)wasmcellGoRead((uintptr_t)data, buffer, capacity, len_out);
}

static void write_output(void *data, void *context, const uint8_t *bytes, size_t len) {
  (void)context;
  wasmcellGoWrite((uintptr_t)data, (uint8_t *)(uintptr_t)bytes, len);
}

static void log_record(void *data, runtime_log_level_t level, const char *target,
                       size_t target_len, const char *message, size_t message_len) {
  wasmcellGoLog((uintptr_t)data, (int32_t)level, (char *)(uintptr_t)target, target_len,
                (char *)(uintptr_t)message, message_len);
}

runtime_error_t *wasmcell_go_define(runtime_linker_t *linker, const char *path, size_t len,
                                    uintptr_t handle) {
  return runtime_linker_define(linker, path, len, host, (void *)handle, finalize);
}

runtime_error_t *wasmcell_go_define_resource(runtime_linker_t *linker, const char *path,
                                             size_t len, uintptr_t handle) {
  return runtime_linker_define_resource(linker, path, len, drop, (void *)handle, finalize);
}

runtime_error_t *wasmcell_go_stdin(runtime_sandbox_t *sandbox, uintptr_t handle) {
  return runtime_sandbox_stdin_callback(sandbox, read_input, (void *)handle, finalize);
}

runtime_error_t *wasmcell_go_output(runtime_sandbox_t *sandbox, bool err, uint64_t flags,
                                    uintptr_t handle) {
  return (err ? runtime_sandbox_stderr_callback : runtime_sandbox_stdout_callback)(
      sandbox, write_output, flags, (void *)handle, finalize);
}

void wasmcell_go_log(runtime_builder_t *builder, int32_t level, uintptr_t handle) {
  runtime_builder_log(builder, level, log_record, (void *)handle, finalize);
}
