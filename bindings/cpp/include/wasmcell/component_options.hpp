/// @file
/// How components are loaded and linked.
#ifndef WASMCELL_COMPONENT_OPTIONS_HPP
#define WASMCELL_COMPONENT_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <wasmcell/cancel.hpp>
#include <wasmcell/linker.hpp>
#include <wasmcell/options.hpp>
#include <wasmcell/sandbox.hpp>

namespace wasmcell {

/// What one component may take, where that is less than its runtime allows: each as the Builder's
/// setting of the same name, which errors name as well. 0 stands for the runtime's own, which a
/// larger number cannot exceed. See runtime_component_limits_t.
struct ComponentLimits {
  /// Bytes of each linear memory.
  std::uint64_t max_linear_memory = 0;
  /// Bytes of all memories and tables of an instance.
  std::uint64_t max_instance_memory = 0;
  /// Elements of each table.
  std::uint64_t max_table_elements = 0;
  /// Bytes that are copied for a guest at a time.
  std::uint64_t max_hostcall_memory = 0;
  /// Resources of an instance.
  std::uint64_t max_resources = 0;
  /// Random bytes at a time.
  std::uint64_t max_random_size = 0;
  /// Descriptors of an instance.
  std::uint64_t max_descriptors = 0;
  /// Bytes in buffers of an instance.
  std::uint64_t max_buffers = 0;
  /// Name look-ups of an instance without an answer.
  std::uint64_t max_lookups = 0;
  /// Instances that may be alive at once, so that one component cannot take all of
  /// Builder::max_components(). Calls that find none free are Code::instance_limit in the end.
  std::uint32_t max_instances = 0;
  /// How long a call may take.
  std::chrono::milliseconds max_execution_time{0};
  /// Fuel that a call may use.
  std::uint64_t fuel = 0;
  /// Bytes of stack that a guest may use, from 16,384. A runtime has at most 16 sizes at a time.
  std::uint64_t max_stack = 0;
};

/// How long instances of a component are used again, instead of a fresh one for each call. 0 stands
/// for the default of each; see runtime_component_reuse_t.
///
/// WARNING: what one call leaves in the guest's memory, the next call finds, whoever makes it.
struct Reuse {
  /// Instances that may wait for calls.
  std::uint64_t max_instances = 0;
  /// Calls that each may have.
  std::uint64_t max_calls = 0;
  /// How long each may wait for a call.
  std::chrono::milliseconds max_idle{0};
  /// Bytes by which its memories and tables may have grown since its start.
  std::uint64_t max_growth = 0;
};

/// How a component is to be loaded. All of it is copied.
struct ComponentOptions {
  /// What to call the component in log records.
  std::string_view name{};
  /// What the component is granted; nothing without one.
  const Sandbox *sandbox = nullptr;
  /// What the host provides to the component; nothing but WASI without one.
  const Linker *linker = nullptr;
  /// Whether all calls will be blocking ones, on threads with room for the guest; asynchronous ones
  /// are Code::unsupported then. Makes calls, and those of host functions, faster. See
  /// runtime_component_options_t for what it costs.
  bool blocking_only = false;
  /// How long loading may take: Code::timeout then; 0 stands for as long as it takes.
  std::chrono::milliseconds timeout{0};
  /// What may cancel the load: Code::cancelled then.
  const Cancel *cancel = nullptr;
  /// What the component may take, where that is less than the runtime allows.
  ComponentLimits limits{};
  /// What calls go by as far as their own options say nothing: its `report` and `output` must be
  /// NULL, and its `context`, `interrupt` and what that refers to must live until the component has
  /// ended, with all its calls. See runtime_component_options_t.
  const CallOptions *call_defaults = nullptr;
  /// Whether it is only to be looked at: nothing has to provide its imports, and calls are
  /// Code::link. Component::link() makes components of it that can be called.
  bool unlinked = false;
  /// How long its instances are used again by Function and AnyFunction; without it, each call has a
  /// fresh one.
  std::optional<Reuse> reuse{};
};

namespace detail {

inline runtime_component_limits_t raw(const ComponentLimits &limits) noexcept {
  runtime_component_limits_t raw = RUNTIME_COMPONENT_LIMITS_INIT;
  raw.max_linear_memory = limits.max_linear_memory;
  raw.max_instance_memory = limits.max_instance_memory;
  raw.max_table_elements = limits.max_table_elements;
  raw.max_hostcall_memory = limits.max_hostcall_memory;
  raw.max_resources = limits.max_resources;
  raw.max_random_size = limits.max_random_size;
  raw.max_descriptors = limits.max_descriptors;
  raw.max_buffers = limits.max_buffers;
  raw.max_lookups = limits.max_lookups;
  raw.max_instances = limits.max_instances;
  raw.max_execution_time_ms = milliseconds(limits.max_execution_time);
  raw.fuel = limits.fuel;
  raw.max_stack = limits.max_stack;
  return raw;
}

/// ComponentOptions as the C API has them, with what they point to.
class RawComponentOptions {
 public:
  explicit RawComponentOptions(const ComponentOptions &options) noexcept
      : limits_(raw(options.limits)) {
    raw_.name = options.name.data();
    raw_.name_len = options.name.size();
    raw_.sandbox = options.sandbox != nullptr ? options.sandbox->get() : nullptr;
    raw_.linker = options.linker != nullptr ? options.linker->get() : nullptr;
    raw_.blocking_only = options.blocking_only ? 1 : 0;
    raw_.timeout_ms = milliseconds(options.timeout);
    raw_.cancel = options.cancel != nullptr ? options.cancel->get() : nullptr;
    raw_.unlinked = options.unlinked ? 1 : 0;
    raw_.limits = &limits_;
    if (options.call_defaults != nullptr) {
      defaults_ = raw(*options.call_defaults);
      raw_.call_defaults = &defaults_;
    }
    if (options.reuse) {
      reuse_.max_instances = options.reuse->max_instances;
      reuse_.max_calls = options.reuse->max_calls;
      reuse_.max_idle_ms = milliseconds(options.reuse->max_idle);
      reuse_.max_growth = options.reuse->max_growth;
      raw_.reuse = &reuse_;
    }
  }
  RawComponentOptions(const RawComponentOptions &) = delete;
  RawComponentOptions &operator=(const RawComponentOptions &) = delete;
  ~RawComponentOptions() = default;

  [[nodiscard]] const runtime_component_options_t *get() const noexcept {
    return &raw_;
  }

 private:
  runtime_component_limits_t limits_;
  runtime_component_reuse_t reuse_ = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_call_options_t defaults_ = RUNTIME_CALL_OPTIONS_INIT;
  runtime_component_options_t raw_ = RUNTIME_COMPONENT_OPTIONS_INIT;
};

}  // namespace detail
}  // namespace wasmcell

#endif
