#include "testing.hpp"

namespace {

TEST(Span, views_what_is_in_a_row) {
  const std::vector<int> vector = {1, 2, 3};
  const int array[] = {4, 5};
  const std::array<int, 2> other = {6, 7};
  const auto sum = [](wasmcell::Span<const int> span) {
    int total = 0;
    for (const int n : span) total += n;
    return total;
  };
  EXPECT_EQ(sum(vector), 6);
  EXPECT_EQ(sum(array), 9);
  EXPECT_EQ(sum(other), 13);
  EXPECT_EQ(sum({}), 0);
  const wasmcell::Span<const int> two(vector.data(), 2);
  EXPECT_EQ(two.size(), 2U);
  EXPECT_EQ(two[1], 2);
  EXPECT_EQ(two.data(), vector.data());
  EXPECT_FALSE(two.empty());
  EXPECT_TRUE(wasmcell::Span<const int>().empty());
}

TEST(Span, writes_where_it_may) {
  std::vector<int> vector = {1, 2};
  wasmcell::Span<int> span(vector);
  span[0] = 9;
  EXPECT_EQ(vector[0], 9);
}

static_assert(!std::is_constructible_v<wasmcell::Span<int>, const std::vector<int> &>);
static_assert(!std::is_constructible_v<wasmcell::Span<const int>, const std::vector<long> &>);

TEST(BytesView, views_bytes_and_text) {
  const auto size = [](wasmcell::BytesView bytes) { return bytes.size(); };
  const std::string text = "four";
  const std::vector<std::uint8_t> bytes = {0, 1, 2};
  EXPECT_EQ(size(text), 4U);
  EXPECT_EQ(size("three"), 5U);
  EXPECT_EQ(size(std::string_view("ab")), 2U);
  EXPECT_EQ(size(bytes), 3U);
  EXPECT_EQ(size({bytes.data(), 1}), 1U);
  EXPECT_EQ(wasmcell::BytesView(text).data()[0], 'f');
}

}  // namespace
