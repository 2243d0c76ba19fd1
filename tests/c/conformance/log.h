/* What the runtime of a scenario logs. */
#ifndef CONFORMANCE_LOG_H
#define CONFORMANCE_LOG_H

#include <pthread.h>

#include "text.h"

enum { MAX_LOG = 65536 };

typedef struct {
  pthread_mutex_t lock;
  char text[MAX_LOG];
  size_t len;
} log_t;

static const char *const log_levels[] = {"error", "warn", "info", "debug", "trace"};

static int32_t log_level(const char *name) {
  for (int32_t i = 0; i < 5; i++)
    if (same(log_levels[i], name)) return RUNTIME_LOG_LEVEL_ERROR + i;
  MALFORMED("no level `%s`", name);
  return 0;
}

/* Appends `level target: message`. */
static void log_add(void *data, runtime_log_level_t level, const char *target, size_t target_len,
                    const char *message, size_t message_len) {
  log_t *log = data;
  CHECK(pthread_mutex_lock(&log->lock) == 0);
  int len = snprintf(log->text + log->len, MAX_LOG - log->len, "%s %.*s: %.*s\n",
                     log_levels[level - RUNTIME_LOG_LEVEL_ERROR], (int)target_len, target,
                     (int)message_len, message);
  CHECK(len > 0 && (size_t)len < MAX_LOG - log->len);
  log->len += (size_t)len;
  CHECK(pthread_mutex_unlock(&log->lock) == 0);
}

static void log_init(log_t *log) { CHECK(pthread_mutex_init(&log->lock, NULL) == 0); }

static void log_free(log_t *log) { CHECK(pthread_mutex_destroy(&log->lock) == 0); }

#endif
