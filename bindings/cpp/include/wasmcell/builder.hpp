/// @file
/// The settings of a runtime.
#ifndef WASMCELL_BUILDER_HPP
#define WASMCELL_BUILDER_HPP

#include <chrono>
#include <string_view>
#include <wasmcell/callback.hpp>
#include <wasmcell/runtime.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell {

/// How much a log record matters.
enum class LogLevel : std::int32_t {
  error = RUNTIME_LOG_LEVEL_ERROR,
  warn = RUNTIME_LOG_LEVEL_WARN,
  info = RUNTIME_LOG_LEVEL_INFO,
  debug = RUNTIME_LOG_LEVEL_DEBUG,
  trace = RUNTIME_LOG_LEVEL_TRACE,
};

/// The settings of a runtime, before it is built.
///
///     Result<Runtime> runtime = Builder()
///                                   .max_linear_memory(64 << 20)
///                                   .max_execution_time(500ms)
///                                   .build();
///
/// Setters return the builder. The first unusable value is remembered, and build() reports it with
/// the name of the setting. A setter called twice overrides what it set before, unless it says that
/// it adds to it. wasmcell.h has defaults and bounds, as runtime_builder_. One thread at a time.
class Builder : public detail::Owned<runtime_builder_t, runtime_builder_free> {
 public:
  /// Makes a builder with every setting at its default.
  Builder() noexcept : Owned(runtime_builder_new()) {}
  using Owned::Owned;

  /// Sets how many instances may be alive at once, which bounds the calls in flight. One with
  /// several linear memories counts once for each.
  Builder &max_components(std::uint64_t count) noexcept {
    return set(runtime_builder_max_components, count);
  }
  /// Sets how many core instances may make up one component.
  Builder &max_core_instances_per_component(std::uint64_t count) noexcept {
    return set(runtime_builder_max_core_instances_per_component, count);
  }
  /// Sets how many linear memories one component may have.
  Builder &max_memories_per_component(std::uint64_t count) noexcept {
    return set(runtime_builder_max_memories_per_component, count);
  }
  /// Sets how many tables one component may have.
  Builder &max_tables_per_component(std::uint64_t count) noexcept {
    return set(runtime_builder_max_tables_per_component, count);
  }
  /// Sets how many elements each table may have.
  Builder &max_table_elements(std::uint64_t count) noexcept {
    return set(runtime_builder_max_table_elements, count);
  }
  /// Sets how large a component's binary may be, in bytes.
  Builder &max_component_size(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_component_size, bytes);
  }
  /// Sets how large a component may be that is given as WebAssembly text, in bytes; 0 takes none.
  Builder &max_text_size(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_text_size, bytes);
  }
  /// Sets what compiling a component may cost beyond what ordinary code of its size does, in units
  /// of about a microsecond.
  Builder &max_compile_cost(std::uint64_t units) noexcept {
    return set(runtime_builder_max_compile_cost, units);
  }
  /// Sets how many threads compile at once, for all loads together.
  Builder &max_compile_threads(std::uint64_t count) noexcept {
    return set(runtime_builder_max_compile_threads, count);
  }
  /// Sets how many pools instances may come from: the first, which has room for all of them, and
  /// one for each processor once calls are made on several at once. 1 is the first alone.
  Builder &max_pools(std::uint64_t count) noexcept {
    return set(runtime_builder_max_pools, count);
  }
  /// Sets how large each linear memory may grow, in bytes.
  Builder &max_linear_memory(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_linear_memory, bytes);
  }
  /// Sets how many bytes all linear memories and tables of one instance may take together.
  Builder &max_instance_memory(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_instance_memory, bytes);
  }
  /// Sets how many bytes of stack a guest may use.
  Builder &max_stack(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_stack, bytes);
  }
  /// Sets how many calls may be within each other on one thread, by host functions.
  Builder &max_call_depth(std::uint64_t count) noexcept {
    return set(runtime_builder_max_call_depth, count);
  }
  /// Sets how much of the host's own memory one transfer from a guest may take, in bytes.
  Builder &max_hostcall_memory(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_hostcall_memory, bytes);
  }
  /// Sets how many handles to resources one instance may hold at once.
  Builder &max_resources(std::uint64_t count) noexcept {
    return set(runtime_builder_max_resources, count);
  }
  /// Sets how many random bytes a guest may ask for at a time.
  Builder &max_random_size(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_random_size, bytes);
  }
  /// Sets how many bytes the names of all that a component imports and exports may have together.
  Builder &max_names_size(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_names_size, bytes);
  }
  /// Sets how many descriptors of the process one instance may hold at once.
  Builder &max_descriptors(std::uint64_t count) noexcept {
    return set(runtime_builder_max_descriptors, count);
  }
  /// Sets how many descriptors all instances may hold together.
  Builder &max_total_descriptors(std::uint64_t count) noexcept {
    return set(runtime_builder_max_total_descriptors, count);
  }
  /// Sets how many bytes the streams of one instance may buffer.
  Builder &max_buffers(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_buffers, bytes);
  }
  /// Sets how many bytes the streams of all instances may buffer.
  Builder &max_total_buffers(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_total_buffers, bytes);
  }
  /// Sets how many file operations of one instance may run at once.
  Builder &max_file_operations(std::uint64_t count) noexcept {
    return set(runtime_builder_max_file_operations, count);
  }
  /// Sets how many threads there may be for file operations of guests.
  Builder &file_threads(std::uint64_t count) noexcept {
    return set(runtime_builder_file_threads, count);
  }
  /// Sets how many threads there may be for functions of the host that asynchronous calls run.
  Builder &host_threads(std::uint64_t count) noexcept {
    return set(runtime_builder_host_threads, count);
  }
  /// Sets how many name look-ups of one instance may be unanswered at once.
  Builder &max_lookups(std::uint64_t count) noexcept {
    return set(runtime_builder_max_lookups, count);
  }
  /// Sets how many threads there may be that wait for the system's resolver.
  Builder &lookup_threads(std::uint64_t count) noexcept {
    return set(runtime_builder_lookup_threads, count);
  }
  /// Sets how many bytes of arguments, environment and configuration a sandbox may have.
  Builder &max_environment(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_environment, bytes);
  }
  /// Sets how many bytes of globals, function references and the like one instance may have.
  Builder &max_instance_state(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_instance_state, bytes);
  }
  /// Sets how many of these bytes all instances may have together.
  Builder &max_total_instance_state(std::uint64_t bytes) noexcept {
    return set(runtime_builder_max_total_instance_state, bytes);
  }
  /// Sets how much fuel each call gets, and makes guests count it.
  Builder &fuel(std::uint64_t units) noexcept {
    return set(runtime_builder_fuel, units);
  }
  /// Sets how long one call may take.
  Builder &max_execution_time(std::chrono::milliseconds time) noexcept {
    return set(runtime_builder_max_execution_time, time);
  }
  /// Sets how precise time limits are.
  Builder &epoch_tick(std::chrono::milliseconds time) noexcept {
    return set(runtime_builder_epoch_tick, time);
  }
  /// Sets how long a call waits for a free instance.
  Builder &instance_wait(std::chrono::milliseconds time) noexcept {
    return set(runtime_builder_instance_wait, time);
  }
  /// Sets how many bytes of each pooled memory and table stay resident between two instances.
  Builder &pool_keep_resident(std::uint64_t bytes) noexcept {
    return set(runtime_builder_pool_keep_resident, bytes);
  }
  /// Makes build() fail rather than run without the pool.
  Builder &force_pooling_allocator() noexcept {
    runtime_builder_force_pooling_allocator(get());
    return *this;
  }
  /// Makes the runtime run without the pool, also where there is room for one.
  Builder &force_on_demand_allocator() noexcept {
    runtime_builder_force_on_demand_allocator(get());
    return *this;
  }
  /// Sets whether traps are told by signals of the system, which takes handlers in the process.
  Builder &signal_handlers(bool enable) noexcept {
    runtime_builder_signal_handlers(get(), enable);
    return *this;
  }
  /// Says that no thread that makes calls blocks SIGSEGV, SIGBUS, SIGILL or SIGFPE, so that calls
  /// need not look.
  ///
  /// WARNING: if a guest traps on a thread that blocks one of them all the same, the process ends.
  Builder &trust_signal_masks(bool trust) noexcept {
    runtime_builder_trust_signal_masks(get(), trust);
    return *this;
  }
  /// Has the pool find the pages that guests wrote to, by PAGEMAP_SCAN of Linux; Code::unsupported
  /// at build() where the system lacks it.
  ///
  /// WARNING: for hosts that do not fork, or exec at once. See runtime_builder_pool_scan().
  Builder &pool_scan(bool enable) noexcept {
    runtime_builder_pool_scan(get(), enable);
    return *this;
  }
  /// Sets how many threads the runtime keeps; 0 is one for each processor.
  Builder &worker_threads(std::uint64_t count) noexcept {
    return set(runtime_builder_worker_threads, count);
  }
  /// Sets whether components must be signed by one of the trusted_key().
  Builder &require_signature(bool require) noexcept {
    runtime_builder_require_signature(get(), require);
    return *this;
  }
  /// Adds a public key whose signatures count, in PEM, DER or OpenSSH form. Copied.
  Builder &trusted_key(BytesView key) noexcept {
    runtime_builder_trusted_key(get(), key.data(), key.size());
    return *this;
  }
  /// Sets whether a trap's backtrace has source files and lines.
  Builder &backtrace_details(bool enable) noexcept {
    runtime_builder_backtrace_details(get(), enable);
    return *this;
  }
  /// Adds experimental features, by bit: RUNTIME_FEATURE_ constants, united with `|`.
  Builder &experimental_features(std::uint64_t features) noexcept {
    return set(runtime_builder_experimental_features, features);
  }
  /// Adds experimental features, by name. Copied. See parse_features().
  Builder &experimental_feature_names(std::string_view names) noexcept {
    runtime_builder_experimental_feature_names(get(), names.data(), names.size());
    return *this;
  }
  /// Adds proposals of WebAssembly that guests may use: RUNTIME_PROPOSAL_ constants, united with
  /// `|`.
  Builder &proposals(std::uint64_t proposals) noexcept {
    return set(runtime_builder_proposals, proposals);
  }
  /// Sets the directory, as UTF-8, where compiled code is kept from one process to the next.
  Builder &cache_directory(std::string_view path) noexcept {
    runtime_builder_cache_directory(get(), path.data(), path.size());
    return *this;
  }
  /// Sets how many bytes of compiled code stay in memory although no component uses them.
  Builder &cache_memory(std::uint64_t bytes) noexcept {
    return set(runtime_builder_cache_memory, bytes);
  }

  /// Sets where the runtime's log records go; setting it again replaces it.
  ///
  /// @param level     Records of this level and of more important ones.
  /// @param callback  `void(LogLevel, std::string_view target, std::string_view message)`: called
  ///                  on any thread, several at once. Kept until the builder and every runtime that
  ///                  it built are gone. What it throws is dropped.
  template <typename F>
  Builder &log(LogLevel level, F &&callback) {
    using Fn = std::decay_t<F>;
    static_assert(
        std::is_invocable_v<Fn &, LogLevel, std::string_view, std::string_view>,
        "the log callback takes (LogLevel, std::string_view target, std::string_view message)");
    auto owned = std::make_unique<Fn>(std::forward<F>(callback));
    runtime_builder_log(get(), static_cast<std::int32_t>(level), &on_log<Fn>, owned.release(),
                        &detail::finalize<Fn>);
    return *this;
  }

  /// Builds a runtime: reserves the pool and starts the threads. It can build again.
  ///
  /// @return Code::invalid_argument names the first unusable setting; Code::pool and Code::io as
  ///         for runtime_build(); Code::unsupported if the library that is loaded has another ABI
  ///         than the one that this header was written for.
  [[nodiscard]] Result<Runtime> build() const {
    if (runtime_abi_version() != RUNTIME_ABI_VERSION)
      return detail::fail(Error("libwasmcell has another ABI than wasmcell.h", Code::unsupported));
    runtime_t *out = nullptr;
    if (auto *error = runtime_build(get(), &out)) return detail::fail(error);
    return Runtime(out);
  }

 private:
  Builder &set(void (*setter)(runtime_builder_t *, std::uint64_t), std::uint64_t value) noexcept {
    setter(get(), value);
    return *this;
  }
  /// Times that are negative become 0, which build() reports.
  Builder &set(void (*setter)(runtime_builder_t *, std::uint64_t),
               std::chrono::milliseconds time) noexcept {
    return set(setter, time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0);
  }

  template <typename Fn>
  static void on_log(void *fn, runtime_log_level_t level, const char *target,
                     std::size_t target_len, const char *message,
                     std::size_t message_len) noexcept {
    runtime_error_free(detail::guarded([&]() -> runtime_error_t * {
      (*static_cast<Fn *>(fn))(static_cast<LogLevel>(level), std::string_view(target, target_len),
                               std::string_view(message, message_len));
      return nullptr;
    }));
  }
};

static_assert(sizeof(Builder) == sizeof(void *));

}  // namespace wasmcell

#endif
