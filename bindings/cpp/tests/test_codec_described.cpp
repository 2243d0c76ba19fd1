#include "testing.hpp"
#include "types.hpp"

namespace {

using drawing::Colour;
using drawing::Many;
using drawing::Odd;
using drawing::Point;
using drawing::Right;
using drawing::Shape;
using drawing::Size;
using wasmcell::Flags;
using wasmcell::detail::spelled;

// As Point, but for one name.
struct Place {
  std::int32_t x, z;
};
WASMCELL_RECORD(Place, x, z)

enum class Shade { red, green, teal };
WASMCELL_ENUM(Shade, red, green, teal)

// Other numbers than places.
enum class Sparse { blue = 30, green = 20, red = 10 };
WASMCELL_ENUM(Sparse, red, green, blue)

TEST(RecordCodec, passes_structs) {
  const Point far = kind<Point(const Point &)>("echo-point")({INT32_MIN, INT32_MAX}).value();
  EXPECT_EQ(far, (Point{INT32_MIN, INT32_MAX}));
  const Shape square = {"square", {{0, 0}, {1, 1}}, Colour::green, 0.5};
  const Shape echo = kind<Shape(const Shape &)>("echo-shape")(square).value();
  EXPECT_EQ(echo.name, "square");
  EXPECT_EQ(echo.corners, square.corners);
  EXPECT_EQ(echo.colour, Colour::green);
  EXPECT_EQ(echo.weight, 0.5);
  EXPECT_NE(kind<std::string(const Shape &)>("describe")(square).value().find("square"),
            std::string::npos);
}

TEST(RecordCodec, names_may_be_keywords) {
  const Odd odd = kind<Odd(const Odd &)>("echo-odd")({true, U'i', 404}).value();
  EXPECT_TRUE(odd.list);
  EXPECT_EQ(odd.int_, U'i');
  EXPECT_EQ(odd.HTTP_code, 404);
  EXPECT_EQ(spelled<Odd>(), "record { list: bool, int: char, HTTP-code: u16 }");
}

TEST(RecordCodec, checks_names_and_types) {
  const auto component = load("guests/kinds.wasm");
  expect_error(component.function<Place(Place)>(kinds + "echo-point"), Code::type_mismatch,
               "record { x: s32, z: s32 }", "record { x: s32, y: s32 }");
}

TEST(EnumCodec, passes_enumerators_by_name) {
  const auto echo = kind<Colour(Colour)>("echo-colour");
  EXPECT_EQ(echo(Colour::red).value(), Colour::red);
  EXPECT_EQ(echo(Colour::blue).value(), Colour::blue);
  const auto mixed = kind<Sparse(Colour)>("echo-colour");
  EXPECT_EQ(mixed(Colour::blue).value(), Sparse::blue);
  EXPECT_EQ(spelled<Sparse>(), "enum { red, green, blue }");
}

TEST(EnumCodec, refuses_other_names_and_numbers) {
  expect_error(load("guests/kinds.wasm").function<Shade(Shade)>(kinds + "echo-colour"),
               Code::type_mismatch, "teal", "blue");
  expect_error(kind<Colour(Colour)>("echo-colour")(static_cast<Colour>(77)), Code::invalid_argument,
               "x");
}

TEST(FlagsCodec, passes_sets) {
  const auto echo = kind<Flags<Right>(Flags<Right>)>("echo-rights");
  EXPECT_EQ(echo({}).value(), Flags<Right>());
  const Flags<Right> two = {Right::read, Right::execute};
  const Flags<Right> answer = echo(two).value();
  EXPECT_EQ(answer, two);
  EXPECT_TRUE(answer.has(Right::execute));
  EXPECT_FALSE(answer.has(Right::write));
  EXPECT_EQ(spelled<Flags<Right>>(), "flags { read, write, execute }");
}

TEST(FlagsCodec, passes_thirty_two) {
  const auto echo = kind<Flags<Many>(Flags<Many>)>("echo-many");
  const Flags<Many> ends = {Many::n0, Many::n31};
  EXPECT_EQ(echo(ends).value(), ends);
}

TEST(FlagsCodec, refuses_what_is_no_flag) {
  expect_error(kind<Flags<Right>(Flags<Right>)>("echo-rights")({static_cast<Right>(9)}),
               Code::invalid_argument);
  expect_error(kind<Flags<Many>(Flags<Many>)>("echo-many")({static_cast<Many>(99)}),
               Code::invalid_argument);
}

TEST(Flags, set_and_clear) {
  Flags<Right> rights;
  rights.set(Right::write).set(Right::read).set(Right::write, false);
  EXPECT_TRUE(rights == Flags<Right>{Right::read});
  EXPECT_TRUE(rights != Flags<Right>{Right::write});
}

TEST(VariantCodec, passes_named_cases) {
  const auto echo = kind<Size(const Size &)>("echo-size");
  EXPECT_EQ(echo(Size()).value().index(), 0U);
  EXPECT_EQ(std::get<1>(echo(Size(std::uint64_t{9})).value()), 9U);
  EXPECT_EQ(std::get<3>(echo(Size(std::string("huge"))).value()), "huge");
  EXPECT_EQ(spelled<Size>(),
            "variant { unknown, exact(u64), range(tuple<u64, u64>), named(string) }");
}

struct Misnamed : std::variant<std::monostate, std::uint64_t,
                               std::tuple<std::uint64_t, std::uint64_t>, std::string> {
  using variant::variant;
};
WASMCELL_VARIANT(Misnamed, unknown, exact, range, called)

TEST(VariantCodec, checks_names) {
  expect_error(load("guests/kinds.wasm").function<Misnamed(Misnamed)>(kinds + "echo-size"),
               Code::type_mismatch, "called(string)", "named(string)");
}

TEST(DescribedCodecs, fit_or_not) {
  using wasmcell::Value;
  EXPECT_EQ(Value::of(Point{1, 2}).view().as<Point>().value(), (Point{1, 2}));
  expect_error(Value::of(Colour::blue).view().as<Point>(), Code::type_mismatch, "record { x");
  EXPECT_EQ(Value::enumeration(2).view().as<Colour>().value(), Colour::blue);
  expect_error(Value::enumeration(3).view().as<Colour>(), Code::type_mismatch);
  const std::uint32_t words[] = {5};
  EXPECT_TRUE(Value::flags(words).view().as<Flags<Right>>().value().has(Right::execute));
}

}  // namespace
