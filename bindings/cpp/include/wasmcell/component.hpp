/// @file
/// Components: compiled and linked once, then called as often as you like.
#ifndef WASMCELL_COMPONENT_HPP
#define WASMCELL_COMPONENT_HPP

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <wasmcell/cancel.hpp>
#include <wasmcell/component_options.hpp>
#include <wasmcell/function.hpp>
#include <wasmcell/http.hpp>
#include <wasmcell/instance.hpp>
#include <wasmcell/runtime.hpp>

namespace wasmcell {

class Component;

/// A component that is being loaded, or the outcome. See Component::start_from_bytes().
///
/// Releasing it leaves the load alone; its outcome is lost then. Any
/// number of threads may use it at once. If the load was given a linker, that must live until
/// wait() has returned.
class PendingComponent : public detail::Owned<runtime_pending_t, runtime_pending_free> {
 public:
  using Owned::Owned;

  /// Waits for the end of the load and takes the component. See runtime_pending_wait_component().
  ///
  /// @return The component, or why the load failed; Code::not_found if an earlier wait was given
  ///         the outcome.
  [[nodiscard]] Result<Component> wait() const;
  /// Waits so long at most: Code::timeout if the load goes on, and is_done() is false then.
  [[nodiscard]] Result<Component> wait_for(std::chrono::milliseconds time) const;
  /// Whether the load has ended.
  [[nodiscard]] bool is_done() const noexcept {
    return runtime_pending_is_done(get());
  }

 private:
  friend class Component;

  PendingComponent(runtime_pending_t *pending, const Linker *linker)
      : Owned(pending), linker_(linker) {}
  Result<Component> wait_ms(std::uint64_t ms) const;

  const Linker *linker_ = nullptr;
};

/// A component, compiled and linked once.
///
/// It keeps what it needs of its runtime. Any number of threads may use it at once.
class Component : public detail::Owned<runtime_component_t, runtime_component_free> {
 public:
  using Owned::Owned;

  /// Loads a component from its bytes, or from WebAssembly text. See runtime_component_new().
  ///
  /// This is the expensive step: load once.
  ///
  /// @return Code::compile, Code::component_too_large, Code::signature, Code::io,
  ///         Code::memory_limit, Code::resource_limit; Code::link if nothing provides one of its
  ///         imports, or if the linker provides it with another type.
  [[nodiscard]] static Result<Component> from_bytes(const Runtime &runtime, BytesView bytes,
                                                    const ComponentOptions &options = {}) {
    return load(options, [&](const runtime_component_options_t *raw, runtime_component_t **out) {
      return runtime_component_new(runtime.get(), bytes.data(), bytes.size(), raw, out);
    });
  }
  /// Loads a component from a file. As from_bytes(); Code::io if the file cannot be read.
  ///
  /// @param path  UTF-8.
  [[nodiscard]] static Result<Component> from_file(const Runtime &runtime, std::string_view path,
                                                   const ComponentOptions &options = {}) {
    return load(options, [&](const runtime_component_options_t *raw, runtime_component_t **out) {
      return runtime_component_from_file(runtime.get(), path.data(), path.size(), raw, out);
    });
  }
  /// Loads a component from its compiled code, as serialize() gave it. As from_bytes().
  ///
  /// WARNING: the bytes are machine code, and this function trusts them. Anyone who can choose or
  /// change them runs any code in your process. See runtime_component_deserialize().
  [[nodiscard]] static Result<Component> deserialize(const Runtime &runtime, BytesView bytes,
                                                     const ComponentOptions &options = {}) {
    return load(options, [&](const runtime_component_options_t *raw, runtime_component_t **out) {
      return runtime_component_deserialize(runtime.get(), bytes.data(), bytes.size(), raw, out);
    });
  }
  /// Loads a component from the file that share() gave, in this process or another. Nothing is
  /// compiled or copied: all processes that load it share its pages. As from_bytes().
  ///
  /// WARNING: the file holds machine code, and this function trusts it. Anyone who can choose it
  /// runs any code in your process. See runtime_component_from_fd().
  ///
  /// @param fd  The descriptor, borrowed for the call.
  [[nodiscard]] static Result<Component> from_fd(const Runtime &runtime, int fd,
                                                 const ComponentOptions &options = {}) {
    return load(options, [&](const runtime_component_options_t *raw, runtime_component_t **out) {
      return runtime_component_from_fd(runtime.get(), fd, raw, out);
    });
  }

  /// Starts loading a component from its bytes, which are copied. See
  /// runtime_component_new_async().
  ///
  /// @return The load, to wait for; or why it was not started.
  [[nodiscard]] static Result<PendingComponent> start_from_bytes(
      const Runtime &runtime, BytesView bytes, const ComponentOptions &options = {}) {
    return start(options, [&](const runtime_component_options_t *raw,
                              const runtime_component_completion_t *completion) {
      return runtime_component_new_async(runtime.get(), bytes.data(), bytes.size(), raw,
                                         completion);
    });
  }
  /// Starts loading a component from a file. As start_from_bytes().
  ///
  /// @param path  UTF-8.
  [[nodiscard]] static Result<PendingComponent> start_from_file(
      const Runtime &runtime, std::string_view path, const ComponentOptions &options = {}) {
    return start(options, [&](const runtime_component_options_t *raw,
                              const runtime_component_completion_t *completion) {
      return runtime_component_from_file_async(runtime.get(), path.data(), path.size(), raw,
                                               completion);
    });
  }

  /// Makes another component of the same compiled code, with a linker, a sandbox and limits of its
  /// own: nothing is compiled or copied. See runtime_component_link().
  ///
  /// @param options  Nothing is taken from those that this one was loaded with.
  ///
  /// @return Code::link if nothing provides one of its imports, or if the linker provides it with
  ///         another type; Code::io, Code::memory_limit, Code::resource_limit.
  [[nodiscard]] Result<Component> link(const ComponentOptions &options = {}) const {
    return load(options, [&](const runtime_component_options_t *raw, runtime_component_t **out) {
      return runtime_component_link(get(), raw, out);
    });
  }

  /// Makes another handle to the same component.
  [[nodiscard]] Component clone() const noexcept {
    return Component(runtime_component_clone(get()));
  }
  /// Gives the compiled code, for deserialize().
  [[nodiscard]] Result<Bytes> serialize() const {
    runtime_bytes_t *out = nullptr;
    if (auto *error = runtime_component_serialize(get(), &out)) return detail::fail(error);
    return Bytes(out);
  }
  /// Puts the compiled code into a file in memory that nobody can change, for from_fd() in
  /// processes that inherit its descriptor. See runtime_component_share().
  ///
  /// @return  The descriptor, which closes on exec until that is changed, and which the caller
  ///          releases with close(). Code::unsupported on other systems than Linux.
  [[nodiscard]] Result<int> share() const {
    std::int32_t fd = -1;
    if (auto *error = runtime_component_share(get(), &fd)) return detail::fail(error);
    return int{fd};
  }
  /// What the component is called in log records. Borrowed.
  [[nodiscard]] std::string_view name() const noexcept {
    return runtime_component_name(get());
  }
  /// A number that no other component of this process has; see Call::component_id().
  [[nodiscard]] std::uint64_t id() const noexcept {
    return runtime_component_id(get());
  }
  /// Spells the component's world as WIT text; Code::unsupported if WIT cannot express it.
  [[nodiscard]] Result<std::string> wit() const {
    runtime_bytes_t *out = nullptr;
    auto *error = runtime_component_wit(get(), &out);
    return detail::text(error, out);
  }
  /// What the component imports, WASI included, in the order of the binary. Borrowed.
  [[nodiscard]] std::vector<Item> imports() const {
    std::vector<Item> items;
    for (std::size_t i = 0; i < runtime_component_import_count(get()); i++)
      items.emplace_back(runtime_component_import(get(), i));
    return items;
  }
  /// The path of the host's definition that serves import `index`, such as
  /// `acme:shop/prices@1.0.0#price` for `acme:shop/prices@1.0.3#price`; nothing if none does.
  [[nodiscard]] std::optional<std::string_view> import_definition(
      std::size_t index) const noexcept {
    const char *const path = runtime_component_import_definition(get(), index);
    if (path == nullptr) return std::nullopt;
    return path;
  }
  /// The path of the host's resource that handles of `type` stand for, such as
  /// `acme:shop/carts@1.0.0#cart`; nothing if they are not of a resource of the host's.
  [[nodiscard]] std::optional<std::string_view> resource_definition(Type type) const noexcept {
    const char *const path = runtime_component_resource_definition(get(), type.get());
    if (path == nullptr) return std::nullopt;
    return path;
  }
  /// What the component exports, in the order of the binary. Borrowed.
  [[nodiscard]] std::vector<Item> exports() const {
    std::vector<Item> items;
    for (std::size_t i = 0; i < runtime_component_export_count(get()); i++)
      items.emplace_back(runtime_component_export(get(), i));
    return items;
  }

  /// Looks up an exported function, for calls with values or text. Look up once and keep it.
  ///
  /// @param name  `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface, or of the
  ///              newest compatible version if that one is not exported. The version may be left
  ///              out if only one is.
  ///
  /// @return Code::not_found if the component exports no such function, or if no version is asked
  ///         for and there are several.
  [[nodiscard]] Result<AnyFunction> function(std::string_view name) const {
    runtime_function_t *out = nullptr;
    if (auto *error = runtime_component_function(get(), name.data(), name.size(), &out))
      return detail::fail(error);
    return AnyFunction(out);
  }
  /// Looks up an exported function and checks its type. Look up once and keep it.
  ///
  ///     component.function<std::string(std::string_view)>("greet")
  ///
  /// @return Code::not_found if the component exports no such function; Code::type_mismatch, with
  ///         both types, if it has another one.
  template <typename S>
  [[nodiscard]] Result<Function<S>> function(std::string_view name) const {
    Result<AnyFunction> any = function(name);
    if (!any) return detail::fail(std::move(any).error());
    return Function<S>::check(std::move(*any));
  }

  /// Calls an exported function in a fresh instance, with text in and out: `greet("world")`. For
  /// tools, tests and tinkering; see AnyFunction::call_text().
  [[nodiscard]] Result<std::string> call_text(std::string_view text,
                                              const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    runtime_bytes_t *out = nullptr;
    auto *error = runtime_component_call_text(get(), text.data(), text.size(), &how, &out);
    return detail::text(error, out);
  }
  /// Starts a call of an exported function in a fresh instance with text in and out, on the
  /// runtime's workers. See AnyFunction::start_text().
  [[nodiscard]] Result<Pending> start_text(std::string_view text,
                                           const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_component_call_text_async(get(), text.data(), text.size(), &how, completion);
    });
  }
  /// Runs a command: a component that exports `run` of wasi:cli. See runtime_component_run().
  ///
  /// @return The status, from 0 to 255; Code::not_found if the component is not a command.
  [[nodiscard]] Result<std::int32_t> run(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    std::int32_t status = 0;
    if (auto *error = runtime_component_run(get(), &how, &status)) return detail::fail(error);
    return status;
  }
  /// Starts a command, on the runtime's workers. See run().
  ///
  /// @return The call, to wait for: its result is the status, an `s32`. Or why it was not started.
  [[nodiscard]] Result<Pending> start_run(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    return detail::pending([&](const runtime_completion_t *completion) {
      return runtime_component_run_async(get(), &how, completion);
    });
  }
  /// Looks up what handles HTTP requests in the component. Look up once and keep it. See
  /// runtime_http_handler_new().
  ///
  /// @return Code::not_found if the component exports no `wasi:http/incoming-handler`@0.2;
  ///         Code::type_mismatch if that is something else; Code::unsupported if it exports a
  ///         handler of wasi:http 0.3 only, or if the library was built without HTTP.
  [[nodiscard]] Result<HttpHandler> http_handler() const {
    runtime_http_handler_t *out = nullptr;
    if (auto *error = runtime_http_handler_new(get(), &out)) return detail::fail(error);
    return HttpHandler(out);
  }
  /// Makes an instance that keeps its state from one call to the next.
  ///
  /// @param options  For what the guest does at its start, not for later calls.
  [[nodiscard]] Result<Instance> instantiate(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    runtime_instance_t *out = nullptr;
    if (auto *error = runtime_instance_new(get(), &how, &out)) return detail::fail(error);
    return Instance(out);
  }
  /// Starts making an instance, on the runtime's workers. See instantiate().
  ///
  /// @return The instance, to wait for; or why its start was not begun.
  [[nodiscard]] Result<PendingInstance> start_instantiate(const CallOptions &options = {}) const {
    const runtime_call_options_t how = detail::raw(options);
    runtime_pending_t *out = nullptr;
    runtime_instance_completion_t completion = RUNTIME_INSTANCE_COMPLETION_INIT;
    completion.pending_out = &out;
    if (auto *error = runtime_instance_new_async(get(), &how, &completion))
      return detail::fail(error);
    return PendingInstance(out);
  }

 private:
  friend class PendingComponent;

  template <typename F>
  static Result<Component> load(const ComponentOptions &options, F &&make) {
    const detail::RawComponentOptions raw(options);
    runtime_component_t *out = nullptr;
    if (auto *error = make(raw.get(), &out)) return detail::fail(error);
    return checked(Component(out), options.linker);
  }

  template <typename F>
  static Result<PendingComponent> start(const ComponentOptions &options, F &&begin) {
    const detail::RawComponentOptions raw(options);
    runtime_pending_t *out = nullptr;
    runtime_component_completion_t completion = RUNTIME_COMPONENT_COMPLETION_INIT;
    completion.pending_out = &out;
    if (auto *error = begin(raw.get(), &completion)) return detail::fail(error);
    return PendingComponent(out, options.linker);
  }

  static Result<Component> checked(Component component, const Linker *linker) {
    if (linker != nullptr) {
      Result<void> checked = linker->check(component.get());
      if (!checked) return detail::fail(std::move(checked).error());
    }
    return component;
  }
};

inline Result<Component> PendingComponent::wait() const {
  return wait_ms(UINT64_MAX);
}

inline Result<Component> PendingComponent::wait_for(std::chrono::milliseconds time) const {
  return wait_ms(detail::milliseconds(time));
}

inline Result<Component> PendingComponent::wait_ms(std::uint64_t ms) const {
  runtime_component_t *out = nullptr;
  if (auto *error = runtime_pending_wait_component(get(), ms, &out)) return detail::fail(error);
  return Component::checked(Component(out), linker_);
}

static_assert(sizeof(Component) == sizeof(void *));

inline Result<void> Linker::component(const Component &provider, const ProviderOptions &options) {
  runtime_provider_options_t raw = RUNTIME_PROVIDER_OPTIONS_INIT;
  raw.interface_name = options.interface_name.data();
  raw.interface_name_len = options.interface_name.size();
  raw.import_name = options.import_name.data();
  raw.import_name_len = options.import_name.size();
  return detail::done(runtime_linker_component(get(), provider.get(), &raw));
}

}  // namespace wasmcell

#endif
