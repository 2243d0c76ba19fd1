/* Proposals that are off: one code for all of them, and a message that names the proposal. */
#include "load.h"

static const struct {
  const char *part, *names;
} off[] = {
    {"(core module (type (struct (field i32))))", "gc"},
    {"(core module (func (param anyref)))", "gc"},
    {"(core module (type $a (array i8)) (func (param (ref null $a))))", "gc"},
    {"(core module (tag))", "exceptions"},
    {"(core module (type $t (func)) (tag $e (type $t)) (func (throw $e)))", "exceptions"},
    {"(core module (import \"\" \"\" (tag)))", "exceptions"},
    {"(core module (func (param exnref)))", "exception"},
    {"(core module (memory i64 1))", "memory64"},
    {"(core module (table i64 1 funcref))", "memory64"},
    {"(core module (memory 1 1 shared))", "threads"},
    {"(core module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", "threads"},
    {"(core module (memory 1 (pagesize 1)))", "custom page sizes"},
    {"(core module (func (drop (drop (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0)"
     " (i64.const 0))))))",
     "wide arithmetic"},
    {"(core module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))",
     "memory control"},
    {"(core module (type $f (func)) (type $c (cont $f)))", "stack switching"},
    {"(type (func async))", "async"},
    {"(type (stream u8))", "async"},
    {"(type (future u8))", "async"},
    {"(core func (canon task.return))", "async"},
    {"(type error-context)", "error-context"},
    {"(type (list u8 4))", "fixed-length lists"},
    {"(type (map string u8))", "map"},
    {"(import \"a\" (value u8))", "value"},
    {"(core func (canon thread.index))", "threading"},
};

static const char *const on[] = {
    "(core module (func $f (return_call $f)))",
    "(core module (memory 1) (memory 1))",
    "(core module (global i32 (i32.add (i32.const 0) (i32.const 1))))",
    "(core module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
    "(core module (func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0)))))",
};

static void load_each(runtime_t *runtime) {
  char wat[512];
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
    snprintf(wat, sizeof wat, "(component %s)", off[i].part);
    load_refused(runtime, wat, RUNTIME_ERROR_UNSUPPORTED, off[i].names);
  }
  for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
    snprintf(wat, sizeof wat, "(component %s)", on[i]);
    runtime_component_free(load_wat(runtime, wat));
  }
  runtime_free(runtime);
}

static void test_what_is_off_is_unsupported(void) {
  load_each(load_runtime(load_builder()));
  runtime_builder_t *builder = load_builder();
  runtime_builder_force_on_demand_allocator(builder);
  load_each(load_runtime(builder));
  builder = load_builder();
  runtime_builder_signal_handlers(builder, false);
  load_each(load_runtime(builder));
}

int main(void) {
  RUN(test_what_is_off_is_unsupported);
  return 0;
}
