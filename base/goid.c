#include "goid.h"

static uint64_t last = 1; /* atomic */

uint64_t goid_next(void) { return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED); }
