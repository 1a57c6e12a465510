/* Keeping all other threads outside the detector: for the collector, a fork, a thread that was born unseen. */
#include "base/prim.h"
#include "detector/detector.h"

uint32_t det_collecting;
static struct spin_COLLECT one_at_a_time;
static struct det_thread *stopper; /* guarded by one_at_a_time */

void det_wait_collect(struct det_thread *t) {
  while (__atomic_load_n(&det_collecting, __ATOMIC_ACQUIRE)) {
    if (__atomic_load_n(&stopper, __ATOMIC_RELAXED) == t) return;
    __atomic_store_n(&t->inside, 0, __ATOMIC_RELEASE); /* pairs with the acquire in det_stop_others */
    prim_futex_wait(&det_collecting, 1, -1);
    t->inside = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
}

/* A thread enters by counting itself in and then looking at the flag; here the flag is set and then the counters are
 * looked at. The barrier between the two is run on all processors by the kernel, so that entering needs none.
 *
 * Who is inside is outside until it is his turn, lest he and another who stops him wait for each other: he holds no
 * lock, and no id; his epoch may be another one then.
 *
 * No handler comes meanwhile: whoever stopped the others may enter, so it would go about in what is being changed, and
 * one that forks would wait for its own thread. */
void det_stop_others(void) {
  struct det_thread *me = det_self ? det_self : det_adopt();
  const uint32_t inside = me->inside;
  me->stops = 1;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_store_n(&me->inside, 0, __ATOMIC_RELEASE); /* pairs with the acquire below */
  spin_lock(&one_at_a_time);
  me->inside = inside; /* seen by nobody before det_resume_others */
  __atomic_store_n(&stopper, me, __ATOMIC_RELAXED);
  __atomic_store_n(&det_collecting, 1, __ATOMIC_RELEASE);
  prim_membarrier();
  spin_lock(&det_threads.lock);
  for (struct det_thread *t = det_threads.first; t; t = t->next) {
    while (t != me && __atomic_load_n(&t->inside, __ATOMIC_ACQUIRE)) {
      spin_unlock(&det_threads.lock); /* a thread that ends takes itself off the list while it is inside */
      prim_sched_yield();
      spin_lock(&det_threads.lock);
      t = det_threads.first;
    }
  }
  spin_unlock(&det_threads.lock);
}

void det_resume_others(void) {
  __atomic_store_n(&stopper, NULL, __ATOMIC_RELAXED);
  __atomic_store_n(&det_collecting, 0, __ATOMIC_RELEASE);
  prim_futex_wake(&det_collecting, INT32_MAX);
  spin_unlock(&one_at_a_time);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  det_self->stops = 0;
  if (det_self->deferred_signals && !det_self->inside) race_run_deferred_signals();
}
