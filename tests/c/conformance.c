/* no-valgrind: ends at the SIGSEGV by which a call of a null function traps (traps.txt) */
/* Runs the scenarios of tests/conformance, which say what is done and what must come back, the
 * same in every language. The format is in tests/conformance/README.md. Prints `ok file: scenario`
 * for each; arguments choose files. */
#include <dirent.h>

#include "conformance/steps.h"

static size_t failed;

/* Runs the scenario that starts at `blocks`; returns how many blocks it has. */
static size_t scenario_run(const char *file, const block_t *blocks, size_t len) {
  scene_t scene;
  outcome_t outcome;
  size_t count = 1;
  memset(&scene, 0, sizeof scene);
  memset(&outcome, 0, sizeof outcome);
  at.scenario = blocks->entries[0].value;
  at.failed = false;
  outcome.error = setup_make(&scene.setup, blocks);
  expect_all(&outcome, blocks);
  bool steps = !at.failed && outcome.error == NULL;
  for (; count < len && !same(blocks[count].entries[0].key, "scenario"); count++)
    if (steps) step_run(&scene, &blocks[count]);
  if (count == 1 && block_get(blocks, "error") == NULL && block_get(blocks, "component") == NULL)
    complain("nothing is done");
  outcome_free(&outcome);
  scene_free(&scene);
  printf("%s %s: %s\n", at.failed ? "FAILED" : "ok", file, blocks->entries[0].value);
  fflush(stdout);
  failed += at.failed;
  return count;
}

static void file_run(const char *name) {
  char path[MAX_PATH];
  char below[MAX_PATH];
  join(below, "conformance", name);
  tests_path(path, below);
  file_t file = file_read(path);
  at.file = name;
  for (size_t i = 0; i < file.len;) {
    if (!same(file.blocks[i].entries[0].key, "scenario"))
      MALFORMED("%s does not begin with `scenario:`", name);
    i += scenario_run(name, &file.blocks[i], file.len - i);
  }
  file_free(&file);
}

static int is_scenarios(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot != NULL && same(dot, ".txt");
}

int main(int argc, char **argv) {
  char directory[MAX_PATH];
  struct dirent **files = NULL;
  for (int i = 1; i < argc; i++) file_run(argv[i]);
  if (argc == 1) {
    tests_path(directory, "conformance");
    int count = scandir(directory, &files, is_scenarios, alphasort);
    CHECK(count > 0);
    for (int i = 0; i < count; i++) {
      file_run(files[i]->d_name);
      free(files[i]);
    }
    free(files);
  }
  crowd_out();
  runtime_free(default_runtime);
  if (failed > 0) fprintf(stderr, "%zu scenarios failed\n", failed);
  return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
