/// @file
/// Instances, which keep the guest's state from one call to the next.
#ifndef WASMCELL_INSTANCE_HPP
#define WASMCELL_INSTANCE_HPP

#include <chrono>
#include <memory>
#include <utility>
#include <vector>
#include <wasmcell/function.hpp>

namespace wasmcell {

/// An instance of a component that keeps its state from one call to the next.
///
/// Component::instantiate() makes it. It keeps its component, and counts as alive for
/// Builder::max_components(). Any thread may use it, but it takes one call at a time: another one
/// meanwhile is Code::busy. Once a call has failed in it, by a trap or a limit or because it was
/// cancelled, every later call is Code::poisoned.
///
/// Movable, not copyable. Two pointers wide, because Resource has to know when it ends.
class [[nodiscard]] Instance {
 private:
  [[nodiscard]] detail::Context context() const noexcept {
    return {shared_, nullptr};
  }
  [[nodiscard]] auto starter(const CallOptions &options,
                             const AnyFunction &function) const noexcept {
    return [this, &function, how = detail::raw(options)](const runtime_value_t *values,
                                                         std::size_t size,
                                                         const runtime_completion_t *completion) {
      return runtime_instance_call_async(get(), function.get(), values, size, &how, completion);
    };
  }

 public:
  /// Adopts an instance of the C API, which must be owned by the caller.
  explicit Instance(runtime_instance_t *instance) : shared_(instance, &runtime_instance_free) {}
  /// Takes over what the other one owns.
  Instance(Instance &&) noexcept = default;
  /// Releases what it owns, and takes over what the other one owns.
  Instance &operator=(Instance &&) noexcept = default;
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;
  ~Instance() = default;

  /// Calls a function of the instance's component in it, on the calling thread.
  ///
  /// @return The result, or what the guest did or which limit it met; Code::busy, Code::poisoned;
  ///         Code::invalid_argument if the function belongs to another component.
  template <typename R, typename... Args>
  [[nodiscard]] Result<R> call(const Function<R(Args...)> &function,
                               std::enable_if_t<true, Args>... args) const {
    return call<R, Args...>(CallOptions(), function, std::forward<Args>(args)...);
  }
  /// Calls a function of the instance's component in it, on the calling thread, with options.
  template <typename R, typename... Args>
  [[nodiscard]] Result<R> call(const CallOptions &options, const Function<R(Args...)> &function,
                               std::enable_if_t<true, Args>... args) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::Signature<R, Args...>::call(
        [&](const runtime_value_t *values, std::size_t size, runtime_values_t **out) {
          return runtime_instance_call(get(), function.any().get(), values, size, &how, out);
        },
        context(), args...);
  }
  /// Calls a function of the instance's component in it, with values. An owned resource in the
  /// results is the caller's: see drop_resource().
  [[nodiscard]] Result<Values> call(const AnyFunction &function, const std::vector<Value> &args,
                                    const CallOptions &options = {}) const {
    const std::vector<runtime_value_t> raw = detail::raw(args);
    const runtime_call_options_t how = detail::raw(options);
    runtime_values_t *out = nullptr;
    if (auto *error =
            runtime_instance_call(get(), function.get(), raw.data(), raw.size(), &how, &out))
      return detail::fail(error);
    return Values(out);
  }
  /// Calls a function of the instance's component in it, with text in and out. See
  /// AnyFunction::call_text().
  [[nodiscard]] Result<std::string> call_text(const AnyFunction &function, std::string_view text,
                                              const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    runtime_bytes_t *out = nullptr;
    auto *error =
        runtime_instance_call_text(get(), function.get(), text.data(), text.size(), &how, &out);
    return detail::text(error, out);
  }

  /// Starts a call in the instance, on the runtime's workers; it is busy until that has ended. See
  /// Function::async().
  template <typename R, typename... Args>
  [[nodiscard]] std::future<Result<R>> async(const CallOptions &options,
                                             const Function<R(Args...)> &function,
                                             std::enable_if_t<true, Args>... args) const {
    return detail::Signature<R, Args...>::async(starter(options, function.any()), context(),
                                                args...);
  }
  /// Starts a call in the instance, on the runtime's workers.
  template <typename R, typename... Args>
  [[nodiscard]] std::future<Result<R>> async(const Function<R(Args...)> &function,
                                             std::enable_if_t<true, Args>... args) const {
    return async<R, Args...>(CallOptions(), function, std::forward<Args>(args)...);
  }
  /// Starts a call in the instance, on the runtime's workers, and calls back when it has ended: the
  /// callback may call it again. See Function::start().
  template <typename Done, typename R, typename... Args>
  [[nodiscard]] Result<void> start(Done &&done, const CallOptions &options,
                                   const Function<R(Args...)> &function,
                                   std::enable_if_t<true, Args>... args) const {
    return detail::Signature<R, Args...>::start(starter(options, function.any()), context(),
                                                std::forward<Done>(done), args...);
  }
  /// Starts a call in the instance, on the runtime's workers, with values. See
  /// AnyFunction::start().
  [[nodiscard]] Result<Pending> start(const AnyFunction &function, const std::vector<Value> &args,
                                      const CallOptions &options = {}) const {
    const std::vector<runtime_value_t> raw = detail::raw(args);
    const auto begin = starter(options, function);
    return detail::pending([&](const runtime_completion_t *completion) {
      return begin(raw.data(), raw.size(), completion);
    });
  }
  /// Starts a call in the instance with text in and out, on the runtime's workers. See
  /// AnyFunction::start_text().
  [[nodiscard]] Result<Pending> start_text(const AnyFunction &function, std::string_view text,
                                           const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_instance_call_text_async(get(), function.get(), text.data(), text.size(), &how,
                                              completion);
    });
  }

  /// Runs a command in the instance, on the calling thread: `run` of wasi:cli. One that ends by
  /// exiting, with whatever status, leaves the instance poisoned. See runtime_instance_run().
  ///
  /// @return The status, from 0 to 255; Code::not_found if the component is not a command.
  [[nodiscard]] Result<std::int32_t> run(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    std::int32_t status = 0;
    if (auto *error = runtime_instance_run(get(), &how, &status)) return detail::fail(error);
    return status;
  }
  /// Starts a command in the instance, on the runtime's workers. See run().
  ///
  /// @return The call, to wait for: its result is the status, an `s32`. Or why it was not started.
  [[nodiscard]] Result<Pending> start_run(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_instance_run_async(get(), &how, completion);
    });
  }

  /// Takes over a resource of the guest that a result in Values gave to the host: its
  /// ValueView::handle(). What it is of the host vouches for.
  template <typename T>
  [[nodiscard]] Resource<T> adopt(std::uint64_t handle) const noexcept {
    return Resource<T>(shared_, handle);
  }
  /// Drops a resource of the guest that the host owns, by its number. For results in Values;
  /// Resource does it by itself. See runtime_instance_drop_resource().
  [[nodiscard]] Result<void> drop_resource(std::uint64_t handle,
                                           const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::done(runtime_instance_drop_resource(get(), handle, &how));
  }
  /// Starts to drop a resource of the guest that the host owns, on the runtime's workers. See
  /// drop_resource().
  ///
  /// @return The call, to wait for, which has no result; or why it was not started.
  [[nodiscard]] Result<Pending> start_drop_resource(std::uint64_t handle,
                                                    const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_instance_drop_resource_async(get(), handle, &how, completion);
    });
  }
  /// Whether a call failed in it, so that it takes no more.
  [[nodiscard]] bool is_poisoned() const noexcept {
    return runtime_instance_is_poisoned(get());
  }
  /// The C object, still owned by this wrapper.
  [[nodiscard]] runtime_instance_t *get() const noexcept {
    return shared_.get();
  }

 private:
  std::shared_ptr<runtime_instance_t> shared_;
};

/// An instance that is being made, or the outcome. See Component::start_instantiate().
///
/// Releasing it leaves the start of the guest alone; the instance ends after it then. Any number of
/// threads may use it at once.
class PendingInstance : public detail::Owned<runtime_pending_t, runtime_pending_free> {
 public:
  using Owned::Owned;

  /// Waits until the instance is made, and takes it. See runtime_pending_wait_instance().
  ///
  /// @return The instance, or why there is none; Code::not_found if an earlier wait was given the
  ///         outcome.
  [[nodiscard]] Result<Instance> wait() const {
    return wait_ms(UINT64_MAX);
  }
  /// Waits so long at most: Code::timeout if the start goes on, and is_done() is false then.
  [[nodiscard]] Result<Instance> wait_for(std::chrono::milliseconds time) const {
    return wait_ms(detail::milliseconds(time));
  }
  /// Whether it is made, or will not be.
  [[nodiscard]] bool is_done() const noexcept {
    return runtime_pending_is_done(get());
  }

 private:
  Result<Instance> wait_ms(std::uint64_t ms) const {
    runtime_instance_t *out = nullptr;
    if (auto *error = runtime_pending_wait_instance(get(), ms, &out)) return detail::fail(error);
    return Instance(out);
  }
};

static_assert(sizeof(PendingInstance) == sizeof(void *));

}  // namespace wasmcell

#endif
