/* The victim table: recorded accesses for which there is no cell, because another that doesn't cover them took it
 * (other bytes of the granule, concurrent readers of one plane, an atomic over a plain one) and for which spill.h has
 * no place, too.  Nothing is lost to make room.
 *
 * A granule's victims are a set, hashed by line.  The chain of sets changes under the bucket's lock; a set's contents
 * belong to whoever holds the lock of its line.
 *
 * Of those, reads are apart from writes and atomic ones from plain ones, so that an access meets what it may race with
 * and, through an index by slot, what is of its own slot: that is what it replaces, and what may stand for it.  So
 * thousands of goroutines may read a granule, or work on it by atomics, side by side; only what conflicts with them all
 * is judged against each.  What another slot recorded and is ordered by now stays a while longer: until the next access
 * that conflicts, or until the list has grown to twice what it was when all of it was looked at last.
 *
 * Who conflicts with all of a list but takes none of it away (a plain read of what atomics wrote) leaves a note that it
 * is ordered after all of it; whoever knows that goroutine's epoch needs no look.
 */
#ifndef GW_DETECTOR_VICTIM_H
#define GW_DETECTOR_VICTIM_H
#include "detector/detector.h"
#include "detector/shadow.h"

struct victim {
  uint32_t cell; /* 0: nothing, kept for the next of the same slot */
  uint32_t ctx;
};

enum { VICTIMS_LINEAR = 16 }; /* guess: up to here a walk over all beats the index */

struct victim_list {
  uint32_t n, cap;
  struct victim *at;
  struct {                /* open addressing; NULL while there are few */
    uint32_t slot_plus_1; /* 0: free */
    uint32_t place;       /* in `at` */
  } *index;
  uint32_t index_log;
  uint32_t look_at;    /* length at which all of it is looked at next */
  uint32_t known_slot; /* all happens before what whoever has this component does; CLOCK_NONE: nobody knows */
  uint64_t known_clock;
};

/* Lists of a set: the sum of what its entries are. */
enum { VICTIM_WRITES = 1, VICTIM_ATOMICS = 2, VICTIM_LISTS = 4 };

struct victim_set {
  struct victim_set *next;
  uintptr_t granule;
  struct victim_list list[VICTIM_LISTS];
};

void victim_init(void);
/* All of these: the caller holds the line's lock. */
struct victim_set *victim_find(uintptr_t granule);
/* The caller sets SPILL_MORE. */
void victim_add(uintptr_t granule, uint32_t cell, uint32_t ctx, bool write);
/* Calls f(entry, arg) for those of one slot, through the index, until f gives true; true if it did. */
bool victim_each_of(struct victim_list *l, uint32_t slot, bool (*f)(struct victim *v, void *arg), void *arg);
/* Takes the empty ones out, after all were looked at. */
void victim_compact(struct victim_list *l);
/* Frees the set if nothing is left; true if it did. */
bool victim_done(struct victim_set *s);
/* Drops all of the granules [first, last] of one line. */
void victim_forget(uintptr_t first, uintptr_t last);
/* For the collector, alone: every victim's cell. Slots may begin anew after that. */
void victim_each(void (*f)(uint32_t *cell, void *arg), void *arg);

#endif
