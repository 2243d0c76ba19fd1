#include "shim.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

/* Results in a buffer of the caller: the first is at its start. ------------------------------- */

typedef struct {
  char *base;
  size_t len, used;
} packer_t;

static void *packer_take(packer_t *packer, size_t count, size_t size, size_t *offset) {
  const size_t start = (packer->used + 7) & ~(size_t)7;
  if (start > packer->len || (size > 0 && count > (packer->len - start) / size)) return NULL;
  packer->used = start + count * size;
  *offset = start;
  return packer->base + start;
}

static size_t element_size(uint8_t kind) {
  switch (kind) {
    case 0: return sizeof(runtime_value_t);
    case RUNTIME_KIND_BOOL:
    case RUNTIME_KIND_U8:
    case RUNTIME_KIND_S8: return 1;
    case RUNTIME_KIND_U16:
    case RUNTIME_KIND_S16: return 2;
    case RUNTIME_KIND_U64:
    case RUNTIME_KIND_S64:
    case RUNTIME_KIND_F64: return 8;
    default: return 4;
  }
}

static bool pack_bytes(packer_t *packer, const void *from, size_t count, size_t size,
                       const void *field) {
  size_t offset = 0;
  void *to = packer_take(packer, count, size, &offset);
  if (to == NULL) return false;
  if (count > 0) memcpy(to, from, count * size);
  memcpy((void *)(uintptr_t)field, &offset, sizeof offset);
  return true;
}

static bool pack(packer_t *packer, const runtime_value_t *from, runtime_value_t *to);

static bool pack_values(packer_t *packer, const runtime_value_t *from, size_t count,
                        const void *field) {
  size_t offset = 0;
  runtime_value_t *to = packer_take(packer, count, sizeof *to, &offset);
  if (to == NULL) return false;
  for (size_t i = 0; i < count; i++)
    if (!pack(packer, &from[i], &to[i])) return false;
  memcpy((void *)(uintptr_t)field, &offset, sizeof offset);
  return true;
}

/* Copies a value with all that it points to; `to` is in the buffer. False if it has no room. */
static bool pack(packer_t *packer, const runtime_value_t *from, runtime_value_t *to) {
  *to = *from;
  switch (from->kind) {
    case RUNTIME_KIND_STRING:
      return pack_bytes(packer, from->of.string.ptr, from->of.string.len, 1, &to->of.string.ptr);
    case RUNTIME_KIND_LIST:
      if (from->element == 0)
        return pack_values(packer, from->of.list.ptr, from->of.list.len, &to->of.list.ptr);
      return pack_bytes(packer, from->of.list.ptr, from->of.list.len,
                        element_size(from->element), &to->of.list.ptr);
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
      return pack_values(packer, from->of.values.ptr, from->of.values.len, &to->of.values.ptr);
    case RUNTIME_KIND_VARIANT:
    case RUNTIME_KIND_OPTION:
    case RUNTIME_KIND_RESULT:
      return from->of.payload == NULL ||
             pack_values(packer, from->of.payload, 1, &to->of.payload);
    case RUNTIME_KIND_FLAGS:
      return pack_bytes(packer, from->of.flags.ptr, from->of.flags.len, sizeof(uint32_t),
                        &to->of.flags.ptr);
    default: return true;
  }
}

/* Calls --------------------------------------------------------------------------------------- */

static runtime_call_options_t options_of(const wasmcell_go_call_t *call,
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

static void reported(wasmcell_go_call_t *call, const runtime_call_report_t *report) {
  call->fuel_used = report->fuel_used;
  call->resources_taken = report->resources_taken != 0;
}

void wasmcell_go_call(wasmcell_go_call_t *call, const runtime_value_t *args, char *buffer) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = options_of(call, &report);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  runtime_values_t *values = NULL;
  runtime_error_t *error =
      call->instance == 0
          ? runtime_function_call(function, args, call->args_len, &options, &values)
          : runtime_instance_call((const runtime_instance_t *)call->instance, function, args,
                                  call->args_len, &options, &values);
  call->error = (uintptr_t)error;
  reported(call, &report);
  call->results_len = runtime_values_len(values);
  const runtime_value_t *results = runtime_values_data(values);
  packer_t packer = {buffer, call->buffer_len, 0};
  size_t start = 0;
  if (call->results_len == 0 || pack_values(&packer, results, call->results_len, &start)) {
    runtime_values_free(values);
    call->values = call->results = 0;
  } else {
    call->values = (uintptr_t)values;
    call->results = (uintptr_t)results;
  }
}

typedef struct {
  uintptr_t handle;
  runtime_call_report_t report;
} started_t;

static void completed(void *data, runtime_values_t *values, runtime_error_t *error) {
  const started_t *started = data;
  wasmcellGoCompleted(started->handle, (uintptr_t)values, (uintptr_t)runtime_values_data(values),
                      runtime_values_len(values), (uintptr_t)error, started->report.fuel_used,
                      started->report.resources_taken != 0);
}

runtime_error_t *wasmcell_go_start(const wasmcell_go_call_t *call, const runtime_value_t *args,
                                   uintptr_t handle) {
  static const char none[] = "no memory to start a call";
  const runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  started_t *started = malloc(sizeof *started);
  if (started == NULL) return runtime_error_new(none, sizeof none - 1);
  started->handle = handle;
  started->report = report;
  const runtime_call_options_t options = options_of(call, &started->report);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.callback = completed;
  completion.user_data = started;
  completion.finalizer = free;
  if (call->instance == 0)
    return runtime_function_call_async(function, args, call->args_len, &options, &completion);
  return runtime_instance_call_async((const runtime_instance_t *)call->instance, function, args,
                                     call->args_len, &options, &completion);
}

runtime_error_t *wasmcell_go_call_text(wasmcell_go_call_t *call, uintptr_t component,
                                       const char *text, size_t len, runtime_bytes_t **out) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = options_of(call, &report);
  const runtime_function_t *function = (const runtime_function_t *)call->function;
  runtime_error_t *error;
  if (component != 0) {
    error = runtime_component_call_text((const runtime_component_t *)component, text, len,
                                        &options, out);
  } else if (call->instance != 0) {
    error = runtime_instance_call_text((const runtime_instance_t *)call->instance, function, text,
                                       len, &options, out);
  } else {
    error = runtime_function_call_text(function, text, len, &options, out);
  }
  reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_run(wasmcell_go_call_t *call, uintptr_t component, int32_t *status) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = options_of(call, &report);
  runtime_error_t *error =
      runtime_component_run((const runtime_component_t *)component, &options, status);
  reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_instantiate(wasmcell_go_call_t *call, uintptr_t component,
                                         runtime_instance_t **out) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = options_of(call, &report);
  runtime_error_t *error =
      runtime_instance_new((const runtime_component_t *)component, &options, out);
  reported(call, &report);
  return error;
}

runtime_error_t *wasmcell_go_drop_resource(wasmcell_go_call_t *call, uint64_t resource) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  const runtime_call_options_t options = options_of(call, &report);
  runtime_error_t *error = runtime_instance_drop_resource(
      (const runtime_instance_t *)call->instance, resource, &options);
  reported(call, &report);
  return error;
}

/* Errors -------------------------------------------------------------------------------------- */

void wasmcell_go_error(const runtime_error_t *error, wasmcell_go_error_t *out) {
  out->message = runtime_error_message(error);
  out->message_len = runtime_error_message_len(error);
  out->frames = runtime_error_frame_count(error);
  out->code = (int32_t)runtime_error_code(error);
  out->trap = (int32_t)runtime_error_trap(error);
  out->exit_status = runtime_error_exit_status(error);
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
