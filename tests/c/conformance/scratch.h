/* The directory of a scenario's own, and the files that it asks for in there. */
#ifndef CONFORMANCE_SCRATCH_H
#define CONFORMANCE_SCRATCH_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

enum { MAX_PATH = 4096 };

static void join(char *path, const char *directory, const char *name) {
  CHECK(snprintf(path, MAX_PATH, "%s/%s", directory, name) < MAX_PATH);
}

/* The path of a new directory. */
static char *scratch_new(void) {
  char *path = grab(MAX_PATH);
  const char *directory = getenv("WASMCELL_SCRATCH");
  CHECK(directory != NULL);
  join(path, directory, "scenario-XXXXXX");
  CHECK(mkdtemp(path) != NULL);
  return path;
}

static int scratch_remove_one(const char *path, const struct stat *status, int kind,
                              struct FTW *walk) {
  (void)status, (void)kind, (void)walk;
  return remove(path);
}

static void scratch_free(char *path) {
  CHECK(nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
  free(path);
}

/* Makes the directories that lead to `path`, which begins with the existing `scratch`. */
static void scratch_parents(const char *scratch, char *path) {
  for (char *slash = strchr(path + strlen(scratch) + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (access(path, F_OK) != 0) CHECK(mkdir(path, 0700) == 0);
    *slash = '/';
  }
}

/* `file: path text` and `link: path target`. */
static void scratch_put(const char *scratch, const entry_t *entry) {
  char *words[2];
  char path[MAX_PATH];
  split(entry->value, 2, words);
  join(path, scratch, words[0]);
  scratch_parents(scratch, path);
  if (same(entry->key, "link")) {
    CHECK(symlink(words[1], path) == 0);
  } else {
    char *text = unescape(words[1]);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    free(text);
  }
  free(words[0]);
}

#endif
