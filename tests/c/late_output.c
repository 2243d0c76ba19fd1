/* no-valgrind: guests that compute until they are late keep it busy for minutes */
/* What a guest of an asynchronous call has printed and nobody was told when it ends: the callback
 * is called before the call is over, holds up nobody else, and waits for a thread no longer than
 * the call may take. */
#include "guests.h"

#define OUTSIDE "wasmcell:test/outside@0.1.0#"

typedef struct {
  atomic_int inside, calls;
  atomic_bool open;
} door_t;

typedef struct {
  runtime_t *runtime;
  runtime_component_t *component;
  runtime_function_t *print, *print_and_spin, *sleep;
} printer_t;

static void through_door(void *user_data, void *context, const uint8_t *data, size_t data_len) {
  door_t *door = user_data;
  (void)context, (void)data, (void)data_len;
  atomic_fetch_add(&door->calls, 1);
  atomic_fetch_add(&door->inside, 1);
  while (!atomic_load(&door->open)) pause_ms(1);
  atomic_fetch_sub(&door->inside, 1);
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

static runtime_function_t *export_of(const runtime_component_t *component, const char *name) {
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, name, strlen(name), &function));
  return function;
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
  printer.print = export_of(printer.component, OUTSIDE "print-without-waiting");
  printer.print_and_spin = export_of(printer.component, OUTSIDE "print-and-spin");
  printer.sleep = export_of(printer.component, OUTSIDE "sleep");
  return printer;
}

static void printer_free(printer_t *printer) {
  runtime_function_free(printer->print);
  runtime_function_free(printer->print_and_spin);
  runtime_function_free(printer->sleep);
  runtime_component_free(printer->component);
}

static runtime_pending_t *begin(const runtime_function_t *function, runtime_value_t arg,
                                uint64_t timeout_ms) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  options.timeout_ms = timeout_ms;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, &arg, 1, &options, &completion));
  return pending;
}

static runtime_error_t *end(runtime_pending_t *pending) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, &results);
  runtime_values_free(results);
  runtime_pending_free(pending);
  return error;
}

static void until_inside(door_t *door, int count) {
  while (atomic_load(&door->inside) < count) pause_ms(1);
}

/* A call that is late and whose output is being told. A busy machine may take longer than its limit
 * to come to the output; then the limit is longer. */
static runtime_pending_t *begin_late(const printer_t *printer, door_t *door) {
  for (uint64_t limit = 50;; limit *= 2) {
    runtime_pending_t *pending = begin(printer->print_and_spin, value_string("late"), limit);
    while (atomic_load(&door->inside) == 0 && !runtime_pending_is_done(pending)) pause_ms(1);
    if (atomic_load(&door->inside) > 0) return pending;
    CHECK_ERROR(end(pending), RUNTIME_ERROR_TIMEOUT, "");
  }
}

/* Whatever the host frees meanwhile. */
static void test_the_outcome_is_the_guests(void) {
  for (int late = 0; late < 2; late++) {
    door_t door = {0};
    runtime_t *runtime = build(4);
    printer_t printer = printer_make(runtime, &door);
    runtime_pending_t *pending =
        late ? begin_late(&printer, &door) : begin(printer.print, value_string("text"), 0);
    until_inside(&door, 1);
    printer_free(&printer);
    runtime_free(runtime);
    pause_ms(20);
    CHECK(!runtime_pending_is_done(pending));
    atomic_store(&door.open, true);
    CHECK_ERROR(end(pending), late ? RUNTIME_ERROR_TIMEOUT : RUNTIME_ERROR_NONE, "");
    CHECK(atomic_load(&door.calls) == 1 && atomic_load(&door.inside) == 0);
  }
}

static void test_time_runs_on(void) {
  door_t door = {0};
  runtime_t *runtime = build(1);
  printer_t printer = printer_make(runtime, &door);
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_pending_t *first = begin(printer.print, value_string("first"), 0);
  until_inside(&door, 1);
  CHECK_ERROR(end(begin(printer.print, value_string("second"), 50)), RUNTIME_ERROR_TIMEOUT,
              "50 ms");
  CHECK_ERROR(end(begin(printer.print_and_spin, value_string("third"), 50)),
              RUNTIME_ERROR_TIMEOUT, "50 ms");
  CHECK(!runtime_pending_is_done(first) && atomic_load(&door.calls) == 1);
  atomic_store(&door.open, true);
  CHECK_OK(end(first));
  CHECK_OK(runtime_stats(runtime, &stats));
  CHECK(atomic_load(&door.calls) == 1 && stats.host_functions == 0);
  CHECK_OK(end(begin(printer.print, value_string("fourth"), 0)));
  CHECK(atomic_load(&door.calls) == 2);
  printer_free(&printer);
  runtime_free(runtime);
}

/* Calls of one component whose callbacks block, late or not, hold up no late call of another. */
static void test_others_end_in_time(void) {
  enum { CALLS = 6 };
  door_t closed = {0}, open = {.open = true};
  runtime_pending_t *calls[CALLS];
  runtime_t *runtime = build(4);
  printer_t blocked = printer_make(runtime, &closed), other = printer_make(runtime, &open);
  calls[0] = begin_late(&blocked, &closed);
  for (int i = 1; i < CALLS; i++) {
    calls[i] = begin(blocked.print_and_spin, value_string("text"), 50);
  }
  for (int i = 0; i < 3; i++) {
    CHECK_ERROR(end(begin(other.sleep, value_u64(600000), 20)), RUNTIME_ERROR_TIMEOUT, "20 ms");
    CHECK_OK(end(begin(other.print, value_string("text"), 0)));
  }
  CHECK(atomic_load(&closed.inside) >= 1 && atomic_load(&open.calls) == 3);
  atomic_store(&closed.open, true);
  for (int i = 0; i < CALLS; i++) CHECK_ERROR(end(calls[i]), RUNTIME_ERROR_TIMEOUT, "");
  printer_free(&blocked);
  printer_free(&other);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_the_outcome_is_the_guests);
  RUN(test_time_runs_on);
  RUN(test_others_end_in_time);
  return 0;
}
