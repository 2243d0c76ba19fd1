/* 05-precompile: compile once, here or on another machine of the same kind, and load the result. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmcell.h>

static runtime_error_t *greet(const char *how, const runtime_component_t *component) {
  static const char text[] = "greet(\"world\")";
  runtime_bytes_t *answer = NULL;
  runtime_error_t *error =
      runtime_component_call_text(component, text, sizeof text - 1, NULL, &answer);
  if (error == NULL) printf("%s: %s\n", how, (const char *)runtime_bytes_data(answer));
  runtime_bytes_free(answer);
  return error;
}

int main(int argc, char **argv) {
  static const char path[] = "../tests/guests/greeter.wasm";
  const char *cache = argc > 1 ? argv[1] : "wasmcell-cache";
  int status = EXIT_FAILURE;
  runtime_error_t *error = NULL;
  runtime_builder_t *builder = runtime_builder_new();
  runtime_t *runtime = NULL, *next = NULL;
  runtime_component_t *compiled = NULL, *loaded = NULL, *cached = NULL;
  runtime_bytes_t *artifact = NULL;

  /* By hand: the machine code as bytes, to be kept where only you can write. Deserialising is
   * as trusting as dlopen: bytes from anybody else run as they please. */
  if ((error = runtime_build(builder, &runtime)) != NULL) goto done;
  error = runtime_component_from_file(runtime, path, sizeof path - 1, NULL, &compiled);
  if (error != NULL) goto done;
  if ((error = runtime_component_serialize(compiled, &artifact)) != NULL) goto done;
  error = runtime_component_deserialize(runtime, runtime_bytes_data(artifact),
                                        runtime_bytes_len(artifact), NULL, &loaded);
  if (error != NULL) goto done;
  if ((error = greet("deserialised", loaded)) != NULL) goto done;

  /* Or with a cache: a load compiles when it must and reads the directory when it can. The
   * directory is made if need be, and refused if others may write to it. */
  runtime_builder_cache_directory(builder, cache, strlen(cache));
  if ((error = runtime_build(builder, &next)) != NULL) goto done;
  error = runtime_component_from_file(next, path, sizeof path - 1, NULL, &cached);
  if (error != NULL) goto done;
  if ((error = greet("through the cache", cached)) != NULL) goto done;
  status = EXIT_SUCCESS;

done:
  if (error != NULL) fprintf(stderr, "precompile: %s\n", runtime_error_message(error));
  runtime_error_free(error);
  runtime_bytes_free(artifact);
  runtime_component_free(compiled);
  runtime_component_free(loaded);
  runtime_component_free(cached);
  runtime_free(runtime);
  runtime_free(next);
  runtime_builder_free(builder);
  return status;
}
