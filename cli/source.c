/* Source files as lines, and as much of C's tokens as an underline needs. */
#include "cli/source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"

struct source_file {
  char *path, *text;        /* text is NULL if it can't be read */
  size_t n;                 /* bytes of text */
  struct source_file *next; /* in the list of all */
};
static struct source_file *files;

static void read_file(struct source_file *f) {
  enum { MAX_BYTES = 64 << 20 }; /* no source file; a guess */
  FILE *in = fopen(f->path, "re");
  if (!in) return;
  size_t cap = 0;
  for (size_t got = 1; got && f->n < MAX_BYTES; f->n += got) {
    if (cap - f->n < 4096) f->text = mem_grow(f->text, cap = 2 * cap + 16384);
    got = fread(f->text + f->n, 1, cap - f->n, in);
  }
  fclose(in);
}

static struct source_file *open_file(const char *path) {
  struct source_file *f;
  for (f = files; f; f = f->next)
    if (strcmp(f->path, path) == 0) return f;
  f = mem_alloc(sizeof *f);
  f->path = mem_strdup(path);
  read_file(f);
  f->next = files;
  return files = f;
}

const char *source_line(const char *file, int line, size_t *length) {
  struct source_file *f = open_file(file);
  if (!f->text || line < 1) return NULL;
  const char *p = f->text, *end = f->text + f->n;
  while (--line > 0) {
    p = memchr(p, '\n', (size_t)(end - p));
    if (!p) return NULL;
    p++;
  }
  if (p == end) return NULL;
  const char *nl = memchr(p, '\n', (size_t)(end - p));
  *length = (size_t)((nl ? nl : end) - p);
  if (*length > 0 && p[*length - 1] == '\r') --*length;
  return p;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80; }

static size_t word_length(const char *p, const char *end) {
  const char *q = p;
  while (q < end && is_word(*q)) q++;
  return (size_t)(q - p);
}

/* From an opening bracket to behind its partner; 0 if that isn't on this line. */
static size_t bracket_length(const char *p, const char *end) {
  int depth = 0;
  for (const char *q = p; q < end; q++) {
    if (strchr("([{", *q)) depth++;
    if (strchr(")]}", *q) && --depth == 0) return (size_t)(q - p) + 1;
  }
  return 0;
}

/* name, and what follows of ->name .name [index] */
static size_t chain_length(const char *p, const char *end) {
  const char *q = p + word_length(p, end);
  for (;;) {
    size_t dots = q + 1 < end && q[0] == '-' && q[1] == '>' ? 2 : q < end && *q == '.' ? 1 : 0;
    size_t word = dots ? word_length(q + dots, end) : 0;
    size_t index = !dots && q < end && *q == '[' ? bracket_length(q, end) : 0;
    if (word == 0 && index == 0) return (size_t)(q - p);
    q += word ? dots + word : index;
  }
}

static size_t operator_length(const char *p, const char *end) {
  static const char *const operators[] = {"<<=", ">>=", "...", "->", "++", "--", "+=", "-=", "*=", "/=", "%=",
                                          "&=",  "|=",  "^=",  "==", "!=", "<=", ">=", "&&", "||", "<<", ">>"};
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    size_t n = strlen(operators[i]);
    if ((size_t)(end - p) >= n && memcmp(p, operators[i], n) == 0) return n;
  }
  /* A dereference is underlined with its operand. */
  return *p == '*' && p + 1 < end && is_word(p[1]) ? 1 + chain_length(p + 1, end) : 1;
}

size_t source_token(const char *line, size_t length, int column) {
  if (column < 1 || (size_t)column > length) return 1;
  const char *p = line + column - 1, *end = line + length;
  return is_word(*p) ? chain_length(p, end) : operator_length(p, end);
}

/* Only functions whose first argument is the lock itself: a wrapper's argument may be anything. */
static bool takes_lock(const char *name, size_t n) {
  static const char *const prefixes[] = {"gw_mutex_",       "gw_rwmutex_",   "pthread_mutex_",
                                         "pthread_rwlock_", "pthread_spin_", "mtx_"};
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
    if (n > strlen(prefixes[i]) && memcmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
  return false;
}

char *source_argument(const char *line, size_t length, int column) {
  if (column < 1 || (size_t)column > length) return NULL;
  const char *p = line + column - 1, *end = line + length;
  size_t n = word_length(p, end);
  if (!takes_lock(p, n)) return NULL;
  p += n;
  while (p < end && *p == ' ') p++;
  if (p == end || *p != '(' || bracket_length(p, end) == 0) return NULL;
  end = p + bracket_length(p, end) - 1;
  const char *stop = ++p;
  for (int depth = 0; stop < end && (depth > 0 || *stop != ','); stop++)
    depth += strchr("([{", *stop) ? 1 : strchr(")]}", *stop) ? -1 : 0;
  while (p < stop && (*p == ' ' || *p == '&')) p++;
  while (stop > p && stop[-1] == ' ') stop--;
  return stop > p ? mem_strndup(p, (size_t)(stop - p)) : NULL;
}
