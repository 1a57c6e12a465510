/* A goroutine that holds a lock of libc and lets others run goes on on its thread: libc refuses everybody else, or
 * breaks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <godwit.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

enum { TASKS = 4, ROUNDS = 300 };

#define CHECK(x)                                  \
  do {                                            \
    int err_ = (x);                               \
    if (err_) {                                   \
      printf("%d: %s: %d\n", __LINE__, #x, err_); \
      abort();                                    \
    }                                             \
  } while (0)

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static mtx_t c11;
static gw_chan(int) ticks;
static long sum, deep, files;
static int holders;

/* Waiting in libc would keep the processor until the monitor takes it away: that way is taken now and then only. */
#define TAKE(round, try, lock) \
  do {                         \
    if ((round) % 64 == 0) {   \
      CHECK(lock);             \
      break;                   \
    }                          \
    while (try) gw_yield();    \
  } while (0)

/* NO RACE */
static void write_side(int round) {
  TAKE(round, pthread_rwlock_trywrlock(&rw), pthread_rwlock_wrlock(&rw));
  sum++;
  gw_yield();
  CHECK(pthread_rwlock_unlock(&rw));
}

static void read_side(int round) {
  TAKE(round, pthread_rwlock_tryrdlock(&rw), pthread_rwlock_rdlock(&rw));
  long before = sum;
  gw_yield();
  CHECK(before != sum);
  CHECK(pthread_rwlock_unlock(&rw));
}

static void error_checking(int round) {
  TAKE(round, pthread_mutex_trylock(&checking), pthread_mutex_lock(&checking));
  if (round % 2)
    gw_send(ticks, round);
  else
    gw_yield();
  CHECK(pthread_mutex_unlock(&checking));
}

/* Nobody else runs on the thread meanwhile: he would get in. */
static void nested(int round) {
  TAKE(round, pthread_mutex_trylock(&recursive), pthread_mutex_lock(&recursive));
  CHECK(deep++ != 0);
  gw_yield();
  CHECK(pthread_mutex_lock(&recursive));
  gw_yield();
  CHECK(pthread_mutex_unlock(&recursive));
  gw_yield();
  CHECK(--deep != 0);
  CHECK(pthread_mutex_unlock(&recursive));
}

static void by_c11(int round) {
  TAKE(round, mtx_trylock(&c11) != thrd_success, mtx_lock(&c11));
  holders++;
  if (round % 16)
    gw_yield();
  else
    gw_sleep(1000);
  CHECK(--holders);
  CHECK(mtx_unlock(&c11) != thrd_success);
}

static void by_stdio(int round) {
  TAKE(round, ftrylockfile(stdout), (flockfile(stdout), 0));
  files++;
  gw_yield();
  files++;
  funlockfile(stdout);
}

static void all(void) {
  for (int i = 0; i < ROUNDS; i++) {
    write_side(i);
    read_side(i);
    error_checking(i);
    nested(i);
    by_c11(i);
    by_stdio(i);
    gw_yield();
  }
}

static void work(gw_waitgroup *w) {
  all();
  gw_waitgroup_done(w);
}

static void take_ticks(void) { gw_range(t, ticks)(void) t; }

int main(void) {
  gw_waitgroup w = {0};
  gw_maxprocs(4);
  CHECK(mtx_init(&c11, mtx_plain | mtx_recursive) != thrd_success);
  ticks = gw_make(int, 0);
  gw_go(take_ticks);
  gw_waitgroup_add(&w, TASKS);
  for (int i = 0; i < TASKS; i++) gw_go(work, &w);
  all();
  gw_waitgroup_wait(&w);
  CHECK(sum != (TASKS + 1L) * ROUNDS || files != 2 * sum);
  gw_close(ticks);
  return 0;
}
