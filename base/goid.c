#include "goid.h"

static uint64_t last = 1; /* atomic */

uint64_t goid_take(uint32_t n) { return __atomic_fetch_add(&last, n, __ATOMIC_RELAXED) + 1; }
uint64_t goid_next(void) { return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED); }
