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

}  // namespace
