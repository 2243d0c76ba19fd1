/* The guest that tries everything a sandbox may grant, and what it meets: a tape, a server. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define TEXT(text) (text), strlen(text)
#define OUTSIDE "wasmcell:test/outside@0.1.0#"

/* The call gives this text. */
#define EXPECT(component, options, call, text) \
  expect_answer((component), (options), (call), (text), __FILE__, __LINE__)
/* The call fails with this code. */
#define FAILS(component, options, call, code) \
  CHECK_ERROR(outside_call((component), (options), (call), NULL), (code), "")

static runtime_t *outside_runtime;

/* Each guest is compiled once: the cache keeps it. */
static inline void outside_start(void) {
  runtime_builder_t *builder = check_builder();
  runtime_builder_max_components(builder, 4);
  runtime_builder_cache_memory(builder, UINT64_C(1) << 30);
  CHECK_OK(runtime_build(builder, &outside_runtime));
  runtime_builder_free(builder);
}

static inline runtime_sandbox_t *sandbox_make(void) {
  runtime_sandbox_t *sandbox = NULL;
  CHECK_OK(runtime_sandbox_new(&sandbox));
  return sandbox;
}

static inline runtime_component_t *guest_load(const char *name, const runtime_sandbox_t *sandbox) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.sandbox = sandbox;
  runtime_component_t *component = NULL;
  size_t len = 0;
  uint8_t *bytes = check_guest(name, &len);
  CHECK_OK(runtime_component_new(outside_runtime, bytes, len, &options, &component));
  free(bytes);
  return component;
}

static inline runtime_component_t *outside_load(const runtime_sandbox_t *sandbox) {
  return guest_load("wasi.wasm", sandbox);
}

/* Calls a function of the guest; `answer` may be NULL. */
static inline runtime_error_t *outside_call(const runtime_component_t *component,
                                            const runtime_call_options_t *options,
                                            const char *call, runtime_bytes_t **answer) {
  char text[4096];
  runtime_bytes_t *out = NULL;
  CHECK((size_t)snprintf(text, sizeof text, OUTSIDE "%s", call) < sizeof text);
  runtime_error_t *error = runtime_component_call_text(component, TEXT(text), options, &out);
  if (answer != NULL) *answer = out;
  else runtime_bytes_free(out);
  return error;
}

static inline void expect_answer(const runtime_component_t *component,
                                 const runtime_call_options_t *options, const char *call,
                                 const char *expected, const char *file, int line) {
  runtime_bytes_t *answer = NULL;
  check_error(outside_call(component, options, call, &answer), 0, "", file, line);
  check_text((const char *)runtime_bytes_data(answer), expected, file, line);
  runtime_bytes_free(answer);
}

/* What callbacks write down, each time in angle brackets, and read out, three bytes at a time. */
typedef struct {
  char text[1000];
  size_t len;
  size_t read;
  bool fails;
  void *context;
  int finalized;
} tape_t;

static inline void tape_clear(tape_t *tape) {
  memset(tape->text, 0, sizeof tape->text);
  tape->len = 0;
}

static inline void tape_write(void *user_data, void *context, const uint8_t *data,
                              size_t data_len) {
  tape_t *tape = user_data;
  tape->context = context;
  CHECK(data_len > 0 && tape->len + data_len + 3 < sizeof tape->text);
  tape->text[tape->len] = '<';
  memcpy(tape->text + tape->len + 1, data, data_len);
  tape->text[tape->len + data_len + 1] = '>';
  tape->len += data_len + 2;
}

static inline runtime_error_t *tape_read(void *user_data, void *context, uint8_t *buffer,
                                         size_t capacity, size_t *len_out) {
  tape_t *tape = user_data;
  tape->context = context;
  if (tape->fails) return runtime_error_new(TEXT("the tape is torn"));
  size_t left = tape->len - tape->read, len = left < 3 ? left : 3;
  CHECK(capacity >= len && *len_out == 0);
  memcpy(buffer, tape->text + tape->read, len);
  tape->read += len;
  *len_out = len;
  return NULL;
}

static inline void tape_finalize(void *user_data) { ((tape_t *)user_data)->finalized++; }

static pthread_t server_thread;

/* Answers each connection with the line that comes in. */
static inline void *server_run(void *listening) {
  char line[100];
  int peer;
  while ((peer = accept(*(int *)listening, NULL, NULL)) >= 0) {
    ssize_t len = read(peer, line, sizeof line);
    if (len > 0) CHECK(write(peer, line, (size_t)len) == len);
    close(peer);
  }
  free(listening);
  return NULL;
}

/* A server on 127.0.0.1. */
static inline int server_start(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t len = sizeof address;
  int *listening = malloc(sizeof *listening);
  CHECK(listening != NULL);
  *listening = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(*listening, (struct sockaddr *)&address, len) == 0 && listen(*listening, 5) == 0);
  CHECK(getsockname(*listening, (struct sockaddr *)&address, &len) == 0);
  *port = ntohs(address.sin_port);
  int fd = *listening;
  CHECK(pthread_create(&server_thread, NULL, server_run, listening) == 0);
  return fd;
}

static inline void server_stop(int listening) {
  shutdown(listening, SHUT_RDWR);
  CHECK(pthread_join(server_thread, NULL) == 0);
  close(listening);
}

#endif
