/* The compile cache: in memory and on disk, after damage, and after a process that was killed. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static char directory[4096];
static int warnings;

static const char answer_wat[] =
    "(component"
    "  (core module $m (func (export \"answer\") (result i32) (i32.const 42)))"
    "  (core instance $i (instantiate $m))"
    "  (func (export \"answer\") (result u32) (canon lift (core func $i \"answer\"))))";

static void count_warning(void *user_data, runtime_log_level_t level, const char *target,
                          size_t target_len, const char *message, size_t message_len) {
  (void)user_data;
  if (level != RUNTIME_LOG_LEVEL_WARN) return;
  fprintf(stderr, "%.*s: %.*s\n", (int)target_len, target, (int)message_len, message);
  warnings++;
}

/* A builder with `directory` as its cache, without a pool: only loading counts here. */
static runtime_builder_t *caching(uint64_t memory) {
  runtime_builder_t *builder = load_builder();
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_cache_directory(builder, directory, strlen(directory));
  runtime_builder_cache_memory(builder, memory);
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_WARN, count_warning, NULL, NULL);
  return builder;
}

/* Calls `visit` with each file in the directory. */
static int each_entry(void (*visit)(const char *path), bool hidden) {
  int count = 0;
  struct dirent *entry;
  DIR *files = opendir(directory);
  CHECK(files != NULL);
  while ((entry = readdir(files)) != NULL) {
    char path[4400];
    if (entry->d_name[0] == '.' && (!hidden || entry->d_type == DT_DIR)) continue;
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    if (visit != NULL) visit(path);
    count++;
  }
  CHECK(closedir(files) == 0);
  return count;
}

/* The same without temporary files. */
static int each_file(void (*visit)(const char *path)) { return each_entry(visit, false); }

static void remove_file(const char *path) { CHECK(remove(path) == 0); }

static ino_t inode;
static void note_inode(const char *path) {
  struct stat file;
  CHECK(stat(path, &file) == 0 && (file.st_mode & 077) == 0);
  inode = file.st_ino;
}

static void damage(const char *path) {
  FILE *file = fopen(path, "r+b");
  CHECK(file != NULL && fseek(file, -100, SEEK_END) == 0);
  CHECK(fputs("damaged", file) >= 0 && fclose(file) == 0);
}

static void cut(const char *path) { CHECK(truncate(path, 40) == 0); }
static void empty(const char *path) { CHECK(truncate(path, 0) == 0); }
static void open_up(const char *path) { CHECK(chmod(path, 0666) == 0); }

/* A directory of this name below the scratch directory, which is not there yet. */
static void use_directory(const char *name) {
  snprintf(directory, sizeof directory, "%s", load_scratch(name));
  (void)chmod(directory, 0700);
  if (access(directory, F_OK) == 0) each_entry(remove_file, true);
  CHECK(rmdir(directory) == 0 || errno == ENOENT);
}

static void load_once(uint64_t memory) {
  runtime_t *runtime = load_runtime(caching(memory));
  runtime_component_t *component = load_wat(runtime, answer_wat);
  CHECK_CALL(component, "answer()", "42");
  runtime_component_free(component);
  runtime_free(runtime);
}

static void test_the_directory_is_made_for_its_user_alone(void) {
  struct stat made;
  use_directory("made");
  load_once(0);
  CHECK(stat(directory, &made) == 0 && (made.st_mode & 0777) == 0700);
  CHECK(each_file(note_inode) == 1 && warnings == 0);
}

/* What another process compiled is not compiled again: the file stays the same. */
static void test_code_on_disk_is_used_again(void) {
  use_directory("again");
  load_once(0);
  CHECK(each_file(note_inode) == 1);
  ino_t first = inode;
  load_once(0);
  CHECK(each_file(note_inode) == 1 && inode == first && warnings == 0);
}

/* What was compiled in this runtime is not compiled again: nothing is written to the disk. */
static void test_code_in_memory_is_used_again(void) {
  use_directory("memory");
  for (int keep = 0; keep < 2; keep++) {
    runtime_t *runtime = load_runtime(caching(keep ? 1 << 20 : 0));
    runtime_component_t *one = load_wat(runtime, answer_wat);
    CHECK(each_file(remove_file) == 1);
    runtime_component_t *two = load_wat(runtime, answer_wat); /* The first one lives. */
    CHECK(each_file(NULL) == 0);
    runtime_component_free(one);
    runtime_component_free(two);
    one = load_wat(runtime, answer_wat); /* Nobody used it meanwhile. */
    CHECK(each_file(remove_file) == (keep ? 0 : 1));
    CHECK_CALL(one, "answer()", "42");
    runtime_component_free(one);
    runtime_free(runtime);
  }
  CHECK(warnings == 0);
}

static void test_each_kind_of_settings_has_its_own_code(void) {
  use_directory("settings");
  load_once(0);
  runtime_builder_t *builder = caching(0);
  runtime_builder_fuel(builder, 1000000);
  runtime_t *runtime = load_runtime(builder);
  runtime_component_t *component = load_wat(runtime, answer_wat);
  CHECK_CALL(component, "answer()", "42");
  runtime_component_free(component);
  runtime_free(runtime);
  CHECK(each_file(NULL) == 2 && warnings == 0);
}

/* Loads `modules` in a runtime that `limit` has limited. */
static runtime_error_t *load_limited(const char *modules, uint64_t value,
                                     void (*limit)(runtime_builder_t *, uint64_t)) {
  runtime_builder_t *builder = caching(0);
  if (limit != NULL) limit(builder, value);
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  runtime_component_t *component = NULL;
  runtime_error_t *error = runtime_component_new(runtime, (const uint8_t *)modules,
                                                 strlen(modules), NULL, &component);
  CHECK((error == NULL) == (component != NULL));
  runtime_component_free(component);
  runtime_free(runtime);
  return error;
}

static void test_limits_hold_for_what_another_runtime_compiled(void) {
  char modules[4096] = "(component";
  for (int i = 0; i < 200; i++) strcat(modules, "(core module)");
  strcat(modules, "(core instance (instantiate 0)) (core instance (instantiate 0)))");
  each_file(remove_file);
  CHECK_OK(load_limited(modules, 0, NULL));
  CHECK(each_file(NULL) == 1);
  CHECK_ERROR(load_limited(modules, 1000, runtime_builder_max_compile_cost),
              RUNTIME_ERROR_RESOURCE_LIMIT, "`max_compile_cost` is 1000");
  CHECK_ERROR(load_limited(modules, 1, runtime_builder_max_core_instances_per_component),
              RUNTIME_ERROR_RESOURCE_LIMIT, "`max_core_instances_per_component` is 1");
  CHECK_ERROR(load_limited(modules, 100, runtime_builder_max_text_size),
              RUNTIME_ERROR_COMPONENT_TOO_LARGE, "`max_text_size` is 100");
  CHECK_OK(load_limited(modules, 10000000, runtime_builder_max_compile_cost));
  CHECK(each_file(NULL) == 1);
}

static void test_damaged_and_foreign_files_are_replaced(void) {
  static void (*const changes[])(const char *) = {damage, cut, empty, open_up};
  use_directory("damaged");
  load_once(0);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    each_file(note_inode);
    ino_t before = inode;
    warnings = 0;
    each_file(changes[i]);
    load_once(0);
    CHECK(each_file(note_inode) == 1 && inode != before && warnings == 1);
    before = inode;
    load_once(0);
    CHECK(each_file(note_inode) == 1 && inode == before && warnings == 1);
  }
  warnings = 0;
}

static void refuse_directory(const char *text) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = caching(0);
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "cache_directory");
  CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, text);
  CHECK(runtime == NULL);
  runtime_builder_free(builder);
}

static void test_directories_of_others_are_refused(void) {
  static const mode_t modes[] = {0777, 0770, 0702, 01777};
  use_directory("shared");
  CHECK(mkdir(directory, 0700) == 0);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    CHECK(chmod(directory, modes[i]) == 0);
    refuse_directory("write");
  }
  CHECK(chmod(directory, 0700) == 0);
  if (geteuid() == 0) {
    CHECK(chown(directory, 12345, 12345) == 0);
    refuse_directory("belongs");
    CHECK(chown(directory, 0, 0) == 0);
  }
  load_once(0);
  snprintf(directory, sizeof directory, "%s", load_scratch("link"));
  (void)unlink(directory);
  CHECK(symlink("shared", directory) == 0);
  refuse_directory("");
  snprintf(directory, sizeof directory, "/dev/null");
  refuse_directory("/dev/null");
  directory[0] = 0;
  refuse_directory("empty");
  snprintf(directory, sizeof directory, "\xff");
  refuse_directory("UTF-8");
}

/* Loads `count` components, each another one. */
static void load_many(int count) {
  runtime_t *runtime = load_runtime(caching(0));
  for (int i = 0; i < count; i++) {
    char wat[512];
    char answer[16];
    snprintf(wat, sizeof wat,
             "(component (core module $m (func (export \"n\") (result i32) (i32.const %d)))"
             " (core instance $i (instantiate $m))"
             " (func (export \"n\") (result u32) (canon lift (core func $i \"n\"))))",
             i);
    runtime_component_t *component = load_wat(runtime, wat);
    snprintf(answer, sizeof answer, "%d", i);
    CHECK_CALL(component, "n()", answer);
    runtime_component_free(component);
  }
  runtime_free(runtime);
}

/* A process that fills the cache until somebody kills it. */
static pid_t start_filling(void) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    load_many(100000);
    _exit(EXIT_FAILURE);
  }
  return child;
}

/* Every file is there whole, or not at all: whoever loads them finds nothing to warn about. */
static void test_a_process_that_is_killed_leaves_a_usable_cache(void) {
  int kills = getenv("WASMCELL_TEST_SMALL") != NULL ? 2 : 12;
  int written = 0;
  use_directory("killed");
  CHECK(mkdir(directory, 0700) == 0);
  for (int i = 0; i < kills; i++) {
    struct timespec delay = {0, 1000000L * (i + 1)};
    int status = 0;
    pid_t child = start_filling();
    while (each_file(NULL) <= written && waitpid(child, &status, WNOHANG) == 0) continue;
    CHECK(nanosleep(&delay, NULL) == 0);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(each_file(NULL) > written);
    written = each_file(NULL);
    load_many(written);
    CHECK(warnings == 0 && each_file(NULL) == written);
  }
}

int main(void) {
  RUN(test_the_directory_is_made_for_its_user_alone);
  RUN(test_code_on_disk_is_used_again);
  RUN(test_code_in_memory_is_used_again);
  RUN(test_each_kind_of_settings_has_its_own_code);
  RUN(test_limits_hold_for_what_another_runtime_compiled);
  RUN(test_damaged_and_foreign_files_are_replaced);
  RUN(test_directories_of_others_are_refused);
  RUN(test_a_process_that_is_killed_leaves_a_usable_cache);
  return 0;
}
