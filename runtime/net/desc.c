/* The table of descriptors, and waiting.
 *
 * - A goroutine parks in the queue of one side (reading, writing) of a number; an event, gw_close_fd, a changed
 * deadline or its own alarm takes it out.  All of these may be spurious: the call tries again.
 * - Numbers that godwit made are registered once, edge-triggered, for both sides; `word` remembers what was ready.  An
 *   event wakes one waiter; a call that leaves with READY still set wakes the next (desc_leave), so all of them get on.
 * - Foreign numbers are armed for one event at each wait, since they may be closed and given out again behind our back;
 *   the event wakes all who wait.
 * - `gen` tells events and calls of an earlier owner of the number apart.
 * - Registering is done under the lock, although it is a system call: so no event comes before its waiter is suspended.
 *
 * The lock is of rank 1 (g.h). */
#include "desc.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "netpoll.h"

enum { PAGE_DESCS = 256, PAGES = 65536 }; /* 16 million numbers; the kernel allows a million unless told otherwise */
static struct desc *table[PAGES];         /* atomic: pages come and stay */

#define BOTH_SIDES (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

/* A waiting call; lives on its stack. */
struct waiting {
  struct gw__waiter w; /* n: the result */
  struct desc *d;
  struct desc_side *side;
  struct timer alarm;
  int64_t until; /* when it rings; TIMER_NEVER: not set */
  int wake;      /* of a thread: eventfd */
};

struct desc *desc_of(int fd, bool make) {
  if (fd < 0 || fd >= PAGE_DESCS * PAGES) return NULL;
  struct desc **at = &table[fd / PAGE_DESCS];
  struct desc *page = __atomic_load_n(at, __ATOMIC_ACQUIRE); /* pairs with the release below */
  if (!page) {
    if (!make) return NULL;
    struct desc *fresh = arena_alloc(PAGE_DESCS * sizeof *fresh);
    if (__atomic_compare_exchange_n(at, &page, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      page = fresh;
    else
      arena_free(fresh, PAGE_DESCS * sizeof *fresh);
  }
  return &page[fd % PAGE_DESCS];
}

/* ---- waking ---- */

static void ready_add(struct ready *r, struct g *g) {
  g->next = NULL;
  if (r->last)
    r->last->next = g;
  else
    r->first = g;
  r->last = g;
  r->n++;
}

static struct waiting *waiting_of(struct gw__waiter *w) { return (struct waiting *)(void *)w; }

static void wake_one_locked(struct desc_side *s, int result, struct ready *out) {
  struct gw__waiter *w = waitq_get(&s->waiters);
  if (!w) return;
  w->n = result;
  if (w->g->thread)
    prim_eventfd_add(waiting_of(w)->wake);
  else
    ready_add(out, w->g);
}

static void wake_all_locked(struct desc_side *s, int result, struct ready *out) {
  while (s->waiters.gw__first) wake_one_locked(s, result, out);
}

static void word_set_locked(struct desc_side *s, uint32_t bits) {
  uint32_t old = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
  /* release: pairs with the acquire of who then tries */
  while (!__atomic_compare_exchange_n(&s->word, &old, (old + TICK) | bits, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
}

bool desc_clear(struct desc_side *s, uint32_t *seen) {
  uint32_t now = *seen & ~(uint32_t)READY;
  if (now != *seen && !__atomic_compare_exchange_n(&s->word, seen, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    return false;
  *seen = now;
  return true;
}

/* The caller is a goroutine or a thread, not a poller. */
static void resume(struct ready *r) {
  if (r->n == 0) return;
  struct m *m = rt_enter(g_self());
  netpoll_inject(m, r);
  if (m && r->n == 1) wake_one(); /* the caller goes on: another one may run it */
  rt_exit(m);
}

static void side_event_locked(const struct desc *d, struct desc_side *s, uint32_t bits, struct ready *out) {
  word_set_locked(s, d->made ? bits | READY : 0);
  if (d->made && !(bits & STICKY) && !d->both)
    wake_one_locked(s, 0, out);
  else
    wake_all_locked(s, 0, out);
}

void desc_event(int fd, uint32_t gen, uint32_t events, struct ready *out) {
  struct desc *d = desc_of(fd, false);
  if (!d) return;
  spin_lock(&d->lock);
  if (d->gen == gen) {
    uint32_t bits = events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR) ? STICKY : 0;
    bool both = __atomic_load_n(&d->both, __ATOMIC_SEQ_CST) > 0;
    bool all =
        !d->made || (both && events & EPOLLOUT); /* armed for one event: whoever else waits has to arm it again */
    if (all || bits || events & EPOLLIN) side_event_locked(d, &d->side[SIDE_IN], bits, out);
    if (all || events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
      side_event_locked(d, &d->side[SIDE_OUT], events & (EPOLLHUP | EPOLLERR) ? STICKY : 0, out);
  }
  spin_unlock(&d->lock);
}

/* ---- the life of a number ---- */

/* It means something else from now on. */
static void renew_locked(struct desc *d, struct ready *out) {
  __atomic_store_n(&d->gen, d->gen + 1, __ATOMIC_RELAXED);
  d->registered = false;
  d->device = d->file = 0;
  for (int i = 0; i < 2; i++) {
    wake_all_locked(&d->side[i], -EBADF, out);
    word_set_locked(&d->side[i], READY);
    __atomic_and_fetch(&d->side[i].word, ~(uint32_t)STICKY, __ATOMIC_RELAXED);
    __atomic_store_n(&d->side[i].deadline, 0, __ATOMIC_RELAXED);
  }
}

/* Who closes the number has about done so: it has been given out again. */
static void wait_for_close(struct desc *d) {
  while (__atomic_load_n(&d->refs, __ATOMIC_ACQUIRE) & CLOSING) prim_sched_yield(); /* pairs with desc_close */
}

void desc_made(int fd, bool tcp, bool path) {
  struct ready ready = {0};
  struct desc *d = desc_of(fd, true);
  if (!d) return; /* beyond the table: calls on it give EBADF */
  wait_for_close(d);
  spin_lock(&d->lock);
  renew_locked(d, &ready);
  d->tcp = tcp;
  d->path = path;
  __atomic_store_n(&d->made, true, __ATOMIC_RELEASE); /* pairs with the acquire of each call */
  spin_unlock(&d->lock);
  resume(&ready);
}

int desc_foreign(struct desc *d, int fd, struct prim_file *f) {
  wait_for_close(d);
  int e = prim_fd_stat(fd, f);
  if (e < 0) return e;
  struct ready ready = {0};
  spin_lock(&d->lock);
  if (d->file != f->inode || d->device != f->device) {
    renew_locked(d, &ready);
    d->device = f->device;
    d->file = f->inode;
  }
  spin_unlock(&d->lock);
  resume(&ready);
  return 0;
}

bool desc_enter(struct desc *d) {
  uint32_t refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);
  do {
    if (refs & CLOSING) return false;
  } while (!__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
  return true;
}

void desc_leave(struct desc *d, enum side side) {
  struct desc_side *s = &d->side[side];
  struct ready ready = {0};
  /* An event wakes one: the next in turn. (Nobody queues while READY is set.) */
  if (UNLIKELY(__atomic_load_n(&s->waiters.gw__first, __ATOMIC_RELAXED) != NULL) &&
      __atomic_load_n(&s->word, __ATOMIC_RELAXED) & READY) {
    spin_lock(&d->lock);
    wake_one_locked(s, 0, &ready);
    spin_unlock(&d->lock);
  }
  /* acq_rel: the last one's predecessors are done with the number */
  if (UNLIKELY(__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) == CLOSING)) {
    spin_lock(&d->lock);
    struct g *closer = d->closer;
    d->closer = NULL;
    spin_unlock(&d->lock);
    if (closer) {
      struct m *m = rt_enter(g_self());
      g_ready(m, closer);
      rt_exit(m);
    }
  }
  resume(&ready);
}

static void unlock_desc(void *d) { spin_unlock(&((struct desc *)d)->lock); }

/* Until every other call has left.  It looks again when it is woken: the last one to leave an earlier owner of the
 * number may come for the closer only now. */
static void drain(struct desc *d) {
  struct g *g = g_self();
  rt_enter(g);
  for (;;) {
    spin_lock(&d->lock);
    if (__atomic_load_n(&d->refs, __ATOMIC_ACQUIRE) == CLOSING) break;
    d->closer = g;
    g_park(g, WAIT_SEMA, unlock_desc, d);
  }
  spin_unlock(&d->lock);
  rt_exit(g->m);
}

static void remove_path(int fd) {
  struct {
    uint16_t family;
    char path[109]; /* a byte more than there may be: the kernel's need have no end */
  } name = {0};
  uint32_t n = sizeof name - 1;
  if (prim_sock_name(fd, &name, &n) == 0 && name.path[0] == '/') prim_unlink(name.path);
}

/* Who came between renewing and closing waits for what is in the set no more: it tries again, and learns of it. */
static int foreign_close(struct desc *d, int fd) {
  struct ready ready = {0};
  int e = prim_io_close(fd);
  spin_lock(&d->lock);
  for (int i = 0; i < 2; i++) {
    word_set_locked(&d->side[i], 0); /* who is about to wait */
    wake_all_locked(&d->side[i], 0, &ready);
  }
  spin_unlock(&d->lock);
  resume(&ready);
  return e;
}

int desc_close(struct desc *d, int fd) {
  struct ready ready = {0};
  bool made = __atomic_load_n(&d->made, __ATOMIC_ACQUIRE);
  if (made && __atomic_fetch_or(&d->refs, CLOSING, __ATOMIC_ACQ_REL) & CLOSING) return -EBADF;
  spin_lock(&d->lock);
  bool path = made && d->path;
  renew_locked(d, &ready);
  spin_unlock(&d->lock);
  resume(&ready);
  if (!made) return foreign_close(d, fd);
  drain(d);
  if (path) remove_path(fd);
  __atomic_store_n(&d->made, false, __ATOMIC_RELAXED);
  int e = prim_io_close(fd);
  __atomic_store_n(&d->refs, 0, __ATOMIC_RELEASE); /* pairs with the acquire in wait_for_close */
  return e;
}

void desc_set_deadline(struct desc *d, enum side side, int64_t t) {
  struct desc_side *s = &d->side[side];
  struct ready ready = {0};
  spin_lock(&d->lock);
  __atomic_store_n(&s->deadline, t, __ATOMIC_RELAXED);
  word_set_locked(s, 0); /* who is about to wait has read the old one */
  wake_all_locked(s, 0, &ready);
  spin_unlock(&d->lock);
  resume(&ready);
}

void descs_forget(void) {
  for (int i = 0; i < PAGES; i++) {
    if (!table[i]) continue;
    for (int k = 0; k < PAGE_DESCS; k++) {
      struct desc *d = &table[i][k];
      d->lock.held = 0;
      d->refs = 0;
      d->gen++;
      d->registered = false;
      d->closer = NULL;
      d->both = 0;
      for (int side = 0; side < 2; side++) {
        d->side[side].waiters = (struct gw__waitq){0};
        d->side[side].word |= READY;
      }
    }
  }
}

/* ---- waiting ---- */

static void alarm_fire(struct timer *t, int64_t now) {
  struct waiting *w = (struct waiting *)(void *)((char *)t - offsetof(struct waiting, alarm));
  struct desc *d = w->d;
  (void)now;
  spin_lock(&d->lock);
  struct g *g = w->w.queued ? w->w.g : NULL;
  if (g) {
    waitq_remove(&w->side->waiters, &w->w);
    w->w.n = -ETIMEDOUT;
  }
  spin_unlock(&d->lock);
  timer_fired(t);
  if (!g) return;
  g_ready(m_here(), g);
  __atomic_fetch_sub(&netpoll.waits, 1, __ATOMIC_SEQ_CST);
}

/* Once the goroutine is suspended.  The record may be gone as soon as the lock is given up; the alarm takes the lock.
 */
static void wait_begin(void *arg) {
  struct waiting *w = arg;
  struct desc *d = w->d;
  if (w->until != TIMER_NEVER) timer_start(&w->alarm, w->until);
  spin_unlock(&d->lock);
}

static int register_locked(struct desc *d, const struct desc_want *want) {
  uint64_t data = (uint32_t)want->fd | (uint64_t)d->gen << 32;
  if (d->made) {
    if (d->registered) return 0;
    int e = prim_epoll_ctl(netpoll.epoll, EPOLL_CTL_ADD, want->fd, BOTH_SIDES, data);
    if (e < 0 && e != -EEXIST) return e;
    d->registered = true;
    return 0;
  }
  uint32_t events = want->events | EPOLLONESHOT | EPOLLET;
  if (d->side[SIDE_IN].waiters.gw__first) events |= EPOLLIN | EPOLLPRI | EPOLLRDHUP;
  if (d->side[SIDE_OUT].waiters.gw__first) events |= EPOLLOUT;
  int e = -ENOENT;
  if (d->registered) e = prim_epoll_ctl(netpoll.epoll, EPOLL_CTL_MOD, want->fd, events, data);
  if (e == -ENOENT) e = prim_epoll_ctl(netpoll.epoll, EPOLL_CTL_ADD, want->fd, events, data);
  if (e == -EEXIST) e = prim_epoll_ctl(netpoll.epoll, EPOLL_CTL_MOD, want->fd, events, data);
  d->registered = e == 0;
  return e;
}

/* Something has happened since the call looked; with the lock held. */
static bool outdated(const struct desc *d, const struct desc_want *want, int *result) {
  /* A call that began before the closing may have got `gen` after it, and who closes waits for it to leave. */
  bool other = d->gen != want->gen || __atomic_load_n(&d->refs, __ATOMIC_RELAXED) & CLOSING;
  *result = other ? -EBADF : 0;
  return other || __atomic_load_n(&d->side[want->side].word, __ATOMIC_RELAXED) != want->seen;
}

/* A thread polls by itself; others wake it by its eventfd. */
static int thread_wait(struct desc *d, struct g *g, const struct desc_want *want) {
  struct waiting w = {.w = {.g = g, .index = -1}, .d = d, .side = &d->side[want->side], .wake = prim_eventfd()};
  int result;
  if (w.wake < 0) return w.wake;
  spin_lock(&d->lock);
  bool old = outdated(d, want, &result);
  if (!old) waitq_put(&w.side->waiters, &w.w);
  spin_unlock(&d->lock);
  if (!old) {
    struct prim_fd_poll p[2] = {{want->fd, (short)want->events, 0}, {w.wake, POLLIN, 0}};
    int64_t left = want->until == TIMER_NEVER ? -1 : want->until - prim_now();
    int r = prim_fd_wait(p, 2, left < 0 && want->until != TIMER_NEVER ? 0 : left);
    spin_lock(&d->lock);
    if (w.w.queued) {
      waitq_remove(&w.side->waiters, &w.w);
      w.w.n = r == 0 ? -ETIMEDOUT : 0;
    }
    spin_unlock(&d->lock);
    result = (int)w.w.n;
  }
  prim_io_close(w.wake);
  return result;
}

int desc_wait(struct desc *d, const struct desc_want *want) {
  struct g *g = g_self();
  if (UNLIKELY(g->thread)) return thread_wait(d, g, want);
  int result = netpoll_start();
  if (result < 0) return result;
  struct waiting w = {.w = {.g = g, .index = -1},
                      .d = d,
                      .side = &d->side[want->side],
                      .alarm = {.fire = alarm_fire},
                      .until = want->until};
  rt_enter(g);
  spin_lock(&d->lock);
  if (outdated(d, want, &result) || (result = register_locked(d, want)) < 0) {
    spin_unlock(&d->lock);
  } else {
    waitq_put(&w.side->waiters, &w.w);
    __atomic_fetch_add(&netpoll.waits, 1, __ATOMIC_SEQ_CST);
    g_park(g, WAIT_IO, wait_begin, &w);
    if (w.until != TIMER_NEVER) timer_stop(&w.alarm);
    result = (int)w.w.n;
  }
  rt_exit(g->m);
  return result;
}
