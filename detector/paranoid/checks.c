/* What holds of the detector's tables whenever their locks are free: checked at each release in the preset "paranoid"
 * (base/paranoid.h).  Each check finds what the lock guards around it; long lists are looked at near their heads. */
#include <stddef.h>

#include "detector/epoch.h"

enum { LOOKS = 8 };

#define AROUND(type, at) ((const type *)(const void *)((const char *)(at) - offsetof(type, lock)))

/* The list of free ids: each is one that was given out, and belongs to nobody. */
static void epochs_check_free(const struct epochs *e) {
  uint32_t n = 0, id = e->free;
  for (; id && n < LOOKS; id = e->entry[id].slot, n++) {
    GW_CHECK(id < e->fresh);
    GW_CHECK(e->entry[id].incarnation == 0 && e->entry[id].clock == 0);
  }
  GW_CHECK(id ? n < e->free_n : n == e->free_n);
}

static void epochs_check(const void *lock) {
  const struct epochs *e = AROUND(struct epochs, lock);
  GW_CHECK(e->fresh >= 1 && e->free_n < e->fresh);
  epochs_check_free(e);
  GW_CHECK(e->dead_n <= e->dead_cap && e->free_slot_n <= e->free_slot_cap);
  for (uint32_t i = e->dead_n > LOOKS ? e->dead_n - LOOKS : 0; i < e->dead_n; i++) GW_CHECK(e->dead[i].slot < e->slots);
  for (uint32_t i = e->free_slot_n > LOOKS ? e->free_slot_n - LOOKS : 0; i < e->free_slot_n; i++)
    GW_CHECK(e->free_slot[i] < e->slots);
}

static void gs_check(const void *lock) {
  const struct gs *s = AROUND(struct gs, lock);
  uint64_t n = 0;
  const struct race_g *g = s->first, *before = NULL;
  for (; g && n < LOOKS; before = g, g = g->next, n++) GW_CHECK(g->prev == before);
  GW_CHECK(g ? n < s->n : n == s->n);
}

static void threads_check(const void *lock) {
  const struct det_thread *t = AROUND(struct det_threads, lock)->first, *before = NULL;
  for (int n = 0; t && n < LOOKS; before = t, t = t->next, n++) GW_CHECK(t->prev == before);
}

__attribute__((constructor(101))) static void start(void) {
  paranoid_register(RANK_EPOCHS, epochs_check);
  paranoid_register(RANK_DET_GS, gs_check);
  paranoid_register(RANK_DET_THREADS, threads_check);
}
