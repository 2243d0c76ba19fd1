/* no-valgrind: its threads' stacks are too small for it, and it takes minutes */
/* Threads with little stack: guests have stacks of their own, so a call needs little of its
 * caller's, and a guest that recurses for ever uses up none of it. */
#include <sys/mman.h>

#include "deep.h"

#define KIB ((size_t)1 << 10)

/* The sanitizer makes the stack frames of this program larger. */
#if defined(__SANITIZE_ADDRESS__)
#define EXTRA (256 * KIB)
#else
#define EXTRA ((size_t)0)
#endif

static guest_t guest;

static void *calls(void *data) {
  (void)data;
  runtime_value_t one = value_u32(1);
  runtime_value_t text = value_string("text");
  runtime_value_t ms = value_u64(5);
  runtime_bytes_t *bytes = NULL;
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.echo, &text, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.recurse, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "`max_stack`");
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 20;
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK_OK(runtime_function_call_text(guest.echo, "(\"text\")", 8, NULL, &bytes));
  CHECK_TEXT((const char *)runtime_bytes_data(bytes), "\"text\"");
  runtime_bytes_free(bytes);
  return NULL;
}

static void *instances(void *data) {
  (void)data;
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  runtime_value_t one = value_u32(1);
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  for (uint32_t i = 1; i <= 3; i++) {
    CHECK_OK(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results));
    CHECK(take_u32(results) == i);
  }
  CHECK_ERROR(runtime_instance_call(instance, guest.recurse, NULL, 0, NULL, &results),
              RUNTIME_ERROR_STACK_OVERFLOW, "");
  runtime_instance_free(instance);
  return NULL;
}

/* Compiling happens on threads of the library. */
static void *everything(void *data) {
  (void)data;
  guest_make(&guest, guest_builder(4));
  (void)calls(NULL);
  (void)instances(NULL);
  guest_free(&guest);
  return NULL;
}

/* In memory of its own: the C library would give the larger stack of a thread that has ended. */
static void on_stack(size_t bytes, void *(*body)(void *), void *data) {
  pthread_attr_t attributes;
  pthread_t thread;
  const size_t size = bytes + EXTRA, guard = 4 * KIB;
  char *memory = mmap(NULL, guard + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(mprotect(memory + guard, size, PROT_READ | PROT_WRITE) == 0);
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstack(&attributes, memory + guard, size) == 0);
  CHECK(pthread_create(&thread, &attributes, body, data) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  thread_join(thread);
  CHECK(munmap(memory, guard + size) == 0);
}

/* 64 KiB above the 512 KiB that guests may use, then 64 KiB in all, then what a call needs. */
static void test_above_what_guests_may_use(void) {
  on_stack((512 + 64) * KIB, everything, NULL);
}

static void test_less_than_guests_may_use(void) {
  on_stack(64 * KIB, everything, NULL);
}

static void test_next_to_nothing(void) {
  guest_make(&guest, guest_builder(4));
  on_stack(32 * KIB, calls, NULL);
  on_stack(32 * KIB, instances, NULL);
  guest_free(&guest);
}

/* What an asynchronous call keeps is copied level by level. */
static void test_deep_values_are_kept(void) {
  deep_t deep;
  guest_make(&guest, guest_builder(4));
  deep_make(&deep, guest.runtime);
  on_stack(32 * KIB, keeps_deep_values, &deep);
  on_stack(48 * KIB, keeps_deep_values, &deep);
  on_stack(64 * KIB, keeps_deep_values, &deep);
  deep_free(&deep);
  guest_free(&guest);
}

/* The guest's stack is as large as the builder says, however little the caller has. */
static void *much_stack(void *data) {
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_max_stack(builder, *(const uint64_t *)data);
  guest_make(&guest, builder);
  (void)calls(NULL);
  guest_free(&guest);
  return NULL;
}

static void test_guests_with_much_stack(void) {
  uint64_t sizes[] = {16 * KIB, 8192 * KIB};
  for (int i = 0; i < 2; i++) on_stack(64 * KIB, much_stack, &sizes[i]);
}

/* Calls the host, which calls it again, each time in a fresh instance. */
static const char ladder_wat[] =
    "(component"
    "  (import \"again\" (func $again))"
    "  (core func $again (canon lower (func $again)))"
    "  (core module $m"
    "    (import \"\" \"again\" (func $again))"
    "    (func (export \"run\") (call $again)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"again\" (func $again))))))"
    "  (func (export \"run\") (canon lift (core func $i \"run\"))))";

typedef struct {
  runtime_function_t *run;
  int depth;
} ladder_t;

static runtime_error_t *again(void *data, runtime_call_t *in, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  ladder_t *ladder = data;
  (void)in, (void)args, (void)args_len, (void)results, (void)results_len;
  ladder->depth++;
  return call(ladder->run, NULL, NULL);
}

static void *climb(void *data) {
  ladder_t *ladder = data;
  for (int i = 0; i < 3; i++) {
    ladder->depth = 0;
    CHECK_ERROR(call(ladder->run, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW,
                "of the thread's own stack");
    CHECK(ladder->depth > 10);
  }
  return NULL;
}

static void *refused(void *data) {
  ladder_t *ladder = data;
  ladder->depth = 0;
  CHECK_ERROR(call(ladder->run, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "`blocking_only`");
  CHECK(ladder->depth == 0);
  return NULL;
}

/* Uses 256 KiB of stack. */
static runtime_error_t *dig(void *data, runtime_call_t *in, const runtime_value_t *args,
                            size_t args_len, runtime_value_t *results, size_t results_len) {
  volatile char room[256 * KIB];
  for (size_t i = 0; i < sizeof room; i += 1024) room[i] = (char)i;
  (void)in, (void)args, (void)args_len, (void)results, (void)results_len;
  *(int *)data += room[1024] == 0;
  return NULL;
}

/* Goes down as far as it may, calls the host at each step, and traps. */
static const char dig_wat[] =
    "(component"
    "  (import \"dig\" (func $dig))"
    "  (core func $dig (canon lower (func $dig)))"
    "  (core module $m"
    "    (import \"\" \"dig\" (func $dig))"
    "    (func $run (export \"run\") (call $dig) (call $run) (call $dig)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"dig\" (func $dig))))))"
    "  (func (export \"run\") (canon lift (core func $i \"run\"))))";

static void *dig_down(void *function) {
  CHECK_ERROR(call(function, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "`max_stack`");
  return NULL;
}

/* A guest on its caller's stack leaves room to the host, however deep it is. */
static void test_room_for_the_host_below_a_guest(void) {
  int dug = 0;
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_function_t *run = NULL;
  runtime_linker_t *linker = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_builder_t *builder = guest_builder(60000);
  runtime_builder_max_stack(builder, 64 * KIB);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "dig", 3, dig, &dug, NULL));
  options.linker = linker;
  options.blocking_only = 1;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)dig_wat, strlen(dig_wat), &options,
                                 &component));
  CHECK_OK(runtime_component_function(component, "run", 3, &run));
  on_stack(600 * KIB, dig_down, run);
  CHECK(dug > 100);
  runtime_function_free(run);
  runtime_component_free(component);
  runtime_linker_free(linker);
  runtime_free(runtime);
}

/* A guest that recurses through the host uses up the host's stack, not its own. */
static void recursion_through_the_host(uint64_t blocking_only) {
  ladder_t ladder = {NULL, 0};
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_builder_t *builder = guest_builder(10000);
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_max_call_depth(builder, 10000);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "again", 5, again, &ladder, NULL));
  options.linker = linker;
  options.blocking_only = blocking_only;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)ladder_wat, strlen(ladder_wat), &options,
                                 &component));
  CHECK_OK(runtime_component_function(component, "run", 3, &ladder.run));
  on_stack(256 * KIB, blocking_only ? refused : climb, &ladder);
  if (blocking_only) on_stack(16 << 20, climb, &ladder);
  if (getenv("WASMCELL_TEST_SMALL") == NULL && !blocking_only) (void)climb(&ladder);
  runtime_function_free(ladder.run);
  runtime_component_free(component);
  runtime_linker_free(linker);
  runtime_free(runtime);
}

static void test_recursion_through_the_host_from_its_own_stack(void) {
  recursion_through_the_host(0);
}

static void test_recursion_through_the_host_from_its_callers(void) {
  recursion_through_the_host(1);
}

/* A name that would take a megabyte of stack, some bytes of which the thread has. */
static void *trap_named(void *function) {
  runtime_frame_t frame = RUNTIME_FRAME_INIT;
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_function_call(function, NULL, 0, NULL, &results);
  CHECK(runtime_error_code(error) == RUNTIME_ERROR_TRAP);
  CHECK(runtime_error_frame(error, 0, &frame));
  CHECK(frame.function[0] != '\0');
  runtime_error_free(error);
  return NULL;
}

static void test_names_that_take_much_stack(void) {
  static const char *const parts[] = {"ng", "nw", "DT", "P", "N", "cv", "sZ", "1aI", "F"};
  static const char *const heads[] = {"_Z1fIX", "_Z1fDT", "_Z", "_Z1fI", "_RIC1a"};
  static char wat[4096];
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(4);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  for (size_t i = 0; i < 45; i++) {
    runtime_component_t *component = NULL;
    runtime_function_t *run = NULL;
    char *at = wat;
    at += sprintf(at, "(component (core module $m (func $\"%s", heads[i / 9]);
    for (int n = 0; n < 190; n++) at += sprintf(at, "%s", parts[i % 9]);
    (void)sprintf(at,
                  "Li1EEEvv\" (export \"run\") unreachable))"
                  "(core instance $i (instantiate $m))"
                  "(func (export \"run\") (canon lift (core func $i \"run\"))))");
    CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), NULL, &component));
    CHECK_OK(runtime_component_function(component, "run", 3, &run));
    on_stack(64 * KIB, trap_named, run);
    on_stack(600 * KIB, trap_named, run);
    runtime_function_free(run);
    runtime_component_free(component);
  }
  runtime_free(runtime);
}

/* Less than a call needs is an error; what else there is works. */
static void *too_little(void *data) {
  runtime_value_t one = value_u32(1);
  runtime_component_t *component = NULL;
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = data;
  CHECK_ERROR(call(guest.add, &one, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "this needs");
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)guest_wat, strlen(guest_wat), NULL,
                                 &component));
  runtime_component_free(component);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  runtime_free(runtime);
  return NULL;
}

static void test_too_little(void) {
  guest_make(&guest, guest_builder(4));
  if (EXTRA == 0) on_stack(16 * KIB, too_little, guest_builder(4));
  guest_free(&guest);
}

int main(void) {
  RUN(test_names_that_take_much_stack);
  RUN(test_too_little);
  RUN(test_above_what_guests_may_use);
  RUN(test_less_than_guests_may_use);
  RUN(test_next_to_nothing);
  RUN(test_deep_values_are_kept);
  RUN(test_guests_with_much_stack);
  RUN(test_room_for_the_host_below_a_guest);
  RUN(test_recursion_through_the_host_from_its_own_stack);
  RUN(test_recursion_through_the_host_from_its_callers);
  return 0;
}
