/* no-valgrind: its own limits on files and signals are not those of the system */
/* A guest that writes where nobody reads, or more than `ulimit -f` allows, is told so; the process,
 * which has done nothing about SIGPIPE and SIGXFSZ, goes on, and finds its mask as it was. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "sandbox.h"

static const char memory_wat[] =
    "(component (core module $m (memory 40) (data (i32.const 0) \"a\")"
    "  (data (i32.const 2000000) \"z\") (func (export \"f\")))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"f\") (canon lift (core func $i \"f\"))))";

static void in_a_child(void (*scenario)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(300);
    scenario();
    exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) CHECK_FAIL("ended by signal %d", WTERMSIG(status));
  CHECK(WEXITSTATUS(status) == 0);
}

/* Both signals are as the system has them: neither blocked, nor waiting, nor handled. */
static void expect_defaults(void) {
  static const int signals[] = {SIGPIPE, SIGXFSZ};
  sigset_t mask, pending;
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigpending(&pending) == 0);
  for (int i = 0; i < 2; i++) {
    struct sigaction action;
    CHECK(sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(!sigismember(&mask, signals[i]) && !sigismember(&pending, signals[i]));
  }
}

/* On this thread and on the workers; what the guest makes of it is up to it. */
static void print_twice(const runtime_component_t *component, const char *call) {
  for (int i = 0; i < 2; i++) {
    runtime_error_free(outside_call(component, NULL, call, NULL));
    expect_defaults();
  }
  runtime_function_t *function = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  runtime_pending_t *pending = NULL;
  runtime_values_t *results = NULL;
  runtime_value_t text;
  memset(&text, 0, sizeof text);
  text.kind = RUNTIME_KIND_STRING;
  text.of.string.ptr = "text";
  text.of.string.len = 4;
  CHECK_OK(runtime_component_function(component, TEXT(OUTSIDE "print"), &function));
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, &text, 1, NULL, &completion));
  runtime_error_free(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
  runtime_function_free(function);
}

static void closed_pipe(void) {
  int out[2];
  outside_start();
  CHECK(pipe(out) == 0 && dup2(out[1], 1) == 1 && dup2(out[1], 2) == 2);
  close(out[0]);
  close(out[1]);
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_inherit(sandbox));
  CHECK_OK(runtime_sandbox_stderr_inherit(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  print_twice(component, "print(\"text\")");
  print_twice(component, "complain(\"text\")");
  print_twice(component, "print-lines(100, 1000)");
  expect_defaults();
  runtime_component_free(component);
  runtime_free(outside_runtime);
}

static void test_a_closed_pipe(void) { in_a_child(closed_pipe); }

/* The host's own is left to it. */
static void own_signal(void) {
  sigset_t pipes, pending;
  int got = 0;
  CHECK(sigemptyset(&pipes) == 0 && sigaddset(&pipes, SIGPIPE) == 0);
  CHECK(pthread_sigmask(SIG_BLOCK, &pipes, NULL) == 0 && raise(SIGPIPE) == 0);
  int out[2];
  outside_start();
  CHECK(pipe(out) == 0 && dup2(out[1], 1) == 1);
  close(out[0]);
  close(out[1]);
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_inherit(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  runtime_error_free(outside_call(component, NULL, "print(\"text\")", NULL));
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE));
  CHECK(sigwait(&pipes, &got) == 0 && got == SIGPIPE);
  CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
  runtime_component_free(component);
  runtime_free(outside_runtime);
}

static void test_a_signal_that_waits_for_the_host(void) { in_a_child(own_signal); }

static void limit_files(rlim_t bytes) {
  struct rlimit limit = {bytes, RLIM_INFINITY};
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void long_file(void) {
  char path[4096], file[5000];
  CHECK((size_t)snprintf(path, sizeof path, "%s/long", getenv("WASMCELL_SCRATCH")) < sizeof path);
  CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
  outside_start();
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/all"),
                                     RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE));
  (void)snprintf(file, sizeof file, "%s/stdout", path);
  int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(out >= 0 && dup2(out, 1) == 1 && close(out) == 0);
  CHECK_OK(runtime_sandbox_stdout_inherit(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  limit_files(1000);
  char call[3000] = "write-file(\"/all/file\", \"";
  memset(call + strlen(call), 'x', 2000);
  memcpy(call + strlen(call), "\")", 3);
  for (int i = 0; i < 3; i++) {
    runtime_bytes_t *answer = NULL;
    CHECK_OK(outside_call(component, NULL, call, &answer));
    CHECK(strncmp((const char *)runtime_bytes_data(answer), "err(", 4) == 0);
    runtime_bytes_free(answer);
    expect_defaults();
  }
  print_twice(component, "print-lines(100, 1000)");
  CHECK(lseek(1, 0, SEEK_END) <= 1000);
  runtime_component_free(component);
  runtime_free(outside_runtime);
}

static void test_a_file_that_is_too_long(void) { in_a_child(long_file); }

static runtime_error_t *load_memory(const char *directory) {
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_bytes_t *answer = NULL;
  runtime_builder_t *builder = check_builder();
  runtime_builder_cache_directory(builder, directory, strlen(directory));
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  runtime_error_t *error = runtime_component_new(runtime, (const uint8_t *)memory_wat,
                                                 strlen(memory_wat), NULL, &component);
  if (error == NULL) {
    struct rlimit before, limit = {100, RLIM_INFINITY};
    int fd = -1;
    CHECK_OK(runtime_component_call_text(component, TEXT("f()"), NULL, &answer));
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_ERROR(runtime_component_share(component, &fd), RUNTIME_ERROR_IO, "large");
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
  }
  runtime_bytes_free(answer);
  runtime_component_free(component);
  runtime_free(runtime);
  expect_defaults();
  return error;
}

/* What the library writes itself: compiled code in the cache directory and for other processes, and
 * a guest's memory, which is a file as well. */
static void own_files(void) {
  char directory[4096];
  CHECK((size_t)snprintf(directory, sizeof directory, "%s/cache-XXXXXX",
                         getenv("WASMCELL_SCRATCH")) < sizeof directory);
  CHECK(mkdtemp(directory) != NULL);
  limit_files(4000);
  CHECK_ERROR(load_memory(directory), RUNTIME_ERROR_IO, "large");
  limit_files(RLIM_INFINITY);
  CHECK_OK(load_memory(directory));
  limit_files(4000);
  CHECK_ERROR(load_memory(directory), RUNTIME_ERROR_IO, "large");
}

static void test_files_of_the_library(void) { in_a_child(own_files); }

/* A peer that resets each connection. */
static void *reset_run(void *listening) {
  struct linger now = {1, 0};
  int peer;
  while ((peer = accept(*(int *)listening, NULL, NULL)) >= 0) {
    CHECK(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
    close(peer);
  }
  return NULL;
}

static void reset(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t len = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  char call[100];
  pthread_t thread;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listening, (struct sockaddr *)&address, len) == 0 && listen(listening, 5) == 0);
  CHECK(getsockname(listening, (struct sockaddr *)&address, &len) == 0);
  CHECK(pthread_create(&thread, NULL, reset_run, &listening) == 0);
  outside_start();
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_allow_connect(sandbox, TEXT("127.0.0.1"), 0, 65535));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  (void)snprintf(call, sizeof call, "connect(\"127.0.0.1:%d\", \"line\")",
                 ntohs(address.sin_port));
  for (int i = 0; i < 50; i++) {
    runtime_error_free(outside_call(component, NULL, call, NULL));
    expect_defaults();
  }
  runtime_component_free(component);
  runtime_free(outside_runtime);
  shutdown(listening, SHUT_RDWR);
  CHECK(pthread_join(thread, NULL) == 0);
  close(listening);
}

static void test_a_peer_that_is_gone(void) { in_a_child(reset); }

int main(void) {
  expect_defaults();
  RUN(test_a_closed_pipe);
  RUN(test_a_signal_that_waits_for_the_host);
  RUN(test_a_file_that_is_too_long);
  RUN(test_files_of_the_library);
  RUN(test_a_peer_that_is_gone);
  return 0;
}
