/* 02-values: records, lists, options and results, as arguments and as answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

#define KINDS "wasmcell:test/kinds@0.1.0#"
#define STRING(text)                                                      \
  {                                                                       \
    .kind = RUNTIME_KIND_STRING, .of.string = {(text), sizeof(text) - 1 } \
  }
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Looks `name` up and calls it. A function that is called often is looked up once instead. */
static runtime_error_t *call(const runtime_component_t *component, const char *name,
                             const runtime_value_t *args, size_t len, runtime_values_t **out) {
  runtime_function_t *function = NULL;
  runtime_error_t *error = runtime_component_function(component, name, strlen(name), &function);
  if (error == NULL) error = runtime_function_call(function, args, len, NULL, out);
  runtime_function_free(function);
  return error;
}

int main(void) {
  static const char path[] = "../tests/guests/kinds.wasm";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL;
  runtime_component_t *component = NULL;
  runtime_values_t *text = NULL, *floats = NULL, *longest = NULL, *quotient = NULL;

  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, path, sizeof path - 1, NULL, &component);
  if (error != NULL) goto done;

  /* A record is its fields in WIT order; an enum is the number of its case; an option is 0 for
   * none, and 1 with a payload for some. Here: record { name: string, corners: list<point>,
   * colour: option<colour>, weight: f64 }. */
  runtime_value_t corner[2] = {{.kind = RUNTIME_KIND_S32, .of.s32 = 3},
                               {.kind = RUNTIME_KIND_S32, .of.s32 = -4}};
  runtime_value_t corners[1] = {{.kind = RUNTIME_KIND_RECORD, .of.values = {corner, 2}}};
  runtime_value_t green = {.kind = RUNTIME_KIND_ENUM, .index = 1};
  runtime_value_t fields[4] = {STRING("point"),
                               {.kind = RUNTIME_KIND_LIST, .of.list = {corners, 1}},
                               {.kind = RUNTIME_KIND_OPTION, .index = 1, .of.payload = &green},
                               {.kind = RUNTIME_KIND_F64, .of.f64 = 0.5}};
  runtime_value_t shape = {.kind = RUNTIME_KIND_RECORD, .of.values = {fields, LENGTH(fields)}};
  if ((error = call(component, KINDS "describe", &shape, 1, &text)) != NULL) goto done;
  printf("describe: %s\n", runtime_values_data(text)[0].of.string.ptr);

  /* A list of numbers is one plain C array, in and out. */
  const double array[] = {0.5, 1.5, 2.5};
  runtime_value_t numbers = {
      .kind = RUNTIME_KIND_LIST, .element = RUNTIME_KIND_F64, .of.list = {array, LENGTH(array)}};
  if ((error = call(component, KINDS "echo-f64s", &numbers, 1, &floats)) != NULL) goto done;
  runtime_list_t echoed = runtime_values_data(floats)[0].of.list;
  for (size_t i = 0; i < echoed.len; i++) printf("double: %.1f\n", ((const double *)echoed.ptr)[i]);

  /* A list of anything else is an array of values. The answer is an option. */
  runtime_value_t items[] = {STRING("to"), STRING("tomorrow"), STRING("and")};
  runtime_value_t words = {.kind = RUNTIME_KIND_LIST, .of.list = {items, LENGTH(items)}};
  if ((error = call(component, "longest", &words, 1, &longest)) != NULL) goto done;
  const runtime_value_t *option = runtime_values_data(longest);
  printf("longest: %s\n", option->index == 1 ? option->of.payload->of.string.ptr : "none");

  /* A result is 0 for ok, 1 for error. The guest's own error is an answer, not a failed call. */
  runtime_value_t operands[2] = {{.kind = RUNTIME_KIND_S64, .of.s64 = 7},
                                 {.kind = RUNTIME_KIND_S64, .of.s64 = 0}};
  if ((error = call(component, "divide", operands, 2, &quotient)) != NULL) goto done;
  const runtime_value_t *result = runtime_values_data(quotient);
  if (result->index == 1) printf("divide: error, %s\n", result->of.payload->of.string.ptr);
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "values: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_values_free(text);
  runtime_values_free(floats);
  runtime_values_free(longest);
  runtime_values_free(quotient);
  runtime_component_free(component);
  runtime_free(runtime);
  runtime_builder_free(builder);
  return status;
}
