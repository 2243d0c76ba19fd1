/// @file
/// Views of elements in a row.
#ifndef WASMCELL_SPAN_HPP
#define WASMCELL_SPAN_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

namespace wasmcell {

#if defined(__cpp_lib_span)

/// Elements in a row that belong to somebody else.
template <typename T>
using Span = std::span<T>;

#else

/// Elements in a row that belong to somebody else: the part of std::span that is needed here.
template <typename T>
class Span {
 public:
  /// The elements without const.
  using value_type = std::remove_cv_t<T>;

  /// No elements.
  constexpr Span() noexcept = default;
  /// `size` elements at `data`.
  constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// The elements of an array.
  template <std::size_t N>
  constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
  /// The elements of a container that has them in a row.
  template <
      typename C,
      typename = std::enable_if_t<
          !std::is_same_v<std::decay_t<C>, Span> &&
          std::is_convertible_v<
              std::remove_pointer_t<decltype(std::data(std::declval<C &>()))> (*)[], T (*)[]> > >
  constexpr Span(C &&container) : data_(std::data(container)), size_(std::size(container)) {}

  /// The first element.
  [[nodiscard]] constexpr T *data() const noexcept {
    return data_;
  }
  /// How many there are.
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return size_;
  }
  /// Whether there are none.
  [[nodiscard]] constexpr bool empty() const noexcept {
    return size_ == 0;
  }
  /// One of them, from 0.
  [[nodiscard]] constexpr T &operator[](std::size_t index) const {
    return data_[index];
  }
  /// The first element.
  [[nodiscard]] constexpr T *begin() const noexcept {
    return data_;
  }
  /// The end behind the last element.
  [[nodiscard]] constexpr T *end() const noexcept {
    return data_ + size_;
  }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};

#endif

/// Bytes that belong to somebody else: a component's binary, a key, input for a guest.
///
/// Borrowed until the function that it is passed to returns.
class BytesView {
 public:
  /// `size` bytes at `data`.
  constexpr BytesView(const std::uint8_t *data, std::size_t size) noexcept
      : data_(data), size_(size) {}
  /// The bytes of a vector, an array or a span.
  BytesView(Span<const std::uint8_t> bytes) noexcept : BytesView(bytes.data(), bytes.size()) {}
  /// The bytes of a vector.
  BytesView(const std::vector<std::uint8_t> &bytes) noexcept
      : BytesView(bytes.data(), bytes.size()) {}
  /// The bytes of a text.
  BytesView(std::string_view text) noexcept
      : data_(static_cast<const std::uint8_t *>(static_cast<const void *>(text.data()))),
        size_(text.size()) {}
  /// The bytes of a text.
  BytesView(const std::string &text) noexcept : BytesView(std::string_view(text)) {}
  /// The bytes of a text that ends with a NUL.
  BytesView(const char *text) noexcept : BytesView(std::string_view(text)) {}

  /// The first byte.
  [[nodiscard]] constexpr const std::uint8_t *data() const noexcept {
    return data_;
  }
  /// How many there are.
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return size_;
  }

 private:
  const std::uint8_t *data_;
  std::size_t size_;
};

}  // namespace wasmcell

#endif
