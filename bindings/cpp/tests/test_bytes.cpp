#include "testing.hpp"

namespace {

TEST(Bytes, carry_compiled_code) {
  const auto component = load("guests/greeter.wasm");
  const wasmcell::Bytes code = component.serialize().value();
  EXPECT_GT(code.size(), 1000U);
  EXPECT_EQ(code.view().data(), code.data());
  EXPECT_EQ(code.text().size(), code.size());
  const auto again = wasmcell::Component::deserialize(runtime(), code.view()).value();
  EXPECT_EQ(again.call_text("greet(\"again\")").value(), "\"Hello, again!\"");
}

TEST(Bytes, may_be_none) {
  const wasmcell::Bytes none(nullptr);
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_EQ(none.text(), "");
}

}  // namespace
