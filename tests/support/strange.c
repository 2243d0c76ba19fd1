/* Preloaded into a test program, this makes its process as strange as $WASMCELL_STRANGE says,
 * before main() or when its first runtime is there, and says so. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#include "wasmcell.h"

static const int signals[] = {SIGSEGV, SIGILL, SIGFPE};
static struct sigaction covered[3];

static bool is(const char *condition) {
  const char *wanted = getenv("WASMCELL_STRANGE");
  return wanted != NULL && strcmp(wanted, condition) == 0;
}

static void say(bool done) {
  if (done) printf("strange: %s\n", getenv("WASMCELL_STRANGE"));
  if (!done) fprintf(stderr, "this is not strange: %s\n", getenv("WASMCELL_STRANGE"));
  fflush(stdout);
  if (!done) _exit(97);
}

static void crash(int number, siginfo_t *info, void *context) {
  static const char text[] = "the host's handler got a guest's signal\n";
  (void)number, (void)info, (void)context;
  (void)!write(2, text, sizeof text - 1);
  _exit(98);
}

static void pass_on(int number, siginfo_t *info, void *context) {
  for (int i = 0; i < 3; i++) {
    if (signals[i] == number) covered[i].sa_sigaction(number, info, context);
  }
}

static bool install(void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_flags = flags | SA_SIGINFO, .sa_sigaction = handler};
  bool done = true;
  for (int i = 0; i < 3; i++) done &= sigaction(signals[i], &action, &covered[i]) == 0;
  return done;
}

static bool block_everything(void) {
  sigset_t all, now;
  sigfillset(&all);
  bool done = pthread_sigmask(SIG_SETMASK, &all, NULL) == 0;
  return done && pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGSEGV);
}

static bool has_small_stacks(void) {
  struct rlimit limit;
  pthread_attr_t attributes;
  size_t size = 0;
  bool done = getrlimit(RLIMIT_STACK, &limit) == 0 && pthread_attr_init(&attributes) == 0;
  done = done && pthread_attr_getstacksize(&attributes, &size) == 0;
  return done && limit.rlim_cur == 256 << 10 && size <= 256 << 10;
}

static bool flush_to_zero(void) {
#ifdef __x86_64__
  _mm_setcsr(_mm_getcsr() | 0x8040);
  volatile double tiny = 1e-308;
  return tiny / 10 == 0;
#else
  return true;
#endif
}

__attribute__((constructor)) static void start(void) {
  if (is("masked")) say(block_everything());
  if (is("pipe")) say(signal(SIGPIPE, SIG_DFL) != SIG_ERR && signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
  if (is("flush")) say(flush_to_zero());
  if (is("stacks")) say(has_small_stacks());
  if (is("before")) say(install(crash, 0));
}

/* The library's, and then the host goes on top. */
runtime_error_t *runtime_build(const runtime_builder_t *builder, runtime_t **out) {
  static bool covers;
  runtime_error_t *(*build)(const runtime_builder_t *, runtime_t **) = NULL;
  void *symbol = dlsym(RTLD_NEXT, "runtime_build");
  memcpy(&build, &symbol, sizeof symbol);
  runtime_error_t *error = build(builder, out);
  if (error != NULL || covers) return error;
  covers = true;
  if (is("passing")) say(install(pass_on, SA_ONSTACK) && !runtime_signal_handlers_installed());
  if (is("after")) {
    bool done = install(crash, SA_ONSTACK) && !runtime_signal_handlers_installed();
    error = runtime_signal_handlers_restore();
    say(done && error == NULL && runtime_signal_handlers_installed());
  }
  return NULL;
}
