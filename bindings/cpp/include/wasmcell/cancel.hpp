/// @file
/// Tokens that cancel calls.
#ifndef WASMCELL_CANCEL_HPP
#define WASMCELL_CANCEL_HPP

#include <wasmcell/result.hpp>

namespace wasmcell {

/// Cancels calls: give it to any number of them in CallOptions, and trigger it.
///
/// It is sticky: once triggered it stays so, and also cancels the calls that it is given to later.
/// Calls keep what they need of it. Any number of threads may use it at once.
class Cancel : public detail::Owned<runtime_cancel_t, runtime_cancel_free> {
 public:
  using Owned::Owned;

  /// Makes a token that has not been triggered. See runtime_cancel_new().
  [[nodiscard]] static Result<Cancel> make() {
    runtime_cancel_t *out = nullptr;
    if (auto *error = runtime_cancel_new(&out)) return detail::fail(error);
    return Cancel(out);
  }

  /// Makes another handle to the same token.
  [[nodiscard]] Cancel clone() const noexcept {
    return Cancel(runtime_cancel_clone(get()));
  }

  /// Cancels every call that the token was or will be given to; they end with Code::cancelled.
  ///
  /// Returns at once; the calls end at the latest after two ticks of Builder::epoch_tick(). May be
  /// called by a signal handler.
  void trigger() const noexcept {
    runtime_cancel_trigger(get());
  }

  /// Whether the token was triggered.
  [[nodiscard]] bool is_triggered() const noexcept {
    return runtime_cancel_is_triggered(get());
  }
};

static_assert(sizeof(Cancel) == sizeof(void *));

}  // namespace wasmcell

#endif
