/* errno and thread-locals in a function that also blocks, right after it went on on another thread.  As a library
 * (-DLIBRARY) only the part that is compiled to be looked at. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "check.h"

void use_thread_locals(int n, int rounds, int *moved, gw_waitgroup *w);
int *address_elsewhere(void);
int errno_elsewhere(void);
extern _Thread_local int common;

#ifndef MAIN
_Thread_local int common;
static _Thread_local int own;
struct pair {
  int a, b;
};
static _Thread_local struct pair pair;

__attribute__((noinline)) int *address_elsewhere(void) { return &common; }
__attribute__((noinline)) int errno_elsewhere(void) { return errno; }
static __attribute__((noinline)) int *own_elsewhere(void) { return &own; }
static __attribute__((noinline)) struct pair *pair_elsewhere(void) { return &pair; }

void use_thread_locals(int n, int rounds, int *moved, gw_waitgroup *w) {
  gw_race_ignore_begin(); /* goroutines that share a thread race for its variables, and a detector says so */
  for (int i = 0; i < rounds; i++) {
    pthread_t here = pthread_self();
    common = own = pair.b = n;
    errno = n;
    gw_yield();
    CHECK(errno == n && errno_elsewhere() == n);
    CHECK(&common == address_elsewhere() && &own == own_elsewhere() && &pair.b == &pair_elsewhere()->b);
    if (pthread_self() != here) __atomic_fetch_add(moved, 1, __ATOMIC_RELAXED);
  }
  gw_race_ignore_end();
  gw_waitgroup_done(w);
}
#endif

#ifndef LIBRARY
int main(void) {
  static int moved; /* atomic */
  for (int turn = 0; turn < 200 && __atomic_load_n(&moved, __ATOMIC_RELAXED) < 300; turn++) {
    gw_waitgroup w = {0};
    gw_waitgroup_add(&w, 16);
    for (int i = 1; i <= 16; i++) gw_go(use_thread_locals, i, 50, &moved, &w);
    gw_waitgroup_wait(&w);
  }
  CHECK(moved > 0);
  return 0;
}
#endif
