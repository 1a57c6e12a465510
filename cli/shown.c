/* shown.h
 *
 * A race is two lines of source, and a program that has one reaches them by many ways: inlined into many functions,
 * called from many.  Each way is a finding of its own, since any of them may lack its own lock, and none is left out.
 * But what the lines say, why it's a race and what would help, has been said with the first ones.
 */
#include "cli/shown.h"

#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"

/* A guess: a program with few races has all of them in full. */
enum { IN_FULL = 3 };

struct shown_race {
  char *key;
  struct finding *first; /* owned */
  unsigned n;            /* told in full */
};

char *shown_side(const struct access *a) {
  const struct frame *f = a->stack.n ? &a->stack.v[0] : NULL;
  if (!f || !f->file || !f->line) return NULL;
  return mem_format("%s %s:%d:%d", a->op, f->file, f->line, f->column);
}

/* The same whichever access came first. */
static char *key_of(const struct finding *f) {
  if (!finding_is_race(f)) return NULL;
  char *one = shown_side(&f->accesses[0]), *other = shown_side(&f->accesses[1]), *key = NULL;
  bool swap = one && other && strcmp(one, other) > 0;
  if (one && other) key = mem_format("%s %s and %s", f->kind, swap ? other : one, swap ? one : other);
  free(one);
  free(other);
  return key;
}

static const struct finding *again(struct shown_race *r) {
  if (r->n == IN_FULL) return r->first;
  r->n++;
  return NULL;
}

const struct finding *shown_before(struct shown *s, const struct finding *f) {
  const char *why;
  char *key = key_of(f);
  if (!key) return NULL;
  for (size_t i = 0; i < s->n; i++)
    if (strcmp(s->v[i].key, key) == 0) return free(key), again(&s->v[i]);
  s->v = mem_grow(s->v, (s->n + 1) * sizeof *s->v);
  s->v[s->n++] = (struct shown_race){key, finding_decode(json_object_get(f->json), &why), 1};
  return NULL;
}

void shown_free(struct shown *s) {
  for (size_t i = 0; i < s->n; i++) {
    free(s->v[i].key);
    finding_free(s->v[i].first);
  }
  free(s->v);
}
