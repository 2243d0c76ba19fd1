/* What guests print, to the byte: when a callback gets it, how much is taken at once, and what one
 * output keeps of several calls. */
#include "guests.h"
#include "load.h"
#include "sandbox.h"

/* Writes by pieces; `mark` tells the host that the guest goes on. Its memory is "abcd..." */
static const char printer_wat[] =
    "(component"
    "  (import \"mark\" (func $mark))"
    "  (import \"wasi:io/error@0.2.0\" (instance $error (export \"error\" (type (sub resource)))))"
    "  (alias export $error \"error\" (type $e))"
    "  (import \"wasi:io/streams@0.2.0\" (instance $streams"
    "    (alias outer 1 $e (type $e'))"
    "    (export \"error\" (type $e2 (eq $e')))"
    "    (export \"output-stream\" (type $o (sub resource)))"
    "    (type $fault (variant (case \"last-operation-failed\" (own $e2)) (case \"closed\")))"
    "    (export \"stream-error\" (type $f (eq $fault)))"
    "    (export \"[method]output-stream.check-write\""
    "      (func (param \"self\" (borrow $o)) (result (result u64 (error $f)))))"
    "    (export \"[method]output-stream.write\""
    "      (func (param \"self\" (borrow $o)) (param \"contents\" (list u8))"
    "        (result (result (error $f)))))"
    "    (export \"[method]output-stream.flush\""
    "      (func (param \"self\" (borrow $o)) (result (result (error $f)))))))"
    "  (alias export $streams \"output-stream\" (type $out))"
    "  (import \"wasi:cli/stdout@0.2.0\" (instance $stdout"
    "    (alias outer 1 $out (type $o))"
    "    (export \"output-stream\" (type $o2 (eq $o)))"
    "    (export \"get-stdout\" (func (result (own $o2))))))"
    "  (core module $memory (memory (export \"m\") 4)"
    "    (data (i32.const 0) \"abcd\\nefgh\"))"
    "  (core instance $memory (instantiate $memory))"
    "  (core func $mark' (canon lower (func $mark)))"
    "  (core func $get (canon lower (func $stdout \"get-stdout\")))"
    "  (core func $check (canon lower (func $streams \"[method]output-stream.check-write\")"
    "    (memory (core memory $memory \"m\"))))"
    "  (core func $write (canon lower (func $streams \"[method]output-stream.write\")"
    "    (memory (core memory $memory \"m\"))))"
    "  (core func $flush (canon lower (func $streams \"[method]output-stream.flush\")"
    "    (memory (core memory $memory \"m\"))))"
    "  (core module $m"
    "    (import \"\" \"mark\" (func $mark))"
    "    (import \"\" \"get\" (func $get (result i32)))"
    "    (import \"\" \"check\" (func $check (param i32 i32)))"
    "    (import \"\" \"write\" (func $write (param i32 i32 i32 i32)))"
    "    (import \"\" \"flush\" (func $flush (param i32 i32)))"
    "    (global $s (mut i32) (i32.const 0))"
    "    (func $start (global.set $s (call $get))"
    "      (call $write (global.get $s) (i32.const 0) (i32.const 1) (i32.const 262000)))"
    "    (start $start)"
    "    (func (export \"put\") (param $at i32) (param $len i32)"
    "      (call $check (global.get $s) (i32.const 262000))"
    "      (call $write (global.get $s) (local.get $at) (local.get $len) (i32.const 262000)))"
    "    (func (export \"flush\") (call $flush (global.get $s) (i32.const 262000)) (call $mark)))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"mark\" (func $mark')) (export \"get\" (func $get))"
    "    (export \"check\" (func $check))"
    "    (export \"write\" (func $write)) (export \"flush\" (func $flush))))))"
    "  (core module $both"
    "    (import \"\" \"put\" (func $put (param i32 i32))) (import \"\" \"flush\" (func $flush))"
    "    (func (export \"twice\") (call $put (i32.const 1) (i32.const 3)) (call $flush)"
    "      (call $put (i32.const 4) (i32.const 3)) (call $flush)))"
    "  (core instance $b (instantiate $both (with \"\" (instance $i))))"
    "  (func (export \"put\") (param \"at\" u32) (param \"len\" u32)"
    "    (canon lift (core func $i \"put\")))"
    "  (func (export \"twice\") (canon lift (core func $b \"twice\"))))";

static char told[256];

static void tell(const char *text, size_t len) {
  size_t end = strlen(told);
  CHECK(end + len + 2 < sizeof told);
  memcpy(told + end, text, len);
  told[end + len] = '|';
  told[end + len + 1] = 0;
}

static void print(void *user_data, void *context, const uint8_t *data, size_t len) {
  (void)user_data, (void)context;
  tell((const char *)data, len);
}

static runtime_error_t *mark(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                             size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  tell("*", 1);
  return NULL;
}

static runtime_component_t *load_printer(const runtime_t *runtime, runtime_sandbox_t *sandbox) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_linker_t *linker = NULL;
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, TEXT("mark: func()"), mark, NULL, NULL));
  options.linker = linker;
  options.sandbox = sandbox;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)printer_wat, strlen(printer_wat),
                                 &options, &component));
  runtime_linker_free(linker);
  runtime_sandbox_free(sandbox);
  return component;
}

/* The call `text`, on this thread or on a worker. */
static runtime_error_t *printing(const runtime_component_t *component, const char *name,
                                 const runtime_value_t *args, size_t len, bool apart,
                                 const runtime_call_options_t *options) {
  runtime_function_t *function = load_function(component, name);
  runtime_values_t *results = NULL;
  runtime_error_t *error = NULL;
  if (apart) {
    runtime_pending_t *pending = NULL;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    completion.pending_out = &pending;
    CHECK_OK(runtime_function_call_async(function, args, len, options, &completion));
    error = runtime_pending_wait(pending, UINT64_MAX, &results);
    runtime_pending_free(pending);
  } else {
    error = runtime_function_call(function, args, len, options, &results);
  }
  runtime_values_free(results);
  runtime_function_free(function);
  return error;
}

static void test_what_is_flushed_is_told_before_the_guest_goes_on(const runtime_t *runtime) {
  for (int apart = 0; apart < 2; apart++) {
    for (int lines = 0; lines < 2; lines++) {
      runtime_sandbox_t *sandbox = sandbox_make();
      uint64_t flags = lines ? RUNTIME_WRITE_WHOLE_LINES : 0;
      CHECK_OK(runtime_sandbox_stdout_callback(sandbox, print, flags, NULL, NULL));
      runtime_component_t *component = load_printer(runtime, sandbox);
      told[0] = 0;
      CHECK_OK(printing(component, "twice", NULL, 0, apart, NULL));
      CHECK_TEXT(told, lines ? "*|abcd\n|*|ef|" : "abcd|*|\nef|*|");
      runtime_component_free(component);
    }
  }
}

/* A guest may write what `check-write` allows, and no more, wherever it goes. */
static void test_a_permit_is_a_permit(const runtime_t *runtime) {
  for (int apart = 0; apart < 2; apart++) {
    for (int captured = 0; captured < 2; captured++) {
      runtime_sandbox_t *sandbox = sandbox_make();
      if (captured) CHECK_OK(runtime_sandbox_stdout_capture(sandbox));
      if (!captured) CHECK_OK(runtime_sandbox_stderr_capture(sandbox));
      if (!captured) CHECK_OK(runtime_sandbox_stdout_callback(sandbox, print, 0, NULL, NULL));
      runtime_component_t *component = load_printer(runtime, sandbox);
      runtime_value_t args[] = {value_u32(0), value_u32(65537)};
      told[0] = 0;
      CHECK_ERROR(printing(component, "put", args, 2, apart, NULL), RUNTIME_ERROR_TRAP,
                  "more was written than `check-write` allowed");
      runtime_component_free(component);
    }
  }
}

static void put(const runtime_instance_t *instance, const runtime_function_t *function,
                const runtime_call_options_t *options, uint32_t at, uint32_t len) {
  runtime_value_t args[] = {value_u32(at), value_u32(len)};
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_call(instance, function, args, 2, options, &results));
  runtime_values_free(results);
}

static void test_an_output_collects(const runtime_t *runtime) {
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_capture(sandbox));
  runtime_component_t *component = load_printer(runtime, sandbox);
  runtime_function_t *function = load_function(component, "put");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_instance_t *instance = NULL;
  runtime_output_t *output = NULL;
  CHECK_OK(runtime_output_new(8, &output));
  options.output = output;
  runtime_output_collect(NULL, true);
  runtime_output_collect(output, true);
  CHECK_OK(runtime_instance_new(component, &options, &instance));
  CHECK_TEXT(runtime_output_stdout(output), "a");
  put(instance, function, &options, 1, 3);
  put(instance, function, &options, 4, 3);
  CHECK_TEXT(runtime_output_stdout(output), "abcd\nef");
  CHECK(!runtime_output_is_truncated(output));
  put(instance, function, &options, 7, 2); /* one more than there is room for */
  CHECK_TEXT(runtime_output_stdout(output), "abcd\nefg");
  CHECK(runtime_output_is_truncated(output));
  runtime_output_collect(output, true);
  CHECK_TEXT(runtime_output_stdout(output), "");
  CHECK(!runtime_output_is_truncated(output));
  put(instance, function, &options, 0, 1);
  runtime_output_collect(output, false);
  put(instance, function, &options, 1, 1);
  put(instance, function, &options, 2, 1);
  CHECK_TEXT(runtime_output_stdout(output), "c");
  runtime_instance_free(instance);
  runtime_output_free(output);
  runtime_function_free(function);
  runtime_component_free(component);
}

/* A callback that holds up the call with the context "holds" until it is released, and tells who
 * printed what. */
static atomic_int holding, released;

static void print_for(void *user_data, void *context, const uint8_t *data, size_t len) {
  (void)user_data;
  if (strcmp(context, "holds") == 0) {
    atomic_store(&holding, 1);
    while (!atomic_load(&released)) pause_ms(1);
    return;
  }
  tell(context, strlen(context));
  tell((const char *)data, len);
}

typedef struct {
  runtime_component_t *component;
  runtime_function_t *put;
  runtime_instance_t *instance;
  runtime_pending_t *holder;
} scene_t;

/* An instance, where a call of another one holds the only thread for host functions that the
 * component gets of two. */
static scene_t scene_make(const runtime_t *runtime) {
  scene_t scene = {NULL, NULL, NULL, NULL};
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, print_for, 0, NULL, NULL));
  scene.component = load_printer(runtime, sandbox);
  scene.put = load_function(scene.component, "put");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.context = "starts";
  told[0] = 0;
  CHECK_OK(runtime_instance_new(scene.component, &options, &scene.instance));
  CHECK_TEXT(told, "starts|a|");
  options.context = "holds";
  atomic_store(&holding, 0);
  atomic_store(&released, 0);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &scene.holder;
  runtime_value_t args[] = {value_u32(0), value_u32(1)};
  CHECK_OK(runtime_function_call_async(scene.put, args, 2, &options, &completion));
  while (!atomic_load(&holding)) pause_ms(1);
  told[0] = 0;
  return scene;
}

static void scene_free(scene_t *scene) {
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_pending_wait(scene->holder, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(scene->holder);
  runtime_instance_free(scene->instance);
  runtime_function_free(scene->put);
  runtime_component_free(scene->component);
}

static runtime_pending_t *begin_put(const scene_t *scene, const runtime_call_options_t *options) {
  runtime_value_t args[] = {value_u32(1), value_u32(3)};
  runtime_pending_t *pending = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(runtime_instance_call_async(scene->instance, scene->put, args, 2, options, &completion));
  return pending;
}

/* Its guest is done long before what it has printed is told. */
static void test_a_call_has_its_instance_until_its_output_is_told(const runtime_t *runtime) {
  scene_t scene = scene_make(runtime);
  runtime_call_options_t first = RUNTIME_CALL_OPTIONS_INIT, second = RUNTIME_CALL_OPTIONS_INIT;
  first.context = "first";
  second.context = "second";
  runtime_pending_t *pending = begin_put(&scene, &first);
  runtime_value_t args[] = {value_u32(4), value_u32(3)};
  runtime_values_t *results = NULL;
  for (int i = 0; i < 200; i++) {
    CHECK_ERROR(runtime_instance_call(scene.instance, scene.put, args, 2, &second, &results),
                RUNTIME_ERROR_BUSY, "");
    pause_ms(1);
  }
  atomic_store(&released, 1);
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
  put(scene.instance, scene.put, &second, 4, 3);
  CHECK_TEXT(told, "first|bcd|second|\nef|");
  scene_free(&scene);
}

/* What no thread was free to tell is left out, and not told to another call. */
static void test_a_late_call_leaves_nothing_behind(const runtime_t *runtime) {
  scene_t scene = scene_make(runtime);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.context = "first";
  options.timeout_ms = 300;
  runtime_pending_t *pending = begin_put(&scene, &options);
  runtime_value_t args[] = {value_u32(4), value_u32(3)};
  runtime_values_t *results = NULL;
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_TIMEOUT, "");
  runtime_pending_free(pending);
  options.timeout_ms = 0;
  CHECK_ERROR(runtime_instance_call(scene.instance, scene.put, args, 2, &options, &results),
              RUNTIME_ERROR_POISONED, "");
  CHECK_TEXT(told, "");
  atomic_store(&released, 1);
  scene_free(&scene);
}

int main(void) {
  for (int pool = 0; pool < 2; pool++) {
    runtime_builder_t *builder = load_builder();
    if (!pool) runtime_builder_force_on_demand_allocator(builder);
    runtime_builder_host_threads(builder, 2);
    runtime_t *runtime = load_runtime(builder);
    puts(pool ? "pool" : "on demand");
    test_what_is_flushed_is_told_before_the_guest_goes_on(runtime);
    test_a_permit_is_a_permit(runtime);
    test_an_output_collects(runtime);
    test_a_call_has_its_instance_until_its_output_is_told(runtime);
    test_a_late_call_leaves_nothing_behind(runtime);
    runtime_free(runtime);
  }
  return 0;
}
