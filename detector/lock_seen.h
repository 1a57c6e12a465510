/* Nestings of locks that are in the lock graph already (lock_order.h), as far as a thread remembers.
 *
 * A server that takes one of thousands of locks, and under it one of a few others, comes by with thousands of nestings:
 * to remember a few for each goroutine made the graph's lock a tenth of memcached's time.  A nesting takes some 300
 * bytes of the graph; eight more for each thread that shows it are cheap beside that.
 */
#ifndef GW_DETECTOR_LOCK_SEEN_H
#define GW_DETECTOR_LOCK_SEEN_H
#include <stdbool.h>
#include <stdint.h>

struct det_thread;

/* True if the thread has been asked for `key` (of a nesting, who shows it, and when; not 0) lately, in the same
 * generation of the graph; else it remembers that.  The caller is inside the detector: a signal's handler that takes
 * locks waits until it has left. */
bool lock_seen(struct det_thread *t, uint64_t key, uint32_t generation);
/* The thread ends. */
void lock_seen_free(struct det_thread *t);

#endif
