/* A build without optional parts: what it lacks is an error with its own code, all else works. */
#include "check.h"

static uint8_t *read_file(const char *path, size_t *len) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  *len = (size_t)ftell(file);
  uint8_t *bytes = malloc(*len);
  rewind(file);
  CHECK(bytes != NULL && fread(bytes, 1, *len, file) == *len && fclose(file) == 0);
  return bytes;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  runtime_builder_t *builder = runtime_builder_new();
  runtime_builder_max_components(builder, 2);
  runtime_t *runtime = NULL;
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);

  static const char text[] = "(component)";
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_new(runtime, (const uint8_t *)text, sizeof text - 1, NULL,
                                    &component),
              RUNTIME_ERROR_UNSUPPORTED, "this build of the library reads no text");
  CHECK(component == NULL);

  size_t len = 0;
  uint8_t *bytes = read_file(argv[1], &len);
  CHECK_OK(runtime_component_new(runtime, bytes, len, NULL, &component));
  free(bytes);
  runtime_function_t *greet = NULL;
  CHECK_OK(runtime_component_function(component, "greet", 5, &greet));
  runtime_value_t name = {.kind = RUNTIME_KIND_STRING, .of.string = {"world", 5}};
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_function_call(greet, &name, 1, NULL, &results));
  CHECK(strcmp(runtime_values_data(results)[0].of.string.ptr, "Hello, world!") == 0);
  runtime_values_free(results);
  runtime_function_free(greet);
  runtime_http_handler_t *handler = NULL;
  CHECK_ERROR(runtime_http_handler_new(component, &handler), RUNTIME_ERROR_UNSUPPORTED, "`http`");
  CHECK(handler == NULL);
  runtime_component_free(component);
  runtime_free(runtime);
  return 0;
}
