#include <unistd.h>

#include "testing.hpp"

namespace {

using wasmcell::Component;

TEST(Component, loads_from_bytes_text_and_files) {
  const std::string wat =
      "(component (core module $m (func (export \"f\") (result i32) (i32.const 7)))"
      " (core instance $i (instantiate $m))"
      " (func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))";
  EXPECT_EQ(Component::from_bytes(runtime(), wat).value().call_text("f()").value(), "7");
  EXPECT_EQ(load("guests/greeter.wasm").call_text("greet(\"you\")").value(), "\"Hello, you!\"");
  expect_error(Component::from_bytes(runtime(), "garbage"), Code::compile);
  expect_error(Component::from_file(runtime(), "/no/such/file"), Code::io, "/no/such/file");
  expect_error(Component::deserialize(runtime(), "garbage"), Code::compile);
}

TEST(Component, is_loaded_by_a_descriptor) {
  const int fd = load("guests/greeter.wasm").share().value();
  const auto component = Component::from_fd(runtime(), fd, {"greeter", nullptr, nullptr}).value();
  EXPECT_EQ(close(fd), 0);
  EXPECT_EQ(component.call_text("greet(\"you\")").value(), "\"Hello, you!\"");
  EXPECT_EQ(component.name(), "greeter");
  expect_error(Component::from_fd(runtime(), -1), Code::invalid_argument, "fd");
  expect_error(Component::from_fd(runtime(), STDIN_FILENO), Code::invalid_argument, "fd");
}

TEST(Component, has_a_name) {
  const auto component = load("guests/greeter.wasm", {"greeter", nullptr, nullptr});
  EXPECT_EQ(component.name(), "greeter");
  EXPECT_EQ(component.clone().name(), "greeter");
  EXPECT_EQ(component.clone().id(), component.id());
  EXPECT_GT(load("guests/greeter.wasm").id(), component.id());
  EXPECT_EQ(load("guests/greeter.wasm").name(), "");
}

TEST(Component, tells_what_it_imports_and_exports) {
  const auto component = load("guests/greeter.wasm");
  ASSERT_FALSE(component.exports().empty());
  EXPECT_EQ(component.exports()[0].name(), "greet");
  EXPECT_FALSE(component.imports().empty());
  EXPECT_NE(component.wit().value().find("export greet: func(name: string) -> string"),
            std::string::npos);
}

TEST(Component, runs_as_a_command) {
  auto sandbox = wasmcell::Sandbox::make().value();
  sandbox.arg("command").value();
  sandbox.arg("7").value();
  EXPECT_EQ(load("guests/command.wasm", {"command", &sandbox, nullptr}).run().value(), 7);
  expect_error(load("guests/greeter.wasm").run(), Code::not_found, "wasi:cli/run");
}

TEST(Component, calls_with_text) {
  const auto component = load("guests/kinds.wasm");
  EXPECT_EQ(component.call_text("divide(7, 2)").value(), "ok(3)");
  expect_error(component.call_text("subtract(1)"), Code::not_found);
  wasmcell::CallOptions options;
  options.fuel = 1;
  expect_error(component.call_text("add(1, 2)", options), Code::invalid_argument, "fuel");
}

}  // namespace
