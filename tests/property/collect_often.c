/* Has the detector collect epoch ids after every so many new ones; linked with a library that shows its own names. */
#include <stdio.h>
#include <stdlib.h>

#include "detector/epoch.h"

void collect_often(uint32_t every);

static uint32_t first;

/* A collection says when the next one is due: some ids are always in use. */
static void say_whether_collected(void) { puts(epochs.collect_at == first ? "never collected" : "collected"); }

void collect_often(uint32_t every) {
  det_collect_every = every;
  epochs.collect_at = first = every;
  atexit(say_whether_collected);
}
