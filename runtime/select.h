#ifndef GW_RUNTIME_SELECT_H
#define GW_RUNTIME_SELECT_H
#include "g.h"

/* Forgets g's unfinished selects inside `keep`: a panic passed them. */
HIDDEN void select_drop(struct g *g, struct select_memory *keep);

#endif
