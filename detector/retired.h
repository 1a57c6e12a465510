/* Lines whose epochs have no ids.
 *
 * A cell has room for 23 bits of id.  Ten million mutexes that were each given back once are as many clocks, and tell
 * as many epochs apart, so if each guards something no collection helps.  Then lines are *retired*: what the ids in
 * their cells stand for is written down here, and the ids may go.  The collector leaves such a line locked.  So whoever
 * comes for it finds it as he finds one that somebody holds, and looks here before he waits: the line is his then, and
 * its epochs have got new ids.  Nothing is forgotten, no verdict changes, and nobody else pays for it.
 *
 * Why that is right: a line's entries are looked at and changed under its lock only, but for looks without it that
 * compare cells with an open epoch's id, or with ids of sets and duos.  Lines that have such aren't retired, and what
 * stands in a retired line's cells is the id of nothing: so such a look finds what it would find if the cell were
 * empty, and whoever then takes the lock finds what was there.  A new id stands for the same segment as the old one
 * did, and segments are all that is judged by.  Others' cells may have the segment by another id, as after any release.
 */
#ifndef GW_DETECTOR_RETIRED_H
#define GW_DETECTOR_RETIRED_H
#include "detector/detector.h"
#include "detector/epoch.h"

struct retired_line {
  struct retired_line *next; /* in its bucket */
  uintptr_t line;
  uint8_t meta; /* its byte */
  uint8_t n;
  struct epoch_entry epoch[]; /* n of them: what RETIRED_FIRST + i in a cell stands for */
};
_Static_assert(RETIRED_IDS <= UINT8_MAX, "n");

extern struct retired {
  struct spin lock;             /* guards what follows, but for the collector */
  struct retired_line **bucket; /* by hash */
  uint32_t log;
  uint64_t n; /* atomic: lines; grows in the collector only */
} retired;

/* Ids in use after a collection beyond which lines are retired; tests make it small. */
extern uint32_t det_retire_above;

/* Are there any?  Whoever is inside the detector and finds none needs to look for none. */
static inline bool retired_any(void) { return __atomic_load_n(&retired.n, __ATOMIC_RELAXED) != 0; }
/* As line_lock, for one who clears all of the line, and looks at no id. */
uint8_t line_lock_to_clear(uint8_t *meta);
/* Between two parts of a long range, of at most so many lines, no lock being held: each line that comes back takes ids,
 * which may run short.  True if others had their turn: who gives up that anybody is alone (alone.c) ends epochs, the
 * caller's too. */
enum { RETIRED_LINES = 1 << 9 };
static inline bool retired_pause(struct det_thread *t) {
  if (LIKELY(!t->collect_wanted) || t->inside != 1 || !retired_any()) return false;
  det_collect(t);
  return true;
}

/* For the collector, alone. */
void retired_each(void (*f)(const struct retired_line *r, void *arg), void *arg);
/* If too many ids are in use: retires lines, so that the next collection frees the ids that only they have; true if it
 * did. */
bool retire_lines(void);

#endif
