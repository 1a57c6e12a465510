/* Circles of locks that creation and join leave possible, whatever came first this time. */
#include "pairs.h"

typedef pthread_mutex_t mutex;
#define MUTEX PTHREAD_MUTEX_INITIALIZER
#define TAKE(first, second)          \
  do {                               \
    pthread_mutex_lock(&(first));    \
    pthread_mutex_lock(&(second));   \
    pthread_mutex_unlock(&(second)); \
    pthread_mutex_unlock(&(first));  \
  } while (0)

static pthread_t start(void *(*f)(void *), void *arg) {
  pthread_t t;
  MUST(pthread_create(&t, NULL, f, arg) == 0);
  return t;
}
static void join(pthread_t t) { MUST(pthread_join(t, NULL) == 0); }

/* After the creation. */
static mutex a = MUTEX, b = MUTEX;
static void *b_a(void *p) {
  IN_TURN(2, TAKE(b, a)); /* FINDING: GW1002 */
  return p;
}
static void after_creation(void) {
  turn_restart();
  pthread_t t = start(b_a, NULL);
  IN_TURN(1, TAKE(a, b));
  join(t);
}

/* Before the creation as well, which makes none, and then again. */
static mutex c = MUTEX, d = MUTEX;
static void *d_c(void *p) {
  IN_TURN(2, TAKE(d, c)); /* FINDING: GW1002 */
  return p;
}
static void before_and_after_creation(void) {
  turn_restart();
  pthread_t t = 0;
  for (int i = 0; i < 2; i++) {
    if (i) turn_wait(1);
    TAKE(c, d);
    if (i) turn_done();
    if (!t) t = start(d_c, NULL);
  }
  join(t);
}

/* Before the join. */
static mutex e = MUTEX, f = MUTEX;
static void *e_f(void *p) {
  IN_TURN(1, TAKE(e, f));
  return p;
}
static void before_join(void) {
  turn_restart();
  pthread_t t = start(e_f, NULL);
  IN_TURN(2, TAKE(f, e)); /* FINDING: GW1002 */
  join(t);
}

/* Joined before, but this one was there from the start. */
static mutex g = MUTEX, h = MUTEX;
static void *g_h(void *p) {
  IN_TURN(1, TAKE(g, h));
  return p;
}
static void *h_g(void *p) {
  IN_TURN(2, TAKE(h, g)); /* FINDING: GW1002 */
  return p;
}
static void sibling_of_a_joined_one(void) {
  turn_restart();
  pthread_t one = start(g_h, NULL), other = start(h_g, NULL);
  join(one);
  join(other);
}

/* Round after round in order, and once not. */
static mutex i = MUTEX, j = MUTEX;
static void *i_j(void *p) {
  TAKE(i, j);
  if (p) turn_done();
  return p;
}
static void *j_i(void *p) {
  IN_TURN(2, TAKE(j, i)); /* FINDING: GW1002 */
  return p;
}
static void after_many_rounds(void) {
  for (int round = 0; round < 50; round++) join(start(i_j, NULL));
  turn_restart();
  pthread_t one = start(i_j, &i), other = start(j_i, NULL);
  join(one);
  join(other);
}

/* Many do it, all but one are joined. */
enum { MANY = 40 };
static mutex k = MUTEX, l = MUTEX;
static void *k_l(void *p) {
  IN_TURN((uint32_t)(uintptr_t)p, TAKE(k, l));
  return p;
}
static void one_is_not_joined(void) {
  turn_restart();
  pthread_t t[MANY];
  for (uintptr_t n = 0; n < MANY; n++) t[n] = start(k_l, (void *)(n + 1));
  turn_wait(MANY + 1);
  for (int n = 0; n < MANY - 1; n++) join(t[n]);
  TAKE(l, k); /* FINDING: GW1002 */
  join(t[MANY - 1]);
}

/* A join that might have failed orders nothing. */
static mutex m = MUTEX, n = MUTEX;
static void *m_n(void *p) {
  TAKE(m, n);
  return p;
}
static void tried_join(void) {
  pthread_t t = start(m_n, NULL);
  while (pthread_tryjoin_np(t, NULL) != 0) sched_yield();
  TAKE(n, m); /* FINDING: GW1002 */
}

/* The order comes from a semaphore: another schedule may do otherwise. */
static mutex o = MUTEX, p = MUTEX;
static sem_t done;
static void *o_p(void *arg) {
  TAKE(o, p);
  sem_post(&done);
  return arg;
}
static void ordered_by_a_semaphore(void) {
  pthread_t t = start(o_p, NULL);
  sem_wait(&done);
  TAKE(p, o); /* FINDING: GW1002 */
  join(t);
}

/* A detached thread is never joined. */
static mutex q = MUTEX, r = MUTEX;
static void *q_r(void *arg) {
  pthread_detach(pthread_self());
  IN_TURN(1, TAKE(q, r));
  return arg;
}
static void detached(void) {
  turn_restart();
  start(q_r, NULL);
  IN_TURN(2, TAKE(r, q)); /* FINDING: GW1002 */
}

/* The first lock is held across the creation, the second is wanted after it: each has what the other wants. */
static mutex s = MUTEX, u = MUTEX;
static void *u_s(void *arg) {
  IN_TURN(2, TAKE(u, s)); /* FINDING: GW1002 */
  return arg;
}
static void wanted_after_creation(void) {
  turn_restart();
  pthread_mutex_lock(&s);
  pthread_t t = start(u_s, NULL);
  turn_wait(1);
  pthread_mutex_lock(&u);
  pthread_mutex_unlock(&u);
  pthread_mutex_unlock(&s);
  turn_done();
  join(t);
}

int main(void) {
  after_creation();
  before_and_after_creation();
  before_join();
  sibling_of_a_joined_one();
  after_many_rounds();
  one_is_not_joined();
  tried_join();
  sem_init(&done, 0, 0);
  ordered_by_a_semaphore();
  detached();
  wanted_after_creation();
}
