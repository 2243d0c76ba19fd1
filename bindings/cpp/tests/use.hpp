// Uses each part of the binding once, without `value()`, so that it also does without exceptions.
// For odr_a.cpp, odr_b.cpp and bare.cpp: returns how many things did not work.
#ifndef WASMCELL_TESTS_USE_HPP
#define WASMCELL_TESTS_USE_HPP

#include <cstdio>
#include <string>

#include "types.hpp"

namespace use {

inline int failed(bool works, const char *what) {
  if (!works) std::fprintf(stderr, "does not work: %s\n", what);
  return works ? 0 : 1;
}

inline int host_functions(const wasmcell::Runtime &runtime, const std::string &tests) {
  auto linker = wasmcell::Linker::make();
  if (!linker) return failed(false, "linker");
  auto defined = linker->define(
      "acme:shop/prices@1.0.0#price",
      [](wasmcell::Call &, wasmcell::Reply<std::uint32_t> reply, std::string_view item) {
        if (item == "nut") {
          reply.complete(10U);
        } else {
          reply.fail(wasmcell::Error("no price"));
        }
      });
  auto shop = wasmcell::Component::from_file(runtime, tests + "/guests/wat/prices.wat",
                                             {"shop", nullptr, &*linker});
  if (!defined || !shop) return failed(false, "host function");
  auto total = shop->function<std::uint32_t(std::string_view, std::uint32_t)>("total");
  if (!total) return failed(false, "total");
  auto thirty = (*total)("nut", 3);
  auto none = total->async("spring", 3).get();
  return failed(thirty && *thirty == 30, "an answer of the host") +
         failed(!none && none.error().message() == "no price", "an error of the host");
}

inline int http(const wasmcell::Runtime &runtime, const std::string &tests) {
  auto web = wasmcell::Component::from_file(runtime, tests + "/guests/http.wasm");
  if (!web) return failed(false, "a component for HTTP");
  auto handler = web->http_handler();
  if (!handler) return failed(false, "a handler");
  wasmcell::HttpRequest request;
  request.authority = "example.com";
  request.path = "/echo";
  int left = 3;
  request.reader = [&left](wasmcell::Span<std::uint8_t> buffer,
                           void *) -> wasmcell::Result<std::size_t> {
    buffer[0] = 'x';
    return left-- > 0 ? 1U : 0U;
  };
  auto exchange = handler->open(request);
  if (!exchange) return failed(false, "an exchange");
  auto head = exchange->response();
  std::string body;
  auto read = exchange->stream_to([&body](wasmcell::Span<const std::uint8_t> piece) {
    body.append(piece.begin(), piece.end());
  });
  return failed(head && *head && (*head)->status == 200, "a response") +
         failed(read && body == "xxx" && exchange->end(), "a body");
}

inline int everything(const std::string &tests) {
  auto runtime = wasmcell::Builder().max_components(4).build();
  if (!runtime) return failed(false, "runtime");
  auto component = wasmcell::Component::from_file(*runtime, tests + "/guests/kinds.wasm");
  if (!component) return failed(false, "component");
  const std::string kinds = "wasmcell:test/kinds@0.1.0#";

  auto echo = component->function<drawing::Shape(const drawing::Shape &)>(kinds + "echo-shape");
  if (!echo) return failed(false, "function");
  auto shape = (*echo)({"square", {{1, 2}}, drawing::Colour::green, 0.5});
  int count = failed(shape && shape->corners[0].y == 2, "records");

  auto wrong = component->function<bool(drawing::Size)>(kinds + "echo-size");
  count += failed(!wrong && wrong.error().code() == wasmcell::Code::type_mismatch, "checks");

  using Divided = wasmcell::Expected<std::int64_t, std::string>;
  auto divide = component->function<Divided(std::int64_t, std::int64_t)>("divide");
  if (!divide) return failed(false, "divide");
  auto quotient = (*divide)(7, 0);
  count += failed(quotient && !quotient->has_value(), "results");

  auto instance = component->instantiate();
  using Counter = wasmcell::Resource<drawing::Counter>;
  auto make = component->function<Counter(std::uint32_t)>(
      "wasmcell:test/counters@0.1.0#[constructor]counter");
  if (!instance || !make) return failed(false, "instance");
  auto counter = instance->call(*make, 5);
  count += failed(counter && counter->drop(), "resources");

  auto text = component->call_text("add(40, 2)");
  count += failed(text && *text == "42", "text");
  return count + host_functions(*runtime, tests) + http(*runtime, tests);
}

}  // namespace use

#endif
