/* Values that the library hands out are written as a whole: what a kind does not need is 0, not
 * what the memory had before. */
#ifndef WHOLE_H
#define WHOLE_H

#include <malloc.h>
#include <stdbool.h>
#include <string.h>
#include <wasmcell.h>

/* New memory is full of something, so that what nobody wrote shows without Valgrind too. */
static inline void whole_begin(void) {
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0x5a);
#endif
}

static inline size_t whole_width(uint8_t kind) {
  switch (kind) {
    case RUNTIME_KIND_BOOL:
    case RUNTIME_KIND_S8:
    case RUNTIME_KIND_U8:
      return 1;
    case RUNTIME_KIND_S16:
    case RUNTIME_KIND_U16:
      return 2;
    case RUNTIME_KIND_S32:
    case RUNTIME_KIND_U32:
    case RUNTIME_KIND_F32:
    case RUNTIME_KIND_CHAR:
      return 4;
    case RUNTIME_KIND_ENUM:
      return 0;
    case RUNTIME_KIND_STRING:
    case RUNTIME_KIND_LIST:
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
    case RUNTIME_KIND_FLAGS:
      return 16;
    default:
      return 8;
  }
}

/* Whether all that no field of `value` covers is 0, there and in all it points to. */
static inline bool whole(const runtime_value_t *value) {
  unsigned char bytes[sizeof value->of];
  memcpy(bytes, &value->of, sizeof bytes);
  for (size_t i = whole_width(value->kind); i < sizeof bytes; i++)
    if (bytes[i] != 0) return false;
  const runtime_value_t *inner = NULL;
  size_t count = 0;
  switch (value->kind) {
    case RUNTIME_KIND_LIST:
      inner = value->element == 0 ? value->of.list.ptr : NULL;
      count = value->element == 0 ? value->of.list.len : 0;
      break;
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
      inner = value->of.values.ptr;
      count = value->of.values.len;
      break;
    case RUNTIME_KIND_VARIANT:
    case RUNTIME_KIND_OPTION:
    case RUNTIME_KIND_RESULT:
      inner = value->of.payload;
      count = inner != NULL;
      break;
    default:
      break;
  }
  for (size_t i = 0; i < count; i++)
    if (!whole(&inner[i])) return false;
  return value->reserved == 0;
}

#endif
