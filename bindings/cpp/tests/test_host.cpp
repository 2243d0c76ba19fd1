#include "testing.hpp"
#include "types.hpp"

namespace {

using wasmcell::Error;
using wasmcell::Expected;
using wasmcell::Linker;
using wasmcell::Result;
using wasmcell::Unexpected;

const std::string in_host = "wasmcell:test/host@0.1.0#";

// same.wat, whose functions of the host answer with what they are given, as `T`, taken as `P`.
template <typename T, typename P>
struct Same {
  T operator()(P value) const {
    return T(std::forward<P>(value));
  }
};

template <typename T, typename P = const T &>
void define_same(Linker &linker, const std::string &name) {
  linker.define(in_host + "same-" + name, Same<T, P>()).value();
}

TEST(HostFunction, takes_and_gives_values_of_every_kind) {
  auto linker = Linker::make().value();
  define_same<bool, bool>(linker, "bool");
  define_same<std::int8_t>(linker, "s8");
  define_same<std::uint16_t>(linker, "u16");
  define_same<std::int32_t>(linker, "s32");
  define_same<std::uint64_t>(linker, "u64");
  define_same<float>(linker, "f32");
  define_same<double>(linker, "f64");
  define_same<char32_t>(linker, "char");
  define_same<std::string, std::string_view>(linker, "string");
  define_same<wasmcell::Span<const std::uint8_t>>(linker, "bytes");
  define_same<std::vector<bool>>(linker, "bools");
  define_same<std::vector<double>>(linker, "f64s");
  define_same<std::vector<std::string_view>>(linker, "strings");
  define_same<std::vector<drawing::Point>>(linker, "points");
  define_same<drawing::Point>(linker, "point");
  define_same<std::tuple<std::uint8_t, std::string, float>>(linker, "tuple");
  define_same<drawing::Colour>(linker, "colour");
  define_same<wasmcell::Flags<drawing::Right>>(linker, "rights");
  define_same<std::variant<std::monostate, std::uint64_t, std::string>>(linker, "size");
  define_same<std::optional<std::string>>(linker, "option");
  define_same<Expected<std::uint64_t, std::string>>(linker, "result");
  const auto component = load("conformance/guests/same.wat", {"same", nullptr, &linker});
  for (const auto &[name, value] : std::vector<std::pair<std::string, std::string>>{
           {"bool", "true"},
           {"s8", "-128"},
           {"u16", "65535"},
           {"s32", "-2147483648"},
           {"u64", "18446744073709551615"},
           {"f32", "-0.5"},
           {"f64", "0.1"},
           {"char", "'x'"},
           {"string", "\"naïve 🦀\""},
           {"string", "\"\""},
           {"bytes", "[0, 127, 255]"},
           {"bytes", "[]"},
           {"bools", "[true, false]"},
           {"f64s", "[0.25, 0.5]"},
           {"strings", "[\"\", \"one\", \"two\"]"},
           {"points", "[{x: 1, y: -1}, {x: 2, y: -2}]"},
           {"point", "{x: 1, y: -1}"},
           {"tuple", "(7, \"seven\", 7.5)"},
           {"colour", "blue"},
           {"rights", "{read, execute}"},
           {"size", "unknown"},
           {"size", "named(\"huge\")"},
           {"option", "none"},
           {"option", "some(\"text\")"},
           {"result", "ok(5)"},
           {"result", "err(\"no\")"}}) {
    EXPECT_EQ(component.call_text("same-" + name + "(" + value + ")").value(), value);
  }
}

// What `fail: func(message: string)` of the host does to its guest's caller.
template <typename F>
Result<std::string> failing(F fn) {
  auto linker = Linker::make().value();
  linker.unresolved_trap();
  linker.define(in_host + "fail", fn).value();
  return load("conformance/guests/host.wat", {"host", nullptr, &linker})
      .call_text("fail(\"message\")");
}

TEST(HostFunction, exceptions_become_errors_with_their_text) {
  expect_error(failing([](std::string_view) { throw std::runtime_error("it broke"); }), Code::host,
               "it broke");
  expect_error(failing([](std::string_view) { throw 7; }), Code::host, "unknown type");
}

TEST(HostFunction, errors_pass_untouched) {
  expect_error(failing([](std::string_view) -> Result<void> {
                 return Unexpected<Error>(Error("no more numbers"));
               }),
               Code::host, "no more numbers");
  // An error of the library keeps its code, also when value() throws it.
  const auto own = [](std::string_view) -> Result<void> {
    return wasmcell::Component::from_bytes(runtime(), "garbage").value(), Result<void>();
  };
  expect_error(failing(own), Code::compile);
  expect_error(failing([](std::string_view) -> Result<void> {
                 auto component = wasmcell::Component::from_file(runtime(), "/no/such/file");
                 return Unexpected<Error>(component.error());
               }),
               Code::io, "/no/such/file");
}

TEST(HostFunction, gives_nothing) {
  std::string got;
  EXPECT_EQ(failing([&](std::string_view text) { got = text; }).value(), "()");
  EXPECT_EQ(got, "message");
}

// A host object that counts how many of it there are.
class Account {
 public:
  Account(std::uint32_t opening, int &alive) : balance_(opening), alive_(alive) {
    alive_++;
  }
  Account(const Account &) = delete;
  Account &operator=(const Account &) = delete;
  ~Account() {
    alive_--;
  }
  std::uint32_t pay(std::uint32_t amount) {
    return balance_ += amount;
  }

 private:
  std::uint32_t balance_;
  int &alive_;
};
WASMCELL_RESOURCE(Account, account)

TEST(HostResource, is_an_object_of_the_host) {
  int alive = 0;
  const std::string bank = "acme:bank/accounts@1.0.0#";
  auto linker = Linker::make().value();
  linker.define_resource<Account>(bank + "account").value();
  linker
      .define(bank + "[constructor]account",
              [&](std::uint32_t opening) { return std::make_unique<Account>(opening, alive); })
      .value();
  linker
      .define(bank + "[method]account.pay",
              [](Account &self, std::uint32_t amount) { return self.pay(amount); })
      .value();
  const auto component = load("guests/wat/accounts.wat", {"saver", nullptr, &linker});
  EXPECT_EQ(component.call_text("save(100)").value(), "115");
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(component.call_text("forget(7)").value(), "()");
  EXPECT_EQ(alive, 0);
}

TEST(HostResource, none_is_refused) {
  const std::string bank = "acme:bank/accounts@1.0.0#";
  auto linker = Linker::make().value();
  linker.define_resource<Account>(bank + "account").value();
  linker
      .define(bank + "[constructor]account",
              [](std::uint32_t) { return std::unique_ptr<Account>(); })
      .value();
  linker
      .define(bank + "[method]account.pay",
              [](const Account &, std::uint32_t amount) { return amount; })
      .value();
  const auto component = load("guests/wat/accounts.wat", {"saver", nullptr, &linker});
  expect_error(component.call_text("save(100)"), Code::invalid_argument);
}

TEST(HostResource, may_be_a_number) {
  const std::string bank = "acme:bank/accounts@1.0.0#";
  std::vector<std::uint32_t> dropped;
  auto linker = Linker::make().value();
  linker.define_resource(bank + "account", [&](std::uint32_t n) { dropped.push_back(n); }).value();
  linker
      .define_any(bank + "[constructor]account",
                  [](wasmcell::Call &, wasmcell::Args) -> Result<wasmcell::Value> {
                    return wasmcell::Value::own(11);
                  })
      .value();
  linker
      .define_any(bank + "[method]account.pay",
                  [](wasmcell::Call &, wasmcell::Args args) -> Result<wasmcell::Value> {
                    EXPECT_EQ(args[0].kind(), wasmcell::Kind::borrow);
                    return wasmcell::Value::of(static_cast<std::uint32_t>(args[0].handle()));
                  })
      .value();
  const auto component = load("guests/wat/accounts.wat", {"saver", nullptr, &linker});
  EXPECT_EQ(component.call_text("save(100)").value(), "11");
  EXPECT_EQ(dropped, std::vector<std::uint32_t>{11});
}

TEST(HostResource, that_is_a_number_is_no_object) {
  const std::string bank = "acme:bank/accounts@1.0.0#";
  auto linker = Linker::make().value();
  linker.define_resource(bank + "account", [](std::uint32_t) {}).value();
  linker
      .define_any(bank + "[constructor]account",
                  [](wasmcell::Call &, wasmcell::Args) -> Result<wasmcell::Value> {
                    return wasmcell::Value::own(11);
                  })
      .value();
  linker
      .define(bank + "[method]account.pay",
              [](Account &self, std::uint32_t amount) { return self.pay(amount); })
      .value();
  const auto component = load("guests/wat/accounts.wat", {"saver", nullptr, &linker});
  expect_error(component.call_text("save(100)"), Code::host, "define_resource");
}

TEST(ResourceTable, tells_types_apart_and_reuses_numbers) {
  wasmcell::detail::ResourceTable table;
  const std::uint64_t first = table.put(std::make_unique<int>(1));
  const std::uint64_t second = table.put(std::make_unique<std::string>("two"));
  EXPECT_EQ(*table.find<int>(first), 1);
  EXPECT_EQ(table.find<std::string>(first), nullptr);
  EXPECT_EQ(table.find<int>(99), nullptr);
  EXPECT_EQ(*table.take<int>(first), 1);
  EXPECT_EQ(table.take<int>(first), nullptr);
  EXPECT_EQ(table.put(std::make_unique<int>(3)), first);
  EXPECT_EQ(*table.find<std::string>(second), "two");
}

}  // namespace
