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
  uint64_t clock : 56; /* a tick each nanosecond would use it up in two years */
  uint64_t on : 8;     /* the thread on which all of it was recorded (epoch_thread); of an id that is open and that no
                          cell holds, where its goroutine ran last; written by that goroutine's thread, or the
                          collector */
  uint32_t slot;       /* next free id while free */
  union {
    uint32_t incarnation;
    uint32_t ctx; /* of a duo (duo.h) */
  };
};
#define EPOCH_CLOCK (((uint64_t)1 << 56) - 1)
_Static_assert(sizeof(struct epoch_entry) == 16, "one load of a cache line per lookup");
/* Where `on` is, for who must not write the clock with it. */
static inline uint8_t *epoch_on(struct epoch_entry *e) { return (uint8_t *)e + sizeof(uint64_t) - 1; }

enum { ON_SEVERAL = 0, ON_HIGH = 255 };
/* A thread's number in a few bits; ON_HIGH: one of those that have higher ones. */
static inline uint32_t epoch_thread(uint32_t number) { return number < ON_HIGH ? number : ON_HIGH; }

/* Ids that follow one another, EPOCH_RUN of them.  Threads take ids by runs, so mostly all of one are of one slot, and
 * the run says enough of them: who knows that slot's clock up to the latest of them knows each.  A run is a thirtieth
 * of its entries, which many of those who ask would not find in their cache.
 *
 * From empty it becomes some slot's, and from that mixed; its clock only grows: but for the collector, which makes all
 * runs anew.  Both are set before a cell holds the id, so whoever finds it in a cell sees them, or a later state, which
 * tells him no more than is true. */
struct epoch_run {
  uint64_t clock; /* atomic: of the ids in use none has a later one; RUN_AHEAD later than needed, so as to be seldom
                     written while others read it */
  uint32_t of;    /* atomic: the slot of all ids in use, plus 1; RUN_EMPTY, RUN_MIXED */
};
enum { EPOCH_RUN_LOG = 5, EPOCH_RUN = 1 << EPOCH_RUN_LOG };
_Static_assert((int)EPOCH_RUN == (int)EPOCH_IDS, "a thread takes the free ones of a run at once");
enum { RUN_AHEAD = 2 * EPOCH_RUN }; /* guess */
#define RUN_EMPTY 0
#define RUN_MIXED UINT32_MAX

/* In `slot`: the id stands for a set of readers (readers.h), whose address is in `clock`; it has an incarnation so that
 * it doesn't look free. No goroutine's slot, nor in any tree. */
#define EPOCH_READERS (CLOCK_NONE - 1)
_Static_assert(EPOCH_READERS + 1 == RUN_MIXED, "who asks for a set looks at its entry");
/* Likewise: the id stands for a write and a read (duo.h). */
#define EPOCH_DUO (CLOCK_NONE - 2)
/* The last ids are for duos; they aren't in what `epochs` says of ids in use and free ones. */
#define DUOS_MAX (1u << 20)
#define DUO_FIRST (CELL_ID_MAX + 1 - DUOS_MAX)
/* Before these, some that no epoch has (retired.h). */
enum { RETIRED_IDS = 64 };
#define RETIRED_FIRST (DUO_FIRST - RETIRED_IDS)
/* Ids in use at which the collector comes at the latest: threads go on while the one that noticed is on its way. */
#define EPOCHS_MOST (RETIRED_FIRST - (1u << 19))

/* A slot whose goroutine is gone. */
struct dead_slot {
  uint32_t slot;
  uint64_t end; /* everything that it did or published is at or before this clock */
};

extern struct epochs {
  struct epoch_entry *entry; /* by id; id 0 is never used */
  struct epoch_run *run;     /* by id / EPOCH_RUN */
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
/* The id, which no cell holds or the collector's argument allows it for (reopen.c), stands for the slot's `clock` from
 * now on. */
void epoch_move(uint32_t id, uint64_t clock);
/* For the collector, alone: runs of all ids below `end` are empty; the id is in use. */
void epoch_runs_clear(uint32_t end);
void epoch_run_add(uint32_t id);
/* The id is open, or open again, for a goroutine that runs on that thread; `fresh`: no cell holds it. */
void epoch_runs_on(uint32_t id, uint32_t thread, bool fresh);
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
/* And for a duo. */
bool duo_before(const struct race_g *g, uint32_t id);

/* Does all that id stands for happen before what g does now? */
static inline bool epoch_before(const struct race_g *g, uint32_t id) {
  const struct epoch_run *run = &epochs.run[id >> EPOCH_RUN_LOG];
  uint32_t of = __atomic_load_n(&run->of, __ATOMIC_RELAXED); /* relaxed: see struct epoch_run */
  if (LIKELY(of != RUN_MIXED)) {
    if (of - 1 == g->clock.slot) return true;
    if (LIKELY(clock_get(g->clock.tree, of - 1) >= __atomic_load_n(&run->clock, __ATOMIC_RELAXED))) return true;
  }
  const struct epoch_entry *e = &epochs.entry[id];
  /* the own slot: an earlier incarnation's end happened before this one began (slot_new) */
  if (e->slot == g->clock.slot) return true;
  if (clock_get(g->clock.tree, e->slot) >= e->clock)
    return true; /* never of a set or duo: the tree has nothing for it */
  if (LIKELY(e->slot < EPOCH_DUO)) return false;
  return e->slot == EPOCH_READERS ? readers_before(g, id) : duo_before(g, id);
}

#endif
