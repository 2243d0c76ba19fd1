/* threads */
/* no-valgrind: it takes minutes there */
/* A quota for a granted directory: what guests add to it, by whatever function, is never more. */
#include "outside.h"

static runtime_t *runtime;
static const char *root;

/* An empty directory, granted as `/` with a limit. */
static void load_limited(uint64_t max_bytes, uint64_t max_entries) {
  runtime_sandbox_t *sandbox = NULL;
  root = fresh_directory("quota");
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_cache_memory(builder, UINT64_C(1) << 30);
  runtime = load_runtime(builder);
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(sandbox, root, strlen(root), "/", 1,
                                     RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE));
  CHECK_OK(runtime_sandbox_directory_limit(sandbox, "/", 1, max_bytes, max_entries));
  outside_load_in(runtime, sandbox);
  runtime_sandbox_free(sandbox);
}

static void unload(void) {
  runtime_component_free(outside);
  runtime_free(runtime);
}

/* `len` letters, in one of two buffers in turn. */
static const char *text_of(size_t len) {
  static char texts[2][5001];
  static int turn;
  char *text = texts[turn = !turn];
  memset(text, 'x', len);
  text[len] = 0;
  return text;
}

static long size_of(const char *name) {
  char path[4300];
  struct stat found;
  (void)snprintf(path, sizeof path, "%s/%s", root, name);
  return stat(path, &found) == 0 ? (long)found.st_size : -1;
}

#define FITS(name, a, b) CHECK_TEXT(told(name, a, b), "")
#define FULL(name, a, b) CHECK_TEXT(told(name, a, b), "QuotaExceeded")

static void test_bytes_end_at_the_limit(void) {
  load_limited(1000, UINT64_MAX);
  FITS("write-file", "/a", text_of(600));
  FULL("append-file", "/a", text_of(401));
  CHECK(size_of("a") == 600); /* nothing of it is written */
  FITS("append-file", "/a", text_of(400));
  FULL("append-file", "/a", "x");
  FULL("write-file", "/b", "x");
  CHECK(size_of("b") == 0);
  /* Names do not count, nor what writing does not make longer. */
  FITS("make-directory", "/d", NULL);
  FITS("hard-link", "/a", "/d/a");
  FULL("symlink", "a", "/link");
  CHECK(size_of("link") == -1);
  CHECK(stats_of(runtime).disk_denied == 4);
  unload();
}

static void test_what_is_removed_counts_back(void) {
  load_limited(1000, UINT64_MAX);
  FITS("write-file", "/a", text_of(1000));
  FITS("write-file", "/a", text_of(900)); /* from nothing */
  FITS("write-file", "/b", text_of(100));
  FITS("remove-file", "/b", NULL);
  FITS("write-file", "/c", text_of(100));
  FULL("write-file", "/b", text_of(1));
  /* A file that another one takes the place of is gone; one with two names is not. */
  FITS("rename", "/c", "/a");
  FITS("write-file", "/c", text_of(900));
  FITS("hard-link", "/c", "/e");
  FITS("remove-file", "/c", NULL);
  FULL("append-file", "/a", text_of(1));
  FITS("remove-file", "/e", NULL);
  FITS("append-file", "/a", text_of(900));
  FULL("append-file", "/a", text_of(1));
  unload();
}

/* What was there before is not the guests', and nothing is gained by removing it twice. */
static void test_only_growth_counts(void) {
  load_limited(100, UINT64_MAX);
  char path[4300];
  for (int i = 0; i < 2; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", root, i ? "other" : "old");
    load_write(path, text_of(5000), 5000);
  }
  FITS("append-file", "/old", text_of(100));
  FULL("append-file", "/other", text_of(1));
  FITS("remove-file", "/old", NULL);
  FITS("remove-file", "/other", NULL);
  FITS("write-file", "/new", text_of(100));
  FULL("append-file", "/new", text_of(1));
  unload();
}

static void test_names_have_a_limit(void) {
  load_limited(UINT64_MAX, 3);
  FITS("write-file", "/a", text_of(5000));
  FITS("make-directory", "/d", NULL);
  FITS("symlink", "a", "/d/link");
  FULL("write-file", "/b", "");
  FULL("make-directory", "/e", NULL);
  FULL("symlink", "a", "/f");
  FULL("hard-link", "/a", "/g");
  FITS("rename", "/a", "/d/a");
  FITS("append-file", "/d/a", "x");
  FULL("write-file", "/a", "");
  FITS("rename", "/d/a", "/d/link"); /* one name less */
  FITS("write-file", "/a", "");
  FULL("write-file", "/b", "");
  unload();
}

static void test_sizes_count_without_bytes(void) {
  runtime = load_runtime(hoard_builder());
  runtime_sandbox_t *sandbox = NULL;
  root = hoard_directory("quota-holes");
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_OK(runtime_sandbox_directory(sandbox, root, strlen(root), "/", 1,
                                     RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE));
  CHECK_OK(runtime_sandbox_directory_limit(sandbox, "/", 1, 3500, UINT64_MAX));
  hoard_load(runtime, root);
  runtime_component_free(hoard);
  CHECK_OK(hoard_try(runtime, sandbox, &hoard));
  runtime_function_free(take);
  runtime_function_free(refusal);
  runtime_function_free(insist);
  take = load_function(hoard, "take");
  refusal = load_function(hoard, "refusal");
  insist = load_function(hoard, "insist");
  runtime_sandbox_free(sandbox);
  runtime_instance_t *instance = hoard_instance();
  CHECK(takes(instance, GROWTH, 10) == 3 && refused(instance) == QUOTA);
  CHECK(size_of("file") == 3000);
  CHECK_ERROR(insists(instance, GROWTH, 1), RUNTIME_ERROR_DISK_QUOTA,
              "/: guests added 3000 bytes and wanted 2000 more; `max_bytes` is 3500");
  runtime_instance_free(instance);
  hoard_free();
  runtime_free(runtime);
}

static void test_a_limit_needs_a_grant(void) {
  runtime_sandbox_t *sandbox = NULL;
  CHECK_OK(runtime_sandbox_new(&sandbox));
  CHECK_ERROR(runtime_sandbox_directory_limit(sandbox, "/", 1, 1, 1),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`guest_path`: `/` is not granted");
  runtime_sandbox_free(sandbox);
}

static void tests(void) {
  RUN(test_bytes_end_at_the_limit);
  RUN(test_what_is_removed_counts_back);
  RUN(test_only_growth_counts);
  RUN(test_names_have_a_limit);
  RUN(test_sizes_count_without_bytes);
  RUN(test_a_limit_needs_a_grant);
}

int main(void) {
  every_way(tests);
  return 0;
}
