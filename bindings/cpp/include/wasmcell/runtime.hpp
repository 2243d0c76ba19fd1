/// @file
/// Where components are compiled and run.
#ifndef WASMCELL_RUNTIME_HPP
#define WASMCELL_RUNTIME_HPP

#include <chrono>
#include <optional>
#include <string_view>
#include <wasmcell/result.hpp>

namespace wasmcell {

/// Where a runtime takes the memory of its instances from.
enum class Allocator : std::uint32_t {
  pooling = RUNTIME_ALLOCATOR_POOLING,
  pooling_shrunk = RUNTIME_ALLOCATOR_POOLING_SHRUNK,
  on_demand = RUNTIME_ALLOCATOR_ON_DEMAND,
};

/// What a runtime got of what was asked for, and why. See runtime_info_t.
struct Info {
  /// Where it takes memory from.
  Allocator allocator;
  /// Instances that may be alive at once, each counted once for each of its linear memories.
  std::uint64_t max_components;
  /// Linear memories that the pool holds; 0 without a pool.
  std::uint64_t total_memories;
  /// Bytes of address space for each of them, without guard pages.
  std::uint64_t memory_reservation;
  /// Bytes of address space that the pool reserves; 0 without a pool.
  std::uint64_t address_space;
  /// Why `allocator` is not Allocator::pooling; empty if it is. Borrowed from the runtime.
  std::string_view reason;
};

/// What a runtime is doing and has done: the C struct, whose fields wasmcell.h explains.
using Stats = runtime_stats_t;

/// A place where components are compiled and run: the engine, the pool, and the threads that keep
/// time.
///
/// A Builder makes it. Objects made from it keep what they need of it, so it may be released before
/// or after them. Any number of threads may use it at once.
class Runtime : public detail::Owned<runtime_t, runtime_free> {
 public:
  using Owned::Owned;

  /// Tells what the runtime got of what was asked for, and why.
  [[nodiscard]] Result<Info> info() const {
    runtime_info_t raw = RUNTIME_INFO_INIT;
    if (auto *error = runtime_info(get(), &raw)) return detail::fail(error);
    return Info{static_cast<Allocator>(raw.allocator),
                raw.max_components,
                raw.total_memories,
                raw.memory_reservation,
                raw.address_space,
                raw.reason};
  }

  /// Tells what the runtime is doing and has done; takes no lock that a call takes.
  [[nodiscard]] Result<Stats> stats() const {
    Stats stats = RUNTIME_STATS_INIT;
    if (auto *error = runtime_stats(get(), &stats)) return detail::fail(error);
    return stats;
  }

  /// Ends all that the runtime does, while its handles are still there: refuses new calls and loads
  /// (Code::shutdown), cancels calls in flight, and waits until every callback has returned and
  /// every thread has ended. Once it succeeded, nothing of the runtime calls the host any more,
  /// whatever is released later, so a plugin whose callbacks it had can be unloaded. See
  /// runtime_shutdown().
  ///
  /// @param timeout  How long to wait at most; without one, as long as it takes. Less than nothing
  ///                 does not wait.
  /// @return  Code::timeout says what still runs; it goes on ending, and this can be called again.
  ///          Code::busy within any callback of this library.
  [[nodiscard]] Result<void> shutdown(
      std::optional<std::chrono::milliseconds> timeout = std::nullopt) const {
    std::uint64_t wait = UINT64_MAX;
    if (timeout) wait = timeout->count() < 0 ? 0 : static_cast<std::uint64_t>(timeout->count());
    if (auto *error = runtime_shutdown(get(), wait)) return detail::fail(error);
    return {};
  }

  /// Whether the runtime leaves an interface to the host because it belongs to an experimental
  /// feature that is on. See runtime_skip_feature_gated_instance().
  ///
  /// @param name  The interface with its version, such as `wrpc:rpc/transport@0.1.0`.
  [[nodiscard]] bool skip_feature_gated_instance(std::string_view name) const noexcept {
    return runtime_skip_feature_gated_instance(get(), name.data(), name.size());
  }
};

static_assert(sizeof(Runtime) == sizeof(void *));

/// Puts the library's signal handlers back on top, after other code installed its own. See
/// runtime_signal_handlers_restore().
[[nodiscard]] inline Result<void> signal_handlers_restore() {
  if (auto *error = runtime_signal_handlers_restore()) return detail::fail(error);
  return {};
}

/// Whether signals of guests get to the library first. See runtime_signal_handlers_installed().
[[nodiscard]] inline bool signal_handlers_installed() noexcept {
  return runtime_signal_handlers_installed();
}

}  // namespace wasmcell

#endif
