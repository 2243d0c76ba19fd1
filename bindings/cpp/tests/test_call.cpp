#include <mutex>
#include <thread>

#include "testing.hpp"

namespace {

using wasmcell::Linker;
using wasmcell::Reply;

const std::string path = "wasmcell:test/host@0.1.0#";

// host.wat with one function of the host, and all others trapping.
template <typename F>
wasmcell::Component with(const std::string &name, F fn) {
  auto linker = Linker::make().value();
  linker.unresolved_trap();
  linker.define(path + name, std::move(fn)).value();
  return load("conformance/guests/host.wat", {"host", nullptr, &linker});
}

TEST(Call, tells_about_the_call) {
  std::string context = "for this call";
  std::uint64_t caller = 0;
  const auto component = with("context", [&](wasmcell::Call &call) {
    caller = call.component_id();
    EXPECT_GT(call.remaining(), 1s);
    EXPECT_LE(call.remaining(), 10s);
    EXPECT_FALSE(call.is_cancelled());
    EXPECT_NE(call.get(), nullptr);
    const auto *text = call.context<std::string>();
    return text != nullptr ? *text : "none";
  });
  wasmcell::CallOptions options;
  options.timeout = 10s;
  EXPECT_EQ(component.call_text("context()", options).value(), "\"none\"");
  EXPECT_EQ(caller, component.id());
  options.context = &context;
  EXPECT_EQ(component.call_text("context()", options).value(), "\"for this call\"");
}

TEST(Call, says_when_to_stop) {
  const auto component = with("slow", [](wasmcell::Call &call, std::uint32_t ms) {
    while (!call.is_cancelled()) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(call.remaining(), 0ms);
    return ms;
  });
  wasmcell::CallOptions options;
  options.timeout = 30ms;
  expect_error(component.call_text("slow-and-on(1)", options), Code::timeout);
}

TEST(Reply, comes_later_from_another_thread) {
  std::thread thread;
  const auto component = with("later", [&](Reply<std::uint32_t> reply, std::uint32_t ms) {
    thread = std::thread([reply = std::move(reply), ms]() mutable { reply.complete(ms * 2); });
  });
  EXPECT_EQ(component.call_text("later(21)").value(), "42");
  thread.join();
}

TEST(Reply, may_be_an_error) {
  const auto component = with("later", [](Reply<std::uint32_t> reply, std::uint32_t) {
    reply.fail(wasmcell::Error("not today"));
  });
  expect_error(component.call_text("later(21)"), Code::host, "not today");
}

TEST(Reply, without_an_answer_ends_the_call) {
  const auto component =
      with("later", [](wasmcell::Call &, Reply<std::uint32_t>, std::uint32_t) {});
  expect_error(component.call_text("later(21)"), Code::host, "without");
}

TEST(Reply, an_error_of_the_function_itself_is_the_answer) {
  const auto component =
      with("later", [](Reply<std::uint32_t>, std::uint32_t) -> wasmcell::Result<void> {
        return wasmcell::Unexpected<wasmcell::Error>(wasmcell::Error("at once"));
      });
  expect_error(component.call_text("later(21)"), Code::host, "at once");
  const auto throws = with(
      "later", [](Reply<std::uint32_t>, std::uint32_t) { throw std::runtime_error("thrown"); });
  expect_error(throws.call_text("later(21)"), Code::host, "thrown");
}

TEST(Reply, too_late_goes_nowhere) {
  std::mutex mutex;
  std::vector<Reply<std::uint32_t>> owed;
  wasmcell::CallOptions options;
  options.timeout = 20ms;
  {
    const auto component = with("later", [&](Reply<std::uint32_t> reply, std::uint32_t) {
      const std::lock_guard<std::mutex> lock(mutex);
      owed.push_back(std::move(reply));
    });
    expect_error(component.call_text("later(21)", options), Code::timeout);
  }
  owed[0].complete(1U);
  owed[0].complete(2U);
  owed[0].fail(wasmcell::Error("no"));
}

TEST(Reply, carries_text_and_nothing) {
  const auto echo = with("echo", [](Reply<std::string> reply, const std::string &text) {
    reply.complete(text + text);
  });
  EXPECT_EQ(echo.call_text("echo(\"ab\")").value(), "\"abab\"");
  const auto fail =
      with("fail", [](wasmcell::Call &, Reply<void> reply, std::string_view) { reply.complete(); });
  EXPECT_EQ(fail.call_text("fail(\"no\")").value(), "()");
}

}  // namespace
