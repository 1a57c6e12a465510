/* Reading, writing, accepting, closing.
 *
 * A number that godwit made is tried at once if it may be ready, and else waited for.  A TCP socket that gave fewer
 * bytes than asked for is empty, so the next read waits without asking the kernel first (epoll(7) allows that for
 * streams): a system call less for each request that a server answers.
 *
 * A foreign number is looked at each time: it may have changed its meaning or its flags. */
#define _GNU_SOURCE
#include "godwit/net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "desc.h"

enum op { OP_READ, OP_WRITE, OP_ACCEPT };

struct io {
  enum op op;
  int fd;
  void *p;
  size_t n;
};

static enum side side_of(enum op op) { return op == OP_WRITE ? SIDE_OUT : SIDE_IN; }

/* Kept out of line: the address of errno is the thread's, and a function may hold on to it. */
static __attribute__((noinline)) ssize_t answer(int64_t r) {
  if (r >= 0) return r;
  errno = (int)-r;
  return -1;
}

static int64_t until_of(const struct desc *d, enum side side) {
  int64_t t = __atomic_load_n(&d->side[side].deadline, __ATOMIC_RELAXED);
  return t == 0 ? TIMER_NEVER : t;
}

static bool has_passed(int64_t until) { return until != TIMER_NEVER && until <= prim_now(); }

static int64_t on_socket(const struct io *io) {
  switch (io->op) {
    case OP_READ:
      return prim_sock_recv(io->fd, io->p, io->n);
    case OP_WRITE:
      return prim_sock_send(io->fd, io->p, io->n);
    default:
      return prim_sock_accept(io->fd);
  }
}

static int64_t on_file(const struct io *io) {
  return io->op == OP_WRITE ? prim_io_write(io->fd, io->p, io->n) : prim_io_read(io->fd, io->p, io->n);
}

static bool again(const struct io *io, int64_t r) { return r == -EINTR || (io->op == OP_ACCEPT && r == -ECONNABORTED); }

static int wait_for(struct desc *d, const struct io *io, uint32_t gen, uint32_t seen, int64_t until) {
  enum side side = side_of(io->op);
  struct desc_want want = {io->fd, side, gen, seen, side == SIDE_OUT ? POLLOUT : POLLIN, until};
  return desc_wait(d, &want);
}

/* ---- what godwit made: always a socket ---- */

static int64_t made_once(struct desc *d, const struct io *io) {
  struct desc_side *s = &d->side[side_of(io->op)];
  uint32_t gen = __atomic_load_n(&d->gen, __ATOMIC_RELAXED);
  bool must = false; /* a thread has polled by itself: nobody may have told us of the event */
  for (;;) {
    uint32_t seen = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE); /* pairs with the release in word_set_locked */
    int64_t until = until_of(d, side_of(io->op));                /* after it: a changed deadline changes it */
    if (UNLIKELY(has_passed(until))) return -ETIMEDOUT;
    if (seen & READY || must) {
      int64_t r = on_socket(io);
      if (r >= 0) {
        if (io->op == OP_READ && d->tcp && r > 0 && (size_t)r < io->n && !(seen & STICKY)) desc_clear(s, &seen);
        return r;
      }
      if (again(io, r)) continue;
      if (r != -EAGAIN) return r;
      if (!desc_clear(s, &seen)) continue;
    }
    int e = wait_for(d, io, gen, seen, until);
    if (e < 0) return e;
    must = g_self()->thread;
  }
}

/* ---- what others made ---- */

static intptr_t file_blocking(const struct io *io) { return (intptr_t)on_file(io); }

static int64_t run_blocking(struct io *io) {
  struct gw__call call = {(void (*)(void))file_blocking, {(uintptr_t)io}};
  int64_t r;
  while ((r = gw__blocking(&call)) == -EINTR) {
  }
  return r;
}

static bool always_ready(const struct prim_file *f) { return S_ISREG(f->mode) || S_ISDIR(f->mode) || S_ISBLK(f->mode); }

/* Once, without waiting as far as that can be helped; -EAGAIN if it isn't ready. */
static int64_t foreign_try(const struct io *io, const struct prim_file *f) {
  bool blocks = !(prim_fd_flags(io->fd) & O_NONBLOCK);
  if (S_ISSOCK(f->mode) && (io->op != OP_ACCEPT || !blocks)) return on_socket(io);
  struct io part = *io;
  if (blocks) {
    struct prim_fd_poll p = {io->fd, side_of(io->op) == SIDE_OUT ? POLLOUT : POLLIN, 0};
    int r = prim_fd_wait(&p, 1, 0);
    if (r <= 0) return r < 0 ? r : -EAGAIN;
    if (S_ISFIFO(f->mode) && part.op == OP_WRITE && part.n > PIPE_BUF) part.n = PIPE_BUF; /* that much has room */
  }
  return part.op == OP_ACCEPT ? on_socket(&part) : on_file(&part);
}

static int64_t foreign_once(struct desc *d, struct io *io) {
  struct prim_file f;
  int e = desc_foreign(d, io->fd, &f);
  if (e < 0) return e;
  if (always_ready(&f)) return run_blocking(io);
  struct desc_side *s = &d->side[side_of(io->op)];
  uint32_t gen = __atomic_load_n(&d->gen, __ATOMIC_RELAXED);
  for (;;) {
    uint32_t seen = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE); /* as above: before the deadline */
    int64_t until = until_of(d, side_of(io->op));
    if (has_passed(until)) return -ETIMEDOUT;
    int64_t r = foreign_try(io, &f);
    if (again(io, r)) continue;
    if (r != -EAGAIN) return r;
    e = wait_for(d, io, gen, seen, until);
    if (e == -EPERM) return run_blocking(io); /* a device that can't be polled */
    if (e < 0) return e;
  }
}

static bool enter_made(struct desc *d, int64_t *error) {
  if (!__atomic_load_n(&d->made, __ATOMIC_ACQUIRE)) return false; /* pairs with the release in desc_made */
  *error = desc_enter(d) ? 0 : -EBADF;
  return true;
}

static int64_t once(struct io *io) {
  struct desc *d = desc_of(io->fd, true);
  int64_t r;
  if (!d) return -EBADF;
  if (!enter_made(d, &r)) return foreign_once(d, io);
  if (r < 0) return r;
  r = made_once(d, io);
  desc_leave(d, side_of(io->op));
  return r;
}

ssize_t gw_read(int fd, void *p, size_t n) {
  struct io io = {OP_READ, fd, p, n};
  int64_t r = once(&io);
  if (GW_RACE && r >= 0) {
    struct race_g *g = g_self()->race;
    race_fd_read(g, fd);
    if (r > 0) race_access(g, p, (size_t)r, RACE_WRITE, RACE_HERE());
  }
  return answer(r);
}

ssize_t gw_write(int fd, const void *p, size_t n) {
  if (GW_RACE) {
    struct race_g *g = g_self()->race;
    if (n > 0) race_access(g, p, n, RACE_READ, RACE_HERE());
    race_fd_write(g, fd);
  }
  size_t done = 0;
  do {
    struct io io = {OP_WRITE, fd, (char *)(uintptr_t)p + done, n - done};
    int64_t r = once(&io);
    if (r < 0) return done > 0 ? (ssize_t)done : answer(r);
    done += (size_t)r;
    if (r == 0) break;
  } while (done < n);
  return (ssize_t)done;
}

static bool is_tcp(int listener) {
  const struct desc *d = desc_of(listener, false);
  if (d && __atomic_load_n(&d->made, __ATOMIC_ACQUIRE)) return d->tcp;
  int domain = prim_sock_get(listener, SOL_SOCKET, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && prim_sock_get(listener, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP;
}

int gw_accept(int fd) {
  struct io io = {OP_ACCEPT, fd, NULL, 0};
  int64_t r = once(&io);
  if (r >= 0) {
    race_fd_open(g_self()->race, (int)r);
    race_fd_accepted(fd, (int)r);
    desc_made((int)r, is_tcp(fd), false);
  }
  return (int)answer(r);
}

int gw_close_fd(int fd) {
  struct desc *d = desc_of(fd, true);
  if (!d) return (int)answer(-EBADF);
  race_fd_close(g_self()->race, fd);
  return (int)answer(desc_close(d, fd));
}

/* ---- waiting for others' calls ---- */

static int ready_events(int fd, int events) {
  struct prim_fd_poll p = {fd, (short)events, 0};
  int r;
  while ((r = prim_fd_wait(&p, 1, 0)) == -EINTR) {
  }
  if (r < 0) return r;
  return p.revents & POLLNVAL ? -EBADF : p.revents;
}

enum { FOR_IN = POLLIN | POLLPRI | POLLRDHUP };

/* With events of both sides it waits on the reading one, and `both` has the others told there as well. */
static int wait_ready(struct desc *d, int fd, int events, int64_t end) {
  enum side side = events & FOR_IN || !(events & POLLOUT) ? SIDE_IN : SIDE_OUT;
  struct desc_side *s = &d->side[side];
  uint32_t gen = __atomic_load_n(&d->gen, __ATOMIC_RELAXED);
  for (;;) {
    uint32_t seen = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE); /* as above: before the deadline */
    int64_t until = until_of(d, side);
    if (has_passed(until)) return -ETIMEDOUT;
    int r = ready_events(fd, events);
    if (r != 0) return r;
    if (has_passed(end)) return 0;
    if (!desc_clear(s, &seen)) continue;
    struct desc_want want = {fd, side, gen, seen, (uint32_t)events, until < end ? until : end};
    r = desc_wait(d, &want);
    if (r < 0 && r != -ETIMEDOUT) return r;
  }
}

static int wait_either(struct desc *d, int fd, int events, int64_t end) {
  bool both = events & FOR_IN && events & POLLOUT;
  if (both) __atomic_fetch_add(&d->both, 1, __ATOMIC_SEQ_CST); /* before it looks: desc_event loads it */
  int r = wait_ready(d, fd, events, end);
  if (both) __atomic_fetch_sub(&d->both, 1, __ATOMIC_RELAXED);
  return r;
}

static int wait_fd(int fd, int events, int64_t end) {
  struct desc *d = desc_of(fd, true);
  int64_t e;
  if (!d) return -EBADF;
  if (enter_made(d, &e)) {
    if (e < 0) return (int)e;
    int r = wait_either(d, fd, events, end);
    desc_leave(d, events & FOR_IN ? SIDE_IN : SIDE_OUT);
    return r;
  }
  struct prim_file f;
  e = desc_foreign(d, fd, &f);
  if (e < 0) return (int)e;
  return wait_either(d, fd, events, end);
}

int gw_wait_fd(int fd, int events, int64_t timeout_ns) {
  int64_t end = timeout_ns < 0 ? TIMER_NEVER : prim_now() + timeout_ns;
  if (end < 0) end = TIMER_NEVER;
  int r = wait_fd(fd, events, end);
  if (r == 0) answer(-ETIMEDOUT);
  return r < 0 ? (int)answer(r) : r;
}

/* ---- deadlines ---- */

static int set_deadlines(int fd, int64_t t, bool in, bool out) {
  struct desc *d = desc_of(fd, true);
  int64_t e;
  if (!d) return (int)answer(-EBADF);
  bool made = enter_made(d, &e);
  if (!made) {
    struct prim_file f;
    e = desc_foreign(d, fd, &f);
    if (e == 0 && always_ready(&f)) e = -EOPNOTSUPP;
  }
  if (e < 0) return (int)answer(e);
  if (in) desc_set_deadline(d, SIDE_IN, t);
  if (out) desc_set_deadline(d, SIDE_OUT, t);
  if (made) desc_leave(d, SIDE_IN);
  return 0;
}

int gw_set_deadline(int fd, int64_t t) { return set_deadlines(fd, t, true, true); }
int gw_set_read_deadline(int fd, int64_t t) { return set_deadlines(fd, t, true, false); }
int gw_set_write_deadline(int fd, int64_t t) { return set_deadlines(fd, t, false, true); }
