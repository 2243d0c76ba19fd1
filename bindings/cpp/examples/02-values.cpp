// 02-values: types of C++ and their counterparts in WIT.
#include <iostream>
#include <wasmcell.hpp>

// Described once, next to the type and in its namespace.
namespace drawing {

struct Point {
  int32_t x, y;
};
WASMCELL_RECORD(Point, x, y)

enum class Colour { red, green, blue };
WASMCELL_ENUM(Colour, red, green, blue)

struct Shape {
  std::string name;
  std::vector<Point> corners;
  std::optional<Colour> colour;
  double weight;
};
WASMCELL_RECORD(Shape, name, corners, colour, weight)

struct Size : std::variant<std::monostate, uint64_t, std::tuple<uint64_t, uint64_t>, std::string> {
  using variant::variant;
};
WASMCELL_VARIANT(Size, unknown, exact, range, named)

enum class Right { read, write, execute };
WASMCELL_ENUM(Right, read, write, execute)

}  // namespace drawing

int main() {
  using namespace drawing;
  auto runtime = wasmcell::Builder().build().value();
  auto component =
      wasmcell::Component::from_file(runtime, "../../../tests/guests/kinds.wasm").value();
  const std::string kinds = "wasmcell:test/kinds@0.1.0#";

  auto describe = component.function<std::string(const Shape &)>(kinds + "describe").value();
  std::cout << describe({"square", {{0, 0}, {1, 1}}, Colour::green, 0.5}).value() << "\n";

  // A list of numbers is read where it lies, without a copy on the way.
  auto echo =
      component.function<std::vector<double>(const std::vector<double> &)>(kinds + "echo-f64s");
  std::cout << echo.value()({0.25, 0.5}).value()[1] << "\n";

  // The outer Result is about the call, the inner one is what the guest answers.
  auto divide =
      component.function<wasmcell::Expected<int64_t, std::string>(int64_t, int64_t)>("divide")
          .value();
  std::cout << divide(7, 2).value().value() << ", " << divide(7, 0).value().error() << "\n";

  auto size = component.function<Size(const Size &)>(kinds + "echo-size").value();
  std::cout << std::get<std::string>(size(Size(std::string("huge"))).value()) << "\n";

  auto rights =
      component.function<wasmcell::Flags<Right>(wasmcell::Flags<Right>)>(kinds + "echo-rights");
  const wasmcell::Flags<Right> answer = rights.value()({Right::read, Right::execute}).value();
  std::cout << answer.has(Right::read) << answer.has(Right::write) << "\n";

  // Where types are not known beforehand: values, or text.
  auto longest = component.function("longest").value();
  auto words = wasmcell::Value::of(std::vector<std::string>{"a", "abc", "ab"});
  std::vector<wasmcell::Value> args;
  args.push_back(std::move(words));
  auto results = longest.call(args).value();
  std::cout << results[0].payload()->as<std::string_view>().value() << " by "
            << longest.type().text().value() << "\n";
  std::cout << component.call_text("add(40, 2)").value() << "\n";
}
