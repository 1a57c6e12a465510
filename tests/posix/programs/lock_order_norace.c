/* Orders of locks that can't end in a deadlock. */
/* NO RACE */
#include "pairs.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, gate = PTHREAD_MUTEX_INITIALIZER;
static void take(pthread_mutex_t *first, pthread_mutex_t *second) {
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}

/* One thread alone. */
static void *both_ways(void *p) {
  take(&a, &b);
  take(&b, &a);
  return p;
}

/* Behind a gate. */
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;
static void gated_c_d(void) { IN_TURN(1, pthread_mutex_lock(&gate); take(&c, &d); pthread_mutex_unlock(&gate)); }
static void gated_d_c(void) { IN_TURN(2, pthread_mutex_lock(&gate); take(&d, &c); pthread_mutex_unlock(&gate)); }

/* Tries and deadlines don't wait for ever. */
static pthread_mutex_t e = PTHREAD_MUTEX_INITIALIZER, f = PTHREAD_MUTEX_INITIALIZER;
static void e_f(void) { IN_TURN(1, take(&e, &f)); }
static void f_try_e(void) {
  struct timespec later = far(CLOCK_REALTIME);
  turn_wait(2);
  pthread_mutex_lock(&f);
  if (pthread_mutex_trylock(&e) == 0) pthread_mutex_unlock(&e);
  if (pthread_mutex_timedlock(&e, &later) == 0) pthread_mutex_unlock(&e);
  pthread_mutex_unlock(&f);
}

/* Readers let one another in. */
static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER, s = PTHREAD_RWLOCK_INITIALIZER;
static void read_both(pthread_rwlock_t *first, pthread_rwlock_t *second) {
  pthread_rwlock_rdlock(first);
  pthread_rwlock_rdlock(second);
  pthread_rwlock_unlock(second);
  pthread_rwlock_unlock(first);
}
static void r_s(void) { IN_TURN(1, read_both(&r, &s)); }
static void s_r(void) { IN_TURN(2, read_both(&s, &r)); }

/* A recursive mutex that is held already. */
static pthread_mutex_t g = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP, h = PTHREAD_MUTEX_INITIALIZER;
static void g_h_g(void) {
  turn_wait(1);
  pthread_mutex_lock(&g);
  take(&h, &g);
  pthread_mutex_unlock(&g);
  turn_done();
}
static void g_h(void) { IN_TURN(2, take(&g, &h)); }

/* Other locks in the same place. */
static pthread_mutex_t *i, *j;
static void i_j(void) { IN_TURN(1, take(i, j)); }
static void j_i(void) { IN_TURN(1, take(j, i)); }
static void make_both(void) { i = calloc(1, sizeof *i), j = calloc(1, sizeof *j); }

/* The same place, initialised anew. */
static pthread_mutex_t k = PTHREAD_MUTEX_INITIALIZER, l = PTHREAD_MUTEX_INITIALIZER;
static void k_l(void) { IN_TURN(1, take(&k, &l)); }
static void l_k(void) { IN_TURN(1, take(&l, &k)); }

static void nothing(void) {}

/* More locks than fit anywhere at once, always in one order. */
enum { MANY = 300 };
static pthread_mutex_t many[MANY];
static void *up(void *p) {
  for (int n = 0; n < MANY; n++) pthread_mutex_lock(&many[n]);
  for (int n = 0; n < MANY; n++) pthread_mutex_unlock(&many[n]);
  return p;
}

int main(void) {
  pthread_t t;
  pthread_create(&t, NULL, both_ways, NULL);
  pthread_join(t, NULL);
  both(gated_c_d, gated_d_c);
  both(e_f, f_try_e);
  both(r_s, s_r);
  both(g_h_g, g_h);
  make_both();
  both(i_j, nothing);
  for (int n = 0; n < 100; n++) { /* until malloc gives the same places */
    free(i), free(j);
    make_both();
  }
  both(j_i, nothing);
  both(k_l, nothing);
  pthread_mutex_destroy(&k), pthread_mutex_destroy(&l);
  pthread_mutex_init(&k, NULL), pthread_mutex_init(&l, NULL);
  both(l_k, nothing);
  for (int n = 0; n < MANY; n++) pthread_mutex_init(&many[n], NULL);
  up(NULL);
  pthread_create(&t, NULL, up, NULL);
  pthread_join(t, NULL);
}
