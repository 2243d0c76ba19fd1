// The first block of a scenario: settings, grants, host functions, and the component.
#ifndef CONFORMANCE_SETUP_HPP
#define CONFORMANCE_SETUP_HPP

#include <array>

#include "host.hpp"
#include "sandbox.hpp"

namespace conformance {

// The directory `tests` of the repository.
inline std::string tests_directory;

// Records of a runtime, each a line `level target: message`.
class Log {
 public:
  void add(wasmcell::LogLevel level, std::string_view target, std::string_view message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_ += levels[static_cast<std::size_t>(level) - 1];
    text_.append(" ").append(target).append(": ").append(message).append("\n");
  }
  [[nodiscard]] std::string text() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }
  static wasmcell::LogLevel level(const std::string &name) {
    for (std::size_t i = 0; i < levels.size(); i++)
      if (levels[i] == name) return static_cast<wasmcell::LogLevel>(i + 1);
    throw Malformed("no level `" + name + "`");
  }

 private:
  static constexpr std::array<std::string_view, 5> levels = {"error", "warn", "info", "debug",
                                                             "trace"};
  std::mutex mutex_;
  std::string text_;
};

// What every scenario starts from; tests/conformance/README.md says so.
inline wasmcell::Builder make_builder() {
  wasmcell::Builder builder;
  builder.max_components(4)
      .max_core_instances_per_component(8)
      .max_memories_per_component(2)
      .max_linear_memory(16 << 20)
      .max_execution_time(std::chrono::seconds(60))
      .epoch_tick(std::chrono::milliseconds(5))
      .worker_threads(2)
      .cache_memory(256 << 20);
  return builder;
}

// A setting with a number, by its name in C.
inline bool set_number(wasmcell::Builder &b, const std::string &name, std::uint64_t n) {
  const std::chrono::milliseconds time(n);
  if (name == "cache_memory") return b.cache_memory(n), true;
  if (name == "epoch_tick") return b.epoch_tick(time), true;
  if (name == "fuel") return b.fuel(n), true;
  if (name == "instance_wait") return b.instance_wait(time), true;
  if (name == "max_component_size") return b.max_component_size(n), true;
  if (name == "max_components") return b.max_components(n), true;
  if (name == "max_core_instances_per_component")
    return b.max_core_instances_per_component(n), true;
  if (name == "max_execution_time") return b.max_execution_time(time), true;
  if (name == "max_hostcall_memory") return b.max_hostcall_memory(n), true;
  if (name == "max_instance_memory") return b.max_instance_memory(n), true;
  if (name == "max_linear_memory") return b.max_linear_memory(n), true;
  if (name == "max_memories_per_component") return b.max_memories_per_component(n), true;
  if (name == "max_random_size") return b.max_random_size(n), true;
  if (name == "max_names_size") return b.max_names_size(n), true;
  if (name == "max_text_size") return b.max_text_size(n), true;
  if (name == "max_compile_cost") return b.max_compile_cost(n), true;
  if (name == "max_compile_threads") return b.max_compile_threads(n), true;
  if (name == "max_pools") return b.max_pools(n), true;
  if (name == "max_descriptors") return b.max_descriptors(n), true;
  if (name == "max_total_descriptors") return b.max_total_descriptors(n), true;
  if (name == "max_buffers") return b.max_buffers(n), true;
  if (name == "max_total_buffers") return b.max_total_buffers(n), true;
  if (name == "max_file_operations") return b.max_file_operations(n), true;
  if (name == "file_threads") return b.file_threads(n), true;
  if (name == "host_threads") return b.host_threads(n), true;
  if (name == "max_lookups") return b.max_lookups(n), true;
  if (name == "lookup_threads") return b.lookup_threads(n), true;
  if (name == "max_environment") return b.max_environment(n), true;
  if (name == "max_instance_state") return b.max_instance_state(n), true;
  if (name == "max_total_instance_state") return b.max_total_instance_state(n), true;
  if (name == "max_resources") return b.max_resources(n), true;
  if (name == "max_stack") return b.max_stack(n), true;
  if (name == "max_call_depth") return b.max_call_depth(n), true;
  if (name == "max_table_elements") return b.max_table_elements(n), true;
  if (name == "max_tables_per_component") return b.max_tables_per_component(n), true;
  if (name == "pool_keep_resident") return b.pool_keep_resident(n), true;
  if (name == "worker_threads") return b.worker_threads(n), true;
  return false;
}

// `builder: name value`
inline void set(wasmcell::Builder &builder, Log &log, const std::string &setting) {
  const auto words = split(setting, 2);
  const std::string &name = words[0];
  const std::string &value = words[1];
  if (name == "log") {
    builder.log(Log::level(value),
                [&log](wasmcell::LogLevel level, std::string_view target,
                       std::string_view message) { log.add(level, target, message); });
  } else if (name == "trusted_key") {
    builder.trusted_key(file_text(tests_directory + "/" + value));
  } else if (name == "proposals") {
    builder.proposals(std::stoull(value));
  } else if (name == "experimental_feature_names") {
    builder.experimental_feature_names(value);
  } else if (name == "require_signature") {
    builder.require_signature(yes(value));
  } else if (name == "backtrace_details") {
    builder.backtrace_details(yes(value));
  } else if (name == "force_pooling_allocator" && yes(value)) {
    builder.force_pooling_allocator();
  } else if (name == "force_on_demand_allocator" && yes(value)) {
    builder.force_on_demand_allocator();
  } else if (!set_number(builder, name, number(value))) {
    throw Malformed("no setting `" + name + "`");
  }
}

// What a scenario works with. Members are released in the reverse of their order.
class Setup {
 public:
  Scratch scratch;
  Log log;
  Grants grants;
  Host host;
  std::optional<wasmcell::Linker> linker;
  std::optional<wasmcell::Component> component;

  // Does what the block says, up to the first failure.
  wasmcell::Result<void> make(const Block &block) {
    wasmcell::Result<void> done = make_runtime(block);
    for (const Entry &entry : block.entries) {
      if (!done) return done;
      done = line(entry);
    }
    at.line = block.first().line;
    if (done) done = make_component(block);
    return done;
  }

 private:
  wasmcell::Result<void> make_runtime(const Block &block) {
    static std::optional<wasmcell::Runtime> shared;
    const bool own = block.get("builder") != nullptr;
    if (!own && shared) {
      runtime_ = &*shared;
      return {};
    }
    wasmcell::Builder builder = make_builder();
    for (const Entry &entry : block.entries) {
      at.line = entry.line;
      if (entry.key == "builder") set(builder, log, entry.value);
    }
    wasmcell::Result<wasmcell::Runtime> built = builder.build();
    if (!built) return wasmcell::Unexpected<wasmcell::Error>(built.error());
    std::optional<wasmcell::Runtime> &place = own ? own_ : shared;
    place.emplace(std::move(*built));
    runtime_ = &*place;
    return {};
  }

  // Makes what one line asks for, except the component, which comes last.
  wasmcell::Result<void> line(const Entry &entry) {
    static const std::vector<std::string_view> elsewhere = {
        "scenario", "builder", "component",        "wat",     "name",    "error",
        "message",  "limit",   "message contains", "default", "linking", "reuse"};
    at.line = entry.line;
    if (entry.key == "file" || entry.key == "link") {
      scratch.put(entry);
      return {};
    }
    if (entry.key == "host") {
      if (!linker) linker = wasmcell::Linker::make().value();
      return host.define(*linker, entry.value);
    }
    if (entry.key == "provider") return provide(entry.value);
    if (entry.key == "sandbox") return grants.grant(scratch, entry.value);
    if (std::find(elsewhere.begin(), elsewhere.end(), entry.key) == elsewhere.end())
      throw Malformed("unknown key `" + entry.key + "`");
    return {};
  }

  // `limit: name value`
  static void limit(wasmcell::ComponentLimits &limits, const std::string &text) {
    static const std::map<std::string, std::uint64_t wasmcell::ComponentLimits::*> sizes = {
        {"max_linear_memory", &wasmcell::ComponentLimits::max_linear_memory},
        {"max_instance_memory", &wasmcell::ComponentLimits::max_instance_memory},
        {"max_table_elements", &wasmcell::ComponentLimits::max_table_elements},
        {"max_hostcall_memory", &wasmcell::ComponentLimits::max_hostcall_memory},
        {"max_resources", &wasmcell::ComponentLimits::max_resources},
        {"max_random_size", &wasmcell::ComponentLimits::max_random_size},
        {"max_stack", &wasmcell::ComponentLimits::max_stack},
        {"fuel", &wasmcell::ComponentLimits::fuel}};
    const auto words = split(text, 2);
    const std::uint64_t value = number(words[1]);
    if (words[0] == "max_instances") {
      limits.max_instances = static_cast<std::uint32_t>(value);
    } else if (words[0] == "max_execution_time") {
      limits.max_execution_time = std::chrono::milliseconds(value);
    } else if (const auto size = sizes.find(words[0]); size != sizes.end()) {
      limits.*(size->second) = value;
    } else {
      throw Malformed("no limit `" + words[0] + "`");
    }
  }

  // `default: timeout ms` or `default: fuel units`
  static void call_default(wasmcell::CallOptions &defaults, const std::string &text) {
    const auto words = split(text, 2);
    if (words[0] == "timeout") {
      defaults.timeout = std::chrono::milliseconds(number(words[1]));
    } else if (words[0] == "fuel") {
      defaults.fuel = number(words[1]);
    } else {
      throw Malformed("no default `" + words[0] + "`");
    }
  }

  // `provider: path` or `provider: path interface import`: what comes later finds only its exports.
  wasmcell::Result<void> provide(const std::string &value) {
    std::istringstream words(value);
    std::string file, interface_name, import_name;
    words >> file >> interface_name >> import_name;
    wasmcell::ComponentOptions options;
    options.name = "provider";
    options.linker = linker ? &*linker : nullptr;
    auto loaded = wasmcell::Component::from_file(*runtime_, tests_directory + "/" + file, options);
    if (!loaded) return wasmcell::Unexpected<wasmcell::Error>(loaded.error());
    linker = wasmcell::Linker::make().value();
    return linker->component(*loaded, {interface_name, import_name});
  }

  // `component: path` or `wat: text`
  wasmcell::Result<void> make_component(const Block &block) {
    const std::string *wat = block.get("wat");
    const std::string *file = block.get("component");
    const std::string *name = block.get("name");
    const std::string *linking = block.get("linking");
    if (wat == nullptr && file == nullptr) return {};
    wasmcell::ComponentOptions options;
    wasmcell::CallOptions defaults;
    for (const Entry &entry : block.entries) {
      at.line = entry.line;
      if (entry.key == "limit") limit(options.limits, entry.value);
      if (entry.key == "default") call_default(defaults, entry.value);
    }
    if (name != nullptr) options.name = *name;
    options.sandbox = grants.sandbox();
    options.linker = linker ? &*linker : nullptr;
    options.call_defaults = &defaults;
    options.unlinked = linking != nullptr;
    if (const std::string *calls = block.get("reuse")) {
      options.reuse.emplace();
      options.reuse->max_calls = number(*calls);
    }
    auto loaded = wat != nullptr ? wasmcell::Component::from_bytes(*runtime_, *wat, options)
                                 : wasmcell::Component::from_file(
                                       *runtime_, tests_directory + "/" + *file, options);
    if (loaded && linking != nullptr && *linking == "later") {
      options.unlinked = false;
      loaded = loaded->link(options);
    }
    if (!loaded) return wasmcell::Unexpected<wasmcell::Error>(loaded.error());
    component.emplace(std::move(*loaded));
    host.component = &*component;
    return {};
  }

  std::optional<wasmcell::Runtime> own_;
  const wasmcell::Runtime *runtime_ = nullptr;
};

}  // namespace conformance

#endif
