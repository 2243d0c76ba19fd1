/* no-sanitizer: it switches stacks, which it would have to be told of */
/* no-valgrind: it switches stacks, which it would have to be told of */
/* Calls on the stack of a coroutine: one that the library knows nothing of, and that has as much
 * room as its documentation asks for. */
#include <sys/mman.h>
#include <ucontext.h>

#include "deep.h"

#define KIB ((size_t)1 << 10)
/* What in-servers.md says, and what this program takes itself. */
#define ROOM (48 * KIB + 4 * KIB)

static guest_t guest;
static deep_t deep;
static ucontext_t thread, coroutine;
static void (*body)(void);

static void enter(void) {
  body();
}

/* Runs `what` on a stack of `ROOM` bytes, with nothing below it. */
static void on_coroutine(void (*what)(void)) {
  const size_t guard = 64 * KIB;
  char *memory = mmap(NULL, guard + ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(mprotect(memory + guard, ROOM, PROT_READ | PROT_WRITE) == 0);
  CHECK(getcontext(&coroutine) == 0);
  coroutine.uc_stack.ss_sp = memory + guard;
  coroutine.uc_stack.ss_size = ROOM;
  coroutine.uc_link = &thread;
  body = what;
  makecontext(&coroutine, enter, 0);
  CHECK(swapcontext(&thread, &coroutine) == 0);
  CHECK(munmap(memory, guard + ROOM) == 0);
}

static void calls(void) {
  runtime_value_t text = value_string("on a coroutine");
  CHECK_OK(call(guest.echo, &text, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "");
}

static void deep_values(void) {
  CHECK_OK(call(deep.run, deep.values, NULL));
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_new(deep.component, NULL, &instance));
  CHECK_OK(runtime_instance_call(instance, deep.run, deep.values, 1, NULL, &results));
  runtime_values_free(results);
  runtime_instance_free(instance);
}

static void deep_values_are_kept(void) {
  (void)keeps_deep_values(&deep);
}

static void text(void) {
  runtime_bytes_t *out = NULL;
  char text[2 * DEEP + 16];
  size_t at = (size_t)sprintf(text, "run(");
  for (int i = 0; i <= DEEP; i++) text[at++] = '[';
  for (int i = 0; i <= DEEP; i++) text[at++] = ']';
  text[at++] = ')';
  CHECK_OK(runtime_component_call_text(deep.component, text, at, NULL, &out));
  runtime_bytes_free(out);
}

static void on_both_allocators(void (*what)(void)) {
  for (int pooling = 0; pooling < 2; pooling++) {
    runtime_builder_t *builder = guest_builder(4);
    if (pooling) {
      runtime_builder_force_pooling_allocator(builder);
    } else {
      runtime_builder_force_on_demand_allocator(builder);
    }
    guest_make(&guest, builder);
    deep_make(&deep, guest.runtime);
    for (int i = 0; i < 3; i++) on_coroutine(what);
    deep_free(&deep);
    guest_free(&guest);
  }
}

static void test_calls(void) {
  on_both_allocators(calls);
}
static void test_deep_values(void) {
  on_both_allocators(deep_values);
}
static void test_deep_values_are_kept(void) {
  on_both_allocators(deep_values_are_kept);
}
static void test_deep_values_as_text(void) {
  on_both_allocators(text);
}

int main(void) {
  RUN(test_calls);
  RUN(test_deep_values);
  RUN(test_deep_values_are_kept);
  RUN(test_deep_values_as_text);
  return 0;
}
