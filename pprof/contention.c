/* The block and the mutex profile: what the runtime's hooks (inspect.h) report.
 *
 * Block events shorter than the rate r are taken with probability d/r and then stand for r/d events of d (Go's rule):
 * without bias, and short waits cost little.  Of mutex events one in so many is taken, and scaled up. */
#include <stdio.h>

#include "base/prim.h"
#include "base/spin.h"
#include "godwit.h"
#include "godwit/inspect.h"
#include "pprof/events.h"
#include "pprof/kinds.h"

static struct events blocks, mutexes;
static int64_t block_rate;     /* atomic, relaxed; 0: off */
static int64_t mutex_fraction; /* atomic, relaxed; 0: off */
static struct spin settings;   /* one setting at a time */

/* Uniform 64 bits; two threads that draw at once may get the same, which does no harm. */
static uint64_t draw(void) {
  static uint64_t counter;
  uint64_t x = __atomic_load_n(&counter, __ATOMIC_RELAXED) + UINT64_C(0x9E3779B97F4A7C15);
  __atomic_store_n(&counter, x, __ATOMIC_RELAXED);
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9); /* splitmix64 */
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

/* noinline: the frame at fp is the hook's caller's, and lives while this runs. */
static void blocked(int64_t ns, uintptr_t fp) {
  int64_t rate = __atomic_load_n(&block_rate, __ATOMIC_RELAXED);
  uint64_t count = 1u << 16;
  if (rate <= 0) return;
  if (ns < 1) ns = 1;
  if (ns < rate) {
    if ((int64_t)(draw() % (uint64_t)rate) >= ns) return;
    count = ((uint64_t)rate << 16) / (uint64_t)ns;
    ns = rate;
  }
  uintptr_t pcs[EVENT_DEPTH];
  events_add(&blocks, pcs, inspect_own_stack(fp, pcs, EVENT_DEPTH), count, ns);
}

static void contended(int64_t ns, uintptr_t fp) {
  int64_t fraction = __atomic_load_n(&mutex_fraction, __ATOMIC_RELAXED);
  if (fraction <= 0 || (fraction > 1 && draw() % (uint64_t)fraction != 0)) return;
  uintptr_t pcs[EVENT_DEPTH];
  uint64_t scale = (uint64_t)fraction;
  events_add(&mutexes, pcs, inspect_own_stack(fp, pcs, EVENT_DEPTH), scale << 16, ns * (int64_t)scale);
}

static void hook(enum inspect_hook bit, bool on) {
  if (on) /* release: pairs with the acquire in the runtime: it finds the functions */
    __atomic_fetch_or(&gw__inspect_hooks.on, bit, __ATOMIC_RELEASE);
  else
    __atomic_fetch_and(&gw__inspect_hooks.on, ~(uint32_t)bit, __ATOMIC_RELEASE);
}

void gw_set_block_profile_rate(int64_t ns) {
  spin_lock(&settings);
  __atomic_store_n(&block_rate, ns, __ATOMIC_RELAXED);
  gw__inspect_hooks.blocked = blocked;
  hook(INSPECT_BLOCK, ns > 0);
  spin_unlock(&settings);
}

int gw_set_mutex_profile_fraction(int n) {
  spin_lock(&settings);
  int before = (int)__atomic_load_n(&mutex_fraction, __ATOMIC_RELAXED);
  if (n >= 0) {
    __atomic_store_n(&mutex_fraction, n, __ATOMIC_RELAXED);
    gw__inspect_hooks.contended = contended;
    hook(INSPECT_MUTEX, n > 0);
  }
  spin_unlock(&settings);
  return before;
}

int blocks_collect(struct profile *p, const char **why) {
  (void)why;
  events_collect(&blocks, p);
  return 0;
}

int mutexes_collect(struct profile *p, const char **why) {
  (void)why;
  int64_t fraction = __atomic_load_n(&mutex_fraction, __ATOMIC_RELAXED);
  if (fraction > 0) p->period = fraction;
  events_collect(&mutexes, p);
  return 0;
}
