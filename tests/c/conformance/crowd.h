/* A call that waits in a function of the host, so that others are not alone in their runtime. */
#ifndef CONFORMANCE_CROWD_H
#define CONFORMANCE_CROWD_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "../check.h"

static const char crowd_wat[] =
    "(component"
    "  (import \"wait\" (func $wait))"
    "  (core func $wait (canon lower (func $wait)))"
    "  (core module $m"
    "    (import \"\" \"wait\" (func $wait))"
    "    (func (export \"stay\") (call $wait)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"wait\" (func $wait))))))"
    "  (func (export \"stay\") (canon lift (core func $i \"stay\"))))";

/* Whether this process may use several processors at once: by its affinity, and by what a container
 * gives it of their time. */
static inline int crowd_is_possible(void) {
  cpu_set_t usable;
  long quota = 0, period = 0;
  CPU_ZERO(&usable);
  CHECK(sched_getaffinity(0, sizeof usable, &usable) == 0);
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
  const int is_limited = file != NULL && fscanf(file, "%ld %ld", &quota, &period) == 2;
  if (file != NULL) CHECK(fclose(file) == 0);
  return CPU_COUNT(&usable) > 1 && !(is_limited && quota < 2 * period);
}

typedef struct {
  runtime_function_t *stay;
  pthread_t thread;
  atomic_int waits, over;
} crowd_t;

static runtime_error_t *crowd_wait(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  const struct timespec moment = {0, 1000000};
  crowd_t *crowd = user_data;
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  atomic_store(&crowd->waits, 1);
  while (!atomic_load(&crowd->over)) nanosleep(&moment, NULL);
  return NULL;
}

static void *crowd_stay(void *data) {
  runtime_values_t *values = NULL;
  crowd_t *crowd = data;
  CHECK_OK(runtime_function_call(crowd->stay, NULL, 0, NULL, &values));
  runtime_values_free(values);
  return NULL;
}

static inline void crowd_begin(crowd_t *crowd, const runtime_t *runtime) {
  const struct timespec moment = {0, 1000000};
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_linker_t *linker = NULL;
  CHECK_OK(runtime_linker_new(&linker));
  CHECK_OK(runtime_linker_define(linker, "wait", 4, crowd_wait, crowd, NULL));
  options.linker = linker;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)crowd_wat, strlen(crowd_wat), &options,
                                 &component));
  runtime_linker_free(linker);
  CHECK_OK(runtime_component_function(component, "stay", 4, &crowd->stay));
  runtime_component_free(component);
  atomic_store(&crowd->waits, 0);
  atomic_store(&crowd->over, 0);
  CHECK(pthread_create(&crowd->thread, NULL, crowd_stay, crowd) == 0);
  while (!atomic_load(&crowd->waits)) nanosleep(&moment, NULL);
}

static inline void crowd_end(crowd_t *crowd) {
  atomic_store(&crowd->over, 1);
  CHECK(pthread_join(crowd->thread, NULL) == 0);
  runtime_function_free(crowd->stay);
}

#endif
