/* threads */
/* no-valgrind: the masks of threads that the system tells of are Valgrind's own there */
/* Signals are the host's: the threads of a runtime take none of them, whatever mask it is built
 * under, and a handler may cancel calls. */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "guests.h"

#define HOUR 3600000

static runtime_builder_t *ours(int on_demand) {
  runtime_builder_t *builder = guest_builder(16);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_worker_threads(builder, 2);
  return builder;
}

static sigset_t mask_of(int how, const sigset_t *set) {
  sigset_t before;
  CHECK(pthread_sigmask(how, set, &before) == 0);
  return before;
}

static runtime_error_t *call_async(const runtime_function_t *function, const runtime_value_t *arg,
                                   const runtime_call_options_t *options) {
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, arg, arg != NULL, options, &completion));
  runtime_error_t *error = runtime_pending_wait(pending, UINT64_MAX, &results);
  runtime_pending_free(pending);
  runtime_values_free(results);
  return error;
}

static void expect_same(const sigset_t *one, const sigset_t *other) {
  for (int i = 1; i < 65; i++) CHECK(sigismember(one, i) == sigismember(other, i));
}

/* ---- threads ---- */

/* The mask of a thread, from /proc/self/task/ID/status. */
static uint64_t blocked_by(const char *id, char *name) {
  char path[300], line[256];
  unsigned long long mask = 0;
  (void)snprintf(path, sizeof path, "/proc/self/task/%s/status", id);
  FILE *file = fopen(path, "r");
  *name = 0;
  if (file == NULL) return 0; /* It ended meanwhile. */
  while (fgets(line, sizeof line, file) != NULL) {
    (void)sscanf(line, "Name: %63s", name);
    (void)sscanf(line, "SigBlk: %llx", &mask);
  }
  CHECK(fclose(file) == 0);
  return mask;
}

/* Every thread of the library blocks all but what traps need, and what cannot be blocked. */
static int expect_masks(void) {
  int count = 0;
  uint64_t free_to_come = 0;
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGKILL, SIGSTOP, 32, 33};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    free_to_come |= UINT64_C(1) << (signals[i] - 1);
  }
  DIR *directory = opendir("/proc/self/task");
  CHECK(directory != NULL);
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char name[64];
    if (entry->d_name[0] == '.') continue;
    uint64_t mask = blocked_by(entry->d_name, name);
    if (strncmp(name, "wasmcell", 8) != 0) continue;
    if (mask != ~free_to_come) CHECK_FAIL("%s blocks %llx", name, (unsigned long long)mask);
    count++;
  }
  CHECK(closedir(directory) == 0);
  return count;
}

static void test_threads_take_no_signals(void) {
  sigset_t before = mask_of(SIG_BLOCK, NULL), after;
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    guest_t guest;
    runtime_value_t one = value_u32(1), pause = value_u64(20);
    guest_make(&guest, ours(on_demand));
    CHECK_OK(call(guest.sleep, &pause, NULL));
    CHECK_OK(call_async(guest.sleep, &pause, NULL));
    CHECK_OK(call_async(guest.add, &one, NULL));
    CHECK(expect_masks() >= 4);
    guest_free(&guest);
  }
  after = mask_of(SIG_BLOCK, NULL);
  expect_same(&before, &after);
}

static volatile sig_atomic_t handled;

static void handle(int signal) {
  (void)signal;
  handled++;
}

/* What the host blocks stays pending until it asks for it. */
static void test_a_blocked_signal_stays_pending(void) {
  guest_t guest;
  sigset_t set, before, pending;
  int got = 0;
  struct sigaction action = {.sa_handler = handle}, old;
  CHECK(sigaction(SIGUSR1, &action, &old) == 0);
  guest_make(&guest, ours(0));
  CHECK(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0);
  before = mask_of(SIG_BLOCK, &set);
  for (int i = 0; i < 20; i++) {
    runtime_value_t one = value_u32(1);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_OK(call(guest.add, &one, NULL));
    CHECK_OK(call_async(guest.add, &one, NULL));
    pause_ms(1);
    CHECK(handled == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigwait(&set, &got) == 0 && got == SIGUSR1);
  }
  guest_free(&guest);
  mask_of(SIG_SETMASK, &before);
  CHECK(sigaction(SIGUSR1, &old, NULL) == 0);
}

/* Workers do what workers do also for a host that blocks everything. */
static void test_a_runtime_may_be_built_under_any_mask(void) {
  sigset_t all, before;
  CHECK(sigfillset(&all) == 0);
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    guest_t guest;
    before = mask_of(SIG_SETMASK, &all);
    guest_make(&guest, ours(on_demand));
    CHECK_ERROR(call_async(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
    CHECK_ERROR(call_async(guest.recurse, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "");
    expect_masks();
    guest_free(&guest);
    mask_of(SIG_SETMASK, &before);
  }
}

/* ---- cancellation by a handler ---- */

static runtime_cancel_t *volatile active;
static volatile sig_atomic_t fired;

static void trigger(int signal) {
  (void)signal;
  int saved = errno;
  errno = 4711;
  runtime_cancel_trigger(active);
  if (errno != 4711 || (active != NULL && !runtime_cancel_is_triggered(active))) abort();
  errno = saved;
  fired++;
}

static void timer(long us) {
  struct itimerval time = {.it_interval = {0, us}, .it_value = {0, us}};
  CHECK(setitimer(ITIMER_REAL, &time, NULL) == 0);
}

/* A call that computes or waits ends soon after the handler. */
static void test_a_handler_ends_a_call(void) {
  guest_t guest;
  guest_make(&guest, ours(0));
  runtime_value_t hour = value_u64(HOUR);
  CHECK(signal(SIGALRM, trigger) != SIG_ERR);
  for (int i = 0; i < 8; i++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_cancel_t *token = NULL;
    CHECK_OK(runtime_cancel_new(&token));
    options.cancel = token;
    active = token;
    struct itimerval time = {.it_value = {0, 20000}};
    CHECK(setitimer(ITIMER_REAL, &time, NULL) == 0);
    uint64_t start = now_ms();
    const runtime_function_t *function = i % 2 ? guest.sleep : guest.spin;
    runtime_error_t *error = i % 4 < 2 ? call(function, i % 2 ? &hour : NULL, &options)
                                       : call_async(function, i % 2 ? &hour : NULL, &options);
    CHECK_ERROR(error, RUNTIME_ERROR_CANCELLED, "cancelled");
    CHECK(now_ms() < start + 2000);
    active = NULL;
    runtime_cancel_free(token);
  }
  guest_free(&guest);
}

/* Wherever it interrupts the library. */
static void test_a_handler_may_trigger_at_any_time(void) {
  guest_t guest;
  guest_make(&guest, ours(0));
  runtime_value_t one = value_u32(1), pause = value_u64(1);
  int cancelled = 0;
  CHECK(signal(SIGALRM, trigger) != SIG_ERR);
  fired = 0;
  timer(37);
  for (uint64_t end = now_ms() + 1000, i = 0; now_ms() < end; i++) {
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_cancel_t *token = NULL;
    CHECK_OK(runtime_cancel_new(&token));
    active = token;
    options.cancel = token;
    const runtime_function_t *function = i % 3 == 0 ? guest.sleep : guest.add;
    runtime_error_t *error = call(function, i % 3 == 0 ? &pause : &one, &options);
    if (runtime_error_code(error) == RUNTIME_ERROR_CANCELLED) {
      cancelled++;
    } else {
      CHECK(error == NULL);
    }
    runtime_error_free(error);
    active = NULL;
    runtime_cancel_free(token);
  }
  timer(0);
  CHECK(fired > 0 && cancelled > 0);
  guest_free(&guest);
}

/* One token for many calls that wait, on the workers and on threads of the host. */
static void test_a_handler_ends_many_calls(void) {
  enum { CALLS = 16 };
  guest_t guest;
  guest_make(&guest, ours(1));
  static runtime_pending_t *pending[CALLS];
  runtime_value_t hour = value_u64(HOUR);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_cancel_t *token = NULL;
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  options.cancel = token;
  for (size_t i = 0; i < CALLS; i++) {
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    completion.pending_out = &pending[i];
    CHECK_OK(runtime_function_call_async(guest.sleep, &hour, 1, &options, &completion));
  }
  pause_ms(50);
  active = token;
  CHECK(signal(SIGALRM, trigger) != SIG_ERR && raise(SIGALRM) == 0 && raise(SIGALRM) == 0);
  active = NULL;
  runtime_cancel_free(token);
  for (size_t i = 0; i < CALLS; i++) {
    CHECK_ERROR(runtime_pending_wait(pending[i], 60000, &results), RUNTIME_ERROR_CANCELLED, "");
    runtime_pending_free(pending[i]);
  }
  guest_free(&guest);
}

int main(void) {
  RUN(test_threads_take_no_signals);
  RUN(test_a_blocked_signal_stays_pending);
  RUN(test_a_runtime_may_be_built_under_any_mask);
  RUN(test_a_handler_ends_a_call);
  RUN(test_a_handler_may_trigger_at_any_time);
  RUN(test_a_handler_ends_many_calls);
  return 0;
}
