/* NO RACE */
/* Every kind of mutex, by every call that takes it. */
#include "pairs.h"

static pthread_mutex_t m;
static pthread_spinlock_t spin;
static long x;

static void lock(void) { MUST(pthread_mutex_lock(&m) == 0); }
static void try_lock(void) {
  while (pthread_mutex_trylock(&m) != 0) usleep(10);
}
static void timed_lock(void) {
  struct timespec t = far(CLOCK_REALTIME);
  MUST(pthread_mutex_timedlock(&m, &t) == 0);
}
static void clock_lock(void) {
  struct timespec t = far(CLOCK_MONOTONIC);
  MUST(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &t) == 0);
}

static void (*const take[])(void) = {lock, try_lock, timed_lock, clock_lock};

static void add(void) {
  for (int i = 0; i < 40; i++) {
    take[i % 4]();
    x++;
    MUST(pthread_mutex_unlock(&m) == 0);
  }
}

static void add_nested(void) {
  for (int i = 0; i < 40; i++) {
    lock();
    x++;
    lock();
    x++;
    MUST(pthread_mutex_unlock(&m) == 0);
    x++;
    MUST(pthread_mutex_unlock(&m) == 0);
  }
}

/* The holder dies; who gets the mutex next sees what it did. */
static void die_holding(void) {
  IN_TURN(1, lock());
  x++;
}
static void inherit(void) {
  turn_wait(2);
  MUST(pthread_mutex_lock(&m) == EOWNERDEAD);
  x++;
  MUST(pthread_mutex_consistent(&m) == 0);
  MUST(pthread_mutex_unlock(&m) == 0);
}

/* Nobody can have it any more; that it goes is all that is left. */
static void give_up(void) {
  turn_wait(2);
  MUST(pthread_mutex_lock(&m) == EOWNERDEAD);
  MUST(pthread_mutex_unlock(&m) == 0);
  MUST(pthread_mutex_lock(&m) == ENOTRECOVERABLE);
}

static void nothing(void) {}

static void add_spinning(void) {
  for (int i = 0; i < 40; i++) {
    if (i % 2)
      pthread_spin_lock(&spin);
    else
      while (pthread_spin_trylock(&spin) != 0) usleep(10);
    x++;
    pthread_spin_unlock(&spin);
  }
}

static void with(int type, int protocol, int robust, void (*a)(void), void (*b)(void)) {
  pthread_mutexattr_t attr;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr, type);
  pthread_mutexattr_setprotocol(&attr, protocol);
  pthread_mutexattr_setrobust(&attr, robust);
  MUST(pthread_mutex_init(&m, &attr) == 0);
  both(a, b);
  MUST(pthread_mutex_destroy(&m) == 0);
  pthread_mutexattr_destroy(&attr);
}

int main(void) {
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, add, add);
  with(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, add, add);
  with(PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, add, add);
  with(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, add_nested, add_nested);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, add, add);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, add, add);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, die_holding, inherit);
  /* Of these libc's word for the lock isn't 0 though nobody holds it. */
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, die_holding, give_up);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST, die_holding, give_up);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, die_holding, nothing);
  with(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_PROTECT, PTHREAD_MUTEX_STALLED, nothing, nothing);
  MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
  both(add_spinning, add_spinning);
  MUST(pthread_spin_destroy(&spin) == 0);
}
