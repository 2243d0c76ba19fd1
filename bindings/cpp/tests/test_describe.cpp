#include "testing.hpp"

namespace {

using wasmcell::detail::Name;

constexpr bool is(std::string_view cpp, std::string_view wit) {
  return Name{cpp}.is(wit);
}

static_assert(is("name", "name"));
static_assert(is("first_name", "first-name"));
static_assert(is("int_", "int"));
static_assert(is("HTTP_code", "HTTP-code"));
static_assert(!is("name", "names"));
static_assert(!is("names", "name"));
static_assert(!is("first_name", "first_name"));
static_assert(!is("", "a"));

// As many names as the macros take.
// clang-format off
struct Wide {
  bool a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2,
      c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5,
      e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3;
};
WASMCELL_RECORD(Wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8,
                b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9,
                e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0,
                g1, g2, g3)
// clang-format on
static_assert(std::tuple_size_v<decltype(wasmcell_fields(wasmcell::Tag<Wide>()))> == 64);

struct One {
  bool only;
};
WASMCELL_RECORD(One, only)

TEST(Describe, takes_from_one_to_sixty_four_names) {
  EXPECT_EQ(wasmcell::detail::spelled<One>(), "record { only: bool }");
  const std::string wide = wasmcell::detail::spelled<Wide>();
  EXPECT_EQ(wide.substr(0, 27), "record { a0: bool, a1: bool");
  EXPECT_EQ(wide.substr(wide.size() - 20), "g2: bool, g3: bool }");
}

}  // namespace
