/* Timers: a heap per P, each behind its own lock, since any M may run the timers of any P. */
#ifndef GW_RUNTIME_TIMERS_H
#define GW_RUNTIME_TIMERS_H
#include <stdbool.h>
#include <stdint.h>

#include "base/spin.h"

#define TIMER_NEVER INT64_MAX

/* Who would sleep for less than this waits awake: to fall asleep and to wake up takes more processor time, measured at
 * 15 to 27 us. */
enum { TIMER_SOON = 8000 };

/* One timer; lives in its user's memory.  After timer_stop, or after its fire function called timer_fired, it is not
 * referred to. */
struct timer {
  int64_t when;
  void (*fire)(struct timer *t,
               int64_t now); /* on any of our threads; may not park; calls timer_fired.  May arm t again. */
  struct timers *in;         /* guarded by in->lock: the heap that it stands in, NULL when not armed */
  uint32_t index;            /* its place there */
  uint32_t firing;           /* atomic: release by the firing thread when done, acquire by timer_stop */
};

struct timers {
  struct spin_TIMERS lock;
  uint32_t n, room;
  struct timer **heap; /* 4-ary, earliest first */
  int64_t first;       /* atomic: when of heap[0], or TIMER_NEVER */
  bool lost;           /* a parent process's: constant once set, before a forked child goes on */
};

/* The fire function is done with t. release: pairs with the acquire in timer_stop */
static inline void timer_fired(struct timer *t) { __atomic_store_n(&t->firing, 0, __ATOMIC_RELEASE); }

/* Arms t, which is not armed. */
void timer_start(struct timer *t, int64_t when) __attribute__((visibility("hidden")));
/* If t is armed it is so for `when` from now on; false if it isn't, or was by the process that forked this one. */
bool timer_move(struct timer *t, int64_t when) __attribute__((visibility("hidden")));
/* Disarms t and waits until its fire function, if it runs now, is done. True if it was armed. */
bool timer_stop(struct timer *t) __attribute__((visibility("hidden")));
/* Fires what is due by `now`; returns whether anything was. */
bool timers_run(struct timers *ts, int64_t now) __attribute__((visibility("hidden")));
/* The earliest time in all heaps. */
int64_t timers_first(void) __attribute__((visibility("hidden")));

#endif
