/* threads */
/* What attacks on exchanges have found, and must not find again: places that nobody uses, waiting
 * for nobody, and lengths, trailers and ends of bodies that say two things. */
#include "exchange.h"

/* Whether instances are made without the pool. */
static int on_demand;

static runtime_http_exchange_t *open_within(const char *path, const char *method, uint64_t ms) {
  runtime_http_request_t request = request_to(path);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  request.method = method, request.method_len = strlen(method);
  request.flags = RUNTIME_HTTP_MORE;
  options.timeout_ms = ms;
  return open_with(&request, &options);
}

/* Both places are taken. */
static void take_places(runtime_http_exchange_t *taken[2]) {
  for (int i = 0; i < 2; i++) {
    taken[i] = open_to("/ticks?1000&1");
    CHECK(head_of(taken[i])->status == 200);
  }
  CHECK(stats_now().instances == 2);
}

static void restart_with_places(uint64_t wait_ms) {
  runtime_builder_t *builder = http_builder(on_demand);
  runtime_builder_max_components(builder, 2);
  runtime_builder_instance_wait(builder, wait_ms);
  restart(builder, 0);
}

/* Who gave up waiting for a place does not get one later, which nobody else would have then. */
static void test_no_place(void) {
  runtime_http_exchange_t *taken[2], *late[2];
  const runtime_http_response_t *head = NULL;
  size_t len = 1;
  restart_with_places(100);
  take_places(taken);
  for (int i = 0; i < 2; i++) {
    uint64_t before = now_ms();
    late[i] = open_within("/sum", "POST", 0);
    CHECK_OK(runtime_http_exchange_write(late[i], (const uint8_t *)"abc", 3, &len));
    CHECK(len == 0 && now_ms() - before >= 100);
    CHECK_ERROR(runtime_http_exchange_response(late[i], &head), RUNTIME_ERROR_INSTANCE_LIMIT, "");
  }
  for (int i = 0; i < 2; i++) runtime_http_exchange_free(taken[i]);
  CHECK(stats_now().instances == 0);
  expect_response("/hello", 200, "Hello!\n");
  for (int i = 0; i < 2; i++) {
    CHECK_ERROR(runtime_http_exchange_end(late[i]), RUNTIME_ERROR_INSTANCE_LIMIT, "");
    runtime_http_exchange_free(late[i]);
  }
  expect_response("/hello", 200, "Hello!\n");
}

static void *write_three(void *exchange) {
  size_t taken = 0;
  CHECK_OK(runtime_http_exchange_write(exchange, (const uint8_t *)"abc", 3, &taken));
  CHECK(taken == 3);
  return NULL;
}

/* A place that comes free goes to who waits, and what waits for its host has one. */
static void test_place_comes_free(void) {
  runtime_http_exchange_t *taken[2];
  restart_with_places(10000);
  runtime_http_exchange_t *waiting = open_within("/sum", "POST", 60000);
  take_places(taken);
  pthread_t thread = thread_start(write_three, waiting);
  pause_ms(50);
  runtime_http_exchange_free(taken[0]);
  thread_join(thread);
  CHECK(stats_now().instances == 2);
  runtime_http_exchange_free(taken[1]);
  CHECK(stats_now().instances == 1);
  expect_response("/hello", 200, "Hello!\n");
  CHECK_OK(runtime_http_exchange_finish(waiting, NULL, 0));
  CHECK(head_of(waiting)->status == 200);
  runtime_http_exchange_free(waiting);
  CHECK(stats_now().instances == 0);
}

static void printed(void *user_data, void *context, const uint8_t *data, size_t len) {
  (void)context, (void)data;
  *(size_t *)user_data += len;
}

/* Who only looks at the request's body does not wait for it. */
static void test_looks(void) {
  runtime_http_exchange_t *exchange = open_within("/look-sleep?50", "POST", 10000);
  CHECK(head_of(exchange)->status == 200);
  CHECK_TEXT(whole_of(exchange), "saw 0\n");
  runtime_http_exchange_free(exchange);
  exchange = open_within("/body-or-timer?10", "POST", 10000);
  CHECK(head_of(exchange)->status == 200);
  size_t read = 0;
  for (int32_t end = 0; !end;) {
    const uint8_t *piece = NULL;
    size_t len = 0;
    CHECK_OK(runtime_http_exchange_read(exchange, &piece, &len, &end));
    if (len == 0) pause_ms(2);
    read += len;
  }
  CHECK(read == strlen("tick\n") * 5 + strlen("read 0\n"));
  runtime_http_exchange_free(exchange);
}

/* Nor does one that waits for its host's callback. */
static void test_looks_and_prints(void) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_sandbox_t *sandbox = NULL;
  runtime_http_handler_t *other = http_handler;
  size_t len = 0, count = 0;
  void *bytes = check_guest("http.wasm", &len);
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, printed, 0, &count, NULL));
  options.sandbox = sandbox;
  CHECK_OK(runtime_component_new(http_runtime, bytes, len, &options, &component));
  CHECK_OK(runtime_http_handler_new(component, &http_handler));
  runtime_http_exchange_t *exchange = open_within("/look-print", "POST", 10000);
  CHECK(head_of(exchange)->status == 200);
  CHECK_TEXT(whole_of(exchange), "saw 0\n");
  CHECK(count == strlen("looked\n"));
  runtime_http_exchange_free(exchange);
  runtime_http_handler_free(http_handler);
  http_handler = other;
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  free(bytes);
}

/* A body that nobody is to see does not wait for somebody who reads it. */
static void test_hidden_bodies(void) {
  static const char *const all[][2] = {{"HEAD", "/echo"},
                                       {"POST", "/status-then-read?204&300000"},
                                       {"POST", "/status-then-read?205&300000"},
                                       {"POST", "/status-then-read?304&300000"}};
  static uint8_t data[1 << 20];
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    runtime_http_exchange_t *exchange = open_within(all[i][1], all[i][0], 10000);
    /* Who has not read the response is told to, and then to nothing more. */
    for (size_t written = 0, taken = 0; written < sizeof data; written += taken) {
      CHECK_OK(runtime_http_exchange_write(exchange, data, sizeof data - written, &taken));
      CHECK(taken > 0);
      CHECK(head_of(exchange)->body_len == 0);
      CHECK_TEXT(whole_of(exchange), "");
    }
    CHECK_OK(runtime_http_exchange_finish(exchange, NULL, 0));
    CHECK_OK(runtime_http_exchange_end(exchange));
    runtime_http_exchange_free(exchange);
  }
}

/* Nor does one go on for ever whose pace nobody sets. */
static void test_endless_hidden_body(void) {
  runtime_http_request_t request = request_to("/body-bomb");
  request.method = "HEAD", request.method_len = 4;
  runtime_http_exchange_t *exchange = open_with(&request, NULL);
  CHECK(head_of(exchange)->body_len == 0);
  runtime_error_free(runtime_http_exchange_end(exchange));
  runtime_http_exchange_free(exchange);
}

/* Who writes is told of a response that is there, and of its end. */
static void test_told_while_writing(void) {
  static const char *const paths[] = {"/length-sleep?60000&0", "/after?60000"};
  static uint8_t data[1 << 20];
  for (int i = 0; i < 2; i++) {
    size_t taken = 0;
    runtime_http_exchange_t *exchange = open_within(paths[i], "POST", 120000);
    CHECK_OK(runtime_http_exchange_write(exchange, data, sizeof data, &taken));
    CHECK(taken < sizeof data && head_of(exchange)->status == 200);
    CHECK_OK(runtime_http_exchange_write(exchange, data, sizeof data, &taken));
    CHECK(taken < sizeof data);
    CHECK_TEXT(whole_of(exchange), i == 0 ? "" : "done\n");
    runtime_http_exchange_free(exchange);
  }
}

/* What was thrown away unread never looks like a complete body. */
static void test_unread(void) {
  for (int with_head = 0; with_head < 2; with_head++) {
    const uint8_t *data = NULL;
    size_t len = 1;
    int32_t end = 1;
    runtime_http_exchange_t *exchange = open_to("/bytes?200000");
    if (with_head) CHECK(head_of(exchange)->status == 200);
    CHECK_OK(runtime_http_exchange_end(exchange));
    CHECK(head_of(exchange)->status == 200);
    for (int i = 0; i < 2; i++) {
      runtime_error_t *error = runtime_http_exchange_read(exchange, &data, &len, &end);
      CHECK(runtime_error_http(error) == RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE);
      CHECK_ERROR(error, RUNTIME_ERROR_HTTP, "not read");
      CHECK(data == NULL && len == 0 && !end);
    }
    runtime_http_exchange_free(exchange);
  }
}

static runtime_error_t *provide(void *user_data, void *context, uint8_t *buffer, size_t capacity,
                                size_t *len_out) {
  size_t *left = user_data;
  (void)context;
  CHECK(*left <= capacity);
  memset(buffer, 'a', *left);
  *len_out = *left, *left = 0;
  return NULL;
}

/* A request that announces 10 bytes, or that and something else. */
static runtime_http_request_t announcing(runtime_http_field_t fields[2], size_t fields_len) {
  runtime_http_request_t request = request_to("/sum");
  fields[0] = (runtime_http_field_t){"content-length", 14, "10", 2};
  fields[1] = (runtime_http_field_t){"transfer-encoding", 17, "chunked", 7};
  request.method = "POST", request.method_len = 4;
  request.fields = fields, request.fields_len = fields_len;
  request.flags = RUNTIME_HTTP_MORE;
  return request;
}

static void expect_broken(runtime_http_exchange_t *exchange) {
  CHECK(head_of(exchange)->status == 400);
  CHECK_TEXT(whole_of(exchange), "error connection-terminated\n");
  runtime_http_exchange_free(exchange);
}

/* No guest sees a body that is complete and has another length than its head says. */
static void test_request_lengths(void) {
  static const char exact[] = "10 4a11f19e8a35a0df\n";
  runtime_http_field_t fields[2];
  runtime_http_request_t request = announcing(fields, 2);
  runtime_http_exchange_t *exchange = NULL;
  const uint8_t *data = (const uint8_t *)"aaaaaaaaaaaaaaaaaaaa";
  CHECK_ERROR(runtime_http_exchange_new(http_handler, &request, NULL, &exchange),
              RUNTIME_ERROR_INVALID_ARGUMENT, "content-length");
  request = announcing(fields, 1);
  request.body = data, request.body_len = 11;
  CHECK_ERROR(runtime_http_exchange_new(http_handler, &request, NULL, &exchange),
              RUNTIME_ERROR_INVALID_ARGUMENT, "content-length");
  for (size_t len = 9; len <= 11; len++) {
    size_t left = len, taken = 0;
    request = announcing(fields, 1);
    exchange = open_with(&request, NULL);
    runtime_error_t *error = runtime_http_exchange_write(exchange, data, len, &taken);
    if (len <= 10) {
      CHECK_OK(error);
      error = runtime_http_exchange_finish(exchange, NULL, 0);
    }
    if (len == 10) {
      CHECK_OK(error);
      CHECK_TEXT(whole_of(exchange), exact);
      runtime_http_exchange_free(exchange);
    } else {
      CHECK_ERROR(error, RUNTIME_ERROR_INVALID_ARGUMENT, "content-length");
      CHECK_ERROR(runtime_http_exchange_finish(exchange, NULL, 0), RUNTIME_ERROR_INVALID_ARGUMENT,
                  "nothing follows");
      expect_broken(exchange);
    }
    request.read = provide, request.read_user_data = &left;
    exchange = open_with(&request, NULL);
    if (len != 10) {
      expect_broken(exchange);
      continue;
    }
    CHECK_TEXT(whole_of(exchange), exact);
    runtime_http_exchange_free(exchange);
  }
}

/* Trailers change nothing that the head has said. */
static void test_trailers(void) {
  static const char *const names[] = {"content-length", "authorization", "cookie", "set-cookie",
                                      "x-forwarded-for"};
  const runtime_http_field_t *fields = NULL;
  runtime_http_field_t given[6] = {{"x-end", 5, "here", 4}};
  size_t len = 0;
  for (int i = 0; i < 5; i++) {
    static body_t body;
    char path[100];
    given[i + 1] = (runtime_http_field_t){names[i], strlen(names[i]), "5", 1};
    (void)snprintf(path, sizeof path, "/trailer-names?%s&5", names[i]);
    runtime_http_exchange_t *exchange = open_to(path);
    body_read(exchange, &body);
    CHECK(runtime_error_http(body.error) == RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE);
    runtime_error_free(body.error);
    CHECK_OK(runtime_http_exchange_trailers(exchange, &fields, &len));
    CHECK(fields == NULL && len == 0);
    runtime_http_exchange_free(exchange);
  }
  runtime_http_exchange_t *exchange = open_within("/sum", "POST", 10000);
  CHECK_OK(runtime_http_exchange_finish(exchange, given, 6));
  CHECK_TEXT(whole_of(exchange), "0 cbf29ce484222325\nx-end: here\n");
  runtime_http_exchange_free(exchange);
  exchange = open_to("/trailer-names?x-end&here");
  CHECK_TEXT(whole_of(exchange), "ok\n");
  CHECK_OK(runtime_http_exchange_trailers(exchange, &fields, &len));
  CHECK_TEXT(field_of(fields, len, "x-end"), "here");
  runtime_http_exchange_free(exchange);
}

/* Where no body can follow, no length of one does. */
static void test_lengths_of_none(void) {
  static const struct {
    const char *path, *length;
    uint64_t body_len;
  } all[] = {{"/status-body?200&5", "5", 5},
             {"/status-body?204&5", NULL, 0},
             {"/status-body?205&5", NULL, 0},
             {"/status-body?304&5", "5", 0}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    runtime_http_exchange_t *exchange = open_to(all[i].path);
    const runtime_http_response_t *head = head_of(exchange);
    const char *found = field_of(head->fields, head->fields_len, "content-length");
    CHECK((found == NULL) == (all[i].length == NULL) && head->body_len == all[i].body_len);
    if (found != NULL) CHECK_TEXT(found, all[i].length);
    CHECK(strlen(whole_of(exchange)) == 0 || all[i].body_len == 5);
    runtime_http_exchange_free(exchange);
  }
}

/* A body that was complete is so for ever, whatever becomes of the guest. */
static void test_complete_and_late(void) {
  runtime_http_request_t request = request_to("/length-sleep?60000&5");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  static body_t body;
  options.timeout_ms = 1000;
  runtime_http_exchange_t *exchange = open_with(&request, &options);
  body_read(exchange, &body);
  CHECK_OK(body.error);
  CHECK(body.len == 5);
  pause_ms(1100);
  CHECK_TEXT(whole_of(exchange), "");
  CHECK_ERROR(runtime_http_exchange_end(exchange), RUNTIME_ERROR_TIMEOUT, "");
  CHECK_TEXT(whole_of(exchange), "");
  CHECK(head_of(exchange)->status == 200);
  runtime_http_exchange_free(exchange);
}

int main(void) {
  for (; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_looks);
    RUN(test_looks_and_prints);
    RUN(test_hidden_bodies);
    RUN(test_endless_hidden_body);
    RUN(test_told_while_writing);
    RUN(test_unread);
    RUN(test_request_lengths);
    RUN(test_trailers);
    RUN(test_lengths_of_none);
    RUN(test_complete_and_late);
    RUN(test_no_place);
    RUN(test_place_comes_free);
    http_end();
  }
  return 0;
}
