// What the compiler must refuse. Each `case` is compiled alone, by must_not_compile.sh, which wants
// a failure whose messages contain what stands behind the number; case 0 must compile.
#include "types.hpp"

using namespace wasmcell;

struct Unknown {};
using Counter = Resource<drawing::Counter>;

[[maybe_unused]] static void check(const Component &component, Linker &linker, Cancel &cancel,
                                   const Instance &instance, const Function<int(int)> &function) {
#if CASE == 0
  static_cast<void>(component.function<std::string(std::string_view)>("f"));
  static_cast<void>(linker.define("f", [](int a) { return a; }));
  static_cast<void>(cancel.get());
  static_cast<void>(instance.call(function, 1));
#elif CASE == 1   // deleted
  Cancel copy = cancel;
#elif CASE == 2   // cannot convert|no viable conversion
  runtime_cancel_t *raw = cancel;
#elif CASE == 3   // conversion from .* requested|no viable conversion
  const Cancel owner = cancel.get();
#elif CASE == 4   // nodiscard|ignoring
  function(1);
#elif CASE == 5   // nodiscard|ignoring
  component.call_text("f()");
#elif CASE == 6   // wasmcell cannot pass this type
  static_cast<void>(component.function<void(Unknown)>("f"));
#elif CASE == 7   // a call's result owns what it is made of
  static_cast<void>(component.function<std::string_view()>("f"));
#elif CASE == 8   // a call's result owns what it is made of
  static_cast<void>(component.function<std::vector<std::string_view>()>("f"));
#elif CASE == 9   // too many arguments|no match|no matching
  static_cast<void>(function(1, 2));
#elif CASE == 10  // cannot convert|no match|no matching|no viable conversion
  static_cast<void>(function("text"));
#elif CASE == 11  // a Reply gives nothing
  static_cast<void>(linker.define("f", [](Reply<int>) { return 1; }));
#elif CASE == 12  // wasmcell cannot pass this type
  static_cast<void>(linker.define("f", [](const Unknown &) {}));
#elif CASE == 13  // a host function of any type is
  static_cast<void>(linker.define_any("f", [](Call &, Args) { return 1; }));
#elif CASE == 14  // deleted
  static_cast<void>(Counter(Counter()) = *static_cast<const Counter *>(nullptr));
#elif CASE == 15  // only a Span<const T> of numbers
  static_cast<void>(linker.define("f", [](Span<const std::string>) {}));
#elif CASE == 16  // has an error of its own type
  static_cast<void>(component.function<Result<int>()>("f"));
#elif CASE == 17  // takes the Result of the call
  static_cast<void>(function.start([](std::string) {}, {}, 1));
#elif CASE == 18  // no member named|has no member
  static_cast<void>(component.function<void(std::unique_ptr<drawing::Counter>)>("f").value()({}));
#elif CASE == 19  // deleted
  const Runtime *runtime = nullptr;
  Runtime other = *runtime;
#elif CASE == 20  // deleted
  Instance other = instance;
#elif CASE == 21  // deleted
  static_cast<void>(*component.function<Held<std::string_view>()>("f").value()().value());
#elif CASE == 22  // deleted
  Exchange first(nullptr);
  Exchange second = first;
#elif CASE == 23  // nodiscard|ignoring
  Exchange(nullptr).end();
#elif CASE == 24  // a sink is
  static_cast<void>(Exchange(nullptr).stream_to([](Span<const std::uint8_t>) { return true; }));
#elif CASE == 25  // discards qualifiers|not viable
  const Exchange exchange(nullptr);
  static_cast<void>(exchange.read());
#endif
}
