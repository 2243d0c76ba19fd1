/* Components that provide for others: one that does things, one that passes on to the next. */
#ifndef PROVIDERS_H
#define PROVIDERS_H

#include "hosts.h"

#define CALC "acme:calc/api@1.0.0"

/* What all of them import or export: each function with its core type. `X` is the version. */
#define CALC_TYPE                                                                 \
  "(export \"add\" (func (param \"n\" u32) (result u32)))"                        \
  "(export \"echo\" (func (param \"text\" string) (result string)))"              \
  "(export \"spin\" (func)) (export \"trap\" (func)) (export \"recurse\" (func))" \
  "(export \"grow\" (func (param \"n\" u32) (result s32)))"                       \
  "(export \"tick\" (func))"

#define CALC_EXPORTS                                                                   \
  "  (func $add (param \"n\" u32) (result u32) (canon lift (core func $i \"add\")))"   \
  "  (func $echo (param \"text\" string) (result string)"                              \
  "    (canon lift (core func $i \"echo\") (memory (core memory $m \"memory\"))"       \
  "      (realloc (core func $m \"realloc\"))))"                                       \
  "  (func $spin (canon lift (core func $i \"spin\")))"                                \
  "  (func $trap (canon lift (core func $i \"trap\")))"                                \
  "  (func $recurse (canon lift (core func $i \"recurse\")))"                          \
  "  (func $grow (param \"n\" u32) (result s32) (canon lift (core func $i \"grow\")))" \
  "  (func $tick (canon lift (core func $i \"tick\")))"                                \
  "  (instance $calc (export \"add\" (func $add)) (export \"echo\" (func $echo))"      \
  "    (export \"spin\" (func $spin)) (export \"trap\" (func $trap))"                  \
  "    (export \"recurse\" (func $recurse)) (export \"grow\" (func $grow))"            \
  "    (export \"tick\" (func $tick)))"                                                \
  "  (export \"add\" (func $add)) (export \"echo\" (func $echo))"                      \
  "  (export \"spin\" (func $spin)) (export \"trap\" (func $trap))"                    \
  "  (export \"recurse\" (func $recurse)) (export \"grow\" (func $grow))"              \
  "  (export \"tick\" (func $tick))"

#define CALC_MEMORY                                                     \
  "  (core module $memory"                                              \
  "    (memory (export \"memory\") 1)"                                  \
  "    (global $top (mut i32) (i32.const 1024))"                        \
  "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)" \
  "      (local $at i32)"                                               \
  "      (local.set $at (global.get $top))"                             \
  "      (global.set $top (i32.add (global.get $top) (local.get 3)))"   \
  "      (local.get $at)))"                                             \
  "  (core instance $m (instantiate $memory))"

/* Does it all itself; `add` adds up what the instance was given, `tick` is the host's. */
static const char calc_wat[] =
    "(component"
    "  (import \"acme:host/api@1.0.0\" (instance $host (export \"tick\" (func))))" CALC_MEMORY
    "  (core func $tick (canon lower (func $host \"tick\")))"
    "  (core module $code"
    "    (import \"m\" \"memory\" (memory 1))"
    "    (import \"h\" \"tick\" (func $tick))"
    "    (global $sum (mut i32) (i32.const 0))"
    "    (func (export \"add\") (param i32) (result i32)"
    "      (global.set $sum (i32.add (global.get $sum) (local.get 0)))"
    "      (global.get $sum))"
    "    (func (export \"echo\") (param i32 i32) (result i32)"
    "      (i32.store (i32.const 16) (local.get 0))"
    "      (i32.store (i32.const 20) (local.get 1))"
    "      (i32.const 16))"
    "    (func (export \"spin\") (loop $for-ever (br $for-ever)))"
    "    (func (export \"trap\") unreachable)"
    "    (func $deep (export \"recurse\") (call $deep))"
    "    (func (export \"tick\") (call $tick))"
    "    (func (export \"grow\") (param i32) (result i32)"
    "      (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then unreachable))"
    "      (memory.size)))"
    "  (core instance $i (instantiate $code (with \"m\" (instance $m))"
    "    (with \"h\" (instance (export \"tick\" (func $tick))))))" CALC_EXPORTS "  (export \"" CALC
    "\" (instance $calc)))";

/* Passes on to who provides the same interface. `add` does so twice. */
#define RELAY_WAT(VERSION)                                                                   \
  "(component"                                                                               \
  "  (import \"acme:calc/api@" VERSION "\" (instance $next " CALC_TYPE "))" CALC_MEMORY      \
  "  (core func $add (canon lower (func $next \"add\")))"                                    \
  "  (core func $echo (canon lower (func $next \"echo\")"                                    \
  "    (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\"))))"          \
  "  (core func $spin (canon lower (func $next \"spin\")))"                                  \
  "  (core func $trap (canon lower (func $next \"trap\")))"                                  \
  "  (core func $recurse (canon lower (func $next \"recurse\")))"                            \
  "  (core func $grow (canon lower (func $next \"grow\")))"                                  \
  "  (core func $tick (canon lower (func $next \"tick\")))"                                  \
  "  (core module $code"                                                                     \
  "    (import \"n\" \"add\" (func $add (param i32) (result i32)))"                          \
  "    (import \"n\" \"echo\" (func $echo (param i32 i32 i32)))"                             \
  "    (import \"n\" \"spin\" (func $spin)) (import \"n\" \"trap\" (func $trap))"            \
  "    (import \"n\" \"recurse\" (func $recurse)) (import \"n\" \"tick\" (func $tick))"      \
  "    (import \"n\" \"grow\" (func $grow (param i32) (result i32)))"                        \
  "    (func (export \"add\") (param i32) (result i32)"                                      \
  "      (drop (call $add (local.get 0))) (call $add (local.get 0)))"                        \
  "    (func (export \"echo\") (param i32 i32) (result i32)"                                 \
  "      (call $echo (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16))"            \
  "    (func (export \"spin\") (call $spin)) (func (export \"trap\") (call $trap))"          \
  "    (func (export \"recurse\") (call $recurse)) (func (export \"tick\") (call $tick))"    \
  "    (func (export \"grow\") (param i32) (result i32) (call $grow (local.get 0))))"        \
  "  (core instance $i (instantiate $code (with \"n\" (instance"                             \
  "    (export \"add\" (func $add)) (export \"echo\" (func $echo))"                          \
  "    (export \"spin\" (func $spin)) (export \"trap\" (func $trap))"                        \
  "    (export \"recurse\" (func $recurse)) (export \"tick\" (func $tick))"                  \
  "    (export \"grow\" (func $grow))))))" CALC_EXPORTS "  (export \"acme:calc/api@" VERSION \
  "\" (instance $calc)))"

static const char relay_wat[] = RELAY_WAT("1.0.0");

/* Runs `tests` with each allocator and each way to call, and room for so many instances. */
static inline void with_providers(uint64_t components, void (*tests)(void)) {
  for (int way = 0; way < 4; way++) {
    runtime_builder_t *builder = check_builder();
    runtime_builder_epoch_tick(builder, 5);
    runtime_builder_max_components(builder, components);
    /* With few of them, as good as for ever. */
    runtime_builder_instance_wait(builder, components > 4 ? 50 : 3600000);
    runtime_builder_max_linear_memory(builder, 4 << 20);
    if (way % 2 != 0) runtime_builder_force_on_demand_allocator(builder);
    CHECK_OK(runtime_build(builder, &host_runtime));
    runtime_builder_free(builder);
    blocking_only = way < 2 ? 0 : 1;
    printf("%s%s\n", way % 2 != 0 ? "on demand" : "pool", blocking_only ? ", blocking only" : "");
    tests();
    runtime_free(host_runtime);
  }
}

/* A linker of what `provider` exports; it is released. */
static inline runtime_linker_t *linker_of(runtime_component_t *provider) {
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_component(linker, provider, NULL));
  runtime_component_free(provider);
  return linker;
}

/* Loads with a name; the linker is consumed. */
static inline runtime_component_t *load_named(const char *wat, runtime_linker_t *linker,
                                              const char *name) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.linker = linker;
  options.blocking_only = blocking_only;
  options.name = name;
  options.name_len = strlen(name);
  CHECK_OK(
      runtime_component_new(host_runtime, (const uint8_t *)wat, strlen(wat), &options, &component));
  runtime_linker_free(linker);
  return component;
}

/* The one that does it all, with a tick of the host's. */
static inline runtime_component_t *load_calc(runtime_host_fn_t tick, void *user_data) {
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick: func()", tick, user_data);
  return load_named(calc_wat, linker, "calc");
}

/* `relays` of them before it, the first of which is what the host calls. */
static inline runtime_component_t *load_chain(int relays, runtime_host_fn_t tick, void *user_data) {
  runtime_component_t *component = load_calc(tick, user_data);
  while (relays-- > 0) component = load_named(relay_wat, linker_of(component), "relay");
  return component;
}

/* Ticks: counts, or fails if there is nothing to count in. */
static inline runtime_error_t *host_ticks(void *user_data, runtime_call_t *call,
                                          const runtime_value_t *args, size_t args_len,
                                          runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  if (user_data == NULL) return runtime_error_new("no clock", 8);
  atomic_fetch_add(&((counted_t *)user_data)->called, 1);
  return NULL;
}

/* The error of a call without arguments or with a number, here or on the workers. */
static inline runtime_error_t *failing(const runtime_component_t *component, const char *name,
                                       int apart, const runtime_call_options_t *options) {
  runtime_function_t *function = find(component, name);
  runtime_value_t arg = value_u32(1000);
  size_t len = strcmp(name, "grow") == 0;
  runtime_values_t *results = NULL;
  runtime_error_t *error =
      apart ? call_apart(function, len ? &arg : NULL, len, options, &results)
            : runtime_function_call(function, len ? &arg : NULL, len, options, &results);
  CHECK(error != NULL && results == NULL);
  runtime_function_free(function);
  return error;
}

#endif
