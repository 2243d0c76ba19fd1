/* Signatures: with require_signature nothing runs that no trusted key has signed, whatever way it
 * comes. src/code/signature/tests.rs makes the files in tests/guests/signatures. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

#define FIXTURE(name) "signatures/" name

static const char *const keys[] = {"trusted.pem", "trusted.der", "trusted.pub"};

/* A builder that requires signatures by the key in this file. */
static runtime_builder_t *requiring(const char *key) {
  char name[64];
  size_t len = 0;
  snprintf(name, sizeof name, FIXTURE("%s"), key);
  uint8_t *bytes = check_guest(name, &len);
  runtime_builder_t *builder = load_builder();
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_require_signature(builder, true);
  runtime_builder_trusted_key(builder, bytes, len);
  memset(bytes, 0, len); /* It was copied. */
  free(bytes);
  return builder;
}

static void refuse(const runtime_t *runtime, const uint8_t *bytes, size_t len, const char *text) {
  runtime_component_t *component = NULL;
  CHECK_ERROR(runtime_component_new(runtime, bytes, len, NULL, &component),
              RUNTIME_ERROR_SIGNATURE, text);
  CHECK(component == NULL);
}

static void refuse_file(const runtime_t *runtime, const char *name, const char *text) {
  size_t len = 0;
  uint8_t *bytes = check_guest(name, &len);
  refuse(runtime, bytes, len, text);
  free(bytes);
}

static void accept(const runtime_t *runtime) {
  runtime_component_t *component = load_guest(runtime, FIXTURE("signed.wasm"));
  CHECK_CALL(component, "answer()", "42");
  runtime_component_free(component);
}

static void test_keys_are_read_in_every_format(void) {
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    runtime_t *runtime = load_runtime(requiring(keys[i]));
    accept(runtime);
    refuse_file(runtime, FIXTURE("stranger.wasm"), "none of the trusted keys");
    runtime_free(runtime);
  }
}

static void test_the_unsigned_are_refused(void) {
  runtime_t *runtime = load_runtime(requiring("trusted.pem"));
  load_refused(runtime, "(component)", RUNTIME_ERROR_SIGNATURE, "not signed");
  load_refused(runtime, "garbage", RUNTIME_ERROR_SIGNATURE, "not signed");
  load_refused(runtime, "", RUNTIME_ERROR_SIGNATURE, "not signed");
  refuse_file(runtime, "greeter-c.wasm", "not signed");
  char path[4096];
  runtime_component_t *component = NULL;
  int len = snprintf(path, sizeof path, "%s/greeter.wasm", getenv("WASMCELL_GUESTS"));
  CHECK_ERROR(runtime_component_from_file(runtime, path, (size_t)len, NULL, &component),
              RUNTIME_ERROR_SIGNATURE, "not signed");
  CHECK(component == NULL);
  runtime_free(runtime);
}

static void test_no_bit_can_change(void) {
  size_t len = 0;
  runtime_t *runtime = load_runtime(requiring("trusted.pem"));
  uint8_t *bytes = check_guest(FIXTURE("signed.wasm"), &len);
  for (size_t at = 0; at < len; at++) {
    bytes[at] ^= (uint8_t)(1 << at % 8);
    refuse(runtime, bytes, len, "");
    bytes[at] ^= (uint8_t)(1 << at % 8);
    refuse(runtime, bytes, at, "");
  }
  free(bytes);
  accept(runtime);
  runtime_free(runtime);
}

/* A key does not count because it is the first or the last one. */
static void test_any_of_several_keys_counts(void) {
  static const char other[] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAql7/f4KP/ore0PefWp9nLsMmtY0qp3Z2QtFqqJK5ja4=\n"
      "-----END PUBLIC KEY-----\n";
  size_t len = 0;
  runtime_builder_t *builder = requiring("trusted.pem");
  runtime_builder_trusted_key(builder, (const uint8_t *)other, strlen(other));
  runtime_t *runtime = load_runtime(builder);
  accept(runtime);
  runtime_free(runtime);

  builder = load_builder();
  runtime_builder_require_signature(builder, true);
  runtime_builder_trusted_key(builder, (const uint8_t *)other, strlen(other));
  uint8_t *key = check_guest(FIXTURE("trusted.pub"), &len);
  runtime_builder_trusted_key(builder, key, len);
  free(key);
  runtime = load_runtime(builder);
  accept(runtime);
  runtime_free(runtime);

  /* And without ours it is a stranger's. */
  builder = load_builder();
  runtime_builder_require_signature(builder, true);
  runtime_builder_trusted_key(builder, (const uint8_t *)other, strlen(other));
  runtime = load_runtime(builder);
  refuse_file(runtime, FIXTURE("signed.wasm"), "none of the trusted keys");
  runtime_free(runtime);
}

static void test_keys_that_are_none_are_refused(void) {
  static const char *const bad[] = {
      "hello", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQC7 me", "-----BEGIN PRIVATE KEY-----\n",
      "-----BEGIN OPENSSH PRIVATE KEY-----\n",
  };
  for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
    const char *key = i < sizeof bad / sizeof *bad ? bad[i] : "";
    runtime_t *runtime = NULL;
    runtime_builder_t *builder = load_builder();
    runtime_builder_trusted_key(builder, (const uint8_t *)key, strlen(key));
    CHECK_ERROR(runtime_build(builder, &runtime), RUNTIME_ERROR_INVALID_ARGUMENT, "`trusted_key`");
    CHECK(runtime == NULL);
    runtime_builder_free(builder);
  }
}

/* Keys alone change nothing. */
static void test_without_the_requirement_signatures_do_not_matter(void) {
  size_t len = 0;
  runtime_builder_t *builder = load_builder();
  uint8_t *key = check_guest(FIXTURE("trusted.pem"), &len);
  runtime_builder_trusted_key(builder, key, len);
  free(key);
  runtime_t *runtime = load_runtime(builder);
  accept(runtime);
  runtime_component_free(load_guest(runtime, FIXTURE("stranger.wasm")));
  runtime_component_free(load_wat(runtime, "(component)"));
  runtime_free(runtime);
}

static void test_compiled_code_is_refused(void) {
  runtime_bytes_t *code = NULL;
  runtime_component_t *none = NULL;
  runtime_t *runtime = load_runtime(requiring("trusted.pem"));
  runtime_component_t *component = load_guest(runtime, FIXTURE("signed.wasm"));
  CHECK_OK(runtime_component_serialize(component, &code));
  CHECK_ERROR(runtime_component_deserialize(runtime, runtime_bytes_data(code),
                                            runtime_bytes_len(code), NULL, &none),
              RUNTIME_ERROR_SIGNATURE, "carries no signature");
  CHECK_ERROR(runtime_component_new(runtime, runtime_bytes_data(code), runtime_bytes_len(code),
                                    NULL, &none),
              RUNTIME_ERROR_SIGNATURE, "");
  CHECK(none == NULL);
  runtime_bytes_free(code);
  runtime_component_free(component);
  runtime_free(runtime);
}

/* An empty directory for compiled code. */
static const char *fresh_directory(void) {
  static char directory[4096];
  snprintf(directory, sizeof directory, "%s", load_scratch("signed-cache"));
  (void)mkdir(directory, 0700);
  DIR *files = opendir(directory);
  CHECK(files != NULL);
  for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
    (void)unlinkat(dirfd(files), entry->d_name, 0);
  }
  CHECK(closedir(files) == 0);
  return directory;
}

/* What a runtime without the requirement has left in the cache does not count as signed. */
static void test_the_cache_lets_nothing_through(void) {
  const char *directory = fresh_directory();
  runtime_builder_t *builder = load_builder();
  runtime_builder_force_on_demand_allocator(builder);
  runtime_builder_cache_directory(builder, directory, strlen(directory));
  runtime_t *open = load_runtime(builder);
  runtime_component_free(load_guest(open, "greeter-c.wasm"));
  runtime_component_free(load_guest(open, FIXTURE("stranger.wasm")));
  runtime_component_free(load_guest(open, FIXTURE("signed.wasm")));

  builder = requiring("trusted.pem");
  runtime_builder_cache_directory(builder, directory, strlen(directory));
  runtime_t *strict = load_runtime(builder);
  for (int i = 0; i < 2; i++) {
    refuse_file(strict, "greeter-c.wasm", "not signed");
    refuse_file(strict, FIXTURE("stranger.wasm"), "none of the trusted keys");
    accept(strict);
  }
  runtime_free(open);
  runtime_free(strict);
}

/* A signature is no licence: the rest is checked as ever. */
static void test_limits_hold_for_the_signed(void) {
  size_t len = 0;
  runtime_component_t *component = NULL;
  runtime_builder_t *builder = requiring("trusted.pem");
  runtime_builder_max_component_size(builder, 100);
  runtime_t *runtime = load_runtime(builder);
  uint8_t *bytes = check_guest(FIXTURE("signed.wasm"), &len);
  CHECK_ERROR(runtime_component_new(runtime, bytes, len, NULL, &component),
              RUNTIME_ERROR_COMPONENT_TOO_LARGE, "");
  free(bytes);
  runtime_free(runtime);
}

int main(void) {
  RUN(test_keys_are_read_in_every_format);
  RUN(test_the_unsigned_are_refused);
  RUN(test_no_bit_can_change);
  RUN(test_any_of_several_keys_counts);
  RUN(test_keys_that_are_none_are_refused);
  RUN(test_without_the_requirement_signatures_do_not_matter);
  RUN(test_compiled_code_is_refused);
  RUN(test_the_cache_lets_nothing_through);
  RUN(test_limits_hold_for_the_signed);
  return 0;
}
