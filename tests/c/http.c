/* Requests are handled by a component, on the thread that asks for the response, and both bodies
 * come and go in pieces. */
#include "exchange.h"

static void test_plain(void) {
  runtime_http_exchange_t *exchange = open_to("/hello");
  const runtime_http_response_t *head = head_of(exchange);
  CHECK(head->status == 200 && head->body_len == UINT64_MAX);
  CHECK_TEXT(field_of(head->fields, head->fields_len, "content-type"), "text/plain");
  CHECK(head_of(exchange) == head);
  CHECK_TEXT(whole_of(exchange), "Hello!\n");
  CHECK_TEXT(whole_of(exchange), "");
  CHECK_OK(runtime_http_exchange_end(exchange));
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
  expect_response("/status?404", 404, "");
  expect_response("/status?599", 599, "");
  expect_response("/nowhere", 404, "not here\n");
  expect_response("/count", 200, "1\n");
  expect_response("/count", 200, "1\n");
}

static void test_what_the_guest_sees(void) {
  static const char fields_of[][2][20] = {{"Host", "example.com:80"},
                                          {"X-Two", "a"},
                                          {"x-TWO", "b"},
                                          {"Connection", "x-hop"},
                                          {"X-Hop", "1"},
                                          {"Expect", "100-continue"},
                                          {"TE", "gzip"},
                                          {"Keep-Alive", "1"},
                                          {"Upgrade", "websocket"},
                                          {"Transfer-Encoding", "x"},
                                          {"Proxy-Connection", "x"}};
  runtime_http_field_t fields[sizeof fields_of / sizeof *fields_of];
  runtime_http_request_t request = request_to("/show?a=b&c=%20");
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    fields[i].name = fields_of[i][0], fields[i].name_len = strlen(fields_of[i][0]);
    fields[i].value = fields_of[i][1], fields[i].value_len = strlen(fields_of[i][1]);
  }
  request.method = "PROPFIND", request.method_len = 8;
  request.scheme = "https", request.scheme_len = 5;
  request.authority = NULL, request.authority_len = 0;
  request.fields = fields, request.fields_len = sizeof fields / sizeof *fields;
  runtime_http_exchange_t *exchange = open_with(&request, NULL);
  CHECK(head_of(exchange)->status == 200);
  CHECK_TEXT(whole_of(exchange),
             "PROPFIND https example.com:80 /show?a=b&c=%20\nx-two: a\nx-two: b\n");
  runtime_http_exchange_free(exchange);
}

static void test_no_body(void) {
  runtime_http_request_t request = request_to("/length?5");
  request.method = "HEAD", request.method_len = 4;
  runtime_http_exchange_t *exchange = open_with(&request, NULL);
  const runtime_http_response_t *head = head_of(exchange);
  CHECK(head->status == 200 && head->body_len == 0);
  CHECK_TEXT(field_of(head->fields, head->fields_len, "content-length"), "5");
  CHECK_TEXT(whole_of(exchange), "");
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
  exchange = open_to("/status?204");
  CHECK(head_of(exchange)->body_len == 0);
  CHECK_TEXT(whole_of(exchange), "");
  runtime_http_exchange_free(exchange);
}

static void test_trailers(void) {
  const runtime_http_field_t *fields = NULL;
  size_t len = 1;
  runtime_http_exchange_t *exchange = open_to("/trailers");
  CHECK(head_of(exchange)->status == 200);
  CHECK_OK(runtime_http_exchange_trailers(exchange, &fields, &len));
  CHECK(fields == NULL && len == 0);
  CHECK_TEXT(whole_of(exchange), "with trailers\n");
  CHECK_OK(runtime_http_exchange_trailers(exchange, &fields, &len));
  CHECK(len == 3);
  CHECK_TEXT(field_of(fields, 1, "x-sum"), "42");
  CHECK_TEXT(field_of(fields + 1, 1, "x-two"), "a");
  CHECK_TEXT(field_of(fields + 2, 1, "x-two"), "b");
  runtime_http_exchange_free(exchange);
}

/* FNV-1a of what has been given so far, which /sum tells of what has come. */
static uint64_t sum_of(uint64_t sum, const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++) sum = (sum ^ data[i]) * 0x100000001b3;
  return sum;
}

#define SUM_OF_NOTHING 0xcbf29ce484222325

static void expect_sum(runtime_http_exchange_t *exchange, size_t len, uint64_t sum,
                       const char *trailers) {
  char expected[100];
  (void)snprintf(expected, sizeof expected, "%zu %016llx\n%s", len, (unsigned long long)sum,
                 trailers);
  CHECK(head_of(exchange)->status == 200);
  CHECK_TEXT(whole_of(exchange), expected);
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

static void test_request_bodies_at_once(void) {
  static uint8_t body[3 << 20];
  static const size_t lens[] = {0, 1, 5, 65536, 65537, sizeof body};
  for (size_t i = 0; i < sizeof body; i++) body[i] = (uint8_t)(i * 7 + i / 251);
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    runtime_http_request_t request = request_to("/sum");
    request.method = "POST", request.method_len = 4;
    request.body = body, request.body_len = lens[i];
    expect_sum(open_with(&request, NULL), lens[i], sum_of(SUM_OF_NOTHING, body, lens[i]), "");
  }
}

/* Provides so many bytes more. */
typedef struct {
  size_t left, most, calls;
  uint64_t sum;
  int fails;
} source_t;

static runtime_error_t *provide(void *user_data, void *context, uint8_t *buffer, size_t capacity,
                                size_t *len_out) {
  source_t *source = user_data;
  size_t len = source->left < source->most ? source->left : source->most;
  CHECK(context == source && *len_out == 0 && capacity > 0);
  source->calls++;
  if (source->left == 0 && source->fails) return runtime_error_new("gone", 4);
  if (len > capacity) len = capacity;
  for (size_t i = 0; i < len; i++) buffer[i] = (uint8_t)(source->left - i);
  source->sum = sum_of(source->sum, buffer, len);
  source->left -= len;
  *len_out = len;
  return NULL;
}

static runtime_http_exchange_t *open_from(const char *path, source_t *source) {
  runtime_http_request_t request = request_to(path);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  request.body = (const uint8_t *)"begin", request.body_len = 5;
  request.flags = RUNTIME_HTTP_MORE;
  request.read = provide, request.read_user_data = source;
  source->sum = sum_of(SUM_OF_NOTHING, request.body, 5);
  options.context = source;
  return open_with(&request, &options);
}

static void test_request_bodies_from_a_callback(void) {
  static const size_t lens[] = {0, 1, 1000000}, pieces[] = {1000, 100000};
  for (size_t i = 0; i < 6; i++) {
    source_t source = {.left = lens[i % 3], .most = pieces[i / 3]};
    size_t len = source.left + 5;
    runtime_http_exchange_t *exchange = open_from("/sum", &source);
    CHECK(source.calls == 0 && head_of(exchange)->status == 200 && source.left == 0);
    expect_sum(exchange, len, source.sum, "");
  }
  source_t broken = {.left = 70000, .most = 70000, .fails = 1};
  runtime_http_exchange_t *exchange = open_from("/sum", &broken);
  CHECK(head_of(exchange)->status == 400);
  CHECK_TEXT(whole_of(exchange), "error connection-terminated\n");
  runtime_http_exchange_free(exchange);
  source_t unread = {.left = 70000, .most = 70000};
  exchange = open_from("/hello", &unread);
  CHECK_TEXT(whole_of(exchange), "Hello!\n");
  CHECK(unread.calls == 0);
  runtime_http_exchange_free(exchange);
}

static runtime_http_exchange_t *open_for_writing(const char *path) {
  runtime_http_request_t request = request_to(path);
  request.flags = RUNTIME_HTTP_MORE;
  return open_with(&request, NULL);
}

static void test_request_bodies_by_writing(void) {
  static uint8_t data[1000000];
  runtime_http_field_t trailer = {"X-End", 5, "here", 4};
  const runtime_http_response_t *head = NULL;
  runtime_http_exchange_t *exchange = open_for_writing("/sum");
  size_t taken = 0;
  int32_t end = 1;
  const uint8_t *piece = data;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i ^ i >> 9);
  CHECK_OK(runtime_http_exchange_response(exchange, &head));
  CHECK(head == NULL);
  CHECK_OK(runtime_http_exchange_read(exchange, &piece, &taken, &end));
  CHECK(piece == NULL && taken == 0 && !end);
  CHECK_OK(runtime_http_exchange_write(exchange, data, sizeof data, &taken));
  CHECK(taken == sizeof data);
  CHECK_OK(runtime_http_exchange_write(exchange, NULL, 0, &taken));
  CHECK_OK(runtime_http_exchange_finish(exchange, &trailer, 1));
  CHECK_ERROR(runtime_http_exchange_finish(exchange, NULL, 0), RUNTIME_ERROR_INVALID_ARGUMENT, "");
  CHECK_ERROR(runtime_http_exchange_write(exchange, data, 1, &taken),
              RUNTIME_ERROR_INVALID_ARGUMENT, "nothing follows");
  expect_sum(exchange, sizeof data, sum_of(SUM_OF_NOTHING, data, sizeof data), "x-end: here\n");
  exchange = open_for_writing("/hello");
  CHECK_OK(runtime_http_exchange_write(exchange, data, sizeof data, &taken));
  CHECK(taken < sizeof data);
  CHECK_TEXT(whole_of(exchange), "Hello!\n");
  runtime_http_exchange_free(exchange);
  exchange = open_for_writing("/sum");
  CHECK_OK(runtime_http_exchange_write(exchange, data, 10, &taken));
  CHECK(taken == 10);
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

/* Both bodies at once: who has to read before the guest goes on is told so. */
static void test_echo(void) {
  static uint8_t data[5 << 20];
  runtime_http_exchange_t *exchange = open_for_writing("/echo");
  size_t written = 0, read = 0;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 11 + i / 256);
  for (int32_t end = 0; !end;) {
    const uint8_t *piece = NULL;
    size_t taken = 0, len = 0;
    if (written < sizeof data) {
      CHECK_OK(
          runtime_http_exchange_write(exchange, data + written, sizeof data - written, &taken));
      CHECK(taken <= 256 << 10);
      written += taken;
      if (written == sizeof data) CHECK_OK(runtime_http_exchange_finish(exchange, NULL, 0));
    }
    CHECK_OK(runtime_http_exchange_read(exchange, &piece, &len, &end));
    CHECK(len <= sizeof data - read && (len == 0 || memcmp(piece, data + read, len) == 0));
    read += len;
  }
  CHECK(read == sizeof data && written == sizeof data);
  CHECK_OK(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

/* The guest stands still while nobody reads. */
static void test_pace(void) {
  static const size_t size = 20 << 20;
  runtime_http_exchange_t *exchange = open_to("/bytes?20971520");
  size_t read = 0;
  for (int32_t end = 0; !end;) {
    const uint8_t *piece = NULL;
    size_t len = 0;
    CHECK_OK(runtime_http_exchange_read(exchange, &piece, &len, &end));
    for (size_t i = 0; i < len; i++) CHECK(piece[i] == (read + i) % 251);
    read += len;
  }
  CHECK(read == size);
  runtime_http_exchange_free(exchange);
  exchange = open_to("/body-bomb");
  CHECK(head_of(exchange)->status == 200);
  for (int i = 0; i < 10; i++) {
    const uint8_t *piece = NULL;
    size_t len = 0;
    int32_t end = 0;
    CHECK_OK(runtime_http_exchange_read(exchange, &piece, &len, &end));
    CHECK(len > 0 && len <= 32 << 10);
  }
  runtime_http_exchange_free(exchange);
}

static void test_work_afterwards(void) {
  runtime_http_exchange_t *exchange = open_to("/after?50");
  uint64_t before = now_ms();
  CHECK_TEXT(whole_of(exchange), "done\n");
  CHECK_OK(runtime_http_exchange_end(exchange));
  CHECK(now_ms() - before >= 50);
  runtime_http_exchange_free(exchange);
  exchange = open_to("/after?60000");
  CHECK_TEXT(whole_of(exchange), "done\n");
  runtime_http_exchange_free(exchange);
}

/* A request of the guest's own is denied, and the component loads all the same. */
static void test_fetching(void) {
  expect_response("/fetch?http://127.0.0.1:1/", 200, "error HTTP-request-denied\n");
  expect_response("/fetch-drop?https://example.com/", 200, "error HTTP-request-denied\n");
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_plain);
    RUN(test_what_the_guest_sees);
    RUN(test_no_body);
    RUN(test_trailers);
    RUN(test_request_bodies_at_once);
    RUN(test_request_bodies_from_a_callback);
    RUN(test_request_bodies_by_writing);
    RUN(test_echo);
    RUN(test_pace);
    RUN(test_work_afterwards);
    RUN(test_fetching);
    http_end();
  }
  return 0;
}
