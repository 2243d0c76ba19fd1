/* 07-reflect: what a component exports and imports, with types, and its world as WIT text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

/* Prints a type as WIT spells it. */
static runtime_error_t *print_type(const runtime_type_t *type) {
  runtime_bytes_t *text = NULL;
  runtime_error_t *error = runtime_type_text(type, &text);
  if (error == NULL) printf("%s", (const char *)runtime_bytes_data(text));
  runtime_bytes_free(text);
  return error;
}

/* One parameter a line; of records also the names of the fields. */
static runtime_error_t *describe(const runtime_item_t *item) {
  runtime_error_t *error = NULL;
  const runtime_type_t *function = runtime_item_type(item);
  printf("%s\n", runtime_item_name(item));
  for (size_t i = 0; i < runtime_type_len(function); i++) {
    const runtime_type_t *type = runtime_type_child(function, i);
    printf("  parameter %s: ", runtime_type_child_name(function, i));
    if ((error = print_type(type)) != NULL) return error;
    printf("\n");
    if (runtime_type_kind(type) != RUNTIME_KIND_RECORD) continue;
    for (size_t j = 0; j < runtime_type_len(type); j++) {
      printf("    field %s\n", runtime_type_child_name(type, j));
    }
  }
  if (runtime_type_result(function) == NULL) return NULL;
  printf("  result ");
  if ((error = print_type(runtime_type_result(function))) != NULL) return error;
  printf("\n");
  return NULL;
}

static bool is_function(const runtime_item_t *item, const char *name) {
  return runtime_item_kind(item) == RUNTIME_ITEM_KIND_FUNCTION &&
         strcmp(runtime_item_name(item), name) == 0;
}

int main(void) {
  static const char kinds[] = "../tests/guests/kinds.wasm";
  static const char greeter[] = "../tests/guests/greeter-c.wasm";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *large = NULL, *small = NULL;
  runtime_bytes_t *wit = NULL;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, kinds, sizeof kinds - 1, NULL, &large);
  if (error != NULL) goto done;

  /* Items and types belong to the component and live as long as it does. */
  for (size_t i = 0; i < runtime_component_export_count(large); i++) {
    const runtime_item_t *item = runtime_component_export(large, i);
    if (!is_function(item, "divide") && !is_function(item, "wasmcell:test/kinds@0.1.0#describe")) {
      continue;
    }
    if ((error = describe(item)) != NULL) goto done;
  }

  error = runtime_component_from_file(runtime, greeter, sizeof greeter - 1, NULL, &small);
  if (error != NULL) goto done;
  if ((error = runtime_component_wit(small, &wit)) != NULL) goto done;
  printf("\n%s", (const char *)runtime_bytes_data(wit));
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "reflect: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_bytes_free(wit);
  runtime_component_free(large);
  runtime_component_free(small);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
