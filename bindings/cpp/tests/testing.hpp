// What the unit tests share: a runtime, guests, and types that go with the guests' own.
#ifndef WASMCELL_TESTING_HPP
#define WASMCELL_TESTING_HPP

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <wasmcell.hpp>

using namespace std::chrono_literals;
using wasmcell::Code;

inline const std::string kinds = "wasmcell:test/kinds@0.1.0#";

// A file below `tests` of the repository.
inline std::string below_tests(const std::string &path) {
  return std::string(TESTS_DIRECTORY) + "/" + path;
}

inline wasmcell::Builder small_builder() {
  wasmcell::Builder builder;
  builder.max_components(8).max_linear_memory(16 << 20).epoch_tick(5ms).worker_threads(2);
  return builder;
}

inline const wasmcell::Runtime &runtime() {
  static const wasmcell::Runtime shared = small_builder().build().value();
  return shared;
}

inline wasmcell::Component load(const std::string &path,
                                const wasmcell::ComponentOptions &options = {}) {
  return wasmcell::Component::from_file(runtime(), below_tests(path), options).value();
}

// A function of kinds.wasm.
template <typename S>
wasmcell::Function<S> kind(const std::string &name) {
  return load("guests/kinds.wasm").function<S>(kinds + name).value();
}

// `result` failed with `code`, and with a message that has these parts.
template <typename T, typename... Parts>
void expect_error(const wasmcell::Result<T> &result, Code code, const Parts &...parts) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), code) << result.error().message();
  const std::string message(result.error().message());
  for (const std::string &part : std::vector<std::string>{parts...}) {
    EXPECT_NE(message.find(part), std::string::npos) << message << " lacks " << part;
  }
}

#endif
