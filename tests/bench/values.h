// The arguments of the benchmarks as wasmcell takes them. They live as long as the program.

#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include "serve.h"
#include "wasmcell.h"

static runtime_value_t u32(uint32_t it) {
  return (runtime_value_t){.kind = RUNTIME_KIND_U32, .of = {.u32 = it}};
}

static runtime_value_t f64(double it) {
  return (runtime_value_t){.kind = RUNTIME_KIND_F64, .of = {.f64 = it}};
}

static runtime_value_t list(runtime_kind_t element, const void *ptr, size_t len) {
  return (runtime_value_t){
      .kind = RUNTIME_KIND_LIST, .element = (uint8_t)element, .of = {.list = {ptr, len}}};
}

static runtime_value_t text(const char *ptr, size_t len) {
  return (runtime_value_t){.kind = RUNTIME_KIND_STRING, .of = {.string = {ptr, len}}};
}

static runtime_value_t aggregate(runtime_kind_t kind, const runtime_value_t *values, size_t len) {
  return (runtime_value_t){.kind = (uint8_t)kind, .of = {.values = {values, len}}};
}

static runtime_value_t in_case(runtime_kind_t kind, uint32_t index,
                               const runtime_value_t *payload) {
  return (runtime_value_t){.kind = (uint8_t)kind, .index = index, .of = {.payload = payload}};
}

static runtime_value_t *boxed(runtime_value_t value) {
  runtime_value_t *it = allocate(1, sizeof *it);
  *it = value;
  return it;
}

// A list of `count` records, each { id, x, y, on }.
static runtime_value_t rows(size_t count) {
  runtime_value_t *all = allocate(count, sizeof *all), *fields = allocate(4 * count, sizeof *all);
  for (size_t i = 0; i < count; i++) {
    runtime_value_t *row = fields + 4 * i;
    row[0] = u32((uint32_t)i);
    row[1] = f64((double)i);
    row[2] = f64(-(double)i);
    row[3] = (runtime_value_t){.kind = RUNTIME_KIND_BOOL, .of = {.boolean = i & 1}};
    all[i] = aggregate(RUNTIME_KIND_RECORD, row, 4);
  }
  return list(0, all, count);
}

// A list of `count` variants, each case in turn.
static runtime_value_t shapes(size_t count) {
  runtime_value_t *all = allocate(count, sizeof *all);
  for (size_t i = 0; i < count; i++) {
    runtime_value_t *payload = NULL;
    switch (i % 5) {
      case 1:
        payload = boxed((runtime_value_t){.kind = RUNTIME_KIND_U64, .of = {.u64 = i}});
        break;
      case 2:
        payload = boxed(text("some text", 9));
        break;
      case 3: {
        runtime_value_t *pair = allocate(2, sizeof *pair);
        pair[0] = u32((uint32_t)i);
        pair[1] = in_case(RUNTIME_KIND_OPTION, i & 1, i & 1 ? boxed(u32(7)) : NULL);
        payload = boxed(aggregate(RUNTIME_KIND_TUPLE, pair, 2));
        break;
      }
      case 4:
        payload = boxed(in_case(RUNTIME_KIND_RESULT, 0, boxed(text("fine", 4))));
        break;
      default:
        break;
    }
    all[i] = in_case(RUNTIME_KIND_VARIANT, (uint32_t)(i % 5), payload);
  }
  return list(0, all, count);
}

// The argument of a work whose size stands behind its name; false if there is no such work. `kind`
// receives the name of the function.
static bool argument(const char *name, const char **kind, runtime_value_t *value) {
  size_t size;
  if (sized(name, *kind = "text", &size)) {
    char *bytes = allocate(size, 1);
    memset(bytes, 'x', size);
    *value = text(bytes, size);
  } else if (sized(name, *kind = "bytes", &size)) {
    *value = list(RUNTIME_KIND_U8, allocate(size, 1), size);
  } else if (sized(name, *kind = "doubles", &size)) {
    *value = list(RUNTIME_KIND_F64, allocate(size, 8), size);
  } else if (sized(name, *kind = "rows", &size)) {
    *value = rows(size);
  } else if (sized(name, *kind = "shapes", &size)) {
    *value = shapes(size);
  } else {
    return false;
  }
  return true;
}

#endif
