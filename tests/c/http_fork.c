/* threads */
/* no-valgrind: a fork leaves alone what belongs to threads it does not have, as if it leaked it */
/* Exchanges in a fork of the process that made them. */
#include <sys/wait.h>
#include <unistd.h>

#include "exchange.h"

/* In a fork nothing of it goes on, and the parent sees nothing of that. */
static void test_fork(void) {
  runtime_http_exchange_t *exchange = open_to("/ticks?2&20"), *unused = open_to("/hello");
  CHECK(head_of(exchange)->status == 200);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const uint8_t *data = NULL;
    size_t len = 0;
    int32_t end = 0;
    (void)alarm(60);
    CHECK_ERROR(runtime_http_exchange_read(exchange, &data, &len, &end), RUNTIME_ERROR_FORKED, "");
    CHECK_ERROR(runtime_http_exchange_end(unused), RUNTIME_ERROR_FORKED, "");
    runtime_http_exchange_free(exchange);
    runtime_http_exchange_free(unused);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK_TEXT(whole_of(exchange), "tick 0\ntick 1\n");
  runtime_http_exchange_free(exchange);
  runtime_http_exchange_free(unused);
}

int main(void) {
  for (int on_demand = 0; on_demand < 2; on_demand++) {
    printf("%s\n", on_demand ? "on demand" : "pool");
    http_start_by(http_builder(on_demand), 0);
    RUN(test_fork);
    http_end();
  }
  return 0;
}
