/* threads */
/* Which exports of a component serve which imports of another. */
#include "providers.h"

static void test_versions_and_names(void) {
  static const struct {
    const char *interface, *import;
    int serves; /* 1.4.0, 2.0.0 */
  } cases[] = {{NULL, NULL, 1},
               {CALC, NULL, 1},
               {"acme:calc/api", NULL, 1},
               {"acme:calc/api@1.2.0", NULL, 1},
               {CALC, "acme:calc/api@2.0.0", 2},
               {CALC, "acme:calc/other@1.0.0", 0}};
  runtime_component_t *calc = load_calc(host_ticks, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    runtime_provider_options_t options = RUNTIME_PROVIDER_OPTIONS_INIT;
    options.interface_name = cases[i].interface;
    options.interface_name_len = cases[i].interface == NULL ? 0 : strlen(cases[i].interface);
    options.import_name = cases[i].import;
    options.import_name_len = cases[i].import == NULL ? 0 : strlen(cases[i].import);
    runtime_linker_t *linker = linker_make();
    CHECK_OK(runtime_linker_component(linker, calc, &options));
    static const char *const wats[] = {RELAY_WAT("1.4.0"), RELAY_WAT("2.0.0")};
    for (int version = 1; version <= 2; version++) {
      runtime_component_t *component = NULL;
      runtime_error_t *error = try_load(wats[version - 1], linker, &component);
      if (cases[i].serves == version) {
        CHECK_OK(error);
        expect_text(component, "add(1)", "2");
        runtime_component_free(component);
      } else {
        CHECK_ERROR(error, RUNTIME_ERROR_LINK, "import `acme:calc/api@");
      }
    }
    runtime_linker_free(linker);
  }
  runtime_component_free(calc);
}

static runtime_error_t *provide(runtime_linker_t *linker, const runtime_component_t *provider,
                                const char *interface, const char *import) {
  runtime_provider_options_t options = RUNTIME_PROVIDER_OPTIONS_INIT;
  options.interface_name = interface;
  options.interface_name_len = strlen(interface);
  options.import_name = import;
  options.import_name_len = strlen(import);
  return runtime_linker_component(linker, provider, &options);
}

static void test_what_is_refused_at_definition(void) {
  runtime_component_t *calc = load_calc(host_ticks, NULL);
  runtime_linker_t *linker = linker_make();
  CHECK_ERROR(provide(linker, calc, "acme:calc/apis", ""), RUNTIME_ERROR_NOT_FOUND,
              "it exports `" CALC "`");
  CHECK_ERROR(provide(linker, calc, "acme:calc/api@2.0.0", ""), RUNTIME_ERROR_NOT_FOUND, CALC);
  CHECK_ERROR(provide(linker, calc, "", "acme:calc/api@2.0.0"), RUNTIME_ERROR_INVALID_ARGUMENT,
              "`options.import_name`");
  CHECK_ERROR(provide(linker, calc, CALC, "a b"), RUNTIME_ERROR_INVALID_ARGUMENT,
              "`options.import_name`");
  /* Nothing of it was defined; then all of it; then nothing again. */
  CHECK_OK(runtime_linker_component(linker, calc, NULL));
  CHECK_ERROR(runtime_linker_component(linker, calc, NULL), RUNTIME_ERROR_INVALID_ARGUMENT,
              CALC "#add` is defined already");
  CHECK_ERROR(
      runtime_linker_define(linker, CALC "#add", strlen(CALC "#add"), host_ticks, NULL, NULL),
      RUNTIME_ERROR_INVALID_ARGUMENT, "defined already");
  runtime_component_t *component = load(relay_wat, linker);
  expect_text(component, "add(2)", "4");
  runtime_component_free(component);
  runtime_component_free(calc);
  linker = linker_make();
  runtime_component_t *plain = load(guest_wat, NULL);
  CHECK_ERROR(runtime_linker_component(linker, plain, NULL), RUNTIME_ERROR_NOT_FOUND,
              "no interface");
  runtime_component_free(plain);
  runtime_linker_free(linker);
}

/* Resources stay where they are, and what needs none is served. */
static const char shop_wat[] =
    "(component"
    "  (type $cart' (resource (rep i32)))"
    "  (core module $code"
    "    (func (export \"open\") (result i32) (i32.const 7))"
    "    (func (export \"size\") (param i32) (result i32) (local.get 0)))"
    "  (core instance $i (instantiate $code))"
    "  (core func $new (canon resource.new $cart'))"
    "  (core module $maker (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "    (func (export \"open\") (result i32) (call $new (i32.const 7))))"
    "  (core instance $made (instantiate $maker (with \"\" (instance"
    "    (export \"new\" (func $new))))))"
    "  (func $open (result (own $cart')) (canon lift (core func $made \"open\")))"
    "  (func $size (param \"n\" u32) (result u32) (canon lift (core func $i \"size\")))"
    "  (component $shape"
    "    (import \"cart\" (type $cart (sub resource)))"
    "    (import \"open\" (func $open (result (own $cart))))"
    "    (import \"size\" (func $size (param \"n\" u32) (result u32)))"
    "    (export $c \"cart\" (type $cart))"
    "    (export \"open\" (func $open) (func (result (own $c))))"
    "    (export \"size\" (func $size)))"
    "  (instance $shop (instantiate $shape (with \"cart\" (type $cart'))"
    "    (with \"open\" (func $open)) (with \"size\" (func $size))))"
    "  (export \"acme:shop/carts@1.0.0\" (instance $shop)))";

static const char size_wat[] =
    "(component"
    "  (import \"acme:shop/carts@1.0.0\" (instance $shop"
    "    (export \"size\" (func (param \"n\" u32) (result u32)))))"
    "  (core func $size (canon lower (func $shop \"size\")))"
    "  (func (export \"size\") (param \"n\" u32) (result u32) (canon lift (core func $size))))";

static const char cart_wat[] =
    "(component"
    "  (import \"acme:shop/carts@1.0.0\" (instance $shop"
    "    (export \"cart\" (type $cart (sub resource)))"
    "    (export \"open\" (func (result (own $cart)))))))";

static const char wrong_wat[] =
    "(component"
    "  (import \"acme:shop/carts@1.0.0\" (instance $shop"
    "    (export \"size\" (func (param \"n\" string) (result u32))))))";

static const char open_wat[] =
    "(component"
    "  (import \"acme:shop/carts@1.0.0\" (instance $shop (export \"open\" (func (result u32))))))";

static void test_what_is_refused_at_link(void) {
  runtime_linker_t *linker = linker_of(load_named(shop_wat, NULL, "shop"));
  runtime_component_t *component = NULL;
  CHECK_OK(try_load(size_wat, linker, &component));
  expect_text(component, "size(3)", "3");
  runtime_component_free(component);
  CHECK_ERROR(try_load(cart_wat, linker, &component), RUNTIME_ERROR_LINK,
              "the component `shop` has that resource, and resources are not passed");
  CHECK_ERROR(try_load(open_wat, linker, &component), RUNTIME_ERROR_LINK, "are not passed");
  CHECK_ERROR(try_load(wrong_wat, linker, &component), RUNTIME_ERROR_LINK,
              "a component provides `func(n: u32) -> u32`");
  runtime_linker_free(linker);
  /* Of another runtime. */
  runtime_t *own = host_runtime;
  linker = linker_of(load_calc(host_ticks, NULL));
  host_runtime = host_runtime_make(1);
  CHECK_ERROR(try_load(relay_wat, linker, &component), RUNTIME_ERROR_LINK, "another runtime");
  runtime_free(host_runtime);
  host_runtime = own;
  runtime_linker_free(linker);
  /* For blocking calls only. */
  uint64_t way = blocking_only;
  blocking_only = 1;
  linker = linker_of(load_calc(host_ticks, NULL));
  blocking_only = 0;
  CHECK_ERROR(try_load(relay_wat, linker, &component), RUNTIME_ERROR_LINK, "blocking calls only");
  blocking_only = way;
  runtime_linker_free(linker);
}

/* Loads `wat` as no helper does. */
static runtime_component_t *load_so(const char *wat, const runtime_linker_t *linker,
                                    const runtime_component_limits_t *limits,
                                    const runtime_component_reuse_t *reuse, uint64_t unlinked) {
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_component_t *component = NULL;
  options.linker = linker;
  options.limits = limits;
  options.reuse = reuse;
  options.unlinked = unlinked;
  options.blocking_only = blocking_only;
  CHECK_OK(
      runtime_component_new(host_runtime, (const uint8_t *)wat, strlen(wat), &options, &component));
  return component;
}

static void test_what_is_not_linked_serves_nobody(void) {
  runtime_linker_t *linker = linker_make();
  runtime_component_t *calc = load_so(calc_wat, NULL, NULL, NULL, 1);
  CHECK_ERROR(runtime_linker_component(linker, calc, NULL), RUNTIME_ERROR_LINK,
              "without being linked");
  runtime_component_free(calc);
  runtime_linker_free(linker);
}

/* Instances that are used again have no state of a provider's, which has its own limits. */
static void test_reuse_and_limits(void) {
  runtime_component_reuse_t reuse = RUNTIME_COMPONENT_REUSE_INIT;
  runtime_component_limits_t limits = RUNTIME_COMPONENT_LIMITS_INIT;
  limits.max_instances = 1;
  runtime_linker_t *linker = linker_make(), *next = linker_make();
  define(linker, "acme:host/api@1.0.0#tick: func()", host_ticks, NULL);
  runtime_component_t *calc = load_so(calc_wat, linker, &limits, &reuse, 0);
  CHECK_OK(runtime_linker_component(next, calc, NULL));
  runtime_component_t *component = load_so(relay_wat, next, NULL, &reuse, 0);
  for (int i = 0; i < 3; i++) {
    expect_text(component, "add(5)", "10");
    runtime_function_t *add = find(component, "add");
    runtime_value_t arg = value_u32(5);
    runtime_values_t *results = NULL;
    CHECK_OK(call_apart(add, &arg, 1, NULL, &results));
    CHECK(runtime_values_data(results)->of.u32 == 10);
    runtime_values_free(results);
    runtime_function_free(add);
  }
  runtime_component_free(component);
  runtime_component_free(calc);
  runtime_linker_free(linker);
  runtime_linker_free(next);
}

static void tests(void) {
  RUN(test_versions_and_names);
  RUN(test_what_is_refused_at_definition);
  RUN(test_what_is_refused_at_link);
  RUN(test_what_is_not_linked_serves_nobody);
  RUN(test_reuse_and_limits);
}

int main(void) {
  with_providers(8, tests);
  return 0;
}
