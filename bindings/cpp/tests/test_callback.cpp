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

TEST(Callback, what_is_read_has_to_fit) {
  using Fn = wasmcell::Result<std::size_t> (*)(wasmcell::Span<std::uint8_t>, void *);
  static_assert(noexcept(wasmcell::detail::read<Fn>(nullptr, nullptr, nullptr, 0, nullptr)));
  std::uint8_t buffer[2] = {};
  std::size_t len = 0;
  Fn fn = [](wasmcell::Span<std::uint8_t> room, void *context) -> wasmcell::Result<std::size_t> {
    room[0] = 'x';
    return *static_cast<std::size_t *>(context);
  };
  std::size_t size = 2;
  EXPECT_EQ(wasmcell::detail::read<Fn>(&fn, &size, buffer, 2, &len), nullptr);
  EXPECT_EQ(len, 2U);
  EXPECT_EQ(buffer[0], 'x');
  size = 3;
  const Error error = outcome(wasmcell::detail::read<Fn>(&fn, &size, buffer, 2, &len));
  EXPECT_NE(error.message().find("room"), std::string_view::npos);
  EXPECT_EQ(len, 2U);
}

TEST(Callback, finalizers_delete) {
  const auto counted = std::make_shared<int>(0);
  using Closure = std::shared_ptr<int>;
  wasmcell::detail::finalize<Closure>(new Closure(counted));
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
