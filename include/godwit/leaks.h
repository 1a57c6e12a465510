/* Goroutines that nothing will ever wake. */
#ifndef GODWIT_LEAKS_H
#define GODWIT_LEAKS_H

/* How many goroutines are leaked: blocked on a channel or a lock that nothing which lives can reach (proven, as Go 1.27
 * does it: by a conservative search from the goroutines that run, the globals and the heap), or in a circle of locks.
 * Each group of them is printed, as findings are (GW1004, GW1005; option log_path).  The other threads stand still
 * meanwhile, by SIGURG: system calls that the system doesn't restart end with EINTR.  Not from a signal handler. */
int gw_leak_check(void);

#endif
