/// @file
/// How C++ callables get through the C API as a function and `user_data`.
#ifndef WASMCELL_CALLBACK_HPP
#define WASMCELL_CALLBACK_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <wasmcell/result.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell::detail {

/// A finalizer of the C API for a `T` that `new` made.
template <typename T>
void finalize(void *user_data) noexcept {
  delete static_cast<T *>(user_data);
}

/// Runs `body` and gives what it gives, an error of the C API or NULL; what it throws becomes an
/// error of the host with the exception's text. Nothing may unwind through the library.
template <typename F>
runtime_error_t *guarded(F &&body) noexcept {
#if WASMCELL_EXCEPTIONS
  try {
    return body();
  } catch (BadExpectedAccess<Error> &failed) {
    return std::move(failed.error()).release();
  } catch (const std::exception &exception) {
    return Error(exception.what()).release();
  } catch (...) {
    return Error("a C++ exception of unknown type").release();
  }
#else
  return body();
#endif
}

/// A runtime_read_fn_t for a `Result<std::size_t>(Span<std::uint8_t> buffer, void *context)`.
template <typename Fn>
runtime_error_t *read(void *fn, void *context, std::uint8_t *buffer, std::size_t capacity,
                      std::size_t *len_out) noexcept {
  return guarded([&]() -> runtime_error_t * {
    Result<std::size_t> len =
        (*static_cast<Fn *>(fn))(Span<std::uint8_t>(buffer, capacity), context);
    if (!len) return std::move(len).error().release();
    if (*len > capacity) return Error("a callback gave more than there is room for").release();
    *len_out = *len;
    return nullptr;
  });
}

}  // namespace wasmcell::detail

#endif
