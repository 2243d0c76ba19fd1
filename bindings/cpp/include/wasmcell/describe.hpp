/// @file
/// The macros that describe types of your own, once, next to the type and in its namespace, without
/// a semicolon:
///
///     struct Point { int32_t x, y; };
///     WASMCELL_RECORD(Point, x, y)                       // record { x: s32, y: s32 }
///
///     enum class Colour { red, dark_green };
///     WASMCELL_ENUM(Colour, red, dark_green)             // enum { red, dark-green }
///
///     struct Size : std::variant<std::monostate, uint64_t> { using variant::variant; };
///     WASMCELL_VARIANT(Size, unknown, exact)             // variant { unknown, exact(u64) }
///
///     WASMCELL_RESOURCE(Counter, counter)                // resource counter
///
/// Names are those of C++; in WIT their underscores are dashes, and one at the end, which tells a
/// name from a keyword of C++, is left out. Up to 64 names. Macros that are not in this list are
/// not for use.
#ifndef WASMCELL_DESCRIBE_HPP
#define WASMCELL_DESCRIBE_HPP

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>

namespace wasmcell {

/// Stands for a type where a function is chosen by it.
template <typename T>
struct Tag {};

namespace detail {

/// A name as C++ has it.
struct Name {
  std::string_view cpp;

  /// Appends the name as WIT has it.
  void spell(std::string &out) const {
    for (std::size_t i = 0; i < size(); i++) out += at(i);
  }
  /// Whether WIT has it so.
  [[nodiscard]] constexpr bool is(std::string_view wit) const noexcept {
    if (wit.size() != size()) return false;
    for (std::size_t i = 0; i < wit.size(); i++)
      if (wit[i] != at(i)) return false;
    return true;
  }

 private:
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return cpp.size() - (!cpp.empty() && cpp.back() == '_');
  }
  [[nodiscard]] constexpr char at(std::size_t i) const noexcept {
    return cpp[i] == '_' ? '-' : cpp[i];
  }
};

constexpr Name name(std::string_view cpp) {
  return {cpp};
}

/// A field of a record: its name, and where it is.
template <typename T, typename M>
struct Field {
  using Type = M;
  Name name;
  M T::*member;
};

template <typename T, typename M>
constexpr Field<T, M> field(std::string_view name, M T::*member) {
  return {{name}, member};
}

/// One of an enum: its name, and its number in C++.
template <typename E>
struct Enumerator {
  Name name;
  E value;
};

template <typename E>
constexpr Enumerator<E> enumerator(std::string_view name, E value) {
  return {{name}, value};
}

}  // namespace detail
}  // namespace wasmcell

/// Describes a struct as a record: all its fields, in the order of WIT. The struct can be made
/// without arguments.
#define WASMCELL_RECORD(TYPE, ...)                                                            \
  [[maybe_unused]] constexpr auto wasmcell_fields(::wasmcell::Tag<TYPE>) {                    \
    return ::std::make_tuple(WASMCELL_DETAIL_EACH(WASMCELL_DETAIL_FIELD, TYPE, __VA_ARGS__)); \
  }

/// Describes an enum, as an enum and, in Flags, as flags: all its enumerators, in the order of WIT,
/// whatever their numbers are.
#define WASMCELL_ENUM(TYPE, ...)                                                                   \
  [[maybe_unused]] constexpr auto wasmcell_enumerators(::wasmcell::Tag<TYPE>) {                    \
    return ::std::array<::wasmcell::detail::Enumerator<TYPE>, WASMCELL_DETAIL_COUNT(__VA_ARGS__)>{ \
        {WASMCELL_DETAIL_EACH(WASMCELL_DETAIL_ENUMERATOR, TYPE, __VA_ARGS__)}};                    \
  }

/// Names the cases of a variant, a struct that is derived from std::variant and has its
/// constructors.
#define WASMCELL_VARIANT(TYPE, ...)                                                    \
  [[maybe_unused]] constexpr auto wasmcell_cases(::wasmcell::Tag<TYPE>) {              \
    return ::std::array<::wasmcell::detail::Name, WASMCELL_DETAIL_COUNT(__VA_ARGS__)>{ \
        {WASMCELL_DETAIL_EACH(WASMCELL_DETAIL_NAME, TYPE, __VA_ARGS__)}};              \
  }

/// Names a resource. For one of a guest, `TYPE` is any type that stands for it, such as an empty
/// struct, and handles are Resource<TYPE>. For one of the host, `TYPE` is the class of the objects.
#define WASMCELL_RESOURCE(TYPE, NAME)                                        \
  [[maybe_unused]] constexpr auto wasmcell_resource(::wasmcell::Tag<TYPE>) { \
    return ::wasmcell::detail::name(#NAME);                                  \
  }

#define WASMCELL_DETAIL_FIELD(TYPE, NAME) ::wasmcell::detail::field(#NAME, &TYPE::NAME)
#define WASMCELL_DETAIL_NAME(TYPE, NAME) ::wasmcell::detail::name(#NAME)
#define WASMCELL_DETAIL_ENUMERATOR(TYPE, NAME) ::wasmcell::detail::enumerator(#NAME, TYPE::NAME)

// WASMCELL_DETAIL_EACH(M, T, a, b) is M(T, a), M(T, b): the preprocessor of C++17 has no loops.
// clang-format off
#define WASMCELL_DETAIL_1(M, T, A) M(T, A)
#define WASMCELL_DETAIL_2(M, T, A, ...) M(T, A), WASMCELL_DETAIL_1(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_3(M, T, A, ...) M(T, A), WASMCELL_DETAIL_2(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_4(M, T, A, ...) M(T, A), WASMCELL_DETAIL_3(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_5(M, T, A, ...) M(T, A), WASMCELL_DETAIL_4(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_6(M, T, A, ...) M(T, A), WASMCELL_DETAIL_5(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_7(M, T, A, ...) M(T, A), WASMCELL_DETAIL_6(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_8(M, T, A, ...) M(T, A), WASMCELL_DETAIL_7(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_9(M, T, A, ...) M(T, A), WASMCELL_DETAIL_8(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_10(M, T, A, ...) M(T, A), WASMCELL_DETAIL_9(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_11(M, T, A, ...) M(T, A), WASMCELL_DETAIL_10(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_12(M, T, A, ...) M(T, A), WASMCELL_DETAIL_11(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_13(M, T, A, ...) M(T, A), WASMCELL_DETAIL_12(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_14(M, T, A, ...) M(T, A), WASMCELL_DETAIL_13(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_15(M, T, A, ...) M(T, A), WASMCELL_DETAIL_14(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_16(M, T, A, ...) M(T, A), WASMCELL_DETAIL_15(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_17(M, T, A, ...) M(T, A), WASMCELL_DETAIL_16(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_18(M, T, A, ...) M(T, A), WASMCELL_DETAIL_17(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_19(M, T, A, ...) M(T, A), WASMCELL_DETAIL_18(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_20(M, T, A, ...) M(T, A), WASMCELL_DETAIL_19(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_21(M, T, A, ...) M(T, A), WASMCELL_DETAIL_20(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_22(M, T, A, ...) M(T, A), WASMCELL_DETAIL_21(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_23(M, T, A, ...) M(T, A), WASMCELL_DETAIL_22(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_24(M, T, A, ...) M(T, A), WASMCELL_DETAIL_23(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_25(M, T, A, ...) M(T, A), WASMCELL_DETAIL_24(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_26(M, T, A, ...) M(T, A), WASMCELL_DETAIL_25(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_27(M, T, A, ...) M(T, A), WASMCELL_DETAIL_26(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_28(M, T, A, ...) M(T, A), WASMCELL_DETAIL_27(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_29(M, T, A, ...) M(T, A), WASMCELL_DETAIL_28(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_30(M, T, A, ...) M(T, A), WASMCELL_DETAIL_29(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_31(M, T, A, ...) M(T, A), WASMCELL_DETAIL_30(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_32(M, T, A, ...) M(T, A), WASMCELL_DETAIL_31(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_33(M, T, A, ...) M(T, A), WASMCELL_DETAIL_32(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_34(M, T, A, ...) M(T, A), WASMCELL_DETAIL_33(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_35(M, T, A, ...) M(T, A), WASMCELL_DETAIL_34(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_36(M, T, A, ...) M(T, A), WASMCELL_DETAIL_35(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_37(M, T, A, ...) M(T, A), WASMCELL_DETAIL_36(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_38(M, T, A, ...) M(T, A), WASMCELL_DETAIL_37(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_39(M, T, A, ...) M(T, A), WASMCELL_DETAIL_38(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_40(M, T, A, ...) M(T, A), WASMCELL_DETAIL_39(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_41(M, T, A, ...) M(T, A), WASMCELL_DETAIL_40(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_42(M, T, A, ...) M(T, A), WASMCELL_DETAIL_41(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_43(M, T, A, ...) M(T, A), WASMCELL_DETAIL_42(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_44(M, T, A, ...) M(T, A), WASMCELL_DETAIL_43(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_45(M, T, A, ...) M(T, A), WASMCELL_DETAIL_44(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_46(M, T, A, ...) M(T, A), WASMCELL_DETAIL_45(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_47(M, T, A, ...) M(T, A), WASMCELL_DETAIL_46(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_48(M, T, A, ...) M(T, A), WASMCELL_DETAIL_47(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_49(M, T, A, ...) M(T, A), WASMCELL_DETAIL_48(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_50(M, T, A, ...) M(T, A), WASMCELL_DETAIL_49(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_51(M, T, A, ...) M(T, A), WASMCELL_DETAIL_50(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_52(M, T, A, ...) M(T, A), WASMCELL_DETAIL_51(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_53(M, T, A, ...) M(T, A), WASMCELL_DETAIL_52(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_54(M, T, A, ...) M(T, A), WASMCELL_DETAIL_53(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_55(M, T, A, ...) M(T, A), WASMCELL_DETAIL_54(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_56(M, T, A, ...) M(T, A), WASMCELL_DETAIL_55(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_57(M, T, A, ...) M(T, A), WASMCELL_DETAIL_56(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_58(M, T, A, ...) M(T, A), WASMCELL_DETAIL_57(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_59(M, T, A, ...) M(T, A), WASMCELL_DETAIL_58(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_60(M, T, A, ...) M(T, A), WASMCELL_DETAIL_59(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_61(M, T, A, ...) M(T, A), WASMCELL_DETAIL_60(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_62(M, T, A, ...) M(T, A), WASMCELL_DETAIL_61(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_63(M, T, A, ...) M(T, A), WASMCELL_DETAIL_62(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_64(M, T, A, ...) M(T, A), WASMCELL_DETAIL_63(M, T, __VA_ARGS__)
#define WASMCELL_DETAIL_PICK( \
    A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17, A18, A19, \
    A20, A21, A22, A23, A24, A25, A26, A27, A28, A29, A30, A31, A32, A33, A34, A35, A36, \
    A37, A38, A39, A40, A41, A42, A43, A44, A45, A46, A47, A48, A49, A50, A51, A52, A53, \
    A54, A55, A56, A57, A58, A59, A60, A61, A62, A63, A64, N, ...) N
#define WASMCELL_DETAIL_COUNT(...) WASMCELL_DETAIL_PICK(__VA_ARGS__, \
    64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, \
    43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, \
    22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
// clang-format on
#define WASMCELL_DETAIL_JOIN(A, B) A##B
#define WASMCELL_DETAIL_NUMBERED(COUNT) WASMCELL_DETAIL_JOIN(WASMCELL_DETAIL_, COUNT)
#define WASMCELL_DETAIL_EACH(M, T, ...) \
  WASMCELL_DETAIL_NUMBERED(WASMCELL_DETAIL_COUNT(__VA_ARGS__))(M, T, __VA_ARGS__)

#endif
