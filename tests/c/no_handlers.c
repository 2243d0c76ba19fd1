/* threads */
/* Without handlers of the library: a guest that breaks a rule is told so by its own code, and the
 * host's handlers are never called and stay where they are. */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "breaker.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
static volatile sig_atomic_t calls;
static struct sigaction installed[4];

static void handle(int signal_number) {
  (void)signal_number;
  calls++;
  _exit(7);
}

static void handle_fully(int signal_number, siginfo_t *info, void *context) {
  (void)info, (void)context;
  handle(signal_number);
}

static void install(void) {
  for (int i = 0; i < 4; i++) {
    struct sigaction action = {.sa_flags = i % 2 ? SA_SIGINFO | SA_ONSTACK : SA_NODEFER};
    if (i % 2) {
      action.sa_sigaction = handle_fully;
    } else {
      action.sa_handler = handle;
    }
    CHECK(sigaction(signals[i], &action, NULL) == 0);
    CHECK(sigaction(signals[i], NULL, &installed[i]) == 0);
  }
}

static void expect_untouched(void) {
  for (int i = 0; i < 4; i++) {
    struct sigaction now;
    CHECK(sigaction(signals[i], NULL, &now) == 0);
    CHECK(now.sa_handler == installed[i].sa_handler && now.sa_flags == installed[i].sa_flags);
  }
  CHECK(calls == 0 && !runtime_signal_handlers_installed());
}

static runtime_builder_t *without(int on_demand) {
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_signal_handlers(builder, false);
  if (on_demand) runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

/* Where the mask is not looked at, either. */
static void *break_masked(void *data) {
  sigset_t all, before;
  CHECK(sigfillset(&all) == 0 && pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
  breaker_break(data);
  CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
  return NULL;
}

static void test_no_handler_is_installed(void) {
  for (int way = 0; way < 4; way++) {
    breaker_t breaker = breaker_make(without(way % 2), (uint64_t)way / 2);
    breaker_break(&breaker);
    break_masked(&breaker);
    thread_join(thread_start(break_masked, &breaker));
    expect_untouched();
    breaker_free(&breaker);
    expect_untouched();
  }
}

static void test_the_default_pool(void) {
  runtime_info_t info = RUNTIME_INFO_INIT;
  runtime_builder_t *builder = check_builder();
  runtime_builder_signal_handlers(builder, false);
  breaker_t breaker = breaker_make(builder, 0);
  CHECK_OK(runtime_info(breaker.runtime, &info));
  CHECK(info.allocator == RUNTIME_ALLOCATOR_POOLING_SHRUNK);
  CHECK(strstr(info.reason, "signal_handlers") != NULL);
  breaker_break(&breaker);
  breaker_free(&breaker);
}

static void test_nothing_is_restored(void) {
  CHECK_OK(runtime_signal_handlers_restore());
  expect_untouched();
}

static void test_everything_else_works(void) {
  guest_t guest;
  runtime_value_t one = value_u32(1), ms = value_u64(3), text = value_string("text");
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 20;
  guest_make(&guest, without(0));
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_OK(call(guest.echo, &text, NULL));
  CHECK_ERROR(call(guest.recurse, NULL, NULL), RUNTIME_ERROR_STACK_OVERFLOW, "");
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "");
  guest_free(&guest);
}

/* Code is for the mode that it was compiled for; a cache in a directory keeps both. */
static breaker_t cached(const char *directory, bool handlers) {
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_signal_handlers(builder, handlers);
  runtime_builder_cache_directory(builder, directory, strlen(directory));
  return breaker_make(builder, 0);
}

static void test_compiled_code_is_not_mixed_up(void) {
  char directory[4096];
  const char *scratch = getenv("WASMCELL_SCRATCH");
  CHECK(scratch != NULL);
  (void)snprintf(directory, sizeof directory, "%s/mode-XXXXXX", scratch);
  CHECK(mkdtemp(directory) != NULL);
  breaker_t modes[2];
  runtime_bytes_t *code[2];
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 2; i++) {
      modes[i] = cached(directory, i);
      breaker_break(&modes[i]);
      CHECK_OK(runtime_component_serialize(modes[i].component, &code[i]));
    }
    for (int i = 0; i < 4; i++) {
      runtime_component_t *component = NULL;
      runtime_error_t *error = runtime_component_deserialize(
          modes[i % 2].runtime, runtime_bytes_data(code[i / 2]), runtime_bytes_len(code[i / 2]),
          NULL, &component);
      CHECK((component != NULL) == (i % 2 == i / 2));
      CHECK_ERROR(error, component ? 0 : RUNTIME_ERROR_COMPILE,
                  component ? "" : "another `signal_handlers`");
      runtime_component_free(component);
    }
    for (int i = 0; i < 2; i++) {
      runtime_bytes_free(code[i]);
      breaker_free(&modes[i]);
    }
  }
}

/* Beside a runtime that has handlers: those stay, and neither disturbs the other. */
static void test_both_modes_in_one_process(void) {
  breaker_t off = breaker_make(without(0), 0), on = breaker_make(guest_builder(4), 0);
  CHECK(runtime_signal_handlers_installed());
  for (int i = 0; i < 3; i++) {
    breaker_break(i % 2 ? &on : &off);
    breaker_break(i % 2 ? &off : &on);
  }
  breaker_free(&on);
  breaker_break(&off);
  breaker_free(&off);
  CHECK(runtime_signal_handlers_installed() && calls == 0);
}

int main(void) {
  install();
  RUN(test_no_handler_is_installed);
  RUN(test_the_default_pool);
  RUN(test_nothing_is_restored);
  RUN(test_everything_else_works);
  expect_untouched();
  RUN(test_compiled_code_is_not_mixed_up);
  RUN(test_both_modes_in_one_process);
  return 0;
}
