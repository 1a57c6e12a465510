/* bytes.h */
#include "pprof/bytes.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/prim.h"

enum { FIRST = 16 * PRIM_PAGE };

char *bytes_room(struct bytes *b, size_t more) {
  if (b->n + more > b->cap) {
    size_t cap = b->cap ? b->cap : FIRST;
    while (cap < b->n + more) cap *= 2;
    char *grown = prim_map(cap);
    if (!grown) gw__fatal("no memory for a profile of %zu bytes", cap);
    if (b->at) {
      memcpy(grown, b->at, b->n);
      prim_unmap(b->at, b->cap);
    }
    b->at = grown;
    b->cap = cap;
  }
  return b->at + b->n;
}

void bytes_add(struct bytes *b, const void *p, size_t n) {
  if (n == 0) return;
  memcpy(bytes_room(b, n), p, n);
  b->n += n;
}

void bytes_str(struct bytes *b, const char *s) { bytes_add(b, s, strlen(s)); }

void bytes_format(struct bytes *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t room = 512;
  bytes_room(b, room);
  int n = vsnprintf(b->at + b->n, room, fmt, ap);
  va_end(ap);
  if (n < 0) return;
  if ((size_t)n >= room) {
    bytes_room(b, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(b->at + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
  }
  b->n += (size_t)n;
}

void bytes_free(struct bytes *b) {
  if (b->at) prim_unmap(b->at, b->cap);
  *b = (struct bytes){0};
}

static uint64_t *slots_of(const struct index *x) { return (uint64_t *)(void *)x->slots.at; }

int64_t index_next(const struct index *x, uint32_t hash, uint32_t *at) {
  if (x->mask == 0) return -1;
  for (uint32_t i = (hash + *at) & x->mask;; i = (i + 1) & x->mask) {
    uint64_t slot = slots_of(x)[i];
    ++*at;
    if (slot == 0) return -1;
    if (slot >> 32 == hash) return (int64_t)(uint32_t)slot - 1;
  }
}

static void put(struct index *x, uint64_t slot) {
  uint32_t i = (uint32_t)(slot >> 32) & x->mask;
  while (slots_of(x)[i]) i = (i + 1) & x->mask;
  slots_of(x)[i] = slot;
}

void index_add(struct index *x, uint32_t hash, uint32_t entry) {
  if (2 * (uint64_t)x->n >= x->mask) {
    struct index old = *x;
    x->mask = old.mask ? 2 * old.mask + 1 : 1023;
    x->slots = (struct bytes){0};
    x->slots.n = ((size_t)x->mask + 1) * sizeof(uint64_t);
    x->slots.at = prim_map(x->slots.n);
    x->slots.cap = x->slots.n;
    if (!x->slots.at) gw__fatal("no memory for a profile of %u entries", x->n);
    for (uint32_t i = 0; old.mask && i <= old.mask; i++)
      if (slots_of(&old)[i]) put(x, slots_of(&old)[i]);
    bytes_free(&old.slots);
  }
  put(x, (uint64_t)hash << 32 | (entry + 1u));
  x->n++;
}

void index_free(struct index *x) {
  bytes_free(&x->slots);
  *x = (struct index){0};
}
