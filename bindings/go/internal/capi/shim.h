/* What the Go package needs of C: one crossing for what takes several functions of wasmcell.h, and
 * C callbacks that lead to Go ones. Handles are uintptr_t, so that Go never holds a number in a
 * variable for pointers, nor its own pointers in memory for C. */
#ifndef WASMCELL_GO_SHIM_H
#define WASMCELL_GO_SHIM_H

#include <stdbool.h>

#include <wasmcell.h>

/* One call: what it is to be, and what came of it. It has no pointers for cgo to look behind. */
typedef struct {
  uintptr_t component; /* 0 if there is a function or an instance */
  uintptr_t instance;  /* 0 for a fresh one */
  uintptr_t function;
  uintptr_t cancel;
  uintptr_t output;
  uintptr_t context;
  uint64_t timeout_ms;
  uint64_t fuel;
  size_t args_len;
  size_t buffer_len;
  /* From here on, what came of it. */
  uint64_t fuel_used;
  bool resources_taken;
  uintptr_t error;   /* a runtime_error_t, owned */
  uintptr_t values;  /* the runtime_values_t, owned, unless the results fit into the buffer */
  uintptr_t results; /* the first of them in `values` */
  size_t results_len;
} wasmcell_go_call_t;

/* What there is to know about an error but its frames; `message` is borrowed. */
typedef struct {
  const char *message;
  size_t message_len;
  size_t frames;
  int32_t code;
  int32_t trap;
  int32_t exit_status;
  int32_t http;
  uint64_t http_status;
  runtime_error_details_t details;
} wasmcell_go_error_t;

/* Calls on this thread. Small results are copied to `buffer`, with offsets in it for pointers, and
 * released at once. */
void wasmcell_go_call(wasmcell_go_call_t *call, const runtime_value_t *args, char *buffer);
/* Starts a call on the workers; wasmcellGoCompleted gets its outcome. */
runtime_error_t *wasmcell_go_start(const wasmcell_go_call_t *call, const runtime_value_t *args,
                                   uintptr_t handle);
/* As text: of a component, or of a function, in an instance or not. */
runtime_error_t *wasmcell_go_call_text(wasmcell_go_call_t *call, const char *text, size_t len,
                                       runtime_bytes_t **out);
runtime_error_t *wasmcell_go_run(wasmcell_go_call_t *call, int32_t *status);
runtime_error_t *wasmcell_go_instantiate(wasmcell_go_call_t *call, runtime_instance_t **out);
runtime_error_t *wasmcell_go_drop_resource(wasmcell_go_call_t *call, uint64_t resource);

/* The same on the workers; wasmcellGoCompleted gets the outcome: the text as a string, the status
 * as an s32, the runtime_instance_t in the place of values, nothing. */
runtime_error_t *wasmcell_go_start_text(const wasmcell_go_call_t *call, const char *text,
                                        size_t len, uintptr_t handle);
runtime_error_t *wasmcell_go_start_run(const wasmcell_go_call_t *call, uintptr_t handle);
runtime_error_t *wasmcell_go_start_instantiate(const wasmcell_go_call_t *call, uintptr_t handle);
runtime_error_t *wasmcell_go_start_drop_resource(const wasmcell_go_call_t *call, uint64_t resource,
                                                 uintptr_t handle);

/* How to make the call, without what it is of; `report` has to live as long as the call. */
runtime_call_options_t wasmcell_go_options(const wasmcell_go_call_t *call,
                                           runtime_call_report_t *report);
void wasmcell_go_reported(wasmcell_go_call_t *call, const runtime_call_report_t *report);

void wasmcell_go_error(const runtime_error_t *error, wasmcell_go_error_t *out);
void wasmcell_go_frames(const runtime_error_t *error, runtime_frame_t *frames, size_t len);

/* As runtime_component_new(), _from_file(), _deserialize() and _from_fd(). */
enum { WASMCELL_GO_BYTES, WASMCELL_GO_FILE, WASMCELL_GO_COMPILED, WASMCELL_GO_SHARED };
/* How to load, beside the name; addresses of handles, or 0. */
typedef struct {
  uintptr_t sandbox;
  uintptr_t linker;
  uintptr_t cancel;
  uint64_t timeout_ms;
  uint64_t default_timeout_ms;
  uint64_t default_fuel;
  runtime_component_limits_t limits;
  bool blocking_only;
  bool unlinked;
  bool reuses;
  runtime_component_reuse_t reuse;
} wasmcell_go_load_options;
runtime_error_t *wasmcell_go_load(const runtime_t *runtime, int32_t source, const void *bytes,
                                  size_t len, int32_t fd, const char *name, size_t name_len,
                                  const wasmcell_go_load_options *more,
                                  runtime_component_t **out);
/* Links the code of a component once more. */
runtime_error_t *wasmcell_go_link(const runtime_component_t *component, const char *name,
                                  size_t name_len, const wasmcell_go_load_options *more,
                                  runtime_component_t **out);

runtime_error_t *wasmcell_go_define(runtime_linker_t *linker, const char *path, size_t len,
                                    uintptr_t handle);
runtime_error_t *wasmcell_go_define_resource(runtime_linker_t *linker, const char *path,
                                             size_t len, uintptr_t handle);
runtime_error_t *wasmcell_go_provide(runtime_linker_t *linker, const runtime_component_t *provider,
                                     const char *interface_name, size_t interface_name_len,
                                     const char *import_name, size_t import_name_len);
runtime_error_t *wasmcell_go_stdin(runtime_sandbox_t *sandbox, uintptr_t handle);
runtime_error_t *wasmcell_go_output(runtime_sandbox_t *sandbox, bool err, uint64_t flags,
                                    uintptr_t handle);
void wasmcell_go_log(runtime_builder_t *builder, int32_t level, uintptr_t handle);

/* An exchange, with what its call used. */
typedef struct {
  runtime_http_exchange_t *exchange;
  runtime_call_report_t report;
} wasmcell_go_exchange_t;

/* A step of an exchange: what it is to be, and what came of it. */
typedef struct {
  size_t data_len;
  bool last; /* the request's body ends with the data */
  bool head; /* wanted is the head, else a piece */
  /* From here on, what came of it. */
  size_t taken;
  uintptr_t error;    /* a runtime_error_t, owned */
  uintptr_t response; /* the runtime_http_response_t */
  uintptr_t piece;
  size_t piece_len;
  int32_t end;
  uintptr_t trailers; /* once it has ended */
  size_t trailers_len;
} wasmcell_go_step_t;

/* Begins an exchange. The texts, one behind the other, are method, scheme, authority, path, and
 * name and value of each header; an empty one of the first four is the default. */
runtime_error_t *wasmcell_go_exchange_new(const runtime_http_handler_t *handler,
                                          const wasmcell_go_call_t *call, const char *text,
                                          const size_t *lens, size_t lens_len, bool has_body,
                                          wasmcell_go_exchange_t **out);
/* Writes data, ends the body if that is the last, and reads. */
void wasmcell_go_exchange_step(wasmcell_go_exchange_t *exchange, wasmcell_go_step_t *step,
                               const uint8_t *data);
/* Ends the body with trailers: texts as above. */
runtime_error_t *wasmcell_go_exchange_finish(wasmcell_go_exchange_t *exchange, const char *text,
                                             const size_t *lens, size_t lens_len);
/* Releases it, after its end if that is to be waited for. `call` may be NULL. */
runtime_error_t *wasmcell_go_exchange_free(wasmcell_go_exchange_t *exchange, bool wait,
                                           wasmcell_go_call_t *call);

#endif
