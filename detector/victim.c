/* victim.h: the table. Neighbouring lines have neighbouring buckets, so that what is touched together lies together. */
#include "detector/victim.h"

#include "base/prim.h"

enum { BUCKETS_LOG = 18 }; /* guess: 4 MB of address space, touched where there are victims */

static struct victim_bucket *buckets;

void victim_init(void) {
  buckets = prim_map(sizeof *buckets << BUCKETS_LOG);
  if (!buckets) gw__fatal("the system refuses address space for the victim table: check `ulimit -v`");
}

struct victim_bucket *victim_bucket(uintptr_t line) {
  return &buckets[(line ^ line >> BUCKETS_LOG) & ((1u << BUCKETS_LOG) - 1)];
}

void victim_add(struct det_thread *t, uintptr_t granule, uint32_t cell, uint32_t ctx, bool write) {
  t->victims.size = sizeof(struct victim);
  struct victim *v = pool_get(&t->victims);
  *v = (struct victim){.granule = granule, .cell = cell, .ctx = ctx, .write = write};
  struct victim_bucket *b = victim_bucket(granule >> 3);
  spin_lock(&b->lock);
  v->next = b->first;
  b->first = v;
  spin_unlock(&b->lock);
}

void victim_forget(struct det_thread *t, uintptr_t first, uintptr_t last) {
  t->victims.size = sizeof(struct victim);
  struct victim_bucket *b = victim_bucket(first >> 3);
  spin_lock(&b->lock);
  for (struct victim **at = &b->first; *at;) {
    struct victim *v = *at;
    if (v->granule >= first && v->granule <= last) {
      *at = v->next;
      pool_put(&t->victims, v);
    } else {
      at = &v->next;
    }
  }
  spin_unlock(&b->lock);
}

void victim_each(struct det_thread *t, void (*f)(struct victim *v, void *arg), void *arg) {
  t->victims.size = sizeof(struct victim);
  for (uint32_t i = 0; i < 1u << BUCKETS_LOG; i++) {
    for (struct victim **at = &buckets[i].first; *at;) {
      struct victim *v = *at;
      f(v, arg);
      if (v->cell & CELL_BYTES) {
        at = &v->next;
      } else {
        *at = v->next;
        pool_put(&t->victims, v);
      }
    }
  }
}
