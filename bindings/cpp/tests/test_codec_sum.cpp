#include "testing.hpp"

namespace {

using wasmcell::Expected;
using wasmcell::Unexpected;

template <typename T>
void echoes(const std::string &name, std::initializer_list<T> values) {
  const auto echo = kind<T(const T &)>(name);
  for (const T &value : values) EXPECT_TRUE(echo(value).value() == value) << name;
}

TEST(OptionCodec, passes_nested_options) {
  using Option = std::optional<std::string>;
  using Nested = std::optional<std::optional<std::uint32_t>>;
  echoes<Option>("echo-option", {std::nullopt, "text", ""});
  echoes<Nested>("echo-option-option", {Nested(), Nested(std::in_place), Nested(7U)});
}

TEST(ResultCodec, passes_results_of_every_shape) {
  using std::monostate;
  echoes<Expected<std::uint64_t, std::string>>("echo-result", {5U, Unexpected<std::string>("no")});
  echoes<Expected<std::string, monostate>>(
      "echo-result-ok-only", {std::string("yes"), Unexpected<monostate>(monostate())});
  echoes<Expected<monostate, std::uint8_t>>(
      "echo-result-error-only", {monostate(), Unexpected<std::uint8_t>(std::uint8_t{255})});
  echoes<Expected<monostate, monostate>>("echo-result-bare",
                                         {monostate(), Unexpected<monostate>(monostate())});
}

TEST(ResultCodec, void_is_nothing) {
  using Bare = Expected<void, std::monostate>;
  using ErrorOnly = Expected<void, std::uint8_t>;
  EXPECT_TRUE(kind<Bare(const Bare &)>("echo-result-bare")(Bare()).value().has_value());
  EXPECT_TRUE(kind<ErrorOnly(const ErrorOnly &)>("echo-result-error-only")(ErrorOnly())
                  .value()
                  .has_value());
  const ErrorOnly failed = Unexpected<std::uint8_t>(std::uint8_t{3});
  EXPECT_EQ(kind<ErrorOnly(const ErrorOnly &)>("echo-result-error-only")(failed).value().error(),
            3);
}

TEST(TupleCodec, passes_tuples_and_pairs) {
  using Three = std::tuple<std::uint8_t, std::string, float>;
  echoes<Three>("echo-tuple", {{7, "seven", 7.5F}});
  const auto outside = load("guests/wasi.wasm");
  using All = std::vector<std::pair<std::string, std::string>>;
  auto sandbox = wasmcell::Sandbox::make().value();
  sandbox.env("KEY", "value").value();
  const auto environment = load("guests/wasi.wasm", {"guest", &sandbox, nullptr})
                               .function<All()>("wasmcell:test/outside@0.1.0#environment")
                               .value();
  EXPECT_EQ(environment().value(), (All{{"KEY", "value"}}));
}

TEST(TupleCodec, passes_fifteen_parameters) {
  using All = std::tuple<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, float, double,
                         std::string, bool, char32_t, std::int8_t, std::int16_t, std::int32_t,
                         std::int64_t, std::vector<std::uint8_t>, std::optional<std::uint8_t>>;
  const auto echo =
      kind<All(std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, float, double,
               std::string_view, bool, char32_t, std::int8_t, std::int16_t, std::int32_t,
               std::int64_t, const std::vector<std::uint8_t> &, std::optional<std::uint8_t>)>(
          "echo-fifteen");
  const All all = {1, 2, 3, 4, 5.5F, 6.5, "g", true, U'i', -10, -11, -12, -13, {14}, 15};
  EXPECT_EQ(echo(1, 2, 3, 4, 5.5F, 6.5, "g", true, U'i', -10, -11, -12, -13, {14}, 15).value(),
            all);
}

TEST(VariantCodec, tells_cases_by_their_place) {
  using Size = std::variant<std::monostate, std::uint64_t, std::pair<std::uint64_t, std::uint64_t>,
                            std::string>;
  echoes<Size>("echo-size",
               {Size(), Size(UINT64_MAX), Size(std::make_pair(1U, 2U)), Size(std::string("huge"))});
}

TEST(SumCodecs, spell_types_as_wit_does) {
  using std::monostate;
  using wasmcell::detail::spelled;
  EXPECT_EQ((spelled<std::optional<std::optional<bool>>>()), "option<option<bool>>");
  EXPECT_EQ((spelled<Expected<std::uint64_t, std::string>>()), "result<u64, string>");
  EXPECT_EQ((spelled<Expected<void, std::string>>()), "result<_, string>");
  EXPECT_EQ((spelled<Expected<bool, monostate>>()), "result<bool>");
  EXPECT_EQ((spelled<Expected<void, monostate>>()), "result");
  EXPECT_EQ((spelled<std::tuple<bool, char32_t>>()), "tuple<bool, char>");
  EXPECT_EQ((spelled<std::variant<monostate, bool>>()), "variant { _, _(bool) }");
}

TEST(SumCodecs, check_types) {
  const auto component = load("guests/kinds.wasm");
  const auto refuses = [&](const auto &result) {
    expect_error(result, Code::type_mismatch, "the host calls it as", "the component has");
  };
  refuses(component.function<void(std::optional<std::string>)>(kinds + "echo-option"));
  refuses(component.function<bool(std::optional<bool>)>(kinds + "echo-option"));
  using Swapped = Expected<std::string, std::uint64_t>;
  refuses(component.function<Swapped(Swapped)>(kinds + "echo-result"));
  using Less = Expected<std::uint64_t, std::monostate>;
  refuses(component.function<Less(Less)>(kinds + "echo-result"));
  using Short = std::tuple<std::uint8_t, std::string>;
  refuses(component.function<Short(Short)>(kinds + "echo-tuple"));
  using Few = std::variant<std::monostate, std::uint64_t>;
  refuses(component.function<Few(Few)>(kinds + "echo-size"));
}

TEST(SumCodecs, fit_or_not) {
  using wasmcell::Value;
  const auto some = Value::some(Value::of(7U));
  EXPECT_EQ(some.view().as<std::optional<std::uint32_t>>().value(), 7U);
  expect_error(some.view().as<std::optional<std::string>>(), Code::type_mismatch);
  const auto err = Value::err();
  using Bare = Expected<void, std::monostate>;
  EXPECT_FALSE(err.view().as<Bare>().value().has_value());
  using Number = Expected<void, std::uint8_t>;
  expect_error(err.view().as<Number>(), Code::type_mismatch, "result<_, u8>");
  const auto third = Value::variant(2);
  using Two = std::variant<std::monostate, std::monostate>;
  expect_error(third.view().as<Two>(), Code::type_mismatch);
}

}  // namespace
