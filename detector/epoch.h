/* Epoch ids, slots and incarnations: what the 23 bits in a cell stand for.
 *
 * An id names a segment (slot, clock) of one incarnation of the slot.  While it is a goroutine's *open* id and no cell
 * holds it, its clock may be changed by that goroutine; after that its meaning is fixed, but for the collector
 * (collect.c).
 */
#ifndef GW_DETECTOR_EPOCH_H
#define GW_DETECTOR_EPOCH_H
#include "detector/detector.h"
#include "detector/shadow.h"

struct epoch_entry {
  uint64_t clock;
  uint32_t slot; /* next free id while free */
  uint32_t incarnation;
};
_Static_assert(sizeof(struct epoch_entry) == 16, "one load of a cache line per lookup");

/* In `slot`: the id stands for a set of readers (readers.h), whose address is in `clock`; it has an incarnation so that
 * it doesn't look free. No goroutine's slot, nor in any tree. */
#define EPOCH_READERS (CLOCK_NONE - 1)

/* A slot whose goroutine is gone. */
struct dead_slot {
  uint32_t slot;
  uint64_t end; /* everything that it did or published is at or before this clock */
};

extern struct epochs {
  struct epoch_entry *entry; /* by id; id 0 is never used */
  struct incarnation *incarnation;
  struct spin_EPOCHS lock; /* guards what follows */
  uint32_t fresh;          /* ids from here on were never used */
  uint32_t free;           /* list of free ids, through `slot` */
  uint32_t free_n;
  uint32_t collect_at; /* ids in use at which the collector starts */
  uint32_t slots;      /* slots from here on were never used */
  uint32_t free_slot_n, free_slot_cap;
  uint32_t *free_slot; /* slots that no id and no clock names */
  uint32_t dead_n, dead_cap;
  struct dead_slot *dead;    /* the newest last */
  uint32_t incarnations;     /* from here on never used */
  uint32_t free_incarnation; /* list of free ones, through creation_stack */
} epochs;

void epoch_init(void);
/* A new id for the segment. Has t collect when ids run short. */
uint32_t epoch_new(struct det_thread *t, uint32_t slot, uint64_t clock, uint32_t incarnation);
/* An id that no cell holds. */
void epoch_free(uint32_t id);
/* The thread ends: the ids that it took ahead are free for others. */
void epoch_give_back(struct det_thread *t);
/* A slot for a newborn that knows `tree`, and the clock from which it goes on. */
uint32_t slot_new(const struct node *tree, uint64_t *first_clock);
void slot_dead(uint32_t slot, uint64_t end);
uint32_t incarnation_new(void);
void incarnation_free(uint32_t index);

/* epoch_before for a set. */
bool readers_before(const struct race_g *g, uint32_t id);

/* Does all that id stands for happen before what g does now? */
static inline bool epoch_before(const struct race_g *g, uint32_t id) {
  const struct epoch_entry *e = &epochs.entry[id];
  /* the own slot: an earlier incarnation's end happened before this one began (slot_new) */
  if (e->slot == g->clock.slot) return true;
  if (clock_get(g->clock.tree, e->slot) >= e->clock) return true; /* never of a set: the tree has nothing for it */
  return UNLIKELY(e->slot == EPOCH_READERS) && readers_before(g, id);
}

#endif
