/// @file
/// How lists pass between host and guest: numbers, bools and characters as one C array, without a
/// copy on the way in.
#ifndef WASMCELL_CODEC_LIST_HPP
#define WASMCELL_CODEC_LIST_HPP

#include <array>
#include <vector>
#include <wasmcell/codec.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell {

namespace detail {

template <typename T>
struct ListCodec {
  static_assert(sizeof(bool) == 1, "a list of bool is an array of bytes");

  static void spell(std::string &out) {
    out += "list<";
    Codec<T>::spell(out);
    out += '>';
  }
  static bool matches(Type type) noexcept {
    return type.kind() == Kind::list && Codec<T>::matches(type.child(0));
  }
  static bool fits(const runtime_value_t &value) noexcept {
    if (value.kind != RUNTIME_KIND_LIST) return false;
    if constexpr (is_flat<T>) {
      return value.element == scalar_kind<T>();
    } else {
      if (value.element != RUNTIME_KIND_NONE) return false;
      for (std::size_t i = 0; i < value.of.list.len; i++)
        if (!Codec<T>::fits(elements<runtime_value_t>(value)[i])) return false;
      return true;
    }
  }

  /// What a list that fits points to.
  template <typename E>
  static const E *elements(const runtime_value_t &value) noexcept {
    return static_cast<const E *>(value.of.list.ptr);
  }

  template <typename A>
  static void lower(const T *data, std::size_t size, runtime_value_t &out, A &arena) {
    out.kind = RUNTIME_KIND_LIST;
    if constexpr (is_flat<T>) {
      out.element = scalar_kind<T>();
      out.of.list = {arena.keep(data, size), size};
    } else {
      auto *values = arena.template make<runtime_value_t>(size);
      for (std::size_t i = 0; i < size; i++) Codec<T>::lower(data[i], values[i], arena);
      out.of.list = {values, size};
    }
  }
};

}  // namespace detail

/// Lists that own their elements.
template <typename T>
struct Codec<std::vector<T>> : detail::ListCodec<T> {
  using List = detail::ListCodec<T>;
  static constexpr bool borrows = Codec<T>::borrows;

  template <typename A>
  static void lower(const std::vector<T> &value, runtime_value_t &out, A &arena) {
    if constexpr (std::is_same_v<T, bool>) {
      // std::vector<bool> has bits, not an array.
      bool *copy = arena.template make<bool>(value.size());
      for (std::size_t i = 0; i < value.size(); i++) copy[i] = value[i];
      out.kind = RUNTIME_KIND_LIST;
      out.element = RUNTIME_KIND_BOOL;
      out.of.list = {copy, value.size()};
    } else {
      List::lower(value.data(), value.size(), out, arena);
    }
  }
  static std::vector<T> lift(const runtime_value_t &value, const detail::Context &context) {
    const std::size_t size = value.of.list.len;
    if constexpr (detail::is_flat<T>) {
      const T *first = List::template elements<T>(value);
      return std::vector<T>(first, first + size);
    } else {
      std::vector<T> list;
      list.reserve(size);
      for (std::size_t i = 0; i < size; i++)
        list.push_back(Codec<T>::lift(List::template elements<runtime_value_t>(value)[i], context));
      return list;
    }
  }
};

/// Lists of elements that belong to somebody else. Those of numbers, bools and characters may also
/// be parameters of host functions: they are in the library's memory then.
template <typename T>
struct Codec<Span<T>> : detail::ListCodec<std::remove_cv_t<T>> {
  using Element = std::remove_cv_t<T>;
  using List = detail::ListCodec<Element>;
  static constexpr bool borrows = true;

  template <typename A>
  static void lower(Span<T> value, runtime_value_t &out, A &arena) {
    List::lower(value.data(), value.size(), out, arena);
  }
  static Span<T> lift(const runtime_value_t &value, const detail::Context &) noexcept {
    static_assert(detail::is_flat<Element> && std::is_const_v<T>,
                  "only a Span<const T> of numbers, bools or characters can be received; for other "
                  "elements use std::vector");
    return Span<T>(List::template elements<Element>(value), value.of.list.len);
  }
};

/// Lists of a number of elements that the host chose. Arguments and answers only: a guest may give
/// any number.
template <typename T, std::size_t N>
struct Codec<std::array<T, N>> : detail::ListCodec<T> {
  using List = detail::ListCodec<T>;
  static constexpr bool borrows = false;

  template <typename A>
  static void lower(const std::array<T, N> &value, runtime_value_t &out, A &arena) {
    List::lower(value.data(), N, out, arena);
  }
};

}  // namespace wasmcell

#endif
