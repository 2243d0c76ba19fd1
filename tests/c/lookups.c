/* threads */
/* no-valgrind: it takes minutes there */
/* A resolver that does not answer holds up the guests that ask it, and nobody else: no files, no
 * deadlines, no look-ups of others. */
#include <netdb.h>

#include "outside.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool answers;
static int asked;

/* The system's resolver, in place of the C library's. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out) {
  (void)service, (void)hints;
  *out = NULL;
  if (strncmp(name, "slow", 4) != 0) return EAI_NONAME;
  pthread_mutex_lock(&lock);
  asked++;
  pthread_cond_broadcast(&changed);
  while (!answers) pthread_cond_wait(&changed, &lock);
  asked--;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return EAI_AGAIN;
}

static void set_answers(bool now) {
  pthread_mutex_lock(&lock);
  answers = now;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

/* Waits until so many ask. */
static void expect_asked(int count) {
  pthread_mutex_lock(&lock);
  while (asked != count) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

static runtime_t *runtime;

static void load_all(void) {
  const char *directory = hoard_directory("lookups");
  runtime_builder_t *builder = hoard_builder();
  runtime_builder_max_lookups(builder, 3);
  runtime_builder_lookup_threads(builder, 4);
  runtime_builder_epoch_tick(builder, 5);
  runtime = load_runtime(builder);
  hoard_load(runtime, directory);
  runtime_sandbox_t *sandbox = hoard_sandbox(directory);
  outside_load_in(runtime, sandbox);
  runtime_sandbox_free(sandbox);
}

static void others_do_well(void) {
  CHECK_TEXT(told("read-file", "/file", NULL), "");
  CHECK_TEXT(told("look-up", "quick.example.com", NULL), "name-unresolvable");
  runtime_values_t *results = NULL;
  uint64_t begin = now_ms();
  CHECK_ERROR(outside_try("look-up", "slow.example.com", NULL, 100, &results),
              RUNTIME_ERROR_TIMEOUT, "100 ms");
  CHECK(now_ms() - begin < 5000);
}

static void test_a_flood_holds_up_nobody(void) {
  set_answers(false);
  load_all();
  others_do_well();
  expect_asked(1); /* that one still asks, for nobody */
  int threads = thread_count();
  runtime_instance_t *instances[4];
  for (int i = 0; i < 4; i++) {
    instances[i] = hoard_instance();
    CHECK(takes(instances[i], LOOKUPS, 600) == 3);
    CHECK(refused(instances[i]) == TEMPORARY_RESOLVER_FAILURE);
  }
  expect_asked(3); /* of four threads, two are the flood's */
  runtime_stats_t stats = stats_of(runtime);
  CHECK(stats.lookups == 13 && stats.lookups_denied == 4);
  CHECK(thread_count() <= threads + 4);
  others_do_well();
  expect_asked(4);

  /* Who gives a look-up back, or is gone, waits for none; what is not begun is forgotten. */
  gives(instances[0], 1);
  CHECK(takes(instances[1], LOOKUPS, 1) == 0);
  CHECK_ERROR(insists(instances[1], LOOKUPS, 1), RUNTIME_ERROR_LOOKUP_LIMIT, "`max_lookups` is 3");
  for (int i = 0; i < 4; i++) runtime_instance_free(instances[i]);
  for (int i = 0; i < 1000 && stats_of(runtime).lookups != 4; i++) pause_ms(10);
  CHECK(stats_of(runtime).lookups == 4);
  set_answers(true);
  for (int i = 0; i < 1000 && stats_of(runtime).lookups != 0; i++) pause_ms(10);
  CHECK(stats_of(runtime).lookups == 0);
  CHECK_TEXT(told("look-up", "slow.example.com", NULL), "name-unresolvable");
  hoard_free();
  runtime_component_free(outside);
  runtime_free(runtime);
}

/* A runtime ends although the resolver does not answer. */
static void test_the_end_does_not_wait_for_ever(void) {
  set_answers(false);
  load_all();
  runtime_instance_t *instance = hoard_instance();
  CHECK(takes(instance, LOOKUPS, 1) == 1);
  expect_asked(1);
  runtime_instance_free(instance);
  hoard_free();
  runtime_component_free(outside);
  uint64_t begin = now_ms();
  runtime_free(runtime);
  CHECK(now_ms() - begin < 10000);
  set_answers(true);
  expect_asked(0);
}

static void tests(void) {
  RUN(test_a_flood_holds_up_nobody);
  RUN(test_the_end_does_not_wait_for_ever);
}

int main(void) {
  every_way(tests);
  return 0;
}
