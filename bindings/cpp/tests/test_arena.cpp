#include "testing.hpp"

namespace {

using wasmcell::detail::ArgumentArena;
using wasmcell::detail::HeapArena;

TEST(ArgumentArena, stays_in_place_and_goes_on_elsewhere) {
  ArgumentArena arena;
  const auto inside = [&](const void *memory) {
    const auto *at = static_cast<const char *>(memory);
    const auto *begin = static_cast<const char *>(static_cast<const void *>(&arena));
    return at >= begin && at < begin + sizeof arena;
  };
  EXPECT_TRUE(inside(arena.make<std::uint8_t>(1)));
  auto *values = arena.make<runtime_value_t>(4);
  EXPECT_TRUE(inside(values));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values) % alignof(runtime_value_t), 0U);
  EXPECT_EQ(values[3].kind, 0);
  auto *many = arena.make<runtime_value_t>(1000);
  EXPECT_FALSE(inside(many));
  EXPECT_EQ(many[999].of.u64, 0U);
  EXPECT_TRUE(inside(arena.make<runtime_value_t>(1)));
}

TEST(HeapArena, copies_and_passes_on) {
  const char text[] = "text";
  HeapArena first;
  const char *copy = first.keep(text, 4);
  EXPECT_NE(copy, text);
  HeapArena second;
  second.adopt(std::move(first));
  EXPECT_EQ(std::string_view(copy, 4), "text");
}

// Deeply nested values need more than fits in place.
TEST(ArgumentArena, carries_large_arguments) {
  std::vector<std::string> words;
  for (int i = 0; i < 1000; i++) words.push_back("word " + std::to_string(i));
  const auto echo =
      kind<std::vector<std::string>(const std::vector<std::string> &)>("echo-strings");
  EXPECT_EQ(echo(words).value(), words);
}

}  // namespace
