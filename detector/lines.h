/* Whole lines of a range: judged and recorded as one where all their cells say the same. */
#ifndef GW_DETECTOR_LINES_H
#define GW_DETECTOR_LINES_H
#include "detector/detector.h"

/* What a plain access to whole lines wants to leave in their cells. */
struct lines_access {
  struct det_thread *t;
  const struct race_g *g;
  uint32_t own;   /* g's open id: a cell without its bytes */
  uint32_t ctx;   /* of the access, in the depot */
  unsigned plane; /* that it is recorded in; 0: it is a write */
};

/* Of the n lines from `line` on, the number of those in front that hold the access already, by itself or in a set that
 * the thread remembers: nothing is left to do.  Takes no lock. */
size_t lines_own(const struct lines_access *a, uintptr_t line, size_t n);
/* Judges and records as many of the n lines as are simple, from the first on, and returns their number.  At the line
 * after those nothing has been done. */
size_t lines_access(const struct lines_access *a, uintptr_t line, size_t n);

#endif
