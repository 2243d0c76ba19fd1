/// @file
/// Values of types that the program does not know when it is compiled.
#ifndef WASMCELL_VALUE_HPP
#define WASMCELL_VALUE_HPP

#include <optional>
#include <utility>
#include <vector>
#include <wasmcell/codec_list.hpp>
#include <wasmcell/codec_sum.hpp>
#include <wasmcell/resource.hpp>

namespace wasmcell {

/// A value that belongs to somebody else: a result in Values, an argument of a host function.
///
/// Accessors do not check what kind it is; ask kind() before. as() checks. Any number of threads
/// may read it at once.
class ValueView {
 public:
  /// A value of the C API, borrowed.
  explicit ValueView(const runtime_value_t &value) noexcept : value_(&value) {}

  /// What it holds.
  [[nodiscard]] Kind kind() const noexcept {
    return static_cast<Kind>(value_->kind);
  }
  /// Which case of a variant, enum, option (1 is some) or result (1 is the error) it is.
  [[nodiscard]] std::uint32_t index() const noexcept {
    return value_->index;
  }
  /// What the case of a variant, option or result carries.
  [[nodiscard]] std::optional<ValueView> payload() const noexcept {
    if (value_->of.payload == nullptr) return std::nullopt;
    return ValueView(*value_->of.payload);
  }
  /// How many elements of a list, or fields of a record or tuple, there are.
  [[nodiscard]] std::size_t size() const noexcept {
    return kind() == Kind::list ? value_->of.list.len : value_->of.values.len;
  }
  /// What a list is an array of; Kind::none for an array of values.
  [[nodiscard]] Kind element() const noexcept {
    return static_cast<Kind>(value_->element);
  }
  /// An element of a list whose element() is Kind::none, or a field of a record or tuple, from 0.
  [[nodiscard]] ValueView operator[](std::size_t index) const noexcept {
    const auto *values = kind() == Kind::list
                             ? static_cast<const runtime_value_t *>(value_->of.list.ptr)
                             : value_->of.values.ptr;
    return ValueView(values[index]);
  }
  /// The words of flags: bit `i % 32` of word `i / 32` is flag `i`. Borrowed.
  [[nodiscard]] Span<const std::uint32_t> flags() const noexcept {
    return {value_->of.flags.ptr, value_->of.flags.len};
  }
  /// The number of a resource.
  [[nodiscard]] std::uint64_t handle() const noexcept {
    return value_->of.resource;
  }

  /// The value as a `T`: every type that Codec lists, views included, which borrow like this one.
  ///
  /// @return Code::type_mismatch if it is none.
  template <typename T>
  [[nodiscard]] Result<T> as() const {
    if (!Codec<T>::fits(*value_))
      return detail::fail(
          Error("the value is no `" + detail::spelled<T>() + "`", Code::type_mismatch));
    return Codec<T>::lift(*value_, detail::Context());
  }

  /// The value as WAVE text, which Values::parse() reads; handles as `own(7)` and `borrow(7)`. See
  /// runtime_value_text().
  ///
  /// @return Code::type_mismatch or Code::invalid_argument if it is no value of that type,
  ///         Code::resource_limit if the text is very long.
  [[nodiscard]] Result<std::string> text(Type type) const {
    runtime_bytes_t *out = nullptr;
    runtime_error_t *error = runtime_value_text(type.get(), value_, &out);
    return detail::text(error, out);
  }
  /// Whether both are the same value of that type; every NaN is. See runtime_value_equal().
  ///
  /// @return Code::type_mismatch or Code::invalid_argument if one is no value of that type.
  [[nodiscard]] Result<bool> equals(ValueView other, Type type) const {
    bool out = false;
    if (auto *error = runtime_value_equal(type.get(), value_, other.value_, &out))
      return detail::fail(error);
    return out;
  }

  /// The C struct, borrowed.
  [[nodiscard]] const runtime_value_t &get() const noexcept {
    return *value_;
  }

 private:
  const runtime_value_t *value_;
};

/// The results of one call: one value, or none; or a value that was read from text. Refers to
/// nothing else, and does not change.
class Values : public detail::Owned<runtime_values_t, runtime_values_free> {
 public:
  using Owned::Owned;

  /// Reads one value of that type from WAVE text. See runtime_value_parse().
  ///
  /// @return Code::invalid_argument or Code::type_mismatch, with line and column, if it is none;
  ///         Code::unsupported for a resource.
  [[nodiscard]] static Result<Values> parse(Type type, std::string_view text) {
    runtime_values_t *out = nullptr;
    if (auto *error = runtime_value_parse(type.get(), text.data(), text.size(), &out))
      return detail::fail(error);
    return Values(out);
  }

  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept {
    return runtime_values_len(get());
  }
  /// One of them, from 0, which must be there. Borrowed.
  [[nodiscard]] ValueView operator[](std::size_t index) const noexcept {
    return ValueView(runtime_values_data(get())[index]);
  }
};

static_assert(sizeof(Values) == sizeof(void *));

namespace detail {

/// How many bytes an element of a list takes.
constexpr std::size_t element_size(runtime_kind_t kind) noexcept {
  switch (kind) {
    case RUNTIME_KIND_BOOL:
    case RUNTIME_KIND_S8:
    case RUNTIME_KIND_U8:
      return 1;
    case RUNTIME_KIND_S16:
    case RUNTIME_KIND_U16:
      return 2;
    case RUNTIME_KIND_S32:
    case RUNTIME_KIND_U32:
    case RUNTIME_KIND_F32:
    case RUNTIME_KIND_CHAR:
      return 4;
    case RUNTIME_KIND_S64:
    case RUNTIME_KIND_U64:
    case RUNTIME_KIND_F64:
      return 8;
    default:
      return sizeof(runtime_value_t);
  }
}

template <typename A>
runtime_value_t copied(const runtime_value_t &value, A &arena);

template <typename A>
const runtime_value_t *copied_all(const runtime_value_t *values, std::size_t size, A &arena) {
  auto *copies = arena.template make<runtime_value_t>(size);
  for (std::size_t i = 0; i < size; i++) copies[i] = copied(values[i], arena);
  return copies;
}

/// A copy of `value` with all that it points to in `arena`, which copies what it keeps.
template <typename A>
runtime_value_t copied(const runtime_value_t &value, A &arena) {
  runtime_value_t copy = value;
  switch (value.kind) {
    case RUNTIME_KIND_STRING:
      copy.of.string.ptr = arena.keep(value.of.string.ptr, value.of.string.len);
      break;
    case RUNTIME_KIND_LIST:
      if (value.element == RUNTIME_KIND_NONE) {
        copy.of.list.ptr = copied_all(static_cast<const runtime_value_t *>(value.of.list.ptr),
                                      value.of.list.len, arena);
      } else {
        copy.of.list.ptr = arena.keep(
            static_cast<const std::byte *>(value.of.list.ptr),
            value.of.list.len * element_size(static_cast<runtime_kind_t>(value.element)));
      }
      break;
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
      copy.of.values.ptr = copied_all(value.of.values.ptr, value.of.values.len, arena);
      break;
    case RUNTIME_KIND_VARIANT:
    case RUNTIME_KIND_OPTION:
    case RUNTIME_KIND_RESULT:
      if (value.of.payload != nullptr) copy.of.payload = copied_all(value.of.payload, 1, arena);
      break;
    case RUNTIME_KIND_FLAGS:
      copy.of.flags.ptr = arena.keep(value.of.flags.ptr, value.of.flags.len);
      break;
    default:
      break;
  }
  return copy;
}

}  // namespace detail

/// A value with all that it is made of: an argument of a call, or the answer of a host function.
///
///     AnyFunction::call({Value::of("square"), Value::record({Value::of(1), Value::of(2)})});
///
/// The library checks it against the type that is wanted.
class Value {
 public:
  /// The value of a C++ object, of any type that Codec lists. Copied.
  template <typename T>
  [[nodiscard]] static Value of(const T &object) {
    Value value;
    Codec<std::decay_t<const T &>>::lower(object, value.raw_, value.arena_);
    return value;
  }
  /// A copy of somebody else's.
  [[nodiscard]] static Value copy(ValueView view) {
    Value value;
    value.raw_ = detail::copied(view.get(), value.arena_);
    return value;
  }
  /// `list` of these; one of numbers is faster as Value::of() of a vector.
  [[nodiscard]] static Value list(std::vector<Value> elements) {
    Value value(Kind::list);
    value.raw_.of.list.len = elements.size();
    value.raw_.of.list.ptr = value.adopt(std::move(elements));
    return value;
  }
  /// `record` with these, one for each field in the order of WIT.
  [[nodiscard]] static Value record(std::vector<Value> fields) {
    return row(Kind::record, std::move(fields));
  }
  /// `tuple` of these.
  [[nodiscard]] static Value tuple(std::vector<Value> fields) {
    return row(Kind::tuple, std::move(fields));
  }
  /// Case `index` of a `variant`, in the order of WIT, and what it carries.
  [[nodiscard]] static Value variant(std::uint32_t index,
                                     std::optional<Value> payload = std::nullopt) {
    return one_of(Kind::variant, index, std::move(payload));
  }
  /// Case `index` of an `enum`, in the order of WIT.
  [[nodiscard]] static Value enumeration(std::uint32_t index) {
    return one_of(Kind::enumeration, index, std::nullopt);
  }
  /// `some` with this.
  [[nodiscard]] static Value some(Value payload) {
    return one_of(Kind::option, 1, std::move(payload));
  }
  /// `none`.
  [[nodiscard]] static Value none() {
    return one_of(Kind::option, 0, std::nullopt);
  }
  /// `ok`, and what it carries.
  [[nodiscard]] static Value ok(std::optional<Value> payload = std::nullopt) {
    return one_of(Kind::result, 0, std::move(payload));
  }
  /// `err`, and what it carries.
  [[nodiscard]] static Value err(std::optional<Value> payload = std::nullopt) {
    return one_of(Kind::result, 1, std::move(payload));
  }
  /// `flags`: bit `i % 32` of word `i / 32` is flag `i`, in the order of WIT.
  [[nodiscard]] static Value flags(Span<const std::uint32_t> words) {
    Value value(Kind::flags);
    value.raw_.of.flags = {value.arena_.keep(words.data(), words.size()), words.size()};
    return value;
  }
  /// A resource that is given: the number of a guest's, or one that the host chose.
  [[nodiscard]] static Value own(std::uint64_t handle) {
    Value value(Kind::own);
    value.raw_.of.resource = handle;
    return value;
  }
  /// A resource that is lent: the number of a guest's, or one that the host chose.
  [[nodiscard]] static Value borrow(std::uint64_t handle) {
    Value value(Kind::borrow);
    value.raw_.of.resource = handle;
    return value;
  }

  /// A view of it, good as long as it lives.
  [[nodiscard]] ValueView view() const noexcept {
    return ValueView(raw_);
  }

 private:
  Value() = default;
  explicit Value(Kind kind) {
    raw_.kind = static_cast<std::uint8_t>(kind);
  }
  static Value row(Kind kind, std::vector<Value> fields) {
    Value value(kind);
    value.raw_.of.values.len = fields.size();
    value.raw_.of.values.ptr = value.adopt(std::move(fields));
    return value;
  }
  static Value one_of(Kind kind, std::uint32_t index, std::optional<Value> payload) {
    Value value(kind);
    value.raw_.index = index;
    if (payload.has_value()) {
      std::vector<Value> one;
      one.push_back(std::move(*payload));
      value.raw_.of.payload = value.adopt(std::move(one));
    }
    return value;
  }
  /// Takes over what others are made of; they are in a row then.
  const runtime_value_t *adopt(std::vector<Value> parts) {
    auto *row = arena_.make<runtime_value_t>(parts.size());
    for (std::size_t i = 0; i < parts.size(); i++) {
      row[i] = parts[i].raw_;
      arena_.adopt(std::move(parts[i].arena_));
    }
    return row;
  }

  runtime_value_t raw_ = {};
  detail::HeapArena arena_;
};

}  // namespace wasmcell

#endif
