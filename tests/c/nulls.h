/* What the generated programs nulls.c, sizes.c and failpoints.c pass to the functions they call:
 * one object of each type. The generator takes `fixture.<noun>` for `runtime_<noun>_t *`, so a new
 * type needs a member here; the compiler says so. */
#ifndef NULLS_H
#define NULLS_H

#include <stdatomic.h>
#include <time.h>

#include "check.h"

typedef struct {
  runtime_builder_t *builder;
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *function;
  runtime_instance_t *instance;
  runtime_pending_t *pending;
  runtime_cancel_t *cancel;
  runtime_sandbox_t *sandbox;
  runtime_output_t *output;
  runtime_linker_t *linker;
  runtime_call_t *call;   /* NULL: it lives inside a host function only */
  runtime_reply_t *reply; /* NULL: the same */
  runtime_error_t *error;
  runtime_bytes_t *bytes;
  runtime_values_t *values;
  runtime_http_handler_t *http_handler;
  runtime_http_exchange_t *http_exchange;
  const runtime_item_t *item;
  const runtime_type_t *type;
  runtime_value_t value;
  runtime_http_field_t field;
} fixture_t;

static fixture_t fixture;

/* (echo: func(text: string) -> string), which returns what it is given. */
static const char fixture_wat[] =
    "(component"
    "  (core module $m"
    "    (memory (export \"memory\") 1)"
    "    (global $top (mut i32) (i32.const 64))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (local $at i32)"
    "      (local.set $at (global.get $top))"
    "      (global.set $top (i32.add (global.get $top) (local.get 3)))"
    "      (local.get $at))"
    "    (func (export \"echo\") (param i32 i32) (result i32)"
    "      (i32.store (i32.const 0) (local.get 0))"
    "      (i32.store (i32.const 4) (local.get 1))"
    "      (i32.const 0)))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"echo\") (param \"text\" string) (result string)"
    "    (canon lift (core func $i \"echo\") (memory (core memory $i \"memory\"))"
    "      (realloc (core func $i \"realloc\")))))";

/* A handler that never answers. */
static const char fixture_http_wat[] =
    "(component"
    "  (import \"wasi:http/types@0.2.0\" (instance $types"
    "    (export \"incoming-request\" (type (sub resource)))"
    "    (export \"response-outparam\" (type (sub resource)))))"
    "  (alias export $types \"incoming-request\" (type $request))"
    "  (alias export $types \"response-outparam\" (type $out))"
    "  (core module $m (func (export \"handle\") (param i32 i32)))"
    "  (core instance $i (instantiate $m))"
    "  (func $handle (param \"request\" (own $request)) (param \"response-out\" (own $out))"
    "    (canon lift (core func $i \"handle\")))"
    "  (instance $handler (export \"handle\" (func $handle)))"
    "  (export \"wasi:http/incoming-handler@0.2.0\" (instance $handler)))";

/* How often user_data was handed over and is not released yet. */
static atomic_int fixture_owed;

static inline void *fixture_user(void) {
  atomic_fetch_add(&fixture_owed, 1);
  return &fixture_owed;
}

static inline void fixture_finalizer(void *user_data) {
  if (user_data != NULL) atomic_fetch_sub(&fixture_owed, 1);
}

static inline void fixture_completion_fn(void *user_data, runtime_values_t *results,
                                         runtime_error_t *error) {
  (void)user_data;
  runtime_values_free(results);
  runtime_error_free(error);
}

static inline void fixture_component_completion_fn(void *user_data, runtime_component_t *component,
                                                   runtime_error_t *error) {
  (void)user_data;
  runtime_component_free(component);
  runtime_error_free(error);
}

static inline void fixture_instance_completion_fn(void *user_data, runtime_instance_t *instance,
                                                  runtime_error_t *error) {
  (void)user_data;
  runtime_instance_free(instance);
  runtime_error_free(error);
}

static inline void fixture_log_fn(void *user_data, runtime_log_level_t level, const char *target,
                                  size_t target_len, const char *message, size_t message_len) {
  (void)user_data, (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
}

static inline void fixture_write_fn(void *user_data, void *context, const uint8_t *data,
                                    size_t data_len) {
  (void)user_data, (void)context, (void)data, (void)data_len;
}

static inline runtime_error_t *fixture_read_fn(void *user_data, void *context, uint8_t *buffer,
                                               size_t capacity, size_t *len_out) {
  (void)user_data, (void)context, (void)buffer, (void)capacity, (void)len_out;
  return NULL;
}

static inline runtime_error_t *fixture_host_fn(void *user_data, runtime_call_t *call,
                                               const runtime_value_t *args, size_t args_len,
                                               runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  return NULL;
}

static inline void fixture_resource_drop_fn(void *user_data, uint32_t resource) {
  (void)user_data, (void)resource;
}

/* A request under way, whose body the host writes. */
static inline void fixture_make_http(void) {
  runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(fixture.runtime, (const uint8_t *)fixture_http_wat,
                                 strlen(fixture_http_wat), NULL, &component));
  CHECK_OK(runtime_http_handler_new(component, &fixture.http_handler));
  runtime_component_free(component);
  request.authority = "x", request.authority_len = 1;
  request.flags = RUNTIME_HTTP_MORE;
  CHECK_OK(runtime_http_exchange_new(fixture.http_handler, &request, NULL,
                                     &fixture.http_exchange));
  fixture.field.name = fixture.field.value = "x";
  fixture.field.name_len = fixture.field.value_len = 1;
}

/* A small runtime, one component in it, and what hangs on that. */
static inline void fixture_make(void) {
  const runtime_item_t *item;
  fixture.builder = check_builder();
  CHECK_OK(runtime_build(fixture.builder, &fixture.runtime));
  CHECK_OK(runtime_component_new(fixture.runtime, (const uint8_t *)fixture_wat,
                                 strlen(fixture_wat), NULL, &fixture.component));
  CHECK_OK(runtime_component_function(fixture.component, "echo", 4, &fixture.function));
  CHECK_OK(runtime_instance_new(fixture.component, NULL, &fixture.instance));
  CHECK_OK(runtime_cancel_new(&fixture.cancel));
  CHECK_OK(runtime_sandbox_new(&fixture.sandbox));
  CHECK_OK(runtime_output_new(100, &fixture.output));
  CHECK_OK(runtime_linker_new(&fixture.linker));
  fixture.error = runtime_component_function(fixture.component, "none", 4, NULL);
  CHECK(fixture.error != NULL);
  CHECK_OK(runtime_component_wit(fixture.component, &fixture.bytes));
  item = runtime_component_export(fixture.component, 0);
  fixture.item = item;
  fixture.type = runtime_item_type(item);
  memset(&fixture.value, 0, sizeof fixture.value);
  fixture.value.kind = RUNTIME_KIND_STRING;
  fixture.value.of.string.ptr = "x";
  fixture.value.of.string.len = 1;
  CHECK_OK(runtime_function_call(fixture.function, &fixture.value, 1, NULL, &fixture.values));
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &fixture.pending;
  CHECK_OK(runtime_function_call_async(fixture.function, &fixture.value, 1, NULL, &completion));
  fixture_make_http();
}

/* The library still does its work. */
static inline void fixture_still_works(void) {
  runtime_bytes_t *out = NULL;
  CHECK_OK(runtime_component_call_text(fixture.component, "echo(\"x\")", 9, NULL, &out));
  CHECK_TEXT((const char *)runtime_bytes_data(out), "\"x\"");
  runtime_bytes_free(out);
}

static inline void fixture_free(void) {
  runtime_http_exchange_free(fixture.http_exchange);
  runtime_http_handler_free(fixture.http_handler);
  runtime_pending_free(fixture.pending);
  runtime_cancel_free(fixture.cancel);
  runtime_sandbox_free(fixture.sandbox);
  runtime_output_free(fixture.output);
  runtime_linker_free(fixture.linker);
  runtime_instance_free(fixture.instance);
  runtime_values_free(fixture.values);
  runtime_bytes_free(fixture.bytes);
  runtime_error_free(fixture.error);
  runtime_function_free(fixture.function);
  runtime_component_free(fixture.component);
  runtime_free(fixture.runtime);
  runtime_builder_free(fixture.builder);
  /* Calls that were started release what they were given when they end; others have. */
  struct timespec pause = {0, 10 * 1000 * 1000};
  for (int i = 0; i < 1000 && atomic_load(&fixture_owed) != 0; i++) nanosleep(&pause, NULL);
  int owed = atomic_load(&fixture_owed);
  if (owed != 0) CHECK_FAIL("user_data is released %d times too seldom", owed);
}

/* `error` refuses the argument `name`. */
static inline void expect_refused(runtime_error_t *error, const char *name) {
  if (error == NULL) CHECK_FAIL("NULL is accepted as `%s`", name);
  CHECK_ERROR(error, RUNTIME_ERROR_INVALID_ARGUMENT, name);
}

/* Whether `error` refuses the argument `name`. */
static inline bool refuses(const runtime_error_t *error, const char *name) {
  return (int)runtime_error_code(error) == RUNTIME_ERROR_INVALID_ARGUMENT &&
         strstr(runtime_error_message(error), name) != NULL;
}

/* All bytes of an output are 0 or all are as they were before the call; a descriptor may be -1. */
static inline void expect_clean(const void *output, size_t size, const char *name) {
  const unsigned char *bytes = output;
  unsigned char first = bytes[0];
  bool is_none = first == 0xFF && size == sizeof(int32_t);
  if (first != 0 && first != 0xA5 && !is_none) CHECK_FAIL("`%s` holds garbage", name);
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != first) CHECK_FAIL("`%s` is half written", name);
  }
}

/* All bytes of an output are 0. */
static inline void expect_zero(const void *output, size_t size, const char *name) {
  const unsigned char *bytes = output;
  expect_clean(output, size, name);
  if (bytes[0] != 0) CHECK_FAIL("`%s` is not cleared", name);
}

#endif
