/* no-valgrind: guests that compute until they are late keep it busy for minutes */
/* What a guest of an asynchronous call has printed and nobody was told when it ends: the callback
 * is called before the call is over, holds up nobody else, and waits for a thread no longer than
 * the call may take. */
#include "door.h"

#define OUTSIDE "wasmcell:test/outside@0.1.0#"

typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *print, *print_and_spin, *print_and_sleep, *print_and_trap, *sleep;
} printer_t;

static void through_door(void *user_data, void *context, const uint8_t *data, size_t data_len) {
  (void)context, (void)data, (void)data_len;
  door_pass(user_data);
}

static runtime_t *build(uint64_t host_threads) {
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_builder_max_components(builder, 20);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_max_memories_per_component(builder, 2);
  runtime_builder_epoch_tick(builder, 5);
  runtime_builder_worker_threads(builder, 2);
  runtime_builder_host_threads(builder, host_threads);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

static printer_t printer_make(runtime_t *runtime, door_t *door) {
  size_t len = 0;
  uint8_t *bytes = check_guest("wasi.wasm", &len);
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  printer_t printer = {.runtime = runtime};
  CHECK_OK(runtime_sandbox_new(&sandbox));
  /* A line without an end is told at the end. */
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, through_door, RUNTIME_WRITE_WHOLE_LINES, door,
                                           NULL));
  options.sandbox = sandbox;
  CHECK_OK(runtime_component_new(runtime, bytes, len, &options, &printer.component));
  runtime_sandbox_free(sandbox);
  free(bytes);
  printer.print = find(printer.component, OUTSIDE "print-without-waiting");
  printer.print_and_spin = find(printer.component, OUTSIDE "print-and-spin");
  printer.print_and_sleep = find(printer.component, OUTSIDE "print-and-sleep");
  printer.print_and_trap = find(printer.component, OUTSIDE "print-and-trap");
  printer.sleep = find(printer.component, OUTSIDE "sleep");
  return printer;
}

static void printer_free(printer_t *printer) {
  runtime_function_free(printer->print);
  runtime_function_free(printer->print_and_spin);
  runtime_function_free(printer->print_and_sleep);
  runtime_function_free(printer->print_and_trap);
  runtime_function_free(printer->sleep);
  runtime_component_free(printer->component);
}

static const runtime_value_t text = {
    .kind = RUNTIME_KIND_STRING, .of.string = {.ptr = "text", .len = 4}};

/* Whatever the host frees meanwhile. */
static void test_the_outcome_is_the_guests(void) {
  for (int late = 0; late < 2; late++) {
    door_t door = {0};
    runtime_t *runtime = build(4);
    printer_t printer = printer_make(runtime, &door);
    runtime_pending_t *pending = late ? begin_late(printer.print_and_spin, &text, &door)
                                      : begin(printer.print, &text, 0);
    door_until(&door, 1);
    int entered = atomic_load(&door.entered);
    printer_free(&printer);
    runtime_free(runtime);
    pause_ms(20);
    CHECK(!runtime_pending_is_done(pending));
    atomic_store(&door.open, true);
    CHECK_ERROR(end(pending), late ? RUNTIME_ERROR_TIMEOUT : RUNTIME_ERROR_NONE, "");
    CHECK(atomic_load(&door.entered) == entered && atomic_load(&door.inside) == 0);
  }
}

/* What a late call has printed is told where there is a thread for that, whether the guest computes
 * or waits. */
static void test_late_output_is_told(void) {
  door_t open = {.open = true};
  runtime_t *runtime = build(2);
  printer_t printer = printer_make(runtime, &open);
  const runtime_function_t *const prints[] = {printer.print_and_spin, printer.print_and_sleep};
  uint64_t limit = 10; /* until this machine comes to the output within it */
  while (atomic_load(&open.entered) == 0) {
    limit *= 2;
    CHECK_ERROR(end(begin(printer.print_and_spin, &text, limit)), RUNTIME_ERROR_TIMEOUT, "");
  }
  for (int i = 1; i <= 10; i++) {
    CHECK_ERROR(end(begin(prints[i % 2], &text, 5 * limit)), RUNTIME_ERROR_TIMEOUT, "");
    CHECK(atomic_load(&open.entered) == i + 1);
  }
  printer_free(&printer);
  runtime_free(runtime);
}

static void test_time_runs_on(void) {
  door_t door = {0};
  runtime_t *runtime = build(1);
  printer_t printer = printer_make(runtime, &door);
  runtime_pending_t *first = begin(printer.print, &text, 0);
  door_until(&door, 1);
  CHECK_ERROR(end(begin(printer.print, &text, 50)), RUNTIME_ERROR_TIMEOUT, "50 ms");
  CHECK_ERROR(end(begin(printer.print_and_spin, &text, 50)), RUNTIME_ERROR_TIMEOUT, "50 ms");
  /* What went wrong before is what the host is told. */
  CHECK_ERROR(end(begin(printer.print_and_trap, &text, 5000)), RUNTIME_ERROR_TRAP, "unreachable");
  CHECK(!runtime_pending_is_done(first) && atomic_load(&door.entered) == 1);
  atomic_store(&door.open, true);
  CHECK_OK(end(first));
  CHECK(atomic_load(&door.entered) == 1 && host_functions(runtime) == 0);
  CHECK_OK(end(begin(printer.print, &text, 0)));
  CHECK(atomic_load(&door.entered) == 2);
  printer_free(&printer);
  runtime_free(runtime);
}

/* Calls of one component whose callbacks block, late or not, hold up no late call of another. */
static void test_others_end_in_time(void) {
  enum { CALLS = 6 };
  door_t closed = {0}, open = {.open = true};
  runtime_value_t long_time = value_u64(600000);
  runtime_pending_t *calls[CALLS];
  runtime_t *runtime = build(4);
  printer_t blocked = printer_make(runtime, &closed), other = printer_make(runtime, &open);
  calls[0] = begin_late(blocked.print_and_spin, &text, &closed);
  for (int i = 1; i < CALLS; i++) calls[i] = begin(blocked.print_and_spin, &text, 50);
  for (int i = 0; i < 3; i++) {
    CHECK_ERROR(end(begin(other.sleep, &long_time, 20)), RUNTIME_ERROR_TIMEOUT, "20 ms");
    CHECK_OK(end(begin(other.print, &text, 0)));
  }
  CHECK(atomic_load(&closed.inside) >= 1 && atomic_load(&open.entered) == 3);
  atomic_store(&closed.open, true);
  for (int i = 0; i < CALLS; i++) CHECK_ERROR(end(calls[i]), RUNTIME_ERROR_TIMEOUT, "");
  printer_free(&blocked);
  printer_free(&other);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_the_outcome_is_the_guests);
  RUN(test_late_output_is_told);
  RUN(test_time_runs_on);
  RUN(test_others_end_in_time);
  return 0;
}
