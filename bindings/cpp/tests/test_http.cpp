#include <string>
#include <thread>

#include "testing.hpp"

namespace {

using wasmcell::CallOptions;
using wasmcell::Error;
using wasmcell::Exchange;
using wasmcell::HttpError;
using wasmcell::HttpField;
using wasmcell::HttpHandler;
using wasmcell::HttpPiece;
using wasmcell::HttpRequest;
using wasmcell::Result;
using wasmcell::Span;

const HttpHandler &handler() {
  static const HttpHandler shared = load("guests/http.wasm").http_handler().value();
  return shared;
}

HttpRequest to(std::string_view path) {
  HttpRequest request;
  request.authority = "Example.com";
  request.path = path;
  return request;
}

Exchange open(std::string_view path, const CallOptions &options = {}) {
  return handler().open(to(path), options).value();
}

// For a request whose body is written.
Exchange open_for_writing(std::string_view path) {
  HttpRequest request = to(path);
  request.more = true;
  return handler().open(request).value();
}

std::uint64_t status_of(Exchange &exchange) {
  return exchange.response().value().value().status;
}

Result<void> read_into(std::string &body, Exchange &exchange) {
  return exchange.stream_to(
      [&](Span<const std::uint8_t> piece) { body.append(piece.begin(), piece.end()); });
}

// The whole body, which must be complete.
std::string whole_of(Exchange &exchange) {
  std::string body;
  read_into(body, exchange).value();
  return body;
}

// The value of the first field `name`.
std::string value_of(const std::vector<HttpField> &fields, std::string_view name) {
  for (const auto &[known, value] : fields)
    if (known == name) return std::string(value);
  return "(none)";
}

// FNV-1a, which /sum tells.
std::string sum_line(std::string_view data) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : data) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  char text[40];
  static_cast<void>(std::snprintf(text, sizeof text, "%zu %016llx\n", data.size(),
                                  static_cast<unsigned long long>(sum)));
  return text;
}

std::string pattern(std::size_t size) {
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; i++) data[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
  return data;
}

TEST(Http, a_component_answers) {
  auto exchange = open("/hello");
  const auto head = exchange.response().value().value();
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.body_len, std::nullopt);
  EXPECT_EQ(value_of(head.fields, "content-type"), "text/plain");
  const auto piece = exchange.read().value();
  EXPECT_EQ(piece.text(), "Hello!\n");
  EXPECT_FALSE(piece.is_end || piece.is_waiting());
  for (int i = 0; i < 2; i++) {
    const auto last = exchange.read().value();
    EXPECT_TRUE(last.is_end && last.data.empty() && !last.is_waiting());
    EXPECT_EQ(last.text(), "");
  }
  EXPECT_TRUE(exchange.trailers().value().empty());
  EXPECT_TRUE(exchange.end().has_value());
  EXPECT_TRUE(exchange.end().has_value());
  EXPECT_EQ(exchange.response().value()->status, 200U);
}

TEST(Http, a_head_may_tell_the_length) {
  HttpRequest request = to("/length?5");
  request.method = "HEAD";
  auto exchange = handler().open(request).value();
  const auto head = exchange.response().value().value();
  EXPECT_EQ(head.body_len, 0U);
  EXPECT_EQ(value_of(head.fields, "content-length"), "5");
  auto known = open("/length?5");
  EXPECT_EQ(known.response().value()->body_len, 5U);
  EXPECT_EQ(whole_of(known).size(), 5U);
}

TEST(Http, the_guest_sees_the_request) {
  HttpRequest request;
  request.method = "PROPFIND";
  request.scheme = "https";
  request.path = "/show?a=b&c=%20";
  request.fields = {{"Host", "example.com:80"}, {"X-Two", "a"}, {"x-TWO", "b"}, {"x-two", {}}};
  auto exchange = handler().open(request).value();
  EXPECT_EQ(whole_of(exchange),
            "PROPFIND https example.com:80 /show?a=b&c=%20\nx-two: a\nx-two: b\nx-two: \n");
  HttpRequest defaults;
  defaults.fields = {{"host", "a"}};
  auto plain = handler().open(defaults).value();
  EXPECT_EQ(status_of(plain), 404U);
}

TEST(Http, refuses_what_is_no_request) {
  const auto refused = [](const HttpRequest &request, const std::string &what) {
    const auto result = handler().open(request);
    expect_error(result, Code::invalid_argument, what);
    EXPECT_EQ(result.error().details().argument, what);
    EXPECT_EQ(result.error().http_status(), 400U);
  };
  HttpRequest request = to("/hello");
  request.fields = {{"a", "b"}, {"c", "d\r\ne: f"}};
  refused(request, "request.fields[1].value");
  request.fields = {{}};
  refused(request, "request.fields[0].name");
  // What is empty is no default.
  for (const std::string_view empty : {std::string_view(), std::string_view("")}) {
    refused(to(empty), "request.path");
    request = to("/hello");
    request.method = empty;
    refused(request, "request.method");
    request = to("/hello");
    request.scheme = empty;
    refused(request, "request.scheme");
    request = to("/hello");
    request.authority = empty;
    refused(request, "request.authority");
  }
}

TEST(Http, a_handler_is_looked_up) {
  expect_error(load("guests/greeter.wasm").http_handler(), Code::not_found, "incoming-handler");
  wasmcell::ComponentOptions options;
  options.blocking_only = true;
  const auto blocking = load("guests/http.wasm", options).http_handler().value();
  expect_error(blocking.open(to("/hello")), Code::unsupported, "blocking calls only");
}

TEST(Http, a_body_comes_at_once) {
  const std::string data = pattern(3 << 20);
  for (const std::size_t size : {std::size_t{0}, std::size_t{65537}, data.size()}) {
    HttpRequest request = to("/sum");
    request.method = "POST";
    request.body = std::string_view(data).substr(0, size);
    auto exchange = handler().open(request).value();
    EXPECT_EQ(whole_of(exchange), sum_line(data.substr(0, size)));
  }
}

// Opened from a request that is gone by now.
Exchange open_from(std::string_view path, wasmcell::HttpReader reader,
                   const CallOptions &options = {}) {
  HttpRequest request = to(path);
  request.body = "begin";
  request.reader = std::move(reader);
  return handler().open(request, options).value();
}

TEST(Http, a_body_comes_from_a_reader) {
  const std::string data = "begin" + pattern(1000000);
  std::size_t given = 5;
  CallOptions options;
  options.context = &given;
  const auto counted = std::make_shared<int>(0);
  {
    auto exchange = open_from(
        "/sum",
        [&, counted](Span<std::uint8_t> buffer, void *context) -> Result<std::size_t> {
          EXPECT_EQ(context, &given);
          const std::size_t size = std::min(buffer.size(), data.size() - given);
          std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(given), size, buffer.begin());
          given += size;
          return size;
        },
        options);
    EXPECT_EQ(counted.use_count(), 2);
    EXPECT_EQ(given, 5U);
    Exchange moved = std::move(exchange);
    EXPECT_EQ(status_of(moved), 200U);
    EXPECT_EQ(given, data.size());
    EXPECT_EQ(whole_of(moved), sum_line(data));
    // One that is assigned to gives up its own reader.
    moved = open("/hello");
    EXPECT_EQ(counted.use_count(), 1);
    EXPECT_EQ(whole_of(moved), "Hello!\n");
  }
  auto unread = open_from("/hello", [counted](Span<std::uint8_t>, void *) -> Result<std::size_t> {
    ADD_FAILURE() << "nobody reads";
    return 0U;
  });
  EXPECT_EQ(whole_of(unread), "Hello!\n");
}

TEST(Http, a_reader_may_fail) {
  const auto broken = [](const wasmcell::HttpReader &reader) {
    auto exchange = open_from("/sum", reader);
    EXPECT_EQ(status_of(exchange), 400U);
    EXPECT_EQ(whole_of(exchange), "error connection-terminated\n");
  };
  broken([](Span<std::uint8_t>, void *) -> Result<std::size_t> {
    return wasmcell::Unexpected<Error>(Error("gone"));
  });
  broken(
      [](Span<std::uint8_t>, void *) -> Result<std::size_t> { throw std::runtime_error("gone"); });
  broken(
      [](Span<std::uint8_t> buffer, void *) -> Result<std::size_t> { return buffer.size() + 1; });
}

TEST(Http, an_exchange_is_busy_while_it_asks_its_reader) {
  Exchange *asked = nullptr;
  int calls = 0;
  auto exchange = open_from("/sum", [&](Span<std::uint8_t>, void *) -> Result<std::size_t> {
    calls++;
    expect_error(asked->read(), Code::busy);
    expect_error(asked->trailers(), Code::busy);
    std::thread([&] { expect_error(asked->end(), Code::busy, "another thread"); }).join();
    return 0U;
  });
  asked = &exchange;
  EXPECT_EQ(whole_of(exchange), sum_line("begin"));
  EXPECT_EQ(calls, 1);
}

TEST(Http, a_body_is_written) {
  const std::string data = pattern(1000000);
  auto exchange = open_for_writing("/sum");
  EXPECT_EQ(exchange.response().value(), std::nullopt);
  EXPECT_TRUE(exchange.read().value().is_waiting());
  std::string body;
  expect_error(read_into(body, exchange), Code::invalid_argument, "waits for more");
  EXPECT_EQ(exchange.write(data).value(), data.size());
  EXPECT_EQ(exchange.write("").value(), 0U);
  expect_error(exchange.finish({{"a", "\n"}}), Code::invalid_argument, "trailers[0].value");
  exchange.finish({{"X-End", "here"}}).value();
  expect_error(exchange.finish(), Code::invalid_argument, "nothing follows");
  expect_error(exchange.write(data), Code::invalid_argument, "nothing follows");
  EXPECT_EQ(whole_of(exchange), sum_line(data) + "x-end: here\n");
  EXPECT_TRUE(exchange.end().has_value());
  // Less is taken if the guest does not read.
  auto unread = open_for_writing("/hello");
  EXPECT_LT(unread.write(data).value(), data.size());
  EXPECT_EQ(whole_of(unread), "Hello!\n");
}

TEST(Http, both_bodies_go_at_once) {
  const std::string data = pattern(2 << 20);
  auto exchange = open_for_writing("/echo");
  std::string_view left = data;
  std::string read;
  for (HttpPiece piece; !piece.is_end; piece = exchange.read().value()) {
    read += piece.text();
    if (left.empty()) continue;
    left.remove_prefix(exchange.write(left).value());
    if (left.empty()) exchange.finish().value();
  }
  EXPECT_TRUE(read == data);
  EXPECT_TRUE(exchange.end().has_value());
}

TEST(Http, a_response_has_trailers) {
  auto exchange = open("/trailers");
  EXPECT_EQ(status_of(exchange), 200U);
  EXPECT_TRUE(exchange.trailers().value().empty());
  EXPECT_EQ(whole_of(exchange), "with trailers\n");
  const auto trailers = exchange.trailers().value();
  ASSERT_EQ(trailers.size(), 3U);
  EXPECT_EQ(trailers[0].name, "x-sum");
  EXPECT_EQ(trailers[0].value, "42");
  EXPECT_EQ(trailers[2].value, "b");
}

TEST(Http, a_body_that_is_cut_off_never_ends) {
  CallOptions soon;
  soon.timeout = 100ms;
  auto late = open("/sleep-after?60000", soon);
  EXPECT_EQ(status_of(late), 200U);
  std::string body;
  expect_error(read_into(body, late), Code::timeout, "100 ms");
  EXPECT_EQ(body, "begun");
  expect_error(late.read(), Code::timeout);
  // It traps after the head: whether that is seen before depends on the guest.
  auto trapped = open("/trap-after");
  body.clear();
  expect_error(read_into(body, trapped), Code::trap);
  expect_error(trapped.read(), Code::trap);
  expect_error(trapped.end(), Code::trap);
  auto brief = open("/short?5");
  EXPECT_EQ(status_of(brief), 200U);
  const auto read = read_into(body, brief);
  expect_error(read, Code::http);
  EXPECT_EQ(read.error().http(), HttpError::response_incomplete);
}

TEST(Http, a_response_may_be_an_error) {
  const auto none = [](std::string_view path, Code code, HttpError why, std::uint64_t status) {
    auto exchange = open(path);
    const auto head = exchange.response();
    expect_error(head, code);
    EXPECT_EQ(head.error().http(), why);
    EXPECT_EQ(head.error().http_status(), status);
  };
  none("/trap-before", Code::trap, HttpError::none, 500);
  none("/no-response", Code::http, HttpError::response_incomplete, 500);
  none("/status?101", Code::http, HttpError::protocol_error, 500);
  none("/error?DNS-timeout", Code::http, HttpError::dns_timeout, 504);
  none("/error?connection-refused", Code::http, HttpError::connection_refused, 502);
  none("/error?internal-error", Code::http, HttpError::internal_error, 500);
}

TEST(Http, a_sink_may_stop) {
  auto exchange = open("/ticks?3&1");
  int pieces = 0;
  const auto stopped = exchange.stream_to([&](Span<const std::uint8_t>) -> Result<void> {
    if (++pieces < 2) return {};
    return wasmcell::Unexpected<Error>(Error("the client is gone"));
  });
  expect_error(stopped, Code::host, "the client is gone");
  EXPECT_EQ(pieces, 2);
  EXPECT_EQ(whole_of(exchange), "tick 2\n");
}

TEST(Http, owners_move_and_outlive_each_other) {
  auto first = load("guests/http.wasm").http_handler().value();
  const HttpHandler second = std::move(first);
  // NOLINTNEXTLINE: that is what this is about.
  expect_error(first.open(to("/hello")), Code::invalid_argument, "handler");
  auto exchange = second.open(to("/hello")).value();
  runtime_http_exchange_t *raw = exchange.get();
  auto other = open("/ticks?2&1");
  other = std::move(exchange);
  auto &same = other;
  other = std::move(same);
  EXPECT_EQ(other.get(), raw);
  EXPECT_EQ(exchange.get(), nullptr);
  expect_error(exchange.response(), Code::invalid_argument, "exchange");
  expect_error(exchange.read(), Code::invalid_argument, "exchange");
  expect_error(exchange.end(), Code::invalid_argument, "exchange");
  std::thread([&] { EXPECT_EQ(whole_of(other), "Hello!\n"); }).join();
  auto last = [] {
    const auto own = small_builder().build().value();
    return wasmcell::Component::from_file(own, below_tests("guests/http.wasm"))
        .value()
        .http_handler()
        .value()
        .open(to("/hello"))
        .value();
  }();
  EXPECT_EQ(whole_of(last), "Hello!\n");
}

TEST(Http, an_exchange_of_c_is_adopted) {
  runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
  request.authority = "a";
  request.authority_len = 1;
  runtime_http_exchange_t *raw = nullptr;
  ASSERT_EQ(runtime_http_exchange_new(handler().get(), &request, nullptr, &raw), nullptr);
  Exchange exchange(raw);
  EXPECT_EQ(status_of(exchange), 404U);
}

}  // namespace
