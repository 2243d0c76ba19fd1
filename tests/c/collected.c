/* Exceptions, garbage collection and memories of 64 bits: off until a builder switches them on, and
 * bounded like all else. */
#include "load.h"

enum { EXCEPTIONS = RUNTIME_PROPOSAL_EXCEPTIONS, GC = RUNTIME_PROPOSAL_GC };

static runtime_builder_t *with(uint64_t proposals, bool on_demand) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_proposals(builder, proposals);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

static runtime_error_t *ask(runtime_component_t *component, const char *call,
                            const runtime_call_options_t *options, const char *expected) {
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error =
      runtime_component_call_text(component, call, strlen(call), options, &answer);
  if (error == NULL && strcmp((const char *)runtime_bytes_data(answer), expected) != 0) {
    fprintf(stderr, "%s: %s\n", call, (const char *)runtime_bytes_data(answer));
    abort();
  }
  runtime_bytes_free(answer);
  return error;
}

static void traps(runtime_component_t *component, const char *call, runtime_trap_t kind) {
  runtime_error_t *error = ask(component, call, NULL, "");
  CHECK(error != NULL && runtime_error_trap(error) == kind);
  CHECK_ERROR(error, RUNTIME_ERROR_TRAP, "");
}

static void test_a_guest_has_what_is_on(runtime_component_t *component) {
  CHECK_OK(ask(component, "catch(42)", NULL, "42"));
  CHECK_OK(ask(component, "deep-result(1000)", NULL, "1001"));
  CHECK_OK(ask(component, "sum(10000)", NULL, "50005000"));
  CHECK_OK(ask(component, "upcast()", NULL, "9"));
  /* A hundred times as much as there is room for. */
  CHECK_OK(ask(component, "litter(100000)", NULL, "()"));
  CHECK_OK(ask(component, "circles(1000000)", NULL, "()"));
}

static void test_traps_have_kinds(runtime_component_t *component) {
  traps(component, "throw()", RUNTIME_TRAP_UNCAUGHT_EXCEPTION);
  traps(component, "rethrow()", RUNTIME_TRAP_UNCAUGHT_EXCEPTION);
  traps(component, "throw-null()", RUNTIME_TRAP_NULL_REFERENCE);
  traps(component, "null()", RUNTIME_TRAP_NULL_REFERENCE);
  traps(component, "past()", RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS);
  traps(component, "cast()", RUNTIME_TRAP_CAST_FAILURE);
}

static void test_limits_hold(runtime_component_t *component) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 100;
  CHECK_ERROR(ask(component, "keep-for-ever()", NULL, ""), RUNTIME_ERROR_MEMORY_LIMIT,
              "max_linear_memory");
  CHECK_ERROR(ask(component, "huge(100000000)", NULL, ""), RUNTIME_ERROR_MEMORY_LIMIT,
              "max_linear_memory");
  CHECK_ERROR(ask(component, "huge(4294967295)", NULL, ""), RUNTIME_ERROR_MEMORY_LIMIT, "");
  CHECK_ERROR(ask(component, "deep-result(10000000)", NULL, ""), RUNTIME_ERROR_STACK_OVERFLOW, "");
  CHECK_ERROR(ask(component, "litter-for-ever()", &options, ""), RUNTIME_ERROR_TIMEOUT, "");
  CHECK_ERROR(ask(component, "throw-for-ever()", &options, ""), RUNTIME_ERROR_TIMEOUT, "");
}

/* A heap that is used again is as full as it was left, no fuller; one that was filled is not. */
static void test_a_heap_is_used_again(runtime_component_t *first) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_component_t *component = NULL;
  runtime_function_t *litter = NULL, *fill = NULL;
  runtime_value_t count;
  options.reuse = &reuse;
  CHECK_OK(runtime_component_link(first, &options, &component));
  CHECK_OK(runtime_component_function(component, "litter", 6, &litter));
  CHECK_OK(runtime_component_function(component, "keep-for-ever", 13, &fill));
  memset(&count, 0, sizeof count);
  count.kind = RUNTIME_KIND_U32;
  count.of.u32 = 100000;
  for (int i = 0; i < 6; i++) {
    runtime_values_t *results = NULL;
    CHECK_OK(runtime_function_call(litter, &count, 1, NULL, &results));
    runtime_values_free(results);
    if (i != 2) continue;
    CHECK_ERROR(runtime_function_call(fill, NULL, 0, NULL, &results), RUNTIME_ERROR_MEMORY_LIMIT,
                "max_linear_memory");
  }
  runtime_function_free(litter);
  runtime_function_free(fill);
  runtime_component_free(component);
}

static void every_way(void (*test)(runtime_component_t *)) {
  for (int way = 0; way < 8; way++) {
    runtime_builder_t *builder = with(EXCEPTIONS | GC, (way & 1) != 0);
    runtime_builder_max_linear_memory(builder, 1 << 20);
    runtime_builder_signal_handlers(builder, (way & 2) == 0);
    runtime_t *runtime = load_runtime(builder);
    runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
    options.blocking_only = (way & 4) != 0;
    runtime_component_t *component = NULL;
    size_t len = 0;
    uint8_t *guest = check_guest("wat/collected.wat", &len);
    CHECK_OK(runtime_component_new(runtime, guest, len, &options, &component));
    free(guest);
    test(component);
    runtime_component_free(component);
    runtime_free(runtime);
  }
}

static void test_each_is_off_alone(void) {
  static const struct {
    uint64_t bit;
    const char *part, *constant;
  } all[] = {
      {EXCEPTIONS, "(core module (tag))", "RUNTIME_PROPOSAL_EXCEPTIONS"},
      {EXCEPTIONS, "(core module (func (param exnref)))", "RUNTIME_PROPOSAL_EXCEPTIONS"},
      {GC, "(core module (type (struct)))", "RUNTIME_PROPOSAL_GC"},
      {GC, "(core module (func (param i31ref)))", "RUNTIME_PROPOSAL_GC"},
      {RUNTIME_PROPOSAL_MEMORY64, "(core module (memory i64 1))", "RUNTIME_PROPOSAL_MEMORY64"},
      {RUNTIME_PROPOSAL_MEMORY64, "(core module (table i64 1 funcref))",
       "RUNTIME_PROPOSAL_MEMORY64"},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char wat[200];
    (void)snprintf(wat, sizeof wat, "(component %s)", all[i].part);
    runtime_t *others = load_runtime(with(7 & ~all[i].bit, false));
    load_refused(others, wat, RUNTIME_ERROR_UNSUPPORTED, all[i].constant);
    runtime_free(others);
    runtime_t *alone = load_runtime(with(all[i].bit, false));
    runtime_component_free(load_wat(alone, wat));
    runtime_free(alone);
  }
}

/* An instance has a heap, or may have one, and counts for it. */
static void test_a_heap_takes_a_place(void) {
  static const char plain[] =
      "(component (core module $m (memory 1)) (core instance (instantiate "
      "$m)))";
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    runtime_builder_t *builder = with(GC, on_demand);
    runtime_builder_max_components(builder, 2);
    runtime_builder_instance_wait(builder, 0);
    runtime_t *runtime = load_runtime(builder);
    runtime_component_t *component = load_wat(runtime, plain);
    runtime_instance_t *one = NULL, *two = NULL;
    CHECK_OK(runtime_instance_new(component, NULL, &one));
    CHECK_ERROR(runtime_instance_new(component, NULL, &two), RUNTIME_ERROR_INSTANCE_LIMIT, "");
    runtime_instance_free(one);
    runtime_component_free(component);
    runtime_free(runtime);
    builder = with(GC, on_demand);
    runtime_builder_max_components(builder, 1);
    runtime = load_runtime(builder);
    load_refused(runtime, plain, RUNTIME_ERROR_RESOURCE_LIMIT, "`max_components` is 1");
    runtime_free(runtime);
  }
}

/* Compiled code is for runtimes with the same proposals. */
static void test_compiled_code_keeps_its_proposals(void) {
  static const uint64_t sets[] = {0, EXCEPTIONS, GC, EXCEPTIONS | GC};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    runtime_t *runtime = load_runtime(with(sets[i], false));
    runtime_component_t *component = load_wat(runtime, "(component)");
    runtime_bytes_t *code = NULL;
    CHECK_OK(runtime_component_serialize(component, &code));
    runtime_component_free(component);
    runtime_free(runtime);
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
      runtime_t *other = load_runtime(with(sets[k], false));
      runtime_error_t *error = runtime_component_deserialize(
          other, runtime_bytes_data(code), runtime_bytes_len(code), NULL, &component);
      if (sets[i] == sets[k])
        CHECK_OK(error);
      else if (error != NULL)
        CHECK_ERROR(error, RUNTIME_ERROR_COMPILE, "other `proposals`");
      else
        CHECK((sets[i] & ~sets[k]) == 0);
      runtime_component_free(component);
      runtime_free(other);
    }
    runtime_bytes_free(code);
  }
}

int main(void) {
  RUN(test_a_heap_takes_a_place);
  RUN(test_compiled_code_keeps_its_proposals);
  RUN(test_each_is_off_alone);
  every_way(test_a_guest_has_what_is_on);
  every_way(test_traps_have_kinds);
  every_way(test_limits_hold);
  every_way(test_a_heap_is_used_again);
  return 0;
}
