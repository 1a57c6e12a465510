/* Channels: a ring buffer and two queues of waiters behind one spin lock.  A value goes straight from sender to
 * receiver when one of them waits: the one that comes second copies it, into or out of the other's frame.
 *
 * The happens-before edges are Go's: each slot of the buffer has a clock that send and receive join and renew, so send
 * k is before receive k, and receive k before the end of send k+cap.  A value handed to a waiting receiver of a
 * buffered channel goes through its slot all the same, so that the numbering stays.  Unbuffered: both ways. */
#include "chan.h"

#include "base/arena.h"

static size_t chan_bytes(size_t size, uint32_t cap) { return sizeof(struct gw__chan) + (size ? size : 1) * cap; }

struct gw__chan *gw__chan_make(size_t size, int64_t cap) {
  if (cap < 0 || cap > UINT32_MAX / 2 || (size && (size_t)cap > (SIZE_MAX / 4) / size))
    gw_panic("makechan: size out of range");
  size_t bytes = chan_bytes(size, (uint32_t)cap);
  struct gw__chan *c = arena_alloc_user(bytes);
  race_reborn(c, bytes);
  c->size = size;
  c->cap = (uint32_t)cap;
  c->clocks = race_clocks_new(c->cap);
  return c;
}

static void clear(void *to, size_t n) {
  if (to) memset(to, 0, n);
}

/* False if it waits no more: one in a select may have been taken by another case. */
static inline bool waiter_take(struct gw__waiter *w) {
  if (LIKELY(w->index < 0)) return true;
  uint32_t no = 0;
  /* acq_rel: partner of the same exchange in the other cases' channels and in the select's timer */
  if (!__atomic_compare_exchange_n(&w->g->done, &no, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return false;
  w->g->taken = w;
  return true;
}

/* The first waiter that still waits. */
static inline struct gw__waiter *waiter_get(struct gw__waitq *q) {
  struct gw__waiter *w;
  while ((w = waitq_get(q)) && UNLIKELY(!waiter_take(w))) continue;
  return w;
}

static uint32_t after(const struct gw__chan *c, uint32_t i) { return i + 1 == c->cap ? 0 : i + 1; }
static void count_set(struct gw__chan *c, uint32_t n) { __atomic_store_n(&c->count, n, __ATOMIC_RELAXED); }

enum chan_outcome chan_send_locked(struct gw__chan *c, const void *elem, struct race_g *r, struct g **wake) {
  *wake = NULL;
  if (UNLIKELY(c->closed)) return CHAN_CLOSED;
  struct gw__waiter *w = waiter_get(&c->receivers);
  if (w) {
    if (w->elem) chan_copy(w->elem, elem, c->size);
    w->ok = true;
    *wake = w->g;
    if (c->cap == 0) {
      race_rendezvous(r, w->g->race, c->clocks);
    } else {
      if (r) race_exchange(r, c->clocks, c->send_at);
      race_exchange(w->g->race, c->clocks, c->send_at);
      c->send_at = c->recv_at = after(c, c->send_at);
    }
    return CHAN_DONE;
  }
  if (c->count == c->cap) return CHAN_WAIT;
  if (r) race_exchange(r, c->clocks, c->send_at);
  chan_copy(chan_slot(c, c->send_at), elem, c->size);
  c->send_at = after(c, c->send_at);
  count_set(c, c->count + 1);
  return CHAN_DONE;
}

enum chan_outcome chan_recv_locked(struct gw__chan *c, void *elem, struct race_g *r, struct g **wake) {
  *wake = NULL;
  if (c->count > 0) {
    race_exchange(r, c->clocks, c->recv_at);
    if (elem) chan_copy(elem, chan_slot(c, c->recv_at), c->size);
    struct gw__waiter *w = waiter_get(&c->senders);
    if (w) { /* the buffer was full: its value takes the slot */
      race_exchange(w->g->race, c->clocks, c->recv_at);
      chan_copy(chan_slot(c, c->recv_at), w->elem, c->size);
      w->ok = true;
      *wake = w->g;
      c->recv_at = c->send_at = after(c, c->recv_at);
    } else {
      c->recv_at = after(c, c->recv_at);
      count_set(c, c->count - 1);
    }
    return CHAN_DONE;
  }
  struct gw__waiter *w = waiter_get(&c->senders);
  if (w) {
    race_rendezvous(r, w->g->race, c->clocks);
    if (elem) chan_copy(elem, w->elem, c->size);
    w->ok = true;
    *wake = w->g;
    return CHAN_DONE;
  }
  if (!c->closed) return CHAN_WAIT;
  race_acquire(r, c);
  clear(elem, c->size);
  return CHAN_CLOSED;
}

static _Noreturn void block_for_ever(struct g *g, enum reason why) {
  rt_enter(g);
  for (;;) g_park(g, why, NULL, NULL);
}

static void wait_in(struct gw__chan *c, struct gw__waitq *q, struct g *g, struct gw__waiter *w, enum reason why) {
  w->g = g;
  w->index = -1;
  g->object = c;
  waitq_put(q, w);
  g_park_unlock(g, why, SPIN_ANY(&c->lock));
}

void gw__chan_send(struct gw__chan *c, const void *elem) {
  struct g *g = g_self();
  if (UNLIKELY(!c)) block_for_ever(g, WAIT_SEND_NIL);
  struct race_g *r = g->race;
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  chan_note_send_locked(c, g, RACE_HERE());
  struct g *wake;
  enum chan_outcome out = chan_send_locked(c, elem, r, &wake);
  if (out == CHAN_WAIT) {
    struct gw__waiter w = {.elem = (void *)(uintptr_t)elem};
    wait_in(c, &c->senders, g, &w, WAIT_SEND);
    m = g->m;
    out = w.ok ? CHAN_DONE : CHAN_CLOSED;
  } else {
    spin_unlock(&c->lock);
    if (wake) g_ready(m, wake);
  }
  rt_exit(m);
  if (UNLIKELY(out == CHAN_CLOSED)) gw_panic("send on closed channel");
}

/* Receives; true if it was a value. */
static bool receive(struct gw__chan *c, void *elem) {
  struct g *g = g_self();
  if (UNLIKELY(!c)) block_for_ever(g, WAIT_RECV_NIL);
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  struct g *wake;
  enum chan_outcome out = chan_recv_locked(c, elem, g->race, &wake);
  if (out == CHAN_WAIT) {
    struct gw__waiter w = {.elem = elem};
    wait_in(c, &c->receivers, g, &w, WAIT_RECV);
    m = g->m;
    out = w.ok ? CHAN_DONE : CHAN_CLOSED;
  } else {
    spin_unlock(&c->lock);
    if (wake) g_ready(m, wake);
  }
  rt_exit(m);
  return out == CHAN_DONE;
}

void gw__chan_recv_temp(struct gw__chan *c, void *elem) { receive(c, elem); }
bool gw__chan_recv_own(struct gw__chan *c, void *elem) { return receive(c, elem); }

static void note_elem(const void *elem, size_t size, enum race_op op, struct race_at at) {
  if (elem && size) race_access(race_self(), elem, size, op, at);
}

bool gw__chan_recv(struct gw__chan *c, void *elem) {
  bool ok = receive(c, elem);
  note_elem(elem, c->size, RACE_WRITE, RACE_HERE());
  return ok;
}

bool gw__chan_try_send(struct gw__chan *c, const void *elem) {
  struct g *g = g_self();
  if (!c) return false;
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  chan_note_send_locked(c, g, RACE_HERE());
  struct g *wake;
  enum chan_outcome out = chan_send_locked(c, elem, g->race, &wake);
  spin_unlock(&c->lock);
  if (wake) g_ready(m, wake);
  rt_exit(m);
  if (UNLIKELY(out == CHAN_CLOSED)) gw_panic("send on closed channel");
  return out == CHAN_DONE;
}

static enum chan_outcome try_receive(struct gw__chan *c, void *elem, struct race_at at) {
  struct g *g = g_self();
  if (!c) return CHAN_WAIT;
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  struct g *wake;
  enum chan_outcome out = chan_recv_locked(c, elem, g->race, &wake);
  spin_unlock(&c->lock);
  if (wake) g_ready(m, wake);
  rt_exit(m);
  if (out != CHAN_WAIT) note_elem(elem, c->size, RACE_WRITE, at);
  return out;
}

bool gw__chan_try_recv(struct gw__chan *c, void *elem) { return try_receive(c, elem, RACE_HERE()) == CHAN_DONE; }

bool gw__chan_try_recv_ok(struct gw__chan *c, void *elem, bool *ok) {
  enum chan_outcome out = try_receive(c, elem, RACE_HERE());
  if (out == CHAN_WAIT) return false;
  if (ok) {
    *ok = out == CHAN_DONE;
    note_elem(ok, sizeof *ok, RACE_WRITE, RACE_HERE());
  }
  return true;
}

/* Everybody who waits goes on; each gets close's edge.  Very many are taken from both ends: each record is a cache miss
 * that only its neighbour announces, and so there are two under way. */
static void release_all(struct gw__chan *c, struct gw__waitq *q, struct readying *r) {
  bool many = q->gw__count > READY_FEW;
  for (uint32_t i = 0; q->gw__first; i++) {
    struct gw__waiter *w = many && i % 2 ? q->gw__last : q->gw__first;
    waitq_remove(q, w);
    if (!waiter_take(w)) continue;
    w->ok = false;
    if (q == &c->receivers) clear(w->elem, c->size);
    race_acquire(w->g->race, c);
    readying_add(r, w->g);
  }
}

void gw__chan_close(struct gw__chan *c) {
  struct g *g = g_self();
  if (!c) gw_panic("close of nil channel");
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  bool twice = c->closed;
  struct readying r = {.n = 0};
  if (!twice) {
    race_write_noted(g->race, c->clocks, c, CHAN_CLOSING, RACE_HERE());
    race_release(g->race, c);
    __atomic_store_n(&c->closed, true, __ATOMIC_RELAXED);
    release_all(c, &c->receivers, &r);
    release_all(c, &c->senders, &r);
  }
  spin_unlock(&c->lock);
  readying_all(m, &r);
  rt_exit(m);
  if (twice) gw_panic("close of closed channel");
}

int gw__chan_len(const struct gw__chan *c) { return c ? (int)__atomic_load_n(&c->count, __ATOMIC_RELAXED) : 0; }
int gw__chan_cap(const struct gw__chan *c) { return c ? (int)c->cap : 0; }

void gw__chan_free(struct gw__chan *c) {
  if (!c) return;
  struct g *g = g_self();
  struct m *m = rt_enter(g);
  spin_lock(&c->lock);
  bool busy = c->receivers.gw__first || c->senders.gw__first;
  spin_unlock(&c->lock);
  rt_exit(m);
  if (busy) {
    race_finding("GW1008", "channel freed while goroutines wait on it", NULL, g->race, RACE_HERE());
    gw_panic("free of a channel with goroutines waiting on it");
  }
  /* A race with whoever still uses it: freeing is a write to the channel. */
  race_write_noted(g->race, c->clocks, c, CHAN_CLOSING, RACE_HERE());
  size_t bytes = chan_bytes(c->size, c->cap);
  race_clocks_free(c->clocks);
  c->clocks = NULL;
  race_reborn(c, bytes);
  arena_free_user(c, bytes);
}
