#include "testing.hpp"

namespace {

std::vector<wasmcell::Value> one(std::uint64_t n) {
  std::vector<wasmcell::Value> args;
  args.push_back(wasmcell::Value::of(n));
  return args;
}

TEST(Pending, waits_and_gives_the_outcome_once) {
  const auto work = load("conformance/guests/state.wat").function("work").value();
  const auto pending = work.start(one(10)).value();
  EXPECT_EQ(pending.wait().value()[0].as<std::uint64_t>().value(), 10U);
  EXPECT_TRUE(pending.is_done());
  expect_error(pending.wait(), Code::not_found);
}

TEST(Pending, waits_no_longer_than_told) {
  const auto sleep = load("conformance/guests/state.wat").function("sleep").value();
  const auto cancel = wasmcell::Cancel::make().value();
  wasmcell::CallOptions options;
  options.cancel = &cancel;
  const auto pending = sleep.start(one(60000), options).value();
  expect_error(pending.wait_for(10ms), Code::timeout);
  EXPECT_FALSE(pending.is_done());
  cancel.trigger();
  expect_error(pending.wait(), Code::cancelled);
}

TEST(Pending, says_why_a_call_is_not_started) {
  const auto work = load("conformance/guests/state.wat").function("work").value();
  expect_error(work.start({}), Code::type_mismatch);
}

TEST(Pending, of_text_has_text) {
  const auto component = load("conformance/guests/sum.wat");
  const auto add = component.function("add").value();
  EXPECT_EQ(add.start_text("(3)").value().wait().value()[0].as<std::string>().value(), "3");
  EXPECT_EQ(component.start_text("add(4)").value().wait().value()[0].as<std::string>().value(),
            "4");
  expect_error(add.start_text("add("), Code::invalid_argument);
  expect_error(component.start_text("lacks()"), Code::not_found, "lacks");
}

TEST(Pending, of_a_command_has_its_status) {
  const auto component = load("conformance/guests/sum.wat");
  EXPECT_EQ(component.start_run().value().wait().value()[0].as<std::int32_t>().value(), 0);
  expect_error(load("guests/wat/echo.wat").start_run(), Code::not_found, "command");
}

// A module of `n` functions, which takes long to compile for what it is.
std::string slow_text(std::size_t n) {
  std::string text = "(component (core module ";
  for (std::size_t i = 0; i < n; i++) text += "(func)";
  return text + "))";
}

wasmcell::Runtime patient_runtime() {
  return small_builder().max_compile_cost(1000000000).max_compile_threads(1).build().value();
}

TEST(PendingComponent, waits_and_gives_the_component_once) {
  const auto path = below_tests("conformance/guests/state.wat");
  const auto pending = wasmcell::Component::start_from_file(runtime(), path).value();
  const auto component = pending.wait().value();
  EXPECT_TRUE(pending.is_done());
  EXPECT_EQ(component.call_text("add(1)").value(), "1");
  expect_error(pending.wait(), Code::not_found);
}

TEST(PendingComponent, says_why_a_load_failed) {
  expect_error(wasmcell::Component::start_from_bytes(runtime(), "garbage").value().wait(),
               Code::compile);
  expect_error(wasmcell::Component::start_from_bytes(runtime(), slow_text(60000)).value().wait(),
               Code::resource_limit, "`max_compile_cost`");
  wasmcell::ComponentOptions options;
  options.timeout = std::chrono::milliseconds::max();
  expect_error(wasmcell::Component::start_from_bytes(runtime(), "(component)", options),
               Code::invalid_argument, "timeout_ms");
}

TEST(PendingComponent, waits_no_longer_than_told_and_is_cancelled) {
  const auto patient = patient_runtime();
  const auto cancel = wasmcell::Cancel::make().value();
  wasmcell::ComponentOptions options;
  options.cancel = &cancel;
  const auto pending =
      wasmcell::Component::start_from_bytes(patient, slow_text(60000), options).value();
  expect_error(pending.wait_for(1ms), Code::timeout);
  EXPECT_FALSE(pending.is_done());
  cancel.trigger();
  expect_error(pending.wait(), Code::cancelled);
}

TEST(PendingComponent, is_late) {
  const auto patient = patient_runtime();
  wasmcell::ComponentOptions options;
  options.timeout = 20ms;
  const std::string slow = slow_text(60000);
  expect_error(wasmcell::Component::start_from_bytes(patient, slow, options).value().wait(),
               Code::timeout, "`timeout_ms` of 20");
  expect_error(wasmcell::Component::from_bytes(patient, slow, options), Code::timeout);
}

TEST(PendingComponent, ends_when_its_runtime_is_shut_down) {
  const auto own = patient_runtime();
  std::vector<wasmcell::PendingComponent> pending;
  for (std::size_t i = 0; i < 3; i++)
    pending.push_back(wasmcell::Component::start_from_bytes(own, slow_text(20000 + i)).value());
  EXPECT_TRUE(own.shutdown().has_value());
  EXPECT_EQ(own.stats().value().loads_running, 0U);
  for (const auto &each : pending) {
    EXPECT_TRUE(each.is_done());
    const auto outcome = each.wait_for(0ms);
    if (!outcome) {
      EXPECT_EQ(outcome.error().code(), Code::cancelled) << outcome.error().message();
    }
  }
}

}  // namespace
