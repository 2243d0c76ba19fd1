#include "testing.hpp"

namespace {

using wasmcell::Error;
using wasmcell::detail::guarded;

// Takes over what a trampoline gives to the library.
Error outcome(runtime_error_t *error) {
  EXPECT_NE(error, nullptr);
  return Error(error);
}

static_assert(noexcept(guarded(std::declval<runtime_error_t *(&)()>())));
static_assert(noexcept(wasmcell::detail::finalize<int>(nullptr)));

TEST(Callback, what_is_thrown_becomes_an_error) {
  EXPECT_EQ(guarded([]() -> runtime_error_t * { return nullptr; }), nullptr);
  EXPECT_EQ(
      outcome(guarded([]() -> runtime_error_t * { throw std::logic_error("text"); })).message(),
      "text");
  EXPECT_NE(outcome(guarded([]() -> runtime_error_t * { throw "text"; })).message(), "");
  const Error io = outcome(guarded([]() -> runtime_error_t * {
    wasmcell::Component::from_file(runtime(), "/no/such/file").value();
    return nullptr;
  }));
  EXPECT_EQ(io.code(), Code::io);
}

TEST(Callback, finalizers_delete) {
  const auto counted = std::make_shared<int>(0);
  using Closure = std::shared_ptr<int>;
  wasmcell::detail::finalize<Closure>(new Closure(counted));
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
