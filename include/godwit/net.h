/* Files, sockets and signals: as the POSIX calls, -1 and errno, but only the goroutine waits.  Included by godwit.h.
 *
 * - Adopted threads and a main that has started no goroutine wait themselves.
 * - ETIMEDOUT: a deadline has passed.  EBADF: not open, or gw_close_fd was called while the goroutine waited.
 * - gw_listen, gw_accept and gw_dial give non-blocking descriptors that are closed on exec; close them with
 * gw_close_fd. No other descriptor gets O_NONBLOCK; with a blocking one the calls first wait until it is ready.  Files
 * that are always ready (regular ones, folders) are read and written as by gw_blocking.
 * - Signal handlers never make a call fail with EINTR.
 * - An address is "host:port", ":port" (listen: all interfaces; dial: this machine), "[v6]:port", "unix:/path", or
 *   "unix:@name" for Linux's abstract names.  Port 0 lets the system choose: getsockname(2) tells.
 *
 * The poller follows Go's (runtime/netpoll.go, internal/poll): edge-triggered epoll, asked by processors that run out
 * of work and slept in by one idle thread.
 */
#ifndef GODWIT_NET_H
#define GODWIT_NET_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct addrinfo;    /* <netdb.h> */
struct gw__chan_of; /* macros.h */

/* A listening socket. A path's file is removed again by gw_close_fd. A host's name is looked up (see gw_getaddrinfo).
 */
int gw_listen(const char *address);
/* Blocks until there is a connection. Any number of goroutines may accept from one socket. */
int gw_accept(int fd);
/* Connects; blocks. Tries the host's addresses in turn. TCP sockets get TCP_NODELAY, accepted ones too. */
int gw_dial(const char *address);
/* Blocks until there is something to read: 1 to n bytes, 0 at the end (or for n = 0). */
ssize_t gw_read(int fd, void *p, size_t n);
/* Blocks until all n bytes are written; fewer if an error or a deadline comes in between. A socket without reader gives
 * EPIPE, and no SIGPIPE. */
ssize_t gw_write(int fd, const void *p, size_t n);
/* Closes; who waits for fd goes on with EBADF.  Returns once no call of another goroutine uses the number any more, so
 * that it can't reach what gets the number next. */
int gw_close_fd(int fd);
/* Blocks until fd is ready for one of the events (poll(2)'s: POLLIN, POLLOUT, ...), or broken: returns what poll(2)
 * gives as revents.  0, with errno ETIMEDOUT, after timeout_ns (< 0: never).  A deadline ends it with -1. */
int gw_wait_fd(int fd, int events, int64_t timeout_ns);
/* From time t on (gw_now()'s) calls on fd fail with ETIMEDOUT, those that wait now included; 0: no deadline.  It is
 * kept until set again or until gw_close_fd.  EOPNOTSUPP for files that are always ready. */
int gw_set_deadline(int fd, int64_t t);
int gw_set_read_deadline(int fd, int64_t t);
int gw_set_write_deadline(int fd, int64_t t);

/* As getaddrinfo(3), as by gw_blocking.  In a static program that doesn't call getaddrinfo itself: EAI_SYSTEM and
 * ENOSYS; addresses in digits and "localhost" need no look-up. */
int gw_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result);

/* gw_signal_notify(c, sig, ...): from now on these signals are sent to c (a gw_chan(int)) instead of doing what they
 * did.  Sends never block: without room, or a receiver, the signal is dropped for this channel.  Several channels may
 * get the same signal, and calls for one channel add up.  Panics for a signal that can't be caught. */
#define gw_signal_notify(c, ...) gw__signal_notify((c), (const int[]){__VA_ARGS__, 0})
/* No more signals to c once it returns, and those caught before have been sent to it; a signal that no channel wants
 * gets back what it did before. */
#define gw_signal_stop(c) gw__signal_stop(c)

void gw__signal_notify(int (*c)(struct gw__chan_of *), const int *signals);
void gw__signal_stop(int (*c)(struct gw__chan_of *));

#endif
