/* After fork the child has the caller alone: goroutine 1, on the stack and the thread that it has, as a foreign thread
 * is until it starts a goroutine.  The other goroutines and all of our threads are gone; their memory is given up. */
#include <pthread.h>
#include <string.h>

#include "base/fork.h"
#include "g.h"
#include "leak.h"
#include "net/netpoll.h"

static void before_fork(void) {
  spin_lock(&sched.lock);
  stacks_fork_lock();
}

static void in_parent(void) {
  stacks_fork_unlock();
  spin_unlock(&sched.lock);
}

static void bury(struct g *g, void *self) {
  if (g != self) __atomic_store_n(&g->status, G_DEAD, __ATOMIC_RELAXED);
}

static void in_child(void) {
  struct g *self = g_tls(), *threads = sched.thread_gs;
  uint32_t procs = sched.procs, all_procs = sched.all_procs;
  int64_t start = sched.start;
  spin_unlock(&sched.lock); /* this is the only thread */
  memset(&sched, 0, sizeof sched);
  sched.procs = procs;
  sched.start = start;
  sched.now = prim_now();
  sched.thread_gs = threads;
  for (uint32_t i = 0; i < all_procs; i++) procs_all[i]->timers.lost = true;
  memset(procs_all, 0, sizeof procs_all);
  netpoll_forget();
  leak_after_fork();
  stacks_fork_unlock();
  g_each(bury, self);
  if (!self) return; /* it never called us */
  self->id = 1;
  self->m = NULL;
  self->thread = true;
  self->locked_m = NULL;
  sched.threads = 1;
  sched.foreign_live = 1;
}

void fork_prepare(void) {
  fork_base_prepare();
  pthread_atfork(before_fork, in_parent, in_child);
}
