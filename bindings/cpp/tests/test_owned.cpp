#include "testing.hpp"

namespace {

template <typename T>
constexpr bool is_sole_owner =
    std::is_nothrow_move_constructible_v<T> &&std::is_nothrow_move_assignable_v<T> &&
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

template <typename T, typename C>
constexpr bool is_pointer = sizeof(T) == sizeof(C *) && is_sole_owner<T> &&
                            !std::is_convertible_v<T, C *> && !std::is_convertible_v<C *, T>;

static_assert(is_pointer<wasmcell::Builder, runtime_builder_t>);
static_assert(is_pointer<wasmcell::Runtime, runtime_t>);
static_assert(is_pointer<wasmcell::Component, runtime_component_t>);
static_assert(is_pointer<wasmcell::AnyFunction, runtime_function_t>);
static_assert(is_pointer<wasmcell::Function<int(int)>, runtime_function_t>);
static_assert(is_pointer<wasmcell::Linker, runtime_linker_t>);
static_assert(is_pointer<wasmcell::Sandbox, runtime_sandbox_t>);
static_assert(is_pointer<wasmcell::Cancel, runtime_cancel_t>);
static_assert(is_pointer<wasmcell::Output, runtime_output_t>);
static_assert(is_pointer<wasmcell::Values, runtime_values_t>);
static_assert(is_pointer<wasmcell::Pending, runtime_pending_t>);
static_assert(is_pointer<wasmcell::Bytes, runtime_bytes_t>);
static_assert(is_pointer<wasmcell::HttpHandler, runtime_http_handler_t>);
// Wider, for reasons that their docs give.
static_assert(is_sole_owner<wasmcell::Instance>);
static_assert(is_sole_owner<wasmcell::Resource<int>>);
static_assert(is_sole_owner<wasmcell::Reply<int>>);
static_assert(is_sole_owner<wasmcell::Exchange>);

TEST(Owned, gives_and_takes_the_object_of_c) {
  auto cancel = wasmcell::Cancel::make().value();
  runtime_cancel_t *raw = cancel.get();
  EXPECT_NE(raw, nullptr);
  EXPECT_EQ(cancel.release(), raw);
  EXPECT_EQ(cancel.get(), nullptr);
  const wasmcell::Cancel again(raw);
  EXPECT_EQ(again.get(), raw);
}

TEST(Owned, moves) {
  auto first = wasmcell::Cancel::make().value();
  auto second = wasmcell::Cancel::make().value();
  runtime_cancel_t *raw = first.get();
  second = std::move(first);
  EXPECT_EQ(second.get(), raw);
  auto &same = second;
  second = std::move(same);
  EXPECT_EQ(second.get(), raw);
}

TEST(Owned, what_was_moved_from_is_refused_not_followed) {
  auto component = load("guests/greeter.wasm");
  const auto taken = std::move(component);
  // NOLINTNEXTLINE: that is what this is about.
  expect_error(component.function("greet"), Code::invalid_argument, "component");
  EXPECT_EQ(component.name(), "");
  EXPECT_TRUE(component.exports().empty());
  auto cancel = wasmcell::Cancel::make().value();
  const auto token = std::move(cancel);
  cancel.trigger();
  EXPECT_FALSE(token.is_triggered());
}

TEST(Owned, any_order_will_do) {
  auto function = [] {
    const auto own = small_builder().build().value();
    auto component =
        wasmcell::Component::from_file(own, below_tests("guests/greeter.wasm")).value();
    return component.function<std::string(std::string_view)>("greet").value();
  }();
  EXPECT_EQ(function("world").value(), "Hello, world!");
}

}  // namespace
