/* The heaps of timers. A timer's fire function runs with no lock held, marked `firing`, so that who stops it can wait.
 */
#include "timers.h"

#include <string.h>

#include "base/arena.h"
#include "g.h"

static void first_publish(struct timers *ts) {
  int64_t first = ts->n ? ts->heap[0]->when : TIMER_NEVER;
  /* seq_cst: Dekker with the sleeper, which stores its deadline and then loads this (idle.c) */
  if (ts->first != first) __atomic_store_n(&ts->first, first, __ATOMIC_SEQ_CST);
}

static void place(struct timers *ts, uint32_t i, struct timer *t) {
  ts->heap[i] = t;
  t->index = i;
}

static void sift_up(struct timers *ts, uint32_t i, struct timer *t) {
  while (i > 0 && t->when < ts->heap[(i - 1) / 4]->when) {
    place(ts, i, ts->heap[(i - 1) / 4]);
    i = (i - 1) / 4;
  }
  place(ts, i, t);
}

static void sift_down(struct timers *ts, uint32_t i, struct timer *t) {
  for (;;) {
    uint32_t best = 0, child = 4 * i + 1;
    for (uint32_t c = child; c < child + 4 && c < ts->n; c++)
      if (!best || ts->heap[c]->when < ts->heap[best]->when) best = c;
    if (!best || ts->heap[best]->when >= t->when) break;
    place(ts, i, ts->heap[best]);
    i = best;
  }
  place(ts, i, t);
}

static void grow(struct timers *ts) {
  uint32_t room = ts->room ? ts->room * 2 : 16;
  struct timer **heap = arena_alloc(room * sizeof(struct timer *));
  if (ts->room) {
    memcpy(heap, ts->heap, ts->n * sizeof(struct timer *));
    arena_free(ts->heap, ts->room * sizeof(struct timer *));
  }
  ts->heap = heap;
  ts->room = room;
}

/* t, which stands in the heap, to where it belongs. */
static void sift(struct timers *ts, struct timer *t) {
  uint32_t i = t->index;
  if (i > 0 && t->when < ts->heap[(i - 1) / 4]->when)
    sift_up(ts, i, t);
  else
    sift_down(ts, i, t);
}

static void remove_locked(struct timers *ts, struct timer *t) {
  struct timer *last = ts->heap[--ts->n];
  if (last != t) {
    last->index = t->index;
    sift(ts, last);
  }
  __atomic_store_n(&t->in, NULL, __ATOMIC_RELEASE); /* pairs with the acquire in timer_stop */
  first_publish(ts);
}

static struct timers *heap_here(void) {
  struct g *g = g_tls();
  struct p *p = g && g->m ? g->m->p : NULL;
  return p ? &p->timers : &procs_all[0]->timers;
}

void timer_start(struct timer *t, int64_t when) {
  if (!__atomic_load_n(&sched.started, __ATOMIC_ACQUIRE)) sched_start();
  t->when = when < 0 ? TIMER_NEVER - 1 : when;            /* an overflow of now + duration */
  __atomic_fetch_add(&sched.timers, 1, __ATOMIC_SEQ_CST); /* before it is seen: the dead-check counts it */
  struct timers *ts = heap_here();
  spin_lock(&ts->lock);
  if (ts->n == ts->room) grow(ts);
  __atomic_store_n(&t->in, ts, __ATOMIC_RELEASE);
  sift_up(ts, ts->n++, t);
  bool earliest = t->index == 0;
  first_publish(ts);
  spin_unlock(&ts->lock);
  if (earliest) sched_new_deadline(when);
}

bool timer_move(struct timer *t, int64_t when) {
  struct timers *ts = __atomic_load_n(&t->in, __ATOMIC_ACQUIRE);
  if (!ts || ts->lost) return false;
  spin_lock(&ts->lock);
  bool armed = t->in == ts, earliest = false;
  if (armed) {
    t->when = when < 0 ? TIMER_NEVER - 1 : when;
    sift(ts, t);
    earliest = t->index == 0 && when < ts->first;
    first_publish(ts);
  }
  spin_unlock(&ts->lock);
  if (earliest) sched_new_deadline(when);
  return armed;
}

/* In a forked child: armed by its parent.  It never fires here, and is not counted. */
static bool forget_lost(struct timer *t, const struct timers *ts) {
  if (LIKELY(!ts->lost)) return false;
  t->in = NULL;
  t->firing = 0;
  return true;
}

/* The thread that fires may not run at all. */
static void spin_wait(int *spins) {
  if (++*spins < 100)
    spin_pause();
  else
    prim_sched_yield();
}

bool timer_stop(struct timer *t) {
  int spins = 0;
  for (;;) {
    struct timers *ts = __atomic_load_n(&t->in, __ATOMIC_ACQUIRE);
    if (!ts) {
      if (!__atomic_load_n(&t->firing, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(&t->in, __ATOMIC_ACQUIRE)) continue; /* it armed itself again */
        return false;
      }
      spin_wait(&spins);
      continue;
    }
    if (forget_lost(t, ts)) return true;
    spin_lock(&ts->lock);
    bool armed = t->in == ts;
    if (armed) remove_locked(ts, t);
    spin_unlock(&ts->lock);
    if (armed) {
      __atomic_fetch_sub(&sched.timers, 1, __ATOMIC_SEQ_CST);
      while (__atomic_load_n(&t->firing, __ATOMIC_ACQUIRE)) spin_wait(&spins); /* it armed itself, and is about done */
      return true;
    }
  }
}

bool timers_run(struct timers *ts, int64_t now) {
  bool any = false;
  while (__atomic_load_n(&ts->first, __ATOMIC_RELAXED) <= now) {
    spin_lock(&ts->lock);
    struct timer *t = ts->n && ts->heap[0]->when <= now ? ts->heap[0] : NULL;
    if (t) {
      /* Marked before it leaves the heap: who finds it unarmed sees that it fires. */
      __atomic_store_n(&t->firing, 1, __ATOMIC_RELEASE);
      remove_locked(ts, t);
    }
    spin_unlock(&ts->lock);
    if (!t) break;
    t->fire(t, now);                                        /* t may be gone afterwards */
    __atomic_fetch_sub(&sched.timers, 1, __ATOMIC_SEQ_CST); /* what it woke is runnable by now */
    any = true;
  }
  return any;
}

int64_t timers_first(void) {
  int64_t first = TIMER_NEVER;
  uint32_t n = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < n; i++) {
    int64_t when = __atomic_load_n(&procs_all[i]->timers.first, __ATOMIC_SEQ_CST); /* Dekker, see first_publish */
    if (when < first) first = when;
  }
  return first;
}
