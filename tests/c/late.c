/* no-valgrind: what glibc keeps for a thread that ends is looked at too late */
/* no-sanitizer: its own data of the thread goes first */
/* The library where threads and the process begin and end: it works, and prints nothing. */
#include <fcntl.h>
#include <unistd.h>

#include "guests.h"

static guest_t guest;
static pthread_key_t key;
static int rounds, saved_stderr;
static char quiet_path[4096];

/* Calls, waits and loads. */
static void use(void) {
  runtime_value_t one = value_u32(1), ms = value_u64(2);
  runtime_bytes_t *bytes = NULL;
  runtime_component_t *component = NULL;
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 20;
  CHECK_OK(call(guest.add, &one, NULL));
  CHECK_OK(call(guest.sleep, &ms, NULL));
  CHECK_ERROR(call(guest.spin, NULL, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK_ERROR(call(guest.trap, NULL, NULL), RUNTIME_ERROR_TRAP, "unreachable");
  ms = value_u64(100000);
  CHECK_ERROR(call(guest.sleep, &ms, &options), RUNTIME_ERROR_TIMEOUT, "20 ms");
  CHECK_OK(runtime_function_call_text(guest.echo, "(\"text\")", 8, NULL, &bytes));
  CHECK_TEXT((const char *)runtime_bytes_data(bytes), "\"text\"");
  runtime_bytes_free(bytes);
  CHECK_OK(runtime_instance_new(guest.component, NULL, &instance));
  CHECK_OK(runtime_instance_call(instance, guest.add, &one, 1, NULL, &results));
  CHECK(take_u32(results) == 1);
  runtime_instance_free(instance);
  CHECK_OK(runtime_component_new(guest.runtime, (const uint8_t *)guest_wat, strlen(guest_wat),
                                 NULL, &component));
  runtime_component_free(component);
}

static void build(void) {
  runtime_t *runtime = NULL;
  runtime_builder_t *builder = guest_builder(4);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_free(runtime);
  runtime_builder_free(builder);
}

/* Runs when the thread ends, and once more after that. */
static void at_end_of_thread(void *again) {
  use();
  build();
  rounds++;
  if (*(int *)again > 0) {
    --*(int *)again;
    CHECK(pthread_setspecific(key, again) == 0);
  }
}

static void *thread(void *uses_it) {
  static _Thread_local int again;
  again = 2;
  if (uses_it != NULL) use();
  CHECK(pthread_setspecific(key, &again) == 0);
  return NULL;
}

static void test_where_a_thread_ends(void) {
  CHECK(pthread_key_create(&key, at_end_of_thread) == 0);
  thread_join(thread_start(thread, NULL));
  CHECK(rounds == 3);
  thread_join(thread_start(thread, &rounds));
  CHECK(rounds == 6);
}

/* What is printed goes to a file, which must stay empty. */
static void begin_quiet(void) {
  const char *directory = getenv("WASMCELL_SCRATCH");
  CHECK(directory != NULL);
  CHECK((size_t)snprintf(quiet_path, sizeof quiet_path, "%s/stderr", directory) <
        sizeof quiet_path);
  saved_stderr = dup(STDERR_FILENO);
  int file = open(quiet_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(saved_stderr >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0 && close(file) == 0);
}

static void end_quiet(void) {
  char text[256] = "";
  CHECK(dup2(saved_stderr, STDERR_FILENO) >= 0);
  FILE *file = fopen(quiet_path, "r");
  CHECK(file != NULL);
  size_t len = fread(text, 1, sizeof text - 1, file);
  CHECK(fclose(file) == 0);
  if (len > 0) CHECK_FAIL("printed: %s", text);
}

static void at_end_of_process(void) {
  use();
  build();
  guest_free(&guest);
  build();
}

static int constructed;

__attribute__((constructor)) static void before_main(void) {
  guest_make(&guest, guest_builder(8));
  use();
  guest_free(&guest);
  build();
  constructed = 1;
}

__attribute__((destructor)) static void after_all(void) {
  build();
  end_quiet();
}

int main(void) {
  CHECK(constructed);
  begin_quiet();
  guest_make(&guest, guest_builder(8));
  RUN(test_where_a_thread_ends);
  CHECK(atexit(at_end_of_process) == 0);
  return 0;
}
