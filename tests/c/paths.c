/* What a path names in a granted directory, as POSIX has it. */
#include "outside.h"

enum { DIRECTORY = 3, LINK = 5, FILE_ = 6, ERROR = 100, NO_ENTRY = 120, NOT_DIRECTORY = 124 };

static runtime_component_t *component;

static unsigned kind_of(const char *path) {
  char call[200];
  runtime_bytes_t *answer = NULL;
  int len = snprintf(call, sizeof call, "stat(\"%s\")", path);
  CHECK_OK(runtime_component_call_text(component, call, (size_t)len, NULL, &answer));
  unsigned kind = (unsigned)strtoul((const char *)runtime_bytes_data(answer), NULL, 10);
  runtime_bytes_free(answer);
  return kind;
}

/* Without following, a link is a link; with a slash behind it, it is the directory it leads to. */
static void test_a_slash_at_the_end(void) {
  char path[4200];
  const char *root = fresh_directory("paths");
  runtime_t *runtime = load_runtime(hoard_builder());
  runtime_sandbox_t *sandbox = NULL;
  static const char *const links[][2] = {
      {"sub", "to-sub"}, {"file", "to-file"}, {"gone", "to-nothing"}, {"..", "up"}};
  (void)snprintf(path, sizeof path, "%s/file", root);
  load_write(path, "text", 4);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", root, links[i][1]);
    CHECK(symlink(links[i][0], path) == 0);
  }
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(sandbox, root, strlen(root), "/", 1, RUNTIME_RIGHT_READ));
  CHECK_OK(way_load(runtime, "wat/stat.wat", sandbox, &component));
  runtime_sandbox_free(sandbox);
  CHECK(kind_of("sub") == DIRECTORY && kind_of("sub/") == DIRECTORY && kind_of("./") == DIRECTORY);
  CHECK(kind_of("file") == FILE_ && kind_of("file/") == NOT_DIRECTORY);
  CHECK(kind_of("to-sub") == LINK && kind_of("to-sub/") == DIRECTORY);
  CHECK(kind_of("to-sub//") == DIRECTORY && kind_of("to-sub/.") == DIRECTORY);
  CHECK(kind_of("to-file") == LINK && kind_of("to-file/") == NOT_DIRECTORY);
  CHECK(kind_of("to-nothing") == LINK && kind_of("to-nothing/") == NO_ENTRY);
  /* Nor does it lead out of the directory. */
  CHECK(kind_of("up") == LINK && kind_of("up/") >= ERROR && kind_of("/") >= ERROR);
  CHECK(kind_of("") >= ERROR);
  runtime_component_free(component);
  runtime_free(runtime);
}

static void tests(void) {
  RUN(test_a_slash_at_the_end);
}

int main(void) {
  every_way(tests);
  return 0;
}
