#include <filesystem>
#include <fstream>

#include "testing.hpp"

namespace {

using wasmcell::Error;
using wasmcell::Result;
using wasmcell::Sandbox;

const std::string outside = "wasmcell:test/outside@0.1.0#";

std::string said(const Sandbox &sandbox, const std::string &call) {
  return load("guests/wasi.wasm", {"guest", &sandbox, nullptr}).call_text(outside + call).value();
}

TEST(Sandbox, grants_arguments_environment_and_configuration) {
  auto sandbox = Sandbox::make().value();
  EXPECT_EQ(said(sandbox, "arguments()"), "[]");
  sandbox.arg("one").value();
  sandbox.arg("two").value();
  sandbox.env("KEY", "value").value();
  sandbox.config("colour", "blue").value();
  sandbox.initial_directory("/home").value();
  EXPECT_EQ(said(sandbox, "arguments()"), "[\"one\", \"two\"]");
  EXPECT_EQ(said(sandbox, "environment()"), "[(\"KEY\", \"value\")]");
  EXPECT_EQ(said(sandbox, "config(\"colour\")"), "ok(some(\"blue\"))");
  EXPECT_EQ(said(sandbox, "initial-directory()"), "some(\"/home\")");
}

TEST(Sandbox, refuses_what_is_unusable) {
  auto sandbox = Sandbox::make().value();
  expect_error(sandbox.env("a=b", "c"), Code::invalid_argument, "key");
  expect_error(sandbox.directory("/no-such-directory", "/", wasmcell::Rights::read), Code::io);
  expect_error(sandbox.directory("/", "/", wasmcell::Rights(0)), Code::invalid_argument, "rights");
  expect_error(sandbox.allow_connect("nowhere", 1, 2), Code::invalid_argument, "addresses");
  expect_error(sandbox.allow_bind("127.0.0.1", 2, 1), Code::invalid_argument);
  expect_error(sandbox.allow_name("no name"), Code::invalid_argument, "name");
  expect_error(sandbox.clock_fixed(-1ns, 0ns), Code::invalid_argument, "negative");
}

TEST(Sandbox, grants_directories_with_rights) {
  const auto scratch =
      std::filesystem::temp_directory_path() / ("wasmcell-cpp-" + std::to_string(getpid()));
  std::filesystem::create_directories(scratch);
  std::ofstream(scratch / "file") << "text";
  auto sandbox = Sandbox::make().value();
  sandbox.directory(scratch.string(), "/data", wasmcell::Rights::read | wasmcell::Rights::list)
      .value();
  EXPECT_EQ(said(sandbox, "read-file(\"/data/file\")"), "ok(\"text\")");
  EXPECT_EQ(said(sandbox, "list-directory(\"/data\")"), "ok([\"file\"])");
  EXPECT_EQ(said(sandbox, "write-file(\"/data/new\", \"x\")").substr(0, 4), "err(");
  std::filesystem::remove_all(scratch);
}

TEST(Sandbox, reads_stdin_from_bytes_or_a_callback) {
  auto sandbox = Sandbox::make().value();
  sandbox.stdin_bytes("some input").value();
  EXPECT_EQ(said(sandbox, "read-all()"), "ok(\"some input\")");
  int left = 3;
  sandbox
      .stdin_callback([&left](wasmcell::Span<std::uint8_t> buffer, void *) -> Result<std::size_t> {
        buffer[0] = 'x';
        return left-- > 0 ? 1U : 0U;
      })
      .value();
  EXPECT_EQ(said(sandbox, "read-all()"), "ok(\"xxx\")");
}

TEST(Sandbox, a_stdin_callback_may_fail) {
  const auto fails = [](auto callback, const std::string &message) {
    auto sandbox = Sandbox::make().value();
    sandbox.stdin_callback(callback).value();
    const auto component = load("guests/wasi.wasm", {"guest", &sandbox, nullptr});
    expect_error(component.call_text(outside + "read-all()"), Code::host, message);
  };
  fails(
      [](wasmcell::Span<std::uint8_t>, void *) -> Result<std::size_t> {
        return wasmcell::Unexpected<Error>(Error("no input today"));
      },
      "no input today");
  fails([](wasmcell::Span<std::uint8_t>,
           void *) -> Result<std::size_t> { throw std::runtime_error("it threw"); },
        "it threw");
  fails([](wasmcell::Span<std::uint8_t> buffer,
           void *) -> Result<std::size_t> { return buffer.size() + 1; },
        "room");
}

TEST(Sandbox, sends_output_to_callbacks) {
  auto sandbox = Sandbox::make().value();
  std::string printed;
  std::string complained;
  int context = 7;
  sandbox
      .stdout_callback(
          [&](std::string_view text, void *given) {
            EXPECT_EQ(given, &context);
            printed += ">" + std::string(text);
          },
          wasmcell::Pieces::whole_lines)
      .value();
  sandbox
      .stderr_callback([&](std::string_view text, void *) {
        complained += text;
        throw std::runtime_error("dropped");
      })
      .value();
  const auto component = load("guests/wasi.wasm", {"guest", &sandbox, nullptr});
  wasmcell::CallOptions options;
  options.context = &context;
  component.call_text(outside + "print(\"one\\ntwo\")", options).value();
  component.call_text(outside + "complain(\"no\")", options).value();
  EXPECT_EQ(printed, ">one\n>two");
  EXPECT_EQ(complained, "no");
}

TEST(Sandbox, releases_callbacks) {
  const auto counted = std::make_shared<int>(0);
  {
    auto sandbox = Sandbox::make().value();
    sandbox.stdout_callback([counted](std::string_view, void *) {}).value();
    sandbox
        .stdin_callback(
            [counted](wasmcell::Span<std::uint8_t>, void *) -> Result<std::size_t> { return 0U; })
        .value();
    EXPECT_EQ(counted.use_count(), 3);
  }
  EXPECT_EQ(counted.use_count(), 1);
  Sandbox none(nullptr);
  expect_error(none.stdout_callback([counted](std::string_view, void *) {}), Code::invalid_argument,
               "sandbox");
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(Sandbox, fixes_clocks_and_random_numbers) {
  auto sandbox = Sandbox::make().value();
  sandbox.clock_fixed(1234ns, 0ns).value();
  sandbox.random_seed(5).value();
  EXPECT_EQ(said(sandbox, "wall-clock()"), "1234");
  EXPECT_EQ(said(sandbox, "random()"), said(sandbox, "random()"));
}

TEST(Sandbox, inherits_streams_of_the_process) {
  auto sandbox = Sandbox::make().value();
  EXPECT_TRUE(sandbox.stdin_inherit().has_value());
  EXPECT_TRUE(sandbox.stderr_inherit().has_value());
  sandbox.stdout_inherit().value();
  testing::internal::CaptureStdout();
  static_cast<void>(said(sandbox, "print(\"here\")"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "here");
}

TEST(Sandbox, allows_names_and_addresses) {
  auto sandbox = Sandbox::make().value();
  EXPECT_EQ(said(sandbox, "look-up(\"localhost\")").substr(0, 4), "err(");
  sandbox.allow_name("localhost").value();
  EXPECT_EQ(said(sandbox, "look-up(\"localhost\")").substr(0, 3), "ok(");
  sandbox.allow_bind("127.0.0.1", 0, 65535).value();
  EXPECT_EQ(said(sandbox, "listen(\"127.0.0.1:0\")").substr(0, 3), "ok(");
  sandbox.allow_connect("127.0.0.1", 1, 1).value();
  EXPECT_EQ(said(sandbox, "connect(\"127.0.0.1:1\", \"x\")"), "err(\"connection-refused\")");
}

}  // namespace
