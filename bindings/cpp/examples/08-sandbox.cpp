// 08-sandbox: a command with arguments, input, and output that the host captures.
#include <iostream>
#include <wasmcell.hpp>

int main() {
  auto runtime = wasmcell::Builder().build().value();

  // A guest sees nothing of the world outside but what is granted here.
  auto sandbox = wasmcell::Sandbox::make().value();
  sandbox.arg("command").value();
  sandbox.stdin_bytes("some input\n").value();
  sandbox.stdout_capture().value();
  sandbox.stderr_callback([](std::string_view text, void *) { std::cerr << text; }).value();
  auto command = wasmcell::Component::from_file(runtime, "../../../tests/guests/command.wasm",
                                                {"command", &sandbox})
                     .value();

  auto output = wasmcell::Output::make(64 << 10).value();
  wasmcell::CallOptions options;
  options.output = &output;
  const int32_t status = command.run(options).value();
  std::cout << "status " << status << "\n" << output.out();
}
