#include <future>
#include <thread>

#include "testing.hpp"

namespace {

using Add = std::uint32_t(std::uint32_t);

TEST(Instance, keeps_its_state) {
  const auto component = load("conformance/guests/state.wat");
  const auto add = component.function<Add>("add").value();
  const auto instance = component.instantiate().value();
  EXPECT_EQ(instance.call(add, 1).value(), 1U);
  EXPECT_EQ(instance.call(add, 2).value(), 3U);
  wasmcell::CallOptions options;
  options.timeout = 10s;
  EXPECT_EQ(instance.call(options, add, 3).value(), 6U);
  EXPECT_EQ(add(1).value(), 1U);
  std::vector<wasmcell::Value> args;
  args.push_back(wasmcell::Value::of(4U));
  EXPECT_EQ(instance.call(add.any(), args).value()[0].as<std::uint32_t>().value(), 10U);
  EXPECT_EQ(instance.call_text(add.any(), "add(5)").value(), "15");
  EXPECT_FALSE(instance.is_poisoned());
  EXPECT_NE(instance.get(), nullptr);
}

TEST(Instance, calls_on_the_workers) {
  const auto component = load("conformance/guests/state.wat");
  const auto add = component.function<Add>("add").value();
  const auto instance = component.instantiate().value();
  EXPECT_EQ(instance.async(add, 1).get().value(), 1U);
  EXPECT_EQ(instance.async({}, add, 2).get().value(), 3U);
  std::promise<std::uint32_t> promise;
  instance
      .start([&](wasmcell::Result<std::uint32_t> sum) { promise.set_value(sum.value()); }, {}, add,
             3)
      .value();
  EXPECT_EQ(promise.get_future().get(), 6U);
}

TEST(Instance, is_made_on_the_workers) {
  const auto component = load("conformance/guests/sum.wat");
  const auto add = component.function<Add>("add").value();
  const auto pending = component.start_instantiate().value();
  const auto instance = pending.wait().value();
  EXPECT_TRUE(pending.is_done());
  expect_error(pending.wait_for(0ms), Code::not_found);
  EXPECT_EQ(instance.call(add, 6).value(), 6U);
  const auto text = instance.start_text(add.any(), "add(1)").value();
  EXPECT_EQ(text.wait().value()[0].as<std::string>().value(), "7");
  EXPECT_EQ(instance.run().value(), 1);
  EXPECT_EQ(instance.start_run().value().wait().value()[0].as<std::int32_t>().value(), 1);
  EXPECT_EQ(instance.call(add, 1).value(), 8U);
  EXPECT_EQ(instance.run().value(), 3);
  EXPECT_TRUE(instance.is_poisoned());
}

TEST(Instance, whose_start_fails_on_the_workers) {
  const char *const text =
      "(component (core module $m (func $f unreachable) (start $f))"
      "  (core instance (instantiate $m)))";
  const auto component = wasmcell::Component::from_bytes(runtime(), text).value();
  expect_error(component.start_instantiate().value().wait(), Code::trap);
}

TEST(Instance, takes_one_call_at_a_time) {
  const auto component = load("conformance/guests/state.wat");
  const auto add = component.function<Add>("add").value();
  const auto sleep = component.function<void(std::uint64_t)>("sleep").value();
  const auto instance = component.instantiate().value();
  auto sleeping = instance.async(sleep, 200);
  expect_error(instance.call(add, 1), Code::busy);
  expect_error(instance.async(add, 1).get(), Code::busy);
  EXPECT_TRUE(sleeping.get().has_value());
  EXPECT_EQ(instance.call(add, 1).value(), 1U);
}

TEST(Instance, is_poisoned_by_a_failure) {
  const auto component = load("conformance/guests/state.wat");
  const auto instance = component.instantiate().value();
  expect_error(instance.call(component.function<void()>("trap").value()), Code::trap);
  EXPECT_TRUE(instance.is_poisoned());
  expect_error(instance.call(component.function<Add>("add").value(), 1), Code::poisoned);
}

TEST(Instance, refuses_functions_of_others) {
  const auto component = load("conformance/guests/state.wat");
  const auto other = load("guests/kinds.wasm").function<void()>(kinds + "nothing").value();
  expect_error(component.instantiate().value().call(other), Code::invalid_argument, "function");
}

TEST(Instance, the_start_is_held_to_its_options) {
  wasmcell::CallOptions options;
  const auto cancel = wasmcell::Cancel::make().value();
  cancel.trigger();
  options.cancel = &cancel;
  expect_error(load("conformance/guests/start.wat").instantiate(), Code::trap);
  expect_error(load("conformance/guests/state.wat").instantiate(options), Code::cancelled);
}

TEST(Instance, moves) {
  const auto component = load("conformance/guests/state.wat");
  const auto add = component.function<Add>("add").value();
  auto first = component.instantiate().value();
  EXPECT_EQ(first.call(add, 1).value(), 1U);
  auto second = std::move(first);
  EXPECT_EQ(second.call(add, 1).value(), 2U);
  // NOLINTNEXTLINE: that is what this is about.
  expect_error(first.call(add, 1), Code::invalid_argument, "instance");
}

}  // namespace
