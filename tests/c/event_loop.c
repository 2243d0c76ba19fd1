/* threads */
/* Asynchronous calls in an event loop of epoll's: by examples-c/hosts/loop.h, whose calls come back
 * through a pipe, and by an eventfd with a list, as hosts do that have one already. */
#include "../../examples-c/hosts/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "guests.h"

#define PATIENCE_MS 60000

static guest_t guest;
static int epoll;

static void watch(int fd) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  event.data.fd = fd;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

/* The loop, until `*left` is 0: whatever is readable is given to `handle`. */
static void loop(const int *left, void (*handle)(int fd)) {
  while (*left > 0) {
    struct epoll_event events[8];
    int count = epoll_wait(epoll, events, 8, PATIENCE_MS);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) CHECK_FAIL("%d calls are left", *left);
    for (int i = 0; i < count; i++) handle(events[i].data.fd);
  }
}

/* What has come back: codes of errors, or of none. */
static int left, collected, codes[RUNTIME_ERROR_PANIC + 1];

static void then(loop_call_t *call) {
  CHECK(call->ended && (call->error == NULL) == (call->results != NULL));
  codes[runtime_error_code(call->error)]++;
  CHECK(call->data == &left);
  left--;
  loop_release(call);
}

static loop_call_t *begin(int fd, const runtime_function_t *function, const runtime_value_t *arg,
                          uint64_t timeout_ms) {
  loop_call_t *call = loop_start(fd, function, arg, arg != NULL, timeout_ms, then, &left);
  CHECK(call != NULL);
  left++;
  return call;
}

static void run(int fd) {
  (void)loop_run(fd);
}

static void test_calls_come_back_through_the_pipe(void) {
  int fds[2];
  runtime_value_t ms = value_u64(20), number = value_u32(1), wrong = value_u64(1);
  CHECK(loop_open(fds) == 0);
  watch(fds[0]);
  memset(codes, 0, sizeof codes);
  for (int i = 0; i < 200; i++) begin(fds[1], guest.add, &number, 0);
  for (int i = 0; i < 20; i++) begin(fds[1], guest.sleep, &ms, 0);
  begin(fds[1], guest.trap, NULL, 0);
  begin(fds[1], guest.spin, NULL, 20);
  loop(&left, run);
  CHECK(codes[RUNTIME_ERROR_NONE] == 220 && codes[RUNTIME_ERROR_TRAP] == 1);
  CHECK(codes[RUNTIME_ERROR_TIMEOUT] == 1);
  /* What cannot be started has ended, and does not come back. */
  loop_call_t *refused = loop_start(fds[1], guest.add, &wrong, 1, 0, then, &left);
  CHECK(refused != NULL && refused->ended);
  CHECK(runtime_error_code(refused->error) == RUNTIME_ERROR_TYPE_MISMATCH);
  loop_release(refused);
  CHECK(close(fds[0]) == 0 && close(fds[1]) == 0);
}

static void run_and_count(int fd) {
  left -= loop_run(fd);
}

static void not_run(loop_call_t *call) {
  CHECK_FAIL("a released call came back: %s", runtime_error_message(call->error));
}

/* The caller goes away before the call: nobody hears of it, and nothing is left of it. */
static void test_released_calls_are_cancelled(void) {
  int fds[2];
  runtime_value_t hour = value_u64(3600000);
  CHECK(loop_open(fds) == 0);
  watch(fds[0]);
  for (left = 0; left < 8; left++) {
    loop_call_t *call = left % 2 == 0 ? loop_start(fds[1], guest.spin, NULL, 0, 0, not_run, NULL)
                                      : loop_start(fds[1], guest.sleep, &hour, 1, 0, not_run, NULL);
    CHECK(call != NULL && !call->ended);
    loop_release(call);
  }
  loop(&left, run_and_count);
  CHECK(close(fds[0]) == 0 && close(fds[1]) == 0);
}

/* Completions in a list, and an eventfd that says that there are some. */
typedef struct job {
  struct job *next;
  runtime_values_t *results;
} job_t;

static struct {
  pthread_mutex_t lock;
  job_t *first;
  int event;
} done = {PTHREAD_MUTEX_INITIALIZER, NULL, -1};

static void complete(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  job_t *job = user_data;
  CHECK(error == NULL);
  job->results = results;
  CHECK(pthread_mutex_lock(&done.lock) == 0);
  job->next = done.first;
  done.first = job;
  /* Locked, so that whoever collects the last one does not close the event meanwhile. */
  CHECK(eventfd_write(done.event, 1) == 0);
  CHECK(pthread_mutex_unlock(&done.lock) == 0);
}

static void collect(int fd) {
  eventfd_t count = 0;
  CHECK(eventfd_read(fd, &count) == 0 && count > 0);
  CHECK(pthread_mutex_lock(&done.lock) == 0);
  job_t *job = done.first;
  done.first = NULL;
  CHECK(pthread_mutex_unlock(&done.lock) == 0);
  while (job != NULL) {
    job_t *next = job->next;
    CHECK(take_u32(job->results) == 7);
    free(job);
    left--;
    collected++;
    job = next;
  }
}

static void test_calls_come_back_by_an_eventfd(void) {
  runtime_value_t seven = value_u32(7);
  const int count = (int)scaled(500);
  done.event = eventfd(0, EFD_CLOEXEC);
  CHECK(done.event >= 0);
  watch(done.event);
  collected = 0;
  for (int i = 0; i < count; i++) {
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    completion.callback = complete;
    completion.user_data = calloc(1, sizeof(job_t));
    CHECK(completion.user_data != NULL);
    CHECK_OK(runtime_function_call_async(guest.add, &seven, 1, NULL, &completion));
    left++;
  }
  loop(&left, collect);
  CHECK(collected == count);
  CHECK(close(done.event) == 0);
}

int main(void) {
  epoll = epoll_create1(EPOLL_CLOEXEC);
  CHECK(epoll >= 0);
  guest_make(&guest, guest_builder(256));
  RUN(test_calls_come_back_through_the_pipe);
  RUN(test_released_calls_are_cancelled);
  RUN(test_calls_come_back_by_an_eventfd);
  guest_free(&guest);
  CHECK(close(epoll) == 0);
  return 0;
}
