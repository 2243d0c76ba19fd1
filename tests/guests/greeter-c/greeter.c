/* The greeter in C, its exports written by hand as the canonical ABI wants them. It imports
 * nothing. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *ptr;
  size_t len;
} string_t;

/* The host asks for memory to write arguments to. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size,
                                                                size_t align, size_t size) {
  (void)old_size;
  if (size == 0) return (void *)align;
  void *ptr = realloc(old, size);
  if (ptr == NULL) __builtin_trap();
  return ptr;
}

/* greet: func(name: string) -> string */
__attribute__((export_name("greet"))) string_t *greet(char *name, size_t len) {
  static const char before[] = "Hello, ", after[] = "!";
  static string_t result;
  result.len = sizeof before - 1 + len + sizeof after - 1;
  result.ptr = cabi_realloc(NULL, 0, 1, result.len);
  memcpy(result.ptr, before, sizeof before - 1);
  memcpy(result.ptr + sizeof before - 1, name, len);
  memcpy(result.ptr + sizeof before - 1 + len, after, sizeof after - 1);
  if (len > 0) free(name);
  return &result;
}

/* Called when the host has read the result. */
__attribute__((export_name("cabi_post_greet"))) void greet_done(string_t *result) {
  free(result->ptr);
}
