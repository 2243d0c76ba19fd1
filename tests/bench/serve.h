// What the programs in C have in common: answering "work iterations" lines. See README.md.

#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// For a work that cannot be done.
#define IMPOSSIBLE UINT64_MAX

// How often `compute` and `loop` go round in one iteration.
enum { BLOCKS = 1000, ROUNDS = 1000000 };

static inline uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void *allocate(size_t count, size_t size) {
  void *it = calloc(count, size);
  if (it == NULL) abort();
  return it;
}

static inline void fail(const char *what, const char *message, size_t len) {
  fprintf(stderr, "%s: %.*s\n", what, (int)len, message);
  exit(1);
}

// Whether `name` is `kind` followed by a number, which is then in `size`.
static inline bool sized(const char *name, const char *kind, size_t *size) {
  size_t len = strlen(kind);
  if (strncmp(name, kind, len) != 0 || name[len] < '0' || name[len] > '9') return false;
  *size = strtoull(name + len, NULL, 10);
  return true;
}

// Answers each line with the nanoseconds that `work` says, or "-".
static inline void serve(uint64_t (*work)(const char *name, uint64_t n)) {
  char name[32];
  unsigned long long n;
  while (scanf("%31s %llu", name, &n) == 2) {
    uint64_t took = work(name, n);
    if (took == IMPOSSIBLE) {
      puts("-");
    } else {
      printf("%llu\n", (unsigned long long)took);
    }
    fflush(stdout);
  }
}

#endif
