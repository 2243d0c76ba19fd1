#include "testing.hpp"

namespace {

using wasmcell::Component;
using wasmcell::ComponentOptions;

TEST(ComponentOptions, link_one_code_with_limits_of_its_own) {
  const auto first = load("guests/wat/grow.wat");
  ComponentOptions how;
  how.name = "narrow";
  how.limits.max_instances = 1;
  const auto narrow = first.link(how).value();
  EXPECT_EQ(narrow.name(), "narrow");
  {
    const auto held = narrow.instantiate().value();
    expect_error(narrow.instantiate(), Code::instance_limit, "max_instances");
    EXPECT_TRUE(first.instantiate());
  }
  EXPECT_TRUE(narrow.instantiate());
  how.limits.max_linear_memory = 1;
  expect_error(first.link(how), Code::memory_limit, "max_linear_memory");
}

TEST(ComponentOptions, bound_and_default_calls) {
  const auto first = load("guests/wat/spin.wat");
  ComponentOptions how;
  how.limits.max_execution_time = 20ms;
  expect_error(first.link(how).value().call_text("spin()"), Code::timeout, "20 ms");
  wasmcell::CallOptions defaults;
  defaults.timeout = 15ms;
  how.call_defaults = &defaults;
  expect_error(first.link(how).value().call_text("spin()"), Code::timeout, "15 ms");
  defaults.timeout = 0ms;
  defaults.fuel = 1;
  expect_error(first.link(how), Code::invalid_argument, "options.call_defaults.fuel");
  wasmcell::Report report;
  defaults.fuel = 0;
  defaults.report = &report;
  expect_error(first.link(how), Code::invalid_argument, "options.call_defaults.report");
}

TEST(ComponentOptions, load_without_linking) {
  ComponentOptions how;
  how.unlinked = true;
  const auto path = below_tests("guests/wat/accounts.wat");
  const auto seen = Component::from_file(runtime(), path, how).value();
  EXPECT_FALSE(seen.imports().empty());
  expect_error(seen.call_text("save(100)"), Code::link, "without being linked");
  expect_error(seen.link(), Code::link, "acme:bank/accounts");
  expect_error(seen.link(how), Code::invalid_argument, "options.unlinked");
}

TEST(ComponentOptions, use_instances_again) {
  const auto first = load("guests/wat/grow.wat");
  ComponentOptions how;
  how.reuse.emplace();
  how.reuse->max_calls = 2;
  const auto component = first.link(how).value();
  const auto pages = component.function<std::uint32_t(std::uint32_t)>("pages").value();
  EXPECT_EQ(pages(1).value(), 2U);
  EXPECT_EQ(pages.async(1).get().value(), 3U);
  EXPECT_EQ(pages(1).value(), 2U);
  EXPECT_EQ(runtime().stats().value().resting, 1U);
}

}  // namespace
