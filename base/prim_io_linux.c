/* prim_io.h on Linux. */
#define _GNU_SOURCE
#include "prim_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "syscall.h"

_Static_assert(sizeof(struct prim_event) == sizeof(struct epoll_event), "the kernel's layout");
_Static_assert(sizeof(struct prim_fd_poll) == sizeof(struct pollfd), "the kernel's layout");

int prim_epoll_create(void) { return (int)sys1(SYS_epoll_create1, EPOLL_CLOEXEC); }
int prim_eventfd(void) { return (int)sys2(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK); }

int prim_epoll_ctl(int epoll, int op, int fd, uint32_t events, uint64_t data) {
  struct prim_event e = {events, data};
  return (int)sys6(SYS_epoll_ctl, epoll, op, fd, (long)&e, 0, 0);
}

static struct timespec *time_of(struct timespec *ts, int64_t ns) {
  if (ns < 0) return NULL;
  ts->tv_sec = ns / 1000000000;
  ts->tv_nsec = ns % 1000000000;
  return ts;
}

static int milliseconds(int64_t ns) {
  if (ns < 0) return -1;
  return ns / 1000000 >= 1000000000 ? 1000000000 : (int)((ns + 999999) / 1000000);
}

int prim_epoll_wait(int epoll, struct prim_event *events, int n, int64_t timeout_ns) {
  static bool coarse; /* atomic, relaxed: the kernel has no epoll_pwait2 */
  long r = -ENOSYS;
  if (timeout_ns == 0) {
    r = sys6(SYS_epoll_pwait, epoll, (long)events, n, 0, 0, 0);
    return failed(r) ? 0 : (int)r;
  }
  if (!__atomic_load_n(&coarse, __ATOMIC_RELAXED)) {
    struct timespec ts;
    r = sys6(441 /* SYS_epoll_pwait2 */, epoll, (long)events, n, (long)time_of(&ts, timeout_ns), 0, 0);
    if (r == -ENOSYS || r == -EPERM)
      __atomic_store_n(&coarse, true, __ATOMIC_RELAXED); /* EPERM: an old seccomp filter */
  }
  if (r == -ENOSYS || r == -EPERM) r = sys6(SYS_epoll_pwait, epoll, (long)events, n, milliseconds(timeout_ns), 0, 0);
  return failed(r) ? 0 : (int)r;
}

void prim_eventfd_add(int fd) {
  uint64_t one = 1;
  sys3(SYS_write, fd, (long)&one, sizeof one);
}

void prim_eventfd_clear(int fd) {
  uint64_t sum;
  sys3(SYS_read, fd, (long)&sum, sizeof sum);
}

int prim_fd_wait(struct prim_fd_poll *p, int n, int64_t timeout_ns) {
  struct timespec ts;
  return (int)sys6(SYS_ppoll, (long)p, n, (long)time_of(&ts, timeout_ns), 0, 8, 0);
}

int64_t prim_io_read(int fd, void *p, size_t n) { return sys3(SYS_read, fd, (long)p, (long)n); }
int64_t prim_io_write(int fd, const void *p, size_t n) { return sys3(SYS_write, fd, (long)p, (long)n); }
int prim_io_close(int fd) { return (int)sys1(SYS_close, fd); }

int64_t prim_sock_recv(int fd, void *p, size_t n) {
  return sys6(SYS_recvfrom, fd, (long)p, (long)n, MSG_DONTWAIT, 0, 0);
}
int64_t prim_sock_send(int fd, const void *p, size_t n) {
  return sys6(SYS_sendto, fd, (long)p, (long)n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}
int64_t prim_sock_send_waiting(int fd, const void *p, size_t n) {
  return sys6(SYS_sendto, fd, (long)p, (long)n, MSG_NOSIGNAL, 0, 0);
}
int prim_sock_pair(int pair[2]) {
  return (int)sys6(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, (long)pair, 0, 0);
}
int prim_fd_above(int fd, int least) { return (int)sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least); }

int prim_sock_accept(int fd) { return (int)sys6(SYS_accept4, fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0); }
int prim_sock_new(int domain, int type) {
  return (int)sys3(SYS_socket, domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
int prim_sock_bind(int fd, const void *address, uint32_t n) { return (int)sys3(SYS_bind, fd, (long)address, n); }
int prim_sock_listen(int fd, int backlog) { return (int)sys2(SYS_listen, fd, backlog); }
int prim_sock_connect(int fd, const void *address, uint32_t n) { return (int)sys3(SYS_connect, fd, (long)address, n); }
int prim_sock_name(int fd, void *address, uint32_t *n) {
  return (int)sys3(SYS_getsockname, fd, (long)address, (long)n);
}

int prim_sock_option(int fd, int level, int option, int value) {
  return (int)sys6(SYS_setsockopt, fd, level, option, (long)&value, sizeof value, 0);
}

int prim_sock_get(int fd, int level, int option) {
  int value = 0;
  uint32_t n = sizeof value;
  int r = (int)sys6(SYS_getsockopt, fd, level, option, (long)&value, (long)&n, 0);
  return r < 0 ? r : value;
}

int prim_fd_flags(int fd) { return (int)sys3(SYS_fcntl, fd, F_GETFL, 0); }
void prim_unlink(const char *path) { sys1(SYS_unlink, (long)path); }

int prim_fd_stat(int fd, struct prim_file *f) {
  struct stat st;
  int r = (int)sys2(SYS_fstat, fd, (long)&st);
  if (r == 0) *f = (struct prim_file){st.st_dev, st.st_ino, st.st_mode};
  return r;
}
