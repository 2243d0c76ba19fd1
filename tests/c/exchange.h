/* Requests to the guest `http.wasm`, whose behaviour the path of a request says. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "guests.h"

static runtime_t *http_runtime;
static runtime_component_t *http_component;
static runtime_http_handler_t *http_handler;

/* A runtime with the guest, whose instances are used again `reuse` times. */
static inline void http_start_by(runtime_builder_t *builder, uint64_t reuse) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_reuse_t again = RUNTIME_COMPONENT_REUSE_INIT;
  size_t len = 0;
  void *bytes = check_guest("http.wasm", &len);
  CHECK_OK(runtime_build(builder, &http_runtime));
  runtime_builder_free(builder);
  again.max_calls = reuse;
  if (reuse > 0) options.reuse = &again;
  CHECK_OK(runtime_component_new(http_runtime, bytes, len, &options, &http_component));
  CHECK_OK(runtime_http_handler_new(http_component, &http_handler));
  free(bytes);
}

static inline runtime_builder_t *http_builder(int on_demand) {
  runtime_builder_t *builder = check_builder();
  runtime_builder_epoch_tick(builder, 5);
  runtime_builder_max_components(builder, 16);
  runtime_builder_max_linear_memory(builder, 64 << 20);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

static inline void http_end(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(http_runtime, &stats));
  CHECK(stats.instances == stats.resting);
  CHECK(stats.started ==
        stats.finished + stats.trapped + stats.timed_out + stats.cancelled + stats.failed);
  runtime_http_handler_free(http_handler);
  runtime_component_free(http_component);
  runtime_free(http_runtime);
}

/* The same guest in a new runtime. */
static inline void restart(runtime_builder_t *builder, uint64_t reuse) {
  http_end();
  http_start_by(builder, reuse);
}

static inline runtime_stats_t stats_now(void) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(http_runtime, &stats));
  return stats;
}

static inline runtime_http_request_t request_to(const char *path) {
  runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
  request.authority = "Example.com";
  request.authority_len = strlen(request.authority);
  request.path = path;
  request.path_len = strlen(path);
  return request;
}

static inline runtime_http_exchange_t *open_with(const runtime_http_request_t *request,
                                                 const runtime_call_options_t *options) {
  runtime_http_exchange_t *exchange = NULL;
  CHECK_OK(runtime_http_exchange_new(http_handler, request, options, &exchange));
  CHECK(exchange != NULL);
  return exchange;
}

static inline runtime_http_exchange_t *open_to(const char *path) {
  runtime_http_request_t request = request_to(path);
  return open_with(&request, NULL);
}

/* Waits for the head, which there must be. */
static inline const runtime_http_response_t *head_of(runtime_http_exchange_t *exchange) {
  const runtime_http_response_t *head = NULL;
  CHECK_OK(runtime_http_exchange_response(exchange, &head));
  CHECK(head != NULL && head->struct_size == sizeof *head);
  return head;
}

/* The value of the only field `name`; NULL if there is none. */
static inline const char *field_of(const runtime_http_field_t *fields, size_t len,
                                   const char *name) {
  static char value[1000];
  const char *found = NULL;
  for (size_t i = 0; i < len; i++) {
    if (fields[i].name_len != strlen(name) || memcmp(fields[i].name, name, strlen(name)) != 0)
      continue;
    CHECK(found == NULL && fields[i].value_len < sizeof value);
    memcpy(value, fields[i].value, fields[i].value_len);
    value[fields[i].value_len] = '\0';
    found = value;
  }
  return found;
}

/* A body as it was read. */
typedef struct {
  char text[100000];
  size_t len, pieces;
  runtime_error_t *error;
} body_t;

/* Reads to the end, or to an error. */
static inline void body_read(runtime_http_exchange_t *exchange, body_t *body) {
  memset(body, 0, sizeof *body);
  for (int32_t end = 0; !end && body->error == NULL;) {
    const uint8_t *data = NULL;
    size_t len = 0;
    body->error = runtime_http_exchange_read(exchange, &data, &len, &end);
    CHECK((body->error == NULL && !end) == (len > 0) && (data != NULL) == (len > 0));
    if (len == 0) continue;
    CHECK(len <= 64 << 10 && len < sizeof body->text - body->len);
    memcpy(body->text + body->len, data, len);
    body->len += len;
    body->pieces++;
  }
}

/* The whole body, which must be complete. */
static inline const char *whole_of(runtime_http_exchange_t *exchange) {
  static _Thread_local body_t body;
  body_read(exchange, &body);
  CHECK_OK(body.error);
  return body.text;
}

/* A request to `path` is answered with `status` and `text`. */
static inline void expect_response(const char *path, uint64_t status, const char *text) {
  runtime_http_exchange_t *exchange = open_to(path);
  CHECK(head_of(exchange)->status == status);
  CHECK_TEXT(whole_of(exchange), text);
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

#endif
