/* The host functions that every driver defines, in `wasmcell:test/host@0.1.0`. */
#ifndef CONFORMANCE_HOST_H
#define CONFORMANCE_HOST_H

#include <pthread.h>
#include <time.h>

#include "text.h"

enum { MAX_COUNTERS = 64, MAX_REPLIES = 64 };

/* An answer on its way, from a thread of its own; 0 ms for one that never comes. */
typedef struct {
  runtime_reply_t *reply;
  uint32_t ms;
  pthread_t thread;
} later_t;

/* What the host functions of one scenario share. */
typedef struct {
  pthread_mutex_t lock;
  uint32_t counters[MAX_COUNTERS];
  uint32_t counter_count;
  unsigned drops;
  later_t laters[MAX_REPLIES];
  size_t later_count;
  const runtime_component_t *component;
} host_t;

static void sleep_ms(uint64_t ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  while (nanosleep(&time, &time) != 0) continue;
}

/* What a `context:` line attaches to a call, as a pointer that lives as long as the file's text. */
static void *context_of(const char *text) { return (void *)(uintptr_t)text; }

static runtime_value_t value_u32(uint32_t n) {
  runtime_value_t value;
  memset(&value, 0, sizeof value);
  value.kind = RUNTIME_KIND_U32;
  value.of.u32 = n;
  return value;
}

/* A string in the memory of the call. */
static runtime_value_t value_string(runtime_call_t *call, const char *text, size_t len) {
  runtime_value_t value;
  memset(&value, 0, sizeof value);
  value.kind = RUNTIME_KIND_STRING;
  char *copy = runtime_call_alloc(call, len + 1, 1);
  CHECK(copy != NULL);
  memcpy(copy, text, len);
  value.of.string.ptr = copy;
  value.of.string.len = len;
  return value;
}

static runtime_error_t *host_same(void *data, runtime_call_t *call, const runtime_value_t *args,
                                  size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)call;
  CHECK(args_len == 1 && results_len == 1);
  results[0] = args[0];
  return NULL;
}

static runtime_error_t *host_add(void *data, runtime_call_t *call, const runtime_value_t *args,
                                 size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)call;
  CHECK(args_len == 2 && results_len == 1);
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  return NULL;
}

static runtime_error_t *host_fail(void *data, runtime_call_t *call, const runtime_value_t *args,
                                  size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)call, (void)results;
  CHECK(args_len == 1 && results_len == 0);
  return runtime_error_new(args[0].of.string.ptr, args[0].of.string.len);
}

static runtime_error_t *host_slow(void *data, runtime_call_t *call, const runtime_value_t *args,
                                  size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)call;
  CHECK(args_len == 1 && results_len == 1);
  sleep_ms(args[0].of.u32);
  results[0] = args[0];
  return NULL;
}

static void *answer_later(void *data) {
  const later_t *later = data;
  runtime_value_t result = value_u32(later->ms);
  sleep_ms(later->ms);
  runtime_reply_complete(later->reply, &result, 1, NULL);
  return NULL;
}

/* Puts the answer off: until a thread has slept, or until the scenario is over. */
static runtime_error_t *host_later(void *data, runtime_call_t *call, const runtime_value_t *args,
                                   size_t args_len, runtime_value_t *results, size_t results_len) {
  host_t *host = data;
  (void)results;
  CHECK(results_len == 1);
  CHECK(pthread_mutex_lock(&host->lock) == 0);
  CHECK(host->later_count < MAX_REPLIES);
  later_t *later = &host->laters[host->later_count++];
  CHECK_OK(runtime_call_defer(call, &later->reply));
  later->ms = args_len == 1 ? args[0].of.u32 : 0;
  if (later->ms > 0) CHECK(pthread_create(&later->thread, NULL, answer_later, later) == 0);
  CHECK(pthread_mutex_unlock(&host->lock) == 0);
  return NULL;
}

static runtime_error_t *host_forget(void *data, runtime_call_t *call, const runtime_value_t *args,
                                    size_t args_len, runtime_value_t *results,
                                    size_t results_len) {
  runtime_reply_t *reply = NULL;
  (void)data, (void)args, (void)results;
  CHECK(args_len == 0 && results_len == 1);
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_reply_free(reply);
  return NULL;
}

static runtime_error_t *host_wrong(void *data, runtime_call_t *call, const runtime_value_t *args,
                                   size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)args;
  CHECK(args_len == 0 && results_len == 1);
  results[0] = value_string(call, "wrong", 5);
  return NULL;
}

static runtime_error_t *host_context(void *data, runtime_call_t *call, const runtime_value_t *args,
                                     size_t args_len, runtime_value_t *results,
                                     size_t results_len) {
  const char *text = runtime_call_context(call);
  (void)data, (void)args;
  CHECK(args_len == 0 && results_len == 1);
  if (text == NULL) text = "none";
  results[0] = value_string(call, text, strlen(text));
  return NULL;
}

/* Calls `echo` of the scenario's component. */
static runtime_error_t *host_again(void *data, runtime_call_t *call, const runtime_value_t *args,
                                   size_t args_len, runtime_value_t *results, size_t results_len) {
  host_t *host = data;
  runtime_function_t *echo = NULL;
  runtime_values_t *answer = NULL;
  CHECK(args_len == 1 && results_len == 1 && host->component != NULL);
  CHECK_OK(runtime_component_function(host->component, "echo", 4, &echo));
  runtime_error_t *error = runtime_function_call(echo, args, args_len, NULL, &answer);
  if (error == NULL) {
    const runtime_string_t *text = &runtime_values_data(answer)->of.string;
    results[0] = value_string(call, text->ptr, text->len);
  }
  runtime_values_free(answer);
  runtime_function_free(echo);
  return error;
}

static runtime_error_t *host_counter_new(void *data, runtime_call_t *call,
                                         const runtime_value_t *args, size_t args_len,
                                         runtime_value_t *results, size_t results_len) {
  host_t *host = data;
  (void)call;
  CHECK(args_len == 1 && results_len == 1);
  CHECK(pthread_mutex_lock(&host->lock) == 0);
  CHECK(host->counter_count < MAX_COUNTERS);
  host->counters[host->counter_count] = args[0].of.u32;
  results[0].kind = RUNTIME_KIND_OWN;
  results[0].of.resource = host->counter_count++;
  CHECK(pthread_mutex_unlock(&host->lock) == 0);
  return NULL;
}

static runtime_error_t *host_counter_next(void *data, runtime_call_t *call,
                                          const runtime_value_t *args, size_t args_len,
                                          runtime_value_t *results, size_t results_len) {
  host_t *host = data;
  (void)call;
  CHECK(args_len == 1 && results_len == 1 && args[0].kind == RUNTIME_KIND_BORROW);
  CHECK(pthread_mutex_lock(&host->lock) == 0);
  CHECK(args[0].of.resource < host->counter_count);
  results[0] = value_u32(++host->counters[args[0].of.resource]);
  CHECK(pthread_mutex_unlock(&host->lock) == 0);
  return NULL;
}

static void host_counter_drop(void *data, uint32_t counter) {
  host_t *host = data;
  CHECK(pthread_mutex_lock(&host->lock) == 0);
  CHECK(counter < host->counter_count);
  host->drops++;
  CHECK(pthread_mutex_unlock(&host->lock) == 0);
}

static const struct {
  const char *name;
  runtime_host_fn_t run;
} host_functions[] = {
    {"echo", host_same},       {"add", host_add},       {"fail", host_fail},
    {"throw", host_fail},      {"later", host_later},   {"slow", host_slow},
    {"never", host_later},     {"forget", host_forget}, {"wrong", host_wrong},
    {"context", host_context}, {"again", host_again},   {"[constructor]counter", host_counter_new},
    {"[method]counter.next", host_counter_next},
};

/* Defines the function that `name` stands for, which may have a type behind it. */
static runtime_error_t *host_define_one(host_t *host, runtime_linker_t *linker, const char *name) {
  char path[256];
  size_t i = 0;
  size_t len = strcspn(name, ":");
  int path_len = snprintf(path, sizeof path, "wasmcell:test/host@0.1.0#%s", name);
  CHECK(path_len < (int)sizeof path);
  if (strncmp(name, "same-", 5) == 0)
    return runtime_linker_define(linker, path, (size_t)path_len, host_same, host, NULL);
  while (i < sizeof host_functions / sizeof *host_functions &&
         (strlen(host_functions[i].name) != len || memcmp(host_functions[i].name, name, len) != 0))
    i++;
  if (i == sizeof host_functions / sizeof *host_functions)
    MALFORMED("no host function `%s`", name);
  return runtime_linker_define(linker, path, (size_t)path_len, host_functions[i].run, host, NULL);
}

/* All of them, as hosts have them: in one table. */
static runtime_error_t *host_define_all(host_t *host, runtime_linker_t *linker) {
  enum { COUNT = sizeof host_functions / sizeof *host_functions };
  static char paths[COUNT][64];
  runtime_definition_t table[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    const runtime_definition_t definition = RUNTIME_DEFINITION_INIT;
    table[i] = definition;
    snprintf(paths[i], sizeof paths[i], "wasmcell:test/host@0.1.0#%s", host_functions[i].name);
    table[i].path = paths[i];
    table[i].callback = host_functions[i].run;
  }
  return runtime_linker_define_all(linker, table, COUNT, host, NULL);
}

/* `host: name`, `host: name: type`, `host: all` or `host: unresolved trap` */
static runtime_error_t *host_define(host_t *host, runtime_linker_t *linker, const char *what) {
  static const char counter[] = "wasmcell:test/host@0.1.0#counter";
  runtime_error_t *error = NULL;
  if (same(what, "unresolved trap")) {
    runtime_linker_unresolved_trap(linker);
    return NULL;
  }
  if (!same(what, "all") && !same(what, "counter")) return host_define_one(host, linker, what);
  if (same(what, "all")) error = host_define_all(host, linker);
  if (error != NULL) return error;
  return runtime_linker_define_resource(linker, counter, sizeof counter - 1, host_counter_drop,
                                        host, NULL);
}

static unsigned host_drops(host_t *host) {
  CHECK(pthread_mutex_lock(&host->lock) == 0);
  unsigned drops = host->drops;
  CHECK(pthread_mutex_unlock(&host->lock) == 0);
  return drops;
}

static void host_init(host_t *host) { CHECK(pthread_mutex_init(&host->lock, NULL) == 0); }

/* After everything that could call a host function. */
static void host_free(host_t *host) {
  for (size_t i = 0; i < host->later_count; i++) {
    if (host->laters[i].ms > 0) {
      CHECK(pthread_join(host->laters[i].thread, NULL) == 0);
    } else {
      runtime_reply_free(host->laters[i].reply);
    }
  }
  CHECK(pthread_mutex_destroy(&host->lock) == 0);
}

#endif
