/// @file
/// A value or the error in its place.
///
/// `Result<T>` is what every function gives that can fail. It is std::expected where the standard
/// library has that, and otherwise a class with the same interface, as far as this library and its
/// users need it. Names are the same in both cases.
#ifndef WASMCELL_RESULT_HPP
#define WASMCELL_RESULT_HPP

#include <cstdlib>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <wasmcell/error.hpp>

#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_expected)
#include <expected>
#endif

#if defined(__cpp_exceptions)
#define WASMCELL_EXCEPTIONS 1
#else
#define WASMCELL_EXCEPTIONS 0
#endif

namespace wasmcell {

#if defined(__cpp_lib_expected)

/// A `T`, or an `E` that says why there is none.
template <typename T, typename E>
using Expected = std::expected<T, E>;

/// What makes an Expected hold the error: `return Unexpected(error);`
template <typename E>
using Unexpected = std::unexpected<E>;

/// What `value()` throws when there is none.
template <typename E>
using BadExpectedAccess = std::bad_expected_access<E>;

#else

/// What makes an Expected hold the error: `return Unexpected(error);`
template <typename E>
class Unexpected {
 public:
  /// Takes over the error.
  explicit Unexpected(E error) : error_(std::move(error)) {}

  /// The error.
  [[nodiscard]] const E &error() const &noexcept {
    return error_;
  }
  /// The error.
  [[nodiscard]] E &&error() &&noexcept {
    return std::move(error_);
  }

 private:
  E error_;
};

/// What `value()` throws when there is none.
template <typename E>
class BadExpectedAccess : public std::exception {
 public:
  /// Takes over the error.
  explicit BadExpectedAccess(E error) : error_(std::move(error)) {}

  /// A text for those who do not know the type.
  [[nodiscard]] const char *what() const noexcept override {
    return "there is an error in place of the value";
  }
  /// The error.
  [[nodiscard]] E &error() &noexcept {
    return error_;
  }
  /// The error.
  [[nodiscard]] const E &error() const &noexcept {
    return error_;
  }

 private:
  E error_;
};

/// A `T`, or an `E` that says why there is none. See std::expected, of which this is a part.
template <typename T, typename E>
class [[nodiscard]] Expected {
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  /// The type of the value.
  using value_type = T;
  /// The type of the error.
  using error_type = E;

  /// Holds a value made from nothing.
  template <typename S = Stored, typename = std::enable_if_t<std::is_default_constructible_v<S>>>
  Expected() : held_(std::in_place_index<0>) {}

  /// Holds `value`.
  template <typename U = Stored,
            typename =
                std::enable_if_t<!std::is_void_v<T> && !std::is_same_v<std::decay_t<U>, Expected> &&
                                 std::is_convertible_v<U &&, Stored>>>
  Expected(U &&value) : held_(std::in_place_index<0>, std::forward<U>(value)) {}

  /// Holds the error.
  template <typename G, typename = std::enable_if_t<std::is_constructible_v<E, G>>>
  Expected(Unexpected<G> error) : held_(std::in_place_index<1>, std::move(error).error()) {}

  /// Whether there is a value.
  [[nodiscard]] bool has_value() const noexcept {
    return held_.index() == 0;
  }
  /// Whether there is a value.
  [[nodiscard]] explicit operator bool() const noexcept {
    return has_value();
  }

  /// The value, which must be there.
  [[nodiscard]] Stored &operator*() &noexcept {
    return *std::get_if<0>(&held_);
  }
  /// The value, which must be there.
  [[nodiscard]] const Stored &operator*() const &noexcept {
    return *std::get_if<0>(&held_);
  }
  /// The value, which must be there.
  [[nodiscard]] Stored &&operator*() &&noexcept {
    return std::move(*std::get_if<0>(&held_));
  }
  /// The value, which must be there.
  [[nodiscard]] Stored *operator->() noexcept {
    return std::get_if<0>(&held_);
  }
  /// The value, which must be there.
  [[nodiscard]] const Stored *operator->() const noexcept {
    return std::get_if<0>(&held_);
  }

  /// The error, which must be there.
  [[nodiscard]] E &error() &noexcept {
    return *std::get_if<1>(&held_);
  }
  /// The error, which must be there.
  [[nodiscard]] const E &error() const &noexcept {
    return *std::get_if<1>(&held_);
  }
  /// The error, which must be there.
  [[nodiscard]] E &&error() &&noexcept {
    return std::move(*std::get_if<1>(&held_));
  }

  /// The value; without one, throws BadExpectedAccess, or aborts where exceptions are off.
  std::add_lvalue_reference_t<T> value() & {
    check();
    if constexpr (!std::is_void_v<T>) return **this;
  }
  /// The value; without one, throws BadExpectedAccess, or aborts where exceptions are off.
  std::add_lvalue_reference_t<std::add_const_t<T>> value() const & {
    check();
    if constexpr (!std::is_void_v<T>) return **this;
  }
  /// The value; without one, throws BadExpectedAccess, or aborts where exceptions are off.
  std::add_rvalue_reference_t<T> value() && {
    check();
    if constexpr (!std::is_void_v<T>) return std::move(**this);
  }

  /// The value, or else `other`.
  template <typename U>
  [[nodiscard]] Stored value_or(U &&other) const & {
    return has_value() ? **this : static_cast<Stored>(std::forward<U>(other));
  }
  /// The value, or else `other`.
  template <typename U>
  [[nodiscard]] Stored value_or(U &&other) && {
    return has_value() ? std::move(**this) : static_cast<Stored>(std::forward<U>(other));
  }

 private:
  void check() const {
    if (has_value()) return;
#if WASMCELL_EXCEPTIONS
    throw BadExpectedAccess<E>(error());
#else
    std::abort();
#endif
  }

  std::variant<Stored, E> held_;
};

/// Whether both hold equal values, or equal errors.
template <typename T, typename E>
[[nodiscard]] bool operator==(const Expected<T, E> &a, const Expected<T, E> &b) {
  if (a.has_value() != b.has_value()) return false;
  return a.has_value() ? *a == *b : a.error() == b.error();
}
/// Whether one holds what the other does not.
template <typename T, typename E>
[[nodiscard]] bool operator!=(const Expected<T, E> &a, const Expected<T, E> &b) {
  return !(a == b);
}

#endif

/// A `T`, or the Error that says why there is none: what functions of this library give.
///
///     Result<Component> component = Component::from_file(runtime, "greeter.wasm");
///     if (!component) return component.error();         // without exceptions
///     use(component.value());                           // throws if there is none
template <typename T>
using Result = Expected<T, Error>;

namespace detail {

/// What a Result is made from that holds the error: `return fail(error);`
inline Unexpected<Error> fail(runtime_error_t *error) {
  return Unexpected<Error>(Error(error));
}
inline Unexpected<Error> fail(Error error) {
  return Unexpected<Error>(std::move(error));
}

/// The outcome of a function of the C API that gives nothing.
inline Result<void> done(runtime_error_t *error) {
  if (error != nullptr) return fail(error);
  return {};
}

template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Expected<T, Error>> : std::true_type {};

}  // namespace detail
}  // namespace wasmcell

#endif
