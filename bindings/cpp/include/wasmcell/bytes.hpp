/// @file
/// Bytes that the library made.
#ifndef WASMCELL_BYTES_HPP
#define WASMCELL_BYTES_HPP

#include <string>
#include <wasmcell/result.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell {

/// Bytes that the library made: compiled code, for example. They do not change.
///
/// Refers to nothing else; any number of threads may read it at once.
class Bytes : public detail::Owned<runtime_bytes_t, runtime_bytes_free> {
 public:
  using Owned::Owned;

  /// The first byte; a NUL that size() does not count follows the last one. Borrowed.
  [[nodiscard]] const std::uint8_t *data() const noexcept {
    return runtime_bytes_data(get());
  }
  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept {
    return runtime_bytes_len(get());
  }
  /// The bytes for a function that takes some. Borrowed.
  [[nodiscard]] BytesView view() const noexcept {
    return {data(), size()};
  }
  /// The bytes as text. Borrowed.
  [[nodiscard]] std::string_view text() const noexcept {
    if (get() == nullptr) return {};
    return {static_cast<const char *>(static_cast<const void *>(data())), size()};
  }
};

namespace detail {

/// The outcome of a function of the C API that gives text.
inline Result<std::string> text(runtime_error_t *error, runtime_bytes_t *out) {
  if (error != nullptr) return fail(error);
  return std::string(Bytes(out).text());
}

}  // namespace detail
}  // namespace wasmcell

#endif
