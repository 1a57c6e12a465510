/* Input and output: the buffers that the kernel reads and writes, and the edges between descriptors.
 *
 * A buffer that is written out counts as read before the call, the whole of it: once the other side has got it, an
 * acknowledgement that we can't see may let somebody change it.  What is read in counts as written after the call.
 *
 * Each name twice: __gw_i_NAME, and __gw_q_NAME for code that isn't instrumented, which gives the edges alone. */
#include "detector/posix.h"

#define BOTH(DEFINE) DEFINE(__gw_i_, true) DEFINE(__gw_q_, false)

static inline void sends(int fd, const void *p, size_t n, bool record, struct race_at at) {
  struct race_g *g = posix_self();
  if (!g) return;
  if (record) posix_read(g, p, n, at);
  fd_release(g, fd);
}

static inline ssize_t received(ssize_t r, int fd, void *p, bool record, struct race_at at) {
  struct race_g *g = r >= 0 ? posix_self() : NULL;
  if (!g) return r;
  fd_acquire(g, fd);
  if (record) posix_write(g, p, (size_t)r, at);
  return r;
}

static void sends_vector(int fd, const struct iovec *v, size_t n, bool record, struct race_at at) {
  struct race_g *g = posix_self();
  if (!g) return;
  for (size_t i = 0; record && i < n; i++) posix_read(g, v[i].iov_base, v[i].iov_len, at);
  fd_release(g, fd);
}

static ssize_t received_vector(ssize_t r, int fd, const struct iovec *v, size_t n, bool record, struct race_at at) {
  struct race_g *g = r >= 0 ? posix_self() : NULL;
  if (!g) return r;
  fd_acquire(g, fd);
  size_t left = (size_t)r;
  for (size_t i = 0; record && i < n && left; i++) {
    size_t here = left < v[i].iov_len ? left : v[i].iov_len;
    posix_write(g, v[i].iov_base, here, at);
    left -= here;
  }
  return r;
}

#define READ(pre, record)                                                                                \
  ssize_t pre##read(int fd, void *p, size_t n) {                                                         \
    return received(gw__real.read(fd, p, n), fd, p, record, RACE_HERE());                                \
  }                                                                                                      \
  ssize_t pre##readv(int fd, const struct iovec *v, int n) {                                             \
    return received_vector(gw__real.readv(fd, v, n), fd, v, n > 0 ? (size_t)n : 0, record, RACE_HERE()); \
  }
#define WRITE(pre, record)                                           \
  ssize_t pre##write(int fd, const void *p, size_t n) {              \
    sends(fd, p, n, record, RACE_HERE());                            \
    return gw__real.write(fd, p, n);                                 \
  }                                                                  \
  ssize_t pre##writev(int fd, const struct iovec *v, int n) {        \
    sends_vector(fd, v, n > 0 ? (size_t)n : 0, record, RACE_HERE()); \
    return gw__real.writev(fd, v, n);                                \
  }
#define SEND(pre, record)                                                                                      \
  ssize_t pre##send(int fd, const void *p, size_t n, int flags) {                                              \
    sends(fd, p, n, record, RACE_HERE());                                                                      \
    return gw__real.send(fd, p, n, flags);                                                                     \
  }                                                                                                            \
  ssize_t pre##sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t to_n) { \
    if (flags & MSG_FASTOPEN) peer_connecting(); /* for good: such connections aren't followed */              \
    sends(fd, p, n, record, RACE_HERE());                                                                      \
    return gw__real.sendto(fd, p, n, flags, to, to_n);                                                         \
  }                                                                                                            \
  ssize_t pre##sendmsg(int fd, const struct msghdr *m, int flags) {                                            \
    if (flags & MSG_FASTOPEN) peer_connecting();                                                               \
    sends_vector(fd, m->msg_iov, m->msg_iovlen, record, RACE_HERE());                                          \
    return gw__real.sendmsg(fd, m, flags);                                                                     \
  }
/* The kernel stores no more than there was room for, and says how much there is. */
void posix_address(struct sockaddr *a, socklen_t *n, socklen_t room, struct race_at at) {
  struct race_g *g = posix_self();
  posix_write(g, a, room < *n ? room : *n, at);
  posix_write(g, n, sizeof *n, at);
}

/* With MSG_TRUNC the result may exceed the buffer. */
static ssize_t at_most(ssize_t r, size_t n) { return r > 0 && (size_t)r > n ? (ssize_t)n : r; }
#define RECV(pre, record)                                                                                 \
  ssize_t pre##recv(int fd, void *p, size_t n, int flags) {                                               \
    ssize_t r = gw__real.recv(fd, p, n, flags);                                                           \
    received(at_most(r, n), fd, p, record, RACE_HERE());                                                  \
    return r;                                                                                             \
  }                                                                                                       \
  ssize_t pre##recvfrom(int fd, void *p, size_t n, int flags, struct sockaddr *from, socklen_t *from_n) { \
    socklen_t room = from && from_n ? *from_n : 0;                                                        \
    ssize_t r = gw__real.recvfrom(fd, p, n, flags, from, from_n);                                         \
    received(at_most(r, n), fd, p, record, RACE_HERE());                                                  \
    if (record && r >= 0 && room) posix_address(from, from_n, room, RACE_HERE());                         \
    return r;                                                                                             \
  }                                                                                                       \
  ssize_t pre##recvmsg(int fd, struct msghdr *m, int flags) {                                             \
    ssize_t r = gw__real.recvmsg(fd, m, flags);                                                           \
    if (r >= 0) peer_message(m);                                                                          \
    return received_vector(r, fd, m->msg_iov, m->msg_iovlen, record, RACE_HERE());                        \
  }
/* Several messages at once; of each the kernel stores the length. */
static int sent_messages(int r, struct mmsghdr *m, bool record, struct race_at at) {
  struct race_g *g = record ? posix_self() : NULL;
  for (int i = 0; i < r; i++) posix_write(g, &m[i].msg_len, sizeof m[i].msg_len, at);
  return r;
}
static int received_messages(int r, int fd, struct mmsghdr *m, bool record, struct race_at at) {
  for (int i = 0; i < r; i++) {
    peer_message(&m[i].msg_hdr);
    received_vector(m[i].msg_len, fd, m[i].msg_hdr.msg_iov, m[i].msg_hdr.msg_iovlen, record, at);
  }
  return sent_messages(r, m, record, at);
}
#define MESSAGES(pre, record)                                                                          \
  int pre##sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags) {                                \
    if (flags & MSG_FASTOPEN) peer_connecting();                                                       \
    for (unsigned i = 0; i < n; i++)                                                                   \
      sends_vector(fd, m[i].msg_hdr.msg_iov, m[i].msg_hdr.msg_iovlen, record, RACE_HERE());            \
    return sent_messages(gw__real.sendmmsg(fd, m, n, flags), m, record, RACE_HERE());                  \
  }                                                                                                    \
  int pre##recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout) {      \
    return received_messages(gw__real.recvmmsg(fd, m, n, flags, timeout), fd, m, record, RACE_HERE()); \
  }
BOTH(READ)
BOTH(WRITE)
BOTH(SEND)
BOTH(RECV)
BOTH(MESSAGES)

/* What an event says of a descriptor orders nothing; who registered it comes before who hears of it. */
#define EPOLL_WAIT(pre, record)                                                                   \
  int pre##epoll_wait(int fd, struct epoll_event *e, int n, int timeout) {                        \
    ssize_t r = gw__real.epoll_wait(fd, e, n, timeout);                                           \
    return (int)heard(r, fd, e, record, RACE_HERE());                                             \
  }                                                                                               \
  int pre##epoll_pwait(int fd, struct epoll_event *e, int n, int timeout, const sigset_t *mask) { \
    ssize_t r = gw__real.epoll_pwait(fd, e, n, timeout, mask);                                    \
    return (int)heard(r, fd, e, record, RACE_HERE());                                             \
  }
static ssize_t heard(ssize_t r, int fd, struct epoll_event *e, bool record, struct race_at at) {
  if (r > 0) received(r * (ssize_t)sizeof *e, fd, e, record, at);
  return r;
}
BOTH(EPOLL_WAIT)

int __gw_i_epoll_ctl(int fd, int op, int of, struct epoll_event *e) {
  struct race_g *g = posix_self();
  if (g) fd_release(g, fd);
  return gw__real.epoll_ctl(fd, op, of, e);
}

int __gw_i_eventfd_read(int fd, eventfd_t *value) {
  int r = gw__real.eventfd_read(fd, value);
  received(r == 0 ? (ssize_t)sizeof *value : -1, fd, value, true, RACE_HERE());
  return r;
}
int __gw_i_eventfd_write(int fd, eventfd_t value) {
  struct race_g *g = posix_self();
  if (g) fd_release(g, fd);
  return gw__real.eventfd_write(fd, value);
}

/* At a position: files, which order nothing. */
#define PREAD(name, off_type)                                      \
  ssize_t __gw_i_##name(int fd, void *p, size_t n, off_type at) {  \
    return received(name(fd, p, n, at), fd, p, true, RACE_HERE()); \
  }
#define PWRITE(name, off_type)                                          \
  ssize_t __gw_i_##name(int fd, const void *p, size_t n, off_type at) { \
    sends(fd, p, n, true, RACE_HERE());                                 \
    return name(fd, p, n, at);                                          \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PREADV(name, off_type, params, arguments)                                                          \
  ssize_t __gw_i_##name(int fd, const struct iovec *v, int n, off_type at params) {                        \
    return received_vector(name(fd, v, n, at arguments), fd, v, n > 0 ? (size_t)n : 0, true, RACE_HERE()); \
  }
#define PWRITEV(name, off_type, params, arguments)                                  \
  ssize_t __gw_i_##name(int fd, const struct iovec *v, int n, off_type at params) { \
    sends_vector(fd, v, n > 0 ? (size_t)n : 0, true, RACE_HERE());                  \
    return name(fd, v, n, at arguments);                                            \
  }
#define NOTHING
#define FLAGS , int flags
#define THE_FLAGS , flags
PREADV(preadv, off_t, NOTHING, NOTHING)
PREADV(preadv64, off64_t, NOTHING, NOTHING)
PREADV(preadv2, off_t, FLAGS, THE_FLAGS)
PREADV(preadv64v2, off64_t, FLAGS, THE_FLAGS)
PWRITEV(pwritev, off_t, NOTHING, NOTHING)
PWRITEV(pwritev64, off64_t, NOTHING, NOTHING)
PWRITEV(pwritev2, off_t, FLAGS, THE_FLAGS)
PWRITEV(pwritev64v2, off64_t, FLAGS, THE_FLAGS)

static void check_room(size_t n, size_t room) {
  if (n > room) __chk_fail();
}
ssize_t __gw_i___read_chk(int fd, void *p, size_t n, size_t room) {
  check_room(n, room);
  return received(gw__real.read(fd, p, n), fd, p, true, RACE_HERE());
}
ssize_t __gw_i___pread_chk(int fd, void *p, size_t n, off_t at, size_t room) {
  check_room(n, room);
  return received(pread(fd, p, n, at), fd, p, true, RACE_HERE());
}
ssize_t __gw_i___pread64_chk(int fd, void *p, size_t n, off64_t at, size_t room) {
  check_room(n, room);
  return received(pread64(fd, p, n, at), fd, p, true, RACE_HERE());
}
ssize_t __gw_i___recvfrom_chk(int fd, void *p, size_t n, size_t room, int flags, struct sockaddr *from,
                              socklen_t *from_n) {
  check_room(n, room);
  socklen_t address_room = from && from_n ? *from_n : 0;
  ssize_t r = gw__real.recvfrom(fd, p, n, flags, from, from_n);
  received(at_most(r, n), fd, p, true, RACE_HERE());
  if (r >= 0 && address_room) posix_address(from, from_n, address_room, RACE_HERE());
  return r;
}
ssize_t __gw_i___recv_chk(int fd, void *p, size_t n, size_t room, int flags) {
  check_room(n, room);
  ssize_t r = gw__real.recv(fd, p, n, flags);
  received(at_most(r, n), fd, p, true, RACE_HERE());
  return r;
}
