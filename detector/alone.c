/* A goroutine that is the only one alive: its releases end no epoch.
 *
 * Nobody can acquire what it releases before another goroutine is born, who knows then all that it did: by whatever
 * clock a release's object has, he learns nothing.  So the epoch stays open, and what was accessed in it once is found
 * by the inline checks until it isn't alone any more: the birth publishes the open clock, and ends it.  Meanwhile that
 * clock is lent (lend.c), as objects have it: it ends before the goroutine acquires what changes its tree, as one value
 * of a clock stands for one tree.
 *
 * Programs begin like that, and many never do otherwise: sqlite takes a quarter of the time, with its mutexes that are
 * locked by turns.
 *
 * All that is created by the runtime or by pthread_create is born inside the detector, to a goroutine that lives.  A
 * thread that was created unseen isn't: it makes itself known when it is on its way already, and knows nothing but what
 * it acquires.  So for once the others are stopped and their epochs ended, and nobody is alone any more, even if the
 * thread ends.  What the one that was alone does until then is one epoch: what it did before its last release to an
 * object and what it did after that aren't told apart by who acquires that object.  Functions that libc calls on
 * threads of its own are known beforehand (posix_behind.c): who hands something over to them isn't alone from then on.
 *
 * Threads count births less ends for themselves, so that both are cheap; the sum is looked at when a thread has been
 * joined, with the others stopped if it seems to be one.
 */
#include "detector/detector.h"

bool det_alone;

static bool never_again;     /* atomic */
int64_t det_alive_elsewhere; /* what threads had counted that are gone; guarded by det_threads.lock */

void det_born(struct det_thread *t) {
  t->alive++;
  if (UNLIKELY(__atomic_load_n(&det_alone, __ATOMIC_RELAXED))) __atomic_store_n(&det_alone, false, __ATOMIC_RELAXED);
}
void det_ended(struct det_thread *t) { t->alive--; }
void det_thread_gone_locked(const struct det_thread *t) { det_alive_elsewhere += t->alive; }

/* Where more threads are left than that it isn't worth the walk. */
enum { THREADS_COUNTED = 64 };

/* Right if the others are stopped, or if there are none. */
static bool is_alone(void) {
  if (__atomic_load_n(&never_again, __ATOMIC_RELAXED)) return false;
  spin_lock(&det_threads.lock);
  int64_t n = det_alive_elsewhere;
  uint32_t threads = 0;
  for (const struct det_thread *t = det_threads.first; t && threads <= THREADS_COUNTED; t = t->next, threads++)
    n += t->alive;
  spin_unlock(&det_threads.lock);
  return n == 1 && threads <= THREADS_COUNTED;
}

/* Inside the detector, as a handler may want the lock. */
static bool seems_alone(void) {
  struct det_thread *t = det_enter();
  const bool yes = is_alone();
  det_exit(t);
  return yes;
}

void det_look_whether_alone(void) {
  if (!seems_alone()) return;
  det_stop_others(); /* whoever comes unseen has said so before, or comes when this is over */
  if (is_alone()) __atomic_store_n(&det_alone, true, __ATOMIC_RELAXED);
  det_resume_others();
}

void det_main_born(void) {
  if (is_alone()) __atomic_store_n(&det_alone, true, __ATOMIC_RELAXED);
}

static void give_up(void) {
  __atomic_store_n(&never_again, true, __ATOMIC_RELAXED);
  __atomic_store_n(&det_alone, false, __ATOMIC_RELAXED);
}

/* From now on nobody ends the caller's epoch for him when a thread comes unseen. */
void det_never_alone(void) {
  give_up();
  struct det_thread *t = det_enter();
  if (t->g && t->g->lent) det_close(t, t->g);
  det_exit(t);
}

/* The inline checks of a thread that runs go by its own word for the epoch. */
static void end_epochs(void) {
  for (struct race_g *g = det_gs.first; g; g = g->next)
    if (g->lent) det_close(det_self, g);
  spin_lock(&det_threads.lock);
  for (struct det_thread *t = det_threads.first; t; t = t->next)
    if (t->g) __atomic_store_n(&t->tls->epoch, t->g->epoch, __ATOMIC_RELAXED);
  spin_unlock(&det_threads.lock);
}

void det_unseen_birth(void) {
  if (__atomic_load_n(&never_again, __ATOMIC_RELAXED)) return;
  det_stop_others();
  give_up();
  end_epochs();
  det_resume_others();
}

/* Counted anew, alone or not: what the threads that are gone had counted would be missing from the sum. */
void det_alone_after_fork(struct det_thread *me) {
  if (!me) return;
  det_alive_elsewhere = 0;
  me->alive = me->g != NULL;
}
