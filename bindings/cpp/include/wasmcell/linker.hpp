/// @file
/// What the host provides to components.
#ifndef WASMCELL_LINKER_HPP
#define WASMCELL_LINKER_HPP

#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <wasmcell/host.hpp>

namespace wasmcell {

/// A function for Linker::define_all(), with its path as for Linker::define(): `Definition{"price",
/// price}`.
template <typename F>
struct Definition {
  /// What the function is called.
  std::string_view path;
  /// The function.
  F fn;
};

/// Has the compiler find out the type of the function.
template <typename F>
Definition(std::string_view, F) -> Definition<F>;

class Component;

/// What of a component serves the imports of others; see Linker::component().
struct ProviderOptions {
  /// One interface that it exports, such as `acme:shop/prices@1.0.0`; all of them if it is empty.
  std::string_view interface_name;
  /// What that one is imported as; its own name if it is empty.
  std::string_view import_name;
};

/// What the host provides to components: functions and resources, by interface and name.
///
///     linker.define("acme:shop/prices@1.0.0#price", [&](std::string_view item) -> Result<uint32_t>
///     {
///       auto found = prices.find(item);
///       if (found == prices.end()) return Unexpected(Error("no such item"));
///       return found->second;
///     });
///
/// A component that is loaded with it, by ComponentOptions, copies what is in it, so it may be
/// changed or released afterwards, and serve any number of components. One thread at a time may
/// change it; loading components only reads it.
class [[nodiscard]] Linker {
 public:
  /// Makes a linker that provides nothing.
  [[nodiscard]] static Result<Linker> make() {
    runtime_linker_t *out = nullptr;
    if (auto *error = runtime_linker_new(&out)) return detail::fail(error);
    return Linker(out);
  }

  /// Defines a function that components may import.
  ///
  /// It serves imports of compatible versions too; see runtime_linker_define().
  ///
  /// @param path  `acme:shop/prices@1.0.0#price`, or only `price` for one that a world imports
  ///              itself; methods as in the component model. `: ` and the type may follow, as WIT
  ///              spells it with the names of parameters.
  /// @param fn    Any callable whose operator() is neither overloaded nor a template. Its types are
  ///              deduced, and checked when a component is loaded: Codec lists them. Views borrow
  ///              from the guest's arguments until it returns. It may take, before those, a `Call
  ///              &` and a Reply, to answer later. It may give a Result: its error, or what it
  ///              throws with the text of what(), ends the guest's call. Kept, in a copy of its
  ///              own, as long as the linker or a component knows it; called on the thread of the
  ///              call, by several at once.
  ///
  /// @return Code::invalid_argument if no component could import `path`, or if it is defined
  /// already.
  template <typename F>
  [[nodiscard]] Result<void> define(std::string_view path, F &&fn) {
    using Fn = std::decay_t<F>;
    using Closure = detail::HostFunction<Fn>;
    if (state_ == nullptr) return moved_from();
    auto closure = std::unique_ptr<Closure>(new Closure{std::forward<F>(fn), state_->resources});
    auto defined =
        detail::done(runtime_linker_define(get(), path.data(), path.size(), &Closure::run,
                                           closure.release(), &detail::finalize<Closure>));
    if (defined) state_->template add<Fn>(path);
    return defined;
  }

  /// Defines functions that components may import: all of them, or none.
  ///
  ///     linker.define_all(Definition{"acme:shop/prices@1.0.0#price", price},
  ///                       Definition{"acme:shop/prices@1.0.0#change", change});
  ///
  /// @param definitions  Each as for define().
  ///
  /// @return Code::invalid_argument if the path of one is malformed or defined already, or if two
  ///         are the same; the message begins with its place, such as `definitions[3]`.
  template <typename... Fs>
  [[nodiscard]] Result<void> define_all(Definition<Fs>... definitions) {
    static_assert(sizeof...(Fs) > 0, "there is nothing to define");
    if (state_ == nullptr) return moved_from();
    using Table = detail::HostTable<std::decay_t<Fs>...>;
    auto rows = Table::rows(definitions.path...);
    auto table = std::unique_ptr<Table>(new Table{
        {detail::HostFunction<std::decay_t<Fs>>{std::move(definitions.fn), state_->resources}...}});
    auto defined = detail::done(runtime_linker_define_all(
        get(), rows.data(), rows.size(), table.release(), &detail::finalize<Table>));
    if (defined) (state_->template add<std::decay_t<Fs>>(definitions.path), ...);
    return defined;
  }

  /// Defines a function of any type that components may import: for types that the program does not
  /// know when it is compiled.
  ///
  /// @param path  As for define().
  /// @param fn    `Result<Value>(Call &, Args)`, or `Result<void>(Call &, Args)` if it gives
  ///              nothing. The answer is checked against the type that the guest imports.
  template <typename F>
  [[nodiscard]] Result<void> define_any(std::string_view path, F &&fn) {
    using Closure = detail::AnyHostFunction<std::decay_t<F>>;
    using Given = std::invoke_result_t<std::decay_t<F> &, Call &, Args>;
    static_assert(std::is_same_v<Given, Result<Value>> || std::is_same_v<Given, Result<void>>,
                  "a host function of any type is Result<Value>(Call &, Args)");
    auto closure = std::unique_ptr<Closure>(new Closure{std::forward<F>(fn)});
    return detail::done(runtime_linker_define(get(), path.data(), path.size(), &Closure::run,
                                              closure.release(), &detail::finalize<Closure>));
  }

  /// Defines a type of resource whose objects are of class `T`; WASMCELL_RESOURCE gives its name.
  ///
  /// Functions that give one to the guest return `std::unique_ptr<T>` (`own`); those that it lends
  /// one to take `T &` (`borrow`), and those that it gives one back to take `std::unique_ptr<T>`.
  /// `T` is destroyed when the guest drops it, or when its instance ends. One guest calls one
  /// function at a time, but guests of several calls run at once.
  ///
  /// @param path  `acme:shop/carts@1.0.0#cart`.
  ///
  /// @return Code::invalid_argument if no component could import `path`, or if it is defined
  /// already.
  template <typename T>
  [[nodiscard]] Result<void> define_resource(std::string_view path) {
    if (state_ == nullptr) return moved_from();
    return define_resource(path, [table = state_->resources](std::uint32_t number) {
      table->template take<T>(number).reset();
    });
  }

  /// Defines a type of resource by numbers that the host chooses, for Value::own() and
  /// define_any().
  ///
  /// @param path  `acme:shop/carts@1.0.0#cart`.
  /// @param drop  `void(uint32_t number)`: called for each resource that a guest was given to own
  ///              and does not own any more, by several threads at once. What it throws is dropped.
  template <typename F>
  [[nodiscard]] Result<void> define_resource(std::string_view path, F &&drop) {
    using Fn = std::decay_t<F>;
    static_assert(std::is_invocable_v<Fn &, std::uint32_t>, "a destructor is void(uint32_t)");
    auto owned = std::make_unique<Fn>(std::forward<F>(drop));
    return detail::done(runtime_linker_define_resource(
        get(), path.data(), path.size(), &on_drop<Fn>, owned.release(), &detail::finalize<Fn>));
  }

  /// Has the exports of a component serve the imports of those that are loaded with the linker from
  /// then on. See runtime_linker_component().
  ///
  /// @param provider  May be destroyed at any time.
  /// @param options   Which of its interfaces; all by default.
  ///
  /// @return Code::not_found if it exports no such interface; Code::invalid_argument if one of its
  ///         functions is defined already.
  [[nodiscard]] Result<void> component(const Component &provider,
                                       const ProviderOptions &options = {});

  /// Lets components load although nobody provides some of their imports: calling one traps.
  void unresolved_trap() noexcept {
    runtime_linker_unresolved_trap(get());
  }

  /// The C object, still owned by this wrapper. A component that is loaded with it by a function of
  /// wasmcell.h is not checked against the types of C++.
  [[nodiscard]] runtime_linker_t *get() const noexcept {
    return state_ != nullptr ? state_->linker.get() : nullptr;
  }

 private:
  friend class Component;

  struct Defined {
    std::string path;
    bool (*matches)(Type);
    std::string (*spelled)();
  };
  struct State {
    detail::Owned<runtime_linker_t, runtime_linker_free> linker;
    std::vector<Defined> definitions{};
    std::shared_ptr<detail::ResourceTable> resources = std::make_shared<detail::ResourceTable>();

    /// Remembers a function to check components against.
    template <typename Fn>
    void add(std::string_view path) {
      using Shape = detail::HostShapeOf<Fn>;
      definitions.push_back(
          {std::string(path.substr(0, path.find(": "))), &Shape::matches, &Shape::spelled});
    }
  };

  explicit Linker(runtime_linker_t *linker)
      : state_(new State{detail::Owned<runtime_linker_t, runtime_linker_free>(linker)}) {}

  /// Whether what is defined here has the types that a component imports: Code::link names the
  /// first import of another type, with both.
  [[nodiscard]] Result<void> check(const runtime_component_t *component) const {
    if (state_ == nullptr) return {};
    for (std::size_t i = 0; i < runtime_component_import_count(component); i++) {
      const char *const path = runtime_component_import_definition(component, i);
      if (path == nullptr) continue;
      const Item item(runtime_component_import(component, i));
      for (const Defined &definition : state_->definitions)
        if (definition.path == path && !definition.matches(item.type()))
          return detail::fail(contradicts(item, definition));
    }
    return {};
  }

  static Error contradicts(const Item &item, const Defined &definition) {
    const bool exact = definition.path == item.name();
    return Error("import `" + detail::brief(item.name()) + "`: the host defines `" +
                     (exact ? std::string() : detail::brief(definition.path) + ": ") +
                     detail::brief(definition.spelled()) + "`, the component wants `" +
                     detail::brief(item.type().text().value_or("?")) + "`",
                 Code::link);
  }

  static Result<void> moved_from() {
    return detail::fail(Error("the linker was moved from", Code::invalid_argument));
  }

  template <typename Fn>
  static void on_drop(void *fn, std::uint32_t number) noexcept {
    runtime_error_free(detail::guarded([&]() -> runtime_error_t * {
      (*static_cast<Fn *>(fn))(number);
      return nullptr;
    }));
  }

  std::unique_ptr<State> state_;
};

static_assert(sizeof(Linker) == sizeof(void *));

}  // namespace wasmcell

#endif
