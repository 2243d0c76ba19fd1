/* What a guest passes costs what it is large, not what its type is: a list that is empty costs the
 * same whatever it could have. Nothing looks at the deadline while values cross. */
#include <time.h>

#include "guests.h"
#include "load.h"

enum { FIELDS = 1000 };

/* A component with a function of lists of lists of `fields`, which it gives to the host too. */
static char *wat_of(int fields, size_t lists) {
  size_t room = (size_t)fields * 32 + 2048, at = 0;
  char *wat = malloc(room);
  CHECK(wat != NULL);
  at += (size_t)sprintf(wat + at, "(component (type $row (tuple");
  for (int i = 0; i < fields; i++) at += (size_t)sprintf(wat + at, " u8");
  at += (size_t)sprintf(
      wat + at,
      ")) (type $rows (list $row)) (type $l (list $rows))"
      "(import \"turn\" (func $turn (param \"it\" $l) (result $l)))"
      "(core module $mm (memory (export \"memory\") 200)"
      "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))"
      "(core instance $mem (instantiate $mm))"
      "(alias core export $mem \"memory\" (core memory $memory))"
      "(core func $turn (canon lower (func $turn) (memory (core memory $mem \"memory\"))"
      "  (realloc (core func $mem \"realloc\"))))"
      "(core module $m (import \"\" \"turn\" (func $turn (param i32 i32 i32)))"
      "  (import \"\" \"memory\" (memory 1))"
      "  (func (export \"give\") (result i32)"
      "    (i32.store (i32.const 16) (i32.const 64))"
      "    (i32.store (i32.const 20) (i32.const %zu)) (i32.const 16))"
      "  (func (export \"turn\") (result i32)"
      "    (call $turn (i32.const 64) (i32.const %zu) (i32.const 16)) (i32.const 16)))"
      "(core instance $args (export \"turn\" (func $turn))"
      "  (export \"memory\" (memory $memory)))"
      "(core instance $i (instantiate $m (with \"\" (instance $args))))"
      "(func (export \"give\") (result $l) (canon lift (core func $i \"give\")"
      "  (memory (core memory $mem \"memory\")) (realloc (core func $mem \"realloc\"))))"
      "(func (export \"turn\") (result $l) (canon lift (core func $i \"turn\")"
      "  (memory (core memory $mem \"memory\")) (realloc (core func $mem \"realloc\")))))",
      lists, lists);
  CHECK(at < room);
  return wat;
}

/* Gives back what it gets. */
static runtime_error_t *turn(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call;
  CHECK(args_len == 1 && results_len == 1);
  results[0] = args[0];
  return NULL;
}

static double cpu_seconds(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Seconds of processor time for one call of `name`. */
static double cost(runtime_builder_t *builder, int fields, const char *name, bool turns) {
  size_t lists = scaled(1000000);
  runtime_t *runtime = load_runtime(builder);
  runtime_linker_t *linker = NULL;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "turn", 4, turn, NULL, NULL));
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.linker = linker, options.blocking_only = turns;
  char *wat = wat_of(fields, lists);
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)wat, strlen(wat), &options, &component));
  free(wat);
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  runtime_values_t *values = NULL;
  double begin = cpu_seconds();
  runtime_error_t *error = runtime_function_call(function, NULL, 0, NULL, &values);
  double took = cpu_seconds() - begin;
  CHECK_OK(error);
  CHECK(runtime_values_data(values)[0].of.list.len == lists);
  runtime_values_free(values);
  runtime_function_free(function);
  runtime_component_free(component);
  runtime_linker_free(linker);
  runtime_free(runtime);
  return took;
}

static void empty_lists_cost_the_same(bool on_demand, bool blocking_only) {
  static const char *const names[] = {"give", "turn"};
  for (size_t i = 0; i < 2; i++) {
    double took[2];
    for (int wide = 0; wide < 2; wide++) {
      runtime_builder_t *builder = load_builder();
      if (on_demand) runtime_builder_force_on_demand_allocator(builder);
      took[wide] = cost(builder, wide ? FIELDS : 2, names[i], blocking_only);
    }
    CHECK(took[1] < 10 * took[0] + 0.5);
  }
}

static void test_empty_lists_cost_the_same_in_the_pool(void) {
  empty_lists_cost_the_same(false, false);
  empty_lists_cost_the_same(false, true);
}

static void test_empty_lists_cost_the_same_on_demand(void) {
  empty_lists_cost_the_same(true, false);
}

int main(void) {
  RUN(test_empty_lists_cost_the_same_in_the_pool);
  RUN(test_empty_lists_cost_the_same_on_demand);
  return 0;
}
