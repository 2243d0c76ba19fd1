/* threads */
/* no-valgrind: a fork leaves alone what belongs to threads it does not have, as if it leaked it */
/* A fork of the process has none of the library's threads: what would need them is FORKED there,
 * releasing does not hang, and the parent does not notice. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

#define PATIENCE_S 60

static guest_t guest;

/* Runs `body` in a fork; it must end by itself, without a failure. */
static void in_child(void (*body)(void)) {
  CHECK(fflush(NULL) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    (void)alarm(PATIENCE_S);
    body();
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) CHECK_FAIL("the child hangs");
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static runtime_instance_t *instance;
static runtime_cancel_t *token;
static runtime_pending_t *pending;
static atomic_int completed, released;

static void on_completion(void *data, runtime_values_t *results, runtime_error_t *error) {
  (void)data;
  CHECK(error == NULL);
  runtime_values_free(results);
  atomic_fetch_add(&completed, 1);
}

static void on_release(void *data) {
  (void)data;
  atomic_fetch_add(&released, 1);
}

static runtime_error_t *start_sleep(uint64_t ms, runtime_pending_t **out) {
  runtime_value_t time = value_u64(ms);
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.callback = on_completion;
  completion.finalizer = on_release;
  completion.user_data = &released;
  completion.pending_out = out;
  return runtime_function_call_async(guest.sleep, &time, 1, NULL, &completion);
}

/* Every way to run something. */
static void child_is_refused(void) {
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  runtime_bytes_t *bytes = NULL;
  runtime_component_t *component = NULL;
  runtime_instance_t *another = NULL;
  runtime_pending_t *more = NULL;
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  CHECK_ERROR(call(guest.add, &one, NULL), RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(call(guest.spin, NULL, NULL), RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(runtime_function_call_text(guest.add, "(1)", 3, NULL, &bytes), RUNTIME_ERROR_FORKED,
              "forked");
  CHECK_ERROR(runtime_component_call_text(guest.component, "add(1)", 6, NULL, &bytes),
              RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(runtime_component_new(guest.runtime, (const uint8_t *)guest_wat, strlen(guest_wat),
                                    NULL, &component),
              RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(runtime_component_from_file(guest.runtime, "/dev/null", 9, NULL, &component),
              RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(runtime_instance_new(guest.component, NULL, &another), RUNTIME_ERROR_FORKED,
              "forked");
  CHECK_ERROR(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results),
              RUNTIME_ERROR_FORKED, "forked");
  completion.pending_out = &more;
  CHECK_ERROR(runtime_instance_call_async(instance, guest.add, &one, 1, NULL, &completion),
              RUNTIME_ERROR_FORKED, "forked");
  CHECK_ERROR(start_sleep(1, &more), RUNTIME_ERROR_FORKED, "forked");
  CHECK(more == NULL && component == NULL && another == NULL && bytes == NULL && results == NULL);
  CHECK(atomic_load(&released) == 1 && atomic_load(&completed) == 0);
  CHECK_ERROR(runtime_pending_wait(pending, UINT64_MAX, &results), RUNTIME_ERROR_FORKED, "");
  /* What runs nothing works. */
  CHECK_OK(runtime_stats(guest.runtime, &stats));
  CHECK(strcmp(runtime_function_name(guest.add), "add") == 0);
  runtime_cancel_trigger(token);
  CHECK(runtime_cancel_is_triggered(token));
}

static void release(void) {
  runtime_pending_free(pending);
  runtime_instance_free(instance);
  runtime_cancel_free(token);
  guest_free(&guest);
}

static void child_releases_in_order(void) {
  release();
}

static void child_releases_the_runtime_first(void) {
  runtime_free(guest.runtime);
  runtime_component_free(guest.component);
  guest.runtime = NULL;
  guest.component = NULL;
  release();
}

static void child_leaves_it_all(void) {}

/* "Build another here", as the message says. */
static void child_builds_another(void) {
  runtime_value_t one = value_u32(1);
  runtime_value_t ms = value_u64(1);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  child_is_refused();
  release();
  guest_make(&guest, guest_builder(2));
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  options.timeout_ms = 20;
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  atomic_store(&completed, 0);
  CHECK_OK(start_sleep(1, &pending));
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  CHECK(results == NULL && atomic_load(&completed) == 1);
  runtime_pending_free(pending);
  guest_free(&guest);
}

/* The parent has a call on its way, an instance with state, and a token, and keeps all three. */
static void fork_and_go_on(void (*body)(void)) {
  runtime_value_t one = value_u32(1);
  runtime_values_t *results = NULL;
  atomic_store(&completed, 0);
  atomic_store(&released, 0);
  guest_make(&guest, guest_builder(4));
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  CHECK_OK(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results));
  CHECK(take_u32(results) == 1);
  CHECK_OK(runtime_cancel_new(&token));
  CHECK_OK(start_sleep(300, &pending));
  in_child(body);
  CHECK(!runtime_cancel_is_triggered(token));
  CHECK_OK(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results));
  CHECK(take_u32(results) == 2);
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  CHECK(results == NULL && atomic_load(&completed) == 1 && atomic_load(&released) == 1);
  release();
}

static void test_what_runs_is_refused(void) {
  fork_and_go_on(child_is_refused);
}
static void test_releasing_in_order(void) {
  fork_and_go_on(child_releases_in_order);
}
static void test_releasing_the_runtime_first(void) {
  fork_and_go_on(child_releases_the_runtime_first);
}
static void test_releasing_nothing(void) {
  fork_and_go_on(child_leaves_it_all);
}
static void test_building_another(void) {
  fork_and_go_on(child_builds_another);
}

static atomic_bool stop;

static void *call_again_and_again(void *data) {
  runtime_value_t text = value_string("again");
  (void)data;
  while (!atomic_load(&stop)) CHECK_OK(call(guest.echo, &text, NULL));
  return NULL;
}

static void child_of_a_busy_parent(void) {
  runtime_value_t one = value_u32(1);
  CHECK_ERROR(call(guest.add, &one, NULL), RUNTIME_ERROR_FORKED, "forked");
  release();
}

/* Forks at moments when other threads are in the middle of something. */
static void test_forking_while_calls_run(void) {
  pthread_t threads[3];
  /* Exactly as many as are alive at once: none is refused. */
  guest_make(&guest, guest_builder(4));
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  CHECK_OK(runtime_cancel_new(&token));
  pending = NULL;
  atomic_store(&stop, false);
  for (int i = 0; i < 3; i++) threads[i] = thread_start(call_again_and_again, NULL);
  for (size_t i = 0; i < scaled(200); i++) in_child(child_of_a_busy_parent);
  atomic_store(&stop, true);
  for (int i = 0; i < 3; i++) thread_join(threads[i]);
  release();
}

int main(void) {
  RUN(test_what_runs_is_refused);
  RUN(test_releasing_in_order);
  RUN(test_releasing_the_runtime_first);
  RUN(test_releasing_nothing);
  RUN(test_building_another);
#if !defined(__SANITIZE_ADDRESS__)
  /* AddressSanitizer's allocator, unlike the C library's, leaves its locks as they are in a fork:
   * if another thread allocates at that moment, the child waits for it for ever. */
  RUN(test_forking_while_calls_run);
#else
  (void)test_forking_while_calls_run;
#endif
  return 0;
}
