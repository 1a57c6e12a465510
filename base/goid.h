/* Numbers of goroutines and threads: one sequence for the runtime's goroutines and the detector's foreign threads. */
#ifndef GW_BASE_GOID_H
#define GW_BASE_GOID_H
#include <stdint.h>

/* The main goroutine is 1; each call gives the next number, from 2 on. */
uint64_t goid_next(void);
/* Takes the next n numbers; the first of them. */
uint64_t goid_take(uint32_t n);

#endif
