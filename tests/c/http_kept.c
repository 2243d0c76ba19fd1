/* What a guest keeps: things of a request for a later one of the same instance, and memory of the
 * host. */
#include <malloc.h>

#include "exchange.h"

/* Whether instances are made without the pool. */
static int on_demand;

/* Memory of this process in MiB: `VmRSS:` is what it has, `VmHWM:` the most that it had. */
static int64_t memory(const char *which) {
  char line[200];
  int64_t found = -1;
  FILE *file = fopen("/proc/self/status", "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, which, strlen(which)) == 0) found = atol(line + strlen(which)) / 1024;
  }
  CHECK(fclose(file) == 0 && found >= 0);
  return found;
}

/* Forgets the most that it had, and gives back what is free; whether memory says anything here. */
static int memory_tells(void) {
#if defined(__SANITIZE_ADDRESS__) /* it keeps what was freed */
  return 0;
#else
  if (getenv("WASMCELL_TEST_SMALL") != NULL) return 0;
#if defined(__GLIBC__)
  (void)malloc_trim(0);
#endif
  FILE *file = fopen("/proc/self/clear_refs", "w");
  if (file == NULL) return 0;
  int is_written = fputs("5", file) >= 0;
  return fclose(file) == 0 && is_written;
#endif
}

/* The guest has returned, and its instance rests; what it wrote is not read yet. */
static runtime_http_exchange_t *open_stash(void) {
  for (int i = 0; i < 1000; i++) {
    runtime_http_exchange_t *exchange = open_to("/stash");
    CHECK(head_of(exchange)->status == 200);
    if (stats_now().resting == 1) return exchange;
    /* It was interrupted in between. */
    runtime_http_exchange_free(exchange);
  }
  CHECK_FAIL("never at rest");
}

/* Nothing of a later request gets into the exchange of an earlier one. */
static void test_kept_for_later(void) {
  const runtime_http_response_t *head = NULL;
  restart(http_builder(on_demand), 1000);
  runtime_http_exchange_t *earlier = open_stash();
  expect_response("/stash-write", 200, "[false]\n");
  CHECK_TEXT(whole_of(earlier), "first\n");
  runtime_http_exchange_free(earlier);
  earlier = open_to("/stash-out");
  CHECK_ERROR(runtime_http_exchange_response(earlier, &head), RUNTIME_ERROR_HTTP, "");
  expect_response("/stash-set", 200, "set\n");
  CHECK_ERROR(runtime_http_exchange_response(earlier, &head), RUNTIME_ERROR_HTTP, "");
  CHECK(head == NULL);
  runtime_http_exchange_free(earlier);
}

/* Requests that an instance never lets go of keep no bodies. */
static void test_kept_for_good(void) {
  static uint8_t data[10 << 20];
  memset(data, 7, sizeof data);
  restart(http_builder(on_demand), 1000);
  int tells = memory_tells();
  int64_t before = memory("VmRSS:");
  for (int i = 0; i < 20; i++) {
    runtime_http_request_t request = request_to("/leak-request");
    request.body = data, request.body_len = sizeof data;
    runtime_http_exchange_t *exchange = open_with(&request, NULL);
    CHECK_TEXT(whole_of(exchange), "leaked\n");
    CHECK_OK(runtime_http_exchange_end(exchange));
    runtime_http_exchange_free(exchange);
  }
  CHECK(!tells || memory("VmRSS:") - before < 64);
  expect_response("/count", 200, "21\n");
}

/* What a guest makes and never sends has bounds, too: the parameters ask for hundreds of MiB. */
static void test_bombs(void) {
  static const char *const paths[] = {"/long-methods?100000&10000",
                                      "/long-authorities?100000&10000", "/long-paths?100000&10000",
                                      "/bad-trailers?3000&100000", "/emptied-fields?10000&1000"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    static body_t body;
    int tells = memory_tells();
    int64_t before = memory("VmRSS:");
    runtime_http_exchange_t *exchange = open_to(paths[i]);
    body_read(exchange, &body);
    int code = (int)runtime_error_code(body.error);
    CHECK(code == 0 || code == RUNTIME_ERROR_RESOURCE_LIMIT || code == RUNTIME_ERROR_TRAP);
    printf("  %s: %d, %d MiB\n", paths[i], code, (int)(memory("VmHWM:") - before));
    CHECK(!tells || memory("VmHWM:") - before < 64);
    runtime_error_free(body.error);
    runtime_http_exchange_free(exchange);
  }
}

int main(void) {
  for (; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_bombs);
    RUN(test_kept_for_later);
    RUN(test_kept_for_good);
    http_end();
  }
  return 0;
}
