#include <limits>

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

wasmcell::Type parameter(const wasmcell::Component &component, const std::string &function) {
  for (const auto &item : component.exports())
    if (item.name() == function) return item.type().child(0);
  return wasmcell::Type();
}

TEST(Value, is_read_from_text_and_written) {
  const auto component = load("guests/kinds.wasm");
  const auto type = parameter(component, kinds + "echo-shape");
  const std::string text =
      R"({name: "t", corners: [{x: 0, y: -1}], colour: some(blue), weight: 0.5})";
  const auto values = wasmcell::Values::parse(type, text).value();
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(values[0].as<drawing::Shape>().value().corners[0].y, -1);
  EXPECT_EQ(values[0].text(type).value(), text);
  const auto shape = drawing::Shape{"t", {{0, -1}}, drawing::Colour::blue, 0.5};
  EXPECT_EQ(Value::of(shape).view().text(type).value(), text);
  EXPECT_EQ(Value::own(7).view().text(parameter(component, kinds + "echo-u8")).error().code(),
            Code::type_mismatch);
  const std::string increment = "wasmcell:test/counters@0.1.0#[method]counter.increment";
  EXPECT_EQ(Value::borrow(7).view().text(parameter(component, increment)).value(), "borrow(7)");
  expect_error(wasmcell::Values::parse(parameter(component, increment), "borrow(7)"),
               Code::unsupported, "counter");
  expect_error(wasmcell::Values::parse(type, "{name: 1}"), Code::type_mismatch, "`value.name`",
               "column 8");
  expect_error(wasmcell::Values::parse(type, "{"), Code::invalid_argument, "column");
  expect_error(wasmcell::Values::parse(type, {}), Code::invalid_argument, "column 1");
  expect_error(wasmcell::Values::parse(wasmcell::Type(), "1"), Code::invalid_argument, "`type`");
}

TEST(Value, is_compared) {
  const auto component = load("guests/kinds.wasm");
  const auto type = parameter(component, kinds + "echo-f64s");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Value one = Value::of(std::vector<double>{1.5, nan});
  const Value same = Value::list(all(Value::of(1.5), Value::of(-nan)));
  const Value other = Value::of(std::vector<double>{1.5, 0});
  EXPECT_TRUE(one.view().equals(same.view(), type).value());
  EXPECT_FALSE(one.view().equals(other.view(), type).value());
  expect_error(one.view().equals(Value::of(1.5).view(), type), Code::type_mismatch, "`b`");
}

}  // namespace
