#include "testing.hpp"
#include "types.hpp"

namespace {

using wasmcell::Linker;
using wasmcell::Result;

const std::string host = "wasmcell:test/host@0.1.0#";

wasmcell::Component linked(const Linker &linker, const std::string &path) {
  return load("conformance/guests/" + path, {"guest", nullptr, &linker});
}

// The error of loading link.wat, which wants `add: func(a: u32, b: u32) -> u32`.
template <typename F>
Result<wasmcell::Component> with_add(F add) {
  auto linker = Linker::make().value();
  linker.define(host + "add", std::move(add)).value();
  return wasmcell::Component::from_file(runtime(), below_tests("conformance/guests/link.wat"),
                                        {"guest", nullptr, &linker});
}

std::uint32_t free_add(std::uint32_t a, std::uint32_t b) {
  return a + b;
}

struct Adder {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const noexcept {
    return a + b;
  }
};

TEST(Linker, takes_any_callable) {
  const auto adds = [](const Result<wasmcell::Component> &component) {
    EXPECT_EQ(component->call_text("add(40, 2)").value(), "42");
  };
  adds(with_add([](std::uint32_t a, std::uint32_t b) { return a + b; }));
  adds(with_add(&free_add));
  adds(with_add(Adder()));
  adds(with_add(std::function<std::uint32_t(std::uint32_t, std::uint32_t)>(free_add)));
  adds(with_add([n = 0U](std::uint32_t a, std::uint32_t b) mutable { return n++, a + b; }));
  adds(with_add([owner = std::make_unique<int>(1)](
                    std::uint32_t a, std::uint32_t b) -> Result<std::uint32_t> { return a + b; }));
}

TEST(Linker, defines_all_or_none) {
  auto linker = Linker::make().value();
  const auto named = host + "echo";
  int calls = 0;
  const auto echo = [&](std::string_view text) { return calls++, std::string(text); };
  expect_error(linker.define_all(wasmcell::Definition{host + "add", free_add},
                                 wasmcell::Definition{named, echo},
                                 wasmcell::Definition{std::string_view(named).substr(0, 0), echo}),
               Code::invalid_argument, "`definitions[2]`: `path`");
  expect_error(linker.define_all(wasmcell::Definition{named, echo},
                                 wasmcell::Definition{named + ": func()", echo}),
               Code::invalid_argument, "`definitions[1]`: `path`", "defined already");
  linker
      .define_all(wasmcell::Definition{host + "add: func(a: u32, b: u32) -> u32", free_add},
                  wasmcell::Definition{named, echo})
      .value();
  linker.unresolved_trap();
  const auto component = linked(linker, "host.wat");
  EXPECT_EQ(component.call_text("add(40, 2)").value(), "42");
  EXPECT_EQ(component.call_text("echo(\"all\")").value(), "\"all\"");
  EXPECT_EQ(calls, 1);
  // Their types are remembered as those of define().
  auto other = Linker::make().value();
  other.unresolved_trap();
  other.define_all(wasmcell::Definition{named, free_add}).value();
  expect_error(wasmcell::Component::from_file(runtime(), below_tests("conformance/guests/host.wat"),
                                              {"guest", nullptr, &other}),
               Code::link, "wasmcell:test/host@0.1.0#echo");
}

TEST(Linker, has_components_provide_for_others) {
  const std::string calc = "acme:calc/api@1.0.0";
  const auto loaded = [](const std::string &wat, const Linker *linker) {
    return wasmcell::Component::from_bytes(runtime(), wat, {"calc", nullptr, linker});
  };
  const auto provider = loaded(R"((component
    (core module $m (func (export "half") (param i32) (result i32)
      (i32.div_u (local.get 0) (i32.const 2)))
      (func (export "trap") unreachable))
    (core instance $i (instantiate $m))
    (func $half (param "n" u32) (result u32) (canon lift (core func $i "half")))
    (func $trap (canon lift (core func $i "trap")))
    (instance $api (export "half" (func $half)) (export "trap" (func $trap)))
    (export "acme:calc/api@1.0.0" (instance $api))))",
                               nullptr);
  auto linker = Linker::make().value();
  expect_error(linker.component(*provider, {"acme:calc/apis", {}}), Code::not_found, calc);
  linker.component(*provider, {calc, "acme:calc/halves@2.0.0"}).value();
  linker.component(*provider).value();
  expect_error(linker.component(*provider), Code::invalid_argument, "defined already");
  const auto component = loaded(R"((component
    (import "acme:calc/halves@2.0.0" (instance $calc
      (export "half" (func (param "n" u32) (result u32))) (export "trap" (func))))
    (core func $half (canon lower (func $calc "half")))
    (core func $trap (canon lower (func $calc "trap")))
    (func (export "half") (param "n" u32) (result u32) (canon lift (core func $half)))
    (func (export "trap") (canon lift (core func $trap)))))",
                                &linker);
  EXPECT_EQ(component->call_text("half(84)").value(), "42");
  expect_error(component->call_text("trap()"), Code::trap,
               "`acme:calc/halves@2.0.0#trap`, which the component `calc` provides");
}

TEST(Linker, checks_types_when_a_component_is_loaded) {
  expect_error(with_add([](std::uint64_t a, std::uint32_t) { return a; }), Code::link,
               "wasmcell:test/host@0.1.0#add", "`func(u64, u32) -> u64`",
               "`func(a: u32, b: u32) -> u32`");
  expect_error(with_add([](std::uint32_t, std::uint32_t) {}), Code::link, "`func(u32, u32)`");
  expect_error(with_add([](wasmcell::Call &, std::uint32_t a) { return a; }), Code::link,
               "`func(u32) -> u32`");
  expect_error(with_add([](wasmcell::Reply<std::string>, std::uint32_t, std::uint32_t) {}),
               Code::link, "`func(u32, u32) -> string`");
}

// A guest that imports `add` of version 0.1.0 rightly, and of 0.1.7 with these parameters.
std::string two_versions(const std::string &params) {
  return R"((component
    (import "wasmcell:test/host@0.1.0" (instance
      (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
    (import "wasmcell:test/host@0.1.7" (instance
      (export "add" (func )" +
         params + R"( (result u32)))))))";
}

TEST(Linker, serves_compatible_versions_of_its_own_types_only) {
  auto linker = Linker::make().value();
  linker.define(host + "add", free_add).value();
  const auto loaded = [&](const std::string &wat) {
    return wasmcell::Component::from_bytes(runtime(), wat, {"guest", nullptr, &linker});
  };
  const auto component = loaded(two_versions(R"((param "a" u32) (param "b" u32))")).value();
  EXPECT_EQ(component.import_definition(0), host + "add");
  EXPECT_EQ(component.import_definition(1), host + "add");
  EXPECT_EQ(component.import_definition(2), std::nullopt);
  expect_error(loaded(two_versions(R"((param "a" (list u64)) (param "b" u32))")), Code::link,
               "wasmcell:test/host@0.1.7#add", "list<u64>");
  // One that nobody imports rightly.
  const std::string only = R"((component (import "wasmcell:test/host@0.1.7" (instance
    (export "add" (func (param "a" (list u64)) (param "b" u32) (result u32)))))))";
  expect_error(loaded(only), Code::link, "import `wasmcell:test/host@0.1.7#add`",
               "wasmcell:test/host@0.1.0#add: func(u32, u32) -> u32");
}

TEST(Linker, names_both_types_however_long_they_are) {
  const std::string name(10000, 'n');
  auto linker = Linker::make().value();
  linker.define(name, free_add).value();
  const std::string wat = "(component (import \"" + name + "\" (func (param \"" +
                          std::string(20000, 'p') + "\" u32) (param \"b\" string))))";
  const auto refused = wasmcell::Component::from_bytes(runtime(), wat, {"guest", nullptr, &linker});
  expect_error(refused, Code::link, "n\xE2\x80\xA6`: the host defines `func(u32, u32) -> u32`",
               "the component wants `func(ppp", "p\xE2\x80\xA6`");
  EXPECT_LT(refused.error().message().size(), 4096U);
}

TEST(Linker, serves_guests_on_their_callers_stack) {
  auto linker = Linker::make().value();
  linker.define(host + "add", free_add).value();
  const auto component = load("conformance/guests/link.wat", {"guest", nullptr, &linker, true});
  const auto add = component.function<std::uint32_t(std::uint32_t, std::uint32_t)>("add").value();
  EXPECT_EQ(add(40, 2).value(), 42U);
  expect_error(add.async(40, 2).get(), Code::unsupported, "blocking calls only");
}

TEST(Linker, takes_a_type_by_its_spelling) {
  auto linker = Linker::make().value();
  linker.define(host + "add: func(a: u32, b: u32) -> u32", free_add).value();
  EXPECT_EQ(linked(linker, "link.wat").call_text("add(1, 2)").value(), "3");
}

TEST(Linker, refuses_the_same_twice_and_nonsense) {
  auto linker = Linker::make().value();
  linker.define(host + "add", free_add).value();
  expect_error(linker.define(host + "add", free_add), Code::invalid_argument, "defined already");
  expect_error(linker.define("", free_add), Code::invalid_argument, "path");
  expect_error(linker.define_resource("#", [](std::uint32_t) {}), Code::invalid_argument, "path");
}

TEST(Linker, keeps_callables_as_long_as_components_need_them) {
  const auto counted = std::make_shared<int>(0);
  {
    auto linker = Linker::make().value();
    const auto add = [counted](std::uint32_t a, std::uint32_t b) { return a + b; };
    linker.define(host + "add", add).value();
    // Refused, and released all the same.
    EXPECT_FALSE(linker.define(host + "add", add).has_value());
    EXPECT_EQ(counted.use_count(), 3);
    const auto component = linked(linker, "link.wat");
    { const Linker gone = std::move(linker); }
    EXPECT_EQ(component.call_text("add(1, 2)").value(), "3");
    EXPECT_EQ(counted.use_count(), 3);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(Linker, that_was_moved_from_is_refused) {
  auto linker = Linker::make().value();
  const Linker taken = std::move(linker);
  // NOLINTNEXTLINE: that is what this is about.
  expect_error(linker.define(host + "add", free_add), Code::invalid_argument, "moved from");
  expect_error(linker.define_resource<drawing::Counter>(host + "counter"), Code::invalid_argument);
  EXPECT_EQ(linker.get(), nullptr);
  linker.unresolved_trap();
}

TEST(Linker, unresolved_imports_may_trap) {
  auto linker = Linker::make().value();
  linker.unresolved_trap();
  const auto component = linked(linker, "link.wat");
  EXPECT_EQ(component.call_text("one()").value(), "1");
  expect_error(component.call_text("add(1, 2)"), Code::trap, "add");
}

TEST(Linker, defines_functions_of_any_type) {
  auto linker = Linker::make().value();
  linker
      .define_any(host + "add",
                  [](wasmcell::Call &, wasmcell::Args args) -> Result<wasmcell::Value> {
                    EXPECT_EQ(args.size(), 2U);
                    return wasmcell::Value::of(args[0].as<std::uint32_t>().value() * 2);
                  })
      .value();
  EXPECT_EQ(linked(linker, "link.wat").call_text("add(21, 0)").value(), "42");
  auto wrong = Linker::make().value();
  wrong
      .define_any(host + "add", [](wasmcell::Call &, wasmcell::Args) -> Result<void> { return {}; })
      .value();
  expect_error(linked(wrong, "link.wat").call_text("add(21, 0)"), Code::host, "wants one");
}

}  // namespace
