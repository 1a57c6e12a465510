/* The OS contract for descriptors that goroutines wait on: sockets, pipes, epoll.  As prim.h: raw system calls, no
 * errno, no cancellation point, no interposed function of libc; failures are negative errno values.
 *
 * "Now" in a comment means that the call never waits, whatever the descriptor's flags say. */
#ifndef GW_BASE_PRIM_IO_H
#define GW_BASE_PRIM_IO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One event of an epoll set, in the kernel's layout. */
struct prim_event {
  uint32_t events; /* EPOLL* bits */
  uint64_t data;   /* what was registered with it */
} __attribute__((packed));

/* New descriptors, closed on exec. */
int prim_epoll_create(void);
/* A counter that never blocks. */
int prim_eventfd(void);
/* op: EPOLL_CTL_*. */
int prim_epoll_ctl(int epoll, int op, int fd, uint32_t events, uint64_t data);
/* Waits for timeout_ns (to the nanosecond since Linux 5.11, else rounded up to milliseconds; < 0: for ever); the number
 * of events, 0 also for -EINTR. */
int prim_epoll_wait(int epoll, struct prim_event *events, int n, int64_t timeout_ns);
/* Adds one to an eventfd; may be called in a signal handler. */
void prim_eventfd_add(int fd);
/* Back to zero. */
void prim_eventfd_clear(int fd);

struct prim_fd_poll {
  int fd;
  short events, revents; /* POLL* bits */
};
/* As ppoll(2), timeout_ns < 0 for ever; -EINTR included. */
int prim_fd_wait(struct prim_fd_poll *p, int n, int64_t timeout_ns);

/* As read(2), write(2) and close(2): once, and they wait as the descriptor's flags say. */
int64_t prim_io_read(int fd, void *p, size_t n);
int64_t prim_io_write(int fd, const void *p, size_t n);
int prim_io_close(int fd);
/* Of a socket, now; send raises no SIGPIPE. */
int64_t prim_sock_recv(int fd, void *p, size_t n);
int64_t prim_sock_send(int fd, const void *p, size_t n);
/* The same, and waits as the descriptor's flags say. */
int64_t prim_sock_send_waiting(int fd, const void *p, size_t n);
/* Two connected stream sockets, closed on exec, that wait. */
int prim_sock_pair(int pair[2]);
/* Another number, at least `least`, for what fd is, closed on exec. */
int prim_fd_above(int fd, int least);
/* The next connection, its descriptor non-blocking and closed on exec. */
int prim_sock_accept(int fd);
/* A non-blocking socket, closed on exec. */
int prim_sock_new(int domain, int type);
int prim_sock_bind(int fd, const void *address, uint32_t n);
int prim_sock_listen(int fd, int backlog);
int prim_sock_connect(int fd, const void *address, uint32_t n);
/* As getsockname(2). */
int prim_sock_name(int fd, void *address, uint32_t *n);
int prim_sock_option(int fd, int level, int option, int value);
/* The value of an int option, or a negative errno. */
int prim_sock_get(int fd, int level, int option);
/* F_GETFL. */
int prim_fd_flags(int fd);
void prim_unlink(const char *path);

/* What a descriptor names. */
struct prim_file {
  uint64_t device, inode;
  uint32_t mode; /* st_mode */
};
int prim_fd_stat(int fd, struct prim_file *f);

#endif
