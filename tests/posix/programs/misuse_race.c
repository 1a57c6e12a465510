/* Locks used against their rules. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fine = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER, held_too = PTHREAD_RWLOCK_INITIALIZER;

static void lock_it(void) { IN_TURN(1, pthread_mutex_lock(&n)); }
static void unlock_anothers(void) {
  turn_wait(2);
  pthread_mutex_unlock(&n); /* FINDING: GW1006 */
}

static pthread_spinlock_t spin, spin_held;
static pthread_rwlock_t read_by_main = PTHREAD_RWLOCK_INITIALIZER, written_by_main = PTHREAD_RWLOCK_INITIALIZER;
static void unlock_mains(void) {
  pthread_rwlock_unlock(&read_by_main);    /* FINDING: GW1006 */
  pthread_rwlock_unlock(&written_by_main); /* FINDING: GW1006 */
}
static void nothing(void) {}

/* Who waits for ever; the program ends without them. */
static pthread_mutex_t twice = PTHREAD_MUTEX_INITIALIZER, gone = PTHREAD_MUTEX_INITIALIZER,
                       wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t read_twice = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin_twice;
static pthread_cond_t waited = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t meeting;
static sem_t empty;
static struct barrier waiters;
static pid_t tids[8];

static void *lock_twice(void *p) {
  *(pid_t *)p = gettid();
  pthread_mutex_lock(&twice);
  barrier_wait(&waiters, 2);
  pthread_mutex_lock(&twice); /* FINDING: GW1006 */
  return p;
}
static void *write_while_reading(void *p) {
  *(pid_t *)p = gettid();
  pthread_rwlock_rdlock(&read_twice);
  barrier_wait(&waiters, 2);
  pthread_rwlock_wrlock(&read_twice); /* FINDING: GW1006 */
  return p;
}
static void *wait_for_cond(void *p) {
  *(pid_t *)p = gettid();
  pthread_mutex_lock(&wait_lock);
  barrier_wait(&waiters, 2);
  pthread_cond_wait(&waited, &wait_lock);
  return p;
}
static void *wait_for_sem(void *p) {
  *(pid_t *)p = gettid();
  barrier_wait(&waiters, 2);
  sem_wait(&empty);
  return p;
}
static void *wait_at_barrier(void *p) {
  *(pid_t *)p = gettid();
  barrier_wait(&waiters, 2);
  pthread_barrier_wait(&meeting);
  return p;
}

/* libc waits for them there. */
static void *destroy_cond(void *p) {
  *(pid_t *)p = gettid();
  barrier_wait(&waiters, 2);
  pthread_cond_destroy(&waited); /* FINDING: GW1008 */
  return p;
}
static void *destroy_barrier(void *p) {
  *(pid_t *)p = gettid();
  barrier_wait(&waiters, 2);
  pthread_barrier_destroy(&meeting); /* FINDING: GW1008 */
  return p;
}

/* Until the kernel says that it waits somewhere in the object. */
TURN_HIDDEN static void until_waits(const pid_t *tid, const void *object, size_t size) {
  char path[64], text[128] = "";
  unsigned long number = 0, at = 0, begin = (unsigned long)object;
  while (at < begin || at >= begin + size) {
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)__atomic_load_n(tid, __ATOMIC_RELAXED));
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file)) sscanf(text, "%lu %lx", &number, &at);
    if (file) fclose(file);
    syscall(SYS_sched_yield);
  }
}
static void waits(int k, void *(*f)(void *), const void *object, size_t size) {
  pthread_t t;
  pthread_create(&t, NULL, f, &tids[k]);
  barrier_wait(&waiters, 2);
  until_waits(&tids[k], object, size);
}

int main(void) {
  pthread_spin_init(&spin, 0);
  pthread_spin_init(&spin_held, 0);
  pthread_spin_init(&spin_twice, 0);
  pthread_spin_unlock(&spin); /* FINDING: GW1006 */
  pthread_spin_lock(&spin_held);
  pthread_spin_destroy(&spin_held); /* FINDING: GW1008 */
  pthread_rwlock_rdlock(&read_by_main);
  pthread_rwlock_wrlock(&written_by_main);
  both(unlock_mains, nothing);
  pthread_mutex_unlock(&m); /* FINDING: GW1006 */
  both(lock_it, unlock_anothers);
  pthread_rwlock_rdlock(&l);
  pthread_rwlock_unlock(&l);
  pthread_rwlock_wrlock(&held_too);
  pthread_rwlock_destroy(&held_too); /* FINDING: GW1008 */
  pthread_mutex_lock(&held);
  pthread_mutex_destroy(&held); /* FINDING: GW1008 */
  MUST(pthread_mutex_unlock(&fine) == EPERM);
  pthread_rwlock_unlock(&l); /* FINDING: GW1006 */
  pthread_mutex_destroy(&gone);
  MUST(pthread_mutex_lock(&gone) == EINVAL); /* FINDING: GW1006 */
  waits(0, lock_twice, &twice, sizeof twice);
  waits(1, write_while_reading, &read_twice, sizeof read_twice);
  waits(2, wait_for_sem, &empty, sizeof empty);
  sem_destroy(&empty); /* FINDING: GW1008 */
  pthread_barrier_init(&meeting, NULL, 2);
  waits(3, wait_at_barrier, &meeting, sizeof meeting);
  waits(4, wait_for_cond, &waited, sizeof waited);
  waits(5, destroy_cond, &waited, sizeof waited);
  waits(6, destroy_barrier, &meeting, sizeof meeting);
  _exit(0);
}
