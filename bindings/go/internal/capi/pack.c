#include "pack.h"

#include <string.h>

typedef struct {
  char *base;
  size_t len, used;
} packer_t;

static void *packer_take(packer_t *packer, size_t count, size_t size, size_t *offset) {
  const size_t start = (packer->used + 7) & ~(size_t)7;
  if (start > packer->len || (size > 0 && count > (packer->len - start) / size)) return NULL;
  packer->used = start + count * size;
  *offset = start;
  return packer->base + start;
}

static size_t element_size(uint8_t kind) {
  switch (kind) {
    case 0: return sizeof(runtime_value_t);
    case RUNTIME_KIND_BOOL:
    case RUNTIME_KIND_U8:
    case RUNTIME_KIND_S8: return 1;
    case RUNTIME_KIND_U16:
    case RUNTIME_KIND_S16: return 2;
    case RUNTIME_KIND_U64:
    case RUNTIME_KIND_S64:
    case RUNTIME_KIND_F64: return 8;
    default: return 4;
  }
}

static bool pack_bytes(packer_t *packer, const void *from, size_t count, size_t size,
                       const void *field) {
  size_t offset = 0;
  void *to = packer_take(packer, count, size, &offset);
  if (to == NULL) return false;
  if (count > 0) memcpy(to, from, count * size);
  memcpy((void *)(uintptr_t)field, &offset, sizeof offset);
  return true;
}

static bool pack(packer_t *packer, const runtime_value_t *from, runtime_value_t *to);

static bool pack_values(packer_t *packer, const runtime_value_t *from, size_t count,
                        const void *field) {
  size_t offset = 0;
  runtime_value_t *to = packer_take(packer, count, sizeof *to, &offset);
  if (to == NULL) return false;
  for (size_t i = 0; i < count; i++)
    if (!pack(packer, &from[i], &to[i])) return false;
  memcpy((void *)(uintptr_t)field, &offset, sizeof offset);
  return true;
}

/* Copies a value with all that it points to; `to` is in the buffer. False if it has no room. */
static bool pack(packer_t *packer, const runtime_value_t *from, runtime_value_t *to) {
  *to = *from;
  switch (from->kind) {
    case RUNTIME_KIND_STRING:
      return pack_bytes(packer, from->of.string.ptr, from->of.string.len, 1, &to->of.string.ptr);
    case RUNTIME_KIND_LIST:
      if (from->element == 0)
        return pack_values(packer, from->of.list.ptr, from->of.list.len, &to->of.list.ptr);
      return pack_bytes(packer, from->of.list.ptr, from->of.list.len,
                        element_size(from->element), &to->of.list.ptr);
    case RUNTIME_KIND_RECORD:
    case RUNTIME_KIND_TUPLE:
      return pack_values(packer, from->of.values.ptr, from->of.values.len, &to->of.values.ptr);
    case RUNTIME_KIND_VARIANT:
    case RUNTIME_KIND_OPTION:
    case RUNTIME_KIND_RESULT:
      return from->of.payload == NULL ||
             pack_values(packer, from->of.payload, 1, &to->of.payload);
    case RUNTIME_KIND_FLAGS:
      return pack_bytes(packer, from->of.flags.ptr, from->of.flags.len, sizeof(uint32_t),
                        &to->of.flags.ptr);
    default: return true;
  }
}

bool wasmcell_go_pack(const runtime_value_t *values, size_t count, char *buffer, size_t len) {
  packer_t packer = {buffer, len, 0};
  size_t start = 0;
  return count == 0 || pack_values(&packer, values, count, &start);
}
