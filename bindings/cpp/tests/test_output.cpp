#include "testing.hpp"

namespace {

TEST(Output, has_what_was_printed) {
  auto sandbox = wasmcell::Sandbox::make().value();
  sandbox.stdout_capture().value();
  sandbox.stderr_capture().value();
  const auto component = load("guests/wasi.wasm", {"printer", &sandbox, nullptr});
  auto output = wasmcell::Output::make(8).value();
  wasmcell::CallOptions options;
  options.output = &output;
  const std::string outside = "wasmcell:test/outside@0.1.0#";
  EXPECT_TRUE(component.call_text(outside + "print(\"four\")", options).has_value());
  EXPECT_EQ(output.out(), "four");
  EXPECT_EQ(output.err(), "");
  EXPECT_FALSE(output.is_truncated());
  EXPECT_TRUE(component.call_text(outside + "complain(\"123456789\")", options).has_value());
  EXPECT_EQ(output.out(), "");
  EXPECT_EQ(output.err(), "12345678");
  EXPECT_TRUE(output.is_truncated());
  output.collect(true);
  EXPECT_EQ(output.err(), "");
  for (const char *text : {"one", "two"}) {
    const std::string call = outside + "print(\"" + text + "\")";
    EXPECT_TRUE(component.call_text(call, options).has_value());
  }
  EXPECT_EQ(output.out(), "onetwo");
}

TEST(Output, may_be_none) {
  const wasmcell::Output none(nullptr);
  EXPECT_EQ(none.out(), "");
  EXPECT_FALSE(none.is_truncated());
}

}  // namespace
