/* threads */
/* no-valgrind: it takes minutes there */
/* What is no file in a granted directory: FIFOs, sockets, devices. No guest opens one, and none
 * waits in there, by whatever name it finds it and whoever renames it meanwhile. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "outside.h"

static runtime_t *runtime;
static char root[4096];

static const char *below(const char *name) {
  static char paths[2][4200];
  static int turn;
  char *path = paths[turn = !turn];
  (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
  return path;
}

static void populate(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(root, sizeof root, "%s", fresh_directory("special"));
  CHECK(mkfifo(below("fifo"), 0600) == 0 && mkfifo(below("sub/swapped"), 0600) == 0);
  CHECK(symlink("fifo", below("link")) == 0 && link(below("fifo"), below("hard")) == 0);
  load_write(below("file"), "text", 4);
  /* Bound where the path is short enough. */
  char here[4096];
  CHECK(getcwd(here, sizeof here) != NULL && chdir(root) == 0);
  int bound = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(address.sun_path, "socket");
  CHECK(bind(bound, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(close(bound) == 0 && chdir(here) == 0);
}

static void load_special(void) {
  runtime_sandbox_t *sandbox = NULL;
  populate();
  runtime = load_runtime(hoard_builder());
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(
      sandbox, root, strlen(root), "/", 1,
      RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE | RUNTIME_RIGHT_LIST));
  outside_load_in(runtime, sandbox);
  runtime_sandbox_free(sandbox);
}

#define REFUSED(name, a, b) CHECK_TEXT(told(name, a, b), "PermissionDenied")
#define DONE(name, a, b) CHECK_TEXT(told(name, a, b), "")

static void test_nothing_else_is_opened(void) {
  static const char *const names[] = {"/fifo", "/hard", "/link", "/socket", "/moved", "/linked"};
  DONE("hard-link", "/fifo", "/moved");
  DONE("rename", "/moved", "/sub/moved");
  DONE("rename", "/sub/moved", "/moved");
  DONE("symlink", "sub/../moved", "/linked");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    REFUSED("read-file", names[i], NULL);
    REFUSED("write-file", names[i], "text");
    REFUSED("append-file", names[i], "text");
    /* They may be looked at, and removed. */
    DONE("size-of", names[i], NULL);
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) DONE("remove-file", names[i], NULL);
  DONE("read-file", "/file", NULL);
}

static void test_files_wait_as_files_do(void) {
  /* A file that was opened blocks as it did: nobody sees a flag on it. */
  DONE("append-file", "/file", " and more");
  DONE("read-file", "/file", NULL);
}

static atomic_bool swapping;

/* `x` is a file and a FIFO, in turn. */
static void *swap(void *data) {
  const char *x = data, *fifo = strdup(below("sub/swapped"));
  while (atomic_load(&swapping)) {
    CHECK(syscall(SYS_renameat2, AT_FDCWD, x, AT_FDCWD, fifo, 2 /* RENAME_EXCHANGE */) == 0);
  }
  free((void *)(uintptr_t)fifo);
  return NULL;
}

static void test_what_is_renamed_meanwhile_is_not_opened(void) {
  char *x = strdup(below("x"));
  load_write(x, "text", 4);
  CHECK(symlink("x", below("to-x")) == 0);
  atomic_store(&swapping, true);
  pthread_t swapper = thread_start(swap, x);
  static const char *const calls[][2] = {
      {"read-file", "/x"}, {"read-file", "/to-x"}, {"append-file", "/x"}, {"write-file", "/to-x"}};
  size_t refused = 0, opened = 0;
  uint64_t end = now_ms() + (getenv("WASMCELL_TEST_SMALL") != NULL ? 5000 : 700);
  for (size_t i = 0; now_ms() < end; i++) {
    const char *answer = told(calls[i % 4][0], calls[i % 4][1], i % 4 < 2 ? NULL : "text");
    CHECK(*answer == 0 || strcmp(answer, "PermissionDenied") == 0);
    (void)(*answer == 0 ? opened++ : refused++);
  }
  atomic_store(&swapping, false);
  thread_join(swapper);
  printf("opened %zu, refused %zu\n", opened, refused);
  CHECK(opened + refused > 0);
  free(x);
}

static void tests(void) {
  load_special();
  RUN(test_nothing_else_is_opened);
  RUN(test_files_wait_as_files_do);
  RUN(test_what_is_renamed_meanwhile_is_not_opened);
  runtime_stats_t stats = stats_of(runtime);
  CHECK(stats.timed_out == 0 && stats.file_operations == 0 && stats.descriptors == 1);
  runtime_component_free(outside);
  runtime_free(runtime);
}

int main(void) {
  every_way(tests);
  return 0;
}
