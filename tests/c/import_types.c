/* threads */
/* A host function gets nothing but the type that it is defined with, and a function of a resource
 * no resource but its own, whatever a guest imports. */
#include "hosts.h"

static int numbers[] = {0, 100};

/* ---- types ---- */

/* Types that a host may declare, each with how a guest spells it. All are one value on the stack,
 * or a place in memory, so that nothing but their structure tells them apart. */
static const struct {
  const char *host;
  const char *guest;
} types[] = {
    {"u32", "u32"},
    {"s32", "s32"},
    {"char", "char"},
    {"bool", "bool"},
    {"u8", "u8"},
    {"list<u64>", "(list u64)"},
    {"list<u8>", "(list u8)"},
    {"list<list<u8>>", "(list (list u8))"},
    {"string", "string"},
    {"record { name: string }", "$r"},
    {"tuple<string>", "(tuple string)"},
    {"enum { a, b }", "$e"},
    {"flags { a, b }", "$f"},
    {"option<list<string>>", "(option (list string))"},
    {"result<string, u64>", "(result string (error u64))"},
};

static runtime_error_t *host_never(void *user_data, runtime_call_t *call,
                                   const runtime_value_t *args, size_t args_len,
                                   runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  CHECK(!"a guest with another type is not linked");
  return NULL;
}

/* Imports `f` rightly as version 1.0.0, and as 1.0.1 with the type `other`. */
static runtime_error_t *load_pair(const char *declared, const char *right, const char *other) {
  char text[2048], path[128];
  snprintf(
      text, sizeof text,
      "(component"
      "  (type $r0 (record (field \"name\" string))) (import \"r\" (type $r (eq $r0)))"
      "  (type $e0 (enum \"a\" \"b\")) (import \"e\" (type $e (eq $e0)))"
      "  (type $f0 (flags \"a\" \"b\")) (import \"fl\" (type $f (eq $f0)))"
      "  (import \"a:b/c@1.0.0\" (instance (alias outer 1 $r (type $r)) (alias outer 1 $e (type "
      "$e)) (alias outer 1 $f (type $f)) (export \"f\" (func (param \"a\" %s)))))"
      "  (import \"a:b/c@1.0.1\" (instance (alias outer 1 $r (type $r)) (alias outer 1 $e (type "
      "$e)) (alias outer 1 $f (type $f)) (export \"f\" (func (param \"a\" %s))))))",
      right, other);
  snprintf(path, sizeof path, "a:b/c@1.0.0#f: func(a: %s)", declared);
  runtime_linker_t *linker = linker_make();
  define(linker, path, host_never, NULL);
  runtime_component_t *component = NULL;
  runtime_error_t *error = try_load(text, linker, &component);
  runtime_component_free(component);
  runtime_linker_free(linker);
  return error;
}

static void test_every_pair_of_types(void) {
  const size_t count = sizeof types / sizeof *types;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < count; k++) {
      runtime_error_t *error = load_pair(types[i].host, types[i].guest, types[k].guest);
      if (i == k) {
        CHECK_OK(error);
        continue;
      }
      CHECK(error != NULL && strstr(runtime_error_message(error), types[i].host) != NULL);
      CHECK(strstr(runtime_error_message(error), types[k].host) != NULL);
      CHECK_ERROR(error, RUNTIME_ERROR_LINK, "import `a:b/c@1.0.1#f`");
    }
}

static void refuse(const char *path, const char *problem) {
  runtime_linker_t *linker = linker_make();
  counted_t counted = {0};
  CHECK_ERROR(
      runtime_linker_define(linker, path, strlen(path), host_never, &counted, counted_finalize),
      RUNTIME_ERROR_INVALID_ARGUMENT, problem);
  expect_finalized(&counted);
  runtime_linker_free(linker);
}

static void test_types_that_are_not(void) {
  static const char *const paths[] = {"f: func(",
                                      "f: u32",
                                      "f: func(a: u33)",
                                      "f: func() -> list<u8",
                                      "f: ",
                                      "f: func() -> u8…",
                                      "f: func(a--b: u32)",
                                      "f: func(a: own<x.y>)",
                                      "f: func(a: record { aB: u8 })"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) refuse(paths[i], "`path`");
}

/* What no component can import is a mistake, and said when it is made. */
static void test_paths_that_never_match(void) {
  static const char *const paths[][2] = {
      {"a b", "`a b` is not a name"},
      {"x.y", "`x.y` is not a name"},
      {"x_y: func()", "`x_y` is not a name"},
      {"a:b/c#getUrl", "`getUrl` is not a name"},
      {"a:b/c#f()", "`f()` is not a name"},
      {"a##b", "a name is empty"},
      {"a#b#", "a name is empty"},
      {"a:b/c@1.0.0", "behind `a:b/c@1.0.0` belong a `#` and the name of what is in it"},
      {"a:b/c@1.0.0/f", "belong a `#`"},
      {"a:b/c.f", "`a:b/c.f` is not a name"},
      {"a:b/c@1#f", "`a:b/c@1` has not a version"},
      {"A:b/c#f", "not lowercase"},
      {"a:b#f", "expected `/`"},
      {"a:b/c#[method]f", "`[method]f` is not a name"},
      {"a:b/c#[resource-drop]r", "what runs when `r` is dropped is part of its definition"},
      {"[method]r.f#g", "is not an interface"}};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) refuse(paths[i][0], paths[i][1]);
}

/* What some component imports is taken. */
static void test_paths_that_may_match(void) {
  static const char *const paths[] = {"f",
                                      "to-URL",
                                      "[constructor]r: func() -> own<r>",
                                      "a:b/c@1.2.3#f: func(self: borrow<a:b/c@1.2.3#r>)",
                                      "a:b/c@1.2.3-rc.1+build.7#[method]r.f",
                                      "a:b/IO@0.0.1#[static]r.f",
                                      "inst#f",
                                      "outer#inner#f",
                                      "a:b/c@1.0.0#d:e/f#get-2",
                                      "unlocked-dep=<a:b@{>=1.0.0}>#f",
                                      "url=<https://example.com/#a>#f"};
  runtime_linker_t *linker = linker_make();
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    CHECK_OK(runtime_linker_define(linker, paths[i], strlen(paths[i]), host_never, NULL, NULL));
  CHECK_OK(runtime_linker_define_resource(linker, "a:b/c@1.2.3#r", 13, NULL, NULL, NULL));
  CHECK_ERROR(
      runtime_linker_define_resource(linker, "a:b/c@1.2.3#[method]r.f", 23, NULL, NULL, NULL),
      RUNTIME_ERROR_INVALID_ARGUMENT, "is a function of a resource, not a resource");
  runtime_linker_free(linker);
}

/* ---- resources ---- */

/* Makes a job by one version of an interface, and gives it back to a function of another. */
static const char jobs_wat[] =
    "(component"
    "  (import \"a:b/jobs@%s\" (instance $one (export \"job\" (type $job (sub resource)))"
    "    (export \"make\" (func (result (own $job))))"
    "    (export \"number\" (func (param \"j\" (borrow $job)) (result u32)))))"
    "  (alias export $one \"job\" (type $job))"
    "  (core func $make (canon lower (func $one \"make\")))"
    "  (core func $number (canon lower (func $one \"number\")))"
    "  (core func $drop (canon resource.drop $job))"
    "  (core module $m (import \"\" \"make\" (func $make (result i32)))"
    "    (import \"\" \"number\" (func $number (param i32) (result i32)))"
    "    (import \"\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"run\") (result i32) (local $job i32) (local $n i32)"
    "      (local.set $job (call $make))"
    "      (local.set $n (call $number (local.get $job)))"
    "      (call $drop (local.get $job))"
    "      (local.get $n)))"
    "  (core instance $i (instantiate $m (with \"\" (instance (export \"make\" (func $make))"
    "    (export \"number\" (func $number)) (export \"drop\" (func $drop))))))"
    "  (func (export \"run\") (result u32) (canon lift (core func $i \"run\"))))";

static runtime_error_t *host_make(void *user_data, runtime_call_t *call,
                                  const runtime_value_t *args, size_t args_len,
                                  runtime_value_t *results, size_t results_len) {
  (void)call, (void)args, (void)args_len, (void)results_len;
  results[0] = (runtime_value_t){.kind = RUNTIME_KIND_OWN};
  results[0].of.resource = (uint64_t) * (const int *)user_data + 7;
  return NULL;
}

static runtime_error_t *host_job_number(void *user_data, runtime_call_t *call,
                                        const runtime_value_t *args, size_t args_len,
                                        runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args_len, (void)results_len;
  CHECK(args[0].kind == RUNTIME_KIND_BORROW);
  results[0] = value_u32((uint32_t)args[0].of.resource);
  return NULL;
}

static atomic_int jobs_dropped;

static void drop_job(void *user_data, uint32_t number) {
  (void)user_data;
  CHECK(number % 100 == 7);
  atomic_fetch_add(&jobs_dropped, 1);
}

/* Defines what `what` says of an interface: `r` the resource, `m` make, `n` number. */
static void define_jobs(runtime_linker_t *linker, const char *version, const char *what,
                        int *base) {
  char path[96];
  for (; *what != 0; what++) {
    const char *name = *what == 'r'   ? "job"
                       : *what == 'm' ? "make: func() -> own<job>"
                                      : "number: func(j: borrow<job>) -> u32";
    int len = snprintf(path, sizeof path, "a:b/jobs@%s#%s", version, name);
    if (*what == 'r')
      CHECK_OK(runtime_linker_define_resource(linker, path, (size_t)len, drop_job, NULL, NULL));
    else
      define(linker, path, *what == 'm' ? host_make : host_job_number, base);
  }
}

static void test_resources_of_compatible_versions(void) {
  static const struct {
    const char *versions[2];
    const char *what[2];
    const char *import;
    const char *answer; /* or NULL, if the component is refused */
  } resource_cases[] = {
      {{"1.0.0", NULL}, {"rmn", NULL}, "1.0.0", "7"},
      {{"1.0.0", NULL}, {"rmn", NULL}, "1.0.4", "7"},
      {{"0.2.0", NULL}, {"rmn", NULL}, "0.2.6", "7"},
      {{"0.2.0", NULL}, {"rmn", NULL}, "0.3.0", NULL},
      {{"1.0.0", "1.1.0"}, {"rmn", "rmn"}, "1.0.0", "7"},
      {{"1.0.0", "1.1.0"}, {"rmn", "rmn"}, "1.0.5", "107"},
      /* Functions that came with a later version, on the resource of an earlier one. */
      {{"1.0.0", "1.1.0"}, {"rm", "n"}, "1.1.0", "7"},
      /* Two resources of one name: functions of the one are not given the other. */
      {{"1.0.0", "1.1.0"}, {"rmn", "rm"}, "1.1.0", NULL},
      {{"1.0.0", "1.1.0"}, {"rn", "rm"}, "1.0.5", NULL},
  };
  for (size_t i = 0; i < sizeof resource_cases / sizeof *resource_cases; i++) {
    runtime_linker_t *linker = linker_make();
    for (size_t k = 0; k < 2 && resource_cases[i].versions[k] != NULL; k++)
      define_jobs(linker, resource_cases[i].versions[k], resource_cases[i].what[k], &numbers[k]);
    char text[sizeof jobs_wat + 32];
    snprintf(text, sizeof text, jobs_wat, resource_cases[i].import);
    runtime_component_t *component = NULL;
    runtime_error_t *error = try_load(text, linker, &component);
    runtime_linker_free(linker);
    if (resource_cases[i].answer == NULL) {
      if (error == NULL) fprintf(stderr, "case %zu was linked\n", i);
      CHECK_ERROR(error, RUNTIME_ERROR_LINK, "a:b/jobs@");
      continue;
    }
    CHECK_OK(error);
    atomic_store(&jobs_dropped, 0);
    expect_text(component, "run()", resource_cases[i].answer);
    CHECK(atomic_load(&jobs_dropped) == 1);
    runtime_component_free(component);
  }
}

/* A guest that lends something to `use`, which wants a job: `%s` is what it imports before, and
 * `%s` what it says that it lends. */
static const char lend_wat[] =
    "(component"
    "  (import \"a:b/jobs@1.0.0\" (instance $jobs %s))"
    "  %s"
    "  (import \"a:b/work@1.0.0\" (instance %s"
    "    (export \"use\" (func (param \"j\" (borrow $it)))))))";

#define BOTH "(export \"job\" (type (sub resource))) (export \"task\" (type (sub resource)))"
#define JOB "(alias export $jobs \"job\" (type $job))"
#define TASK "(alias export $jobs \"task\" (type $task))"

static void test_handles_are_of_the_resource_that_is_meant(void) {
  static const struct {
    const char *jobs, *between, *work;
    const char *error;      /* for `use: func(j: borrow<job>)`, or NULL */
    const char *definition; /* of what it lends, if that is not said */
  } lend_cases[] = {
      /* What an honest guest does: `use jobs.{job}`, under this name or another one. */
      {BOTH, JOB, "(export \"job\" (type $it (eq $job)))", NULL, "a:b/jobs@1.0.0#job"},
      {BOTH, JOB, "(export \"work\" (type $it (eq $job)))", NULL, "a:b/jobs@1.0.0#job"},
      {BOTH, TASK, "(export \"task\" (type $it (eq $task)))", "a:b/work@1.0.0#use",
       "a:b/jobs@1.0.0#task"},
      /* The other resource by the name of the right one. */
      {BOTH, TASK, "(export \"job\" (type $it (eq $task)))", "a:b/work@1.0.0#use",
       "a:b/jobs@1.0.0#task"},
      {BOTH,
       TASK "(import \"z:z/z\" (instance $z (export \"job\" (type (eq $task)))))"
            "(alias export $z \"job\" (type $false))",
       "(alias outer 1 $false (type $f)) (export \"x\" (type $it (eq $f)))", "a:b/work@1.0.0#use",
       "a:b/jobs@1.0.0#task"},
      /* Two of the host's resources as one. */
      {"(export \"task\" (type $t (sub resource))) (export \"job\" (type (eq $t)))", JOB,
       "(export \"job\" (type $it (eq $job)))", "a:b/jobs@1.0.0#job", ""},
      {"(export \"job\" (type $t (sub resource))) (export \"task\" (type (eq $t)))", JOB,
       "(export \"job\" (type $it (eq $job)))", "a:b/jobs@1.0.0#task", ""},
  };
  for (size_t i = 0; i < sizeof lend_cases / sizeof *lend_cases; i++)
    for (int typed = 0; typed < 2; typed++) {
      char text[2048];
      snprintf(text, sizeof text, lend_wat, lend_cases[i].jobs, lend_cases[i].between,
               lend_cases[i].work);
      runtime_linker_t *linker = linker_make();
      static const char *const resources[] = {"a:b/jobs@1.0.0#job", "a:b/jobs@1.0.0#task"};
      for (size_t k = 0; k < 2; k++)
        CHECK_OK(runtime_linker_define_resource(linker, resources[k], strlen(resources[k]),
                                                drop_job, NULL, NULL));
      define(linker, typed ? "a:b/work@1.0.0#use: func(j: borrow<job>)" : "a:b/work@1.0.0#use",
             host_never, NULL);
      runtime_component_t *component = NULL;
      runtime_error_t *error = try_load(text, linker, &component);
      runtime_linker_free(linker);
      if ((typed && lend_cases[i].error != NULL) || lend_cases[i].definition[0] == 0) {
        if (error == NULL) fprintf(stderr, "case %zu was linked\n", i);
        CHECK_ERROR(error, RUNTIME_ERROR_LINK, lend_cases[i].error);
        continue;
      }
      CHECK_OK(error);
      size_t last = runtime_component_import_count(component) - 1;
      const runtime_item_t *use = runtime_component_import(component, last);
      const runtime_type_t *handle = runtime_type_child(runtime_item_type(use), 0);
      const char *found = runtime_component_resource_definition(component, handle);
      CHECK(found != NULL && strcmp(found, lend_cases[i].definition) == 0);
      CHECK(runtime_component_resource_definition(component, runtime_item_type(use)) == NULL);
      CHECK(runtime_component_resource_definition(component, NULL) == NULL);
      CHECK(runtime_component_resource_definition(NULL, handle) == NULL);
      runtime_component_free(component);
    }
}

static void tests(void) {
  RUN(test_every_pair_of_types);
  RUN(test_types_that_are_not);
  RUN(test_paths_that_never_match);
  RUN(test_paths_that_may_match);
  RUN(test_resources_of_compatible_versions);
  RUN(test_handles_are_of_the_resource_that_is_meant);
}

int main(void) {
  with_all_ways(tests);
  return 0;
}
