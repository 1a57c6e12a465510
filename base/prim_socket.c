/* prim.h: sockets of our own service, which nothing that is interposed sees. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "prim.h"
#include "syscall.h"

static uint16_t port_of(const struct sockaddr_storage *a) {
  if (a->ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
  return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
}

static int finish_listen(int fd, uint16_t *port) {
  struct sockaddr_storage own = {0};
  unsigned n = sizeof own;
  long r = sys2(SYS_listen, fd, 128);
  if (!failed(r)) r = sys3(SYS_getsockname, fd, (long)&own, (long)&n);
  *port = port_of(&own);
  return (int)r;
}

int prim_listen(const void *address, unsigned n, uint16_t *port) {
  int family = ((const struct sockaddr *)address)->sa_family, one = 1;
  long fd = sys3(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (failed(fd)) return (int)fd;
  sys6(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof one, 0);
  long r = sys3(SYS_bind, fd, (long)address, n);
  if (!failed(r)) r = finish_listen((int)fd, port);
  if (!failed(r)) return (int)fd;
  prim_close((int)fd);
  return (int)r;
}

int prim_accept(int fd) { return (int)sys6(SYS_accept4, fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0); }

int64_t prim_recv(int fd, void *p, size_t n) { return sys6(SYS_recvfrom, fd, (long)p, (long)n, MSG_DONTWAIT, 0, 0); }

int64_t prim_send(int fd, const void *p, size_t n) {
  return sys6(SYS_sendto, fd, (long)p, (long)n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

void prim_send_end(int fd) { sys2(SYS_shutdown, fd, SHUT_WR); }

int prim_poll(struct prim_poll *fds, unsigned n, int64_t timeout_ms) {
  return (int)sys3(SYS_poll, (long)fds, n, timeout_ms);
}
_Static_assert(sizeof(struct prim_poll) == sizeof(struct pollfd), "the kernel reads it");
_Static_assert(PRIM_POLL_IN == POLLIN && PRIM_POLL_OUT == POLLOUT, "the kernel reads them");
