/* Breaks one rule of the preset "paranoid", by its name: the checks themselves, linked with nothing that they check.
 * With a name that ends in "_right" nothing is broken. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/paranoid.h"
#include "base/spin.h"
#include "runtime/chan.h"
#include "runtime/net/desc.h"
#include "runtime/stack.h"

/* waitq.c calls it; nobody parks here. */
void g_park_unlock(struct g *g, enum reason why, struct spin *lock) { (void)g, (void)why, (void)lock; }

static void release(const void *lock, enum rank rank) {
  static const struct paranoid_site here = {"planted", "planted.c", 1};
  paranoid_lock(lock, rank, &here);
  paranoid_unlock(lock);
}
#define RELEASE(object) release(&(object)->lock, SPIN_RANK(&(object)->lock))
#define RELEASE_QUEUE(id, q) release(WAITQ_LOCK(id, q), RANK_##id)

/* ---- locks ---- */

/* Whole objects, as what is around a lock is checked. */
static struct sched a_sched;
static struct timers a_heap = {.first = TIMER_NEVER};
static struct {
  struct gw__chan c;
} chans[300];
static struct spin leaf, other_leaf;

static void order_right(void) {
  spin_lock(&chans[0].c.lock);
  spin_lock(&chans[1].c.lock);
  spin_lock(&a_heap.lock);
  spin_lock(&a_sched.lock);
  spin_lock(&leaf);
  spin_unlock(&chans[1].c.lock); /* in any order */
  spin_unlock(&leaf);
  spin_unlock(&a_sched.lock);
  spin_unlock(&a_heap.lock);
  spin_unlock(&chans[0].c.lock);
  paranoid_no_lock("the end");
  spin_lock(&chans[0].c.lock); /* again from the start */
  spin_unlock(&chans[0].c.lock);
}
static void order_wrong(void) {
  spin_lock(&a_sched.lock);
  spin_lock(&a_heap.lock);
}
static void addresses_wrong(void) {
  spin_lock(&chans[1].c.lock);
  spin_lock(&chans[0].c.lock);
}
static void two_of_one(void) {
  static struct spin_SEMA sema[2];
  spin_lock(&sema[0]);
  spin_lock(&sema[1]);
}
static void one_twice(void) {
  spin_lock(&a_sched.lock);
  spin_lock(&a_sched.lock);
}
static void under_a_leaf(void) {
  spin_lock(&leaf);
  spin_lock(&other_leaf);
}
static void not_held(void) { spin_unlock(&a_sched.lock); }
static void held_at_sleep(void) {
  spin_lock(&a_sched.lock);
  paranoid_no_lock("sleep");
}
static void *another(void *arg) {
  (void)arg;
  spin_lock(&a_sched.lock);
  spin_unlock(&a_sched.lock);
  return NULL;
}
static void others_right(void) { /* what others hold is theirs */
  pthread_t t;
  spin_lock(&leaf);
  pthread_create(&t, NULL, another, NULL);
  pthread_join(t, NULL);
  spin_unlock(&leaf);
}
static void on_signal(int sig) {
  (void)sig;
  spin_lock(&leaf);
  spin_unlock(&leaf);
}
static void handlers_right(void) {
  signal(SIGUSR1, on_signal);
  spin_lock(&a_sched.lock);
  raise(SIGUSR1);
  spin_unlock(&a_sched.lock);
  paranoid_no_lock("the end");
}
static void many_right(void) { /* more than the list has room for */
  for (int i = 0; i < 300; i++) spin_lock(&chans[i].c.lock);
  for (int i = 300; i-- > 0;) spin_unlock(&chans[i].c.lock);
  paranoid_no_lock("the end");
}
static void a_check(void) {
  paranoid_note("an event of the past", 42, 43);
  GW_CHECK(leaf.held == 1);
}

/* ---- invariants ---- */

static struct g one, two;
static struct gw__waiter first = {.g = &one, .index = -1}, second = {.g = &two, .index = -1};

static void waitq_right(void) {
  struct gw__waitq q = {0};
  RELEASE_QUEUE(WAITQ, &q);
  waitq_put(&q, &first);
  RELEASE_QUEUE(WAITQ, &q);
  waitq_put_first(&q, &second);
  RELEASE_QUEUE(WAITQ, &q);
  waitq_remove(&q, &first);
  RELEASE_QUEUE(WAITQ, &q);
}
static void waitq_count(void) {
  struct gw__waitq q = {0};
  waitq_put(&q, &first);
  q.gw__count = 2;
  RELEASE_QUEUE(WAITQ, &q);
}
static void waitq_links(void) {
  struct gw__waitq q = {0};
  waitq_put(&q, &first);
  waitq_put(&q, &second);
  second.prev = NULL;
  RELEASE_QUEUE(WAITQ, &q);
}

static struct gw__chan chan = {.cap = 0};

static void chan_right(void) {
  waitq_put(&chan.receivers, &first);
  RELEASE(&chan);
  waitq_remove(&chan.receivers, &first);
  chan.cap = 3, chan.count = 2, chan.recv_at = 2, chan.send_at = 1;
  RELEASE(&chan);
}
static void chan_slots(void) {
  chan.cap = 3, chan.count = 2, chan.recv_at = 2, chan.send_at = 2;
  RELEASE(&chan);
}
static void chan_waits_for_nothing(void) {
  chan.cap = 3, chan.count = 1, chan.send_at = 1;
  waitq_put(&chan.receivers, &first);
  RELEASE(&chan);
}
static void chan_closed(void) {
  chan.closed = true;
  waitq_put(&chan.receivers, &first);
  RELEASE(&chan);
}
static void chan_both_sides(void) {
  waitq_put(&chan.receivers, &first);
  waitq_put(&chan.senders, &second);
  RELEASE(&chan);
}

static void mutex_forgets_its_waiter(void) {
  gw_mutex m = {.gw__state = 1};
  waitq_put(&m.gw__queue, &first);
  RELEASE_QUEUE(MUTEX, &m.gw__queue);
}
static void mutex_starving_alone(void) {
  gw_mutex m = {.gw__state = 8};
  RELEASE_QUEUE(MUTEX, &m.gw__queue);
}
static void sema_keeps_units(void) {
  gw_sema s = {.gw__free = 3};
  first.n = 2;
  waitq_put(&s.gw__queue, &first);
  RELEASE_QUEUE(SEMA, &s.gw__queue);
}
static void waitgroup_credit(void) {
  gw_waitgroup w = {.gw__credit = 1};
  waitq_put(&w.gw__queue, &first);
  RELEASE_QUEUE(WAITGROUP, &w.gw__queue);
}
static void desc_closer(void) {
  static struct desc d;
  d.closer = &one;
  RELEASE(&d);
}

static struct timer a = {.when = 5}, b = {.when = 7};
static struct timer *heap[4] = {&a, &b};
static struct timers timers = {.n = 2, .room = 4, .heap = heap, .first = 5};

static void timers_set(void) {
  a.in = b.in = &timers;
  b.index = 1;
}
static void timers_right(void) {
  timers_set();
  RELEASE(&timers);
}
static void timers_heap(void) {
  timers_set();
  b.when = 4;
  RELEASE(&timers);
}
static void timers_index(void) {
  timers_set();
  b.index = 0;
  RELEASE(&timers);
}
static void timers_first_is_late(void) {
  timers_set();
  timers.first = 6;
  RELEASE(&timers);
}

static struct sched s;
static struct gchunk chunk = {.to = 2, .g = {&one, &two}};

static void gqueue_right(void) {
  s.queue = (struct gqueue){&chunk, &chunk, 2};
  RELEASE(&s);
}
static void gqueue_count(void) {
  s.queue = (struct gqueue){&chunk, &chunk, 1};
  RELEASE(&s);
}
static void idle_with_work(void) {
  static struct p p;
  p.runnext = &one;
  s.idle_p = &p;
  s.idle_procs = 1;
  RELEASE(&s);
}
static void idle_count(void) {
  s.idle_procs = 1;
  RELEASE(&s);
}

static struct stackpool pool;

static void stackpool_count(void) {
  static struct bundle bundle = {.g = {&one, [STACK_BATCH - 1] = &two}};
  pool.warm = (struct store){&bundle, 2};
  RELEASE(&pool);
}
static void stackpool_alive(void) {
  one.status = G_RUNNING;
  pool.loose[pool.loose_n++] = &one;
  RELEASE(&pool);
}

static struct p p = {.status = P_RUNNING};
static struct m m = {.p = &p, .cur = &one};

static void m_set(void) {
  p.m = one.m = &m;
  one.status = G_RUNNING;
  two.status = G_RUNNABLE;
  p.ring[0] = &two;
  p.tail = 1;
}
static void m_right(void) {
  m_set();
  rt_exit(&m);
}
static void runq_not_runnable(void) {
  m_set();
  two.status = G_WAITING;
  rt_exit(&m);
}
static void runq_twice(void) {
  m_set();
  p.runnext = &two;
  rt_exit(&m);
}
static void p_of_another(void) {
  m_set();
  p.m = NULL;
  rt_exit(&m);
}
static void leaves_with_a_lock(void) {
  m_set();
  spin_lock(&a_sched.lock);
  rt_exit(&m);
}

#define CASE(name) {#name, name}
static const struct {
  const char *name;
  void (*f)(void);
} cases[] = {
    CASE(order_right),
    CASE(order_wrong),
    CASE(addresses_wrong),
    CASE(two_of_one),
    CASE(one_twice),
    CASE(under_a_leaf),
    CASE(not_held),
    CASE(held_at_sleep),
    CASE(others_right),
    CASE(handlers_right),
    CASE(many_right),
    CASE(a_check),
    CASE(waitq_right),
    CASE(waitq_count),
    CASE(waitq_links),
    CASE(chan_right),
    CASE(chan_slots),
    CASE(chan_closed),
    CASE(chan_waits_for_nothing),
    CASE(chan_both_sides),
    CASE(sema_keeps_units),
    CASE(desc_closer),
    CASE(mutex_forgets_its_waiter),
    CASE(mutex_starving_alone),
    CASE(waitgroup_credit),
    CASE(timers_right),
    CASE(timers_heap),
    CASE(timers_index),
    CASE(gqueue_right),
    CASE(gqueue_count),
    CASE(timers_first_is_late),
    CASE(idle_with_work),
    CASE(idle_count),
    CASE(m_right),
    CASE(stackpool_count),
    CASE(stackpool_alive),
    CASE(runq_twice),
    CASE(p_of_another),
    CASE(runq_not_runnable),
    CASE(leaves_with_a_lock),
};

/* The case of that name; without one, the names. */
int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (argc < 2) puts(cases[i].name);
    if (argc < 2 || strcmp(argv[1], cases[i].name) != 0) continue;
    paranoid_note("case", i, 0);
    cases[i].f();
    return 0;
  }
  return argc < 2 ? 0 : 1;
}
