/* threads */
/* no-valgrind: it does not know which memory the system call fills in */
/* PAGEMAP_SCAN: every instance finds its memory and tables as they were compiled, whatever the last
 * one in its slot wrote, and forks go on. */
#include <sys/wait.h>
#include <unistd.h>

#include "hosts.h"

static const char scribbler_wat[] =
    "(component (core module $m"
    "    (memory 8 16) (table $t 64 64 funcref)"
    "    (data (i32.const 70000) \"\\01\\02\\03\")"
    "    (elem declare func $f)"
    "    (func $f (export \"sum\") (result i64)"
    "      (local $at i32) (local $sum i64)"
    "      (loop $l"
    "        (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $at))))"
    "        (local.set $at (i32.add (local.get $at) (i32.const 1)))"
    "        (br_if $l (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))"
    "      (if (i32.eqz (ref.is_null (table.get $t (i32.const 33))))"
    "        (then (local.set $sum (i64.const -1))))"
    "      (local.get $sum))"
    "    (func (export \"scribble\") (param $step i32)"
    "      (local $at i32)"
    "      (drop (memory.grow (i32.const 4)))"
    "      (table.set $t (i32.const 33) (ref.func $f))"
    "      (loop $l"
    "        (i32.store8 (local.get $at) (i32.const 7))"
    "        (local.set $at (i32.add (local.get $at) (local.get $step)))"
    "        (br_if $l (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"sum\") (result u64) (canon lift (core func $i \"sum\")))"
    "  (func (export \"scribble\") (param \"step\" u32) (canon lift (core func $i \"scribble\"))))";

static runtime_t *runtime;

static void *scribbles(void *data) {
  runtime_function_t *sum = find(data, "sum"), *scribble = find(data, "scribble");
  for (uint32_t i = 0; i < 60; i++) {
    runtime_value_t step = value_u32(1 + i % 9 * 1021);
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_function_call(scribble, &step, 1, NULL, &results));
    runtime_values_free(results);
    CHECK_OK(runtime_function_call(sum, NULL, 0, NULL, &results));
    CHECK(runtime_values_data(results)->of.u64 == 6);
    runtime_values_free(results);
  }
  runtime_function_free(sum);
  runtime_function_free(scribble);
  return NULL;
}

static void test_slots_are_clean(runtime_component_t *component) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = thread_start(scribbles, component);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void test_forks_go_on(runtime_component_t *component) {
  runtime_function_t *sum = find(component, "sum");
  pid_t child = fork();
  if (child == 0) {
    runtime_values_t *results = NULL;
    runtime_error_t *error = runtime_function_call(sum, NULL, 0, NULL, &results);
    int code = (int)runtime_error_code(error);
    runtime_error_free(error);
    _exit(code == RUNTIME_ERROR_FORKED ? 0 : 1);
  }
  int status = 1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  runtime_function_free(sum);
  scribbles(component);
}

int main(void) {
  runtime_component_t *component = NULL;
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_max_table_elements(builder, 100);
  runtime_builder_pool_scan(NULL, true);
  runtime_builder_pool_scan(builder, true);
  runtime_error_t *error = runtime_build(builder, &runtime);
  runtime_builder_free(builder);
  if (runtime_error_code(error) == RUNTIME_ERROR_UNSUPPORTED) {
    CHECK_ERROR(error, RUNTIME_ERROR_UNSUPPORTED, "`pool_scan`");
    CHECK(runtime == NULL);
    puts("the system has no PAGEMAP_SCAN");
    return 0;
  }
  CHECK_OK(error);
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)scribbler_wat, strlen(scribbler_wat),
                                 NULL, &component));
  puts("test_slots_are_clean");
  test_slots_are_clean(component);
  puts("test_forks_go_on");
  test_forks_go_on(component);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
