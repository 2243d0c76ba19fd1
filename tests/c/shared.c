/* One process compiles, and others load its code by a descriptor: children that it forks, programs
 * that it executes. The code's pages exist once for all of them. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

enum { WORKERS = 4 };

static const char *program;

/* Kilobytes of this process in mappings whose name contains `name`; all of them if it is "". */
typedef struct {
  long rss, pss, private_dirty;
} memory_t;

static memory_t measure(const char *name) {
  memory_t sum = {0, 0, 0};
  char line[512];
  int counts = 0;
  FILE *maps = fopen("/proc/self/smaps", "r");
  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long from = 0, to = 0;
    long kilobytes = 0;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) counts = strstr(line, name) != NULL;
    if (!counts) continue;
    if (sscanf(line, "Rss: %ld", &kilobytes) == 1) sum.rss += kilobytes;
    if (sscanf(line, "Pss: %ld", &kilobytes) == 1) sum.pss += kilobytes;
    if (sscanf(line, "Private_Dirty: %ld", &kilobytes) == 1) sum.private_dirty += kilobytes;
  }
  CHECK(fclose(maps) == 0);
  return sum;
}

static runtime_component_t *from_fd(const runtime_t *runtime, int fd) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_from_fd(runtime, fd, NULL, &component));
  CHECK(component != NULL);
  return component;
}

static void refused(const runtime_t *runtime, int fd, int code, const char *text) {
  runtime_component_t *component = (runtime_component_t *)(uintptr_t)1;
  CHECK_ERROR(runtime_component_from_fd(runtime, fd, NULL, &component), code, text);
  CHECK(component == NULL);
}

/* The code of `file`, compiled in a runtime that is gone. */
static int share(const char *file) {
  int fd = -2;
  runtime_t *runtime = load_runtime(load_builder());
  runtime_component_t *component = load_guest(runtime, file);
  CHECK_OK(runtime_component_share(component, &fd));
  CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  runtime_component_free(component);
  runtime_free(runtime);
  return fd;
}

static void use(int fd) {
  runtime_t *runtime = load_runtime(load_builder());
  runtime_component_t *component = from_fd(runtime, fd);
  CHECK(close(fd) == 0);
  CHECK_CALL(component, "greet(\"world\")", "\"Hello, world!\"");
  runtime_component_free(component);
  runtime_free(runtime);
}

static void until_done(pid_t child) {
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_within_one_process(void) {
  int fd = share("greeter.wasm"), again = -1;
  runtime_t *runtime = load_runtime(load_builder());
  runtime_component_t *compiled = load_guest(runtime, "greeter.wasm");
  runtime_component_t *component = from_fd(runtime, fd);
  runtime_bytes_t *wit[2] = {NULL, NULL};
  CHECK_OK(runtime_component_wit(compiled, &wit[0]));
  CHECK_OK(runtime_component_wit(component, &wit[1]));
  CHECK_TEXT((const char *)runtime_bytes_data(wit[1]), (const char *)runtime_bytes_data(wit[0]));
  /* What was loaded can be handed on. */
  CHECK_OK(runtime_component_share(component, &again));
  runtime_component_free(component);
  use(again);
  for (int i = 0; i < 2; i++) runtime_bytes_free(wit[i]);
  runtime_component_free(compiled);
  runtime_free(runtime);
  use(fd);
}

static void test_in_forks_and_programs(void) {
  int fd = share("greeter.wasm");
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      if (i == 0) use(fd);
      char number[16];
      snprintf(number, sizeof number, "%d", fd);
      if (i == 1 && fcntl(fd, F_SETFD, 0) == 0) execl(program, program, number, (char *)NULL);
      _exit(i);
    }
    until_done(child);
  }
  use(fd);
}

/* Without a pool, whose memory is none of the component's. */
static runtime_builder_t *plain_builder(void) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_force_on_demand_allocator(builder);
  return builder;
}

/* What all workers that live at once have for one component, in kilobytes. */
static memory_t in_workers(int fd, const uint8_t *bytes, size_t len) {
  struct {
    pthread_barrier_t all;
    memory_t ones[WORKERS];
  } *common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(common != MAP_FAILED);
  pthread_barrierattr_t between;
  CHECK(pthread_barrierattr_init(&between) == 0);
  CHECK(pthread_barrierattr_setpshared(&between, PTHREAD_PROCESS_SHARED) == 0);
  CHECK(pthread_barrier_init(&common->all, &between, WORKERS) == 0);
  pid_t children[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    CHECK((children[i] = fork()) >= 0);
    if (children[i] != 0) continue;
    runtime_component_t *component = NULL;
    runtime_t *runtime = load_runtime(plain_builder());
    memory_t before = measure(""), now;
    if (fd >= 0) {
      component = from_fd(runtime, fd);
    } else {
      CHECK_OK(runtime_component_deserialize(runtime, bytes, len, NULL, &component));
    }
    (void)pthread_barrier_wait(&common->all); /* all have loaded it */
    now = measure("");
    common->ones[i].rss = now.rss - before.rss;
    common->ones[i].pss = now.pss - before.pss;
    common->ones[i].private_dirty = now.private_dirty - before.private_dirty;
    (void)pthread_barrier_wait(&common->all); /* all have looked */
    _exit(0);
  }
  memory_t sum = {0, 0, 0};
  for (int i = 0; i < WORKERS; i++) {
    until_done(children[i]);
    sum.rss += common->ones[i].rss;
    sum.pss += common->ones[i].pss;
    sum.private_dirty += common->ones[i].private_dirty;
  }
  CHECK(pthread_barrier_destroy(&common->all) == 0 && pthread_barrierattr_destroy(&between) == 0);
  CHECK(munmap(common, sizeof *common) == 0);
  return sum;
}

static void test_workers_share_the_pages(void) {
  runtime_t *runtime = load_runtime(plain_builder());
  runtime_component_t *component = load_guest(runtime, "wasi.wasm");
  runtime_bytes_t *bytes = NULL;
  int fd = -1;
  CHECK_OK(runtime_component_serialize(component, &bytes));
  CHECK_OK(runtime_component_share(component, &fd));
  runtime_component_free(component);
  runtime_free(runtime);
  size_t len = runtime_bytes_len(bytes);
  memory_t shared = in_workers(fd, NULL, 0);
  memory_t apart = in_workers(-1, runtime_bytes_data(bytes), len);
  printf("%zu KiB of code, %d workers: by descriptor %ld KiB, %ld of it their own; from bytes %ld "
         "KiB, %ld of it their own\n", len >> 10, WORKERS, shared.pss, shared.private_dirty,
         apart.pss, apart.private_dirty);
  /* From bytes each has a copy of its own. */
  CHECK(apart.private_dirty > (long)(len >> 10) * WORKERS / 2);
  CHECK(apart.private_dirty - shared.private_dirty > (long)(len >> 10) * (WORKERS - 1) / 2);
  runtime_bytes_free(bytes);
  CHECK(close(fd) == 0);
}

static void test_what_is_refused(void) {
  runtime_t *runtime = load_runtime(load_builder());
  runtime_component_t *component = load_guest(runtime, "greeter.wasm");
  int fd = -1, invalid = RUNTIME_ERROR_INVALID_ARGUMENT;
  CHECK_OK(runtime_component_share(component, &fd));
  refused(runtime, -1, invalid, "`fd`: -1 is no descriptor");
  refused(runtime, 9999, invalid, "`fd`: 9999");
  int pipes[2], null = open("/dev/null", O_RDONLY);
  CHECK(null >= 0 && pipe(pipes) == 0);
  refused(runtime, null, invalid, "no descriptor of a file");
  refused(runtime, pipes[0], invalid, "no descriptor of a file");
  /* The file as it is, and others like it. */
  off_t size = lseek(fd, 0, SEEK_END);
  CHECK(size > 0 && ftruncate(fd, size / 2) != 0 && write(fd, "x", 1) != 1);
  char *copy = malloc((size_t)size);
  CHECK(copy != NULL && pread(fd, copy, (size_t)size, 0) == size);
  const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  for (int i = 0; i < 6; i++) {
    int other = memfd_create("other", MFD_ALLOW_SEALING);
    size_t len = (size_t)size;
    CHECK(other >= 0);
    if (i == 2) len = 0;
    if (i == 3) len = 39;
    if (i == 4) len -= 1;
    if (i == 5) copy[len / 3] = (char)(copy[len / 3] ^ 1);
    CHECK(write(other, copy, len) == (ssize_t)len);
    if (i > 0) CHECK(fcntl(other, F_ADD_SEALS, seals) == 0);
    if (i == 1) runtime_component_free(from_fd(runtime, other));
    else refused(runtime, other, invalid, "runtime_component_share()");
    CHECK(close(other) == 0);
  }
  free(copy);
  runtime_builder_t *builder = load_builder();
  runtime_builder_fuel(builder, 1000);
  runtime_t *another = load_runtime(builder);
  refused(another, fd, RUNTIME_ERROR_COMPILE, "made elsewhere");
  runtime_free(another);
  builder = load_builder();
  size_t key_len = 0;
  uint8_t *key = check_guest("signatures/trusted.pem", &key_len);
  runtime_builder_trusted_key(builder, key, key_len);
  free(key);
  runtime_builder_require_signature(builder, true);
  another = load_runtime(builder);
  refused(another, fd, RUNTIME_ERROR_SIGNATURE, "signature");
  runtime_free(another);
  CHECK(close(null) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0 && close(fd) == 0);
  runtime_component_free(component);
  runtime_free(runtime);
}

int main(int argc, char **argv) {
  program = argv[0];
  if (argc > 1) {
    use(atoi(argv[1]));
    return EXIT_SUCCESS;
  }
  RUN(test_within_one_process);
  RUN(test_what_is_refused);
  /* Their memory is not as it is where something watches it. */
  if (getenv("WASMCELL_TEST_SMALL") == NULL) {
    RUN(test_in_forks_and_programs);
    RUN(test_workers_share_the_pages);
  }
  return EXIT_SUCCESS;
}
