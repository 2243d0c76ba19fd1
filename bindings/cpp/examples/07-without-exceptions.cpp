// 07-without-exceptions: errors looked at first. Builds with -fno-exceptions -fno-rtti.
#include <cstdio>
#include <wasmcell.hpp>

using wasmcell::Builder;
using wasmcell::Component;
using wasmcell::Error;
using wasmcell::Result;
using wasmcell::Runtime;

// An error passes on as it is.
static Result<std::string> greeting(const char *path, std::string_view name) {
  Result<Runtime> runtime = Builder().build();
  if (!runtime) return wasmcell::Unexpected<Error>(runtime.error());
  Result<Component> component = Component::from_file(*runtime, path);
  if (!component) return wasmcell::Unexpected<Error>(component.error());
  auto greet = component->function<std::string(std::string_view)>("greet");
  if (!greet) return wasmcell::Unexpected<Error>(greet.error());
  return (*greet)(name);
}

int main() {
  for (const char *path : {"../../../tests/guests/greeter.wasm", "missing.wasm"}) {
    const Result<std::string> text = greeting(path, "world");
    if (text) {
      std::printf("%s\n", text->c_str());
    } else {
      const std::string_view code = wasmcell::code_name(text.error().code());
      std::printf("%.*s\n", static_cast<int>(code.size()), code.data());
    }
  }
}
