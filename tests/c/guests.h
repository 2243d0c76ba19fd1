/* A guest that does one of everything that a call can do, and short ways to call it. */
#ifndef GUESTS_H
#define GUESTS_H

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

static const char guest_wat[] =
    "(component"
    "  (import \"wasi:io/poll@0.2.0\" (instance $poll"
    "    (export \"pollable\" (type $p (sub resource)))"
    "    (export \"[method]pollable.block\" (func (param \"self\" (borrow $p))))))"
    "  (alias export $poll \"pollable\" (type $pollable))"
    "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $clock"
    "    (alias outer 1 $pollable (type $outer))"
    "    (export \"pollable\" (type $p (eq $outer)))"
    "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $p))))))"
    "  (core func $block (canon lower (func $poll \"[method]pollable.block\")))"
    "  (core func $after (canon lower (func $clock \"subscribe-duration\")))"
    "  (core func $drop (canon resource.drop $pollable))"
    "  (core module $m"
    "    (import \"\" \"block\" (func $block (param i32)))"
    "    (import \"\" \"after\" (func $after (param i64) (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (memory (export \"memory\") 1)"
    "    (global $sum (mut i32) (i32.const 0))"
    "    (global $top (mut i32) (i32.const 64))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (local $at i32)"
    "      (local.set $at (global.get $top))"
    "      (global.set $top (i32.add (global.get $top) (local.get 3)))"
    "      (local.get $at))"
    "    (func (export \"add\") (param i32) (result i32)"
    "      (global.set $sum (i32.add (global.get $sum) (local.get 0)))"
    "      (global.get $sum))"
    "    (func (export \"echo\") (param i32 i32) (result i32)"
    "      (i32.store (i32.const 0) (local.get 0))"
    "      (i32.store (i32.const 4) (local.get 1))"
    "      (i32.const 0))"
    "    (func (export \"sleep\") (param i64)"
    "      (local $p i32)"
    "      (local.set $p (call $after (i64.mul (local.get 0) (i64.const 1000000))))"
    "      (call $block (local.get $p))"
    "      (call $drop (local.get $p)))"
    "    (func (export \"work\") (param i64) (result i64)"
    "      (local $i i64)"
    "      (loop $again"
    "        (local.set $i (i64.add (local.get $i) (i64.const 1)))"
    "        (br_if $again (i64.lt_u (local.get $i) (local.get 0))))"
    "      (local.get $i))"
    "    (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    "    (func $deep (export \"recurse\") (call $deep))"
    "    (func (export \"spin\") (loop $for-ever (br $for-ever)))"
    "    (func (export \"trap\") unreachable))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"block\" (func $block))"
    "    (export \"after\" (func $after))"
    "    (export \"drop\" (func $drop))))))"
    "  (func (export \"add\") (param \"n\" u32) (result u32) (canon lift (core func $i \"add\")))"
    "  (func (export \"echo\") (param \"text\" string) (result string)"
    "    (canon lift (core func $i \"echo\") (memory (core memory $i \"memory\"))"
    "      (realloc (core func $i \"realloc\"))))"
    "  (func (export \"sleep\") (param \"ms\" u64) (canon lift (core func $i \"sleep\")))"
    "  (func (export \"work\") (param \"n\" u64) (result u64) (canon lift (core func $i \"work\")))"
    "  (func (export \"grow\") (param \"n\" u32) (result s32) (canon lift (core func $i \"grow\")))"
    "  (func (export \"recurse\") (canon lift (core func $i \"recurse\")))"
    "  (func (export \"spin\") (canon lift (core func $i \"spin\")))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\"))))";

/* A runtime, the guest in it, and its functions. */
typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *add, *echo, *sleep, *work, *grow, *recurse, *spin, *trap;
} guest_t;

static inline runtime_function_t *guest_function(const guest_t *guest, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(guest->component, name, strlen(name), &function));
  return function;
}

static inline void guest_take_functions(guest_t *guest) {
  guest->add = guest_function(guest, "add");
  guest->echo = guest_function(guest, "echo");
  guest->sleep = guest_function(guest, "sleep");
  guest->work = guest_function(guest, "work");
  guest->grow = guest_function(guest, "grow");
  guest->recurse = guest_function(guest, "recurse");
  guest->spin = guest_function(guest, "spin");
  guest->trap = guest_function(guest, "trap");
}

/* Loads the guest into a runtime built from `builder`, which is consumed. */
static inline void guest_make(guest_t *guest, runtime_builder_t *builder) {
  CHECK_OK(runtime_build(builder, &guest->runtime));
  runtime_builder_free(builder);
  CHECK_OK(runtime_component_new(guest->runtime, (const uint8_t *)guest_wat, strlen(guest_wat),
                                 NULL, &guest->component));
  guest_take_functions(guest);
}

static inline void guest_free(guest_t *guest) {
  runtime_function_free(guest->add);
  runtime_function_free(guest->echo);
  runtime_function_free(guest->sleep);
  runtime_function_free(guest->work);
  runtime_function_free(guest->grow);
  runtime_function_free(guest->recurse);
  runtime_function_free(guest->spin);
  runtime_function_free(guest->trap);
  runtime_component_free(guest->component);
  runtime_free(guest->runtime);
}

/* A builder for runtimes with `instances` instances, small enough for any machine. */
static inline runtime_builder_t *guest_builder(uint64_t instances) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, instances);
  runtime_builder_max_linear_memory(builder, 1 << 20);
  runtime_builder_max_memories_per_component(builder, 1);
  runtime_builder_max_core_instances_per_component(builder, 4);
  runtime_builder_epoch_tick(builder, 5);
  return builder;
}

static inline runtime_value_t value_u32(uint32_t n) {
  runtime_value_t value;
  memset(&value, 0, sizeof value);
  value.kind = RUNTIME_KIND_U32;
  value.of.u32 = n;
  return value;
}

static inline runtime_value_t value_u64(uint64_t n) {
  runtime_value_t value;
  memset(&value, 0, sizeof value);
  value.kind = RUNTIME_KIND_U64;
  value.of.u64 = n;
  return value;
}

static inline runtime_value_t value_string(const char *text) {
  runtime_value_t value;
  memset(&value, 0, sizeof value);
  value.kind = RUNTIME_KIND_STRING;
  value.of.string.ptr = text;
  value.of.string.len = strlen(text);
  return value;
}

/* Releases `results`, which are one u32. */
static inline uint32_t take_u32(runtime_values_t *results) {
  CHECK(runtime_values_len(results) == 1);
  CHECK(runtime_values_data(results)->kind == RUNTIME_KIND_U32);
  uint32_t n = runtime_values_data(results)->of.u32;
  runtime_values_free(results);
  return n;
}

/* Calls a function without arguments or with one, and forgets the results. */
static inline runtime_error_t *call(const runtime_function_t *function, const runtime_value_t *arg,
                                    const runtime_call_options_t *options) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_function_call(function, arg, arg != NULL, options, &results);
  CHECK((error == NULL) == (results != NULL));
  runtime_values_free(results);
  return error;
}

static inline uint64_t now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void pause_ms(uint64_t ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  while (nanosleep(&time, &time) != 0) continue;
}

static inline pthread_t thread_start(void *(*body)(void *), void *data) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, body, data) == 0);
  return thread;
}

static inline void thread_join(pthread_t thread) {
  CHECK(pthread_join(thread, NULL) == 0);
}

/* Threads of this process. */
static inline int thread_count(void) {
  int count = -2; /* . and .. */
  DIR *directory = opendir("/proc/self/task");
  CHECK(directory != NULL);
  while (readdir(directory) != NULL) count++;
  CHECK(closedir(directory) == 0);
  return count;
}

/* Whether there are no more than `count` threads. One that was waited for is still listed for a
 * moment, which on a busy machine is a long one. */
static inline int has_at_most(int count) {
  for (int i = 0; i < 60000 && thread_count() > count; i++) pause_ms(1);
  return thread_count() <= count;
}

/* Whether there are `count` threads. */
static inline int has_threads(int count) {
  return has_at_most(count) && thread_count() == count;
}

/* Fewer where every instruction takes long. */
static inline size_t scaled(size_t count) {
  return getenv("WASMCELL_TEST_SMALL") != NULL ? count / 50 + 2 : count;
}

#endif
