#include <thread>

#include "testing.hpp"

namespace {

TEST(Cancel, is_sticky_and_shared_by_clones) {
  const auto cancel = wasmcell::Cancel::make().value();
  const auto other = cancel.clone();
  EXPECT_FALSE(cancel.is_triggered());
  other.trigger();
  EXPECT_TRUE(cancel.is_triggered());
  other.trigger();
  EXPECT_TRUE(other.is_triggered());
}

TEST(Cancel, ends_a_call_from_another_thread) {
  const auto component = load("guests/wat/spin.wat");
  const auto spin = component.function<void()>("spin").value();
  const auto cancel = wasmcell::Cancel::make().value();
  wasmcell::CallOptions options;
  options.cancel = &cancel;
  std::thread other([token = cancel.clone()] {
    std::this_thread::sleep_for(20ms);
    token.trigger();
  });
  expect_error(spin.call(options), Code::cancelled);
  other.join();
  expect_error(component.function<void()>("rest").value().call(options), Code::cancelled);
}

}  // namespace
