/* What a step came to, compared with what its block expects. */
#ifndef CONFORMANCE_EXPECT_H
#define CONFORMANCE_EXPECT_H

#include "text.h"

/* What a step came to: an error, or else a text, a status, or nothing but success. */
typedef struct {
  runtime_error_t *error;
  char *text;
  bool ran;
  int32_t status;
  uint64_t fuel_used;
  runtime_output_t *output;
  const char *printed;
  const char *logged;
  bool poisoned;
  unsigned drops;
} outcome_t;

static void outcome_free(outcome_t *outcome) {
  runtime_error_free(outcome->error);
  free(outcome->text);
  runtime_output_free(outcome->output);
}

static const char *trap_name(runtime_trap_t trap) {
  switch (trap) {
    case RUNTIME_TRAP_NONE: return "none";
    case RUNTIME_TRAP_UNREACHABLE: return "unreachable";
    case RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS: return "memory-out-of-bounds";
    case RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS: return "table-out-of-bounds";
    case RUNTIME_TRAP_INDIRECT_CALL_TO_NULL: return "indirect-call-to-null";
    case RUNTIME_TRAP_BAD_SIGNATURE: return "bad-signature";
    case RUNTIME_TRAP_INTEGER_OVERFLOW: return "integer-overflow";
    case RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO: return "integer-division-by-zero";
    case RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER: return "bad-conversion-to-integer";
    case RUNTIME_TRAP_STACK_OVERFLOW: return "stack-overflow";
    case RUNTIME_TRAP_CANONICAL_ABI: return "canonical-abi";
    case RUNTIME_TRAP_NULL_REFERENCE: return "null-reference";
    case RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS: return "array-out-of-bounds";
    case RUNTIME_TRAP_CAST_FAILURE: return "cast-failure";
    case RUNTIME_TRAP_UNCAUGHT_EXCEPTION: return "uncaught-exception";
    case RUNTIME_TRAP_OTHER: return "other";
    default: return "unknown";
  }
}

static void expect_text(const char *what, const char *actual, const char *expected) {
  if (actual == NULL || !same(actual, expected))
    complain("%s is \"%s\", expected \"%s\"", what, actual != NULL ? actual : "(none)", expected);
}

static void expect_part(const char *what, const char *actual, const char *part) {
  if (strstr(actual, part) == NULL)
    complain("%s is \"%s\", expected \"...%s...\"", what, actual, part);
}

static void expect_start(const char *actual, const char *start) {
  if (actual == NULL || strncmp(actual, start, strlen(start)) != 0)
    complain("the result is \"%s\", expected \"%s...\"", actual != NULL ? actual : "(none)",
             start);
}

static void expect_number(const char *what, uint64_t actual, const char *expected) {
  if (actual != number(expected))
    complain("%s is %llu, expected %s", what, (unsigned long long)actual, expected);
}

static void expect_bool(const char *what, bool actual, const char *expected) {
  if (actual != yes(expected)) complain("%s is not %s", what, expected);
}

/* One of the guest's functions on the stack is called so. */
static void expect_frame(const runtime_error_t *error, const char *name) {
  for (size_t i = 0; i < runtime_error_frame_count(error); i++) {
    runtime_frame_t frame = RUNTIME_FRAME_INIT;
    CHECK(runtime_error_frame(error, i, &frame));
    if (same(frame.function, name)) return;
  }
  complain("no function `%s` among the %zu frames", name, runtime_error_frame_count(error));
}

static void expect_printed(const outcome_t *outcome, const char *stream, const char *expected) {
  bool out = same(stream, "stdout");
  const char *printed = (out ? runtime_output_stdout : runtime_output_stderr)(outcome->output);
  size_t len = (out ? runtime_output_stdout_len : runtime_output_stderr_len)(outcome->output);
  char *text = unescape(expected);
  expect_text(stream, printed, text);
  if (strlen(text) != len) complain("%s has %zu bytes, expected %zu", stream, len, strlen(text));
  free(text);
}

static void expect_unescaped(const char *what, const char *actual, const char *expected) {
  char *text = unescape(expected);
  expect_text(what, actual, text);
  free(text);
}

/* Compares with one line; false if it is none of those that expect something. */
static bool expect_line(const outcome_t *outcome, const entry_t *entry) {
  const runtime_error_t *error = outcome->error;
  const char *key = entry->key;
  const char *value = entry->value;
  if (same(key, "expect")) {
    expect_text("the result", outcome->text, value);
  } else if (same(key, "expect begins")) {
    expect_start(outcome->text, value);
  } else if (same(key, "error")) {
    expect_text("the error", runtime_error_code_name((int32_t)runtime_error_code(error)), value);
  } else if (same(key, "exit")) {
    if (outcome->ran) expect_number("the exit status", (uint64_t)outcome->status, value);
  } else if (same(key, "message")) {
    expect_text("the message", runtime_error_message(error), value);
  } else if (same(key, "message contains")) {
    expect_part("the message", runtime_error_message(error), value);
  } else if (same(key, "trap")) {
    expect_text("the trap", trap_name(runtime_error_trap(error)), value);
  } else if (same(key, "exit status")) {
    expect_number("the error's exit status", (uint64_t)runtime_error_exit_status(error), value);
  } else if (same(key, "frame")) {
    expect_frame(error, value);
  } else if (same(key, "fuel used")) {
    expect_number("the fuel used", outcome->fuel_used, value);
  } else if (same(key, "stdout") || same(key, "stderr")) {
    expect_printed(outcome, key, value);
  } else if (same(key, "printed")) {
    expect_unescaped("what is printed", outcome->printed, value);
  } else if (same(key, "logged")) {
    expect_part("the log", outcome->logged, value);
  } else if (same(key, "truncated")) {
    expect_bool("truncated", runtime_output_is_truncated(outcome->output), value);
  } else if (same(key, "poisoned")) {
    expect_bool("poisoned", outcome->poisoned, value);
  } else if (same(key, "drops")) {
    expect_number("the count of drops", outcome->drops, value);
  } else {
    return false;
  }
  return true;
}

/* Compares with everything that the block expects. What it does not mention must be a success. */
static void expect_all(const outcome_t *outcome, const block_t *block) {
  bool fails = block_get(block, "error") != NULL;
  if (!fails && outcome->error != NULL)
    complain("%s: %s", runtime_error_code_name((int32_t)runtime_error_code(outcome->error)),
             runtime_error_message(outcome->error));
  if (outcome->text != NULL && block_get(block, "expect") == NULL &&
      block_get(block, "expect begins") == NULL)
    complain("%s \"%s\"", fails ? "it gives" : "no line says what to expect, which is",
             outcome->text);
  if (outcome->ran && block_get(block, "exit") == NULL)
    complain("no line says which exit status to expect");
  for (size_t i = 0; i < block->len; i++) {
    at.line = block->entries[i].line;
    expect_line(outcome, &block->entries[i]);
  }
}

#endif
