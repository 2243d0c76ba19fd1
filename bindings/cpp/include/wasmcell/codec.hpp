/// @file
/// How C++ types pass between host and guest: what is common to all, and numbers and text.
#ifndef WASMCELL_CODEC_HPP
#define WASMCELL_CODEC_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <wasmcell/arena.hpp>
#include <wasmcell/type.hpp>

namespace wasmcell {

namespace detail {

class ResourceTable;

/// What it takes to make C++ values out of values of the C API, besides those.
struct Context {
  /// The instance that owned resources of guests are of.
  std::weak_ptr<runtime_instance_t> instance{};
  /// The host's own resources.
  ResourceTable *table = nullptr;
};

template <typename T>
using Bare = std::remove_cv_t<std::remove_reference_t<T>>;

template <typename T>
constexpr bool is_known = false;

/// The type that a value of the kind has in C, or nothing if `T` is not a number, bool or
/// character.
template <typename T>
constexpr runtime_kind_t scalar_kind() {
  if constexpr (std::is_same_v<T, bool>) {
    return RUNTIME_KIND_BOOL;
  } else if constexpr (std::is_same_v<T, char32_t>) {
    return RUNTIME_KIND_CHAR;
  } else if constexpr (std::is_same_v<T, float>) {
    return RUNTIME_KIND_F32;
  } else if constexpr (std::is_same_v<T, double>) {
    return RUNTIME_KIND_F64;
  } else if constexpr (!std::is_integral_v<T> || std::is_same_v<T, char> ||
                       std::is_same_v<T, wchar_t> || std::is_same_v<T, char16_t>) {
    return RUNTIME_KIND_NONE;
#if defined(__cpp_char8_t)
  } else if constexpr (std::is_same_v<T, char8_t>) {
    return RUNTIME_KIND_NONE;
#endif
  } else if constexpr (sizeof(T) == 1) {
    return std::is_signed_v<T> ? RUNTIME_KIND_S8 : RUNTIME_KIND_U8;
  } else if constexpr (sizeof(T) == 2) {
    return std::is_signed_v<T> ? RUNTIME_KIND_S16 : RUNTIME_KIND_U16;
  } else if constexpr (sizeof(T) == 4) {
    return std::is_signed_v<T> ? RUNTIME_KIND_S32 : RUNTIME_KIND_U32;
  } else if constexpr (sizeof(T) == 8) {
    return std::is_signed_v<T> ? RUNTIME_KIND_S64 : RUNTIME_KIND_U64;
  } else {
    return RUNTIME_KIND_NONE;
  }
}

/// Whether a list of `T` is one plain C array.
template <typename T>
constexpr bool is_flat = scalar_kind<T>() != RUNTIME_KIND_NONE;

/// The spelling in WIT of a type without parts.
constexpr std::string_view plain_name(runtime_kind_t kind) {
  switch (kind) {
    case RUNTIME_KIND_BOOL:
      return "bool";
    case RUNTIME_KIND_S8:
      return "s8";
    case RUNTIME_KIND_U8:
      return "u8";
    case RUNTIME_KIND_S16:
      return "s16";
    case RUNTIME_KIND_U16:
      return "u16";
    case RUNTIME_KIND_S32:
      return "s32";
    case RUNTIME_KIND_U32:
      return "u32";
    case RUNTIME_KIND_S64:
      return "s64";
    case RUNTIME_KIND_U64:
      return "u64";
    case RUNTIME_KIND_F32:
      return "f32";
    case RUNTIME_KIND_F64:
      return "f64";
    case RUNTIME_KIND_CHAR:
      return "char";
    case RUNTIME_KIND_STRING:
      return "string";
    default:
      return "?";
  }
}

/// The field of the union in which a `T` is.
template <typename T, typename Of>
auto &scalar_field(Of &of) {
  constexpr runtime_kind_t kind = scalar_kind<T>();
  if constexpr (kind == RUNTIME_KIND_BOOL) {
    return of.boolean;
  } else if constexpr (kind == RUNTIME_KIND_S8) {
    return of.s8;
  } else if constexpr (kind == RUNTIME_KIND_U8) {
    return of.u8;
  } else if constexpr (kind == RUNTIME_KIND_S16) {
    return of.s16;
  } else if constexpr (kind == RUNTIME_KIND_U16) {
    return of.u16;
  } else if constexpr (kind == RUNTIME_KIND_S32) {
    return of.s32;
  } else if constexpr (kind == RUNTIME_KIND_U32) {
    return of.u32;
  } else if constexpr (kind == RUNTIME_KIND_S64) {
    return of.s64;
  } else if constexpr (kind == RUNTIME_KIND_U64) {
    return of.u64;
  } else if constexpr (kind == RUNTIME_KIND_F32) {
    return of.f32;
  } else if constexpr (kind == RUNTIME_KIND_F64) {
    return of.f64;
  } else {
    return of.character;
  }
}

}  // namespace detail

/// How values of type `T` pass between host and guest.
///
/// | C++ | WIT |
/// | --- | --- |
/// | `bool`, integers, `float`, `double`, `char32_t` | `bool`, `s8` to `u64`, `f32`, `f64`, `char`
/// | | `std::string`, `std::string_view` | `string` | | `std::vector<T>`, `Span<const T>`,
/// `std::array<T, N>` | `list<T>` | | `std::optional<T>`, `std::tuple<...>`, `std::pair<A, B>` |
/// `option<T>`, `tuple<...>` | | `Expected<T, E>`, each `void` or std::monostate where it carries
/// nothing | `result<T, E>` | | `std::variant<...>`, std::monostate for cases that carry nothing |
/// `variant` | | a struct with WASMCELL_RECORD | `record` | | an enum with WASMCELL_ENUM, and Flags
/// of it | `enum`, `flags` | | `Resource<T>`, `const Resource<T> &` | `own<t>`, `borrow<t>` of a
/// guest | | `std::unique_ptr<T>`, `T &` with WASMCELL_RESOURCE | `own<t>`, `borrow<t>` of the host
/// |
///
/// A specialisation for a type of your own forwards to another one, and gives
///
/// - `constexpr bool borrows`: whether what lift() gives borrows from the value;
/// - `void spell(std::string &out)`: appends the type as WIT spells it;
/// - `bool matches(Type type)`: whether values of the component's type are these;
/// - `bool fits(const runtime_value_t &value)`: whether lift() can be called with it;
/// - `void lower(const T &value, runtime_value_t &out, Arena &arena)`: fills in `out`, which is all
///   zero; what it points to comes from `arena`, or through its `keep()`;
/// - `T lift(const runtime_value_t &value, const detail::Context &context)`.
template <typename T, typename Enable = void>
struct Codec {
  static_assert(detail::is_known<T>,
                "wasmcell cannot pass this type: see wasmcell::Codec for those that it can, and "
                "WASMCELL_RECORD, WASMCELL_ENUM and WASMCELL_RESOURCE for types of your own");
};

/// Numbers, bool and char.
template <typename T>
struct Codec<T, std::enable_if_t<detail::is_flat<T>>> {
  static constexpr bool borrows = false;
  static constexpr runtime_kind_t kind = detail::scalar_kind<T>();

  static void spell(std::string &out) {
    out += detail::plain_name(kind);
  }
  static bool matches(Type type) noexcept {
    return runtime_type_kind(type.get()) == kind;
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == kind;
  }
  template <typename A>
  static void lower(const T &value, runtime_value_t &out, A &) noexcept {
    auto &field = detail::scalar_field<T>(out.of);
    out.kind = kind;
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  }
  static T lift(const runtime_value_t &value, const detail::Context &) noexcept {
    return static_cast<T>(detail::scalar_field<T>(value.of));
  }
};

/// Text: UTF-8, which the library checks.
template <typename T>
struct Codec<
    T, std::enable_if_t<std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view> ||
                        std::is_same_v<T, const char *>>> {
  static constexpr bool borrows = !std::is_same_v<T, std::string>;

  static void spell(std::string &out) {
    out += "string";
  }
  static bool matches(Type type) noexcept {
    return type.kind() == Kind::string;
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == RUNTIME_KIND_STRING;
  }
  template <typename A>
  static void lower(std::string_view value, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_STRING;
    out.of.string = {arena.keep(value.data(), value.size()), value.size()};
  }
  static T lift(const runtime_value_t &value, const detail::Context &) {
    static_assert(!std::is_same_v<T, const char *>, "results are std::string or std::string_view");
    return T(value.of.string.ptr, value.of.string.len);
  }
};

namespace detail {

/// `T` as WIT spells it.
template <typename T>
std::string spelled() {
  std::string text;
  Codec<T>::spell(text);
  return text;
}

}  // namespace detail
}  // namespace wasmcell

#endif
