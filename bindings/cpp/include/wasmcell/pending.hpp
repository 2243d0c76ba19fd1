/// @file
/// Asynchronous calls to wait for.
#ifndef WASMCELL_PENDING_HPP
#define WASMCELL_PENDING_HPP

#include <chrono>
#include <vector>
#include <wasmcell/value.hpp>

namespace wasmcell {

/// An asynchronous call on its way, or its outcome. See AnyFunction::start().
///
/// Keeps nothing of the runtime. Releasing it leaves the call alone; its outcome is lost then. Any
/// number of threads may use it at once.
class Pending : public detail::Owned<runtime_pending_t, runtime_pending_free> {
 public:
  using Owned::Owned;

  /// Waits for the end of the call and takes its outcome. See runtime_pending_wait().
  ///
  /// @return The results, or why the call failed; Code::not_found if an earlier wait was given the
  ///         outcome.
  [[nodiscard]] Result<Values> wait() const {
    return wait_ms(UINT64_MAX);
  }
  /// Waits so long at most: Code::timeout if the call goes on, and is_done() is false then.
  [[nodiscard]] Result<Values> wait_for(std::chrono::milliseconds time) const {
    return wait_ms(detail::milliseconds(time));
  }
  /// Whether the call has ended.
  [[nodiscard]] bool is_done() const noexcept {
    return runtime_pending_is_done(get());
  }

 private:
  Result<Values> wait_ms(std::uint64_t ms) const {
    runtime_values_t *out = nullptr;
    if (auto *error = runtime_pending_wait(get(), ms, &out)) return detail::fail(error);
    return Values(out);
  }
};

static_assert(sizeof(Pending) == sizeof(void *));

namespace detail {

/// Arguments as the C API has them; borrowed from `args`.
inline std::vector<runtime_value_t> raw(const std::vector<Value> &args) {
  std::vector<runtime_value_t> values;
  values.reserve(args.size());
  for (const Value &arg : args) values.push_back(arg.view().get());
  return values;
}

/// What `begin`, which gets a completion, started.
template <typename F>
Result<Pending> pending(F &&begin) {
  runtime_pending_t *out = nullptr;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &out;
  if (auto *error = begin(&completion)) return fail(error);
  return Pending(out);
}

}  // namespace detail
}  // namespace wasmcell

#endif
