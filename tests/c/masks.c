/* threads */
/* A trap is an error whatever mask of signals the caller has, and the mask stays as it was. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"
#include "load.h"

/* Breaks each rule that the system reports by a signal, in each place where guests run. */
#define BREAK                                                                   \
  "    (func $crash unreachable)"                                               \
  "    (func $fault (drop (i32.load (i32.const 0x7ffffff0))))"                  \
  "    (func $divide (param i32)"                                               \
  "      (drop (i32.div_s (i32.const 1) (i32.sub (local.get 0) (local.get 0)))))" \
  "    (func $deep (call $deep))"                                               \
  "    (func $break (param $how i32)"                                           \
  "      (if (i32.eq (local.get $how) (i32.const 0)) (then (call $crash)))"     \
  "      (if (i32.eq (local.get $how) (i32.const 1)) (then (call $fault)))"     \
  "      (if (i32.eq (local.get $how) (i32.const 2)) (then (call $divide (i32.const 7))))" \
  "      (if (i32.eq (local.get $how) (i32.const 3)) (then (call $deep))))"

static const char breaker_wat[] =
    "(component"
    "  (import \"acme:host/api@1.0.0\" (instance $api (export \"tick\" (func))))"
    "  (core func $tick (canon lower (func $api \"tick\")))"
    "  (core module $m"
    "    (import \"\" \"tick\" (func $tick))"
    "    (memory 1)"
    BREAK
    "    (func (export \"break\") (param i32) (call $break (local.get 0)))"
    "    (func (export \"tick\") (param i32) (call $tick) (call $break (local.get 0))))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"tick\" (func $tick))))))"
    "  (type $thing' (resource (rep i32) (dtor (core func $i \"break\"))))"
    "  (export $thing \"thing\" (type $thing'))"
    "  (core func $new (canon resource.new $thing'))"
    "  (core module $n"
    "    (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "    (func (export \"make\") (param i32) (result i32) (call $new (local.get 0))))"
    "  (core instance $n (instantiate $n (with \"\" (instance (export \"new\" (func $new))))))"
    "  (func (export \"make\") (param \"how\" u32) (result (own $thing))"
    "    (canon lift (core func $n \"make\")))"
    "  (func (export \"break\") (param \"how\" u32) (canon lift (core func $i \"break\")))"
    "  (func (export \"tick\") (param \"how\" u32) (canon lift (core func $i \"tick\"))))";

/* The same without imports, so that it needs no stack of its own; 9 breaks nothing. */
static const char plain_wat[] =
    "(component"
    "  (core module $m (memory 1)"
    BREAK
    "    (func (export \"break\") (param i32) (call $break (local.get 0))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"break\") (param \"how\" u32) (canon lift (core func $i \"break\"))))";

static const char start_wat[] =
    "(component (core module $m (func $crash unreachable) (start $crash))"
    "  (core instance (instantiate $m)))";

enum { WAYS = 4, FINE = 9 };
static const int codes[WAYS] = {RUNTIME_ERROR_TRAP, RUNTIME_ERROR_TRAP, RUNTIME_ERROR_TRAP,
                                RUNTIME_ERROR_STACK_OVERFLOW};

static sigset_t mask_of(int how, const sigset_t *set) {
  sigset_t before;
  CHECK(pthread_sigmask(how, set, &before) == 0);
  return before;
}

static sigset_t block_all(void) {
  sigset_t all;
  CHECK(sigfillset(&all) == 0);
  return mask_of(SIG_BLOCK, &all);
}

static void expect_all_blocked(void) {
  sigset_t now = mask_of(SIG_BLOCK, NULL);
  for (int i = 1; i < 32; i++) {
    CHECK(i == SIGKILL || i == SIGSTOP || sigismember(&now, i));
  }
}

/* A host function that blocks everything again, and lets another guest fail meanwhile. */
static const runtime_function_t *nested;

static runtime_error_t *nest(void *user_data, runtime_call_t *info, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)info, (void)args, (void)args_len, (void)results, (void)results_len;
  sigset_t before = block_all();
  for (uint32_t how = 0; how < WAYS; how++) {
    runtime_value_t value = value_u32(how);
    CHECK_ERROR(call(nested, &value, NULL), codes[how], "");
    expect_all_blocked();
  }
  mask_of(SIG_SETMASK, &before);
  return NULL;
}

static runtime_component_t *load_breaker(void) {
  runtime_linker_t *linker = linker_make();
  define(linker, "acme:host/api@1.0.0#tick", nest, NULL);
  return load(breaker_wat, linker);
}

static void break_function(const runtime_function_t *function) {
  for (uint32_t how = 0; how < WAYS; how++) {
    runtime_value_t value = value_u32(how);
    runtime_values_t *results = NULL;
    CHECK_ERROR(call(function, &value, NULL), codes[how], "");
    CHECK_ERROR(call_apart(function, &value, 1, NULL, &results), codes[how], "");
    expect_all_blocked();
  }
}

static void break_instance(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = find(component, name);
  for (uint32_t how = 0; how < WAYS; how++) {
    runtime_instance_t *instance = instantiate(component);
    runtime_value_t fine = value_u32(FINE), value = value_u32(how);
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_instance_call(instance, function, &fine, 1, NULL, &results));
    runtime_values_free(results);
    CHECK_ERROR(runtime_instance_call(instance, function, &value, 1, NULL, &results), codes[how],
                "");
    expect_all_blocked();
    runtime_instance_free(instance);
  }
  runtime_function_free(function);
}

static void break_destructor(const runtime_component_t *component) {
  runtime_function_t *make = find(component, "make");
  for (uint32_t how = 0; how < WAYS; how++) {
    runtime_instance_t *instance = instantiate(component);
    runtime_value_t value = value_u32(how);
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_instance_call(instance, make, &value, 1, NULL, &results));
    uint64_t handle = runtime_values_data(results)->of.resource;
    runtime_values_free(results);
    CHECK_ERROR(runtime_instance_drop_resource(instance, handle, NULL), codes[how], "");
    runtime_instance_free(instance);
  }
  runtime_function_free(make);
}

/* Everything fails, on a thread that blocks everything. */
static void *break_everything(void *unused) {
  (void)unused;
  block_all();
  runtime_component_t *breaker = load_breaker(), *plain = load(plain_wat, linker_make());
  runtime_component_t *start = load(start_wat, linker_make());
  runtime_function_t *functions[] = {find(breaker, "break"), find(plain, "break"),
                                     find(breaker, "tick")};
  runtime_instance_t *instance = NULL;
  nested = functions[1];
  for (int i = 0; i < 3; i++) break_function(functions[i]);
  break_instance(breaker, "break");
  break_instance(breaker, "tick");
  break_instance(plain, "break");
  break_destructor(breaker);
  CHECK_ERROR(runtime_instance_new(start, NULL, &instance), RUNTIME_ERROR_TRAP, "");
  CHECK_ERROR(text_error(plain, "break(1)", NULL), RUNTIME_ERROR_TRAP, "");
  expect_all_blocked();
  for (int i = 0; i < 3; i++) runtime_function_free(functions[i]);
  runtime_component_free(breaker);
  runtime_component_free(plain);
  runtime_component_free(start);
  return NULL;
}

static void test_traps_on_threads_that_block_everything(void) {
  sigset_t before = mask_of(SIG_BLOCK, NULL);
  break_everything(NULL);
  thread_join(thread_start(break_everything, NULL));
  mask_of(SIG_SETMASK, &before);
}

/* A signal stack of the host's own, too small for anybody else. */
static void *with_own_signal_stack(void *unused) {
  static char memory[64 << 10];
  stack_t own = {.ss_sp = memory, .ss_size = sizeof memory}, off = {.ss_flags = SS_DISABLE};
  CHECK(sigaltstack(&own, NULL) == 0);
  break_everything(unused);
  CHECK(sigaltstack(&off, NULL) == 0);
  break_everything(unused);
  return NULL;
}

static void test_signal_stacks_of_the_host(void) {
  thread_join(thread_start(with_own_signal_stack, NULL));
}

/* The mask may change between two calls, also of one instance. */
static void test_the_mask_may_change(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  runtime_function_t *function = find(plain, "break");
  runtime_value_t fine = value_u32(FINE);
  for (uint32_t i = 0; i < 40; i++) {
    runtime_value_t value = value_u32(i % WAYS);
    runtime_instance_t *instance = instantiate(plain);
    runtime_values_t *results = NULL;
    CHECK_OK(call(function, &fine, NULL));
    CHECK_OK(runtime_instance_call(instance, function, &fine, 1, NULL, &results));
    runtime_values_free(results);
    sigset_t before = block_all();
    if (i / WAYS % 2 == 0) {
      CHECK_ERROR(call(function, &value, NULL), codes[i % WAYS], "");
    } else { /* at once after a call of the same instance */
      CHECK_ERROR(runtime_instance_call(instance, function, &value, 1, NULL, &results),
                  codes[i % WAYS], "");
    }
    expect_all_blocked();
    mask_of(SIG_SETMASK, &before);
    runtime_instance_free(instance);
  }
  runtime_function_free(function);
  runtime_component_free(plain);
}

/* What is pending and has nothing to do with traps stays so. */
static void test_other_signals_stay_blocked(void) {
  runtime_component_t *plain = load(plain_wat, linker_make());
  runtime_function_t *function = find(plain, "break");
  runtime_value_t value = value_u32(0);
  sigset_t before = block_all(), pending, term;
  int got = 0;
  CHECK(raise(SIGTERM) == 0);
  CHECK_ERROR(call(function, &value, NULL), RUNTIME_ERROR_TRAP, "");
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGTERM));
  CHECK(sigemptyset(&term) == 0 && sigaddset(&term, SIGTERM) == 0);
  CHECK(sigwait(&term, &got) == 0 && got == SIGTERM);
  mask_of(SIG_SETMASK, &before);
  runtime_function_free(function);
  runtime_component_free(plain);
}

/* How a child ends that calls a guest which traps, on a thread that blocks all signals if
 * `blocked`, where the host has given its word. */
static int end_of_a_trap(bool blocked) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    runtime_builder_t *builder = load_builder();
    runtime_builder_trust_signal_masks(builder, true);
    runtime_t *runtime = load_runtime(builder);
    runtime_component_t *plain = load_wat(runtime, plain_wat);
    if (blocked) (void)block_all();
    CHECK_CALL_ERROR(plain, "break(0)", RUNTIME_ERROR_TRAP, "");
    runtime_component_free(plain);
    runtime_free(runtime);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

static void test_the_word_of_the_host_is_taken(void) {
  CHECK(end_of_a_trap(false) == 0);
  /* Valgrind delivers signals itself, also those that are blocked. */
  if (getenv("WASMCELL_TEST_SMALL") == NULL) CHECK(WIFSIGNALED(end_of_a_trap(true)));
}

static void tests(void) {
  RUN(test_traps_on_threads_that_block_everything);
  RUN(test_signal_stacks_of_the_host);
  RUN(test_the_mask_may_change);
  RUN(test_other_signals_stay_blocked);
}

int main(void) {
  RUN(test_the_word_of_the_host_is_taken);
  with_all_ways(tests);
  return 0;
}
