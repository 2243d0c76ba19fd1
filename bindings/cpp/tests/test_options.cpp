#include "testing.hpp"

namespace {

TEST(CallOptions, a_timeout_ends_the_call) {
  const auto spin = load("guests/wat/spin.wat").function<void()>("spin").value();
  wasmcell::CallOptions options;
  options.timeout = 20ms;
  expect_error(spin.call(options), Code::timeout, "20 ms");
}

TEST(CallOptions, a_negative_timeout_is_none) {
  EXPECT_EQ(wasmcell::detail::milliseconds(-1ms), 0U);
  EXPECT_EQ(wasmcell::detail::milliseconds(1s), 1000U);
}

TEST(CallOptions, fuel_bounds_the_call_and_is_reported) {
  const auto own = small_builder().fuel(10000).build().value();
  const auto component =
      wasmcell::Component::from_file(own, below_tests("conformance/guests/state.wat")).value();
  const auto work = component.function<std::uint64_t(std::uint64_t)>("work").value();
  wasmcell::Report report;
  wasmcell::CallOptions options;
  options.report = &report;
  EXPECT_EQ(work.call(options, 10).value(), 10U);
  EXPECT_GT(report.fuel_used(), 10U);
  options.fuel = 100;
  expect_error(work.call(options, 1000), Code::fuel);
  EXPECT_EQ(report.fuel_used(), 100U);
}

TEST(CallOptions, fuel_without_counting_is_refused) {
  wasmcell::CallOptions options;
  options.fuel = 1;
  expect_error(load("conformance/guests/state.wat").call_text("add(1)", options),
               Code::invalid_argument, "fuel");
}

TEST(CallOptions, an_interrupt_ends_the_call) {
  const auto spin = load("guests/wat/spin.wat").function<void()>("spin").value();
  int asked = 0;
  const std::function<wasmcell::Result<void>()> interrupt = [&]() -> wasmcell::Result<void> {
    if (++asked < 3) return {};
    return wasmcell::Unexpected<wasmcell::Error>(wasmcell::Error("enough"));
  };
  wasmcell::CallOptions options;
  options.interrupt = &interrupt;
  expect_error(spin.call(options), Code::host, "enough");
  EXPECT_EQ(asked, 3);
  const std::function<wasmcell::Result<void>()> none;
  options.interrupt = &none;
  options.timeout = 20ms;
  expect_error(spin.call(options), Code::timeout, "20 ms");
}

TEST(CallOptions, an_interrupt_may_throw) {
  const auto spin = load("guests/wat/spin.wat").function<void()>("spin").value();
  const std::function<wasmcell::Result<void>()> interrupt = []() -> wasmcell::Result<void> {
    throw std::runtime_error("thrown");
  };
  wasmcell::CallOptions options;
  options.interrupt = &interrupt;
  expect_error(spin.call(options), Code::host, "thrown");
}

TEST(CallOptions, hold_for_all_of_an_exchange) {
  const auto own = small_builder().fuel(1ULL << 40).build().value();
  const auto web = wasmcell::Component::from_file(own, below_tests("guests/http.wasm"))
                       .value()
                       .http_handler()
                       .value();
  wasmcell::HttpRequest request;
  request.authority = "example.com";
  request.path = "/ticks?100&10";
  wasmcell::Report report;
  const auto cancel = wasmcell::Cancel::make().value();
  wasmcell::CallOptions options;
  options.report = &report;
  options.cancel = &cancel;
  {
    auto exchange = web.open(request, options).value();
    EXPECT_EQ(exchange.read().value().text(), "tick 0\n");
    cancel.trigger();
    expect_error(exchange.end(), Code::cancelled);
    EXPECT_EQ(report.fuel_used(), 0U);
  }
  EXPECT_GT(report.fuel_used(), 1000U);
  const std::function<wasmcell::Result<void>()> interrupt = []() -> wasmcell::Result<void> {
    return wasmcell::Unexpected<wasmcell::Error>(wasmcell::Error("enough"));
  };
  wasmcell::CallOptions interrupted;
  interrupted.interrupt = &interrupt;
  request.path = "/spin-before";
  auto spinning = web.open(request, interrupted).value();
  expect_error(spinning.response(), Code::host, "enough");
}

}  // namespace
