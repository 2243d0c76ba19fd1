/// @file
/// Types of the component model, and what a component imports and exports.
#ifndef WASMCELL_TYPE_HPP
#define WASMCELL_TYPE_HPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <wasmcell/bytes.hpp>

namespace wasmcell {

/// Which constructor a type has, and what a value holds; wasmcell.h explains each as RUNTIME_KIND_.
///
/// Expect numbers that are not listed: a newer library may have more.
enum class Kind : std::uint8_t {
  none = RUNTIME_KIND_NONE,
  boolean = RUNTIME_KIND_BOOL,
  s8 = RUNTIME_KIND_S8,
  u8 = RUNTIME_KIND_U8,
  s16 = RUNTIME_KIND_S16,
  u16 = RUNTIME_KIND_U16,
  s32 = RUNTIME_KIND_S32,
  u32 = RUNTIME_KIND_U32,
  s64 = RUNTIME_KIND_S64,
  u64 = RUNTIME_KIND_U64,
  f32 = RUNTIME_KIND_F32,
  f64 = RUNTIME_KIND_F64,
  character = RUNTIME_KIND_CHAR,
  string = RUNTIME_KIND_STRING,
  list = RUNTIME_KIND_LIST,
  record = RUNTIME_KIND_RECORD,
  tuple = RUNTIME_KIND_TUPLE,
  variant = RUNTIME_KIND_VARIANT,
  enumeration = RUNTIME_KIND_ENUM,
  option = RUNTIME_KIND_OPTION,
  result = RUNTIME_KIND_RESULT,
  flags = RUNTIME_KIND_FLAGS,
  own = RUNTIME_KIND_OWN,
  borrow = RUNTIME_KIND_BORROW,
  function = RUNTIME_KIND_FUNCTION,
  unsupported = RUNTIME_KIND_UNSUPPORTED,
};

/// A type of the component model, or none. Children are fields, cases, flags or parameters.
///
/// Borrowed from the Component or AnyFunction that it was asked of: good as long as that handle
/// lives. Any number of threads may read it at once.
class Type {
 public:
  /// No type, or one of the C API, borrowed.
  explicit Type(const runtime_type_t *type = nullptr) noexcept : type_(type) {}

  /// Whether there is a type.
  [[nodiscard]] explicit operator bool() const noexcept {
    return type_ != nullptr;
  }
  /// Which constructor it has; Kind::none if there is no type.
  [[nodiscard]] Kind kind() const noexcept {
    return static_cast<Kind>(runtime_type_kind(type_));
  }
  /// How many children it has: 1 for a list or an option, 2 for a result.
  [[nodiscard]] std::size_t size() const noexcept {
    return runtime_type_len(type_);
  }
  /// The type of a child, from 0; none if the child has no type or is not there.
  [[nodiscard]] Type child(std::size_t index) const noexcept {
    return Type(runtime_type_child(type_, index));
  }
  /// The name of a child, from 0; nothing if the child has no name or is not there. Borrowed.
  [[nodiscard]] std::optional<std::string_view> child_name(std::size_t index) const noexcept {
    const char *name = runtime_type_child_name(type_, index);
    if (name == nullptr) return std::nullopt;
    return name;
  }
  /// What a function gives; none if it gives nothing, or if this is not a function.
  [[nodiscard]] Type result() const noexcept {
    return Type(runtime_type_result(type_));
  }
  /// Spells the type as WIT does, such as `list<u8>`. Code::invalid_argument if there is none.
  [[nodiscard]] Result<std::string> text() const {
    runtime_bytes_t *out = nullptr;
    runtime_error_t *error = runtime_type_text(type_, &out);
    return detail::text(error, out);
  }
  /// The C object, borrowed.
  [[nodiscard]] const runtime_type_t *get() const noexcept {
    return type_;
  }

 private:
  const runtime_type_t *type_;
};

/// What an import or export is.
///
/// Expect numbers that are not listed: a newer library may have more.
enum class ItemKind : std::int32_t {
  none = RUNTIME_ITEM_KIND_NONE,
  function = RUNTIME_ITEM_KIND_FUNCTION,
  resource = RUNTIME_ITEM_KIND_RESOURCE,
  type = RUNTIME_ITEM_KIND_TYPE,
  module = RUNTIME_ITEM_KIND_MODULE,
  component = RUNTIME_ITEM_KIND_COMPONENT,
  core_function = RUNTIME_ITEM_KIND_CORE_FUNCTION,
};

/// One thing that a component imports or exports.
///
/// Borrowed from the Component that it was asked of: good as long as that handle lives. Any number
/// of threads may read it at once.
class Item {
 public:
  /// An item of the C API, borrowed; NULL is allowed.
  explicit Item(const runtime_item_t *item) noexcept : item_(item) {}

  /// Its name: `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface. Borrowed.
  [[nodiscard]] std::string_view name() const noexcept {
    return runtime_item_name(item_);
  }
  /// What it is.
  [[nodiscard]] ItemKind kind() const noexcept {
    return static_cast<ItemKind>(runtime_item_kind(item_));
  }
  /// The type of a function, or the type that is named; none if it has none.
  [[nodiscard]] Type type() const noexcept {
    return Type(runtime_item_type(item_));
  }
  /// The C object, borrowed.
  [[nodiscard]] const runtime_item_t *get() const noexcept {
    return item_;
  }

 private:
  const runtime_item_t *item_;
};

namespace detail {

/// `text` for a message of several parts: a component chooses its names and types, so each is cut,
/// with a mark, where it would leave no room for the rest.
inline std::string brief(std::string_view text) {
  constexpr std::size_t most = 900;
  if (text.size() <= most) return std::string(text);
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) end--;
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

}  // namespace detail
}  // namespace wasmcell

#endif
