#include "testing.hpp"
#include "types.hpp"

namespace {

using drawing::Counter;
using wasmcell::Resource;

const std::string counters = "wasmcell:test/counters@0.1.0#";
using Make = Resource<Counter>(std::uint32_t);
using Increment = std::uint32_t(const Resource<Counter> &);

class GuestResource : public testing::Test {
 protected:
  wasmcell::Component component = load("guests/kinds.wasm");
  wasmcell::Function<Make> make =
      component.function<Make>(counters + "[constructor]counter").value();
  wasmcell::Function<Increment> increment =
      component.function<Increment>(counters + "[method]counter.increment").value();
  wasmcell::Instance instance = component.instantiate().value();
};

TEST_F(GuestResource, is_lent_as_often_as_one_likes) {
  const auto counter = instance.call(make, 5).value();
  EXPECT_EQ(instance.call(increment, counter).value(), 6U);
  EXPECT_EQ(instance.call(increment, counter).value(), 7U);
  const auto other = instance.call(make, 100).value();
  const auto compare =
      component
          .function<std::int32_t(const Resource<Counter> &, const Resource<Counter> &)>(
              counters + "[static]counter.compare")
          .value();
  EXPECT_EQ(instance.call(compare, counter, other).value(), -1);
  EXPECT_EQ(instance.async(increment, counter).get().value(), 8U);
}

TEST_F(GuestResource, is_dropped_once) {
  auto counter = instance.call(make, 5).value();
  const std::uint64_t handle = counter.handle();
  EXPECT_NE(handle, 0U);
  EXPECT_TRUE(counter.drop().has_value());
  EXPECT_TRUE(counter.drop().has_value());
  expect_error(instance.drop_resource(handle), Code::invalid_argument, "resource");
}

TEST_F(GuestResource, is_dropped_on_the_workers) {
  const std::uint64_t handle = instance.call(make, 5).value().release();
  EXPECT_TRUE(instance.start_drop_resource(handle).value().wait().value().size() == 0);
  expect_error(instance.start_drop_resource(handle), Code::invalid_argument, "resource");
}

TEST_F(GuestResource, is_dropped_by_its_destructor) {
  std::uint64_t handle = 0;
  {
    const auto counter = instance.call(make, 5).value();
    handle = counter.handle();
  }
  expect_error(instance.drop_resource(handle), Code::invalid_argument, "resource");
}

TEST_F(GuestResource, moves) {
  auto first = instance.call(make, 5).value();
  const std::uint64_t handle = first.handle();
  auto second = std::move(first);
  EXPECT_EQ(second.handle(), handle);
  auto third = instance.call(make, 6).value();
  const std::uint64_t replaced = third.handle();
  third = std::move(second);
  EXPECT_EQ(third.handle(), handle);
  expect_error(instance.drop_resource(replaced), Code::invalid_argument);
  auto &same = third;
  third = std::move(same);
  EXPECT_EQ(instance.call(increment, third).value(), 6U);
}

TEST_F(GuestResource, may_be_released_and_adopted) {
  auto counter = instance.call(make, 5).value();
  const std::uint64_t handle = counter.release();
  EXPECT_EQ(counter.handle(), 0U);
  EXPECT_TRUE(instance.drop_resource(handle).has_value());
}

TEST_F(GuestResource, is_adopted_from_values) {
  std::vector<wasmcell::Value> args;
  args.push_back(wasmcell::Value::of(5U));
  const wasmcell::Values results = instance.call(make.any(), args).value();
  const auto counter = instance.adopt<Counter>(results[0].handle());
  EXPECT_EQ(instance.call(increment, counter).value(), 6U);
}

TEST_F(GuestResource, outlives_its_instance_without_harm) {
  auto counter = instance.call(make, 5).value();
  instance = component.instantiate().value();
  expect_error(instance.call(increment, counter), Code::invalid_argument, "resource");
  EXPECT_TRUE(counter.drop().has_value());
}

TEST_F(GuestResource, wants_an_instance) {
  expect_error(make(5), Code::unsupported, "resource");
}

TEST_F(GuestResource, is_checked_by_name) {
  expect_error(
      component.function<std::uint32_t(Resource<Counter>)>(counters + "[method]counter.increment"),
      Code::type_mismatch, "own<counter>", "borrow<counter>");
}

// A guest that takes a resource back for good.
const char keeper[] = R"((component
  (component $c
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "make") (result i32) (call $new (i32.const 7)))
      (func (export "take") (param i32) (call $drop (local.get 0))))
    (type $thing' (resource (rep i32)))
    (core func $new (canon resource.new $thing'))
    (core func $drop (canon resource.drop $thing'))
    (core instance $i (instantiate $m (with "" (instance
      (export "new" (func $new)) (export "drop" (func $drop))))))
    (export $thing "thing" (type $thing'))
    (func (export "make") (result (own $thing)) (canon lift (core func $i "make")))
    (func (export "take") (param "x" (own $thing)) (canon lift (core func $i "take"))))
  (instance $inner (instantiate $c))
  (export "acme:keep/things@1.0.0" (instance $inner))))";

struct Thing {};
WASMCELL_RESOURCE(Thing, thing)

TEST(Resource, is_given_back_for_good) {
  const auto component = wasmcell::Component::from_bytes(runtime(), keeper).value();
  const auto make = component.function<Resource<Thing>()>("acme:keep/things@1.0.0#make").value();
  const auto take =
      component.function<void(Resource<Thing>)>("acme:keep/things@1.0.0#take").value();
  const auto instance = component.instantiate().value();
  auto thing = instance.call(make).value();
  const std::uint64_t handle = thing.handle();
  EXPECT_TRUE(instance.call(take, std::move(thing)).has_value());
  expect_error(instance.drop_resource(handle), Code::invalid_argument);
  expect_error(instance.call(take, Resource<Thing>()), Code::invalid_argument, "resource");
}

const char holder[] =
    "(component"
    "  (import \"acme:bank/accounts@1.0.0\" (instance $bank"
    "    (export \"account\" (type $account (sub resource)))))"
    "  (alias export $bank \"account\" (type $account))"
    "  (core func $drop (canon resource.drop $account))"
    "  (core module $m (import \"\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"keep\") (param i32))"
    "    (func (export \"pass\") (param i32) (result i32) (local.get 0))"
    "    (func (export \"see\") (param i32) (call $drop (local.get 0))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"drop\" (func $drop))))))"
    "  (func (export \"keep\") (param \"a\" (own $account)) (canon lift (core func $i \"keep\")))"
    "  (func (export \"see\") (param \"a\" (borrow $account)) (canon lift (core func $i \"see\")))"
    "  (func (export \"pass\") (param \"a\" (own $account)) (result (own $account))"
    "    (canon lift (core func $i \"pass\"))))";

std::vector<wasmcell::Value> only(wasmcell::Value value) {
  std::vector<wasmcell::Value> values;
  values.push_back(std::move(value));
  return values;
}

// Without an instance, a resource of the host is its number.
TEST(HostResource, is_passed_to_fresh_instances_by_number) {
  std::vector<std::uint32_t> dropped;
  auto linker = wasmcell::Linker::make().value();
  ASSERT_TRUE(linker.define_resource("acme:bank/accounts@1.0.0#account",
                                     [&](std::uint32_t number) { dropped.push_back(number); }));
  wasmcell::ComponentOptions how;
  how.linker = &linker;
  const auto component = wasmcell::Component::from_bytes(runtime(), holder, how).value();
  wasmcell::Report report;
  wasmcell::CallOptions reporting;
  reporting.report = &report;
  ASSERT_TRUE(component.function("see").value().call(only(wasmcell::Value::borrow(7))));
  const auto passed =
      component.function("pass").value().call(only(wasmcell::Value::own(7)), reporting);
  ASSERT_TRUE(passed);
  EXPECT_EQ((*passed)[0].handle(), 7U);
  EXPECT_TRUE(report.resources_taken() && dropped.empty());
  ASSERT_TRUE(component.function("keep").value().call(only(wasmcell::Value::own(7))));
  EXPECT_EQ(dropped, std::vector<std::uint32_t>{7});
  EXPECT_FALSE(component.function("keep").value().call(only(wasmcell::Value::own(1ULL << 32))));
}

}  // namespace
