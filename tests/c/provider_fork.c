/* threads */
/* no-valgrind: a fork leaves alone what belongs to threads it does not have, as if it leaked it */
/* A host that forks while a component provides for another: the child's call ends there, the
 * parent's goes on. */
#include <sys/wait.h>
#include <unistd.h>

#include "providers.h"

static runtime_error_t *host_forks(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  *(pid_t *)user_data = fork();
  CHECK(*(pid_t *)user_data >= 0);
  return NULL;
}

static void test_a_fork_within_a_provider(void) {
  pid_t child = -1;
  int status = 1;
  runtime_component_t *component = load_chain(2, host_forks, &child);
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error = runtime_component_call_text(component, "tick()", 6, NULL, &answer);
  if (child == 0) {
    int is_forked = runtime_error_code(error) == RUNTIME_ERROR_FORKED;
    runtime_error_free(error);
    runtime_component_free(component);
    _exit(is_forked ? 0 : 1);
  }
  CHECK_OK(error);
  runtime_bytes_free(answer);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  runtime_component_free(component);
}

static void tests(void) { RUN(test_a_fork_within_a_provider); }

int main(void) {
  with_providers(64, tests);
  return 0;
}
