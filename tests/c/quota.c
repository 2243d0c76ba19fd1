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

static void grant(runtime_sandbox_t *sandbox, const char *path, const char *as,
                  uint64_t max_bytes, uint64_t max_entries) {
  CHECK_OK(runtime_sandbox_directory(sandbox, path, strlen(path), as, strlen(as),
                                     RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE));
  if (max_bytes == UINT64_MAX && max_entries == UINT64_MAX) return;
  CHECK_OK(runtime_sandbox_directory_limit(sandbox, as, strlen(as), max_bytes, max_entries));
}

/* An empty directory, granted under three names: one by a symbolic link, one without a limit. */
static void load_thrice(void) {
  char link[4096];
  runtime_sandbox_t *sandbox = NULL;
  (void)snprintf(link, sizeof link, "%s", load_scratch("quota-link"));
  root = fresh_directory("quota");
  CHECK((unlink(link) == 0 || errno == ENOENT) && symlink(root, link) == 0);
  runtime = load_runtime(hoard_builder());
  CHECK_OK(runtime_sandbox_new(&sandbox));
  grant(sandbox, root, "/one", 1000, 5);
  grant(sandbox, link, "/two", 2000, 3);
  grant(sandbox, root, "/three", UINT64_MAX, UINT64_MAX);
  outside_load_in(runtime, sandbox);
  runtime_sandbox_free(sandbox);
}

/* A directory has one quota, however often it is granted, and the lowest limits hold. */
static void test_a_directory_that_is_granted_twice(void) {
  load_thrice();
  FITS("write-file", "/one/a", text_of(400));
  FITS("write-file", "/two/b", text_of(400));
  FULL("write-file", "/three/c", text_of(201));
  FITS("append-file", "/three/a", text_of(200));
  for (int i = 0; i < 3; i++) {
    FULL("append-file", i == 0 ? "/one/b" : i == 1 ? "/two/b" : "/three/b", "x");
  }
  /* Three names were made, by whichever grant. */
  FULL("make-directory", "/one/d", NULL);
  FULL("make-directory", "/three/d", NULL);
  FITS("remove-file", "/two/a", NULL);
  FITS("write-file", "/three/c", text_of(600));
  FULL("write-file", "/one/a", text_of(1));
  FULL("append-file", "/one/c", text_of(1));
  unload();
}

/* What is done through the grant of a directory counts for those that it lies in, too. */
static void test_a_directory_in_another(void) {
  char inner[4200], lowest[4300];
  runtime_sandbox_t *sandbox = NULL;
  root = fresh_directory("quota");
  (void)snprintf(inner, sizeof inner, "%s/sub", root);
  (void)snprintf(lowest, sizeof lowest, "%s/deep", inner);
  CHECK(mkdir(lowest, 0700) == 0);
  runtime = load_runtime(hoard_builder());
  CHECK_OK(runtime_sandbox_new(&sandbox));
  grant(sandbox, lowest, "/lowest", UINT64_MAX, UINT64_MAX);
  grant(sandbox, inner, "/inner", 300, UINT64_MAX);
  grant(sandbox, root, "/outer", 1000, UINT64_MAX);
  outside_load_in(runtime, sandbox);
  runtime_sandbox_free(sandbox);
  FITS("write-file", "/inner/a", text_of(200));
  FITS("write-file", "/lowest/b", text_of(100));
  FULL("append-file", "/inner/a", "x");
  FULL("append-file", "/lowest/b", "x");
  /* Through the outer one, the outer one's limit holds. */
  FITS("write-file", "/outer/sub/c", text_of(700));
  FULL("write-file", "/outer/d", "x");
  FITS("remove-file", "/inner/a", NULL);
  FULL("write-file", "/outer/d", text_of(201));
  FITS("write-file", "/outer/d", text_of(200));
  FULL("write-file", "/inner/a", "x");
  FITS("remove-file", "/outer/sub/c", NULL);
  FITS("write-file", "/lowest/a", text_of(200));
  FULL("write-file", "/inner/e", "x");
  unload();
}

/* Has an instance do something with its open file. */
static uint32_t does(const runtime_component_t *component, const runtime_instance_t *instance,
                     const char *what, uint32_t size) {
  runtime_function_t *function = load_function(component, what);
  runtime_value_t arg = value_u32(size);
  runtime_values_t *results = NULL;
  CHECK_OK(hoard_call(instance, function, &arg, strcmp(what, "resize") == 0, &results));
  runtime_function_free(function);
  return take_u32(results);
}

/* A file without a name takes its room until the last guest closes it, however long it is then. */
static void test_a_file_without_a_name_counts_while_it_is_open(void) {
  enum { WELL = 100 };
  runtime_sandbox_t *sandbox = NULL;
  runtime_component_t *component = NULL;
  runtime_instance_t *a = NULL, *b = NULL;
  root = fresh_directory("quota");
  runtime = load_runtime(hoard_builder());
  CHECK_OK(runtime_sandbox_new(&sandbox));
  grant(sandbox, root, "/", 1000, UINT64_MAX);
  CHECK_OK(way_load(runtime, "wat/unlinked.wat", sandbox, &component));
  runtime_sandbox_free(sandbox);
  CHECK_OK(runtime_instance_new(component, NULL, &a));
  CHECK_OK(runtime_instance_new(component, NULL, &b));
  CHECK(does(component, a, "open", 0) == WELL && does(component, a, "resize", 300) == WELL);
  CHECK(does(component, b, "open", 0) == WELL && does(component, b, "unlink", 0) == WELL);
  CHECK(does(component, a, "resize", 900) == WELL && does(component, b, "resize", 1001) == QUOTA);
  CHECK(does(component, b, "close", 0) == WELL && does(component, b, "open", 0) == WELL);
  CHECK(does(component, b, "resize", 101) == QUOTA && does(component, b, "resize", 100) == WELL);
  CHECK(does(component, a, "resize", 800) == WELL && does(component, a, "close", 0) == WELL);
  CHECK(does(component, b, "resize", 1001) == QUOTA && does(component, b, "resize", 1000) == WELL);
  /* An instance that goes closes what it has. */
  CHECK(does(component, b, "unlink", 0) == WELL && does(component, a, "open", 0) == WELL);
  CHECK(does(component, a, "resize", 1) == QUOTA);
  runtime_instance_free(b);
  CHECK(does(component, a, "resize", 1000) == WELL && does(component, a, "resize", 1001) == QUOTA);
  runtime_instance_free(a);
  runtime_component_free(component);
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
  RUN(test_a_directory_that_is_granted_twice);
  RUN(test_a_directory_in_another);
  RUN(test_a_file_without_a_name_counts_while_it_is_open);
  RUN(test_a_limit_needs_a_grant);
}

int main(void) {
  every_way(tests);
  return 0;
}
