/* 12-host-function: a guest asks its host for prices; an error of the host ends the call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

struct price {
  const char *item;
  uint32_t cents;
};

static const struct price prices[] = {{"bolt", 15}, {"nut", 10}};

/* price: func(item: string) -> u32 */
static runtime_error_t *price(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                              size_t args_len, runtime_value_t *results, size_t results_len) {
  const struct price *known = user_data;
  char message[80];
  (void)args_len, (void)results_len; /* checked against the type below, when the guest is loaded */

  for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
    if (strcmp(known[i].item, args[0].of.string.ptr) != 0) continue;
    printf("  price of a %s for %s\n", known[i].item, (const char *)runtime_call_context(call));
    results[0] = (runtime_value_t){.kind = RUNTIME_KIND_U32, .of.u32 = known[i].cents};
    return NULL;
  }
  snprintf(message, sizeof message, "no price for `%.40s`", args[0].of.string.ptr);
  return runtime_error_new(message, strlen(message));
}

int main(int argc, char **argv) {
  static const char *const calls[] = {"total(\"bolt\", 4)", "total(\"nut\", 3)",
                                      "total(\"spring\", 2)"};
  static const char name[] = "acme:shop/prices@1.0.0#price: func(item: string) -> u32";
  static char customer[] = "Ada";
  const char *path = argc > 1 ? argv[1] : "../tests/guests/wat/prices.wat";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_linker_t *linker = NULL;
  runtime_component_t *component = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  runtime_call_options_t call = RUNTIME_CALL_OPTIONS_INIT;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;

  /* What the guest may import. The linker is copied when the component is loaded. */
  if ((error = runtime_linker_new(&linker)) != NULL) goto done;
  error = runtime_linker_define(linker, name, strlen(name), price, (void *)prices, NULL);
  if (error != NULL) goto done;
  options.linker = linker;
  error = runtime_component_from_file(runtime, path, strlen(path), &options, &component);
  if (error != NULL) goto done;

  /* Host functions get what their caller attaches to the call. */
  call.context = customer;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    runtime_bytes_t *total = NULL;
    printf("%s\n", calls[i]);
    error = runtime_component_call_text(component, calls[i], strlen(calls[i]), &call, &total);
    printf("  %s\n", error == NULL ? (const char *)runtime_bytes_data(total)
                                   : runtime_error_message(error));
    runtime_error_free(error);
    error = NULL;
    runtime_bytes_free(total);
  }
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "host-function: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_component_free(component);
  runtime_linker_free(linker);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
