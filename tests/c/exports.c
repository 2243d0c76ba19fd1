/* Which export a look-up finds: exact and compatible versions, none at all, and instances within
 * instances. */
#include "load.h"

static runtime_t *runtime;

/* A component with such a function in each of the interfaces, which answers with the number of its
 * place. `a/b` is the instance `b` in an instance `a`. */
static runtime_component_t *exporter(const char *const *interfaces) {
  static char text[16384];
  size_t at = (size_t)snprintf(text, sizeof text, "(component");
  for (size_t i = 0; interfaces[i] != NULL; i++) {
    const char *inner = strchr(interfaces[i], ' ');
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "(core module $m%zu (func (export \"n\") (result i32) (i32.const %zu)))"
                           "(core instance $c%zu (instantiate $m%zu))"
                           "(func $f%zu (result u32) (canon lift (core func $c%zu \"n\")))"
                           "(instance $i%zu (export \"f\" (func $f%zu)))",
                           i, i, i, i, i, i, i, i);
    if (inner == NULL) {
      at += (size_t)snprintf(text + at, sizeof text - at, "(export \"%s\" (instance $i%zu))",
                             interfaces[i], i);
    } else {
      at += (size_t)snprintf(text + at, sizeof text - at,
                             "(instance $o%zu (export \"%s\" (instance $i%zu)))"
                             "(export \"%.*s\" (instance $o%zu))",
                             i, inner + 1, i, (int)(inner - interfaces[i]), interfaces[i], i);
    }
  }
  at += (size_t)snprintf(text + at, sizeof text - at, ")");
  CHECK(at < sizeof text);
  return load_wat(runtime, text);
}

typedef struct {
  const char *exports[5];
  const char *asked;
  const char *name;  /* of what is found; NULL for nothing */
  const char *other; /* which of the exports that is, or what the error says */
} lookup_t;

static const lookup_t lookups[] = {
    /* Exact. */
    {{"a:b/c@1.0.3"}, "a:b/c@1.0.3#f", "a:b/c@1.0.3#f", "0"},
    {{"a:b/c@1.0.9", "a:b/c@1.0.3"}, "a:b/c@1.0.3#f", "a:b/c@1.0.3#f", "1"},
    {{"a:b/c@1.0.9", "a:b/c"}, "a:b/c#f", "a:b/c#f", "1"},
    {{"a:b/c@1.0.0-rc.1", "a:b/c@1.0.0"}, "a:b/c@1.0.0-rc.1#f", "a:b/c@1.0.0-rc.1#f", "0"},
    /* Compatible, in both directions. */
    {{"a:b/c@1.0.3"}, "a:b/c@1.0.0#f", "a:b/c@1.0.3#f", "0"},
    {{"a:b/c@1.0.2"}, "a:b/c@1.0.5#f", "a:b/c@1.0.2#f", "0"},
    {{"a:b/c@1.7.0"}, "a:b/c@1.0.0#f", "a:b/c@1.7.0#f", "0"},
    {{"a:b/c@0.2.8"}, "a:b/c@0.2.0#f", "a:b/c@0.2.8#f", "0"},
    /* The newest of several, by number and not by text. */
    {{"a:b/c@1.9.0", "a:b/c@1.10.0", "a:b/c@2.0.0", "a:b/c@1.2.0"},
     "a:b/c@1.0.0#f",
     "a:b/c@1.10.0#f",
     "1"},
    /* Not compatible. */
    {{"a:b/c@2.0.0"}, "a:b/c@1.0.0#f", NULL, "it exports `a:b/c@2.0.0#f`"},
    {{"a:b/c@0.3.0"}, "a:b/c@0.2.0#f", NULL, "it exports `a:b/c@0.3.0#f`"},
    {{"a:b/c@0.0.2"}, "a:b/c@0.0.1#f", NULL, "it exports `a:b/c@0.0.2#f`"},
    {{"a:b/c@1.0.0-rc.1"}, "a:b/c@1.0.0#f", NULL, "it exports `a:b/c@1.0.0-rc.1#f`"},
    {{"a:b/c@1.0.0"}, "a:b/c@1.0.0-rc.1#f", NULL, "it exports `a:b/c@1.0.0#f`"},
    {{"a:b/c"}, "a:b/c@1.0.0#f", NULL, "it exports `a:b/c#f`"},
    {{"a:b/c@1.0.0"}, "a:b/d@1.0.0#f", NULL, "no function `a:b/d@1.0.0#f`"},
    {{"a:b/c@1.0.0"}, "a:b/c@1.0.0#g", NULL, "no function `a:b/c@1.0.0#g`"},
    {{"a:b/c@1.0.0"}, "a:b/c@1#f", NULL, "no function `a:b/c@1#f`"},
    {{"a:b/c@1.0.0"}, "a:b/c@#f", NULL, "no function `a:b/c@#f`"},
    {{"a:b/c@1.0.0"}, "f", NULL, "it exports `a:b/c@1.0.0#f`"},
    /* Without a version: the only one, whichever that is. */
    {{"a:b/c@1.0.3"}, "a:b/c#f", "a:b/c@1.0.3#f", "0"},
    {{"x:y/z@1.0.0", "a:b/c@0.0.1"}, "a:b/c#f", "a:b/c@0.0.1#f", "1"},
    {{"a:b/c@1.0.0-rc.1"}, "a:b/c#f", "a:b/c@1.0.0-rc.1#f", "0"},
    {{"a:b/c@1.0.0", "a:b/c@1.0.1"},
     "a:b/c#f",
     NULL,
     "`a:b/c#f` in 2 versions: `a:b/c@1.0.0#f`, `a:b/c@1.0.1#f`"},
    {{"a:b/c@1.0.0", "a:b/d@1.0.0"}, "a:b#f", NULL, "no function `a:b#f`"},
    /* In instances within instances, version by version. */
    {{"outer inner"}, "outer#inner#f", "outer#inner#f", "0"},
    {{"a:b/c@1.0.3 d:e/f@0.2.1"}, "a:b/c@1.0.0#d:e/f@0.2.6#f", "a:b/c@1.0.3#d:e/f@0.2.1#f", "0"},
    {{"a:b/c@1.0.3 d:e/f@0.2.1"}, "a:b/c#d:e/f@0.2.0#f", "a:b/c@1.0.3#d:e/f@0.2.1#f", "0"},
    {{"a:b/c@1.0.3 inner"}, "a:b/c#inner#f", "a:b/c@1.0.3#inner#f", "0"},
    {{"a:b/c@1.0.0 inner", "a:b/c@1.0.1 inner"}, "a:b/c#inner#f", NULL, "in 2 versions"},
    {{"a:b/c@1.0.0 inner", "a:b/c@1.0.1 inner"},
     "a:b/c@1.0.7#inner#f",
     "a:b/c@1.0.1#inner#f",
     "1"},
    {{"outer inner"}, "outer#f", NULL, "it exports `outer#inner#f`"},
    {{"outer inner"}, "outer#inner#f#f", NULL, "it exports `outer#inner#f`"},
};

static void test_the_right_one_is_found(void) {
  for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
    const lookup_t *it = &lookups[i];
    char call[128];
    runtime_function_t *function = NULL;
    runtime_component_t *component = exporter(it->exports);
    runtime_error_t *error =
        runtime_component_function(component, it->asked, strlen(it->asked), &function);
    snprintf(call, sizeof call, "%s()", it->asked);
    if (it->name == NULL) {
      CHECK_ERROR(error, RUNTIME_ERROR_NOT_FOUND, it->other);
      CHECK(function == NULL);
      CHECK_CALL_ERROR(component, call, RUNTIME_ERROR_NOT_FOUND, it->other);
    } else {
      CHECK_OK(error);
      CHECK_TEXT(runtime_function_name(function), it->name);
      CHECK_CALL(component, call, it->other);
    }
    runtime_function_free(function);
    runtime_component_free(component);
  }
}

/* Of many functions an error names those first that may be meant. */
static void test_an_error_names_what_may_be_meant(void) {
  static const char near[] =
      "(component (core module $m (func (export \"n\"))) (core instance $c (instantiate $m))"
      "(func $f (canon lift (core func $c \"n\")))"
      "(instance $i (export \"a0\" (func $f)) (export \"a1\" (func $f)) (export \"a2\" (func $f))"
      "  (export \"a3\" (func $f)) (export \"a4\" (func $f)) (export \"a5\" (func $f))"
      "  (export \"a6\" (func $f)) (export \"a7\" (func $f)) (export \"find\" (func $f)))"
      "(export \"a:b/c@2.0.0\" (instance $i)))";
  runtime_component_t *component = load_wat(runtime, near);
  static const char *const asked[] = {"a:b/c@1.0.0#find()", "find()", "a:b/c@2.0.0#Find()"};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    CHECK_CALL_ERROR(component, asked[i], RUNTIME_ERROR_NOT_FOUND,
                     "it exports `a:b/c@2.0.0#find`, `a:b/c@2.0.0#a0`");
  }
  runtime_component_free(component);
}

static runtime_error_t *call_text(const runtime_function_t *function, const char *text,
                                  runtime_bytes_t **out) {
  return runtime_function_call_text(function, text, strlen(text), NULL, out);
}

/* Text for a function that was looked up may call it as it could have been looked up, and the
 * function belongs to the instances of its component like any other. */
static void test_text_and_instances_take_what_was_found(void) {
  static const char *const exports[] = {"x:y/z@1.0.0", "a:b/c@1.0.3", NULL};
  static const char *const names[] = {"", "f", "a:b/c#f", "a:b/c@1.0.0#f", "a:b/c@1.0.3#f"};
  runtime_component_t *component = exporter(exports);
  runtime_function_t *function = load_function(component, "a:b/c@1.2.0#f");
  runtime_bytes_t *out = NULL;
  char text[64];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(text, sizeof text, "%s()", names[i]);
    CHECK_OK(call_text(function, text, &out));
    CHECK_TEXT((const char *)runtime_bytes_data(out), "1");
    runtime_bytes_free(out);
  }
  CHECK_ERROR(call_text(function, "a:b/c@2.0.0#f()", &out), RUNTIME_ERROR_INVALID_ARGUMENT,
              "calls `a:b/c@2.0.0#f`, but the function is `a:b/c@1.0.3#f`");
  runtime_instance_t *instance = NULL;
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_instance_new(component, NULL, &instance));
  CHECK_OK(runtime_instance_call(instance, function, NULL, 0, NULL, &results));
  CHECK(runtime_values_data(results)->of.u32 == 1);
  runtime_values_free(results);
  runtime_instance_free(instance);
  runtime_function_free(function);
  runtime_component_free(component);
}

int main(void) {
  runtime = load_runtime(load_builder());
  RUN(test_the_right_one_is_found);
  RUN(test_an_error_names_what_may_be_meant);
  RUN(test_text_and_instances_take_what_was_found);
  runtime_free(runtime);
  return 0;
}
