/* The library leaves the process as it found it: only wasmtime's signal handlers stay. */
#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define SIGNALS 65

extern char **environ;

typedef struct {
  struct sigaction actions[SIGNALS];
  sigset_t mask;
  char directory[4096];
  char locale[256];
  char **environment;
  char *variables[512];
  mode_t umask;
  int descriptors;
} process_t;

static int count_entries(const char *path) {
  int count = 0;
  DIR *directory = opendir(path);
  CHECK(directory != NULL);
  while (readdir(directory) != NULL) count++;
  CHECK(closedir(directory) == 0);
  return count;
}

static void look(process_t *now) {
  memset(now, 0, sizeof *now);
  for (int i = 1; i < SIGNALS; i++) (void)sigaction(i, NULL, &now->actions[i]);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &now->mask) == 0);
  CHECK(getcwd(now->directory, sizeof now->directory) != NULL);
  CHECK((size_t)snprintf(now->locale, sizeof now->locale, "%s", setlocale(LC_ALL, NULL)) <
        sizeof now->locale);
  now->environment = environ;
  for (size_t i = 0; environ[i] != NULL && i < 512; i++) now->variables[i] = environ[i];
  now->umask = umask(0);
  (void)umask(now->umask);
  now->descriptors = count_entries("/proc/self/fd");
}

/* Adds, and traps. */
static const char guest[] =
    "(component"
    "  (core module $m"
    "    (func (export \"one\") (result i32) (i32.const 1))"
    "    (func (export \"trap\") unreachable)"
    "    (memory (export \"memory\") 1)"
    "    (func (export \"wild\") (drop (i32.load (i32.const -1)))))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"one\") (result u32) (canon lift (core func $i \"one\")))"
    "  (func (export \"wild\") (canon lift (core func $i \"wild\")))"
    "  (func (export \"trap\") (canon lift (core func $i \"trap\"))))";

static runtime_component_t *component;

static runtime_error_t *call(const char *text) {
  runtime_bytes_t *out = NULL;
  runtime_error_t *error =
      runtime_component_call_text(component, text, strlen(text), NULL, &out);
  runtime_bytes_free(out);
  return error;
}

/* Everything that installs something has happened after this. */
static void use(void) {
  runtime_builder_t *builder = check_builder();
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)guest, strlen(guest), NULL, &component));
  CHECK_OK(call("one()"));
  CHECK_ERROR(call("trap()"), RUNTIME_ERROR_TRAP, "unreachable");
  CHECK_ERROR(call("wild()"), RUNTIME_ERROR_TRAP, "out of bounds");
  CHECK_OK(call("one()"));
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
}

static bool is_wasmtimes(int number) {
  return number == SIGSEGV || number == SIGILL || number == SIGFPE || number == SIGBUS;
}

static void test_only_wasmtimes_handlers_stay(void) {
  static process_t before, after;
  look(&before);
  use();
  look(&after);
  for (int i = 1; i < SIGNALS; i++) {
    bool same = before.actions[i].sa_sigaction == after.actions[i].sa_sigaction &&
                before.actions[i].sa_flags == after.actions[i].sa_flags;
    if (!same && !is_wasmtimes(i)) CHECK_FAIL("the handler of signal %d changed", i);
    /* Go and others run on small stacks: a handler must not use them. */
    if (!same && (after.actions[i].sa_flags & SA_ONSTACK) == 0) {
      CHECK_FAIL("the handler of signal %d is not SA_ONSTACK", i);
    }
  }
  CHECK(memcmp(&before.mask, &after.mask, sizeof before.mask) == 0);
  CHECK_TEXT(after.directory, before.directory);
  CHECK_TEXT(after.locale, before.locale);
  CHECK(before.umask == after.umask);
  CHECK(before.environment == after.environment);
  CHECK(memcmp(before.variables, after.variables, sizeof before.variables) == 0);
}

/* What the first runtime leaves open, the second one does not add to. */
static void test_descriptors_do_not_leak(void) {
  static process_t before, after;
  look(&before);
  for (int i = 0; i < 3; i++) use();
  look(&after);
  if (before.descriptors != after.descriptors) {
    CHECK_FAIL("%d descriptors before, %d after", before.descriptors, after.descriptors);
  }
}

static volatile sig_atomic_t handled;

static void on_signal(int number) { handled = number; }

/* Signals that are not traps of a guest reach the handler that was there before. */
static void test_other_faults_reach_the_host(void) {
  struct sigaction ours, old;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_signal;
  CHECK(sigaction(SIGUSR1, &ours, &old) == 0);
  use();
  CHECK(raise(SIGUSR1) == 0);
  CHECK(handled == SIGUSR1);
}

int main(void) {
  RUN(test_only_wasmtimes_handlers_stay);
  RUN(test_descriptors_do_not_leak);
  RUN(test_other_faults_reach_the_host);
  return 0;
}
