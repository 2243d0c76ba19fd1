/* What a scenario grants its guest. */
#ifndef CONFORMANCE_SANDBOX_H
#define CONFORMANCE_SANDBOX_H

#include "scratch.h"

enum { MAX_PRINTED = 65536 };

/* A sandbox, and what its callbacks read and write. */
typedef struct {
  runtime_sandbox_t *sandbox;
  char *input;
  const char *failure;
  size_t read;
  char printed[MAX_PRINTED];
  size_t printed_len;
  bool lines;
} grants_t;

static void printed_add(grants_t *grants, const void *bytes, size_t len) {
  CHECK(len < MAX_PRINTED - grants->printed_len);
  memcpy(grants->printed + grants->printed_len, bytes, len);
  grants->printed_len += len;
}

/* Receives what the guest prints; with a `>` before each piece, if those are to be lines. */
static void grants_write(void *data, void *context, const uint8_t *bytes, size_t len) {
  grants_t *grants = data;
  (void)context;
  if (grants->lines) printed_add(grants, ">", 1);
  printed_add(grants, bytes, len);
}

/* Gives three bytes at a time. */
static runtime_error_t *grants_read(void *data, void *context, uint8_t *buffer, size_t capacity,
                                    size_t *len) {
  grants_t *grants = data;
  (void)context;
  size_t left = grants->input != NULL ? strlen(grants->input) - grants->read : 0;
  if (grants->failure != NULL) return runtime_error_new(grants->failure, strlen(grants->failure));
  *len = left < 3 ? left : 3;
  if (*len > capacity) *len = capacity;
  if (*len > 0) memcpy(buffer, grants->input + grants->read, *len);
  grants->read += *len;
  return NULL;
}

/* `read,write,list` */
static uint64_t rights_read(const char *text) {
  uint64_t rights = 0;
  for (const char *next = text; *next != '\0'; next += strspn(next, ",")) {
    size_t len = strcspn(next, ",");
    if (len == 4 && memcmp(next, "read", 4) == 0) {
      rights |= RUNTIME_RIGHT_READ;
    } else if (len == 5 && memcmp(next, "write", 5) == 0) {
      rights |= RUNTIME_RIGHT_WRITE;
    } else if (len == 4 && memcmp(next, "list", 4) == 0) {
      rights |= RUNTIME_RIGHT_LIST;
    } else {
      MALFORMED("no right `%s`", next);
    }
    next += len;
  }
  return rights;
}

/* `stdin bytes text`, `stdin callback text` or `stdin fail message` */
static runtime_error_t *grant_stdin(grants_t *grants, const char *how) {
  char *words[2];
  runtime_error_t *error = NULL;
  split(how, 2, words);
  free(grants->input);
  grants->input = unescape(words[1]);
  if (same(words[0], "bytes")) {
    error = runtime_sandbox_stdin_bytes(grants->sandbox, (const uint8_t *)grants->input,
                                        strlen(grants->input));
  } else if (same(words[0], "callback")) {
    error = runtime_sandbox_stdin_callback(grants->sandbox, grants_read, grants, NULL);
  } else if (same(words[0], "fail")) {
    grants->failure = grants->input;
    error = runtime_sandbox_stdin_callback(grants->sandbox, grants_read, grants, NULL);
  } else {
    MALFORMED("no stdin `%s`", words[0]);
  }
  free(words[0]);
  return error;
}

/* `stdout capture`, `stdout callback` or `stdout lines`; `stderr` likewise */
static runtime_error_t *grant_output(grants_t *grants, bool out, const char *how) {
  if (same(how, "capture"))
    return (out ? runtime_sandbox_stdout_capture
                : runtime_sandbox_stderr_capture)(grants->sandbox);
  grants->lines = same(how, "lines");
  if (!grants->lines && !same(how, "callback")) MALFORMED("no output `%s`", how);
  return (out ? runtime_sandbox_stdout_callback : runtime_sandbox_stderr_callback)(
      grants->sandbox, grants_write, grants->lines ? RUNTIME_WRITE_WHOLE_LINES : 0, grants, NULL);
}

/* `directory sub /guest read,write,list`, where `.` is the scratch directory itself */
static runtime_error_t *grant_directory(grants_t *grants, const char *scratch, const char *text) {
  char path[MAX_PATH];
  char *words[3];
  split(text, 3, words);
  join(path, scratch, words[0]);
  runtime_error_t *error =
      runtime_sandbox_directory(grants->sandbox, path, strlen(path), words[1], strlen(words[1]),
                                rights_read(words[2]));
  free(words[0]);
  return error;
}

/* `allow-connect addresses first-port last-port` or `allow-bind` likewise */
static runtime_error_t *grant_addresses(grants_t *grants, bool connect, const char *text) {
  char *words[3];
  split(text, 3, words);
  runtime_error_t *error =
      (connect ? runtime_sandbox_allow_connect : runtime_sandbox_allow_bind)(
          grants->sandbox, words[0], strlen(words[0]), (uint16_t)number(words[1]),
          (uint16_t)number(words[2]));
  free(words[0]);
  return error;
}

/* `env KEY=VALUE` or `config KEY=VALUE` */
static runtime_error_t *grant_pair(grants_t *grants, bool env, const char *text) {
  const char *equals = strchr(text, '=');
  if (equals == NULL) MALFORMED("`%s` is not KEY=VALUE", text);
  return (env ? runtime_sandbox_env : runtime_sandbox_config)(
      grants->sandbox, text, (size_t)(equals - text), equals + 1, strlen(equals + 1));
}

/* `clock-fixed wall-ns step-ns` */
static runtime_error_t *grant_clock(grants_t *grants, const char *text) {
  char *words[2];
  split(text, 2, words);
  runtime_error_t *error =
      runtime_sandbox_clock_fixed(grants->sandbox, number(words[0]), number(words[1]));
  free(words[0]);
  return error;
}

/* `sandbox: what how` */
static runtime_error_t *grant(grants_t *grants, const char *scratch, const char *text) {
  if (grants->sandbox == NULL) CHECK_OK(runtime_sandbox_new(&grants->sandbox));
  if (same(text, "nothing")) return NULL;
  const char *space = strchr(text, ' ');
  if (space == NULL) MALFORMED("`%s` grants nothing", text);
  const size_t len = (size_t)(space - text);
  const char *how = space + 1;
#define IS(name) (len == sizeof name - 1 && memcmp(text, name, len) == 0)
  if (IS("arg")) return runtime_sandbox_arg(grants->sandbox, how, strlen(how));
  if (IS("env") || IS("config")) return grant_pair(grants, IS("env"), how);
  if (IS("initial-directory"))
    return runtime_sandbox_initial_directory(grants->sandbox, how, strlen(how));
  if (IS("stdin")) return grant_stdin(grants, how);
  if (IS("stdout") || IS("stderr")) return grant_output(grants, IS("stdout"), how);
  if (IS("directory")) return grant_directory(grants, scratch, how);
  if (IS("clock-fixed")) return grant_clock(grants, how);
  if (IS("random-seed")) return runtime_sandbox_random_seed(grants->sandbox, number(how));
  if (IS("allow-connect") || IS("allow-bind"))
    return grant_addresses(grants, IS("allow-connect"), how);
  if (IS("allow-name")) return runtime_sandbox_allow_name(grants->sandbox, how, strlen(how));
#undef IS
  MALFORMED("no grant `%s`", text);
  return NULL;
}

/* After everything that could call back. */
static void grants_free(grants_t *grants) {
  runtime_sandbox_free(grants->sandbox);
  free(grants->input);
}

#endif
