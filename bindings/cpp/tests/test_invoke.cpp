#include "testing.hpp"
#include "types.hpp"

namespace {

using wasmcell::detail::spelled_function;

TEST(Invoke, spells_functions_without_names) {
  EXPECT_EQ((spelled_function<void>()), "func()");
  EXPECT_EQ((spelled_function<bool, std::string_view, const std::vector<double> &>()),
            "func(string, list<f64>) -> bool");
  EXPECT_EQ((spelled_function<wasmcell::Resource<drawing::Counter>,
                              const wasmcell::Resource<drawing::Counter> &,
                              wasmcell::Resource<drawing::Counter>>()),
            "func(borrow<counter>, own<counter>) -> own<counter>");
  EXPECT_EQ((spelled_function<std::unique_ptr<drawing::Counter>, drawing::Counter &,
                              const drawing::Counter &>()),
            "func(borrow<counter>, borrow<counter>) -> own<counter>");
}

TEST(Invoke, references_to_other_types_are_values) {
  EXPECT_EQ((spelled_function<void, const drawing::Point &, drawing::Point &&>()),
            "func(record { x: s32, y: s32 }, record { x: s32, y: s32 })");
}

}  // namespace
