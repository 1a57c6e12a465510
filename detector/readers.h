/* Sets of readers: one id for the reads of several epochs.
 *
 * Reads that happen side by side all have to be kept, for a write that comes later may race with any of them.  A cell
 * names one id; threads have read planes of their own as far as those last, and beyond that a cell of a read plane may
 * name a *set*: for each member its id, the bytes that it read and its context.  The members' slots and clocks are
 * looked up by their ids.  What a member read is what its bytes and the cell's have in common: so a write of some bytes
 * takes them away from all members by changing the cell.
 *
 * Sets never change.  Whoever reads beside those that a cell names puts the set with it in their place: the members
 * that happen before the read lose the bytes that it covers (access.c says why they may), and the reader's own entry
 * gets them.  The same members are the same set, so that an array that many read has few sets, and each thread
 * remembers what it lately made of which: of a line in which all cells name one set, it costs a look at that memory.
 * It also remembers the cells, set and bytes, that have its open epoch's read of all those bytes: what it reads again
 * there is known before any lock is taken (readers_hold).
 *
 * Sets stand in cells of read planes only.  What has to leave such a cell for the victims goes there member by member
 * (access.c, displace).  The collector renames members, makes those sets one that have become alike, and frees what no
 * cell names.
 *
 * A set costs as much as it has members, each time that one is made, and an id; so they are made by threads only that
 * find what they look for in their memory often enough, as whoever goes through an array does.  What many threads read
 * once in each short epoch would make a set for each of them: there others are displaced, as if there were no sets.
 *
 * Rejected: the contexts of members in the depot, whose records mostly stay: readers by contexts are too many.  One
 * mask of bytes for all members: whoever reads an array of ints beside others would have to displace them.
 */
#ifndef GW_DETECTOR_READERS_H
#define GW_DETECTOR_READERS_H
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

struct reader {
  uint32_t slot;  /* of its id: readers are sorted by it, and then by the id */
  uint32_t id;    /* of the epoch that read */
  uint32_t ctx;   /* as in a cell of its own, perhaps a composite */
  uint32_t bytes; /* that it read, as far as the cell still has them */
};

struct reader_set {
  struct reader_set *next; /* in its bucket; guarded by the table's lock */
  uint64_t hash;           /* of the members: the sum of theirs */
  uint32_t id;             /* that cells name it by */
  uint32_t n, room;        /* readers; and those that there was memory for */
  struct reader at[];
};

/* The set that the id stands for; NULL if it is one epoch. */
static inline const struct reader_set *readers_of(uint32_t id) {
  const struct epoch_entry *e = &epochs.entry[id];
  return e->slot == EPOCH_READERS ? (const struct reader_set *)(uintptr_t)e->clock : NULL;
}

/* Was there ever a set?  Where there was none nobody needs to look at a cell's id: whoever finds a set in a cell knows
 * that there was one. */
extern bool
    readers_made; /* atomic; partner: the line's lock, which who makes a set holds when he puts it into a cell */
static inline bool readers_any(void) { return __atomic_load_n(&readers_made, __ATOMIC_RELAXED); }

/* What a thread lately made of a cell. */
struct readers_answer {
  uint32_t cell, ctx;       /* that it found; ctx 0 if a set */
  uint32_t own, mask, mine; /* its open id, the bytes and the context of its read */
  uint32_t joined;          /* the cell then; 0: this is free */
  bool held;                /* all bytes of `joined` are read by `own` */
};

enum {
  READERS_ANSWERS = 256, /* guess: answers that a thread remembers */
  READERS_HELD = 64      /* guess: likewise cells */
};

struct readers_memory {
  struct readers_answer answer[READERS_ANSWERS];
  uint64_t held[READERS_HELD]; /* by id: an epoch (id << 9) in the upper half, and a cell whose bytes it all read */
  uint32_t held_by;            /* the last epoch in `held` */
  uint32_t credit;             /* granules for which an answer was found here, less what sets have cost */
  uint32_t held_reads;         /* single ones, of what it had read already as one of a set */
  uint32_t refused;            /* sets that it couldn't afford, in a row of REFUSED_MANY (readers.c) */
};

static inline uint64_t *readers_held_place(struct readers_memory *m, uint32_t cell) {
  return &m->held[cell_id(cell) % READERS_HELD];
}

/* May readers_hold be true of some cell?  Where each access is the first of its epoch a look at the cell is a cache
 * miss before the one that the lock is. */
static inline bool readers_hold_any(const struct det_thread *t, uint32_t own) {
  return t->readers && t->readers->held_by == own;
}

/* Does the cell of a read plane name a set in which the open epoch `own` has read all bytes of the cell?  True only if
 * the thread remembers that; `cell` has bytes.  The caller is inside the detector and needs no lock: it loaded the cell
 * once, as a whole, and no set's id gets another meaning meanwhile.  A write that comes later finds the own read in
 * that set, or in what has become of it, as it would find it in an own cell. */
static inline bool readers_hold(const struct det_thread *t, uint32_t own, uint32_t cell) {
  return t->readers && *readers_held_place(t->readers, cell) == ((uint64_t)own << 32 | cell);
}

/* A read that finds others' in its cell. */
struct readers_new {
  uint32_t own;      /* g's open id, as a cell without its bytes */
  uint32_t mask;     /* bytes that it reads */
  uint32_t ctx;      /* of the read */
  uint32_t granules; /* for which this is asked: how much it is worth to remember the answer */
};

/* The cell for what the plain read entry or set `cell` (its context: ctx, if it is none) and the new read are together:
 * `cell` itself if it has the read already.  0: not to be had.  The caller, who holds the line's lock, puts it into the
 * cell at once, and `g->recorded` is set then.  Blocks only for internal locks. */
uint32_t readers_join(struct det_thread *t, const struct race_g *g, uint32_t cell, uint32_t ctx,
                      const struct readers_new *read);
/* Granules that a thread is thought to have found in its memory when it begins; tests make it small. */
extern uint32_t readers_credit_first;
/* Do sets pay to the thread, as far as it knows?  Where they don't, even the question to the memory is too much. */
bool readers_pay(struct det_thread *t);
/* Has the set in `cell` the read of `mask` by the open epoch `own`?  False if it is no set. */
bool readers_have(const struct race_g *g, uint32_t cell, uint32_t own, uint32_t mask);
/* The cell without the bytes in mask of those that don't happen before what g does now; *ctx is its context if it is
 * no set any more. */
uint32_t readers_without_racers(struct det_thread *t, const struct race_g *g, uint32_t cell, uint32_t mask,
                                uint32_t *ctx);
/* The thread ends. */
void readers_memory_free(struct det_thread *t);

/* For the collector, alone. */

/* Gives members the ids new_id[id], and sets that are alike now one id: new_id is changed for the others. */
void readers_rename(uint32_t *new_id);
/* Sets whose id isn't live are freed, of others the members' ids are live. */
void readers_sweep(uint8_t *live);
/* The thread's memory means nothing any more. */
void readers_forget(struct det_thread *t);
/* The next collection is due when sets have taken `bytes` more than they have now. */
void readers_set_room(size_t bytes);
bool readers_are_many(void);

#endif
