/// @file
/// How types that the macros of describe.hpp describe pass between host and guest.
#ifndef WASMCELL_CODEC_DESCRIBED_HPP
#define WASMCELL_CODEC_DESCRIBED_HPP

#include <initializer_list>
#include <wasmcell/codec_sum.hpp>
#include <wasmcell/describe.hpp>

namespace wasmcell {

namespace detail {

// Each answers whether the macro was used for `T`, by whether the function that it makes is found
// in the namespace of `T`.
template <typename T, typename = void>
constexpr bool is_record = false;
template <typename T>
constexpr bool is_record<T, std::void_t<decltype(wasmcell_fields(Tag<T>()))>> = true;

template <typename T, typename = void>
constexpr bool is_enum = false;
template <typename T>
constexpr bool is_enum<T, std::void_t<decltype(wasmcell_enumerators(Tag<T>()))>> = true;

template <typename T, typename = void>
constexpr bool is_variant = false;
template <typename T>
constexpr bool is_variant<T, std::void_t<decltype(wasmcell_cases(Tag<T>()))>> = true;

template <typename T, typename = void>
constexpr bool is_resource = false;
template <typename T>
constexpr bool is_resource<T, std::void_t<decltype(wasmcell_resource(Tag<T>()))>> = true;

/// What an enum and flags have in common: names.
template <typename E>
struct EnumeratorsCodec {
  static constexpr auto all = wasmcell_enumerators(Tag<E>());
  static constexpr std::size_t size = all.size();
  static constexpr bool borrows = false;

  static void spell(std::string &out, std::string_view constructor) {
    std::string_view before = " { ";
    out += constructor;
    for (const Enumerator<E> &one : all) {
      out += before;
      one.name.spell(out);
      before = ", ";
    }
    out += " }";
  }
  static bool matches(Type type, Kind kind) noexcept {
    if (type.kind() != kind || type.size() != size) return false;
    for (std::size_t i = 0; i < size; i++)
      if (!all[i].name.is(type.child_name(i).value_or(""))) return false;
    return true;
  }
  /// The place of one in the order of WIT; `size` if it has none.
  static constexpr std::size_t place(E value) noexcept {
    std::size_t i = 0;
    while (i < size && all[i].value != value) i++;
    return i;
  }
};

template <typename V, typename... Ts>
CasesCodec<V, Ts...> cases_codec(const std::variant<Ts...> *);

/// The codec of a struct that is derived from std::variant, without the names of its cases.
template <typename V>
using CasesCodecOf = decltype(cases_codec<V>(static_cast<const V *>(nullptr)));

}  // namespace detail

/// Some enumerators of an enum that WASMCELL_ENUM describes: `flags` of WIT.
///
///     enum class Right { read, write };
///     WASMCELL_ENUM(Right, read, write)
///     Flags<Right> rights{Right::read, Right::write};
template <typename E>
class Flags {
  static constexpr std::size_t word_bits = 32;

 public:
  /// None.
  constexpr Flags() noexcept = default;
  /// These.
  constexpr Flags(std::initializer_list<E> flags) noexcept {
    for (E flag : flags) set(flag);
  }

  /// Whether a flag is set.
  [[nodiscard]] constexpr bool has(E flag) const noexcept {
    const std::size_t i = detail::EnumeratorsCodec<E>::place(flag);
    return (words_[i / word_bits] >> (i % word_bits) & 1U) != 0;
  }
  /// Sets a flag, or clears it.
  constexpr Flags &set(E flag, bool on = true) noexcept {
    const std::size_t i = detail::EnumeratorsCodec<E>::place(flag);
    const std::uint32_t bit = std::uint32_t{1} << (i % word_bits);
    words_[i / word_bits] = on ? words_[i / word_bits] | bit : words_[i / word_bits] & ~bit;
    return *this;
  }
  /// Whether both have the same flags.
  [[nodiscard]] friend constexpr bool operator==(const Flags &a, const Flags &b) noexcept {
    for (std::size_t i = 0; i < words; i++)
      if (a.words_[i] != b.words_[i]) return false;
    return true;
  }
  /// Whether one has a flag that the other lacks.
  [[nodiscard]] friend constexpr bool operator!=(const Flags &a, const Flags &b) noexcept {
    return !(a == b);
  }

 private:
  friend struct Codec<Flags>;
  static constexpr std::size_t words =
      (detail::EnumeratorsCodec<E>::size + word_bits - 1) / word_bits;
  // One bit more than there are flags, for what is not an enumerator: the library refuses it.
  static constexpr std::size_t room = detail::EnumeratorsCodec<E>::size / word_bits + 1;
  [[nodiscard]] constexpr std::size_t used() const noexcept {
    return words_[room - 1] != 0 ? room : words;
  }
  std::uint32_t words_[room] = {};
};

/// `record`.
template <typename T>
struct Codec<T, std::enable_if_t<detail::is_record<T>>> {
 private:
  static constexpr auto fields = wasmcell_fields(Tag<T>());
  static constexpr std::size_t count = std::tuple_size_v<decltype(fields)>;
  using Index = std::make_index_sequence<count>;
  template <std::size_t I>
  using Of = Codec<typename std::tuple_element_t<I, std::remove_const_t<decltype(fields)>>::Type>;

  template <std::size_t... I>
  static constexpr bool any_borrows(std::index_sequence<I...>) {
    return (Of<I>::borrows || ...);
  }
  template <std::size_t... I>
  static void spell_each(std::string &out, std::index_sequence<I...>) {
    std::string_view before = "record { ";
    ((out += before, std::get<I>(fields).name.spell(out), out += ": ", Of<I>::spell(out),
      before = ", "),
     ...);
    out += " }";
  }
  template <std::size_t... I>
  static bool each_matches(Type type, std::index_sequence<I...>) noexcept {
    return ((std::get<I>(fields).name.is(type.child_name(I).value_or("")) &&
             Of<I>::matches(type.child(I))) &&
            ...);
  }
  template <std::size_t... I>
  static bool each_fits(const runtime_value_t *values, std::index_sequence<I...>) noexcept {
    return (Of<I>::fits(values[I]) && ...);
  }
  template <typename A, std::size_t... I>
  static void lower_each(const T &value, runtime_value_t *values, A &arena,
                         std::index_sequence<I...>) {
    (Of<I>::lower(value.*std::get<I>(fields).member, values[I], arena), ...);
  }
  template <std::size_t... I>
  static void lift_each(const runtime_value_t *values, T &value, const detail::Context &context,
                        std::index_sequence<I...>) {
    ((value.*std::get<I>(fields).member = Of<I>::lift(values[I], context)), ...);
  }

 public:
  static constexpr bool borrows = any_borrows(Index());

  static void spell(std::string &out) {
    spell_each(out, Index());
  }
  static bool matches(Type type) noexcept {
    return type.kind() == Kind::record && type.size() == count && each_matches(type, Index());
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == RUNTIME_KIND_RECORD && value.of.values.len == count &&
           each_fits(value.of.values.ptr, Index());
  }
  template <typename A>
  static void lower(const T &value, runtime_value_t &out, A &arena) {
    auto *values = arena.template make<runtime_value_t>(count);
    lower_each(value, values, arena, Index());
    out.kind = RUNTIME_KIND_RECORD;
    out.of.values = {values, count};
  }
  static T lift(const runtime_value_t &value, const detail::Context &context) {
    T record{};
    lift_each(value.of.values.ptr, record, context, Index());
    return record;
  }
};

/// `enum`.
template <typename E>
struct Codec<E, std::enable_if_t<detail::is_enum<E>>> : detail::EnumeratorsCodec<E> {
  using All = detail::EnumeratorsCodec<E>;

  static void spell(std::string &out) {
    All::spell(out, "enum");
  }
  static bool matches(Type type) noexcept {
    return All::matches(type, Kind::enumeration);
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == RUNTIME_KIND_ENUM && value.index < All::size;
  }
  template <typename A>
  static void lower(E value, runtime_value_t &out, A &) noexcept {
    out.kind = RUNTIME_KIND_ENUM;
    out.index = static_cast<std::uint32_t>(All::place(value));
  }
  static E lift(const runtime_value_t &value, const detail::Context &) noexcept {
    return All::all[value.index].value;
  }
};

/// `flags`.
template <typename E>
struct Codec<Flags<E>> {
  using All = detail::EnumeratorsCodec<E>;
  static constexpr bool borrows = false;

  static void spell(std::string &out) {
    All::spell(out, "flags");
  }
  static bool matches(Type type) noexcept {
    return All::matches(type, Kind::flags);
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == RUNTIME_KIND_FLAGS && value.of.flags.len <= Flags<E>::words;
  }
  template <typename A>
  static void lower(const Flags<E> &value, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_FLAGS;
    out.of.flags = {arena.keep(value.words_, Flags<E>::room), value.used()};
  }
  static Flags<E> lift(const runtime_value_t &value, const detail::Context &) noexcept {
    Flags<E> flags;
    for (std::size_t i = 0; i < value.of.flags.len && i < Flags<E>::words; i++)
      flags.words_[i] = value.of.flags.ptr[i];
    return flags;
  }
};

/// `variant` with names.
template <typename V>
struct Codec<V, std::enable_if_t<detail::is_variant<V>>> : detail::CasesCodecOf<V> {
  static constexpr auto names = wasmcell_cases(Tag<V>());
  using Cases = detail::CasesCodecOf<V>;

  static void spell(std::string &out) {
    Cases::spell(out, [](std::string &text, std::size_t i) { names[i].spell(text); });
  }
  static bool matches(Type type) noexcept {
    if (!Cases::matches(type) || type.size() != names.size()) return false;
    for (std::size_t i = 0; i < names.size(); i++)
      if (!names[i].is(type.child_name(i).value_or(""))) return false;
    return true;
  }
};

}  // namespace wasmcell

#endif
