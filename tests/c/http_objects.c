/* threads */
/* Exchanges among the other objects: released in any order, used by several threads, cut off by a
 * shutdown; and requests that are none. */
#include "exchange.h"

static void expect_invalid(const runtime_http_request_t *request, const char *what) {
  runtime_http_exchange_t *exchange = NULL;
  runtime_error_t *error = runtime_http_exchange_new(http_handler, request, NULL, &exchange);
  CHECK(error != NULL && exchange == NULL);
  CHECK(runtime_error_http_status(error) == 400);
  CHECK_ERROR(error, RUNTIME_ERROR_INVALID_ARGUMENT, what);
}

static void test_requests_that_are_none(void) {
  static const char *const paths[] = {"", "a", "http://a/", "/a b", "/\r\nx: y", "/#", "*"};
  static const char *const hosts[] = {"",    "a b", "a/b", "user@a", "a:b", "a:70000",
                                      "[::", "a\r", "::1", "a,b@c",  ":1"};
  static const char *const lengths[] = {"+5", "5,5", "0x5", "-5", "", "18446744073709551616", "6"};
  runtime_http_field_t fields[2] = {{"content-length", 14, "", 0}, {"host", 4, "a", 1}};
  runtime_http_request_t request = request_to("/hello");
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    request = request_to(paths[i]);
    expect_invalid(&request, "request.path");
  }
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    request = request_to("/hello");
    request.authority = hosts[i], request.authority_len = strlen(hosts[i]);
    expect_invalid(&request, "request.authority");
  }
  request = request_to("/hello");
  request.fields = fields, request.fields_len = 1;
  request.body = (const uint8_t *)"body?", request.body_len = 5;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    fields[0].value = lengths[i], fields[0].value_len = strlen(lengths[i]);
    expect_invalid(&request, "content-length");
  }
  fields[0].value = "5", fields[0].value_len = 1;
  runtime_http_exchange_free(open_with(&request, NULL));
  fields[1] = fields[0], request.fields_len = 2;
  expect_invalid(&request, "twice");
  request = request_to("/hello");
  request.fields = fields, request.fields_len = 2;
  fields[0].name = fields[1].name = "Host", fields[0].name_len = fields[1].name_len = 4;
  fields[0].value = fields[1].value = "example.com", fields[0].value_len = fields[1].value_len = 11;
  expect_invalid(&request, "twice");
  request.fields_len = 1;
  runtime_http_exchange_free(open_with(&request, NULL));
  fields[0].value_len = 7;
  expect_invalid(&request, "another `host`");
  fields[0].name = "a:", fields[0].name_len = 2;
  expect_invalid(&request, "request.fields[0].name");
  fields[0].name = "a", fields[0].name_len = 1;
  fields[0].value = "b\r\nc: d", fields[0].value_len = 7;
  expect_invalid(&request, "request.fields[0].value");
  fields[0].value = NULL;
  expect_invalid(&request, "request.fields[0]");
  request.fields = NULL;
  expect_invalid(&request, "request.fields");
  request = request_to("/hello");
  request.method = "CONNECT", request.method_len = 7;
  expect_invalid(&request, "request.method");
  request.method = "GET /", request.method_len = 5;
  expect_invalid(&request, "request.method");
  request = request_to("/hello");
  request.scheme = "ftp", request.scheme_len = 3;
  expect_invalid(&request, "request.scheme");
  request = request_to("/hello");
  request.flags = 2;
  expect_invalid(&request, "request.flags");
  request = request_to("/hello");
  request.authority = NULL;
  expect_invalid(&request, "request.authority");
  expect_invalid(NULL, "request");
}

static void test_components_that_are_no_handlers(void) {
  static const char wat[] = "(component)";
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_http_handler_t *handler = NULL;
  runtime_http_exchange_t *exchange = NULL;
  runtime_http_request_t request = request_to("/hello");
  size_t len = 0;
  CHECK_OK(
      runtime_component_new(http_runtime, (const uint8_t *)wat, sizeof wat - 1, NULL, &component));
  CHECK_ERROR(runtime_http_handler_new(component, &handler), RUNTIME_ERROR_NOT_FOUND,
              "wasi:http/incoming-handler");
  CHECK(handler == NULL);
  runtime_component_free(component);
  void *bytes = check_guest("http.wasm", &len);
  options.blocking_only = 1;
  CHECK_OK(runtime_component_new(http_runtime, bytes, len, &options, &component));
  CHECK_OK(runtime_http_handler_new(component, &handler));
  CHECK_ERROR(runtime_http_exchange_new(handler, &request, NULL, &exchange),
              RUNTIME_ERROR_UNSUPPORTED, "blocking calls only");
  runtime_http_handler_free(handler);
  runtime_component_free(component);
  free(bytes);
}

static void *read_all(void *data) {
  CHECK_TEXT(whole_of(data), "tick 0\ntick 1\n");
  return NULL;
}

static void *read_busy(void *data) {
  const runtime_http_response_t *head = NULL;
  CHECK_ERROR(runtime_http_exchange_response(data, &head), RUNTIME_ERROR_BUSY, "another thread");
  CHECK_ERROR(runtime_http_exchange_end(data), RUNTIME_ERROR_BUSY, "another thread");
  return NULL;
}

static runtime_http_exchange_t *asked;

/* While the guest waits for its body, its exchange is in use. */
static runtime_error_t *provide_busily(void *user_data, void *context, uint8_t *buffer,
                                       size_t capacity, size_t *len_out) {
  (void)user_data, (void)context, (void)buffer, (void)capacity, (void)len_out;
  (void)read_busy(asked);
  thread_join(thread_start(read_busy, asked));
  return NULL;
}

static void test_threads(void) {
  runtime_http_exchange_t *exchange = open_to("/ticks?2&20");
  CHECK(head_of(exchange)->status == 200);
  thread_join(thread_start(read_all, exchange));
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
  runtime_http_request_t request = request_to("/sum");
  request.flags = RUNTIME_HTTP_MORE, request.read = provide_busily;
  asked = open_with(&request, NULL);
  CHECK_TEXT(whole_of(asked), "0 cbf29ce484222325\n");
  runtime_http_exchange_free(asked);
}

static void *ask_often(void *data) {
  (void)data;
  for (size_t i = 0; i < scaled(300); i++) {
    expect_response("/hello", 200, "Hello!\n");
    expect_response("/status?404", 404, "");
  }
  return NULL;
}

/* On several processors at once, which get copies of the component. */
static void test_crowds(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = thread_start(ask_often, NULL);
  for (int i = 0; i < 4; i++) thread_join(threads[i]);
}

/* It is released within its own call. */
static runtime_error_t *provide_and_free(void *user_data, void *context, uint8_t *buffer,
                                         size_t capacity, size_t *len_out) {
  (void)user_data, (void)context, (void)buffer, (void)capacity, (void)len_out;
  runtime_http_exchange_free(asked);
  return NULL;
}

static void test_any_order(void) {
  runtime_http_request_t request = request_to("/sum");
  runtime_http_handler_t *handler = NULL;
  const runtime_http_response_t *head = NULL;
  request.flags = RUNTIME_HTTP_MORE, request.read = provide_and_free;
  asked = open_with(&request, NULL);
  CHECK_OK(runtime_http_exchange_response(asked, &head));
  CHECK_OK(runtime_http_handler_new(http_component, &handler));
  request = request_to("/hello");
  CHECK_OK(runtime_http_exchange_new(handler, &request, NULL, &asked));
  runtime_http_handler_free(handler);
  CHECK_TEXT(whole_of(asked), "Hello!\n");
  runtime_http_exchange_free(asked);
}

static void test_reuse(void) {
  http_end();
  http_start_by(http_builder(0), 3);
  expect_response("/count", 200, "1\n");
  expect_response("/count", 200, "2\n");
  expect_response("/count", 200, "3\n");
  expect_response("/count", 200, "1\n");
  runtime_http_exchange_t *exchange = open_to("/leak");
  CHECK_TEXT(whole_of(exchange), "begun");
  runtime_http_exchange_free(exchange);
  expect_response("/count", 200, "3\n");
  exchange = open_to("/trap-after");
  CHECK_ERROR(runtime_http_exchange_end(exchange), RUNTIME_ERROR_TRAP, "");
  runtime_http_exchange_free(exchange);
  expect_response("/count", 200, "1\n");
  /* Never two requests at once in one. */
  exchange = open_to("/ticks?2&20");
  CHECK(head_of(exchange)->status == 200);
  expect_response("/count", 200, "1\n");
  CHECK_TEXT(whole_of(exchange), "tick 0\ntick 1\n");
  runtime_http_exchange_free(exchange);
}

static void test_report(void) {
  runtime_call_report_t report = RUNTIME_CALL_REPORT_INIT;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_builder_t *builder = http_builder(0);
  http_end();
  runtime_builder_fuel(builder, UINT64_C(1) << 40);
  http_start_by(builder, 0);
  options.report = &report;
  runtime_http_request_t request = request_to("/hello");
  runtime_http_exchange_t *exchange = open_with(&request, &options);
  CHECK_TEXT(whole_of(exchange), "Hello!\n");
  runtime_http_exchange_free(exchange);
  CHECK(report.fuel_used > 1000);
  options.report = NULL, options.fuel = 1000;
  exchange = open_with(&request, &options);
  CHECK_ERROR(runtime_http_exchange_end(exchange), RUNTIME_ERROR_FUEL, "");
  runtime_http_exchange_free(exchange);
}

/* What stands still is ended by it, also in the midst of a body. */
static void test_shutdown(void) {
  runtime_http_exchange_t *unused = open_to("/hello"), *begun = open_to("/ticks?100&1");
  runtime_http_request_t request = request_to("/hello");
  runtime_http_exchange_t *exchange = NULL;
  static body_t body;
  CHECK(head_of(begun)->status == 200);
  CHECK_OK(runtime_shutdown(http_runtime, 10000));
  body_read(begun, &body);
  CHECK_ERROR(body.error, RUNTIME_ERROR_CANCELLED, "shutting down");
  CHECK_ERROR(runtime_http_exchange_end(unused), RUNTIME_ERROR_CANCELLED, "");
  CHECK_ERROR(runtime_http_exchange_new(http_handler, &request, NULL, &exchange),
              RUNTIME_ERROR_SHUTDOWN, "");
  runtime_http_exchange_free(unused);
  runtime_http_exchange_free(begun);
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_requests_that_are_none);
    RUN(test_components_that_are_no_handlers);
    RUN(test_threads);
    RUN(test_crowds);
    RUN(test_any_order);
    RUN(test_reuse);
    RUN(test_report);
    RUN(test_shutdown);
    http_end();
  }
  return 0;
}
