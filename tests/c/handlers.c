/* no-valgrind: it reports the very faults that are wanted here */
/* Whatever handler the host has for the signals of traps, before or after the library's: traps are
 * errors, and what no guest raised gets to the host as it would have without the library. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "breaker.h"

/* Each scenario runs in a process of its own, where nothing is installed yet. */
static void in_a_child(void (*scenario)(int), int detail, int signal_expected) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(120); /* for ever is a failure, too */
    scenario(detail);
    exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  int got = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) * 1000;
  if (got != signal_expected) CHECK_FAIL("detail %d: %d, not %d", detail, got, signal_expected);
}

/* What the host's handler is to do with a fault on `page`, and what it saw. */
enum { MEND, JUMP, PASS_ON, PUT_BACK, RAISE };
static int duty;
static char *page, *own_stack;
static size_t own_stack_size = 1 << 20;
static volatile sig_atomic_t calls, was_right, was_deferred, was_masked, was_on_own_stack;
static sigjmp_buf back;
static struct sigaction found;

static void handle(int signal_number, siginfo_t *info, void *context) {
  char here = 0;
  sigset_t mask;
  if (++calls > 100) _exit(7);
  (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
  was_deferred = sigismember(&mask, SIGSEGV);
  was_masked = sigismember(&mask, SIGUSR1);
  was_on_own_stack = (uintptr_t)&here - (uintptr_t)own_stack < own_stack_size;
  was_right = signal_number == SIGSEGV && (info == NULL || info->si_addr == page);
  switch (duty) {
    case MEND: (void)mprotect(page, 4096, PROT_READ | PROT_WRITE); break;
    case JUMP: siglongjmp(back, 1);
    case PASS_ON:
      if (found.sa_flags & SA_SIGINFO) {
        found.sa_sigaction(signal_number, info, context);
      } else {
        (void)sigaction(signal_number, &found, NULL);
      }
      break;
    case PUT_BACK: (void)sigaction(signal_number, &found, NULL); break;
    default:
      (void)signal(signal_number, SIG_DFL);
      (void)raise(signal_number);
  }
}

static void handle_plainly(int signal_number) { handle(signal_number, NULL, NULL); }

static void install(int flags, int with_mask) {
  struct sigaction action = {.sa_flags = flags};
  if (flags & SA_SIGINFO) {
    action.sa_sigaction = handle;
  } else {
    action.sa_handler = handle_plainly;
  }
  CHECK(sigemptyset(&action.sa_mask) == 0);
  if (with_mask) CHECK(sigaddset(&action.sa_mask, SIGUSR1) == 0);
  CHECK(sigaction(SIGSEGV, &action, &found) == 0);
}

static void prepare(void) {
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  own_stack = malloc(own_stack_size);
  stack_t own = {.ss_sp = own_stack, .ss_size = own_stack_size};
  CHECK(page != MAP_FAILED && own_stack != NULL && sigaltstack(&own, NULL) == 0);
}

static void done(void) {
  stack_t off = {.ss_flags = SS_DISABLE};
  CHECK(sigaltstack(&off, NULL) == 0);
  free(own_stack);
}

/* A fault of the host's own, which its handler mends or leaves. */
static void fault(void) {
  CHECK(mprotect(page, 4096, PROT_NONE) == 0);
  if (sigsetjmp(back, 1) == 0) *(volatile char *)page = 1;
}

static breaker_t broken(void) {
  breaker_t it = breaker_make(guest_builder(4), 0);
  breaker_break(&it);
  CHECK(calls == 0);
  return it;
}

static void expect_unmasked(void) {
  sigset_t mask;
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
  CHECK(!sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGUSR1));
}

/* One call of the handler, as its flags say. */
static void expect_call(int flags, int with_mask) {
  calls = 0;
  fault();
  CHECK(calls == 1 && was_right);
  CHECK(was_deferred == !(flags & SA_NODEFER) && was_masked == with_mask);
#ifdef __x86_64__
  CHECK(was_on_own_stack == !!(flags & SA_ONSTACK));
#endif
  expect_unmasked();
}

static const int flag_bits[] = {SA_SIGINFO, SA_NODEFER, SA_ONSTACK};

static int flags_of(int detail) {
  int flags = 0;
  for (int i = 0; i < 3; i++) flags |= detail & 1 << i ? flag_bits[i] : 0;
  return flags;
}

static void before(int detail) {
  int flags = flags_of(detail), with_mask = detail >> 3 & 1;
  duty = detail & 16 ? JUMP : MEND;
  prepare();
  install(flags, with_mask);
  expect_call(flags, with_mask); /* what is expected below is what the system does */
  calls = 0;
  breaker_t breaker = broken();
  for (int i = 0; i < 20; i++) {
    expect_call(flags, with_mask);
    calls = 0;
    if (i % 10 == 0) breaker_break(&breaker);
    CHECK(calls == 0);
  }
  breaker_free(&breaker);
  expect_call(flags, with_mask);
  done();
}

static void test_handlers_before_ours(void) {
  for (int detail = 0; detail < 32; detail++) in_a_child(before, detail, 0);
}

static void after(int detail) {
  int flags = flags_of(detail), with_mask = detail >> 3 & 1;
  duty = detail & 16 ? JUMP : MEND;
  prepare();
  breaker_t breaker = broken();
  CHECK(runtime_signal_handlers_installed());
  install(flags, with_mask);
  CHECK(!runtime_signal_handlers_installed());
  CHECK_OK(runtime_signal_handlers_restore());
  CHECK(runtime_signal_handlers_installed());
  for (int i = 0; i < 20; i++) {
    expect_call(flags, with_mask);
    calls = 0;
    if (i % 10 == 0) breaker_break(&breaker);
    CHECK_OK(runtime_signal_handlers_restore());
    CHECK(calls == 0);
  }
  breaker_free(&breaker);
  done();
}

static void test_handlers_after_ours(void) {
  for (int detail = 0; detail < 32; detail++) in_a_child(after, detail, 0);
}

/* A handler on top that passes on what is not its own. */
static void passes_on(int detail) {
  prepare();
  breaker_t breaker = broken();
  duty = PASS_ON;
  install(flags_of(detail) | SA_SIGINFO, 0);
  for (int i = 0; i < 3; i++) {
    breaker_break(&breaker);
    CHECK(calls > 0);
    calls = 0;
  }
  duty = MEND;
  expect_call(flags_of(detail) | SA_SIGINFO, 0);
  breaker_free(&breaker);
  done();
}

static void test_handlers_that_pass_on(void) {
  for (int detail = 0; detail < 8; detail += 2) in_a_child(passes_on, detail, 0);
}

/* Once, and then what the system does with faults that nobody handles. */
static void once(int detail) {
  prepare();
  duty = MEND;
  if (detail == 0) install((int)(SA_SIGINFO | SA_RESETHAND), 0);
  breaker_t breaker = broken();
  if (detail == 1) {
    install((int)(SA_RESETHAND | SA_NODEFER), 0);
    CHECK_OK(runtime_signal_handlers_restore());
  }
  expect_call(detail ? SA_NODEFER : 0, 0);
  calls = 0;
  breaker_break(&breaker);
  CHECK(calls == 0);
  fault();
}

static void test_handlers_that_are_called_once(void) {
  for (int detail = 0; detail < 2; detail++) in_a_child(once, detail, SIGSEGV);
}

/* SIG_DFL and SIG_IGN: what is sent, and what the host does. */
static void nobody(int detail) {
  prepare();
  if (detail & 1) CHECK(signal(SIGSEGV, SIG_IGN) != SIG_ERR && signal(SIGILL, SIG_IGN) != SIG_ERR);
  breaker_t breaker = broken();
  if (detail & 1) {
    CHECK(raise(SIGSEGV) == 0 && raise(SIGILL) == 0 && kill(getpid(), SIGSEGV) == 0);
    CHECK(runtime_signal_handlers_installed());
    breaker_break(&breaker);
  }
  if (detail & 2) fault();
  if (detail == 0) raise(SIGSEGV);
  exit(5);
}

static void test_where_nobody_handles_them(void) {
  in_a_child(nobody, 0, SIGSEGV);
  in_a_child(nobody, 1, 5000);
  in_a_child(nobody, 2, SIGSEGV);
  in_a_child(nobody, 3, SIGSEGV);
}

/* Each covers the other, again and again; a fault that neither mends ends the process. */
static void mutual(int rounds) {
  prepare();
  breaker_t breaker = broken();
  for (int i = 0; i < rounds; i++) {
    install(SA_SIGINFO | (i % 2 ? SA_NODEFER : 0), 0);
    CHECK_OK(runtime_signal_handlers_restore());
    CHECK(runtime_signal_handlers_installed());
  }
  breaker_break(&breaker);
  CHECK(calls == 0);
  duty = PASS_ON;
  fault();
}

static void test_handlers_that_cover_each_other(void) {
  static const int rounds[] = {1, 2, 15, 16, 50};
  for (int i = 0; i < 5; i++) in_a_child(mutual, rounds[i], SIGSEGV);
}

/* As crash reporters do: tell, put back what was there, and let it happen again. */
static void reporter(int detail) {
  prepare();
  breaker_t breaker = broken();
  install(SA_SIGINFO, 0);
  CHECK_OK(runtime_signal_handlers_restore());
  breaker_break(&breaker);
  duty = detail == 2 ? RAISE : PUT_BACK;
  if (detail == 1) raise(SIGSEGV);
  fault();
}

static void test_crash_reporters(void) {
  for (int detail = 0; detail < 3; detail++) in_a_child(reporter, detail, SIGSEGV);
}

/* A handler that goes as it came leaves ours on top. */
static void leaves(int detail) {
  prepare();
  breaker_t breaker = broken();
  install(SA_SIGINFO, 0);
  if (detail) CHECK_OK(runtime_signal_handlers_restore());
  CHECK(sigaction(SIGSEGV, &found, NULL) == 0 && runtime_signal_handlers_installed());
  breaker_break(&breaker);
  CHECK(calls == 0);
  /* One that takes ours for a plain one has to be told. */
  CHECK(signal(SIGSEGV, found.sa_handler) != SIG_ERR && !runtime_signal_handlers_installed());
  CHECK_OK(runtime_signal_handlers_restore());
  CHECK(runtime_signal_handlers_installed());
  breaker_break(&breaker);
  fault();
}

static void test_handlers_that_go(void) {
  for (int detail = 0; detail < 2; detail++) in_a_child(leaves, detail, SIGSEGV);
}

/* Faults of the host's beside those of guests, as of a collector with barriers. */
static void *faults(void *data) {
  char *mine = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mine != MAP_FAILED);
  for (int i = 0; i < 2000; i++) {
    *(volatile int *)(void *)mine = i;
    CHECK(mprotect(mine, 4096, PROT_NONE) == 0);
  }
  return data;
}

static void mend_any(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number, (void)context;
  (void)mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
}

static void *traps(void *data) {
  for (int i = 0; i < 10; i++) breaker_break(data);
  return data;
}

static void together(int detail) {
  struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = mend_any};
  if (!detail) CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  breaker_t breaker = breaker_make(guest_builder(8), 0);
  if (detail) CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  CHECK_OK(runtime_signal_handlers_restore());
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = thread_start(i % 2 ? traps : faults, &breaker);
  for (int i = 0; i < 4; i++) thread_join(threads[i]);
  breaker_free(&breaker);
}

static void test_faults_of_host_and_guests(void) {
  for (int detail = 0; detail < 2; detail++) in_a_child(together, detail, 0);
}

/* Without a runtime there is nothing to restore. */
static void nothing(int detail) {
  (void)detail;
  CHECK(!runtime_signal_handlers_installed());
  CHECK_OK(runtime_signal_handlers_restore());
  struct sigaction action;
  CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}

int main(void) {
  RUN(test_handlers_before_ours);
  RUN(test_handlers_after_ours);
  RUN(test_handlers_that_pass_on);
  RUN(test_handlers_that_are_called_once);
  RUN(test_where_nobody_handles_them);
  RUN(test_handlers_that_cover_each_other);
  RUN(test_crash_reporters);
  RUN(test_handlers_that_go);
  RUN(test_faults_of_host_and_guests);
  in_a_child(nothing, 0, 0);
  return 0;
}
