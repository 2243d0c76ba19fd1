#include <atomic>
#include <future>
#include <thread>

#include "testing.hpp"

namespace {

using wasmcell::CallOptions;

TEST(Function, is_checked_when_it_is_looked_up) {
  const auto component = load("guests/kinds.wasm");
  EXPECT_TRUE(component.function<std::uint32_t(std::uint32_t, std::uint32_t)>("add").has_value());
  expect_error(component.function<std::uint64_t(std::uint32_t, std::uint32_t)>("add"),
               Code::type_mismatch, "`add`", "`func(u32, u32) -> u64`",
               "`func(a: u32, b: u32) -> u32`");
  expect_error(component.function<void(std::uint32_t, std::uint32_t)>("add"), Code::type_mismatch);
  expect_error(component.function<std::uint32_t(std::uint32_t)>("add"), Code::type_mismatch);
  expect_error(component.function<std::uint32_t(std::uint32_t, std::int32_t)>("add"),
               Code::type_mismatch, "s32");
  expect_error(component.function<bool()>(kinds + "nothing"), Code::type_mismatch, "func()");
  expect_error(component.function<void()>("subtract"), Code::not_found, "subtract");
}

TEST(Function, is_found_by_a_compatible_version_and_without_any) {
  const auto component = load("guests/kinds.wasm");
  for (const std::string version : {"", "@0.1.0", "@0.1.7"}) {
    const auto function = component.function("wasmcell:test/kinds" + version + "#echo-u8").value();
    EXPECT_EQ(function.name(), kinds + "echo-u8");
    EXPECT_EQ(function.call_text("(5)").value(), "5");
  }
  expect_error(component.function("wasmcell:test/kinds@0.2.0#echo-u8"), Code::not_found,
               "it exports `wasmcell:test/kinds@0.1.0#echo-u8`");
}

TEST(Function, is_refused_with_both_types_whatever_it_is_called) {
  const std::string name(10000, 'n');
  const auto component = wasmcell::Component::from_bytes(runtime(), R"((component
    (core module $m (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (func (export ")" + name + R"(") (param ")" + std::string(20000, 'p') +
                                                                        R"(" u32)
      (canon lift (core func $i "f")))))")
                             .value();
  const auto refused = component.function<std::string(bool)>(name);
  expect_error(refused, Code::type_mismatch, "n\xE2\x80\xA6`: the host calls it as",
               "`func(bool) -> string`, the component has `func(ppp", "p\xE2\x80\xA6`");
  EXPECT_LT(refused.error().message().size(), 4096U);
}

TEST(Function, calls_on_this_thread) {
  const auto component = load("guests/kinds.wasm");
  const auto add = component.function<std::uint32_t(std::uint32_t, std::uint32_t)>("add").value();
  EXPECT_EQ(add(40, 2).value(), 42U);
  CallOptions options;
  options.timeout = 10s;
  EXPECT_EQ(add.call(options, 40, 2).value(), 42U);
  EXPECT_TRUE(component.function<void()>(kinds + "nothing").value()().has_value());
  expect_error(component.function<void(std::string_view)>("fail").value()("no"), Code::trap);
  EXPECT_EQ(add.any().name(), "add");
  EXPECT_EQ(add.clone()(1, 2).value(), 3U);
}

TEST(Function, is_shared_by_threads) {
  const auto add = load("guests/kinds.wasm")
                       .function<std::uint32_t(std::uint32_t, std::uint32_t)>("add")
                       .value();
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; t++)
    threads.emplace_back([&add, t] {
      for (std::uint32_t i = 0; i < 50; i++) EXPECT_EQ(add(t, i).value(), t + i);
    });
  for (std::thread &thread : threads) thread.join();
}

TEST(Function, gives_futures) {
  const auto echo = kind<std::string(std::string_view)>("echo-string");
  std::vector<std::future<wasmcell::Result<std::string>>> futures;
  for (int i = 0; i < 10; i++) futures.push_back(echo.async("call " + std::to_string(i)));
  for (std::size_t i = 0; i < futures.size(); i++)
    EXPECT_EQ(futures[i].get().value(), "call " + std::to_string(i));
  const auto fail = load("guests/kinds.wasm").function<void(std::string_view)>("fail").value();
  expect_error(fail.async("no").get(), Code::trap);
}

TEST(Function, a_call_that_does_not_start_is_a_future_with_the_error) {
  const auto echo = kind<char32_t(char32_t)>("echo-char");
  auto future = echo.async(0xd800);
  EXPECT_EQ(future.wait_for(0s), std::future_status::ready);
  expect_error(future.get(), Code::invalid_argument);
}

TEST(Function, calls_back) {
  const auto echo = kind<std::string(std::string_view)>("echo-string");
  std::promise<std::string> promise;
  const auto owned = std::make_shared<int>(0);
  echo.start([&promise,
              owned](wasmcell::Result<std::string> text) { promise.set_value(text.value()); },
             {}, "text")
      .value();
  EXPECT_EQ(promise.get_future().get(), "text");
  while (owned.use_count() > 1) std::this_thread::yield();
}

TEST(Function, does_not_call_back_if_it_does_not_start) {
  const auto echo = kind<char32_t(char32_t)>("echo-char");
  const auto owned = std::make_shared<int>(0);
  bool called = false;
  expect_error(echo.start([&called, owned](const wasmcell::Result<char32_t> &) { called = true; },
                          {}, 0xd800),
               Code::invalid_argument);
  EXPECT_FALSE(called);
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Function, letting_go_of_a_future_leaves_the_call_alone) {
  const auto own = small_builder().build().value();
  {
    const auto component =
        wasmcell::Component::from_file(own, below_tests("conformance/guests/state.wat")).value();
    static_cast<void>(component.function<void(std::uint64_t)>("sleep").value().async(30));
  }
  while (own.stats().value().finished == 0) std::this_thread::yield();
  EXPECT_EQ(own.stats().value().cancelled, 0U);
}

TEST(AnyFunction, calls_with_values_and_text) {
  const auto add = load("guests/kinds.wasm").function("add").value();
  EXPECT_EQ(add.name(), "add");
  EXPECT_EQ(add.type().text().value(), "func(a: u32, b: u32) -> u32");
  std::vector<wasmcell::Value> args;
  args.push_back(wasmcell::Value::of(40U));
  args.push_back(wasmcell::Value::of(2U));
  EXPECT_EQ(add.call(args).value()[0].as<std::uint32_t>().value(), 42U);
  EXPECT_EQ(add.call_text("(1, 2)").value(), "3");
  expect_error(add.call_text("(1"), Code::invalid_argument, "text");
  EXPECT_EQ(add.clone().name(), "add");
}

}  // namespace
