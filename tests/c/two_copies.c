/* no-valgrind: it reports the very faults that are wanted here */
/* Two copies of the library in one process, as a plugin may bring its own: each gets the signals of
 * its guests, and the host what no guest raised, once. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "breaker.h"

static char *page;
static volatile sig_atomic_t calls;

static void handle(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number, (void)info, (void)context;
  if (info->si_addr != page || calls > 100) _exit(7);
  calls++;
  (void)mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void fault(void) {
  calls = 0;
  CHECK(mprotect(page, 4096, PROT_NONE) == 0);
  *(volatile char *)page = 1;
  CHECK(calls == 1);
}

/* What is used of the other copy. */
static void *other;
static runtime_builder_t *(*other_builder)(void);
static void (*other_max)(runtime_builder_t *, uint64_t);
static runtime_error_t *(*other_build)(const runtime_builder_t *, runtime_t **);
static runtime_error_t *(*other_load)(runtime_t *, const uint8_t *, size_t,
                                      const runtime_component_options_t *, runtime_component_t **);
static runtime_error_t *(*other_call)(const runtime_component_t *, const char *, size_t,
                                      const runtime_call_options_t *, runtime_bytes_t **);
static int32_t (*other_code)(const runtime_error_t *);
static void (*other_free_error)(runtime_error_t *), (*other_free_builder)(runtime_builder_t *),
    (*other_free_component)(runtime_component_t *), (*other_free)(runtime_t *);
static runtime_error_t *(*other_restore)(void);
static bool (*other_installed)(void);

static void get(const char *name, void *function) {
  void *symbol = dlsym(other, name);
  CHECK(symbol != NULL);
  memcpy(function, &symbol, sizeof symbol);
}

static void load_other(void) {
  char path[4096], buffer[1 << 16];
  ssize_t len;
  CHECK((size_t)snprintf(path, sizeof path, "%s/copy-XXXXXX", getenv("WASMCELL_SCRATCH")) <
        sizeof path);
  int to = mkstemp(path), from = open(getenv("WASMCELL_LIBRARY"), O_RDONLY);
  CHECK(to >= 0 && from >= 0);
  while ((len = read(from, buffer, sizeof buffer)) > 0) {
    CHECK(write(to, buffer, (size_t)len) == len);
  }
  CHECK(len == 0 && close(to) == 0 && close(from) == 0);
  other = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(unlink(path) == 0 && other != NULL);
  get("runtime_builder_new", &other_builder);
  get("runtime_builder_max_components", &other_max);
  get("runtime_build", &other_build);
  get("runtime_component_new", &other_load);
  get("runtime_component_call_text", &other_call);
  get("runtime_error_code", &other_code);
  get("runtime_error_free", &other_free_error);
  get("runtime_builder_free", &other_free_builder);
  get("runtime_component_free", &other_free_component);
  get("runtime_free", &other_free);
  get("runtime_signal_handlers_restore", &other_restore);
  get("runtime_signal_handlers_installed", &other_installed);
  void *ours = NULL, *theirs = NULL;
  runtime_error_t *(*build)(const runtime_builder_t *, runtime_t **) = runtime_build;
  memcpy(&ours, &build, sizeof ours);
  memcpy(&theirs, &other_build, sizeof theirs);
  CHECK(ours != theirs);
}

static void break_other(const runtime_component_t *component) {
  for (int how = 0; how < WAYS; how++) {
    char text[20];
    runtime_bytes_t *answer = NULL;
    (void)snprintf(text, sizeof text, "break(%d)", how);
    runtime_error_t *error = other_call(component, text, strlen(text), NULL, &answer);
    CHECK(error != NULL && other_code(error) == break_codes[how]);
    other_free_error(error);
  }
}

static void test_two_copies(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = handle};
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED && sigaction(SIGSEGV, &action, NULL) == 0);
  breaker_t breaker = breaker_make(guest_builder(4), 0);
  load_other();
  runtime_builder_t *builder = other_builder();
  other_max(builder, 4);
  CHECK(other_build(builder, &runtime) == NULL);
  other_free_builder(builder);
  CHECK(other_load(runtime, (const uint8_t *)breaker_wat, strlen(breaker_wat), NULL,
                   &component) == NULL);
  CHECK(other_installed() && !runtime_signal_handlers_installed());
  for (int i = 0; i < 4; i++) {
    breaker_break(&breaker);
    break_other(component);
    fault();
    /* Whoever is on top. */
    CHECK_OK(i % 2 ? other_restore() : runtime_signal_handlers_restore());
    CHECK(other_installed() == (i % 2 == 1) && runtime_signal_handlers_installed() == !(i % 2));
  }
  breaker_free(&breaker);
  other_free_component(component);
  other_free(runtime);
}

int main(void) {
  RUN(test_two_copies);
  return 0;
}
