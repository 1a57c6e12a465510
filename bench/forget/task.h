/* What runs concurrently in forget.c, in two implementations with one interface: pthreads, and with GOROUTINES godwit's
 * goroutines. */
#ifndef GODWIT_BENCH_TASK_H
#define GODWIT_BENCH_TASK_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef GOROUTINES
#include <godwit.h>

struct task {
  void (*body)(long); /* what it does */
  long arg;           /* its argument */
  gw_waitgroup ended; /* for task_join */
};

typedef gw_mutex task_mutex;

static void task_main(struct task *t) {
  t->body(t->arg);
  gw_waitgroup_done(&t->ended);
}

static void task_start(struct task *t, void (*body)(long), long arg) {
  *t = (struct task){.body = body, .arg = arg};
  gw_waitgroup_add(&t->ended, 1);
  gw_go(task_main, t);
}

static void task_join(struct task *t) { gw_waitgroup_wait(&t->ended); }
static void task_lock(task_mutex *m) { gw_mutex_lock(m); }
static void task_unlock(task_mutex *m) { gw_mutex_unlock(m); }
static void task_pause(void) { gw_yield(); }

#else
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

struct task {
  void (*body)(long); /* what it does */
  long arg;           /* its argument */
  pthread_t thread;   /* for task_join */
};

typedef pthread_mutex_t task_mutex; /* all zeros is unlocked in glibc */

enum { TASK_STACK = 256 * 1024 };

static void *task_main(void *arg) {
  struct task *t = arg;
  t->body(t->arg);
  return NULL;
}

static void task_start(struct task *t, void (*body)(long), long arg) {
  pthread_attr_t attr;
  *t = (struct task){.body = body, .arg = arg};
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, TASK_STACK);
  int error = pthread_create(&t->thread, &attr, task_main, t);
  pthread_attr_destroy(&attr);
  if (!error) return;
  fprintf(stderr, "forget: pthread_create: error %d\n", error);
  exit(3);
}

static void task_join(struct task *t) { pthread_join(t->thread, NULL); }
static void task_lock(task_mutex *m) { pthread_mutex_lock(m); }
static void task_unlock(task_mutex *m) { pthread_mutex_unlock(m); }
static void task_pause(void) { syscall(SYS_sched_yield); }
#endif

#endif
