/* What libc calls later: functions of timers, of finished input and output and of message queues, on threads that it
 * starts by itself, and functions at the end of the program.
 *
 * Threads of libc's own begin with all that was released to det_behind, which has one clock for all of them: an edge
 * too many rather than a false alarm. */
#include "detector/posix.h"

#include <aio.h>

void posix_hands_over(struct race_g *g) {
  if (!g) return;
  det_never_alone();
  race_release_merge(g, &det_behind);
}

int __gw_i_timer_create(clockid_t clock, struct sigevent *how, timer_t *out) {
  struct race_g *g = posix_self();
  if (how) posix_read(g, how, sizeof *how, RACE_HERE());
  posix_hands_over(g);
  int r = timer_create(clock, how, out);
  if (r == 0) posix_write(g, out, sizeof *out, RACE_HERE());
  return r;
}
int __gw_i_timer_settime(timer_t t, int flags, const struct itimerspec *value, struct itimerspec *old) {
  struct race_g *g = posix_self();
  posix_read(g, value, sizeof *value, RACE_HERE());
  posix_hands_over(g);
  int r = timer_settime(t, flags, value, old);
  if (r == 0 && old) posix_write(g, old, sizeof *old, RACE_HERE());
  return r;
}
int __gw_i_mq_notify(mqd_t q, const struct sigevent *how) {
  struct race_g *g = posix_self();
  if (how) posix_read(g, how, sizeof *how, RACE_HERE());
  posix_hands_over(g);
  return mq_notify(q, how);
}

/* A buffer that is read into belongs to the system from here until the program learns that it is full: as if it were
 * filled at once. */
#define BUFFERS(suffix)                                                                                        \
  static void begins##suffix(struct race_g *g, const struct aiocb##suffix *c, bool reads, struct race_at at) { \
    void *p = (void *)(uintptr_t)c->aio_buf;                                                                   \
    if (reads)                                                                                                 \
      posix_write(g, p, c->aio_nbytes, at);                                                                    \
    else                                                                                                       \
      posix_read(g, p, c->aio_nbytes, at);                                                                     \
    posix_hands_over(g);                                                                                       \
    if (g && !reads) fd_release(g, c->aio_fildes);                                                             \
  }                                                                                                            \
  int __gw_i_aio_read##suffix(struct aiocb##suffix *c) {                                                       \
    begins##suffix(posix_self(), c, true, RACE_HERE());                                                        \
    return aio_read##suffix(c);                                                                                \
  }                                                                                                            \
  int __gw_i_aio_write##suffix(struct aiocb##suffix *c) {                                                      \
    begins##suffix(posix_self(), c, false, RACE_HERE());                                                       \
    return aio_write##suffix(c);                                                                               \
  }                                                                                                            \
  int __gw_i_aio_fsync##suffix(int how, struct aiocb##suffix *c) {                                             \
    posix_hands_over(posix_self());                                                                            \
    return aio_fsync##suffix(how, c);                                                                          \
  }                                                                                                            \
  int __gw_i_lio_listio##suffix(int mode, struct aiocb##suffix *const *list, int n, struct sigevent *how) {    \
    struct race_g *g = posix_self();                                                                           \
    for (int i = 0; i < n; i++)                                                                                \
      if (list[i] && list[i]->aio_lio_opcode != LIO_NOP)                                                       \
        begins##suffix(g, list[i], list[i]->aio_lio_opcode == LIO_READ, RACE_HERE());                          \
    posix_hands_over(g);                                                                                       \
    return lio_listio##suffix(mode, list, n, how);                                                             \
  }                                                                                                            \
  /* Who is told that it is done comes after who began it. */                                                  \
  int __gw_i_aio_error##suffix(const struct aiocb##suffix *c) {                                                \
    int r = aio_error##suffix(c);                                                                              \
    struct race_g *g = r != EINPROGRESS ? posix_self() : NULL;                                                 \
    if (g) race_acquire(g, &det_behind);                                                                       \
    return r;                                                                                                  \
  }                                                                                                            \
  ssize_t __gw_i_aio_return##suffix(struct aiocb##suffix *c) {                                                 \
    ssize_t r = aio_return##suffix(c);                                                                         \
    struct race_g *g = posix_self();                                                                           \
    if (!g) return r;                                                                                          \
    race_acquire(g, &det_behind);                                                                              \
    fd_acquire(g, c->aio_fildes);                                                                              \
    return r;                                                                                                  \
  }
BUFFERS()
BUFFERS(64)

/* --- the end -------------------------------------------------------------------------------------------------------
 */

/* A function for exit, or for the unloading of its module; its address names its clock. */
struct ending {
  void (*f)(void *);
  void *arg;
};
static void ends(void *p) {
  struct ending e = *(struct ending *)p;
  struct race_g *g = posix_self();
  if (g) race_acquire(g, p);
  race_forget(p);
  arena_free(p, sizeof e);
  e.f(e.arg);
}

/* What atexit comes down to. */
int __gw_i___cxa_atexit(void (*f)(void *), void *arg, void *module) {
  struct race_g *g = posix_self();
  if (!g) return gw__real.__cxa_atexit(f, arg, module);
  struct ending *e = arena_alloc(sizeof *e);
  *e = (struct ending){f, arg};
  race_release(g, e);
  int r = gw__real.__cxa_atexit(ends, e, module);
  if (r == 0) return 0;
  race_forget(e);
  arena_free(e, sizeof *e);
  return r;
}
