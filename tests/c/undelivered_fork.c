/* no-valgrind: a fork leaves alone what belongs to threads it does not have, as if it leaked it */
/* threads */
/* A fork within a host function that gives the guest a resource: nothing of it is dropped there,
 * and in the process that goes on once. */
#include <sys/wait.h>

#include "counters.h"

static pid_t child;

HOST_FN(open_and_fork) {
  UNUSED;
  results[0] = value_own(counter_make(args[0].of.u32));
  child = fork();
  CHECK(child >= 0);
  return NULL;
}

HOST_FN(open_later_and_fork) {
  UNUSED;
  runtime_reply_t *reply = NULL;
  CHECK_OK(runtime_call_defer(call, &reply));
  runtime_value_t own = value_own(counter_make(args[0].of.u32));
  runtime_reply_complete(reply, &own, 1, NULL);
  child = fork();
  CHECK(child >= 0);
  return NULL;
}

static runtime_error_t *leak(const runtime_function_t *function,
                             const runtime_instance_t *instance) {
  runtime_value_t arg = value_u32(3);
  runtime_values_t *values = NULL;
  runtime_error_t *error = instance != NULL
                               ? runtime_instance_call(instance, function, &arg, 1, NULL, &values)
                               : runtime_function_call(function, &arg, 1, NULL, &values);
  runtime_values_free(values);
  return error;
}

static void fork_within(runtime_host_fn_t opens, bool keeps) {
  int status = 0;
  runtime_component_t *component = counters_load(opens, NULL);
  runtime_function_t *function = find(component, "leak");
  runtime_instance_t *instance = keeps ? instantiate(component) : NULL;
  runtime_error_t *error = leak(function, instance);
  if (child == 0) {
    CHECK_ERROR(error, RUNTIME_ERROR_FORKED, "");
  } else {
    CHECK_OK(error);
  }
  runtime_instance_free(instance);
  runtime_function_free(function);
  runtime_component_free(component);
  CHECK(counters_len == 1 && dropped() == (child == 0 ? 0 : 1));
  if (child == 0) _exit(0);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  for (int way = 0; way < 3; way++) {
    const char *const ways[] = {"pool", "on demand", "blocking calls only"};
    printf("%s\n", ways[way]);
    fflush(stdout);
    host_runtime = host_runtime_make(way == 1);
    blocking_only = way == 2;
    for (int keeps = 0; keeps < 2; keeps++) {
      fork_within(open_and_fork, keeps != 0);
      fork_within(open_later_and_fork, keeps != 0);
    }
    runtime_free(host_runtime);
  }
  return 0;
}
