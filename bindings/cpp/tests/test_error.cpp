#include <thread>

#include "testing.hpp"

namespace {

static_assert(std::is_nothrow_move_constructible_v<wasmcell::Error>);
static_assert(std::is_copy_constructible_v<wasmcell::Error>);
static_assert(!std::is_convertible_v<std::string_view, wasmcell::Error>);

TEST(Error, has_code_and_message) {
  const wasmcell::Error host("it broke");
  EXPECT_EQ(host.code(), Code::host);
  EXPECT_EQ(host.message(), "it broke");
  EXPECT_EQ(host.trap(), wasmcell::Trap::none);
  EXPECT_EQ(host.exit_status(), 0);
  EXPECT_EQ(host.http(), wasmcell::HttpError::none);
  EXPECT_EQ(host.http_status(), 500U);
  EXPECT_TRUE(host.frames().empty());
  const wasmcell::Error own("no such thing", Code::not_found);
  EXPECT_EQ(own.code(), Code::not_found);
  EXPECT_EQ(wasmcell::code_name(own.code()), "NOT_FOUND");
  EXPECT_EQ(wasmcell::code_name(static_cast<Code>(12345)), "UNKNOWN");
}

TEST(Error, a_trap_has_its_kind_and_frames) {
  const auto result = load("conformance/guests/traps.wat").call_text("unreachable()");
  ASSERT_FALSE(result.has_value());
  const wasmcell::Error &error = result.error();
  EXPECT_EQ(error.code(), Code::trap);
  EXPECT_EQ(error.trap(), wasmcell::Trap::unreachable);
  const auto frames = error.frames();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].function, "innermost");
  EXPECT_EQ(frames[2].function, "outermost");
  EXPECT_EQ(frames[0].line, 0U);
  EXPECT_TRUE(frames[0].file.empty());
  EXPECT_NE(frames[0].offset, UINT64_MAX);
}

TEST(Error, details_are_data) {
  const auto wrong = load("conformance/guests/traps.wat").call_text("unreachable(1)");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().details().import, "");
  const auto refused = wasmcell::Builder().max_stack(1).build();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details().argument, "max_stack");
  EXPECT_EQ(refused.error().details().setting, "");
  const auto runtime = small_builder().max_component_size(100).build();
  ASSERT_TRUE(runtime.has_value());
  std::vector<std::uint8_t> binary{0, 'a', 's', 'm', 13, 0, 1, 0};
  binary.resize(200);
  const auto large = wasmcell::Component::from_bytes(*runtime, binary);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().details().setting, "max_component_size");
  EXPECT_EQ(large.error().details().asked, 200U);
  EXPECT_EQ(large.error().details().allowed, 100U);
  const wasmcell::Error own("it broke");
  EXPECT_EQ(own.details().argument, "");
  EXPECT_EQ(own.details().allowed, 0U);
}

TEST(Error, an_exit_has_its_status) {
  const auto result =
      load("guests/wasi.wasm").call_text("wasmcell:test/outside@0.1.0#print-and-exit(\"\")");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::exit);
  EXPECT_EQ(result.error().exit_status(), 3);
}

TEST(Error, tells_what_to_answer_an_http_client) {
  EXPECT_EQ(wasmcell::Error("", Code::invalid_argument).http_status(), 400U);
  EXPECT_EQ(wasmcell::Error("", Code::trap).http_status(), 500U);
  EXPECT_EQ(wasmcell::Error("", Code::instance_limit).http_status(), 503U);
  EXPECT_EQ(wasmcell::Error("", Code::timeout).http_status(), 504U);
  wasmcell::Error gone("it broke");
  runtime_error_free(gone.release());
  EXPECT_EQ(gone.http_status(), 0U);
  EXPECT_EQ(gone.http(), wasmcell::HttpError::none);
}

// Every case of wasi:http has its own value, in its order.
TEST(Error, knows_why_http_failed) {
  using wasmcell::HttpError;
  const std::pair<const char *, HttpError> all[] = {
      {"DNS-timeout", HttpError::dns_timeout},
      {"DNS-error", HttpError::dns_error},
      {"destination-not-found", HttpError::destination_not_found},
      {"destination-unavailable", HttpError::destination_unavailable},
      {"destination-IP-prohibited", HttpError::destination_ip_prohibited},
      {"destination-IP-unroutable", HttpError::destination_ip_unroutable},
      {"connection-refused", HttpError::connection_refused},
      {"connection-terminated", HttpError::connection_terminated},
      {"connection-timeout", HttpError::connection_timeout},
      {"connection-read-timeout", HttpError::connection_read_timeout},
      {"connection-write-timeout", HttpError::connection_write_timeout},
      {"connection-limit-reached", HttpError::connection_limit_reached},
      {"TLS-protocol-error", HttpError::tls_protocol_error},
      {"TLS-certificate-error", HttpError::tls_certificate_error},
      {"TLS-alert-received", HttpError::tls_alert_received},
      {"HTTP-request-denied", HttpError::request_denied},
      {"HTTP-request-length-required", HttpError::request_length_required},
      {"HTTP-request-body-size", HttpError::request_body_size},
      {"HTTP-request-method-invalid", HttpError::request_method_invalid},
      {"HTTP-request-URI-invalid", HttpError::request_uri_invalid},
      {"HTTP-request-URI-too-long", HttpError::request_uri_too_long},
      {"HTTP-request-header-section-size", HttpError::request_header_section_size},
      {"HTTP-request-header-size", HttpError::request_header_size},
      {"HTTP-request-trailer-section-size", HttpError::request_trailer_section_size},
      {"HTTP-request-trailer-size", HttpError::request_trailer_size},
      {"HTTP-response-incomplete", HttpError::response_incomplete},
      {"HTTP-response-header-section-size", HttpError::response_header_section_size},
      {"HTTP-response-header-size", HttpError::response_header_size},
      {"HTTP-response-body-size", HttpError::response_body_size},
      {"HTTP-response-trailer-section-size", HttpError::response_trailer_section_size},
      {"HTTP-response-trailer-size", HttpError::response_trailer_size},
      {"HTTP-response-transfer-coding", HttpError::response_transfer_coding},
      {"HTTP-response-content-coding", HttpError::response_content_coding},
      {"HTTP-response-timeout", HttpError::response_timeout},
      {"HTTP-upgrade-failed", HttpError::upgrade_failed},
      {"HTTP-protocol-error", HttpError::protocol_error},
      {"loop-detected", HttpError::loop_detected},
      {"configuration-error", HttpError::configuration_error},
      {"internal-error", HttpError::internal_error},
  };
  const auto handler = load("guests/http.wasm").http_handler().value();
  std::int32_t number = 0;
  for (const auto &[name, why] : all) {
    const std::string path = std::string("/error?") + name;
    wasmcell::HttpRequest request;
    request.authority = "example.com";
    request.path = path;
    auto exchange = handler.open(request).value();
    const auto head = exchange.response();
    ASSERT_FALSE(head.has_value());
    EXPECT_EQ(head.error().code(), Code::http) << name;
    EXPECT_EQ(head.error().http(), why) << name;
    EXPECT_EQ(static_cast<std::int32_t>(why), ++number) << name;
  }
}

TEST(Error, copies_share_it) {
  wasmcell::Error first("it broke", Code::io);
  const wasmcell::Error second = first;
  EXPECT_EQ(first.get(), second.get());
  // While `second` lives the C object is its own: another one goes away.
  runtime_error_t *released = first.release();
  EXPECT_NE(released, second.get());
  EXPECT_STREQ(runtime_error_message(released), "it broke");
  runtime_error_free(released);
  EXPECT_EQ(second.message(), "it broke");
  EXPECT_EQ(first.get(), nullptr);
  EXPECT_EQ(first.message(), "");
}

TEST(Error, the_only_one_releases_the_object_itself) {
  wasmcell::Error error("it broke");
  runtime_error_t *raw = error.get();
  runtime_error_t *released = error.release();
  EXPECT_EQ(released, raw);
  runtime_error_free(released);
  runtime_error_t *empty = error.release();
  EXPECT_NE(empty, nullptr);
  runtime_error_free(empty);
}

TEST(Error, any_thread_reads_it) {
  const wasmcell::Error error("it broke");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([copy = error] { EXPECT_EQ(copy.message(), "it broke"); });
  for (std::thread &thread : threads) thread.join();
}

}  // namespace
