// What a step came to, compared with what its block expects.
#ifndef CONFORMANCE_EXPECT_HPP
#define CONFORMANCE_EXPECT_HPP

#include <array>
#include <wasmcell.hpp>

#include "text.hpp"

namespace conformance {

// What a step came to: an error, or else a text, a status, or nothing but success.
struct Outcome {
  std::optional<wasmcell::Error> error{};
  std::optional<std::string> text{};
  std::optional<std::int32_t> status{};
  std::uint64_t fuel_used = 0;
  const wasmcell::Output *output = nullptr;
  std::string printed{};
  std::string logged{};
  bool poisoned = false;
  unsigned drops = 0;

  // Takes what a function gave: its error here, its value back.
  template <typename T>
  std::optional<T> take(wasmcell::Result<T> result) {
    if (result) return std::move(*result);
    error = result.error();
    return std::nullopt;
  }
  void take(const wasmcell::Result<void> &result) {
    if (!result) error = result.error();
  }
};

inline std::string_view trap_name(wasmcell::Trap trap) {
  using wasmcell::Trap;
  switch (trap) {
    case Trap::none:
      return "none";
    case Trap::unreachable:
      return "unreachable";
    case Trap::memory_out_of_bounds:
      return "memory-out-of-bounds";
    case Trap::table_out_of_bounds:
      return "table-out-of-bounds";
    case Trap::indirect_call_to_null:
      return "indirect-call-to-null";
    case Trap::bad_signature:
      return "bad-signature";
    case Trap::null_reference:
      return "null-reference";
    case Trap::array_out_of_bounds:
      return "array-out-of-bounds";
    case Trap::cast_failure:
      return "cast-failure";
    case Trap::uncaught_exception:
      return "uncaught-exception";
    case Trap::integer_overflow:
      return "integer-overflow";
    case Trap::integer_division_by_zero:
      return "integer-division-by-zero";
    case Trap::bad_conversion_to_integer:
      return "bad-conversion-to-integer";
    case Trap::stack_overflow:
      return "stack-overflow";
    case Trap::canonical_abi:
      return "canonical-abi";
    case Trap::other:
      return "other";
  }
  return "unknown";
}

inline void expect_same(const std::string &what, std::string_view actual,
                        std::string_view expected) {
  if (actual != expected)
    complain(what + " is \"" + std::string(actual) + "\", expected \"" + std::string(expected) +
             "\"");
}

inline void expect_part(const std::string &what, std::string_view actual, std::string_view part) {
  if (actual.find(part) == std::string_view::npos)
    complain(what + " is \"" + std::string(actual) + "\", expected \"..." + std::string(part) +
             "...\"");
}

inline void expect_number(const std::string &what, std::uint64_t actual,
                          const std::string &expected) {
  expect_same(what, std::to_string(actual), std::to_string(number(expected)));
}

inline void expect_bool(const std::string &what, bool actual, const std::string &expected) {
  if (actual != yes(expected)) complain(what + " is not " + expected);
}

// One of the guest's functions on the stack is called so.
inline void expect_frame(const std::vector<wasmcell::Frame> &frames, std::string_view name) {
  for (const wasmcell::Frame &frame : frames)
    if (frame.function == name) return;
  complain("no function `" + std::string(name) + "` among the frames");
}

// Compares with one line about the error.
inline bool expect_error_line(const std::optional<wasmcell::Error> &error, const Entry &entry) {
  const std::string &key = entry.key;
  const std::string &value = entry.value;
  if (key == "error") {
    expect_same("the error", wasmcell::code_name(error ? error->code() : wasmcell::Code::none),
                value);
  } else if (key == "message") {
    expect_same("the message", error ? error->message() : "", value);
  } else if (key == "message contains") {
    expect_part("the message", error ? error->message() : "", value);
  } else if (key == "trap") {
    expect_same("the trap", trap_name(error ? error->trap() : wasmcell::Trap::none), value);
  } else if (key == "exit status") {
    expect_number("the error's exit status",
                  static_cast<std::uint64_t>(error ? error->exit_status() : 0), value);
  } else if (key == "frame") {
    expect_frame(error ? error->frames() : std::vector<wasmcell::Frame>(), value);
  } else {
    return false;
  }
  return true;
}

// Compares with one line; false if it is none of those that expect something.
inline bool expect_line(const Outcome &outcome, const Entry &entry) {
  const std::string &key = entry.key;
  const std::string &value = entry.value;
  if (expect_error_line(outcome.error, entry)) return true;
  if (key == "expect") {
    expect_same("the result", outcome.text.value_or("(none)"), value);
  } else if (key == "expect begins") {
    expect_same("the result's beginning", outcome.text.value_or("").substr(0, value.size()), value);
  } else if (key == "exit") {
    if (outcome.status)
      expect_number("the exit status", static_cast<std::uint64_t>(*outcome.status), value);
  } else if (key == "fuel used") {
    expect_number("the fuel used", outcome.fuel_used, value);
  } else if (key == "stdout") {
    expect_same(key, outcome.output->out(), unescape(value));
  } else if (key == "stderr") {
    expect_same(key, outcome.output->err(), unescape(value));
  } else if (key == "truncated") {
    expect_bool(key, outcome.output->is_truncated(), value);
  } else if (key == "printed") {
    expect_same("what is printed", outcome.printed, unescape(value));
  } else if (key == "logged") {
    expect_part("the log", outcome.logged, value);
  } else if (key == "poisoned") {
    expect_bool(key, outcome.poisoned, value);
  } else if (key == "drops") {
    expect_number("the count of drops", outcome.drops, value);
  } else {
    return false;
  }
  return true;
}

// Compares with everything that the block expects. What it does not mention must be a success.
inline void expect_all(const Outcome &outcome, const Block &block) {
  const bool fails = block.get("error") != nullptr;
  if (!fails && outcome.error)
    complain(std::string(wasmcell::code_name(outcome.error->code())) + ": " +
             std::string(outcome.error->message()));
  if (outcome.text && block.get("expect") == nullptr && block.get("expect begins") == nullptr)
    complain((fails ? "it gives " : "no line says what to expect, which is ") + *outcome.text);
  if (outcome.status && block.get("exit") == nullptr)
    complain("no line says which exit status to expect");
  for (const Entry &entry : block.entries) {
    at.line = entry.line;
    expect_line(outcome, entry);
  }
}

}  // namespace conformance

#endif
