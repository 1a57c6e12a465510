/* Stopping the world: each thread gets SIGURG, whose handler notes the registers and sleeps until all may go on.
 *
 * SIGURG since by default it is ignored: one that comes late, to a thread that had it blocked, does nothing.  Threads
 * that start meanwhile are found by listing them again until there is no new one.
 *
 * Rejected: ptrace from a helper process, as LeakSanitizer does it (not allowed in many containers, nor below a
 * debugger); waiting until each goroutine enters the runtime (one that doesn't would keep us for ever). */
#define _GNU_SOURCE
#include "world.h"

#include <signal.h>
#include <ucontext.h>

#include "base/code.h"

enum { THREADS_MAX = 8192, WAIT_NS = 100000000, ROUNDS_MAX = 64 };
#define LAST_NS INT64_C(60000000000) /* a guess: no machine lets a thread wait for so long */
_Static_assert(WORLD_REGISTERS == sizeof((mcontext_t *)0)->gregs / sizeof(greg_t), "the kernel's registers");

static struct {
  uint32_t held;    /* atomic, futex: one stop at a time */
  uint32_t epoch;   /* atomic, futex: changes when the stopped threads may go on */
  uint32_t arrived; /* atomic, futex: how many have stopped */
  uint32_t n;       /* atomic: entries of `thread` */
  uint32_t asked;   /* of them those that got the signal */
  struct stopped thread[THREADS_MAX];
  struct prim_handler before; /* SIGURG's handler is the program's again afterwards */
} world;

static struct stopped *find(uint32_t tid) {
  uint32_t n = __atomic_load_n(&world.n, __ATOMIC_ACQUIRE); /* pairs with the release in ask */
  for (uint32_t i = 0; i < n; i++)
    if (world.thread[i].tid == tid) return &world.thread[i];
  return NULL;
}

static void on_stop(int sig, void *info, void *context) {
  (void)sig, (void)info;
  uint32_t epoch = __atomic_load_n(&world.epoch, __ATOMIC_ACQUIRE);
  struct stopped *me = find(prim_gettid());
  if (!me || __atomic_load_n(&me->state, __ATOMIC_RELAXED)) return; /* somebody else's SIGURG */
  const greg_t *regs = ((const ucontext_t *)context)->uc_mcontext.gregs;
  for (int i = 0; i < WORLD_REGISTERS; i++) me->regs[i] = (uintptr_t)regs[i];
  me->sp = (uintptr_t)regs[REG_RSP];
  me->tls = (uintptr_t)gw__tls_begin;
  __atomic_store_n(&me->state, 1, __ATOMIC_RELEASE); /* pairs with the acquire in wait_for_all */
  __atomic_fetch_add(&world.arrived, 1, __ATOMIC_RELEASE);
  prim_futex_wake(&world.arrived, 1);
  while (__atomic_load_n(&world.epoch, __ATOMIC_ACQUIRE) == epoch) prim_futex_wait(&world.epoch, epoch, -1);
}

struct asking {
  uint32_t self;
  bool any; /* there was one that isn't known yet */
};

static void ask(uint32_t tid, void *arg) {
  struct asking *asking = arg;
  uint32_t at = world.n;
  if (tid == asking->self || find(tid) || at == THREADS_MAX) return;
  world.thread[at] = (struct stopped){.tid = tid};
  __atomic_store_n(&world.n, at + 1, __ATOMIC_RELEASE); /* pairs with the acquire in find */
  asking->any = true;
  if (!prim_signal_blocked(tid, SIGURG) && prim_signal_thread(tid, SIGURG, NULL) == 0) world.asked++;
}

/* A thread that wants nothing but a core gets the signal as soon as it has one. */
static bool on_its_way(const struct stopped *t) {
  return !__atomic_load_n(&t->state, __ATOMIC_RELAXED) && prim_thread_runs(t->tid) &&
         !prim_signal_blocked(t->tid, SIGURG);
}

static bool any_on_its_way(void) {
  for (uint32_t i = 0; i < world.n; i++)
    if (on_its_way(&world.thread[i])) return true;
  return false;
}

/* Not for those that have ended, or that the kernel lets no signal reach: in a vfork, say, or below a debugger. */
static void wait_for_all(void) {
  int64_t begin = prim_now(), end = begin + WAIT_NS;
  for (;;) {
    uint32_t arrived = __atomic_load_n(&world.arrived, __ATOMIC_ACQUIRE); /* pairs with the releases in on_stop */
    int64_t now = prim_now(), left = end - now;
    if (arrived >= world.asked) return;
    if (left <= 0) {
      if (now - begin > LAST_NS || !any_on_its_way()) return;
      left = WAIT_NS;
      end = now + left;
    }
    prim_futex_wait(&world.arrived, arrived, left);
  }
}

void world_stop(void) {
  while (__atomic_exchange_n(&world.held, 1, __ATOMIC_ACQUIRE)) prim_futex_wait(&world.held, 1, -1);
  world.n = world.asked = 0;
  __atomic_store_n(&world.arrived, 0, __ATOMIC_RELAXED);
  prim_handler_set(SIGURG, on_stop, &world.before);
  struct asking asking = {.self = prim_gettid()};
  for (int i = 0; i < ROUNDS_MAX; i++) {
    asking.any = false;
    prim_each_thread(ask, &asking);
    if (!asking.any) break;
    wait_for_all();
  }
}

void world_start(void) {
  prim_handler_restore(SIGURG, &world.before);
  /* In this order: a handler that comes only now and loads the new epoch must find no entry, or it would wait for ever.
   */
  __atomic_store_n(&world.n, 0, __ATOMIC_RELAXED);
  __atomic_fetch_add(&world.epoch, 1, __ATOMIC_RELEASE); /* pairs with the acquires in on_stop */
  prim_futex_wake(&world.epoch, INT32_MAX);
  __atomic_store_n(&world.held, 0, __ATOMIC_RELEASE);
  prim_futex_wake(&world.held, 1);
}

const struct stopped *world_threads(uint32_t *n) {
  *n = world.n;
  return world.thread;
}
