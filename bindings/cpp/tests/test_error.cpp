#include <thread>

#include "testing.hpp"

namespace {

static_assert(std::is_nothrow_move_constructible_v<wasmcell::Error>);
static_assert(std::is_copy_constructible_v<wasmcell::Error>);
static_assert(!std::is_convertible_v<std::string_view, wasmcell::Error>);

TEST(Error, has_code_and_message) {
  const wasmcell::Error host("it broke");
  EXPECT_EQ(host.code(), Code::host);
  EXPECT_EQ(host.message(), "it broke");
  EXPECT_EQ(host.trap(), wasmcell::Trap::none);
  EXPECT_EQ(host.exit_status(), 0);
  EXPECT_TRUE(host.frames().empty());
  const wasmcell::Error own("no such thing", Code::not_found);
  EXPECT_EQ(own.code(), Code::not_found);
  EXPECT_EQ(wasmcell::code_name(own.code()), "NOT_FOUND");
  EXPECT_EQ(wasmcell::code_name(static_cast<Code>(12345)), "UNKNOWN");
}

TEST(Error, a_trap_has_its_kind_and_frames) {
  const auto result = load("conformance/guests/traps.wat").call_text("unreachable()");
  ASSERT_FALSE(result.has_value());
  const wasmcell::Error &error = result.error();
  EXPECT_EQ(error.code(), Code::trap);
  EXPECT_EQ(error.trap(), wasmcell::Trap::unreachable);
  const auto frames = error.frames();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].function, "innermost");
  EXPECT_EQ(frames[2].function, "outermost");
  EXPECT_EQ(frames[0].line, 0U);
  EXPECT_TRUE(frames[0].file.empty());
  EXPECT_NE(frames[0].offset, UINT64_MAX);
}

TEST(Error, details_are_data) {
  const auto wrong = load("conformance/guests/traps.wat").call_text("unreachable(1)");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().details().import, "");
  const auto refused = wasmcell::Builder().max_stack(1).build();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().details().argument, "max_stack");
  EXPECT_EQ(refused.error().details().setting, "");
  const auto runtime = small_builder().max_component_size(100).build();
  ASSERT_TRUE(runtime.has_value());
  std::vector<std::uint8_t> binary{0, 'a', 's', 'm', 13, 0, 1, 0};
  binary.resize(200);
  const auto large = wasmcell::Component::from_bytes(*runtime, binary);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().details().setting, "max_component_size");
  EXPECT_EQ(large.error().details().asked, 200U);
  EXPECT_EQ(large.error().details().allowed, 100U);
  const wasmcell::Error own("it broke");
  EXPECT_EQ(own.details().argument, "");
  EXPECT_EQ(own.details().allowed, 0U);
}

TEST(Error, an_exit_has_its_status) {
  const auto result =
      load("guests/wasi.wasm").call_text("wasmcell:test/outside@0.1.0#print-and-exit(\"\")");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), Code::exit);
  EXPECT_EQ(result.error().exit_status(), 3);
}

TEST(Error, copies_share_it) {
  wasmcell::Error first("it broke", Code::io);
  const wasmcell::Error second = first;
  EXPECT_EQ(first.get(), second.get());
  // While `second` lives the C object is its own: another one goes away.
  runtime_error_t *released = first.release();
  EXPECT_NE(released, second.get());
  EXPECT_STREQ(runtime_error_message(released), "it broke");
  runtime_error_free(released);
  EXPECT_EQ(second.message(), "it broke");
  EXPECT_EQ(first.get(), nullptr);
  EXPECT_EQ(first.message(), "");
}

TEST(Error, the_only_one_releases_the_object_itself) {
  wasmcell::Error error("it broke");
  runtime_error_t *raw = error.get();
  runtime_error_t *released = error.release();
  EXPECT_EQ(released, raw);
  runtime_error_free(released);
  runtime_error_t *empty = error.release();
  EXPECT_NE(empty, nullptr);
  runtime_error_free(empty);
}

TEST(Error, any_thread_reads_it) {
  const wasmcell::Error error("it broke");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([copy = error] { EXPECT_EQ(copy.message(), "it broke"); });
  for (std::thread &thread : threads) thread.join();
}

}  // namespace
