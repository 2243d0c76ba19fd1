/* The values that calls on the runtime's workers take and give: booleans, integers, strings, and
 * resources, which a scenario gives names. */
#ifndef CONFORMANCE_VALUES_H
#define CONFORMANCE_VALUES_H

#include <inttypes.h>

#include "text.h"

enum { MAX_ARGS = 8, MAX_HANDLES = 8 };

/* Resources of guests that the host holds, or held. */
typedef struct {
  const char *names[MAX_HANDLES];
  uint64_t numbers[MAX_HANDLES];
  size_t len;
} handles_t;

static void handle_keep(handles_t *handles, const char *name, uint64_t handle) {
  if (handles->len == MAX_HANDLES) MALFORMED("more than %d resources", MAX_HANDLES);
  handles->names[handles->len] = name;
  handles->numbers[handles->len++] = handle;
}

/* What goes by the name that the first `len` bytes of `text` are. */
static uint64_t handle_find(const handles_t *handles, const char *text, size_t len) {
  for (size_t i = 0; i < handles->len; i++)
    if (strlen(handles->names[i]) == len && memcmp(handles->names[i], text, len) == 0)
      return handles->numbers[i];
  MALFORMED("no resource `%s`", text);
  return 0;
}

/* Arguments read from text; strings are in `text`. */
typedef struct {
  runtime_value_t values[MAX_ARGS];
  size_t len;
  char *text;
} args_t;

static void args_free(args_t *args) { free(args->text); }

/* Reads one string literal, whose escapes are replaced in place; returns what follows it. */
static char *string_read(char *from, runtime_value_t *value) {
  char *to = ++from;
  value->of.string.ptr = to;
  for (; *from != '"'; from++) {
    if (*from == '\0') MALFORMED("a string without end");
    if (*from == '\\') from++;
    *to++ = *from;
  }
  value->of.string.len = (size_t)(to - value->of.string.ptr);
  return from + 1;
}

/* Reads one argument; returns what follows it. */
static char *value_read(char *from, runtime_kind_t kind, const handles_t *handles,
                        runtime_value_t *value) {
  char *end = from;
  memset(value, 0, sizeof *value);
  value->kind = (uint8_t)kind;
  switch (kind) {
    case RUNTIME_KIND_BOOL:
      value->of.boolean = strncmp(from, "true", 4) == 0;
      return from + (value->of.boolean ? 4 : 5);
    case RUNTIME_KIND_U32: value->of.u32 = (uint32_t)strtoul(from, &end, 10); break;
    case RUNTIME_KIND_S32: value->of.s32 = (int32_t)strtol(from, &end, 10); break;
    case RUNTIME_KIND_U64: value->of.u64 = strtoull(from, &end, 10); break;
    case RUNTIME_KIND_S64: value->of.s64 = strtoll(from, &end, 10); break;
    case RUNTIME_KIND_STRING:
      if (*from == '"') return string_read(from, value);
      break;
    case RUNTIME_KIND_OWN:
    case RUNTIME_KIND_BORROW:
      if (*from != '$') break;
      end = from + strcspn(from, ",)");
      value->of.resource = handle_find(handles, from + 1, (size_t)(end - from - 1));
      break;
    default: break;
  }
  if (end == from) MALFORMED("no argument of kind %d at `%s`", kind, from);
  return end;
}

/* Reads the arguments in `call`, which is `name(arguments)`, for `function`. */
static args_t args_read(const char *call, const runtime_function_t *function,
                        const handles_t *handles) {
  const runtime_type_t *type = runtime_function_type(function);
  args_t args;
  memset(&args, 0, sizeof args);
  args.text = strcpy(grab(strlen(call) + 1), call);
  char *next = strchr(args.text, '(');
  if (next == NULL) MALFORMED("`%s` is no call", call);
  for (next++; *next != ')'; args.len++) {
    next += strspn(next, ", ");
    if (args.len == MAX_ARGS || args.len == runtime_type_len(type))
      MALFORMED("too many arguments: %s", call);
    runtime_kind_t kind = runtime_type_kind(runtime_type_child(type, args.len));
    next = value_read(next, kind, handles, &args.values[args.len]);
  }
  return args;
}

/* What a call gave, as WAVE text that the caller frees. */
static char *results_text(const runtime_values_t *results) {
  const runtime_value_t *value = runtime_values_data(results);
  size_t len = runtime_values_len(results);
  size_t size = 64 + (len > 0 && value->kind == RUNTIME_KIND_STRING ? value->of.string.len : 0);
  char *text = grab(size);
  if (len == 0) return strcpy(text, "()");
  switch (value->kind) {
    case RUNTIME_KIND_BOOL: strcpy(text, value->of.boolean ? "true" : "false"); break;
    case RUNTIME_KIND_U32: snprintf(text, size, "%" PRIu32, value->of.u32); break;
    case RUNTIME_KIND_S32: snprintf(text, size, "%" PRId32, value->of.s32); break;
    case RUNTIME_KIND_U64: snprintf(text, size, "%" PRIu64, value->of.u64); break;
    case RUNTIME_KIND_S64: snprintf(text, size, "%" PRId64, value->of.s64); break;
    case RUNTIME_KIND_STRING: snprintf(text, size, "\"%s\"", value->of.string.ptr); break;
    case RUNTIME_KIND_OWN: strcpy(text, "resource"); break;
    default: snprintf(text, size, "(kind %d)", value->kind);
  }
  return text;
}

#endif
