/// @file
/// Calls with C++ types, whatever they are calls of.
#ifndef WASMCELL_INVOKE_HPP
#define WASMCELL_INVOKE_HPP

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <wasmcell/callback.hpp>
#include <wasmcell/codec_list.hpp>
#include <wasmcell/codec_sum.hpp>
#include <wasmcell/held.hpp>
#include <wasmcell/resource.hpp>
#include <wasmcell/value.hpp>

namespace wasmcell::detail {

/// `func(u32) -> string`, for messages: without the names of parameters, which C++ does not know.
template <typename R, typename... Args>
std::string spelled_function() {
  std::string text = "func(";
  std::string_view before;
  ((text += before, CodecFor<Args>::spell(text), before = ", "), ...);
  text += ')';
  if constexpr (!std::is_void_v<R>) {
    text += " -> ";
    CodecFor<R>::spell(text);
  }
  return text;
}

/// Whether a function type of a component is that of `R(Args...)`.
template <typename R, typename... Args>
bool function_matches(Type type) {
  std::size_t i = 0;
  if (type.size() != sizeof...(Args) || !(CodecFor<Args>::matches(type.child(i++)) && ...))
    return false;
  if constexpr (std::is_void_v<R>) {
    return !type.result();
  } else {
    return CodecFor<R>::matches(type.result());
  }
}

/// The outcome of a call.
template <typename R>
Result<R> outcome(runtime_error_t *error, runtime_values_t *results, const Context &context) {
  Values values(results);
  if (error != nullptr) return fail(error);
  if constexpr (std::is_void_v<R>) {
    return {};
  } else if constexpr (is_held<R>) {
    return R(std::move(values));
  } else {
    return CodecFor<R>::lift(values[0].get(), context);
  }
}

/// What is to happen at the end of an asynchronous call.
template <typename R, typename Done>
struct Completion {
  Done done;
  Context context;

  static void run(void *self, runtime_values_t *results, runtime_error_t *error) noexcept {
    auto *completion = static_cast<Completion *>(self);
    completion->done(outcome<R>(error, results, completion->context));
  }
};

template <typename R, typename... Args>
struct Signature {
  static constexpr bool result_borrows() {
    if constexpr (std::is_void_v<R>) {
      return false;
    } else {
      return CodecFor<R>::borrows;
    }
  }
  static_assert(
      !result_borrows(),
      "a call's result owns what it is made of: std::string and std::vector, or views in Held");

  static std::string spelled() {
    return spelled_function<R, Args...>();
  }
  static bool matches(Type type) {
    return function_matches<R, Args...>(type);
  }

  /// Calls `run(values, size, out)`.
  template <typename F>
  static Result<R> call(F &&run, const Context &context, const Bare<Args> &...args) {
    runtime_values_t *out = nullptr;
    runtime_error_t *error = with_values(
        [&](const runtime_value_t *values, std::size_t size) { return run(values, size, &out); },
        args...);
    return outcome<R>(error, out, context);
  }

  /// Calls `begin(values, size, completion)`, and `callback` with the outcome.
  template <typename F, typename Done>
  static Result<void> start(F &&begin, Context context, Done &&callback,
                            const Bare<Args> &...args) {
    using Closure = Completion<R, std::decay_t<Done>>;
    static_assert(std::is_invocable_v<std::decay_t<Done> &, Result<R>>,
                  "a completion callback takes the Result of the call");
    auto closure =
        std::unique_ptr<Closure>(new Closure{std::forward<Done>(callback), std::move(context)});
    return done(with_values(
        [&](const runtime_value_t *values, std::size_t size) {
          runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
          completion.callback = &Closure::run;
          completion.user_data = closure.release();
          completion.finalizer = &finalize<Closure>;
          return begin(values, size, &completion);
        },
        args...));
  }

  /// As start(), with a future in place of a callback.
  template <typename F>
  static std::future<Result<R>> async(F &&begin, Context context, const Bare<Args> &...args) {
    std::promise<Result<R>> promise;
    std::future<Result<R>> future = promise.get_future();
    auto set = [promise = std::move(promise)](Result<R> result) mutable {
      promise.set_value(std::move(result));
    };
    Result<void> started = start(begin, std::move(context), std::move(set), args...);
    if (started) return future;
    std::promise<Result<R>> failed;
    failed.set_value(fail(std::move(started).error()));
    return failed.get_future();
  }

 private:
  /// Calls `run` with the arguments as the C API has them, in place as far as they go.
  template <typename F>
  static runtime_error_t *with_values(F &&run, const Bare<Args> &...args) {
    ArgumentArena arena;
    runtime_value_t values[sizeof...(Args) > 0 ? sizeof...(Args) : 1] = {};
    std::size_t i = 0;
    (CodecFor<Args>::lower(args, values[i++], arena), ...);
    return run(values, sizeof...(Args));
  }
};

}  // namespace wasmcell::detail

#endif
