/* A growing string of bytes; buf.h has the contracts. */
#include "cli/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"

static void make_room(struct buf *b, size_t n) {
  if (b->cap - b->n > n) return;
  b->cap = 2 * b->cap + n + 64;
  b->p = mem_grow(b->p, b->cap);
}

void buf_add(struct buf *b, const char *s, size_t n) {
  make_room(b, n);
  memcpy(b->p + b->n, s, n);
  b->p[b->n += n] = 0;
}

void buf_str(struct buf *b, const char *s) { buf_add(b, s, strlen(s)); }

void buf_format(struct buf *b, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (n > 0) {
    make_room(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void buf_repeat(struct buf *b, char c, size_t count) {
  make_room(b, count);
  memset(b->p + b->n, c, count);
  b->p[b->n += count] = 0;
}

char *buf_take(struct buf *b) {
  char *s = b->p ? b->p : mem_strdup("");
  *b = (struct buf){0};
  return s;
}

void buf_free(struct buf *b) {
  free(b->p);
  *b = (struct buf){0};
}
