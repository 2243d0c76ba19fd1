#include "testing.hpp"

namespace {

using wasmcell::Kind;

TEST(Type, is_walked) {
  const auto component = load("guests/kinds.wasm");
  const auto function = component.function(kinds + "echo-shape").value();
  const wasmcell::Type type = function.type();
  EXPECT_EQ(type.kind(), Kind::function);
  ASSERT_EQ(type.size(), 1U);
  EXPECT_EQ(type.child_name(0), "x");
  const wasmcell::Type shape = type.child(0);
  EXPECT_EQ(shape.kind(), Kind::record);
  EXPECT_EQ(shape.size(), 4U);
  EXPECT_EQ(shape.child_name(2), "colour");
  EXPECT_EQ(shape.child(2).kind(), Kind::option);
  EXPECT_EQ(shape.child(2).child(0).child_name(1), "green");
  EXPECT_EQ(type.result().kind(), Kind::record);
  EXPECT_EQ(shape.child(1).text().value(), "list<record { x: s32, y: s32 }>");
  EXPECT_NE(shape.get(), nullptr);
}

TEST(Type, may_be_none) {
  const wasmcell::Type none;
  EXPECT_FALSE(static_cast<bool>(none));
  EXPECT_EQ(none.kind(), Kind::none);
  EXPECT_EQ(none.size(), 0U);
  EXPECT_FALSE(none.child(0));
  EXPECT_FALSE(none.child_name(0).has_value());
  EXPECT_FALSE(none.result());
  expect_error(none.text(), Code::invalid_argument, "type");
}

TEST(Type, of_any_length_leaves_room_in_a_message) {
  using wasmcell::detail::brief;
  const std::string mark = "\xE2\x80\xA6";
  EXPECT_EQ(brief(""), "");
  EXPECT_EQ(brief(std::string(900, 'x')), std::string(900, 'x'));
  EXPECT_EQ(brief(std::string(901, 'x')), std::string(900, 'x') + mark);
  // A character is cut before it, not within.
  EXPECT_EQ(brief(std::string(899, 'x') + mark), std::string(899, 'x') + mark);
}

TEST(Item, tells_name_kind_and_type) {
  const auto component = load("guests/kinds.wasm");
  bool function = false;
  bool resource = false;
  for (const wasmcell::Item &item : component.exports()) {
    if (item.name() == "add") {
      function = true;
      EXPECT_EQ(item.kind(), wasmcell::ItemKind::function);
      EXPECT_EQ(item.type().size(), 2U);
      EXPECT_NE(item.get(), nullptr);
    }
    if (item.name() == "wasmcell:test/counters@0.1.0#counter") {
      resource = true;
      EXPECT_EQ(item.kind(), wasmcell::ItemKind::resource);
      EXPECT_FALSE(item.type());
    }
  }
  EXPECT_TRUE(function);
  EXPECT_TRUE(resource);
  EXPECT_EQ(wasmcell::Item(nullptr).name(), "");
}

}  // namespace
