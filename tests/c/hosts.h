/* Guests that import from their host, and short ways to load them and to count what happens. */
#ifndef HOSTS_H
#define HOSTS_H

#include "guests.h"

/* Passes on to the host whatever it is called with, and back what the host answers. */
static const char host_wat[] =
    "(component"
    "  (import \"acme:host/api@1.0.0\" (instance $api"
    "    (export \"add\" (func (param \"a\" u32) (param \"b\" u32) (result u32)))"
    "    (export \"shout\" (func (param \"text\" string) (result string)))"
    "    (export \"tick\" (func))))"
    "  (core module $memory"
    "    (memory (export \"memory\") 40)"
    "    (global $top (mut i32) (i32.const 1024))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (local $at i32)"
    "      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"
    "      (global.set $top (i32.add (local.get $at) (local.get 3)))"
    "      (local.get $at)))"
    "  (core instance $memory (instantiate $memory))"
    "  (core func $add (canon lower (func $api \"add\")))"
    "  (core func $tick (canon lower (func $api \"tick\")))"
    "  (core func $shout (canon lower (func $api \"shout\")"
    "    (memory (core memory $memory \"memory\"))"
    "    (realloc (core func $memory \"realloc\"))))"
    "  (core module $m"
    "    (import \"\" \"add\" (func $add (param i32 i32) (result i32)))"
    "    (import \"\" \"shout\" (func $shout (param i32 i32 i32)))"
    "    (import \"\" \"tick\" (func $tick))"
    "    (func (export \"add\") (param i32 i32) (result i32)"
    "      (call $add (local.get 0) (local.get 1)))"
    "    (func (export \"shout\") (param i32 i32) (result i32)"
    "      (call $shout (local.get 0) (local.get 1) (i32.const 16))"
    "      (i32.const 16))"
    "    (func (export \"tick\") (param $times i32)"
    "      (loop $again"
    "        (call $tick)"
    "        (local.set $times (i32.sub (local.get $times) (i32.const 1)))"
    "        (br_if $again (local.get $times)))))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"add\" (func $add))"
    "    (export \"shout\" (func $shout))"
    "    (export \"tick\" (func $tick))))))"
    "  (func (export \"add\") (param \"a\" u32) (param \"b\" u32) (result u32)"
    "    (canon lift (core func $i \"add\")))"
    "  (func (export \"shout\") (param \"text\" string) (result string)"
    "    (canon lift (core func $i \"shout\") (memory (core memory $memory \"memory\"))"
    "      (realloc (core func $memory \"realloc\"))))"
    "  (func (export \"tick\") (param \"times\" u32) (canon lift (core func $i \"tick\"))))";

/* user_data that knows what happened to it. */
typedef struct {
  atomic_int called, inside, finalized;
} counted_t;

static inline void counted_finalize(void *user_data) {
  counted_t *counted = user_data;
  CHECK(atomic_load(&counted->inside) == 0);
  atomic_fetch_add(&counted->finalized, 1);
}

/* `counted` was released once. */
static inline void expect_finalized(const counted_t *counted) {
  CHECK(atomic_load(&counted->finalized) == 1);
}

/* Other threads release `counted` any moment. */
static inline void until_counted(const counted_t *counted) {
  while (atomic_load(&counted->finalized) == 0) pause_ms(1);
  expect_finalized(counted);
}

/* What several tests of one program share: first with a pool, then without, and at last with
 * components for blocking calls only. */
static runtime_t *host_runtime;
static uint64_t blocking_only;

static inline runtime_t *host_runtime_make(int on_demand) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = check_builder();
  runtime_builder_epoch_tick(builder, 5);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static inline runtime_linker_t *linker_make(void) {
  runtime_linker_t *linker = NULL;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK(linker != NULL);
  return linker;
}

/* Defines `callback` without a finalizer. */
static inline void define(runtime_linker_t *linker, const char *path, runtime_host_fn_t callback,
                          void *user_data) {
  CHECK_OK(runtime_linker_define(linker, path, strlen(path), callback, user_data, NULL));
}

static inline runtime_error_t *try_load(const char *wat, const runtime_linker_t *linker,
                                        runtime_component_t **out) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.linker = linker;
  options.blocking_only = blocking_only;
  return runtime_component_new(host_runtime, (const uint8_t *)wat, strlen(wat), &options, out);
}

/* Loads `wat` with `linker`, which is consumed. */
static inline runtime_component_t *load(const char *wat, runtime_linker_t *linker) {
  runtime_component_t *component = NULL;
  CHECK_OK(try_load(wat, linker, &component));
  runtime_linker_free(linker);
  return component;
}

/* A function of `component`. */
static inline runtime_function_t *find(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
}

static inline runtime_instance_t *instantiate(const runtime_component_t *component) {
  runtime_instance_t *instance = NULL;
  CHECK_OK(runtime_instance_new(component, NULL, &instance));
  return instance;
}

/* Calls `component` in text; the answer must be `expected`. */
static inline void expect_text(const runtime_component_t *component, const char *call,
                               const char *expected) {
  runtime_bytes_t *answer = NULL;
  CHECK_OK(runtime_component_call_text(component, call, strlen(call), NULL, &answer));
  CHECK_TEXT((const char *)runtime_bytes_data(answer), expected);
  runtime_bytes_free(answer);
}

/* The error of calling `component` in text. */
static inline runtime_error_t *text_error(const runtime_component_t *component, const char *call,
                                          const runtime_call_options_t *options) {
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error =
      runtime_component_call_text(component, call, strlen(call), options, &answer);
  CHECK(error != NULL && answer == NULL);
  return error;
}

/* Starts a call to wait for. */
static inline runtime_pending_t *start(const runtime_function_t *function,
                                       const runtime_value_t *args, size_t args_len,
                                       const runtime_call_options_t *options) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, args, args_len, options, &completion));
  CHECK(pending != NULL);
  return pending;
}

/* Waits for the outcome of `pending`, which is released. */
static inline runtime_error_t *finish(runtime_pending_t *pending, runtime_values_t **out) {
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, out);
  runtime_pending_free(pending);
  return error;
}

/* Calls on the runtime's workers and waits, or here where that is refused. */
static inline runtime_error_t *call_apart(const runtime_function_t *function,
                                          const runtime_value_t *args, size_t args_len,
                                          const runtime_call_options_t *options,
                                          runtime_values_t **out) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  if (!blocking_only) return finish(start(function, args, args_len, options), out);
  completion.pending_out = &pending;
  CHECK_ERROR(runtime_function_call_async(function, args, args_len, options, &completion),
              RUNTIME_ERROR_UNSUPPORTED, "blocking calls only");
  CHECK(pending == NULL);
  return runtime_function_call(function, args, args_len, options, out);
}

/* (a: u32, b: u32) -> u32, counting in `user_data`. */
static inline runtime_error_t *host_add(void *user_data, runtime_call_t *call,
                                        const runtime_value_t *args, size_t args_len,
                                        runtime_value_t *results, size_t results_len) {
  counted_t *counted = user_data;
  CHECK(call != NULL && args_len == 2 && results_len == 1);
  CHECK(args[0].kind == RUNTIME_KIND_U32 && args[1].kind == RUNTIME_KIND_U32);
  runtime_value_t zero;
  memset(&zero, 0, sizeof zero);
  CHECK(memcmp(results, &zero, sizeof zero) == 0);
  if (counted != NULL) {
    atomic_fetch_add(&counted->called, 1);
    CHECK(atomic_load(&counted->finalized) == 0);
  }
  results[0] = value_u32(args[0].of.u32 + args[1].of.u32);
  return NULL;
}

/* Runs `tests` with each allocator, and with each way to call. */
static inline void with_all_ways(void (*tests)(void)) {
  for (int way = 0; way < 4; way++) {
    int on_demand = way % 2;
    blocking_only = way < 2 ? 0 : 1;
    printf("%s%s\n", on_demand ? "on demand" : "pool", blocking_only ? ", blocking only" : "");
    host_runtime = host_runtime_make(on_demand);
    tests();
    runtime_free(host_runtime);
  }
}

#endif
