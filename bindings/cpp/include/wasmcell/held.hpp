/// @file
/// Results that stay where the library put them.
#ifndef WASMCELL_HELD_HPP
#define WASMCELL_HELD_HPP

#include <utility>
#include <wasmcell/value.hpp>

namespace wasmcell {

/// A result that stays where the library put it: views of it, and what they view.
///
///     auto read = component.function<Held<Span<const uint8_t>>(std::string_view)>("read");
///     Result<Held<Span<const uint8_t>>> bytes = read.value()("file");
///     use(bytes.value()->data(), bytes.value()->size());
///
/// `T` may be what borrows: std::string_view, a Span of numbers, and what is made of those. That
/// saves a copy, which counts for large texts and lists. Refers to nothing but itself, and does not
/// change: any number of threads may read it at once.
template <typename T>
class [[nodiscard]] Held {
 public:
  /// Takes over the results of a call, the first of which is a `T`.
  explicit Held(Values values)
      : values_(std::move(values)), value_(Codec<T>::lift(values_[0].get(), detail::Context())) {}

  /// The value, good as long as this lives, wherever it is moved to.
  [[nodiscard]] const T &operator*() const &noexcept {
    return value_;
  }
  /// A temporary would take along what is viewed.
  const T &operator*() && = delete;
  /// The value, good as long as this lives, wherever it is moved to.
  [[nodiscard]] const T *operator->() const noexcept {
    return &value_;
  }

 private:
  Values values_;
  T value_;
};

/// As its `T`.
template <typename T>
struct Codec<Held<T>> {
  static constexpr bool borrows = false;

  static void spell(std::string &out) {
    Codec<T>::spell(out);
  }
  static bool matches(Type type) {
    return Codec<T>::matches(type);
  }
};

namespace detail {

template <typename R>
constexpr bool is_held = false;
template <typename T>
constexpr bool is_held<Held<T>> = true;

}  // namespace detail
}  // namespace wasmcell

#endif
