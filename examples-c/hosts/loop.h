/* Asynchronous calls for an event loop: epoll's, nginx's, libuv's, whatever watches descriptors.
 *
 * Calls run on threads of their runtime. When one has ended its address comes through a pipe, whose
 * reading end the loop watches, and `then` runs in the loop: no lock, nothing shared. All functions
 * belong to the loop's thread.
 */
#ifndef LOOP_H
#define LOOP_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <wasmcell.h>

typedef struct loop_call {
  void (*then)(struct loop_call *call); /* the call has ended; not run after loop_release() */
  void *data;                           /* the caller's */
  runtime_values_t *results;            /* once it has ended: this one, */
  runtime_error_t *error;               /* or this */
  runtime_cancel_t *cancel;
  int fd;
  bool ended, released;
} loop_call_t;

/* The loop watches fds[0]; fds[1] is for loop_start(). Calls in flight fit into the pipe, 8192 of
 * them; more would make threads of the runtime wait for the loop. Returns 0, or -1 with errno. */
static inline int loop_open(int fds[2]) {
  return pipe2(fds, O_CLOEXEC) == 0 ? fcntl(fds[0], F_SETFL, O_NONBLOCK) : -1;
}

/* The caller needs the call no more. If it is in flight it is cancelled, and freed in the loop.
 * Takes any pointer, to be a cleanup handler. */
static inline void loop_release(void *data) {
  loop_call_t *call = data;
  call->released = true;
  if (!call->ended) {
    runtime_cancel_trigger(call->cancel);
    return;
  }
  runtime_error_free(call->error);
  runtime_values_free(call->results);
  runtime_cancel_free(call->cancel);
  free(call);
}

/* On a thread of the runtime: nothing of the loop may be touched here. */
static inline void loop_done(void *data, runtime_values_t *results, runtime_error_t *error) {
  loop_call_t *call = data;
  call->results = results;
  call->error = error;
  while (write(call->fd, &call, sizeof call) < 0 && errno == EINTR) continue;
}

/* Starts a call. If that fails `error` is set and the call has ended; NULL if memory is short. */
static inline loop_call_t *loop_start(int fd, const runtime_function_t *function,
                                      const runtime_value_t *args, size_t args_len,
                                      uint64_t timeout_ms, void (*then)(loop_call_t *),
                                      void *data) {
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  loop_call_t *call = calloc(1, sizeof *call);
  runtime_error_t *error;

  if (call == NULL) return NULL;
  call->then = then;
  call->data = data;
  call->fd = fd;
  error = runtime_cancel_new(&call->cancel);
  if (error == NULL) {
    options.timeout_ms = timeout_ms;
    options.cancel = call->cancel;
    completion.callback = loop_done;
    completion.user_data = call;
    error = runtime_function_call_async(function, args, args_len, &options, &completion);
  }
  if (error != NULL) { /* not started, so nobody else looks at it */
    call->error = error;
    call->ended = true;
  }
  return call;
}

/* When fds[0] is readable: runs `then` of calls that have ended. Returns how many have. */
static inline int loop_run(int fd) {
  loop_call_t *calls[64];
  ssize_t bytes = read(fd, calls, sizeof calls);
  int count = bytes > 0 ? (int)((size_t)bytes / sizeof *calls) : 0;

  for (int i = 0; i < count; i++) {
    calls[i]->ended = true;
    if (calls[i]->released) {
      loop_release(calls[i]);
    } else {
      calls[i]->then(calls[i]);
    }
  }
  return count;
}

#endif
