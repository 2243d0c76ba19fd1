/* threads */
/* Functions of the host in a table: one user_data, all or none. */
#include "hosts.h"

#define API "acme:host/api@1.0.0#"

static runtime_error_t *table_tick(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  atomic_fetch_add(&((counted_t *)user_data)->called, 100);
  return NULL;
}

static runtime_error_t *table_shout(void *user_data, runtime_call_t *call,
                                    const runtime_value_t *args, size_t args_len,
                                    runtime_value_t *results, size_t results_len) {
  (void)call, (void)args_len, (void)results_len;
  atomic_fetch_add(&((counted_t *)user_data)->called, 10000);
  results[0] = args[0];
  return NULL;
}

static const runtime_definition_t table[] = {
    {sizeof *table, API "add: func(a: u32, b: u32) -> u32", 0, host_add},
    {sizeof *table, API "shout: func(text: string) -> string", 0, table_shout},
    {sizeof *table, API "tick and more", sizeof API - 1 + 4, table_tick},
};

static void test_a_table_shares_one_user_data(void) {
  counted_t counted = {0};
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define_all(linker, table, 3, &counted, counted_finalize));
  runtime_component_t *component = load(host_wat, linker);
  expect_text(component, "add(40, 2)", "42");
  expect_text(component, "tick(3)", "()");
  expect_text(component, "shout(\"all\")", "\"all\"");
  CHECK(atomic_load(&counted.called) == 10301);
  CHECK(atomic_load(&counted.finalized) == 0);
  runtime_component_free(component);
  expect_finalized(&counted);
}

/* The finalizer runs once also when nothing is defined, or nothing can be. */
static void test_the_error_names_the_row(void) {
  runtime_definition_t rows[3] = {table[0], table[1], table[2]};
  runtime_definition_t empty = RUNTIME_DEFINITION_INIT;
  const struct {
    size_t row;
    runtime_definition_t with;
    const char *text, *argument;
  } cases[] = {
      {1, empty, "`definitions[1]`: `path`: is NULL", "definitions[1].path"},
      {1, {sizeof empty, "", 0, host_add}, "`definitions[1]`: `path`", "definitions[1].path"},
      {2, {sizeof empty, "a##b", 0, host_add}, "`definitions[2]`: `path`", "definitions[2].path"},
      {2,
       {sizeof empty, "ab\xff", 2, NULL},
       "`definitions[2]`: `callback`: is NULL",
       "definitions[2].callback"},
      {2, {sizeof empty, "ab\xff", 0, host_add}, "not UTF-8", "definitions[2].path"},
      {2, {sizeof empty, API "add: func()", 0, host_add}, "defined already", "definitions[2].path"},
      {2, {sizeof empty, "f: fun()", 0, host_add}, "`definitions[2]`: ", "definitions[2]."},
      {2, {sizeof empty - 1, "f", 0, host_add}, "`definitions`: struct_size", "definitions"},
      {0, {0, "f", 0, host_add}, "`definitions`: struct_size", "definitions"},
  };
  runtime_linker_t *linker = linker_make();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    counted_t counted = {0};
    runtime_definition_t kept = rows[cases[i].row];
    rows[cases[i].row] = cases[i].with;
    runtime_error_t *error = runtime_linker_define_all(linker, rows, 3, &counted, counted_finalize);
    runtime_error_details_t details = RUNTIME_ERROR_DETAILS_INIT;
    CHECK(runtime_error_details(error, &details));
    CHECK(details.argument != NULL);
    CHECK(strncmp(details.argument, cases[i].argument, strlen(cases[i].argument)) == 0);
    CHECK_ERROR(error, RUNTIME_ERROR_INVALID_ARGUMENT, cases[i].text);
    expect_finalized(&counted);
    rows[cases[i].row] = kept;
  }
  counted_t none = {0};
  CHECK_OK(runtime_linker_define_all(linker, NULL, 0, &none, counted_finalize));
  expect_finalized(&none);
  CHECK_ERROR(runtime_linker_define_all(linker, NULL, 1, NULL, NULL),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`definitions`: is NULL");
  CHECK_ERROR(runtime_linker_define_all(linker, rows, SIZE_MAX, NULL, NULL),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`definitions`: its length");
  /* None of them was defined before. */
  CHECK_OK(runtime_linker_define_all(linker, rows, 3, NULL, NULL));
  CHECK_ERROR(runtime_linker_define_all(linker, rows, 3, NULL, NULL),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`definitions[0]`: `path`");
  runtime_linker_free(linker);
}

/* Rows of a later header, which are longer. */
static void test_rows_have_the_size_that_they_say(void) {
  struct {
    runtime_definition_t now;
    uint64_t later;
  } rows[2] = {{table[0], 0}, {table[2], 0}};
  rows[0].now.struct_size = rows[1].now.struct_size = sizeof *rows;
  counted_t counted = {0};
  runtime_linker_t *linker = linker_make();
  rows[1].later = 1;
  CHECK_ERROR(runtime_linker_define_all(linker, &rows->now, 2, NULL, NULL),
              RUNTIME_ERROR_INVALID_ARGUMENT, "too old");
  rows[1].later = 0;
  CHECK_OK(runtime_linker_define_all(linker, &rows->now, 2, &counted, counted_finalize));
  runtime_linker_unresolved_trap(linker);
  runtime_component_t *component = load(host_wat, linker);
  expect_text(component, "tick(1)", "()");
  CHECK(atomic_load(&counted.called) == 100);
  runtime_component_free(component);
  expect_finalized(&counted);
}

static void with_a_runtime(void) {
  RUN(test_a_table_shares_one_user_data);
  RUN(test_the_error_names_the_row);
  RUN(test_rows_have_the_size_that_they_say);
}

int main(void) {
  with_all_ways(with_a_runtime);
  return 0;
}
