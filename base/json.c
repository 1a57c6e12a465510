/* json.h */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

static void room(struct text *t, size_t more) {
  if (t->n + more + 1 <= t->cap) return;
  size_t cap = t->cap ? t->cap : 4096;
  while (cap < t->n + more + 1) cap *= 2;
  char *grown = arena_alloc(cap);
  if (t->at) {
    memcpy(grown, t->at, t->n);
    arena_free(t->at, t->cap);
  }
  t->at = grown;
  t->cap = cap;
}

void text_add(struct text *t, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (n <= 0) return;
  room(t, (size_t)n);
  va_start(ap, fmt);
  vsnprintf(t->at + t->n, (size_t)n + 1, fmt, ap);
  va_end(ap);
  t->n += (size_t)n;
}

void text_json(struct text *t, const char *s) {
  if (!s) return text_add(t, "null");
  text_add(t, "\"");
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      text_add(t, "\\%c", c);
    else if (c < 0x20)
      text_add(t, "\\u%04x", c);
    else
      text_add(t, "%c", c);
  }
  text_add(t, "\"");
}

void text_free(struct text *t) {
  if (t->at) arena_free(t->at, t->cap);
  *t = (struct text){0};
}
