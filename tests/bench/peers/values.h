// The arguments of the benchmarks as wasmtime's C API takes them. They live as long as the program.

#ifndef BENCH_PEERS_VALUES_H
#define BENCH_PEERS_VALUES_H

#include <wasmtime.h>

#include "serve.h"

typedef wasmtime_component_val_t val_t;

static val_t u32(uint32_t it) {
  return (val_t){.kind = WASMTIME_COMPONENT_U32, .of.u32 = it};
}

static val_t f64(double it) {
  return (val_t){.kind = WASMTIME_COMPONENT_F64, .of.f64 = it};
}

static val_t text(const char *ptr, size_t len) {
  return (val_t){.kind = WASMTIME_COMPONENT_STRING, .of.string = {len, (char *)ptr}};
}

static wasm_name_t name(const char *it) {
  return (wasm_name_t){strlen(it), (char *)it};
}

static val_t *boxed(val_t value) {
  val_t *it = allocate(1, sizeof *it);
  *it = value;
  return it;
}

// A list of `count` values that are all `value`.
static val_t list(val_t value, size_t count) {
  val_t *all = allocate(count, sizeof *all);
  for (size_t i = 0; i < count; i++) all[i] = value;
  return (val_t){.kind = WASMTIME_COMPONENT_LIST, .of.list = {count, all}};
}

// A list of `count` records, each { id, x, y, on }.
static val_t rows(size_t count) {
  val_t it = list(u32(0), count);
  for (size_t i = 0; i < count; i++) {
    wasmtime_component_valrecord_entry_t *row = allocate(4, sizeof *row);
    row[0] = (wasmtime_component_valrecord_entry_t){name("id"), u32((uint32_t)i)};
    row[1] = (wasmtime_component_valrecord_entry_t){name("x"), f64((double)i)};
    row[2] = (wasmtime_component_valrecord_entry_t){name("y"), f64(-(double)i)};
    val_t on = {.kind = WASMTIME_COMPONENT_BOOL, .of.boolean = i & 1};
    row[3] = (wasmtime_component_valrecord_entry_t){name("on"), on};
    it.of.list.data[i] = (val_t){.kind = WASMTIME_COMPONENT_RECORD, .of.record = {4, row}};
  }
  return it;
}

static val_t in_case(const char *which, val_t *payload) {
  return (val_t){.kind = WASMTIME_COMPONENT_VARIANT, .of.variant = {name(which), payload}};
}

static val_t shape(size_t i) {
  switch (i % 5) {
    case 1:
      return in_case("number", boxed((val_t){.kind = WASMTIME_COMPONENT_U64, .of.u64 = i}));
    case 2:
      return in_case("text", boxed(text("some text", 9)));
    case 3: {
      val_t *pair = allocate(2, sizeof *pair);
      pair[0] = u32((uint32_t)i);
      pair[1] =
          (val_t){.kind = WASMTIME_COMPONENT_OPTION, .of.option = i & 1 ? boxed(u32(7)) : NULL};
      return in_case("pair",
                     boxed((val_t){.kind = WASMTIME_COMPONENT_TUPLE, .of.tuple = {2, pair}}));
    }
    case 4: {
      val_t fine = {.kind = WASMTIME_COMPONENT_RESULT, .of.result = {true, boxed(text("fine", 4))}};
      return in_case("outcome", boxed(fine));
    }
    default:
      return in_case("none", NULL);
  }
}

// A list of `count` variants, each case in turn.
static val_t shapes(size_t count) {
  val_t it = list(u32(0), count);
  for (size_t i = 0; i < count; i++) it.of.list.data[i] = shape(i);
  return it;
}

// The argument of a work whose size stands behind its name; false if there is no such work. `kind`
// receives the name of the function.
static bool argument(const char *work, const char **kind, val_t *value) {
  size_t size;
  if (sized(work, *kind = "text", &size)) {
    char *bytes = allocate(size, 1);
    memset(bytes, 'x', size);
    *value = text(bytes, size);
  } else if (sized(work, *kind = "bytes", &size)) {
    *value = list((val_t){.kind = WASMTIME_COMPONENT_U8}, size);
  } else if (sized(work, *kind = "doubles", &size)) {
    *value = list(f64(0), size);
  } else if (sized(work, *kind = "rows", &size)) {
    *value = rows(size);
  } else if (sized(work, *kind = "shapes", &size)) {
    *value = shapes(size);
  } else {
    return false;
  }
  return true;
}

#endif
