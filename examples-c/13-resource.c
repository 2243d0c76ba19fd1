/* 13-resource: accounts of the host in the hands of a guest, each closed exactly once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

/* The guest sees handles; a handle stands for a number that the host chooses: here, an index. */
struct bank {
  uint32_t balance[8];
  uint32_t accounts;
};

/* [constructor]account: func(opening: u32) -> own<account> */
static runtime_error_t *open_account(void *user_data, runtime_call_t *call,
                                     const runtime_value_t *args, size_t args_len,
                                     runtime_value_t *results, size_t results_len) {
  struct bank *bank = user_data;
  (void)call, (void)args_len, (void)results_len;
  if (bank->accounts == 8) return runtime_error_new("no more accounts", 16);
  printf("  account %u is opened\n", (unsigned)bank->accounts);
  bank->balance[bank->accounts] = args[0].of.u32;
  /* The guest owns it from here on. */
  results[0] = (runtime_value_t){.kind = RUNTIME_KIND_OWN, .of.resource = bank->accounts++};
  return NULL;
}

/* [method]account.pay: func(self: borrow<account>, amount: u32) -> u32 */
static runtime_error_t *pay(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                            size_t args_len, runtime_value_t *results, size_t results_len) {
  struct bank *bank = user_data;
  uint32_t *balance = &bank->balance[args[0].of.resource];
  (void)call, (void)args_len, (void)results_len;
  *balance += args[1].of.u32;
  results[0] = (runtime_value_t){.kind = RUNTIME_KIND_U32, .of.u32 = *balance};
  return NULL;
}

/* Runs when the guest drops an account, or ends without having done so. */
static void close_account(void *user_data, uint32_t account) {
  const struct bank *bank = user_data;
  printf("  account %u is closed with %u\n", (unsigned)account, (unsigned)bank->balance[account]);
}

static runtime_error_t *define(runtime_linker_t *linker, struct bank *bank) {
  static const char account[] = "acme:bank/accounts@1.0.0#account";
  static const char constructor[] = "acme:bank/accounts@1.0.0#[constructor]account";
  static const char method[] = "acme:bank/accounts@1.0.0#[method]account.pay";
  runtime_error_t *error = runtime_linker_define_resource(linker, account, strlen(account),
                                                          close_account, bank, NULL);
  if (error == NULL) {
    error = runtime_linker_define(linker, constructor, strlen(constructor), open_account, bank,
                                  NULL);
  }
  if (error == NULL) error = runtime_linker_define(linker, method, strlen(method), pay, bank, NULL);
  return error;
}

int main(int argc, char **argv) {
  static const char *const calls[] = {"save(100)", "forget(7)"};
  static struct bank bank;
  const char *path = argc > 1 ? argv[1] : "../tests/guests/wat/accounts.wat";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_linker_t *linker = NULL;
  runtime_component_t *component = NULL;
  runtime_bytes_t *answer = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  if ((error = runtime_linker_new(&linker)) != NULL) goto done;
  if ((error = define(linker, &bank)) != NULL) goto done;
  options.linker = linker;
  error = runtime_component_from_file(runtime, path, strlen(path), &options, &component);
  if (error != NULL) goto done;

  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    printf("%s\n", calls[i]);
    error = runtime_component_call_text(component, calls[i], strlen(calls[i]), NULL, &answer);
    if (error != NULL) goto done;
    printf("  %s\n", (const char *)runtime_bytes_data(answer));
    runtime_bytes_free(answer);
    answer = NULL;
  }
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "resource: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_bytes_free(answer);
  runtime_component_free(component);
  runtime_linker_free(linker);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
