/// @file
/// Memory for what values of the C API point to.
#ifndef WASMCELL_ARENA_HPP
#define WASMCELL_ARENA_HPP

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>
#include <wasmcell/result.hpp>

namespace wasmcell::detail {

class ResourceTable;

/// An arena gives `make<T>(count)`, zeroed elements that live as long as it, and `keep(data,
/// count)`, which makes elements of somebody else live as long as it. There are three, which differ
/// in where memory comes from and in whether `keep` has to copy.
template <typename Self>
class Arena {
 public:
  /// `count` zeroed elements.
  template <typename T>
  T *make(std::size_t count) {
    static_assert(std::is_trivial_v<T> && alignof(T) <= alignof(runtime_value_t));
    auto *first = static_cast<T *>(static_cast<Self *>(this)->allocate(count * sizeof(T)));
    std::uninitialized_value_construct_n(first, count);
    return first;
  }
};

/// On the heap; copies. For values that live on.
class HeapArena : public Arena<HeapArena> {
 public:
  void *allocate(std::size_t size) {
    chunks_.push_back(std::make_unique<std::byte[]>(size));
    return chunks_.back().get();
  }
  template <typename T>
  const T *keep(const T *data, std::size_t count) {
    T *copy = make<T>(count);
    std::uninitialized_copy_n(data, count, copy);
    return copy;
  }
  /// Takes over what another arena holds.
  void adopt(HeapArena &&other) {
    for (auto &chunk : other.chunks_) chunks_.push_back(std::move(chunk));
    other.chunks_.clear();
  }

 private:
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

/// In place as far as it goes; borrows. For the arguments of a call, which outlive it.
class ArgumentArena : public Arena<ArgumentArena> {
 public:
  ArgumentArena() noexcept {}
  ArgumentArena(const ArgumentArena &) = delete;
  ArgumentArena &operator=(const ArgumentArena &) = delete;

  void *allocate(std::size_t size) {
    const std::size_t rounded =
        (size + alignof(runtime_value_t) - 1) / alignof(runtime_value_t) * alignof(runtime_value_t);
    if (rounded > sizeof(inline_) - used_) return more_.allocate(size);
    void *memory = inline_ + used_;
    used_ += rounded;
    return memory;
  }
  template <typename T>
  const T *keep(const T *data, std::size_t) noexcept {
    return data;
  }

 private:
  alignas(runtime_value_t) std::byte inline_[480];
  std::size_t used_ = 0;
  HeapArena more_;
};

/// As that, for an answer that comes later: it may have resources of the host.
class ReplyArena : public ArgumentArena {
 public:
  explicit ReplyArena(ResourceTable *host) noexcept : table(host) {}

  ResourceTable *table;
};

/// From the call that a host function answers; copies. For results, read after it has returned.
class CallArena : public Arena<CallArena> {
 public:
  CallArena(runtime_call_t *call, ResourceTable *host) noexcept : table(host), call_(call) {}

  void *allocate(std::size_t size) {
    void *memory = runtime_call_alloc(call_, size, alignof(runtime_value_t));
    if (memory != nullptr) return memory;
#if WASMCELL_EXCEPTIONS
    throw std::bad_alloc();
#else
    std::abort();
#endif
  }
  template <typename T>
  const T *keep(const T *data, std::size_t count) {
    T *copy = make<T>(count);
    std::uninitialized_copy_n(data, count, copy);
    return copy;
  }

  ResourceTable *table;

 private:
  runtime_call_t *call_;
};

}  // namespace wasmcell::detail

#endif
