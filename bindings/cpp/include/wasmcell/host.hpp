/// @file
/// How C++ callables become host functions: their types are deduced.
#ifndef WASMCELL_HOST_HPP
#define WASMCELL_HOST_HPP

#include <array>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <wasmcell/call.hpp>
#include <wasmcell/invoke.hpp>

namespace wasmcell::detail {

/// `Of<R, P...>` for a callable `R(P...)`.
template <template <typename...> typename Of, typename F>
struct Deduced : Deduced<Of, decltype(&F::operator())> {};
template <template <typename...> typename Of, typename R, typename... P>
struct Deduced<Of, R (*)(P...)> {
  using type = Of<R, P...>;
};
template <template <typename...> typename Of, typename R, typename... P>
struct Deduced<Of, R (*)(P...) noexcept> : Deduced<Of, R (*)(P...)> {};
template <template <typename...> typename Of, typename C, typename R, typename... P>
struct Deduced<Of, R (C::*)(P...)> : Deduced<Of, R (*)(P...)> {};
template <template <typename...> typename Of, typename C, typename R, typename... P>
struct Deduced<Of, R (C::*)(P...) const> : Deduced<Of, R (*)(P...)> {};
template <template <typename...> typename Of, typename C, typename R, typename... P>
struct Deduced<Of, R (C::*)(P...) noexcept> : Deduced<Of, R (*)(P...)> {};
template <template <typename...> typename Of, typename C, typename R, typename... P>
struct Deduced<Of, R (C::*)(P...) const noexcept> : Deduced<Of, R (*)(P...)> {};

/// Stands for the Reply of a function that answers at once.
struct AtOnce {};

/// What a host function gives the guest, without the Result around it.
template <typename R>
struct Given {
  using type = R;
};
template <typename T>
struct Given<Result<T>> {
  using type = T;
};

/// A host function: what it returns, whether it takes a Call, the type of the answer that it owes,
/// and what it takes from the guest.
template <typename R, bool TakesCall, typename Owed, typename... P>
struct HostShape {
  static constexpr bool at_once = std::is_same_v<Owed, AtOnce>;
  using Answer = std::conditional_t<at_once, typename Given<R>::type, Owed>;
  static_assert(at_once || std::is_void_v<typename Given<R>::type>,
                "a host function that takes a Reply gives nothing, or a Result<void>");

  static bool matches(Type type) {
    return function_matches<Answer, P...>(type);
  }
  static std::string spelled() {
    return spelled_function<Answer, P...>();
  }

  /// Calls `fn` for the guest.
  template <typename Fn>
  static runtime_error_t *run(Fn &fn, const std::shared_ptr<ResourceTable> &table,
                              runtime_call_t *raw, const runtime_value_t *args,
                              runtime_value_t *results) {
    Context context;
    context.table = table.get();
    if (!all_present(args, context, std::index_sequence_for<P...>()))
      return Error("an argument is a resource that Linker::define_resource<T>() does not know")
          .release();
    Call call(raw);
    const auto with = [&](auto &&...first) -> R {
      return with_args(fn, args, context, std::index_sequence_for<P...>(),
                       std::forward<decltype(first)>(first)...);
    };
    const auto with_call = [&](auto &&...reply) -> R {
      if constexpr (TakesCall) {
        return with(call, std::forward<decltype(reply)>(reply)...);
      } else {
        return with(std::forward<decltype(reply)>(reply)...);
      }
    };
    if constexpr (!at_once) {
      runtime_reply_t *reply = nullptr;
      if (auto *error = runtime_call_defer(raw, &reply)) return error;
      Reply<Owed> owed(reply, table);
      return answer([&]() -> R { return with_call(std::move(owed)); }, raw, table, nullptr);
    } else {
      return answer(with_call, raw, table, results);
    }
  }

 private:
  template <std::size_t... I>
  static bool all_present(const runtime_value_t *args, const Context &context,
                          std::index_sequence<I...>) noexcept {
    static_cast<void>(args);
    static_cast<void>(context);
    return (Present<P>::check(args[I], context) && ...);
  }
  template <typename Fn, std::size_t... I, typename... First>
  static R with_args(Fn &fn, const runtime_value_t *args, const Context &context,
                     std::index_sequence<I...>, First &&...first) {
    static_cast<void>(args);
    static_cast<void>(context);
    return fn(std::forward<First>(first)..., CodecFor<P>::lift(args[I], context)...);
  }

  template <typename F>
  static runtime_error_t *answer(F &&function, runtime_call_t *call,
                                 const std::shared_ptr<ResourceTable> &table,
                                 runtime_value_t *results) {
    static_cast<void>(table);
    static_cast<void>(call);
    static_cast<void>(results);
    if constexpr (std::is_void_v<R>) {
      function();
    } else if constexpr (IsResult<R>::value) {
      R result = function();
      if (!result) return std::move(result).error().release();
      if constexpr (!std::is_void_v<typename Given<R>::type>) lower(*result, call, table, results);
    } else {
      lower(function(), call, table, results);
    }
    return nullptr;
  }
  template <typename T>
  static void lower(const T &value, runtime_call_t *call,
                    const std::shared_ptr<ResourceTable> &table, runtime_value_t *results) {
    CallArena arena(call, table.get());
    Codec<T>::lower(value, *results, arena);
  }
};

/// Finds the Call and the Reply among the parameters.
template <typename R, typename... P>
struct HostSignature {
  using type = HostShape<R, false, AtOnce, P...>;
};
template <typename R, typename... P>
struct HostSignature<R, Call &, P...> {
  using type = HostShape<R, true, AtOnce, P...>;
};
template <typename R, typename Owed, typename... P>
struct HostSignature<R, Reply<Owed>, P...> {
  using type = HostShape<R, false, Owed, P...>;
};
template <typename R, typename Owed, typename... P>
struct HostSignature<R, Call &, Reply<Owed>, P...> {
  using type = HostShape<R, true, Owed, P...>;
};

template <typename Fn>
using HostShapeOf = typename Deduced<HostSignature, Fn>::type::type;

/// A callable in the hands of the library, which calls run() and in the end finalize().
template <typename Fn>
struct HostFunction {
  Fn fn;
  std::shared_ptr<ResourceTable> table;

  static runtime_error_t *run(void *self, runtime_call_t *call, const runtime_value_t *args,
                              std::size_t, runtime_value_t *results, std::size_t) noexcept {
    auto *function = static_cast<HostFunction *>(self);
    return guarded(
        [&] { return HostShapeOf<Fn>::run(function->fn, function->table, call, args, results); });
  }
};

/// Callables in the hands of the library, one for each row of a table.
template <typename... Fns>
struct HostTable {
  std::tuple<HostFunction<Fns>...> functions;

  /// The table, for functions that are called so.
  template <typename... Paths>
  static std::array<runtime_definition_t, sizeof...(Fns)> rows(const Paths &...paths) {
    return rows(std::index_sequence_for<Fns...>(), paths...);
  }

 private:
  template <std::size_t... I, typename... Paths>
  static std::array<runtime_definition_t, sizeof...(Fns)> rows(std::index_sequence<I...>,
                                                               const Paths &...paths) {
    // A length of 0 would stand for text that a NUL ends.
    return {{{sizeof(runtime_definition_t), paths.empty() ? "" : paths.data(), paths.size(),
              &HostTable::run<I>}...}};
  }

  template <std::size_t I>
  static runtime_error_t *run(void *self, runtime_call_t *call, const runtime_value_t *args,
                              std::size_t size, runtime_value_t *results,
                              std::size_t results_size) noexcept {
    auto &function = std::get<I>(static_cast<HostTable *>(self)->functions);
    return std::decay_t<decltype(function)>::run(&function, call, args, size, results,
                                                 results_size);
  }
};

/// A callable that takes and gives values of any type.
template <typename Fn>
struct AnyHostFunction {
  Fn fn;

  static runtime_error_t *run(void *self, runtime_call_t *raw, const runtime_value_t *args,
                              std::size_t size, runtime_value_t *results,
                              std::size_t results_size) noexcept {
    return guarded([&]() -> runtime_error_t * {
      Call call(raw);
      auto result = static_cast<AnyHostFunction *>(self)->fn(call, Args(args, size));
      if (!result) return std::move(result).error().release();
      constexpr bool gives = !std::is_void_v<typename decltype(result)::value_type>;
      if (results_size != static_cast<std::size_t>(gives))
        return Error(gives ? "the host gives a result, and the guest wants none"
                           : "the host gives no result, and the guest wants one")
            .release();
      if constexpr (gives) {
        CallArena arena(raw, nullptr);
        *results = copied(result->view().get(), arena);
      }
      return nullptr;
    });
  }
};

}  // namespace wasmcell::detail

#endif
