/* Listening and connecting. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "address.h"
#include "desc.h"
#include "godwit/net.h"

/* Kept out of line, as its address is the thread's. */
static __attribute__((noinline)) int errno_now(void) { return errno; }
static __attribute__((noinline)) int refused(int e) {
  errno = -e;
  return -1;
}

static bool is_local(const struct address *a) { return a->any.sa_family == AF_UNIX; }

static int new_socket(const struct address *a) {
  int fd = prim_sock_new(a->any.sa_family, SOCK_STREAM);
  if (fd >= 0 && !is_local(a)) prim_sock_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted sockets inherit it */
  return fd;
}

enum { BACKLOG = 4096 }; /* the kernel's default for net.core.somaxconn, which bounds it */

static int listen_at(const struct address *a) {
  int fd = new_socket(a);
  if (fd < 0) return fd;
  if (!is_local(a)) prim_sock_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (a->any.sa_family == AF_INET6) {
    bool any = IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
    prim_sock_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !any);
  }
  int e = prim_sock_bind(fd, a, a->n);
  if (e == 0) race_fd_listen(fd);
  if (e == 0) e = prim_sock_listen(fd, BACKLOG);
  if (e == 0) return fd;
  prim_io_close(fd);
  return e;
}

int gw_listen(const char *text) {
  struct address list[MAX_ADDRESSES];
  int n = address_parse(text, true, list), e = n;
  for (int i = 0; i < n; i++) {
    int fd = e = listen_at(&list[i]);
    if (e == -EAFNOSUPPORT || e == -EADDRNOTAVAIL) continue; /* a machine without v6 */
    if (fd < 0) break;
    race_fd_open(g_self()->race, fd);
    race_fd_listen(fd);
    desc_made(fd, !is_local(&list[i]), is_local(&list[i]) && list[i].local.sun_path[0]);
    return fd;
  }
  return refused(e);
}

/* The socket is connecting: until it is decided. */
static int await(int fd) {
  if (gw_wait_fd(fd, POLLOUT, -1) < 0) return -errno_now();
  return -prim_sock_get(fd, SOL_SOCKET, SO_ERROR);
}

static int connect_once(int fd, const struct address *a) {
  race_fd_connecting();
  int e = prim_sock_connect(fd, a, a->n);
  race_fd_connected(fd);
  return e;
}

static int connect_now(int fd, const struct address *a) {
  int e;
  /* A local listener whose queue is full says so, and tells nobody when it has room. */
  while ((e = connect_once(fd, a)) == -EAGAIN) gw_sleep(GW_MS);
  return e == -EINPROGRESS || e == -EINTR ? await(fd) : e;
}

static int dial_at(const struct address *a) {
  int fd = new_socket(a);
  if (fd < 0) return fd;
  race_fd_open(g_self()->race, fd);
  desc_made(fd, !is_local(a), false);
  int e = connect_now(fd, a);
  if (e == 0) return fd;
  gw_close_fd(fd);
  return e;
}

int gw_dial(const char *text) {
  struct address list[MAX_ADDRESSES];
  int n = address_parse(text, false, list), e = n;
  for (int i = 0; i < n; i++)
    if ((e = dial_at(&list[i])) >= 0) return e;
  return refused(e);
}
