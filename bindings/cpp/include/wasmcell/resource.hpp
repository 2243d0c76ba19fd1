/// @file
/// Resources: of a guest in the hands of the host, and of the host in the hands of guests.
#ifndef WASMCELL_RESOURCE_HPP
#define WASMCELL_RESOURCE_HPP

#include <memory>
#include <mutex>
#include <utility>
#include <vector>
#include <wasmcell/codec_described.hpp>
#include <wasmcell/options.hpp>

namespace wasmcell {

template <typename T>
class Resource;

namespace detail {

/// The codec of a `T` that is lent, not given.
template <typename T>
struct Borrow;

/// The codec for a parameter or a result that is declared as `P`: lent where it is a reference to
/// a resource, passed as a value in every other case.
template <typename P, typename = void>
struct CodecOf {
  using type = Codec<Bare<P>>;
};
template <typename T>
struct CodecOf<const Resource<T> &> {
  using type = Borrow<Resource<T>>;
};
template <typename T>
struct CodecOf<T &, std::enable_if_t<is_resource<std::remove_const_t<T>>>> {
  using type = Borrow<T>;
};
template <typename P>
using CodecFor = typename CodecOf<P>::type;

/// The handle of a resource, in its own kind.
template <typename T, bool Owned>
struct HandleCodec {
  static constexpr bool borrows = false;

  static void spell(std::string &out) {
    out += Owned ? "own<" : "borrow<";
    wasmcell_resource(Tag<T>()).spell(out);
    out += '>';
  }
  static bool matches(Type type) {
    if (type.kind() != (Owned ? Kind::own : Kind::borrow)) return false;
    // Reflection tells the name of a resource by the text of its type only.
    std::string text;
    spell(text);
    return type.text().value_or("") == text;
  }
  static bool fits(const runtime_value_t &value) noexcept {
    return value.kind == (Owned ? RUNTIME_KIND_OWN : RUNTIME_KIND_BORROW);
  }
  static void lower(std::uint64_t handle, runtime_value_t &out) noexcept {
    out.kind = Owned ? RUNTIME_KIND_OWN : RUNTIME_KIND_BORROW;
    out.of.resource = handle;
  }
};

/// The host's own objects, by the numbers that guests' handles stand for. Any number of threads may
/// use it at once.
class ResourceTable {
 public:
  ResourceTable() = default;
  ResourceTable(const ResourceTable &) = delete;
  ResourceTable &operator=(const ResourceTable &) = delete;
  ~ResourceTable() {
    for (const Slot &slot : slots_)
      if (slot.object != nullptr) slot.destroy(slot.object);
  }

  /// Takes over an object and gives its number; UINT64_MAX, which the library refuses, for none.
  template <typename T>
  std::uint64_t put(std::unique_ptr<T> object) {
    if (object == nullptr) return UINT64_MAX;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) {
      slots_.push_back({});
      free_.push_back(slots_.size() - 1);
      free_.reserve(slots_.size());
    }
    const std::size_t number = free_.back();
    free_.pop_back();
    slots_[number] = {object.release(), &tag<T>, &destroy<T>};
    return number;
  }
  /// The object with a number, which guests own; NULL if there is none of this type.
  template <typename T>
  T *find(std::uint64_t number) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return at<T>(number);
  }
  /// Gives the object with a number away; NULL if there is none of this type.
  template <typename T>
  std::unique_ptr<T> take(std::uint64_t number) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<T> object(at<T>(number));
    if (object == nullptr) return object;
    slots_[number] = {};
    free_.push_back(number);  // There is room: put() reserved it.
    return object;
  }

 private:
  struct Slot {
    void *object = nullptr;
    const char *type = nullptr;
    void (*destroy)(void *) = nullptr;
  };
  // Its address tells types apart. Not const, and no function: linkers may fold equal ones.
  template <typename T>
  static inline char tag = 0;
  template <typename T>
  static void destroy(void *object) noexcept {
    delete static_cast<T *>(object);
  }
  template <typename T>
  T *at(std::uint64_t number) noexcept {
    if (number >= slots_.size() || slots_[number].type != &tag<T>) return nullptr;
    return static_cast<T *>(slots_[number].object);
  }

  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
};

}  // namespace detail

/// A resource of a guest that the host owns, as an owned result of Instance::call() gives it.
///
/// `T` stands for the resource; WASMCELL_RESOURCE gives it its name. As a parameter of a function,
/// `Resource<T>` hands it back for good (`own`) and `const Resource<T> &` lends it (`borrow`).
/// Dropping it runs the guest's destructor for it. It is good for its own instance only, and ends
/// with that: dropping it then does nothing. One thread at a time, as the instance.
template <typename T>
class [[nodiscard]] Resource {
 public:
  /// Holds nothing.
  Resource() noexcept = default;
  /// Adopts the resource with this number, of this instance: what Instance::adopt() does.
  Resource(std::weak_ptr<runtime_instance_t> instance, std::uint64_t handle) noexcept
      : instance_(std::move(instance)), handle_(handle) {}
  /// Takes over what `other` holds.
  Resource(Resource &&other) noexcept
      : instance_(std::move(other.instance_)), handle_(std::exchange(other.handle_, 0)) {}
  /// Drops what it holds, and takes over what `other` holds.
  Resource &operator=(Resource &&other) noexcept {
    if (this != &other) {
      end();
      instance_ = std::move(other.instance_);
      handle_ = std::exchange(other.handle_, 0);
    }
    return *this;
  }
  /// Drops the resource, with default options. A failure, such as Code::busy while a call is in the
  /// instance, is lost: the resource then ends with its instance. drop() tells.
  ~Resource() {
    end();
  }

  /// Drops the resource, which runs the guest's destructor for it.
  ///
  /// @return What the guest did or which limit it met; Code::busy while a call is in the instance.
  ///         Nothing is left to drop afterwards, whatever this says; success without one.
  [[nodiscard]] Result<void> drop(const CallOptions &options = {}) {
    const std::shared_ptr<runtime_instance_t> instance = instance_.lock();
    const std::uint64_t handle = release();
    if (instance == nullptr) return {};
    const runtime_call_options_t raw = detail::raw(options);
    return detail::done(runtime_instance_drop_resource(instance.get(), handle, &raw));
  }

  /// The number by which the instance knows the resource.
  [[nodiscard]] std::uint64_t handle() const noexcept {
    return handle_;
  }
  /// The number, whose resource the caller owns from here on.
  std::uint64_t release() noexcept {
    instance_.reset();
    return std::exchange(handle_, 0);
  }

 private:
  void end() noexcept {
    if (const auto instance = instance_.lock())
      runtime_error_free(runtime_instance_drop_resource(instance.get(), handle_, nullptr));
    instance_.reset();
  }

  std::weak_ptr<runtime_instance_t> instance_;
  std::uint64_t handle_ = 0;
};

/// `own` of a guest. What is passed belongs to the guest from the moment that the call begins;
/// after that the number is good for nothing, and dropping it is refused and does nothing.
template <typename T>
struct Codec<Resource<T>> : detail::HandleCodec<T, true> {
  template <typename A>
  static void lower(const Resource<T> &value, runtime_value_t &out, A &) noexcept {
    detail::HandleCodec<T, true>::lower(value.handle(), out);
  }
  static Resource<T> lift(const runtime_value_t &value, const detail::Context &context) noexcept {
    return Resource<T>(context.instance, value.of.resource);
  }
};

/// `own` of the host: given to the guest by a host function, or given back to one.
template <typename T>
struct Codec<std::unique_ptr<T>> : detail::HandleCodec<T, true> {
  /// The table of the arena, which only arenas for answers of the host have, takes the object over.
  template <typename A>
  static void lower(const std::unique_ptr<T> &value, runtime_value_t &out, A &arena) {
    // `value` is in what a host function gave, which is not const and nobody uses afterwards.
    detail::HandleCodec<T, true>::lower(
        arena.table->put(std::move(const_cast<std::unique_ptr<T> &>(value))), out);
  }
  static std::unique_ptr<T> lift(const runtime_value_t &value,
                                 const detail::Context &context) noexcept {
    if (context.table == nullptr) return nullptr;
    return context.table->template take<T>(value.of.resource);
  }
};

namespace detail {

/// `borrow` of a guest.
template <typename T>
struct Borrow<Resource<T>> : HandleCodec<T, false> {
  template <typename A>
  static void lower(const Resource<T> &value, runtime_value_t &out, A &) noexcept {
    HandleCodec<T, false>::lower(value.handle(), out);
  }
};

/// `borrow` of the host. The library keeps the guest from dropping it meanwhile.
template <typename T>
struct Borrow : HandleCodec<std::remove_const_t<T>, false> {
  static T &lift(const runtime_value_t &value, const Context &context) noexcept {
    return *context.table->template find<std::remove_const_t<T>>(value.of.resource);
  }
};

/// Whether what a guest passes for the parameter `P` of a host function can be lifted. Only an
/// object of the host's may be missing: if the linker defined that resource by number, or with
/// another type.
template <typename P>
struct Present {
  static bool check(const runtime_value_t &, const Context &) noexcept {
    return true;
  }
};
template <typename T>
struct Present<T &> {
  static bool check(const runtime_value_t &value, const Context &context) noexcept {
    if constexpr (is_resource<std::remove_const_t<T>>) {
      return context.table->template find<std::remove_const_t<T>>(value.of.resource) != nullptr;
    } else {
      return true;
    }
  }
};
template <typename T>
struct Present<std::unique_ptr<T>> : Present<T &> {};

}  // namespace detail
}  // namespace wasmcell

#endif
