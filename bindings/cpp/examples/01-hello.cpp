// 01-hello: call a function of a component with a string and print the string it answers.
#include <iostream>
#include <string>
#include <wasmcell.hpp>

int main(int argc, char **argv) {
  const std::string path = argc > 1 ? argv[1] : "../../../tests/guests/greeter.wasm";

  // value() throws the error; 07-without-exceptions looks at it instead.
  auto runtime = wasmcell::Builder().build().value();

  // The expensive step: compiles the component to machine code.
  auto component = wasmcell::Component::from_file(runtime, path).value();

  // Looked up and checked once. Each call runs in a fresh instance.
  auto greet = component.function<std::string(std::string_view)>("greet").value();
  std::cout << greet("world").value() << "\n";

  // A function of another type is found out here, not when it is called.
  auto wrong = component.function<int32_t(std::string_view)>("greet");
  std::cout << wasmcell::code_name(wrong.error().code()) << ": " << wrong.error().message() << "\n";
}
