/* Notes: reads of one place of a primitive's, which next to nobody ever writes (notes.c). */
#ifndef GW_DETECTOR_NOTES_H
#define GW_DETECTOR_NOTES_H
#include "detector/detector.h"

/* The latest read of one goroutine. */
struct note {
  uint64_t clock;       /* its open clock then */
  uint32_t slot;        /* its slot */
  uint32_t incarnation; /* of the slot, for the report */
  uint32_t context;     /* where */
};

enum { NOTES_FEW = 2, NOTES_MAX = 32 }; /* guess */

/* Guarded by the primitive's lock. All zero: none. */
struct notes {
  struct note *more; /* NULL: they are in `few` */
  uint32_t n;        /* in `few` or `more`, each of another slot */
  uint16_t cap;      /* of `more` */
  bool written;      /* somebody has written: reads are accesses like any other from then on */
  struct note few[NOTES_FEW];
};

struct place {
  uintptr_t addr;
  size_t n; /* bytes; at most a granule */
};

/* False if it is full, or it was written: then the read has to be recorded as an access. */
bool notes_add(struct det_thread *t, struct race_g *g, struct notes *notes, struct race_at at);
/* g is about to write: tells the races with what was noted, and forgets it. */
void notes_judge(struct det_thread *t, struct race_g *g, struct notes *notes, struct place place, struct race_at at);
void notes_free(struct notes *notes);

static inline const struct note *notes_first(const struct notes *notes) {
  return notes->more ? notes->more : notes->few;
}

#endif
