/// @file
/// How C++ callables get through the C API as a function and `user_data`.
#ifndef WASMCELL_CALLBACK_HPP
#define WASMCELL_CALLBACK_HPP

#include <exception>
#include <memory>
#include <utility>
#include <wasmcell/result.hpp>

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

}  // namespace wasmcell::detail

#endif
