/* Functions of the host that wait at a door, and asynchronous calls that wait for them. */
#ifndef DOOR_H
#define DOOR_H

#include "hosts.h"

typedef struct {
  atomic_int inside, most, entered;
  atomic_bool open;
} door_t;

/* What a function of the host does: it comes back when the door is open. */
static inline void door_pass(door_t *door) {
  int inside = atomic_fetch_add(&door->inside, 1) + 1;
  int most = atomic_load(&door->most);
  while (most < inside && !atomic_compare_exchange_weak(&door->most, &most, inside)) continue;
  atomic_fetch_add(&door->entered, 1);
  while (!atomic_load(&door->open)) pause_ms(1);
  atomic_fetch_sub(&door->inside, 1);
}

static inline void door_until(door_t *door, int inside) {
  while (atomic_load(&door->inside) < inside) pause_ms(1);
}

/* Starts a call with an argument or none, and a limit of its own or none. */
static inline runtime_pending_t *begin(const runtime_function_t *function,
                                       const runtime_value_t *arg, uint64_t timeout_ms) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = timeout_ms;
  return start(function, arg, arg != NULL, &options);
}

static inline runtime_error_t *end(runtime_pending_t *pending) {
  runtime_values_t *results = NULL;
  runtime_error_t *error = finish(pending, &results);
  runtime_values_free(results);
  return error;
}

/* A call that will be late, at the door. A busy machine may take longer than its limit to come
 * there; then the limit is longer. */
static inline runtime_pending_t *begin_late(const runtime_function_t *function,
                                            const runtime_value_t *arg, door_t *door) {
  for (uint64_t limit = 50;; limit *= 2) {
    runtime_pending_t *pending = begin(function, arg, limit);
    while (atomic_load(&door->inside) == 0 && !runtime_pending_is_done(pending)) pause_ms(1);
    if (atomic_load(&door->inside) > 0) return pending;
    CHECK_ERROR(end(pending), RUNTIME_ERROR_TIMEOUT, "");
  }
}

static inline uint64_t host_functions(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats.host_functions;
}

#endif
