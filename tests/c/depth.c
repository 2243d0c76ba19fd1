/* threads */
/* Guests that call the host, which calls guests, and so on: how deep that goes is a setting,
 * whatever the callback and whatever the guest, and the way back takes as long as the way down. */
#include "hosts.h"
#include "sandbox.h"

/* Calls the host, by a function and by the end of a resource, and traps when it comes back. */
static const char ladder_wat[] =
    "(component"
    "  (import \"again\" (func $again))"
    "  (import \"thing\" (type $thing (sub resource)))"
    "  (import \"make\" (func $make (result (own $thing))))"
    "  (core func $again (canon lower (func $again)))"
    "  (core func $make (canon lower (func $make)))"
    "  (core func $drop (canon resource.drop $thing))"
    "  (core module $m"
    "    (import \"\" \"again\" (func $again))"
    "    (import \"\" \"make\" (func $make (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"end\") (call $drop (call $make)))"
    "    (func (export \"run\") (call $again))"
    "    (func (export \"trap\") (call $again) unreachable))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"again\" (func $again))"
    "    (export \"make\" (func $make)) (export \"drop\" (func $drop))))))"
    "  (func (export \"end\") (canon lift (core func $i \"end\")))"
    "  (func (export \"run\") (canon lift (core func $i \"run\")))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\"))))";

/* What a host function does at each step, and how deep it came. */
typedef runtime_error_t *step_t(void);
static struct {
  runtime_component_t *component;
  runtime_function_t *run, *end, *trap;
  step_t *step;
  int depth, deepest, swallow;
} ladder;

static runtime_error_t *down(void) {
  ladder.depth++;
  if (ladder.depth > ladder.deepest) ladder.deepest = ladder.depth;
  runtime_error_t *error = ladder.step();
  ladder.depth--;
  if (!ladder.swallow) return error;
  runtime_error_free(error);
  return NULL;
}

static runtime_error_t *again(void *data, runtime_call_t *in, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)in, (void)args, (void)args_len, (void)results, (void)results_len;
  return down();
}

static runtime_error_t *make(void *data, runtime_call_t *in, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)data, (void)in, (void)args, (void)args_len, (void)results_len;
  results[0].kind = RUNTIME_KIND_OWN;
  return NULL;
}

static void end(void *data, uint32_t resource) {
  (void)data, (void)resource;
  runtime_error_free(down());
}

static runtime_error_t *by_function(void) { return call(ladder.run, NULL, NULL); }
static runtime_error_t *by_end(void) { return call(ladder.end, NULL, NULL); }
static runtime_error_t *by_trap(void) { return call(ladder.trap, NULL, NULL); }

static runtime_error_t *by_instance(void) {
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_instance_new(ladder.component, NULL, &instance);
  if (error == NULL) {
    error = runtime_instance_call(instance, ladder.run, NULL, 0, NULL, &results);
  }
  runtime_values_free(results);
  runtime_instance_free(instance);
  return error;
}

static runtime_error_t *by_text(void) {
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error =
      runtime_component_call_text(ladder.component, "run()", 5, NULL, &answer);
  runtime_bytes_free(answer);
  return error;
}

static void ladder_load(void) {
  runtime_linker_t *linker = linker_make();
  define(linker, "again", again, NULL);
  define(linker, "make", make, NULL);
  CHECK_OK(runtime_linker_define_resource(linker, "thing", 5, end, NULL, NULL));
  ladder.component = load(ladder_wat, linker);
  ladder.run = find(ladder.component, "run");
  ladder.end = find(ladder.component, "end");
  ladder.trap = find(ladder.component, "trap");
}

static void ladder_free(void) {
  runtime_function_free(ladder.run);
  runtime_function_free(ladder.end);
  runtime_function_free(ladder.trap);
  runtime_component_free(ladder.component);
}

/* Goes down by `step`; the error when it comes back. */
static runtime_error_t *climb(step_t *step, int swallow) {
  ladder.step = step;
  ladder.depth = ladder.deepest = 0;
  ladder.swallow = swallow;
  runtime_error_t *error = step();
  CHECK(ladder.depth == 0);
  return error;
}

static int deepest;

static void every_step(void) {
  static step_t *const steps[] = {by_function, by_instance, by_text};
  char text[64];
  snprintf(text, sizeof text, "`max_call_depth` is %d", deepest);
  ladder_load();
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    CHECK_ERROR(climb(steps[i], 0), RUNTIME_ERROR_STACK_OVERFLOW, text);
    CHECK(ladder.deepest == deepest);
    CHECK_OK(climb(steps[i], 1));
    CHECK(ladder.deepest == deepest);
  }
  CHECK_OK(climb(by_end, 0));
  CHECK(ladder.deepest == deepest);
  /* On a worker it is the same. */
  runtime_values_t *results = NULL;
  ladder.step = by_function;
  ladder.deepest = ladder.swallow = 0;
  CHECK_ERROR(call_apart(ladder.run, NULL, 0, NULL, &results), RUNTIME_ERROR_STACK_OVERFLOW, text);
  CHECK(ladder.deepest == deepest);
  ladder_free();
}

/* With `depth` as the setting, or the default if that is 0. */
static void with_depth(uint64_t depth, int on_demand) {
  runtime_builder_t *builder = guest_builder(depth > 200 ? depth + 2 : 200);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  if (depth != 0) runtime_builder_max_call_depth(builder, depth);
  CHECK_OK(runtime_build(builder, &host_runtime));
  runtime_builder_free(builder);
}

/* Guests on the host's own stack need half a MiB of it at each step. */
static void *all_depths(void *data) {
  static const uint64_t depths[] = {1, 2, 20, 0};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    for (int on_demand = 0; on_demand < 2; on_demand++) {
      with_depth(depths[i], on_demand);
      deepest = depths[i] == 0 ? 128 : (int)depths[i];
      for (blocking_only = 0; blocking_only < 2; blocking_only++) every_step();
      runtime_free(host_runtime);
    }
  }
  return data;
}

static void on_stack(size_t bytes, void *(*body)(void *), void *data) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, bytes) == 0);
  CHECK(pthread_create(&thread, &attributes, body, data) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  thread_join(thread);
}

static void test_the_depth_is_a_setting(void) { on_stack(64 << 20, all_depths, NULL); }

/* What is over counts no more: calls one after the other, also after errors, and what completion
 * callbacks call. */
static void later(void *data, runtime_values_t *results, runtime_error_t *error) {
  CHECK_OK(error);
  runtime_values_free(results);
  ladder.step = by_function;
  ladder.swallow = 0;
  CHECK_ERROR(call(ladder.run, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "`max_call_depth` is 1:");
  atomic_store((atomic_int *)data, 1);
}

static runtime_error_t *nothing(void) { return NULL; }

static void test_only_calls_within_each_other_count(void) {
  atomic_int done = 0;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  blocking_only = 0;
  with_depth(1, 0);
  ladder_load();
  for (int i = 0; i < 10; i++) {
    CHECK_ERROR(climb(by_function, 0), RUNTIME_ERROR_STACK_OVERFLOW, "`max_call_depth` is 1:");
    CHECK_OK(climb(nothing, 0));
    ladder.step = nothing;
    CHECK_OK(by_function());
  }
  completion.callback = later;
  completion.user_data = &done;
  CHECK_OK(runtime_function_call_async(ladder.run, NULL, 0, NULL, &completion));
  while (!atomic_load(&done)) pause_ms(1);
  ladder_free();
  runtime_free(host_runtime);
}

/* A guest prints, by a callback that calls the guest. */
static runtime_component_t *printer;
static int printed;

static void print_again(void *data, void *context, const uint8_t *bytes, size_t len) {
  (void)data, (void)context, (void)bytes, (void)len;
  printed++;
  runtime_error_t *error = outside_call(printer, NULL, "print(\"again\\n\")", NULL);
  if (error != NULL) {
    CHECK(runtime_error_code(error) == RUNTIME_ERROR_STACK_OVERFLOW);
    CHECK(strstr(runtime_error_message(error), "`max_call_depth` is 12") != NULL);
  }
  runtime_error_free(error);
}

static void test_streams_count(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  runtime_builder_t *builder = check_builder();
  runtime_builder_max_components(builder, 16);
  runtime_builder_max_call_depth(builder, 12);
  CHECK_OK(runtime_build(builder, &outside_runtime));
  runtime_builder_free(builder);
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, print_again, 0, NULL, NULL));
  printer = outside_load(sandbox);
  EXPECT(printer, NULL, "print(\"first\\n\")", "()");
  CHECK(printed >= 12);
  runtime_component_free(printer);
  runtime_sandbox_free(sandbox);
  runtime_free(outside_runtime);
}

/* Each guest traps on the way back, and has a backtrace; nobody looks at those below it. */
static void *far_down(void *data) {
  uint64_t *took = data;
  for (int i = 0; i < 2; i++) {
    int depth = i == 0 ? 200 : 2000;
    with_depth((uint64_t)depth, 1);
    ladder_load();
    uint64_t start = now_ms();
    CHECK_ERROR(climb(by_trap, 1), RUNTIME_ERROR_TRAP, "unreachable");
    took[i] = now_ms() - start;
    CHECK(ladder.deepest == depth);
    ladder_free();
    runtime_free(host_runtime);
  }
  return data;
}

static void test_the_way_back_is_linear(void) {
  uint64_t took[2];
  if (getenv("WASMCELL_TEST_SMALL") != NULL) return;
  /* Otherwise each error comes with a backtrace of the host's frames. */
  CHECK(unsetenv("RUST_BACKTRACE") == 0 && unsetenv("RUST_LIB_BACKTRACE") == 0);
  blocking_only = 0;
  on_stack(64 << 20, far_down, took);
  /* Ten times as much, a hundred times if it were not so. */
  printf("%d ms, %d ms\n", (int)took[0], (int)took[1]);
  CHECK(took[1] < 2000 + 40 * took[0]);
}

int main(void) {
  RUN(test_the_way_back_is_linear);
  RUN(test_the_depth_is_a_setting);
  RUN(test_only_calls_within_each_other_count);
  RUN(test_streams_count);
  return 0;
}
