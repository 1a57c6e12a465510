/* Races that were told, by their lines: another at the same ones, by other calls, is told in short. */
#ifndef GW_CLI_SHOWN_H
#define GW_CLI_SHOWN_H
#include "cli/finding.h"

struct shown {
  struct shown_race *v; /* the first of its lines each */
  size_t n;
};

/* The first race with the same accesses at the same lines, if some of these were told in full; else NULL: then `f` is
 * one more.  NULL for what is no race, or whose lines aren't known. */
const struct finding *shown_before(struct shown *s, const struct finding *f);
/* What an access is to that: its operation and its line.  NULL if that isn't known; owned by the caller. */
char *shown_side(const struct access *a);
void shown_free(struct shown *s);

#endif
