/// @file
/// What a host function knows about the call that it is part of, and answers that come later.
#ifndef WASMCELL_CALL_HPP
#define WASMCELL_CALL_HPP

#include <chrono>
#include <memory>
#include <utility>
#include <wasmcell/resource.hpp>
#include <wasmcell/value.hpp>

namespace wasmcell {

/// What a host function is told about the call that it is part of: take a `Call &` as the first
/// parameter. Gone when the function returns; other threads may ask it questions meanwhile.
class Call {
 public:
  /// A call of the C API, borrowed.
  explicit Call(runtime_call_t *call) noexcept : call_(call) {}
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;
  ~Call() = default;

  /// Component::id() of the component that calls: the one that the host called, or one that
  /// provides for it (Linker::component()).
  [[nodiscard]] std::uint64_t component_id() const noexcept {
    return runtime_call_component_id(call_);
  }
  /// How much time the call has left.
  [[nodiscard]] std::chrono::milliseconds remaining() const noexcept {
    return std::chrono::milliseconds(runtime_call_remaining_ms(call_));
  }
  /// Whether the call was cancelled or has run out of time. A function that takes long asks now and
  /// then, and returns when it is so.
  [[nodiscard]] bool is_cancelled() const noexcept {
    return runtime_call_is_cancelled(call_);
  }
  /// CallOptions::context of the call that led here: the caller that made it vouches for its type
  /// and its life. NULL if it has none.
  template <typename T = void>
  [[nodiscard]] T *context() const noexcept {
    return static_cast<T *>(runtime_call_context(call_));
  }
  /// The C object, borrowed.
  [[nodiscard]] runtime_call_t *get() const noexcept {
    return call_;
  }

 private:
  runtime_call_t *call_;
};

/// The answer that a host function still owes: take a `Reply<R>` as the first parameter, or after
/// `Call &`, and return nothing.
///
///     linker.define("acme:shop/prices@1.0.0#price", [&](Reply<uint32_t> reply, std::string item) {
///       pool.post([reply = std::move(reply), item] () mutable { reply.complete(look_up(item)); });
///     });
///
/// The guest waits meanwhile, with its deadline. Other parameters are gone when the function has
/// returned, so what the answer depends on has to be copied: no std::string_view. Any thread may
/// answer, at any time, also when the call is over. One that is released without an answer ends
/// the guest's call with Code::host.
template <typename R>
class Reply : public detail::Owned<runtime_reply_t, runtime_reply_free> {
 public:
  /// Adopts a reply of the C API; host::resources are those of the linker.
  Reply(runtime_reply_t *reply, std::shared_ptr<detail::ResourceTable> table) noexcept
      : Owned(reply), table_(std::move(table)) {}

  /// Answers, and the guest goes on. Once; later answers go nowhere.
  template <typename... T>
  void complete(T &&...value) {
    if constexpr (std::is_void_v<R>) {
      static_assert(sizeof...(T) == 0, "a Reply<void> has no value");
      runtime_reply_complete(this->release(), nullptr, 0, nullptr);
    } else {
      static_assert(sizeof...(T) == 1, "a Reply<R> is completed with one value");
      const R result(std::forward<T>(value)...);
      detail::ReplyArena arena(table_.get());
      runtime_value_t raw = {};
      Codec<R>::lower(result, raw, arena);
      runtime_reply_complete(this->release(), &raw, 1, nullptr);
    }
  }
  /// Ends the guest's call with an error.
  void fail(Error error) {
    runtime_reply_complete(this->release(), nullptr, 0, error.release());
  }

 private:
  std::shared_ptr<detail::ResourceTable> table_;
};

/// The arguments of a host function that takes whatever the guest passes. Borrowed with all that
/// they point to until it returns.
class Args {
 public:
  /// Arguments of the C API, borrowed.
  Args(const runtime_value_t *values, std::size_t size) noexcept : values_(values), size_(size) {}

  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept {
    return size_;
  }
  /// One of them, from 0, which must be there.
  [[nodiscard]] ValueView operator[](std::size_t index) const noexcept {
    return ValueView(values_[index]);
  }

 private:
  const runtime_value_t *values_;
  std::size_t size_;
};

}  // namespace wasmcell

#endif
