/* How late a time limit strikes and a cancellation is seen: the distribution, in ticks, of calls
 * that compute and calls that wait, alone and among 200 others, blocking and asynchronous.
 * `make lateness` runs it. Arguments: how often each is measured, and which mix, by a piece of its
 * name. */
#include "../c/guests.h"

#define TICK_MS 10
#define LIMIT_MS 50
#define OTHERS 200
#define HOUR 3600000

static guest_t guest;
static runtime_function_t *nap; /* computes for a moment and waits for 10 ms, in turn */

static const char nap_wat[] =
    "(component"
    "  (import \"wasi:io/poll@0.2.0\" (instance $poll"
    "    (export \"pollable\" (type $p (sub resource)))"
    "    (export \"[method]pollable.block\" (func (param \"self\" (borrow $p))))))"
    "  (alias export $poll \"pollable\" (type $pollable))"
    "  (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance $clock"
    "    (alias outer 1 $pollable (type $outer))"
    "    (export \"pollable\" (type $p (eq $outer)))"
    "    (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $p))))))"
    "  (core func $block (canon lower (func $poll \"[method]pollable.block\")))"
    "  (core func $after (canon lower (func $clock \"subscribe-duration\")))"
    "  (core func $drop (canon resource.drop $pollable))"
    "  (core module $m"
    "    (import \"\" \"block\" (func $block (param i32)))"
    "    (import \"\" \"after\" (func $after (param i64) (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"nap\") (local $p i32) (local $i i32)"
    "      (loop $again"
    "        (local.set $i (i32.const 0))"
    "        (loop $work"
    "          (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "          (br_if $work (i32.lt_u (local.get $i) (i32.const 20000))))"
    "        (local.set $p (call $after (i64.const 10000000)))"
    "        (call $block (local.get $p))"
    "        (call $drop (local.get $p))"
    "        (br $again))))"
    "  (core instance $i (instantiate $m (with \"\" (instance"
    "    (export \"block\" (func $block))"
    "    (export \"after\" (func $after))"
    "    (export \"drop\" (func $drop))))))"
    "  (func (export \"nap\") (canon lift (core func $i \"nap\"))))";

static uint64_t now_us(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_distribution(const char *mix, const char *what, double *ticks, size_t count) {
  qsort(ticks, count, sizeof *ticks, ascending);
  double p99 = ticks[(count * 99 + 99) / 100 - 1];
  printf("%-26s %-36s %7.2f %7.2f %7.2f %7.2f %7.2f  %s\n", mix, what, ticks[0], ticks[count / 2],
         ticks[count * 9 / 10], p99, ticks[count - 1],
         p99 <= 2 ? "within two ticks" : "MORE THAN TWO TICKS");
  CHECK(fflush(stdout) == 0);
}

/* The others: asynchronous calls that only `token` ends. */
typedef struct {
  runtime_cancel_t *token;
  runtime_pending_t *pending[OTHERS];
  size_t count;
} others_t;

static void others_start(others_t *others, const runtime_function_t *waiting, size_t waits,
                         const runtime_function_t *computing, size_t computes) {
  runtime_value_t hour = value_u64(HOUR);
  CHECK_OK(runtime_cancel_new(&others->token));
  others->count = waits + computes;
  for (size_t i = 0; i < others->count; i++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    const runtime_function_t *function = i < waits ? waiting : computing;
    size_t args_len = runtime_type_len(runtime_function_type(function));
    options.cancel = others->token;
    completion.pending_out = &others->pending[i];
    CHECK_OK(runtime_function_call_async(function, &hour, args_len, &options, &completion));
  }
  pause_ms(100);
}

static void others_stop(others_t *others) {
  runtime_cancel_trigger(others->token);
  for (size_t i = 0; i < others->count; i++) {
    runtime_values_t *results = NULL;
    CHECK_ERROR(runtime_pending_wait(others->pending[i], UINT64_MAX, &results),
                RUNTIME_ERROR_CANCELLED, "");
    runtime_pending_free(others->pending[i]);
  }
  runtime_cancel_free(others->token);
}

/* One call that is measured, and the moment at which its caller had the answer. */
typedef struct {
  const runtime_function_t *function;
  bool async;
  runtime_call_options_t options;
  int code;
  _Atomic uint64_t ended;
} measured_t;

static void on_completion(void *data, runtime_values_t *results, runtime_error_t *error) {
  measured_t *it = data;
  it->code = (int)runtime_error_code(error);
  runtime_error_free(error);
  runtime_values_free(results);
  atomic_store(&it->ended, now_us());
}

static void *measured_run(void *data) {
  measured_t *it = data;
  runtime_value_t hour = value_u64(HOUR);
  size_t args_len = it->function == guest.sleep ? 1 : 0;
  if (it->async) {
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    runtime_pending_t *pending = NULL;
    runtime_values_t *results = NULL;
    completion.callback = on_completion;
    completion.user_data = it;
    completion.pending_out = &pending;
    CHECK_OK(runtime_function_call_async(it->function, &hour, args_len, &it->options, &completion));
    CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
    runtime_pending_free(pending);
  } else {
    runtime_values_t *results = NULL;
    runtime_error_t *error =
        runtime_function_call(it->function, &hour, args_len, &it->options, &results);
    on_completion(it, results, error);
  }
  return NULL;
}

static double time_limit(const runtime_function_t *function, bool async) {
  measured_t it;
  memset(&it, 0, sizeof it);
  it.function = function;
  it.async = async;
  it.options = (runtime_call_options_t)RUNTIME_CALL_OPTIONS_INIT;
  it.options.timeout_ms = LIMIT_MS;
  uint64_t begin = now_us();
  (void)measured_run(&it);
  CHECK(it.code == RUNTIME_ERROR_TIMEOUT);
  return ((double)(atomic_load(&it.ended) - begin) / 1000 - LIMIT_MS) / TICK_MS;
}

static double cancellation(const runtime_function_t *function, bool async) {
  measured_t it;
  runtime_cancel_t *token = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  memset(&it, 0, sizeof it);
  it.function = function;
  it.async = async;
  it.options = (runtime_call_options_t)RUNTIME_CALL_OPTIONS_INIT;
  it.options.cancel = token;
  pthread_t thread = thread_start(measured_run, &it);
  pause_ms(LIMIT_MS);
  uint64_t begin = now_us();
  runtime_cancel_trigger(token);
  thread_join(thread);
  CHECK(it.code == RUNTIME_ERROR_CANCELLED);
  runtime_cancel_free(token);
  return (double)(atomic_load(&it.ended) - begin) / 1000 / TICK_MS;
}

static void measure(const char *mix, size_t count, const char *only) {
  if (strstr(mix, only) == NULL) return;
  double *ticks = calloc(count, sizeof *ticks);
  CHECK(ticks != NULL);
  for (int i = 0; i < 8; i++) {
    bool async = (i & 1) != 0, waits = (i & 2) != 0, cancels = (i & 4) != 0;
    char what[64];
    CHECK(snprintf(what, sizeof what, "%s, %s, %s", cancels ? "cancelled" : "timed out",
                   waits ? "waiting" : "computing", async ? "asynchronous" : "blocking") > 0);
    for (size_t k = 0; k < count; k++) {
      const runtime_function_t *function = waits ? guest.sleep : guest.spin;
      ticks[k] = cancels ? cancellation(function, async) : time_limit(function, async);
    }
    print_distribution(mix, what, ticks, count);
  }
  free(ticks);
}

int main(int argc, char **argv) {
  size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 200;
  const char *only = argc > 2 ? argv[2] : "";
  CHECK(count > 0);
  runtime_builder_t *builder = guest_builder(2 * OTHERS);
  runtime_builder_epoch_tick(builder, TICK_MS);
  runtime_builder_max_execution_time(builder, HOUR);
  guest_make(&guest, builder);
  runtime_component_t *napper = NULL;
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)nap_wat, strlen(nap_wat), NULL,
                                 &napper));
  CHECK_OK(runtime_component_function(napper, "nap", 3, &nap));
  printf("ticks of %d ms, limit %d ms, %zu times each\n%-26s %-36s %7s %7s %7s %7s %7s\n", TICK_MS,
         LIMIT_MS, count, "among", "lateness in ticks of a call", "min", "p50", "p90", "p99",
         "max");
  others_t others;
  measure("nobody", count, only);
  others_start(&others, guest.sleep, OTHERS, NULL, 0);
  measure("200 that wait", count, only);
  others_stop(&others);
  others_start(&others, nap, OTHERS, NULL, 0);
  measure("200 that do both in turn", count, only);
  others_stop(&others);
  others_start(&others, guest.sleep, OTHERS - 2, guest.spin, 2);
  measure("198 that wait, 2 compute", count, only);
  others_stop(&others);
  others_start(&others, NULL, 0, guest.spin, OTHERS);
  measure("200 that compute", count, only);
  others_stop(&others);
  runtime_function_free(nap);
  runtime_component_free(napper);
  guest_free(&guest);
  return 0;
}
