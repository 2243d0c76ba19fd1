/// @file
/// How one call is to be made.
#ifndef WASMCELL_OPTIONS_HPP
#define WASMCELL_OPTIONS_HPP

#include <chrono>
#include <functional>
#include <wasmcell/callback.hpp>
#include <wasmcell/cancel.hpp>
#include <wasmcell/output.hpp>

namespace wasmcell {

/// What a call used: give it to a call in CallOptions, and read it afterwards.
class Report {
 public:
  /// Fuel that the call used; 0 in a runtime without fuel.
  [[nodiscard]] std::uint64_t fuel_used() const noexcept {
    return raw_.fuel_used;
  }
  /// Whether the guest took the resources that it was to own among the arguments, also if the call
  /// failed. See runtime_call_report_t.
  [[nodiscard]] bool resources_taken() const noexcept {
    return raw_.resources_taken != 0;
  }
  /// The C struct, for functions of wasmcell.h.
  [[nodiscard]] runtime_call_report_t *get() noexcept {
    return &raw_;
  }

 private:
  runtime_call_report_t raw_ = RUNTIME_CALL_REPORT_INIT;
};

/// How one call is to be made. What it points to is borrowed until the call returns; see each.
struct CallOptions {
  /// How long the call may take; 0 stands for Builder::max_execution_time(), which bounds it.
  std::chrono::milliseconds timeout{0};
  /// Fuel that the call may use; 0 stands for Builder::fuel(), which bounds it.
  std::uint64_t fuel = 0;
  /// What may cancel the call; an asynchronous call keeps its own reference.
  const Cancel *cancel = nullptr;
  /// Where to put what the call used; must live until an asynchronous call has ended.
  Report *report = nullptr;
  /// Where to put what the guest prints, if its Sandbox captures that; an asynchronous call keeps
  /// its own reference.
  Output *output = nullptr;
  /// What host functions and output callbacks get by Call::context(): must live until the call has
  /// ended, and be fit for the thread that it runs on.
  void *context = nullptr;
  /// Asked on the thread of the call, at most once a tick, whether the call may go on: an error
  /// ends it, and is what it gives; so does an exception. Only for calls that block. See
  /// runtime_interrupt_fn_t.
  const std::function<Result<void>()> *interrupt = nullptr;
};

namespace detail {

/// Times that are negative become 0.
inline std::uint64_t milliseconds(std::chrono::milliseconds time) noexcept {
  return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
}

/// Asks CallOptions::interrupt, which is not empty.
inline runtime_error_t *interrupt(void *function) noexcept {
  return guarded([&]() -> runtime_error_t * {
    auto goes_on = (*static_cast<const std::function<Result<void>()> *>(function))();
    return goes_on ? nullptr : std::move(goes_on).error().release();
  });
}

inline runtime_call_options_t raw(const CallOptions &options) noexcept {
  runtime_call_options_t raw = RUNTIME_CALL_OPTIONS_INIT;
  raw.timeout_ms = milliseconds(options.timeout);
  raw.fuel = options.fuel;
  raw.cancel = options.cancel != nullptr ? options.cancel->get() : nullptr;
  raw.report = options.report != nullptr ? options.report->get() : nullptr;
  raw.output = options.output != nullptr ? options.output->get() : nullptr;
  raw.context = options.context;
  if (options.interrupt != nullptr && *options.interrupt) {
    raw.interrupt = interrupt;
    raw.interrupt_user_data = const_cast<std::function<Result<void>()> *>(options.interrupt);
  }
  return raw;
}

}  // namespace detail
}  // namespace wasmcell

#endif
