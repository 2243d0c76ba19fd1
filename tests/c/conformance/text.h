/* Scenario files as blocks of `key: value` lines, and where in them the driver is. */
#ifndef CONFORMANCE_TEXT_H
#define CONFORMANCE_TEXT_H

#include <stdarg.h>

#include "check.h"

typedef struct {
  const char *key, *value;
  int line;
} entry_t;

typedef struct {
  const entry_t *entries;
  size_t len;
} block_t;

typedef struct {
  char *text;
  entry_t *entries;
  block_t *blocks;
  size_t len;
} file_t;

/* What runs right now, for messages. */
static struct {
  const char *file, *scenario;
  int line;
  bool failed;
} at;

/* Says what does not hold; the scenario goes on, and fails. */
__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "%s:%d: %s: ", at.file, at.line, at.scenario);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
  at.failed = true;
}

/* Ends the program: the scenario file itself is wrong. */
#define MALFORMED(...) (complain(__VA_ARGS__), exit(EXIT_FAILURE))

static void *grab(size_t size) {
  void *memory = calloc(1, size);
  CHECK(memory != NULL);
  return memory;
}

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* The value of the first line with this key, or NULL. */
static const char *block_get(const block_t *block, const char *key) {
  for (size_t i = 0; i < block->len; i++)
    if (same(block->entries[i].key, key)) return block->entries[i].value;
  return NULL;
}

static uint64_t number(const char *text) {
  char *end = NULL;
  uint64_t n = strtoull(text, &end, 10);
  if (end == text || *end != '\0') MALFORMED("`%s` is no number", text);
  return n;
}

static bool yes(const char *text) {
  if (!same(text, "yes") && !same(text, "no")) MALFORMED("`%s` is neither yes nor no", text);
  return same(text, "yes");
}

/* The text with \n, \t and \\ replaced; the caller frees it. */
static char *unescape(const char *text) {
  char *out = grab(strlen(text) + 1);
  char *end = out;
  for (; *text != '\0'; text++) {
    if (*text != '\\') {
      *end++ = *text;
      continue;
    }
    switch (*++text) {
      case 'n': *end++ = '\n'; break;
      case 't': *end++ = '\t'; break;
      case '\\': *end++ = '\\'; break;
      default: MALFORMED("only \\n, \\t and \\\\ are known");
    }
  }
  return out;
}

/* Splits a copy of `text` at single spaces into exactly `count` words, of which the last takes the
 * rest. The caller frees words[0]. */
static void split(const char *text, size_t count, char **words) {
  words[0] = strcpy(grab(strlen(text) + 1), text);
  for (size_t i = 1; i < count; i++) {
    char *space = strchr(words[i - 1], ' ');
    if (space == NULL) MALFORMED("`%s` has fewer than %zu words", text, count);
    *space = '\0';
    words[i] = space + 1;
  }
}

/* The whole file with a NUL after it; the caller frees it. */
static char *file_text(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) CHECK_FAIL("cannot open %s", path);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  long size = ftell(file);
  CHECK(size >= 0);
  rewind(file);
  char *text = grab((size_t)size + 1);
  CHECK(fread(text, 1, (size_t)size, file) == (size_t)size);
  CHECK(fclose(file) == 0);
  return text;
}

/* `line` becomes two texts, of which the second may be empty. */
static entry_t entry_read(char *line, int number_of_line) {
  at.line = number_of_line;
  char *colon = strchr(line, ':');
  if (colon == NULL || (colon[1] != ' ' && colon[1] != '\0'))
    MALFORMED("`%s` is not `key: value`", line);
  *colon = '\0';
  return (entry_t){line, colon + (colon[1] == ' ' ? 2 : 1), number_of_line};
}

static file_t file_read(const char *path) {
  file_t file = {file_text(path), NULL, NULL, 0};
  size_t lines = 2;
  for (const char *c = file.text; *c != '\0'; c++) lines += *c == '\n';
  file.entries = grab(lines * sizeof *file.entries);
  file.blocks = grab(lines * sizeof *file.blocks);
  at.file = path;
  at.scenario = "(file)";
  entry_t *next = file.entries;
  bool open = false;
  int line_number = 0;
  for (char *line = file.text, *end; line != NULL; line = end) {
    end = strchr(line, '\n');
    if (end != NULL) *end++ = '\0';
    line_number++;
    if (*line == '#') continue;
    if (*line == '\0') {
      open = false;
      continue;
    }
    if (!open) file.blocks[file.len++] = (block_t){next, 0};
    open = true;
    *next++ = entry_read(line, line_number);
    file.blocks[file.len - 1].len++;
  }
  return file;
}

static void file_free(file_t *file) {
  free(file->text);
  free(file->entries);
  free(file->blocks);
}

#endif
