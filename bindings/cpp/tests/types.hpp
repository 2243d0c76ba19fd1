// The types of `wasmcell:test/kinds@0.1.0` in C++.
#ifndef WASMCELL_TESTS_TYPES_HPP
#define WASMCELL_TESTS_TYPES_HPP

#include <wasmcell.hpp>

namespace drawing {

struct Point {
  std::int32_t x, y;
};
WASMCELL_RECORD(Point, x, y)

inline bool operator==(const Point &a, const Point &b) {
  return a.x == b.x && a.y == b.y;
}

enum class Colour { red, green, blue };
WASMCELL_ENUM(Colour, red, green, blue)

struct Shape {
  std::string name;
  std::vector<Point> corners;
  std::optional<Colour> colour;
  double weight;
};
WASMCELL_RECORD(Shape, name, corners, colour, weight)

struct Size : std::variant<std::monostate, std::uint64_t, std::tuple<std::uint64_t, std::uint64_t>,
                           std::string> {
  using variant::variant;
};
WASMCELL_VARIANT(Size, unknown, exact, range, named)

enum class Right { read, write, execute };
WASMCELL_ENUM(Right, read, write, execute)

// Names that need care: a keyword of WIT, one of C++, and capitals.
struct Odd {
  bool list;
  char32_t int_;
  std::uint16_t HTTP_code;
};
WASMCELL_RECORD(Odd, list, int_, HTTP_code)

enum class Many {
  n0,
  n1,
  n2,
  n3,
  n4,
  n5,
  n6,
  n7,
  n8,
  n9,
  n10,
  n11,
  n12,
  n13,
  n14,
  n15,
  n16,
  n17,
  n18,
  n19,
  n20,
  n21,
  n22,
  n23,
  n24,
  n25,
  n26,
  n27,
  n28,
  n29,
  n30,
  n31
};
WASMCELL_ENUM(Many, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14, n15, n16, n17,
              n18, n19, n20, n21, n22, n23, n24, n25, n26, n27, n28, n29, n30, n31)

// Stands for a resource of the guest.
struct Counter {};
WASMCELL_RESOURCE(Counter, counter)

}  // namespace drawing

#endif
