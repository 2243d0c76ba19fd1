#include <atomic>
#include <thread>

#include "testing.hpp"

namespace {

TEST(Runtime, tells_what_it_got) {
  const auto own = small_builder().force_on_demand_allocator().build().value();
  const wasmcell::Info info = own.info().value();
  EXPECT_EQ(info.allocator, wasmcell::Allocator::on_demand);
  EXPECT_EQ(info.max_components, 8U);
  EXPECT_EQ(info.total_memories, 0U);
  EXPECT_EQ(info.address_space, 0U);
  EXPECT_FALSE(info.reason.empty());
}

TEST(Runtime, counts_calls) {
  const auto own = small_builder().build().value();
  const auto component =
      wasmcell::Component::from_file(own, below_tests("conformance/guests/state.wat")).value();
  EXPECT_TRUE(component.call_text("add(1)").has_value());
  EXPECT_FALSE(component.call_text("trap()").has_value());
  const wasmcell::Stats stats = own.stats().value();
  EXPECT_EQ(stats.started, 2U);
  EXPECT_EQ(stats.finished, 1U);
  EXPECT_EQ(stats.trapped, 1U);
  EXPECT_EQ(stats.instances, 0U);
  EXPECT_EQ(stats.pools, 1U);
}

TEST(Runtime, skips_interfaces_of_features_that_are_on) {
  const auto own =
      small_builder().experimental_features(RUNTIME_FEATURE_RPC_INTERFACE).build().value();
  EXPECT_TRUE(own.skip_feature_gated_instance("wrpc:rpc/transport@0.1.0"));
  EXPECT_FALSE(own.skip_feature_gated_instance("wasi:io/poll@0.2.0"));
  EXPECT_FALSE(runtime().skip_feature_gated_instance("wrpc:rpc/transport@0.1.0"));
}

TEST(Runtime, that_is_shut_down_takes_no_more) {
  const auto own = small_builder().build().value();
  const auto component =
      wasmcell::Component::from_file(own, below_tests("conformance/guests/state.wat")).value();
  const auto instance = component.instantiate().value();
  EXPECT_TRUE(own.shutdown().has_value());
  expect_error(component.call_text("add(1)"), Code::shutdown, "shut down");
  expect_error(instance.call_text(component.function("add").value(), "add(1)"), Code::shutdown);
  expect_error(wasmcell::Component::from_file(own, below_tests("conformance/guests/state.wat")),
               Code::shutdown);
  EXPECT_TRUE(own.shutdown(0ms).has_value());
}

const char *const asks =
    R"((component (import "ask" (func $ask))
         (core func $ask (canon lower (func $ask)))
         (core module $m (import "" "ask" (func $ask)) (func (export "run") (call $ask)))
         (core instance $i (instantiate $m (with "" (instance (export "ask" (func $ask))))))
         (func (export "run") (canon lift (core func $i "run")))))";

TEST(Runtime, says_what_keeps_it_from_its_end) {
  const auto own = small_builder().build().value();
  std::atomic<bool> entered{false}, released{false};
  auto linker = wasmcell::Linker::make().value();
  linker
      .define("ask",
              [&] {
                expect_error(own.shutdown(), Code::busy, "callback");
                entered = true;
                while (!released) std::this_thread::sleep_for(1ms);
              })
      .value();
  wasmcell::ComponentOptions options;
  options.linker = &linker;
  const auto component =
      wasmcell::Component::from_bytes(own, std::string_view(asks), options).value();
  std::thread caller([&] { expect_error(component.call_text("run()"), Code::cancelled); });
  while (!entered) std::this_thread::sleep_for(1ms);
  expect_error(own.shutdown(-5ms), Code::timeout, "after 0 ms", "1 blocking call");
  expect_error(own.shutdown(10ms), Code::timeout, "1 blocking call");
  released = true;
  EXPECT_TRUE(own.shutdown().has_value());
  caller.join();
}

TEST(Runtime, that_was_moved_from_is_refused) {
  auto own = small_builder().build().value();
  const auto taken = std::move(own);
  expect_error(own.info(), Code::invalid_argument, "runtime");
  expect_error(own.stats(), Code::invalid_argument, "runtime");
  expect_error(own.shutdown(), Code::invalid_argument, "runtime");
}

}  // namespace
