/* threads */
/* The debug information of guests, which traps are explained by, has limits: what nests too deeply,
 * has endless names, is damaged or is simply too much is left out, and the trap is told without. */
#include "guests.h"

typedef struct {
  unsigned char bytes[2000000];
  size_t len;
} section_t;

static section_t abbreviations, entries, lines;

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

/* Begins a unit, and answers where; `end_unit` writes its length. */
static size_t begin_unit(void) {
  size_t at = entries.len;
  put_number(&entries, 0, 4); /* the length */
  put_number(&entries, 4, 2); /* the version */
  put_number(&entries, 0, 4); /* of the first table */
  put_number(&entries, 4, 1); /* bytes of an address */
  return at;
}

static void end_unit(size_t at) {
  uint32_t len = (uint32_t)(entries.len - at) - 4;
  memcpy(entries.bytes + at, &len, 4);
}

/* One function `name_len` times "n", into which another is inlined, `depth` levels deep. */
static void describe(size_t name_len, int depth) {
  static const char unit[] = "\x01\x11\x01\x11\x01\x12\x06\0\0";
  static const char function[] = "\x02\x2e\x01\x03\x08\x11\x01\x12\x06\0\0";
  static const char inlined[] = "\x03\x1d\x01\x11\x01\x12\x06\0\0";
  abbreviations.len = entries.len = lines.len = 0;
  put(&abbreviations, unit, sizeof unit - 1);
  put(&abbreviations, function, sizeof function - 1);
  put(&abbreviations, inlined, sizeof inlined - 1);
  put_number(&abbreviations, 0, 1);
  size_t at = begin_unit();
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
  end_unit(at);
}

static char *add(char *at, const char *name, const section_t *section) {
  at += sprintf(at, "(@custom \"%s\" \"", name);
  for (size_t i = 0; i < section->len; i++) at += sprintf(at, "\\%02x", section->bytes[i]);
  return at + sprintf(at, "\")\n");
}

/* A component whose `run` traps after some calls, with the debug information that was described. */
static char *trapping(void) {
  char *text = malloc(3 * (abbreviations.len + entries.len + lines.len) + 4096), *at = text;
  CHECK(text != NULL);
  at += sprintf(at,
                "(component (core module $m (func $down (param i32)"
                "  (if (i32.eqz (local.get 0)) (then unreachable))"
                "  (call $down (i32.sub (local.get 0) (i32.const 1))))"
                "(func (export \"run\") (call $down (i32.const 30)))\n");
  at = add(at, ".debug_abbrev", &abbreviations);
  at = add(at, ".debug_info", &entries);
  if (lines.len > 0) at = add(at, ".debug_line", &lines);
  sprintf(at,
          ")(core instance $i (instantiate $m))"
          "(func (export \"run\") (canon lift (core func $i \"run\"))))");
  return text;
}

/* What this thread has computed. */
static uint64_t cpu_ms(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

typedef struct {
  runtime_t *runtime;
  const char *function; /* what the trap should be in */
  bool blocking;
  uint64_t ms; /* what a blocking call that traps took */
} trap_t;

static void *trap(void *data) {
  trap_t *it = data;
  char *text = trapping();
  runtime_component_t *component = NULL;
  runtime_function_t *run = NULL;
  runtime_values_t *results = NULL;
  runtime_error_t *error;
  CHECK_OK(
      runtime_component_new(it->runtime, (const uint8_t *)text, strlen(text), NULL, &component));
  CHECK_OK(runtime_component_function(component, "run", 3, &run));
  uint64_t begin = cpu_ms();
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
  it->ms = cpu_ms() - begin;
  runtime_frame_t frame = RUNTIME_FRAME_INIT;
  CHECK(runtime_error_trap(error) == RUNTIME_TRAP_UNREACHABLE);
  CHECK(runtime_error_frame(error, 0, &frame));
  if (it->function == NULL) {
    it->function = strcmp(frame.function, "down") != 0 ? "read" : "left out";
  } else if (strcmp(frame.function, it->function) != 0) {
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
  expect("down");
  describe(6, 20000);
  expect("down");
}

static void test_long_names_are_left_out(void) {
  describe((16 << 10) + 1, 0);
  expect("down");
}

static void test_what_is_damaged_is_left_out(void) {
  describe(6, 0);
  entries.len -= 10;
  expect("down");
  describe(6, 0);
  memset(entries.bytes, 0xff, 4);
  expect("down");
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
  expect("down");
}

/* Kinds of debug information that are much work for their size, `n` parts of each. */
static const char a_unit[] = "\x01\x11\x01\x11\x01\x12\x06\x10\x17\0\0";
static const char a_function[] = "\x02\x2e\x01\x03\x08\x11\x01\x12\x06\0\0";

/* A table with `rows` lines, one for each address. */
static void put_lines(int rows) {
  static const char header[] = "\x01\x01\x01\x00\x01\x01\0f\0\0\0\0\0";
  lines.len = 0;
  put_number(&lines, 0, 4);
  put_number(&lines, 4, 2);
  put_number(&lines, sizeof header - 1, 4);
  put(&lines, header, sizeof header - 1);
  put(&lines, "\0\x05\x02\0\0\0\0", 7); /* the address 0 */
  for (int i = 0; i < rows; i++) put_number(&lines, 2, 1);
  put(&lines, "\0\x01\x01", 3);
  uint32_t len = (uint32_t)lines.len - 4;
  memcpy(lines.bytes, &len, 4);
}

static size_t begin_all(const char *table, size_t table_len) {
  abbreviations.len = entries.len = 0;
  put_lines(1);
  put(&abbreviations, a_unit, sizeof a_unit - 1);
  put(&abbreviations, a_function, sizeof a_function - 1);
  put(&abbreviations, table, table_len);
  put_number(&abbreviations, 0, 1);
  size_t at = begin_unit();
  put_number(&entries, 1, 1);
  put_everywhere(&entries);
  put_number(&entries, 0, 4); /* of the lines */
  return at;
}

static void put_function(void) {
  put_number(&entries, 2, 1);
  put(&entries, "f", 2);
  put_everywhere(&entries);
}

static void many_functions(int n) {
  size_t at = begin_all("", 0);
  for (int i = 0; i < n; i++) {
    put_function();
    put_number(&entries, 0, 1);
  }
  put_number(&entries, 0, 1);
  end_unit(at);
}

static void many_lines(int n) {
  many_functions(1);
  put_lines(n);
}

static void many_entries(int n) {
  size_t at = begin_all("\x03\x34\0\0\0", 5); /* variables of which nothing is said */
  put_function();
  for (int i = 0; i < n; i++) put_number(&entries, 3, 1);
  put_number(&entries, 0, 2);
  end_unit(at);
}

/* Of no bytes: "external", each of the sixty. */
static void many_attributes(int n) {
  char table[124] = "\x03\x34";
  for (int i = 0; i < 60; i++) memcpy(table + 3 + 2 * i, "\x3f\x19", 2);
  memcpy(table + 2, "\0", 1);
  size_t at = begin_all(table, sizeof table);
  put_number(&abbreviations, 0, 2);
  put_function();
  for (int i = 0; i < n; i++) put_number(&entries, 3, 1);
  put_number(&entries, 0, 2);
  end_unit(at);
}

/* Functions that are inlined, whose name is the name of one whose name is that of another. */
static void many_origins(int n) {
  static const char table[] = "\x03\x1d\0\x31\x13\0\0\x04\x2e\0\x31\x13\x02\x08\0\0";
  size_t at = begin_all(table, sizeof table - 1), chain = entries.len - at;
  for (int i = 0; i < 20; i++) {
    put_number(&entries, 4, 1);
    put_number(&entries, (uint32_t)(entries.len - at + 4 + 200), 4);
    for (int j = 0; j < 199; j++) put(&entries, "t", 1);
    put_number(&entries, 0, 1);
  }
  put_number(&entries, 4, 1); /* the last one's */
  put_number(&entries, (uint32_t)chain, 4);
  put_number(&entries, 0, 1);
  put_function();
  for (int i = 0; i < n; i++) {
    put_number(&entries, 3, 1);
    put_number(&entries, (uint32_t)(chain + 205 * (size_t)(i % 4)), 4);
  }
  put_number(&entries, 0, 2);
  end_unit(at);
}

static void many_units(int n) {
  size_t at = begin_all("", 0);
  put_number(&entries, 0, 1);
  end_unit(at);
  for (int i = 1; i < n; i++) {
    at = begin_unit();
    put_number(&entries, 1, 1);
    put_everywhere(&entries);
    put_number(&entries, 0, 4);
    put_number(&entries, 0, 1);
    end_unit(at);
  }
  at = begin_unit();
  put_number(&entries, 1, 1);
  put_everywhere(&entries);
  put_number(&entries, 0, 4);
  put_function();
  put_number(&entries, 0, 2);
  end_unit(at);
}

/* What a twentieth of a second of computing takes here, under Valgrind too. */
static uint64_t unit_ms(void) {
  uint64_t begin = cpu_ms();
  for (volatile int i = 0; i < 30000000; i++) continue;
  return cpu_ms() - begin;
}

/* Reading it is no part of the deadline, so what is read is read soon: in a tenth of a second for
 * all frames, and even where memory is watched, in some tenths more. */
static void test_what_is_read_is_read_soon(void) {
  static void (*const kinds[])(int) = {many_functions, many_entries, many_attributes,
                                       many_origins,   many_units,   many_lines};
  uint64_t bar = 60 * unit_ms();
  runtime_builder_t *builder = guest_builder(2);
  trap_t it = {.blocking = true};
  runtime_builder_backtrace_details(builder, true);
  runtime_builder_max_text_size(builder, 16 << 20);
  runtime_builder_force_on_demand_allocator(builder);
  CHECK_OK(runtime_build(builder, &it.runtime));
  runtime_builder_free(builder);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint64_t most = 0;
    int n = 1000;
    for (;; n *= 2) {
      kinds[i](n);
      it.function = NULL;
      thread_join(thread_start(trap, &it));
      if (it.ms > most) most = it.ms;
      if (strcmp(it.function, "read") != 0) break;
    }
    printf("kind %zu: left out from %d, at most %u ms\n", i, n, (unsigned)most);
    if (n <= 1000 || most > bar) CHECK_FAIL("%u ms are too long", (unsigned)bar);
  }
  runtime_free(it.runtime);
}

int main(void) {
  RUN(test_what_is_modest_is_read);
  RUN(test_what_nests_too_deeply_is_left_out);
  RUN(test_long_names_are_left_out);
  RUN(test_what_is_damaged_is_left_out);
  RUN(test_what_is_read_again_and_again_is_left_out);
  RUN(test_what_is_read_is_read_soon);
  return 0;
}
