/* race.h: clocks that belong to a primitive, which guards them by its own lock: the slots of a channel's buffer.
 *
 * Beside a sync object that an address names (sync.h), which is found by a hash and locked, an operation on one of them
 * is a look at what the caller has in hand.  It is also the only thing that may refer to them: memory that is reborn
 * forgets them no sooner than race_clocks_free says so, so the owner frees them with itself.
 *
 * The notes of what its users read are there as well (notes.h).
 *
 * A clock that is all zero was never used: a publication has a clock above 0, or no slot, and then there is a tree, or
 * nothing to learn.  `all.lock` guards the list, which is for the collector; that one runs alone.
 */
#include "base/arena.h"
#include "detector/detector.h"
#include "detector/notes.h"
#include "detector/sync.h"

struct race_clocks {
  struct race_clocks *prev, *next; /* all there are */
  struct notes notes;              /* guarded by the owner */
  struct met met;                  /* guarded by the owner */
  uint32_t n;                      /* constant */
  struct clock_ref clock[];        /* guarded by the owner */
};

static struct {
  struct spin_CLOCKS lock;
  struct race_clocks *first;
} all;

static size_t bytes(uint32_t n) { return sizeof(struct race_clocks) + n * sizeof(struct clock_ref); }

static bool is_used(const struct clock_ref *c) { return c->tree || c->clock; }

struct race_clocks *race_clocks_new(uint32_t n) {
  struct det_thread *t = det_enter();
  struct race_clocks *cs = arena_alloc(bytes(n));
  cs->n = n;
  spin_lock(&all.lock);
  cs->next = all.first;
  if (cs->next) cs->next->prev = cs;
  all.first = cs;
  spin_unlock(&all.lock);
  det_exit(t);
  return cs;
}

void race_clocks_free(struct race_clocks *cs) {
  if (!cs) return;
  struct det_thread *t = det_enter();
  for (uint32_t i = 0; i < cs->n; i++) clock_drop(t, cs->clock[i].tree);
  notes_free(&cs->notes);
  clock_drop(t, cs->met.tree);
  spin_lock(&all.lock);
  if (cs->next) cs->next->prev = cs->prev;
  if (cs->prev)
    cs->prev->next = cs->next;
  else
    all.first = cs->next;
  spin_unlock(&all.lock);
  arena_free(cs, bytes(cs->n));
  det_exit(t);
}

void race_exchange(struct race_g *g, struct race_clocks *cs, uint32_t i) {
  if (!cs) return; /* a channel that was freed beside its use */
  struct det_thread *t = det_enter();
  sync_exchange(t, g, &cs->clock[i]);
  det_exit(t);
}

struct met *clocks_met(struct race_clocks *cs) { return cs ? &cs->met : NULL; }

void race_note(struct race_g *g, struct race_clocks *cs, const void *addr, size_t n, struct race_at at) {
  struct det_thread *t = det_enter();
  if (UNLIKELY(!cs || !notes_add(t, g, &cs->notes, at))) det_access(t, g, (uintptr_t)addr, n, RACE_READ, at);
  det_exit(t);
}

void race_write_noted(struct race_g *g, struct race_clocks *cs, const void *addr, size_t n, struct race_at at) {
  struct det_thread *t = det_enter();
  if (cs) notes_judge(t, g, &cs->notes, (struct place){(uintptr_t)addr, n}, at);
  det_access(t, g, (uintptr_t)addr, n, RACE_WRITE, at);
  det_exit(t);
}

void clocks_each_note(void (*f)(const struct note *n, void *arg), void *arg) {
  for (const struct race_clocks *cs = all.first; cs; cs = cs->next)
    for (uint32_t i = 0; i < cs->notes.n; i++) f(&notes_first(&cs->notes)[i], arg);
}

void clocks_each(void (*f)(struct clock_ref *c, void *arg), void *arg) {
  for (struct race_clocks *cs = all.first; cs; cs = cs->next)
    for (uint32_t i = 0; i < cs->n; i++)
      if (is_used(&cs->clock[i])) f(&cs->clock[i], arg);
}
