#include <future>

#include "testing.hpp"

namespace {

using wasmcell::Held;
using wasmcell::Span;

static_assert(std::is_nothrow_move_constructible_v<Held<std::string_view>>);
static_assert(!std::is_copy_constructible_v<Held<std::string_view>>);

TEST(Held, views_text_and_numbers) {
  const auto text = kind<Held<std::string_view>(std::string_view)>("echo-string");
  const auto held = text("some text").value();
  EXPECT_EQ(*held, "some text");
  EXPECT_EQ(held->size(), 9U);
  const std::vector<double> numbers = {0.25, 0.5};
  const auto list = kind<Held<Span<const double>>(Span<const double>)>("echo-f64s");
  const auto answer = list(numbers).value();
  ASSERT_EQ(answer->size(), 2U);
  EXPECT_EQ((*answer)[1], 0.5);
}

TEST(Held, views_what_is_made_of_views) {
  using List = std::vector<std::string_view>;
  const std::vector<std::string> words = {"one", "two"};
  const auto list = kind<Held<List>(const std::vector<std::string> &)>("echo-strings");
  const auto held = list.async(words).get().value();
  EXPECT_EQ(*held, (List{"one", "two"}));
}

TEST(Held, moves_with_what_it_views) {
  const auto echo = kind<Held<std::string_view>(std::string_view)>("echo-string");
  auto first = echo("some text").value();
  const char *at = first->data();
  const Held<std::string_view> second = std::move(first);
  EXPECT_EQ(*second, "some text");
  EXPECT_EQ(second->data(), at);
}

TEST(Held, is_checked_as_what_it_holds) {
  expect_error(load("guests/kinds.wasm").function<Held<std::string_view>()>("add"),
               Code::type_mismatch, "-> string");
}

}  // namespace
