/* The order in which locks are taken: finds circles (GW1002) before any program hangs in one.
 *
 * Source: Havelund, "Using runtime analysis to guide model checking of Java programs" (SPIN 2000): gate locks, and one
 * thread alone.
 */
#ifndef GW_DETECTOR_LOCK_ORDER_H
#define GW_DETECTOR_LOCK_ORDER_H
#include <stdbool.h>
#include <stdint.h>

struct det_thread;

void order_init(void);
/* Locks in [lo, hi), a range within one line, are gone. */
void order_forget(struct det_thread *t, uintptr_t lo, uintptr_t hi);
/* In the child of a fork: what was done in the parent can't wait for anybody here. */
void order_after_fork(void);

#endif
