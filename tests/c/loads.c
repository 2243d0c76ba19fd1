/* threads */
/* Loads: limits, time, cancellation, asynchronous ones, and what is left of those given up. */
#include "guests.h"

static runtime_t *runtime_of(runtime_builder_t *builder) {
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  return runtime;
}

/* Loads what takes long, on `threads` threads. */
static runtime_t *patient_runtime(uint64_t threads) {
  runtime_builder_t *builder = guest_builder(2);
  runtime_builder_max_compile_cost(builder, 1000000000);
  runtime_builder_max_compile_threads(builder, threads);
  return runtime_of(builder);
}

static size_t put_leb(uint8_t *at, size_t number) {
  size_t len = 0;
  do {
    at[len++] = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>= 7;
  } while (number > 0);
  return len;
}

static size_t put(uint8_t *at, const void *bytes, size_t len) {
  memcpy(at, bytes, len);
  return len;
}

/* A component of `n` functions that do nothing; `mark` tells two of them apart. */
static uint8_t *functions(size_t n, uint8_t mark, size_t *len) {
  uint8_t *body = malloc(4 * n + 64), *module = malloc(8 * n + 128), *whole = malloc(8 * n + 160);
  CHECK(body != NULL && module != NULL && whole != NULL);
  size_t m = put(module, "\0asm\1\0\0\0\1\4\1\x60\0\0", 14), size = put_leb(body, n);
  memset(body + size, 0, n);
  module[m++] = 3;
  m += put_leb(module + m, size + n);
  m += put(module + m, body, size + n);
  for (size_t i = 0; i < n; i++) memcpy(body + size + 3 * i, "\2\0\x0b", 3);
  module[m++] = 10;
  m += put_leb(module + m, size + 3 * n);
  m += put(module + m, body, size + 3 * n);
  module[m++] = 0;
  m += put(module + m, "\2\1", 2);
  module[m++] = mark;
  size_t w = put(whole, "\0asm\x0d\0\1\0\1", 9);
  w += put_leb(whole + w, m);
  w += put(whole + w, module, m);
  free(body), free(module);
  *len = w;
  return whole;
}

/* Loads what takes seconds where nobody stops it. */
static runtime_error_t *load_slow(const runtime_t *runtime, uint8_t mark,
                                  const runtime_component_options_t *options,
                                  runtime_component_t **out) {
  size_t len = 0;
  uint8_t *bytes = functions(scaled(40000), mark, &len);
  runtime_error_t *error = runtime_component_new(runtime, bytes, len, options, out);
  free(bytes);
  return error;
}

static runtime_stats_t stats_of(const runtime_t *runtime) {
  runtime_stats_t stats = RUNTIME_STATS_INIT;
  CHECK_OK(runtime_stats(runtime, &stats));
  return stats;
}

static void until_idle(const runtime_t *runtime) {
  uint64_t start = now_ms();
  while (stats_of(runtime).loads_running > 0 && now_ms() - start < 120000) pause_ms(5);
  runtime_stats_t stats = stats_of(runtime);
  CHECK(stats.loads_running == 0 && stats.loads_abandoned == 0 && stats.loads_waiting == 0);
}

static void test_costly_components_are_refused(void) {
  runtime_t *runtime = runtime_of(guest_builder(2));
  runtime_component_t *component = NULL;
  size_t len = 0;
  uint8_t *bytes = functions(40000, 0, &len);
  CHECK_ERROR(runtime_component_new(runtime, bytes, len, NULL, &component),
              RUNTIME_ERROR_RESOURCE_LIMIT, "`max_compile_cost` is 500000");
  CHECK(component == NULL && stats_of(runtime).loads_refused == 1);
  free(bytes);
  runtime_free(runtime);
}

static void test_text_has_its_own_limit(void) {
  static const char text[] = "(component (component) (component))";
  const uint64_t sizes[] = {0, sizeof text - 2, sizeof text - 1};
  for (size_t i = 0; i < 3; i++) {
    runtime_builder_t *builder = guest_builder(2);
    runtime_builder_max_text_size(builder, sizes[i]);
    runtime_t *runtime = runtime_of(builder);
    runtime_component_t *component = NULL;
    runtime_error_t *error = runtime_component_new(runtime, (const uint8_t *)text,
                                                   sizeof text - 1, NULL, &component);
    if (i < 2) CHECK_ERROR(error, RUNTIME_ERROR_COMPONENT_TOO_LARGE, "`max_text_size` is ");
    if (i == 2) CHECK_OK(error);
    size_t len = 0;
    uint8_t *binary = functions(1, 0, &len);
    runtime_component_t *other = NULL;
    CHECK_OK(runtime_component_new(runtime, binary, len, NULL, &other));
    free(binary);
    runtime_component_free(component);
    runtime_component_free(other);
    runtime_free(runtime);
  }
}

static void test_a_load_has_a_time_limit(void) {
  runtime_t *runtime = patient_runtime(2);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.timeout_ms = 30;
  CHECK_ERROR(load_slow(runtime, 0, &options, &component), RUNTIME_ERROR_TIMEOUT,
              "`timeout_ms` of 30");
  CHECK(component == NULL);
  until_idle(runtime);
  options.timeout_ms = UINT64_MAX;
  CHECK_ERROR(load_slow(runtime, 0, &options, &component), RUNTIME_ERROR_INVALID_ARGUMENT,
              "options.timeout_ms");
  options.timeout_ms = 600000;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)"(component)", 11, &options,
                                 &component));
  runtime_component_free(component);
  runtime_free(runtime);
}

static void *trigger_soon(void *token) {
  pause_ms(30);
  runtime_cancel_trigger(token);
  return NULL;
}

static void test_a_load_can_be_cancelled(void) {
  runtime_t *runtime = patient_runtime(0);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  runtime_cancel_t *token = NULL;
  CHECK_OK(runtime_cancel_new(&token));
  options.cancel = token;
  pthread_t thread = thread_start(trigger_soon, token);
  CHECK_ERROR(load_slow(runtime, 0, &options, &component), RUNTIME_ERROR_CANCELLED, "cancelled");
  thread_join(thread);
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)"(component)", 11, &options,
                                    &component),
              RUNTIME_ERROR_CANCELLED, "cancelled");
  until_idle(runtime);
  runtime_cancel_free(token);
  runtime_free(runtime);
}

/* What a load is given up for goes on for a moment, whoever is left. */
static void test_a_runtime_is_freed_while_a_load_goes_on(void) {
  int threads = thread_count();
  runtime_t *runtime = patient_runtime(2);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.timeout_ms = 20;
  CHECK_ERROR(load_slow(runtime, 0, &options, &component), RUNTIME_ERROR_TIMEOUT, "");
  runtime_free(runtime);
  uint64_t start = now_ms();
  while (thread_count() > threads && now_ms() - start < 120000) pause_ms(5);
  CHECK(thread_count() == threads);
}

static void *load_here(void *runtime) {
  runtime_component_t *component = NULL;
  CHECK_OK(load_slow(runtime, 0, NULL, &component));
  return component;
}

/* Whoever gives up does not spoil it for others who want the same. */
static void test_another_load_of_the_same_bytes_goes_on(void) {
  runtime_t *runtime = patient_runtime(3);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.timeout_ms = 50;
  pthread_t thread = thread_start(load_here, runtime);
  runtime_error_t *error = load_slow(runtime, 0, &options, &component);
  runtime_error_free(error);
  void *loaded = NULL;
  CHECK(pthread_join(thread, &loaded) == 0 && loaded != NULL);
  runtime_component_free(component);
  runtime_component_free(loaded);
  until_idle(runtime);
  runtime_free(runtime);
}

static void *load_on_little_stack(void *runtime) {
  runtime_component_t *component = NULL;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)guest_wat, sizeof guest_wat - 1, NULL,
                                 &component));
  runtime_component_free(component);
  return NULL;
}

static void test_loads_need_little_of_the_callers_stack(void) {
  runtime_t *runtime = patient_runtime(0);
  pthread_attr_t attributes;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, 64 << 10) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, &attributes, load_on_little_stack, runtime) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  runtime_free(runtime);
}

/* 3 KB of types within types, and components within components. */
static void test_what_lies_deep_is_an_error(void) {
  runtime_t *runtime = runtime_of(guest_builder(2));
  static uint8_t bytes[3 * 100000 + 32];
  static const size_t depths[] = {400, 5000, 100000};
  for (size_t i = 0; i < 3; i++) {
    size_t n = depths[i], w = put(bytes, "\0asm\x0d\0\1\0\7", 9);
    w += put_leb(bytes + w, 3 * n + 3);
    bytes[w++] = 1;
    for (size_t at = 0; at < n; at++) w += put(bytes + w, "\x42\1\1", 3);
    w += put(bytes + w, "\x42\0", 2);
    runtime_component_t *component = NULL;
    runtime_error_t *error = runtime_component_new(runtime, bytes, w, NULL, &component);
    CHECK(component == NULL || i == 0);
    if (i > 0) CHECK((int)runtime_error_code(error) == RUNTIME_ERROR_RESOURCE_LIMIT);
    runtime_error_free(error);
    runtime_component_free(component);
  }
  runtime_free(runtime);
}

int main(void) {
  RUN(test_costly_components_are_refused);
  RUN(test_text_has_its_own_limit);
  RUN(test_a_load_has_a_time_limit);
  RUN(test_a_load_can_be_cancelled);
  RUN(test_a_runtime_is_freed_while_a_load_goes_on);
  RUN(test_another_load_of_the_same_bytes_goes_on);
  RUN(test_loads_need_little_of_the_callers_stack);
  RUN(test_what_lies_deep_is_an_error);
  return 0;
}
