/* Guests that break HTTP, end in the midst of it, or take what they can: a response that is cut off
 * never looks complete, and nothing but the exchange is hurt. */
#include "exchange.h"

/* The head comes; the body begins with `text`, and then there is this error. */
static void expect_cut(const char *path, const runtime_call_options_t *options, const char *text,
                       int code, const char *message) {
  static body_t body;
  runtime_http_request_t request = request_to(path);
  runtime_http_exchange_t *exchange = open_with(&request, options);
  CHECK(head_of(exchange)->status == 200);
  body_read(exchange, &body);
  CHECK_TEXT(body.text, text);
  CHECK_ERROR(body.error, code, message);
  body_read(exchange, &body);
  CHECK(body.len == 0);
  CHECK_ERROR(body.error, code, message);
  runtime_http_exchange_free(exchange);
}

/* There is no response, but this error, and this status for the client. */
static void expect_none(const char *path, const runtime_call_options_t *options, int code,
                        runtime_http_error_t why, uint64_t status) {
  static body_t body;
  const runtime_http_response_t *head = NULL;
  runtime_http_request_t request = request_to(path);
  runtime_http_exchange_t *exchange = open_with(&request, options);
  runtime_error_t *error = runtime_http_exchange_response(exchange, &head);
  CHECK(head == NULL && error != NULL);
  CHECK(runtime_error_http(error) == why && runtime_error_http_status(error) == status);
  CHECK_ERROR(error, code, "");
  CHECK_ERROR(runtime_http_exchange_response(exchange, &head), code, "");
  body_read(exchange, &body);
  CHECK(body.len == 0);
  CHECK_ERROR(body.error, code, "");
  runtime_http_exchange_free(exchange);
}

static runtime_call_options_t for_ms(uint64_t ms) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = ms;
  return options;
}

static void test_ends_before(void) {
  runtime_call_options_t soon = for_ms(50);
  expect_none("/trap-before", NULL, RUNTIME_ERROR_TRAP, RUNTIME_HTTP_ERROR_NONE, 500);
  expect_none("/spin-before", &soon, RUNTIME_ERROR_TIMEOUT, RUNTIME_HTTP_ERROR_NONE, 504);
  expect_none("/sleep-before?60000", &soon, RUNTIME_ERROR_TIMEOUT, RUNTIME_HTTP_ERROR_NONE, 504);
  expect_none("/no-response", NULL, RUNTIME_ERROR_HTTP, RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE,
              500);
  expect_none("/dropped", NULL, RUNTIME_ERROR_HTTP, RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE, 500);
}

/* Whether the host sees the head before the guest fails depends on whether that has waited in
 * between; the body is not complete in any case. */
static void expect_failure(const char *path, const runtime_call_options_t *options, int code) {
  static body_t body;
  runtime_http_request_t request = request_to(path);
  runtime_http_exchange_t *exchange = open_with(&request, options);
  body_read(exchange, &body);
  CHECK_ERROR(body.error, code, "");
  body_read(exchange, &body);
  CHECK(body.len == 0);
  CHECK_ERROR(body.error, code, "");
  CHECK_ERROR(runtime_http_exchange_end(exchange), code, "");
  runtime_http_exchange_free(exchange);
}

static void test_ends_somewhere(void) {
  runtime_call_options_t soon = for_ms(50);
  expect_failure("/trap-after", NULL, RUNTIME_ERROR_TRAP);
  expect_failure("/exit-after", NULL, RUNTIME_ERROR_EXIT);
  expect_failure("/twice", NULL, RUNTIME_ERROR_TRAP);
  expect_failure("/spin-after", &soon, RUNTIME_ERROR_TIMEOUT);
  expect_failure("/write-unchecked?10000000", NULL, RUNTIME_ERROR_TRAP);
}

static void test_ends_within(void) {
  runtime_call_options_t soon = for_ms(100);
  expect_cut("/sleep-after?60000", &soon, "begun", RUNTIME_ERROR_TIMEOUT, "100 ms");
  expect_cut("/ticks?3&60000", &soon, "tick 0\n", RUNTIME_ERROR_TIMEOUT, "");
  expect_response("/ticks?3&1", 200, "tick 0\ntick 1\ntick 2\n");
}

/* Reads a body, whose end is a proper one or this. */
static void expect_length(const char *path, uint64_t announced, size_t len,
                          runtime_http_error_t why) {
  static body_t body;
  runtime_http_exchange_t *exchange = open_to(path);
  CHECK(head_of(exchange)->body_len == announced);
  body_read(exchange, &body);
  CHECK(body.len == len && runtime_error_http(body.error) == why);
  CHECK((body.error != NULL) == (why != RUNTIME_HTTP_ERROR_NONE));
  runtime_error_free(body.error);
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

static void test_lengths(void) {
  expect_length("/length?10", 10, 10, RUNTIME_HTTP_ERROR_NONE);
  expect_length("/short?10", 10, 9, RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE);
  expect_length("/long?10", 10, 10, RUNTIME_HTTP_ERROR_RESPONSE_BODY_SIZE);
  expect_length("/no-finish", UINT64_MAX, 5, RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE);
  expect_length("/leak", UINT64_MAX, 5, RUNTIME_HTTP_ERROR_NONE);
}

static void *trigger_soon(void *token) {
  pause_ms(30);
  runtime_cancel_trigger(token);
  return NULL;
}

static void test_cancelled(void) {
  static const char *const paths[] = {"/sleep-before?60000", "/spin-before", "/sleep-after?60000"};
  for (int i = 0; i < 3; i++) {
    static body_t body;
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_http_request_t request = request_to(paths[i]);
    runtime_cancel_t *token = NULL;
    CHECK_OK(runtime_cancel_new(&token));
    options.cancel = token;
    runtime_http_exchange_t *exchange = open_with(&request, &options);
    pthread_t thread = thread_start(trigger_soon, token);
    body_read(exchange, &body);
    CHECK_ERROR(body.error, RUNTIME_ERROR_CANCELLED, "");
    CHECK_ERROR(runtime_http_exchange_end(exchange), RUNTIME_ERROR_CANCELLED, "");
    thread_join(thread);
    runtime_http_exchange_free(exchange);
    runtime_cancel_free(token);
  }
}

/* Nobody drives it when its time is up, or it is cancelled: its place is free all the same. */
static void test_late_while_it_stands_still(void) {
  static body_t body;
  runtime_call_options_t options = for_ms(500);
  runtime_http_request_t request = request_to("/ticks?100&1");
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_cancel_t *token = NULL;
  for (int i = 0; i < 2; i++) {
    if (i == 1) {
      CHECK_OK(runtime_cancel_new(&token));
      options.timeout_ms = 0, options.cancel = token;
    }
    runtime_http_exchange_t *exchange = open_with(&request, &options);
    CHECK(head_of(exchange)->status == 200);
    if (i == 1) runtime_cancel_trigger(token);
    do {
      pause_ms(1);
      CHECK_OK(runtime_stats(http_runtime, &stats));
    } while (stats.instances > 0);
    body_read(exchange, &body);
    CHECK(body.len < 100);
    CHECK_ERROR(body.error, i == 0 ? RUNTIME_ERROR_TIMEOUT : RUNTIME_ERROR_CANCELLED, "");
    CHECK_ERROR(runtime_http_exchange_end(exchange),
                i == 0 ? RUNTIME_ERROR_TIMEOUT : RUNTIME_ERROR_CANCELLED, "");
    runtime_http_exchange_free(exchange);
  }
  runtime_cancel_free(token);
}

static void test_freed_anywhere(void) {
  static const char *const paths[] = {"/hello", "/ticks?100&1", "/body-bomb", "/sleep-before?60000",
                                      "/trap-after"};
  runtime_call_options_t soon = for_ms(20);
  for (int i = 0; i < 10; i++) {
    runtime_http_request_t request = request_to(paths[i / 2]);
    runtime_http_exchange_t *exchange = open_with(&request, &soon);
    const runtime_http_response_t *head = NULL;
    if (i % 2) runtime_error_free(runtime_http_exchange_response(exchange, &head));
    runtime_http_exchange_free(exchange);
  }
}

static void test_what_guests_say(void) {
  static const struct {
    const char *name;
    runtime_http_error_t why;
    uint64_t status;
  } all[] = {{"DNS-timeout", RUNTIME_HTTP_ERROR_DNS_TIMEOUT, 504},
             {"connection-refused", RUNTIME_HTTP_ERROR_CONNECTION_REFUSED, 502},
             {"HTTP-request-denied", RUNTIME_HTTP_ERROR_REQUEST_DENIED, 500},
             {"HTTP-response-timeout", RUNTIME_HTTP_ERROR_RESPONSE_TIMEOUT, 504},
             {"configuration-error", RUNTIME_HTTP_ERROR_CONFIGURATION_ERROR, 500},
             {"internal-error", RUNTIME_HTTP_ERROR_INTERNAL_ERROR, 500}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char path[100];
    (void)snprintf(path, sizeof path, "/error?%s", all[i].name);
    expect_none(path, NULL, RUNTIME_ERROR_HTTP, all[i].why, all[i].status);
  }
  const runtime_http_response_t *head = NULL;
  runtime_http_exchange_t *exchange = open_to("/error?internal-error");
  CHECK_ERROR(runtime_http_exchange_response(exchange, &head), RUNTIME_ERROR_HTTP, "because");
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

static void test_statuses(void) {
  static const char *const wrong[] = {"/status?100", "/status?101", "/status?199", "/status?600",
                                      "/status?999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    expect_none(wrong[i], NULL, RUNTIME_ERROR_HTTP, RUNTIME_HTTP_ERROR_PROTOCOL_ERROR, 500);
  }
}

/* Nobody gets a second response, or another connection, by a field. */
static void test_fields(void) {
  static const char *const trials[][2] = {{"connection", "forbidden"},
                                          {"keep-alive", "forbidden"},
                                          {"transfer-encoding", "forbidden"},
                                          {"upgrade", "forbidden"},
                                          {"host", "forbidden"},
                                          {"te", "ok"},
                                          {"trailer", "ok"},
                                          {"content-length +5", "invalid-syntax"},
                                          {"value with CR LF", "invalid-syntax"},
                                          {"value with NUL", "invalid-syntax"},
                                          {"name with blank", "invalid-syntax"},
                                          {"empty name", "invalid-syntax"},
                                          {"name with colon", "invalid-syntax"}};
  char expected[4000] = "";
  for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
    size_t len = strlen(expected);
    (void)snprintf(expected + len, sizeof expected - len, "append %s: %s\nfrom-list %s: %s\n",
                   trials[i][0], trials[i][1], trials[i][0], trials[i][1]);
  }
  (void)strcat(expected, "append to the request: immutable\n");
  expect_response("/forbidden", 200, expected);
}

/* What a guest can make the host keep has bounds. */
static void test_bombs(void) {
  expect_none("/field-bomb?100000", NULL, RUNTIME_ERROR_TRAP, RUNTIME_HTTP_ERROR_NONE, 500);
  expect_none("/value-bomb?1000000", NULL, RUNTIME_ERROR_TRAP, RUNTIME_HTTP_ERROR_NONE, 500);
  expect_none("/fields-bomb?1000000", NULL, RUNTIME_ERROR_RESOURCE_LIMIT, RUNTIME_HTTP_ERROR_NONE,
              500);
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_ends_before);
    RUN(test_ends_somewhere);
    RUN(test_ends_within);
    RUN(test_lengths);
    RUN(test_cancelled);
    RUN(test_late_while_it_stands_still);
    RUN(test_freed_anywhere);
    RUN(test_what_guests_say);
    RUN(test_statuses);
    RUN(test_fields);
    RUN(test_bombs);
    http_end();
  }
  return 0;
}
