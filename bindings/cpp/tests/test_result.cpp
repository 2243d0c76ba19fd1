#include "testing.hpp"

namespace {

using wasmcell::Error;
using wasmcell::Expected;
using wasmcell::Result;
using wasmcell::Unexpected;

Result<int> half(int n) {
  if (n % 2 != 0) return Unexpected<Error>(Error("odd", Code::invalid_argument));
  return n / 2;
}

TEST(Result, holds_a_value) {
  const Result<int> four = half(8);
  EXPECT_TRUE(four.has_value());
  EXPECT_TRUE(static_cast<bool>(four));
  EXPECT_EQ(*four, 4);
  EXPECT_EQ(four.value(), 4);
  EXPECT_EQ(four.value_or(1), 4);
}

TEST(Result, holds_an_error) {
  const Result<int> none = half(7);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), Code::invalid_argument);
  EXPECT_EQ(none.value_or(1), 1);
}

TEST(Result, value_throws_the_error) {
  Result<int> none = half(7);
  try {
    static_cast<void>(none.value());
    FAIL();
  } catch (wasmcell::BadExpectedAccess<Error> &bad) {
    EXPECT_EQ(bad.error().message(), "odd");
    EXPECT_NE(std::string(bad.what()), "");
  }
  EXPECT_THROW(static_cast<void>(half(7).value()), std::exception);
  EXPECT_THROW(static_cast<void>(std::as_const(none).value()), std::exception);
}

TEST(Result, may_hold_nothing) {
  const Result<void> done;
  EXPECT_TRUE(done.has_value());
  EXPECT_NO_THROW(done.value());
  const Result<void> failed = Unexpected<Error>(Error("no"));
  EXPECT_FALSE(failed.has_value());
  EXPECT_THROW(failed.value(), wasmcell::BadExpectedAccess<Error>);
}

TEST(Result, holds_what_only_moves) {
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(5);
  EXPECT_EQ(**owner, 5);
  const std::unique_ptr<int> taken = std::move(owner).value();
  EXPECT_EQ(*taken, 5);
  Result<std::unique_ptr<int>> other = std::make_unique<int>(6);
  other = std::make_unique<int>(7);
  EXPECT_EQ(**other, 7);
  EXPECT_EQ(*std::move(other).value_or(nullptr), 7);
}

TEST(Result, reaches_through_an_arrow) {
  Result<std::string> text = std::string("four");
  EXPECT_EQ(text->size(), 4U);
  text->push_back('s');
  EXPECT_EQ(*text, "fours");
  EXPECT_EQ(*std::move(text), "fours");
}

TEST(Expected, compares) {
  using Either = Expected<int, std::string>;
  EXPECT_TRUE(Either(1) == Either(1));
  EXPECT_FALSE(Either(1) == Either(2));
  EXPECT_FALSE(Either(1) == Either(Unexpected<std::string>("no")));
  EXPECT_TRUE(Either(Unexpected<std::string>("no")) == Either(Unexpected<std::string>("no")));
  EXPECT_TRUE(Either(1) != Either(Unexpected<std::string>("no")));
}

// What another one holds is not taken for a value.
static_assert(!std::is_convertible_v<Result<int>, Result<bool>>);
static_assert(!std::is_convertible_v<runtime_component_t *, Result<wasmcell::Component>>);
static_assert(std::is_convertible_v<const char *, Result<std::string>>);

TEST(Expected, tells_equal_types_apart) {
  const Expected<int, int> value = 3;
  const Expected<int, int> error = Unexpected<int>(3);
  EXPECT_TRUE(value.has_value());
  EXPECT_FALSE(error.has_value());
  EXPECT_EQ(error.error(), 3);
  Expected<std::string, std::string> text;
  EXPECT_EQ(text.value(), "");
  text = Unexpected<std::string>("no");
  EXPECT_EQ(text.error(), "no");
}

}  // namespace
