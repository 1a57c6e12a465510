/* Allocation that ends the process with 125 when memory runs out: a command line tool has nothing better to do. */
#include "cli/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static void *sure(void *p) {
  if (!p) gw__fatal("out of memory");
  return p;
}

void *mem_alloc(size_t n) { return sure(calloc(1, n ? n : 1)); }
void *mem_grow(void *p, size_t n) { return sure(realloc(p, n ? n : 1)); }
char *mem_strdup(const char *s) { return s ? sure(strdup(s)) : NULL; }
char *mem_strndup(const char *s, size_t n) { return sure(strndup(s, n)); }

static char *vformat(const char *fmt, va_list ap) {
  char *s = NULL;
  if (vasprintf(&s, fmt, ap) < 0) s = NULL;
  return sure(s);
}

char *mem_format(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *s = vformat(fmt, ap);
  va_end(ap);
  return s;
}

static void strings_take(struct strings *l, char *s) {
  if (l->n + 2 > l->cap) {
    l->cap = l->cap ? 2 * l->cap : 16;
    l->v = mem_grow(l->v, l->cap * sizeof *l->v);
  }
  l->v[l->n++] = s;
  l->v[l->n] = NULL;
}

void strings_add(struct strings *l, const char *s) { strings_take(l, mem_strdup(s)); }

void strings_addf(struct strings *l, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  strings_take(l, vformat(fmt, ap));
  va_end(ap);
}

void strings_free(struct strings *l) {
  for (size_t i = 0; i < l->n; i++) free(l->v[i]);
  free(l->v);
  *l = (struct strings){0};
}

bool has_prefix(const char *s, const char *prefix) { return strncmp(s, prefix, strlen(prefix)) == 0; }

bool has_suffix(const char *s, const char *suffix) {
  size_t n = strlen(s), m = strlen(suffix);
  return n >= m && strcmp(s + n - m, suffix) == 0;
}
