/* threads */
/* The debug information of guests, which traps are explained by, has limits: what nests too deeply,
 * has endless names, is damaged or is simply too much is left out, and the trap is told without. */
#include "guests.h"

typedef struct {
  unsigned char bytes[600000];
  size_t len;
} section_t;

static section_t abbreviations, entries;

static void put(section_t *section, const void *bytes, size_t len) {
  CHECK(section->len + len <= sizeof section->bytes);
  memcpy(section->bytes + section->len, bytes, len);
  section->len += len;
}

static void put_number(section_t *section, uint32_t number, size_t len) {
  put(section, &number, len); /* little-endian, as all machines here */
}

/* All addresses that there are. */
static void put_everywhere(section_t *section) {
  put_number(section, 0, 4);
  put_number(section, 0xffff, 4);
}

/* One function `name_len` times "n", into which another is inlined, `depth` levels deep. */
static void describe(size_t name_len, int depth) {
  static const char unit[] = "\x01\x11\x01\x11\x01\x12\x06\0\0";
  static const char function[] = "\x02\x2e\x01\x03\x08\x11\x01\x12\x06\0\0";
  static const char inlined[] = "\x03\x1d\x01\x11\x01\x12\x06\0\0";
  abbreviations.len = entries.len = 0;
  put(&abbreviations, unit, sizeof unit - 1);
  put(&abbreviations, function, sizeof function - 1);
  put(&abbreviations, inlined, sizeof inlined - 1);
  put_number(&abbreviations, 0, 1);
  put_number(&entries, 0, 4); /* the length, for later */
  put_number(&entries, 4, 2); /* the version */
  put_number(&entries, 0, 4); /* of the first table */
  put_number(&entries, 4, 1); /* bytes of an address */
  put_number(&entries, 1, 1);
  put_everywhere(&entries);
  put_number(&entries, 2, 1);
  for (size_t i = 0; i < name_len; i++) put(&entries, "n", 1);
  put_number(&entries, 0, 1);
  put_everywhere(&entries);
  for (int i = 0; i < depth; i++) {
    put_number(&entries, 3, 1);
    put_everywhere(&entries);
  }
  for (int i = 0; i < depth + 2; i++) put_number(&entries, 0, 1);
  uint32_t len = (uint32_t)entries.len - 4;
  memcpy(entries.bytes, &len, 4);
}

static char *add(char *at, const char *name, const section_t *section) {
  at += sprintf(at, "(@custom \"%s\" \"", name);
  for (size_t i = 0; i < section->len; i++) at += sprintf(at, "\\%02x", section->bytes[i]);
  return at + sprintf(at, "\")\n");
}

/* A component whose `run` traps, with the debug information that was described. */
static char *trapping(void) {
  char *text = malloc(3 * (abbreviations.len + entries.len) + 4096), *at = text;
  CHECK(text != NULL);
  at += sprintf(at, "(component (core module $m (func (export \"run\") unreachable)\n");
  at = add(at, ".debug_abbrev", &abbreviations);
  at = add(at, ".debug_info", &entries);
  sprintf(at, ")(core instance $i (instantiate $m))"
              "(func (export \"run\") (canon lift (core func $i \"run\"))))");
  return text;
}

typedef struct {
  runtime_t *runtime;
  const char *function; /* what the trap should be in */
  bool blocking;
} trap_t;

static void *trap(void *data) {
  const trap_t *it = data;
  char *text = trapping();
  runtime_component_t *component = NULL;
  runtime_function_t *run = NULL;
  runtime_values_t *results = NULL;
  runtime_error_t *error;
  CHECK_OK(runtime_component_new(it->runtime, (const uint8_t *)text, strlen(text), NULL,
                                 &component));
  CHECK_OK(runtime_component_function(component, "run", 3, &run));
  if (it->blocking) {
    error = runtime_function_call(run, NULL, 0, NULL, &results);
  } else {
    runtime_pending_t *pending = NULL;
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    completion.pending_out = &pending;
    CHECK_OK(runtime_function_call_async(run, NULL, 0, NULL, &completion));
    error = runtime_pending_wait(pending, 60000, &results);
    runtime_pending_free(pending);
  }
  runtime_frame_t frame = RUNTIME_FRAME_INIT;
  CHECK(runtime_error_trap(error) == RUNTIME_TRAP_UNREACHABLE);
  CHECK(runtime_error_frame(error, 0, &frame));
  if (strcmp(frame.function, it->function) != 0) {
    CHECK_FAIL("in `%.100s` instead of `%s`", frame.function, it->function);
  }
  runtime_error_free(error);
  runtime_function_free(run);
  runtime_component_free(component);
  free(text);
  return NULL;
}

static void expect(const char *function) {
  for (int pooling = 0; pooling < 2; pooling++) {
    runtime_builder_t *builder = guest_builder(2);
    trap_t it = {.function = function};
    runtime_builder_backtrace_details(builder, true);
    if (pooling) {
      runtime_builder_force_pooling_allocator(builder);
    } else {
      runtime_builder_force_on_demand_allocator(builder);
    }
    CHECK_OK(runtime_build(builder, &it.runtime));
    runtime_builder_free(builder);
    for (int blocking = 0; blocking < 2; blocking++) {
      it.blocking = blocking;
      thread_join(thread_start(trap, &it));
    }
    runtime_free(it.runtime);
  }
}

static void test_what_is_modest_is_read(void) {
  describe(6, 0);
  expect("nnnnnn");
}

/* wasmtime's reader calls itself for each level. */
static void test_what_nests_too_deeply_is_left_out(void) {
  describe(6, 65);
  expect("");
  describe(6, 20000);
  expect("");
}

static void test_long_names_are_left_out(void) {
  describe((16 << 10) + 1, 0);
  expect("");
}

static void test_what_is_damaged_is_left_out(void) {
  describe(6, 0);
  entries.len -= 10;
  expect("");
  describe(6, 0);
  memset(entries.bytes, 0xff, 4);
  expect("");
}

/* Many units with the same long table of abbreviations, which each of them reads anew. */
static void test_what_is_read_again_and_again_is_left_out(void) {
  describe(6, 0);
  abbreviations.len--;
  for (uint32_t i = 0; i < 20000; i++) {
    put_number(&abbreviations, 0x8084 | (i & 0x7f) << 8 | (i & 0x3f80) << 9, 3);
    put_number(&abbreviations, 0x11, 2);
    put_number(&abbreviations, 0, 2);
  }
  put_number(&abbreviations, 0, 1);
  size_t one = entries.len;
  while (entries.len + one < 60000) put(&entries, entries.bytes, one);
  expect("");
}

int main(void) {
  RUN(test_what_is_modest_is_read);
  RUN(test_what_nests_too_deeply_is_left_out);
  RUN(test_long_names_are_left_out);
  RUN(test_what_is_damaged_is_left_out);
  RUN(test_what_is_read_again_and_again_is_left_out);
  return 0;
}
