/* Locks taken in a circle: told before anything hangs, with every kind of lock. */
#include "pairs.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void a_b(void) {
  IN_TURN(1, pthread_mutex_lock(&a); pthread_mutex_lock(&b); pthread_mutex_unlock(&b); pthread_mutex_unlock(&a));
}
static void b_a(void) {
  turn_wait(2);
  pthread_mutex_lock(&b);
  pthread_mutex_lock(&a); /* FINDING: GW1002 */
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&b);
}

static pthread_mutex_t c[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static void *around(void *p) {
  long i = (long)p;
  turn_wait((uint32_t)i + 1);
  pthread_mutex_lock(&c[i]);
  pthread_mutex_lock(&c[(i + 1) % 3]); /* FINDING: GW1002 */
  pthread_mutex_unlock(&c[(i + 1) % 3]);
  pthread_mutex_unlock(&c[i]);
  turn_done();
  return p;
}

static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t s;
static void r_s(void) {
  IN_TURN(1, pthread_rwlock_rdlock(&r); pthread_spin_lock(&s); pthread_spin_unlock(&s); pthread_rwlock_unlock(&r));
}
static void s_r(void) {
  turn_wait(2);
  pthread_spin_lock(&s);
  pthread_rwlock_wrlock(&r); /* FINDING: GW1002 */
  pthread_rwlock_unlock(&r);
  pthread_spin_unlock(&s);
}

/* What a try got is held like any lock. */
static pthread_mutex_t d = PTHREAD_MUTEX_INITIALIZER, e = PTHREAD_MUTEX_INITIALIZER;
static void try_d_e(void) {
  IN_TURN(1, pthread_mutex_trylock(&d); pthread_mutex_lock(&e); pthread_mutex_unlock(&e); pthread_mutex_unlock(&d));
}
static void e_d(void) {
  turn_wait(2);
  pthread_mutex_lock(&e);
  pthread_mutex_lock(&d); /* FINDING: GW1002 */
  pthread_mutex_unlock(&d);
  pthread_mutex_unlock(&e);
}

/* The end of a wait on a condition variable takes the mutex again. */
static pthread_mutex_t f = PTHREAD_MUTEX_INITIALIZER, g = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static void f_g(void) {
  struct timespec soon = {0};
  IN_TURN(1, pthread_mutex_lock(&f); pthread_mutex_lock(&g); pthread_cond_timedwait(&cond, &f, &soon);
          pthread_mutex_unlock(&g); pthread_mutex_unlock(&f));
}
static void only_f_g(void) {
  turn_wait(2);
  pthread_mutex_lock(&f);
  pthread_mutex_lock(&g); /* FINDING: GW1002 */
  pthread_mutex_unlock(&g);
  pthread_mutex_unlock(&f);
}

/* The circle is there before the second gets its lock: so it is told even though both now wait for ever. */
static pthread_mutex_t h = PTHREAD_MUTEX_INITIALIZER, i = PTHREAD_MUTEX_INITIALIZER;
static struct barrier both_hold;
static pid_t h_holder, i_holder;
static void *h_i(void *p) {
  pthread_mutex_lock(&h);
  h_holder = gettid();
  barrier_wait(&both_hold, 2);
  pthread_mutex_lock(&i); /* FINDING: GW1002 */
  return p;
}
static void *i_h(void *p) {
  pthread_mutex_lock(&i);
  i_holder = gettid();
  barrier_wait(&both_hold, 2);
  pthread_mutex_lock(&h);
  return p;
}

/* Until the kernel says that it waits there. */
TURN_HIDDEN static void until_waits(const pid_t *tid, const pthread_mutex_t *m) {
  char path[64], text[128] = "";
  unsigned long number = 0, address = 0;
  while (address != (unsigned long)m) {
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)__atomic_load_n(tid, __ATOMIC_RELAXED));
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file)) sscanf(text, "%lu %lx", &number, &address);
    if (file) fclose(file);
    syscall(SYS_sched_yield);
  }
}

/* More locks than most look at, in an order that ends in a circle. */
enum { MANY = 200 };
static pthread_mutex_t many[MANY];
static void up(void) {
  turn_wait(1);
  for (int k = 0; k < MANY; k++) pthread_mutex_lock(&many[k]);
  for (int k = MANY; k-- > 0;) pthread_mutex_unlock(&many[k]);
  turn_done();
}
static void down(void) {
  turn_wait(2);
  pthread_mutex_lock(&many[MANY - 1]);
  pthread_mutex_lock(&many[MANY - 40]); /* FINDING: GW1002 */
  pthread_mutex_unlock(&many[MANY - 40]);
  pthread_mutex_unlock(&many[MANY - 1]);
}

int main(void) {
  both(a_b, b_a);
  pthread_t three[3], t;
  turn_restart();
  for (long k = 0; k < 3; k++) pthread_create(&three[k], NULL, around, (void *)k);
  for (long k = 0; k < 3; k++) pthread_join(three[k], NULL);
  pthread_spin_init(&s, 0);
  both(r_s, s_r);
  both(try_d_e, e_d);
  both(f_g, only_f_g);
  for (int k = 0; k < MANY; k++) pthread_mutex_init(&many[k], NULL);
  both(up, down);
  pthread_t u;
  pthread_create(&t, NULL, h_i, NULL);
  pthread_create(&u, NULL, i_h, NULL);
  until_waits(&h_holder, &i);
  until_waits(&i_holder, &h);
  exit(0);
}
