/// @file
/// Functions that a component exports.
#ifndef WASMCELL_FUNCTION_HPP
#define WASMCELL_FUNCTION_HPP

#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>
#include <wasmcell/invoke.hpp>
#include <wasmcell/pending.hpp>
#include <wasmcell/value.hpp>

namespace wasmcell {

/// A function whose type the program does not know when it is compiled, looked up once.
///
/// Component::function() gives it. It keeps its component. Any number of threads may call it at
/// once: each call runs in an instance of its own, and leaves nothing behind.
class AnyFunction : public detail::Owned<runtime_function_t, runtime_function_free> {
 public:
  using Owned::Owned;

  /// Makes another handle to the same function.
  [[nodiscard]] AnyFunction clone() const noexcept {
    return AnyFunction(runtime_function_clone(get()));
  }
  /// Its name, with the version that its interface has. Borrowed.
  [[nodiscard]] std::string_view name() const noexcept {
    return runtime_function_name(get());
  }
  /// Its type, of Kind::function: its parameters and its result. Borrowed.
  [[nodiscard]] Type type() const noexcept {
    return Type(runtime_function_type(get()));
  }

  /// Calls it in a fresh instance, on the calling thread. See runtime_function_call().
  ///
  /// @return Code::type_mismatch or Code::invalid_argument if the arguments are not of its type;
  ///         what the guest did or which limit it met.
  [[nodiscard]] Result<Values> call(const std::vector<Value> &args,
                                    const CallOptions &options = {}) const {
    const std::vector<runtime_value_t> raw = detail::raw(args);
    const runtime_call_options_t how = detail::raw(options);
    runtime_values_t *out = nullptr;
    if (auto *error = runtime_function_call(get(), raw.data(), raw.size(), &how, &out))
      return detail::fail(error);
    return Values(out);
  }

  /// Calls it in a fresh instance, with text in and out: WAVE, such as `greet("world")` or, without
  /// the name, `("world")`. For tools, tests and tinkering.
  ///
  /// @return The result as text; `()` if there is none.
  [[nodiscard]] Result<std::string> call_text(std::string_view text,
                                              const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    runtime_bytes_t *out = nullptr;
    auto *error = runtime_function_call_text(get(), text.data(), text.size(), &how, &out);
    return detail::text(error, out);
  }

  /// Starts a call in a fresh instance, on the runtime's workers. Arguments are copied.
  ///
  /// @return The call, to wait for; or why it was not started.
  [[nodiscard]] Result<Pending> start(const std::vector<Value> &args,
                                      const CallOptions &options = {}) const {
    const std::vector<runtime_value_t> raw = detail::raw(args);
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_function_call_async(get(), raw.data(), raw.size(), &how, completion);
    });
  }

  /// Starts a call in a fresh instance with text in and out, on the runtime's workers. The text is
  /// copied. See call_text().
  ///
  /// @return The call, to wait for: its result is a string. Or why it was not started.
  [[nodiscard]] Result<Pending> start_text(std::string_view text,
                                           const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_function_call_text_async(get(), text.data(), text.size(), &how, completion);
    });
  }
};

static_assert(sizeof(AnyFunction) == sizeof(void *));

template <typename Signature>
class Function;

/// A function of known type, which was checked against the component's when it was looked up.
///
///     auto greet = component.function<std::string(std::string_view)>("greet");
///     if (!greet) return greet.error();
///     Result<std::string> greeting = (*greet)("world");
///
/// Codec lists the types that go with those of WIT. Arguments are borrowed for the call; numbers,
/// text and lists of numbers pass without being copied on the way. Results own what they are made
/// of; Held saves the copy that this takes. It keeps its component. Any number of threads may call
/// it at once: each call runs in an instance of its own, and leaves nothing behind; see
/// Instance::call() for one that stays.
template <typename R, typename... Args>
class Function<R(Args...)> {
  using Signature = detail::Signature<R, Args...>;

 public:
  /// Checks a function that was looked up; Component::function() does both.
  ///
  /// @return Code::type_mismatch, with both types, if the function is of another type.
  [[nodiscard]] static Result<Function> check(AnyFunction function) {
    if (!Signature::matches(function.type()))
      return detail::fail(Error("`" + detail::brief(function.name()) + "`: the host calls it as `" +
                                    detail::brief(Signature::spelled()) + "`, the component has `" +
                                    detail::brief(function.type().text().value_or("?")) + "`",
                                Code::type_mismatch));
    return Function(std::move(function));
  }

  /// Calls it in a fresh instance, on the calling thread. See runtime_function_call().
  ///
  /// @return The result, or what the guest did or which limit it met.
  [[nodiscard]] Result<R> operator()(Args... args) const {
    return call(CallOptions(), std::forward<Args>(args)...);
  }
  /// Calls it in a fresh instance, on the calling thread, with options.
  [[nodiscard]] Result<R> call(const CallOptions &options, Args... args) const {
    const runtime_call_options_t how = detail::raw(options);
    return Signature::call(
        [&](const runtime_value_t *values, std::size_t size, runtime_values_t **out) {
          return runtime_function_call(any_.get(), values, size, &how, out);
        },
        detail::Context(), args...);
  }

  /// Starts a call in a fresh instance, on the runtime's workers. Arguments are copied.
  ///
  /// @return What the call will give; why it was not started is there at once. Waiting for it holds
  ///         up the thread that waits; letting go of it does not.
  [[nodiscard]] std::future<Result<R>> async(Args... args) const {
    return async(CallOptions(), std::forward<Args>(args)...);
  }
  /// Starts a call in a fresh instance, on the runtime's workers, with options.
  [[nodiscard]] std::future<Result<R>> async(const CallOptions &options, Args... args) const {
    return Signature::async(starter(options), {}, args...);
  }
  /// Starts a call in a fresh instance, on the runtime's workers, and calls back when it has ended.
  ///
  /// @param done  `void(Result<R>)`: called once, on a worker of the runtime, unless this fails. It
  ///              holds up other calls there, so it must not block for long. What it throws ends
  ///              the program, as in a std::thread.
  ///
  /// @return Why the call was not started: then `done` is not called.
  template <typename Done>
  [[nodiscard]] Result<void> start(Done &&done, const CallOptions &options, Args... args) const {
    return Signature::start(starter(options), {}, std::forward<Done>(done), args...);
  }

  /// Makes another handle to the same function.
  [[nodiscard]] Function clone() const noexcept {
    return Function(any_.clone());
  }
  /// The function without its type in C++. Borrowed.
  [[nodiscard]] const AnyFunction &any() const noexcept {
    return any_;
  }

 private:
  explicit Function(AnyFunction any) noexcept : any_(std::move(any)) {}

  auto starter(const CallOptions &options) const noexcept {
    return [this, how = detail::raw(options)](const runtime_value_t *values, std::size_t size,
                                              const runtime_completion_t *completion) {
      return runtime_function_call_async(any_.get(), values, size, &how, completion);
    };
  }

  AnyFunction any_;
};

static_assert(sizeof(Function<void()>) == sizeof(void *));

}  // namespace wasmcell

#endif
