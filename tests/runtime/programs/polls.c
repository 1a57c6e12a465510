/* Goroutines that only loop let others run, and what doesn't change behind their backs meanwhile.  One argument: which
 * part. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

static int flag, ready; /* atomic */

static int get(const int *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static void set(int *p, int value) { __atomic_store_n(p, value, __ATOMIC_RELEASE); }

static int threads(void) {
  DIR *d = opendir("/proc/self/task");
  int n = 0;
  CHECK(d);
  for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
  closedir(d);
  return n;
}

static void spin(void) {
  __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
  while (!get(&flag)) {
  }
}

/* Each would take a thread for itself, if it didn't give way. */
static void many(void) {
  enum { N = 40 };
  gw_waitgroup all = {0};
  gw_maxprocs(1);
  for (int i = 0; i < N; i++) gw_waitgroup_go(&all, spin);
  while (get(&ready) < N) gw_yield();
  printf("%d\n", threads());
  set(&flag, 1);
  gw_waitgroup_wait(&all);
}

_Thread_local int common;
static _Thread_local int own;
static int moved; /* atomic */

__attribute__((noinline)) static int *common_elsewhere(void) { return &common; }
__attribute__((noinline)) static int *own_elsewhere(void) { return &own; }
__attribute__((noinline)) static int errno_elsewhere(void) { return errno; }

static void use_thread_locals(int n) {
  gw_race_ignore_begin(); /* goroutines that share a thread race for its variables */
  for (int i = 0; i < 20; i++) {
    pthread_t here = pthread_self();
    common = own = errno = n;
    for (volatile long k = 0; k < 200000; k++) own += n;
    CHECK(errno == n && errno_elsewhere() == n);
    CHECK(&common == common_elsewhere() && &own == own_elsewhere());
    if (pthread_self() != here) __atomic_fetch_add(&moved, 1, __ATOMIC_RELAXED);
  }
  gw_race_ignore_end();
}

static void thread_locals(void) {
  for (int turn = 0; turn < 200 && get(&moved) < 20; turn++) {
    gw_waitgroup all = {0};
    for (int i = 1; i <= 8; i++) gw_waitgroup_go(&all, use_thread_locals, i);
    gw_waitgroup_wait(&all);
  }
  CHECK(moved > 0);
}

__attribute__((noinline)) static double series(int n) {
  double a = n, b = 1.0 / n, c = n + 0.5, d = 3.0 * n, e = 7.0 / n, f = 0.25 * n;
  for (volatile long k = 0; k < 300000; k++) {
    a = a * 0.999 + b, b = b * 0.998 + c * 1e-3, c = c * 0.997 + d * 1e-4;
    d = d * 0.996 + e * 1e-2, e = e * 0.995 + f * 1e-3, f = f * 0.994 + a * 1e-4;
  }
  return a + b + c + d + e + f;
}

static double alone[8], together[8];
static void compute(int i) { together[i] = series(i + 1); }

static void registers(void) {
  gw_waitgroup all = {0};
  for (int i = 0; i < 8; i++) alone[i] = series(i + 1);
  for (int i = 0; i < 8; i++) gw_waitgroup_go(&all, compute, i);
  gw_waitgroup_wait(&all);
  for (int i = 0; i < 8; i++) CHECK(alone[i] == together[i]);
}

static pid_t kept; /* atomic: a thread on which nobody else may run */

/* On another thread, as the one that waits for this keeps its own. */
static void raise_flag(void) {
  for (int i = 0; i < 20; i++) {
    CHECK(gettid() != __atomic_load_n(&kept, __ATOMIC_ACQUIRE));
    gw_yield();
  }
  set(&flag, 1);
}

/* While it loops others run, but neither it nor they change threads for that. */
static void keep_thread(void) {
  set(&flag, 0);
  __atomic_store_n(&kept, gettid(), __ATOMIC_RELEASE);
  gw_go(raise_flag);
  while (!get(&flag)) {
  }
  CHECK(gettid() == kept);
  __atomic_store_n(&kept, 0, __ATOMIC_RELEASE);
}

static int handled; /* atomic */

static void on_signal(int sig) {
  (void)sig;
  pid_t here = gettid();
  __atomic_store_n(&kept, here, __ATOMIC_RELEASE);
  while (!get(&flag)) {
  }
  CHECK(gettid() == here);
  __atomic_store_n(&kept, 0, __ATOMIC_RELEASE);
  set(&handled, get(&handled) + 1);
}

static void be_interrupted(void) {
  for (int i = 0; i < 3; i++) {
    set(&flag, 0);
    gw_go(raise_flag);
    raise(SIGUSR1);
    CHECK(get(&handled) == i + 1);
  }
}

static void handler(void) {
  signal(SIGUSR1, on_signal);
  gw_waitgroup w = {0};
  gw_maxprocs(1);
  gw_waitgroup_go(&w, be_interrupted);
  gw_waitgroup_wait(&w);
  set(&handled, 0);
  be_interrupted(); /* main's stack is another one */
}

static void nap(int ns) { gw_sleep(ns); }

static void hold(void) {
  pthread_mutexattr_t recursive;
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_t m;
  pthread_mutex_init(&m, &recursive);
  pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
  for (int i = 0; i < 3; i++) {
    CHECK(pthread_mutex_lock(&m) == 0);
    keep_thread();
    CHECK(pthread_mutex_trylock(&m) == 0);
    CHECK(pthread_mutex_unlock(&m) == 0);
    pid_t here = gettid();
    nap(1000000); /* and while it waits */
    CHECK(gettid() == here);
    CHECK(pthread_mutex_unlock(&m) == 0);

    CHECK(pthread_rwlock_wrlock(&rw) == 0);
    keep_thread();
    CHECK(pthread_rwlock_unlock(&rw) == 0);

    flockfile(stdout);
    keep_thread();
    puts("locked");
    funlockfile(stdout);
  }
  pthread_rwlock_destroy(&rw);
  pthread_mutex_destroy(&m);
}

static void locks(void) {
  gw_waitgroup w = {0};
  gw_maxprocs(1);
  gw_waitgroup_go(&w, hold);
  gw_waitgroup_wait(&w);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*f)(void);
  } parts[] = {{"many", many},
               {"thread_locals", thread_locals},
               {"registers", registers},
               {"handler", handler},
               {"locks", locks}};
  CHECK(argc == 2);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strcmp(argv[1], parts[i].name) == 0) return parts[i].f(), 0;
  return 1;
}
