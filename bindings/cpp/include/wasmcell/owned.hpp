/// @file
/// Sole ownership of C objects, on which every class that owns one is built.
#ifndef WASMCELL_OWNED_HPP
#define WASMCELL_OWNED_HPP

#include <wasmcell.h>

#include <memory>

namespace wasmcell::detail {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T *ptr) const noexcept {
    Free(ptr);
  }
};

/// Sole owner of a C object: movable, not copyable, the size of a pointer.
///
/// An owner that was moved from holds NULL; the library answers that as it does in C, with
/// Code::invalid_argument or a neutral value.
template <typename T, auto Free>
class [[nodiscard]] Owned {
 public:
  /// Adopts `ptr`, which must be owned by the caller; NULL is allowed.
  explicit Owned(T *ptr) noexcept : ptr_(ptr) {}

  /// The C object, still owned by this wrapper: for functions of wasmcell.h.
  [[nodiscard]] T *get() const noexcept {
    return ptr_.get();
  }

  /// The C object, from here on owned by the caller, who releases it as in C.
  [[nodiscard]] T *release() noexcept {
    return ptr_.release();
  }

 private:
  std::unique_ptr<T, Deleter<Free>> ptr_;
};

}  // namespace wasmcell::detail

#endif
