/* no-valgrind: it has threads and mappings of its own */
/* no-sanitizer: the same */
/* What a process gets from the library is what the header lists, while there is a runtime and when
 * it is gone: threads, descriptors, mappings. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "guests.h"

#define MOST 400

typedef struct {
  char names[MOST][64];
  int count;
} list_t;

static void add(list_t *list, const char *name) {
  CHECK(list->count < MOST);
  (void)snprintf(list->names[list->count++], sizeof list->names[0], "%.60s", name);
}

/* Threads, by name, but for this one. */
static void list_threads(list_t *list) {
  DIR *directory = opendir("/proc/self/task");
  struct dirent *entry;
  CHECK(directory != NULL);
  list->count = 0;
  while ((entry = readdir(directory)) != NULL) {
    char path[300], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
    FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (file == NULL) continue;
    if (fgets(name, sizeof name, file) != NULL && atoi(entry->d_name) != getpid()) {
      name[strcspn(name, "\n")] = '\0';
      add(list, name);
    }
    CHECK(fclose(file) == 0);
  }
  CHECK(closedir(directory) == 0);
}

static list_t before, threads, descriptors, none;

static int count(const list_t *list, const char *part) {
  int found = 0;
  for (int i = 0; i < list->count; i++) found += strstr(list->names[i], part) != NULL;
  return found;
}

/* A thread that has just begun has the name of the program, until it gives itself another. */
static void list_named_threads(void) {
  char own[16];
  (void)snprintf(own, sizeof own, "%.15s", program_invocation_short_name);
  for (int i = 0; i < 2000; i++) {
    list_threads(&threads);
    if (count(&threads, own) == 0) return;
    pause_ms(5);
  }
}

/* Open descriptors above stderr, by what they refer to; those of the library close on exec. */
static void list_descriptors(list_t *list) {
  list->count = 0;
  for (int i = 3; i < 1024; i++) {
    char path[64], target[64] = "";
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", i);
    if (readlink(path, target, sizeof target - 1) <= 0) continue;
    add(list, target);
    if (list != &before && count(&before, target) == 0) CHECK(fcntl(i, F_GETFD) & FD_CLOEXEC);
  }
}

/* Each name in `list` has one of `parts` in it. */
static void only(const list_t *list, const list_t *before, const char *const *parts) {
  for (int i = 0; i < list->count; i++) {
    bool known = count(before, list->names[i]) > 0;
    for (int j = 0; parts[j] != NULL; j++) known |= strstr(list->names[i], parts[j]) != NULL;
    if (!known) CHECK_FAIL("the header does not list %s", list->names[i]);
  }
}

static int count_mappings(void) {
  char line[4096];
  int lines = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) lines++;
  CHECK(fclose(file) == 0);
  return lines;
}

static void look_while_it_is_used(uint64_t workers) {
  static const char *const names[] = {"wasmcell-epoch", "wasmcell-worker", "wasmcell-reacto",
                                      "wasmcell-deadli", NULL};
  static const char *const files[] = {"[eventpoll]", "[eventfd]", "pagemap", "memfd:", NULL};
  guest_t guest;
  runtime_value_t one = value_u32(1), ms = value_u64(5);
  runtime_builder_t *builder = guest_builder(4);
  runtime_builder_worker_threads(builder, workers);
  guest_make(&guest, builder);
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  list_named_threads();
  only(&threads, &none, names);
  CHECK(count(&threads, "wasmcell-worker") == (int)workers);
  CHECK(count(&threads, "wasmcell-epoch") == 1 && count(&threads, "wasmcell-reacto") == 1);
  CHECK(count(&threads, "wasmcell-deadli") == 1);
  list_descriptors(&descriptors);
  only(&descriptors, &before, files);
  guest_free(&guest);
}

static void test_the_list_of_the_header_is_complete(void) {
  static const char *const files[] = {"pagemap", NULL};
  list_descriptors(&before);
  look_while_it_is_used(1); /* what stays for good is there after the first */
  int mappings = count_mappings();
  for (uint64_t workers = 2; workers <= 8; workers *= 2) {
    look_while_it_is_used(workers);
    list_threads(&threads);
    only(&threads, &none, (const char *const[]){NULL});
    list_descriptors(&descriptors);
    only(&descriptors, &before, files);
    CHECK(count(&descriptors, "pagemap") <= 1 && descriptors.count <= before.count + 1);
  }
  /* The C library keeps stacks and arenas for later; nothing of the pool is among them. */
  if (count_mappings() > mappings + 60) CHECK_FAIL("%d, then %d", mappings, count_mappings());
}

int main(void) {
  RUN(test_the_list_of_the_header_is_complete);
  return 0;
}
