#include "testing.hpp"
#include "types.hpp"

namespace {

using wasmcell::Kind;
using wasmcell::Value;
using wasmcell::ValueView;

template <typename... T>
std::vector<Value> all(T &&...values) {
  std::vector<Value> list;
  (list.push_back(std::forward<T>(values)), ...);
  return list;
}

// What a function of kinds.wasm answers to one value.
wasmcell::Values echoed(const std::string &name, Value value) {
  return load("guests/kinds.wasm")
      .function(kinds + name)
      .value()
      .call(all(std::move(value)))
      .value();
}

TEST(Value, is_made_of_any_type) {
  EXPECT_EQ(echoed("echo-u8", Value::of(std::uint8_t{255}))[0].as<std::uint8_t>().value(), 255);
  EXPECT_EQ(echoed("echo-string", Value::of("text"))[0].as<std::string_view>().value(), "text");
  const auto point = echoed("echo-point", Value::of(drawing::Point{1, 2}));
  EXPECT_EQ(point[0].kind(), Kind::record);
  EXPECT_EQ(point[0].size(), 2U);
  EXPECT_EQ(point[0][1].as<std::int32_t>().value(), 2);
}

TEST(Value, is_built_without_types) {
  const auto shape =
      echoed("echo-shape",
             Value::record(all(Value::of("square"),
                               Value::list(all(Value::record(all(Value::of(1), Value::of(2))))),
                               Value::some(Value::enumeration(1)), Value::of(0.5))));
  const auto back = shape[0].as<drawing::Shape>().value();
  EXPECT_EQ(back.name, "square");
  EXPECT_EQ(back.corners, (std::vector<drawing::Point>{{1, 2}}));
  EXPECT_EQ(back.colour, drawing::Colour::green);
  const auto range =
      echoed("echo-size", Value::variant(2, Value::tuple(all(Value::of(std::uint64_t{1}),
                                                             Value::of(std::uint64_t{2})))));
  EXPECT_EQ(range[0].index(), 2U);
  EXPECT_EQ((*range[0].payload())[1].as<std::uint64_t>().value(), 2U);
  EXPECT_EQ(echoed("echo-option", Value::none())[0].index(), 0U);
  EXPECT_FALSE(echoed("echo-option", Value::none())[0].payload().has_value());
  EXPECT_EQ(echoed("echo-result", Value::ok(Value::of(std::uint64_t{5})))[0].index(), 0U);
  EXPECT_EQ(echoed("echo-result-bare", Value::err())[0].index(), 1U);
  const std::uint32_t words[] = {5};
  EXPECT_EQ(echoed("echo-rights", Value::flags(words))[0].flags()[0], 5U);
  EXPECT_EQ(Value::own(7).view().handle(), 7U);
  EXPECT_EQ(Value::borrow(8).view().kind(), Kind::borrow);
}

TEST(Value, is_checked_by_the_library) {
  const auto add = load("guests/kinds.wasm").function("add").value();
  expect_error(add.call(all(Value::of(1U))), Code::type_mismatch);
  expect_error(add.call(all(Value::of(1U), Value::of("2"))), Code::type_mismatch, "b");
}

TEST(Value, copies_everything) {
  const auto copies = [](const std::string &name, Value value) {
    const wasmcell::Values results = echoed(name, std::move(value));
    const Value copy = Value::copy(results[0]);
    EXPECT_EQ(copy.view().kind(), results[0].kind());
    return echoed(name, Value::copy(copy.view()));
  };
  const std::vector<std::string> words = {"one", "two"};
  EXPECT_EQ(copies("echo-strings", Value::of(words))[0].as<std::vector<std::string>>().value(),
            words);
  const std::vector<double> numbers = {0.25, 0.5};
  EXPECT_EQ(copies("echo-f64s", Value::of(numbers))[0].as<std::vector<double>>().value(), numbers);
  const auto shape = drawing::Shape{"square", {{1, 2}}, drawing::Colour::blue, 0.5};
  EXPECT_EQ(copies("echo-shape", Value::of(shape))[0].as<drawing::Shape>().value().name, "square");
  const auto rights = wasmcell::Flags<drawing::Right>{drawing::Right::write};
  EXPECT_EQ(copies("echo-rights", Value::of(rights))[0].flags()[0], 2U);
  EXPECT_EQ(copies("echo-result", Value::err(Value::of("no")))[0].index(), 1U);
}

TEST(ValueView, as_checks) {
  const Value value = Value::of(std::uint32_t{7});
  EXPECT_EQ(value.view().as<std::uint32_t>().value(), 7U);
  expect_error(value.view().as<std::int32_t>(), Code::type_mismatch, "s32");
  expect_error(value.view().as<std::string>(), Code::type_mismatch, "string");
  EXPECT_EQ(value.view().get().of.u32, 7U);
  EXPECT_EQ(Value::of(std::vector<bool>{true}).view().element(), Kind::boolean);
}

TEST(Values, may_be_none) {
  const auto nothing = load("guests/kinds.wasm").function(kinds + "nothing").value();
  EXPECT_EQ(nothing.call({}).value().size(), 0U);
}

}  // namespace
