/* What `make demo` runs: a call, what the runtime says of itself, and how mistakes are reported. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

static void describe(const runtime_info_t *info) {
  static const char *const names[] = {"?", "pooling", "pooling, with smaller slots", "on demand"};
  const size_t known = sizeof names / sizeof *names;
  printf("  allocator        %s\n", names[info->allocator < known ? info->allocator : 0]);
  printf("  slots            %" PRIu64 " instances, %" PRIu64 " memories\n", info->max_components,
         info->total_memories);
  printf("  a memory's slot  %" PRIu64 " MiB\n", info->memory_reservation >> 20);
  printf("  address space    %.1f TiB\n", (double)info->address_space / (double)(1ULL << 40));
  if (info->reason[0] != '\0') printf("  because          %s\n", info->reason);
}

static void mistake(const char *what, runtime_error_t *error) {
  printf("  %-14s %s: %s\n", what, runtime_error_code_name(runtime_error_code(error)),
         runtime_error_message(error));
  runtime_error_free(error);
}

int main(void) {
  static const char path[] = "../tests/guests/greeter.wasm";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL, *none = NULL;
  runtime_component_t *component = NULL;
  runtime_function_t *greet = NULL, *missing = NULL;
  runtime_values_t *results = NULL, *unused = NULL;
  runtime_info_t info = RUNTIME_INFO_INIT;

  printf("wasmcell %s on wasmtime %s\n", runtime_version(), runtime_wasmtime_version());
  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, path, sizeof path - 1, NULL, &component);
  if (error != NULL) goto done;
  if ((error = runtime_component_function(component, "greet", 5, &greet)) != NULL) goto done;

  runtime_value_t name = {.kind = RUNTIME_KIND_STRING, .of.string = {"world", 5}};
  if ((error = runtime_function_call(greet, &name, 1, NULL, &results)) != NULL) goto done;
  printf("\ntests/guests/greeter.wasm, greet(\"world\"):\n  %s\n",
         runtime_values_data(results)[0].of.string.ptr);

  if ((error = runtime_info(runtime, &info)) != NULL) goto done;
  printf("\nThe runtime:\n");
  describe(&info);

  printf("\nMistakes:\n");
  runtime_value_t number = {.kind = RUNTIME_KIND_U32, .of.u32 = 7};
  mistake("greet(7)", runtime_function_call(greet, &number, 1, NULL, &unused));
  mistake("greet()", runtime_function_call(greet, NULL, 0, NULL, &unused));
  mistake("no such export", runtime_component_function(component, "great", 5, &missing));
  mistake("a NULL builder", runtime_build(NULL, &none));
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "demo: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_values_free(results);
  runtime_function_free(greet);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
