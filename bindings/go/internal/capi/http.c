#include <stdlib.h>

#include "shim.h"

/* Fields of texts that are one behind the other. NULL if there is no memory. */
static runtime_http_field_t *fields_of(const char *text, const size_t *lens, size_t lens_len) {
  /* One more, so that it is never nothing. */
  runtime_http_field_t *fields = calloc(lens_len / 2 + 1, sizeof *fields);
  if (fields == NULL) return NULL;
  for (size_t i = 0; i + 1 < lens_len; i += 2) {
    runtime_http_field_t *field = &fields[i / 2];
    field->name = text;
    field->name_len = lens[i];
    field->value = text + lens[i];
    field->value_len = lens[i + 1];
    text += lens[i] + lens[i + 1];
  }
  return fields;
}

static runtime_error_t *no_memory(void) {
  static const char none[] = "no memory for an exchange";
  return runtime_error_new(none, sizeof none - 1);
}

/* The next text; NULL for an empty one. */
static const char *next(const char **text, size_t len) {
  const char *it = len == 0 ? NULL : *text;
  *text += len;
  return it;
}

runtime_error_t *wasmcell_go_exchange_new(const runtime_http_handler_t *handler,
                                          const wasmcell_go_call_t *call, const char *text,
                                          const size_t *lens, size_t lens_len, bool has_body,
                                          wasmcell_go_exchange_t **out) {
  const runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
  request.method = next(&text, request.method_len = lens[0]);
  request.scheme = next(&text, request.scheme_len = lens[1]);
  request.authority = next(&text, request.authority_len = lens[2]);
  request.path = next(&text, request.path_len = lens[3]);
  request.flags = has_body ? RUNTIME_HTTP_MORE : 0;
  runtime_http_field_t *fields = fields_of(text, lens + 4, lens_len - 4);
  wasmcell_go_exchange_t *exchange = malloc(sizeof *exchange);
  if (fields == NULL || exchange == NULL) {
    free(fields);
    free(exchange);
    return no_memory();
  }
  request.fields = fields;
  request.fields_len = (lens_len - 4) / 2;
  exchange->report = report;
  const runtime_call_options_t options = wasmcell_go_options(call, &exchange->report);
  runtime_error_t *error =
      runtime_http_exchange_new(handler, &request, &options, &exchange->exchange);
  free(fields);
  if (error != NULL) {
    free(exchange);
    return error;
  }
  *out = exchange;
  return NULL;
}

void wasmcell_go_exchange_step(wasmcell_go_exchange_t *exchange, wasmcell_go_step_t *step,
                               const uint8_t *data) {
  const runtime_http_exchange_t *it = exchange->exchange;
  const runtime_http_response_t *response = NULL;
  const runtime_http_field_t *trailers = NULL;
  const uint8_t *piece = NULL;
  /* How the guest ended, if it has: reading tells that too, after what it gave before. */
  runtime_error_t *ended = NULL;
  runtime_error_t *error = NULL;
  if (step->data_len > 0)
    ended = runtime_http_exchange_write(it, data, step->data_len, &step->taken);
  if (ended == NULL && step->last && step->taken == step->data_len)
    error = runtime_http_exchange_finish(it, NULL, 0);
  if (error == NULL && step->head) {
    error = runtime_http_exchange_response(it, &response);
  } else if (error == NULL) {
    error = runtime_http_exchange_read(it, &piece, &step->piece_len, &step->end);
    if (error == NULL && step->end)
      error = runtime_http_exchange_trailers(it, &trailers, &step->trailers_len);
  }
  if (error == NULL && response == NULL && piece == NULL && !step->end) {
    error = ended;
    ended = NULL;
  }
  runtime_error_free(ended);
  step->error = (uintptr_t)error;
  step->response = (uintptr_t)response;
  step->piece = (uintptr_t)piece;
  step->trailers = (uintptr_t)trailers;
}

runtime_error_t *wasmcell_go_exchange_finish(wasmcell_go_exchange_t *exchange, const char *text,
                                             const size_t *lens, size_t lens_len) {
  runtime_http_field_t *fields = fields_of(text, lens, lens_len);
  if (fields == NULL) return no_memory();
  runtime_error_t *error = runtime_http_exchange_finish(exchange->exchange, fields, lens_len / 2);
  free(fields);
  return error;
}

runtime_error_t *wasmcell_go_exchange_free(wasmcell_go_exchange_t *exchange, bool wait,
                                           wasmcell_go_call_t *call) {
  runtime_error_t *error = wait ? runtime_http_exchange_end(exchange->exchange) : NULL;
  runtime_http_exchange_free(exchange->exchange);
  if (call != NULL) wasmcell_go_reported(call, &exchange->report);
  free(exchange);
  return error;
}
