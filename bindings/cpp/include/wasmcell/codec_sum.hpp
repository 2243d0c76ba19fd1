/// @file
/// How options, results, tuples and variants pass between host and guest.
#ifndef WASMCELL_CODEC_SUM_HPP
#define WASMCELL_CODEC_SUM_HPP

#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <wasmcell/codec.hpp>

namespace wasmcell {

namespace detail {

/// What a case carries, which may be nothing.
template <typename T>
struct PayloadCodec {
  static constexpr bool empty = std::is_void_v<T> || std::is_same_v<T, std::monostate>;
  using Stored = std::conditional_t<empty, std::monostate, T>;

  static bool matches(Type type) noexcept {
    if constexpr (empty) {
      return !type;
    } else {
      return type && Codec<T>::matches(type);
    }
  }
  static bool fits(const runtime_value_t &value) noexcept {
    if constexpr (empty) {
      return value.of.payload == nullptr;
    } else {
      return value.of.payload != nullptr && Codec<T>::fits(*value.of.payload);
    }
  }
  template <typename A>
  static void lower(const Stored &value, runtime_value_t &out, A &arena) {
    if constexpr (!empty) {
      auto *payload = arena.template make<runtime_value_t>(1);
      Codec<T>::lower(value, *payload, arena);
      out.of.payload = payload;
    }
  }
  static Stored lift(const runtime_value_t &value, const Context &context) {
    if constexpr (empty) {
      return {};
    } else {
      return Codec<T>::lift(*value.of.payload, context);
    }
  }
  static constexpr bool borrows() {
    if constexpr (empty) {
      return false;
    } else {
      return Codec<T>::borrows;
    }
  }
};

}  // namespace detail

/// `option`.
template <typename T>
struct Codec<std::optional<T>> {
  static constexpr bool borrows = Codec<T>::borrows;

  static void spell(std::string &out) {
    out += "option<";
    Codec<T>::spell(out);
    out += '>';
  }
  static bool matches(Type type) noexcept {
    return type.kind() == Kind::option && Codec<T>::matches(type.child(0));
  }
  static bool fits(const runtime_value_t &value) noexcept {
    if (value.kind != RUNTIME_KIND_OPTION) return false;
    return value.index == 0 || detail::PayloadCodec<T>::fits(value);
  }
  template <typename A>
  static void lower(const std::optional<T> &value, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_OPTION;
    out.index = value.has_value();
    if (value.has_value()) detail::PayloadCodec<T>::lower(*value, out, arena);
  }
  static std::optional<T> lift(const runtime_value_t &value, const detail::Context &context) {
    if (value.index == 0) return std::nullopt;
    return std::optional<T>(detail::PayloadCodec<T>::lift(value, context));
  }
};

/// `result`. Result<T>, whose error is the library's, is none: a function's call gives that.
template <typename T, typename E>
struct Codec<Expected<T, E>> {
  using Ok = detail::PayloadCodec<T>;
  using Err = detail::PayloadCodec<E>;
  static_assert(!std::is_same_v<E, Error>,
                "a result of WIT has an error of its own type: wasmcell::Expected<T, E>");
  static constexpr bool borrows = Ok::borrows() || Err::borrows();

  static void spell(std::string &out) {
    out += "result";
    if constexpr (Ok::empty && Err::empty) return;
    out += '<';
    if constexpr (Ok::empty) {
      out += '_';
    } else {
      Codec<T>::spell(out);
    }
    if constexpr (!Err::empty) {
      out += ", ";
      Codec<E>::spell(out);
    }
    out += '>';
  }
  static bool matches(Type type) noexcept {
    return type.kind() == Kind::result && Ok::matches(type.child(0)) && Err::matches(type.child(1));
  }
  static bool fits(const runtime_value_t &value) noexcept {
    if (value.kind != RUNTIME_KIND_RESULT) return false;
    return value.index == 0 ? Ok::fits(value) : Err::fits(value);
  }
  template <typename A>
  static void lower(const Expected<T, E> &value, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_RESULT;
    out.index = !value.has_value();
    if (!value.has_value()) {
      Err::lower(value.error(), out, arena);
    } else if constexpr (!Ok::empty) {
      Ok::lower(*value, out, arena);
    }
  }
  static Expected<T, E> lift(const runtime_value_t &value, const detail::Context &context) {
    if (value.index != 0) return Unexpected<E>(Err::lift(value, context));
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return Ok::lift(value, context);
    }
  }
};

namespace detail {

/// Tuples and pairs.
template <typename Tuple, typename... Ts>
struct TupleCodec {
  static constexpr bool borrows = (Codec<Ts>::borrows || ...);

  static void spell(std::string &out) {
    std::string_view before = "tuple<";
    ((out += before, Codec<Ts>::spell(out), before = ", "), ...);
    out += '>';
  }
  static bool matches(Type type) noexcept {
    std::size_t i = 0;
    return type.kind() == Kind::tuple && type.size() == sizeof...(Ts) &&
           (Codec<Ts>::matches(type.child(i++)) && ...);
  }
  static bool fits(const runtime_value_t &value) noexcept {
    std::size_t i = 0;
    return value.kind == RUNTIME_KIND_TUPLE && value.of.values.len == sizeof...(Ts) &&
           (Codec<Ts>::fits(value.of.values.ptr[i++]) && ...);
  }
  template <typename A>
  static void lower(const Tuple &value, runtime_value_t &out, A &arena) {
    lower_each(value, out, arena, std::index_sequence_for<Ts...>());
  }
  static Tuple lift(const runtime_value_t &value, const Context &context) {
    return lift_each(value, context, std::index_sequence_for<Ts...>());
  }

 private:
  template <typename A, std::size_t... I>
  static void lower_each(const Tuple &value, runtime_value_t &out, A &arena,
                         std::index_sequence<I...>) {
    auto *fields = arena.template make<runtime_value_t>(sizeof...(Ts));
    (Codec<Ts>::lower(std::get<I>(value), fields[I], arena), ...);
    out.kind = RUNTIME_KIND_TUPLE;
    out.of.values = {fields, sizeof...(Ts)};
  }
  template <std::size_t... I>
  static Tuple lift_each(const runtime_value_t &value, const Context &context,
                         std::index_sequence<I...>) {
    return Tuple{Codec<Ts>::lift(value.of.values.ptr[I], context)...};
  }
};

/// What variants are, whatever their cases are called. `V` is a std::variant or derived from one.
template <typename V, typename... Ts>
struct CasesCodec {
  static constexpr bool borrows = (PayloadCodec<Ts>::borrows() || ...);

  /// Appends the cases with names that `name` tells.
  template <typename F>
  static void spell(std::string &out, F name) {
    std::string_view before = "variant { ";
    std::size_t i = 0;
    ((out += before, name(out, i++), spell_payload<Ts>(out), before = ", "), ...);
    out += " }";
  }
  static bool matches(Type type) noexcept {
    std::size_t i = 0;
    return type.kind() == Kind::variant && type.size() == sizeof...(Ts) &&
           (PayloadCodec<Ts>::matches(type.child(i++)) && ...);
  }
  static bool fits(const runtime_value_t &value) noexcept {
    std::uint32_t i = 0;
    return value.kind == RUNTIME_KIND_VARIANT &&
           ((value.index == i++ && PayloadCodec<Ts>::fits(value)) || ...);
  }
  template <typename A>
  static void lower(const V &value, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_VARIANT;
    out.index = static_cast<std::uint32_t>(value.index());
    lower_case(value, out, arena, std::index_sequence_for<Ts...>());
  }
  static V lift(const runtime_value_t &value, const Context &context) {
    return lift_case(value, context, std::index_sequence_for<Ts...>());
  }

 private:
  template <typename T>
  static void spell_payload(std::string &out) {
    if constexpr (!PayloadCodec<T>::empty) {
      out += '(';
      Codec<T>::spell(out);
      out += ')';
    }
  }
  template <typename A, std::size_t... I>
  static void lower_case(const std::variant<Ts...> &value, runtime_value_t &out, A &arena,
                         std::index_sequence<I...>) {
    ((value.index() == I ? PayloadCodec<Ts>::lower(*std::get_if<I>(&value), out, arena) : void()),
     ...);
  }
  template <std::size_t I, typename T>
  static V make(const runtime_value_t &value, const Context &context) {
    return V(std::in_place_index<I>, PayloadCodec<T>::lift(value, context));
  }
  template <std::size_t... I>
  static V lift_case(const runtime_value_t &value, const Context &context,
                     std::index_sequence<I...>) {
    using Make = V (*)(const runtime_value_t &, const Context &);
    constexpr Make makes[] = {&make<I, Ts>...};
    return makes[value.index](value, context);
  }
};

}  // namespace detail

/// `tuple`.
template <typename... Ts>
struct Codec<std::tuple<Ts...>> : detail::TupleCodec<std::tuple<Ts...>, Ts...> {};

/// `tuple` of two.
template <typename A, typename B>
struct Codec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>, A, B> {};

/// `variant` whose cases are told by their place, whatever they are called. WASMCELL_VARIANT gives
/// them names, which are checked then.
template <typename... Ts>
struct Codec<std::variant<Ts...>> : detail::CasesCodec<std::variant<Ts...>, Ts...> {
  static void spell(std::string &out) {
    detail::CasesCodec<std::variant<Ts...>, Ts...>::spell(
        out, [](std::string &text, std::size_t) { text += '_'; });
  }
};

}  // namespace wasmcell

#endif
