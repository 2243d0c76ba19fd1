#include "testing.hpp"
#include "types.hpp"

namespace {

using wasmcell::Span;

template <typename T>
void echoes(const std::string &name, const std::vector<T> &list) {
  EXPECT_EQ(kind<std::vector<T>(const std::vector<T> &)>(name)(list).value(), list) << name;
  EXPECT_EQ(kind<std::vector<T>(const std::vector<T> &)>(name)({}).value(), std::vector<T>());
}

TEST(ListCodec, passes_vectors) {
  echoes<std::uint8_t>("echo-bytes", {0, 127, 255});
  echoes<bool>("echo-bools", {true, false, true});
  echoes<char32_t>("echo-chars", {U'a', U'ß', U'🦀'});
  echoes<std::int64_t>("echo-s64s", {-1, 0, INT64_MAX});
  echoes<double>("echo-f64s", {0.25, -1e300});
  echoes<std::string>("echo-strings", {"", "one", "two"});
  echoes<std::vector<std::uint16_t>>("echo-nested", {{1, 2}, {}, {65535}});
  echoes<drawing::Point>("echo-points", {{1, -1}, {2, -2}});
}

TEST(ListCodec, passes_spans_and_arrays) {
  const auto span = kind<std::vector<double>(Span<const double>)>("echo-f64s");
  const std::vector<double> expected = {1.5, 2.5};
  const std::array<double, 2> array = {1.5, 2.5};
  const double plain[] = {1.5, 2.5};
  EXPECT_EQ(span(expected).value(), expected);
  EXPECT_EQ(span(array).value(), expected);
  EXPECT_EQ(span(plain).value(), expected);
  const auto fixed = kind<std::vector<double>(std::array<double, 2>)>("echo-f64s");
  EXPECT_EQ(fixed({1.5, 2.5}).value(), expected);
  const auto views = kind<std::vector<std::string>(Span<const std::string_view>)>("echo-strings");
  const std::vector<std::string_view> words = {"one", "two"};
  EXPECT_EQ(views(words).value(), (std::vector<std::string>{"one", "two"}));
}

TEST(ListCodec, does_not_copy_numbers_on_the_way_in) {
  const std::vector<std::uint8_t> bytes(1 << 20, 7);
  wasmcell::detail::ArgumentArena arena;
  runtime_value_t value = {};
  wasmcell::Codec<std::vector<std::uint8_t>>::lower(bytes, value, arena);
  EXPECT_EQ(value.of.list.ptr, bytes.data());
  EXPECT_EQ(value.element, RUNTIME_KIND_U8);
  EXPECT_EQ(kind<std::vector<std::uint8_t>(Span<const std::uint8_t>)>("echo-bytes")(bytes).value(),
            bytes);
}

TEST(ListCodec, spells_and_fits) {
  EXPECT_EQ(wasmcell::detail::spelled<std::vector<std::vector<std::uint16_t>>>(),
            "list<list<u16>>");
  const auto list = wasmcell::Value::of(std::vector<std::uint16_t>{1});
  EXPECT_TRUE(list.view().as<Span<const std::uint16_t>>().has_value());
  expect_error(list.view().as<Span<const std::int16_t>>(), Code::type_mismatch, "list<s16>");
  expect_error(list.view().as<std::vector<std::string>>(), Code::type_mismatch, "list<string>");
  expect_error(wasmcell::Value::of(true).view().as<std::vector<bool>>(), Code::type_mismatch);
  const auto mixed = [] {
    std::vector<wasmcell::Value> parts;
    parts.push_back(wasmcell::Value::of("text"));
    parts.push_back(wasmcell::Value::of(1));
    return wasmcell::Value::list(std::move(parts));
  }();
  expect_error(mixed.view().as<std::vector<std::string>>(), Code::type_mismatch);
}

}  // namespace
