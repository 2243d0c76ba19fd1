/* no-sanitizer: its locks do not survive forks beside threads */
/* no-valgrind: it runs one thread at a time, so that nothing happens at once */
/* Threads that trap all the time, and forks in the midst of it: each child loads and runs a guest
 * of its own. */
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

enum { THREADS = 4, FORKS = 600 };

static guest_t guest;
static atomic_int stop;

static void *traps(void *data) {
  (void)data;
  while (atomic_load(&stop) == 0)
    CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  return NULL;
}

int main(void) {
  runtime_builder_t *builder = guest_builder(8), *of_children = guest_builder(1);
  runtime_builder_worker_threads(of_children, 1);
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_force_on_demand_allocator(of_children);
  guest_make(&guest, builder);
  int fd = -1; /* so that children need not compile */
  CHECK_OK(runtime_component_share(guest.component, &fd));
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) threads[i] = thread_start(traps, NULL);
  for (int i = 0; i < FORKS; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      guest_t own;
      alarm(60); /* far longer than it takes, and ends one that hangs */
      CHECK_OK(runtime_build(of_children, &own.runtime));
      CHECK_OK(runtime_component_from_fd(own.runtime, fd, NULL, &own.component));
      own.trap = guest_function(&own, "trap");
      CHECK_ERROR(call(own.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
      _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) CHECK_FAIL("child %d of %d: status %#x", i, FORKS, status);
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
  runtime_builder_free(of_children);
  guest_free(&guest);
  puts("test_children_of_forks_beside_traps");
  return EXIT_SUCCESS;
}
