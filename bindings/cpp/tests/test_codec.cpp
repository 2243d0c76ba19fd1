#include <climits>
#include <cmath>

#include "testing.hpp"

namespace {

template <typename T>
void echoes(const std::string &name, std::initializer_list<T> values) {
  const auto echo = kind<T(T)>("echo-" + name);
  for (const T &value : values) EXPECT_EQ(echo(value).value(), value) << name;
}

TEST(Codec, passes_numbers_at_their_limits) {
  echoes<bool>("bool", {false, true});
  echoes<std::int8_t>("s8", {INT8_MIN, 0, INT8_MAX});
  echoes<std::uint8_t>("u8", {0, UINT8_MAX});
  echoes<std::int16_t>("s16", {INT16_MIN, INT16_MAX});
  echoes<std::uint16_t>("u16", {0, UINT16_MAX});
  echoes<std::int32_t>("s32", {INT32_MIN, INT32_MAX});
  echoes<std::uint32_t>("u32", {0, UINT32_MAX});
  echoes<std::int64_t>("s64", {INT64_MIN, INT64_MAX});
  echoes<std::uint64_t>("u64", {0, UINT64_MAX});
  echoes<long long>("s64", {LLONG_MIN, LLONG_MAX});
  echoes<unsigned long long>("u64", {ULLONG_MAX});
  echoes<float>("f32", {-0.5F, INFINITY});
  echoes<double>("f64", {0.1, -INFINITY});
  echoes<char32_t>("char", {U'x', U'\U0010FFFF'});
  EXPECT_TRUE(std::isnan(kind<double(double)>("echo-f64")(NAN).value()));
}

TEST(Codec, passes_text) {
  echoes<std::string>("string", {"", "naïve 你好 🦀", std::string("a\0b", 3)});
  const auto echo = kind<std::string(std::string_view)>("echo-string");
  EXPECT_EQ(echo("literal").value(), "literal");
  EXPECT_EQ(echo(std::string_view()).value(), "");
  const auto c_string = kind<std::string(const char *)>("echo-string");
  EXPECT_EQ(c_string("c string").value(), "c string");
}

TEST(Codec, refuses_what_is_no_character_and_no_utf8) {
  expect_error(kind<char32_t(char32_t)>("echo-char")(0xd800), Code::invalid_argument, "x");
  expect_error(kind<std::string(std::string_view)>("echo-string")("\xff"), Code::invalid_argument,
               "x");
}

TEST(Codec, spells_types_as_wit_does) {
  using wasmcell::detail::spelled;
  EXPECT_EQ(spelled<bool>(), "bool");
  EXPECT_EQ(spelled<signed char>(), "s8");
  EXPECT_EQ(spelled<unsigned long>(), "u64");
  EXPECT_EQ(spelled<float>(), "f32");
  EXPECT_EQ(spelled<char32_t>(), "char");
  EXPECT_EQ(spelled<std::string_view>(), "string");
}

// Numbers and text as arguments take no memory from the heap, and are not copied.
TEST(Codec, borrows_arguments) {
  const std::string text = "some text that is too long for any small-string optimisation";
  wasmcell::detail::ArgumentArena arena;
  runtime_value_t value = {};
  wasmcell::Codec<std::string>::lower(text, value, arena);
  EXPECT_EQ(value.of.string.ptr, text.data());
  EXPECT_EQ(value.of.string.len, text.size());
}

}  // namespace
