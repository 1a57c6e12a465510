/* The same access, reached by several chains of calls: each report has its own.
 *
 * In every scenario the place is first reached by other calls (with a variable that nobody else touches), then by those
 * of the race.  A comment "NAME n" in brackets says which frames of NAME's later access, counted from 0, stand on its
 * line ("all": of every one); all of an access's frames in this file have one. */
#include "../programs/scenario.h"

#include <setjmp.h>
#include <signal.h>

#define LONE __attribute__((noinline))

static long calm[32];
static long chains, epochs, lines, leaf_lines, recursion, tail, jump, trap, sorted, preempted, indirect;

/* Calls nothing: where it was called from is told by its return address only. */
LONE static void touch(long *p) { *p = 1; } /* [all 0] */
LONE static void inner(long *p) {
  touch(p); /* [chains 1] [epochs 1] [lines 1] [tail 1] [jump 1] [indirect 1] */
  __asm__ volatile("");
}

LONE static void by_one(long *p) { inner(p); /* [never 2] */ }
LONE static void by_two(long *p) { inner(p); /* [chains 2] [epochs 2] */ }
static void chains_later(void) {
  by_one(&calm[0]);
  by_two(&chains); /* [chains 3] */
}

static gw_mutex mu;
static void epochs_later(void) {
  by_one(&calm[1]);
  gw_mutex_lock(&mu);
  gw_mutex_unlock(&mu);
  by_two(&epochs); /* [epochs 3] */
}

static void lines_later(void) {
  inner(&calm[2]);
  inner(&lines); /* [lines 2] */
}

static void leaf_lines_later(void) {
  touch(&calm[3]);
  touch(&leaf_lines); /* [leaf_lines 1] */
}

LONE static long recurse(int depth, long *p) {
  if (depth == 0) {
    touch(p); /* [recursion 1] */
    return 0;
  }
  return recurse(depth - 1, p) + 1; /* [recursion 2 3 4 5] */
}
static void recursion_later(void) {
  recurse(3, &calm[4]);
  recurse(5, &calm[4]);
  recurse(4, &recursion); /* [recursion 6] */
}

LONE static void tail_one(long *p) { return inner(p); }
LONE static void tail_two(long *p) { return inner(p); } /* [tail 2] */
static void tail_later(void) {
  tail_one(&calm[5]);
  tail_two(&tail); /* [tail 3] */
}

static jmp_buf back;
LONE static void leap(int deep) {
  if (deep) leap(deep - 1);
  longjmp(back, 1);
}
LONE static void leap_and_touch(long *p) {
  if (!setjmp(back)) leap(3);
  inner(p); /* [jump 2] */
}
static void jump_later(void) {
  leap_and_touch(&calm[6]);
  leap_and_touch(&jump); /* [jump 3] */
}

/* The handler interrupts a function that calls nothing. */
static long *trapped;
static void on_trap(int sig) {
  (void)sig;
  touch(trapped); /* [trap 1] */
}
LONE static void leaf_with_trap(void) { __asm__ volatile("int3"); } /* (its frame has no address in the stack) */
static void trap_later(void) {
  signal(SIGTRAP, on_trap);
  trapped = &calm[7];
  leaf_with_trap();
  trapped = &trap;
  leaf_with_trap(); /* [trap 2] */
}

/* Called back by code that isn't instrumented. */
static long *compared;
static int compare(const void *a, const void *b) {
  touch(compared); /* [sorted 1] */
  return (int)(*(const long *)a - *(const long *)b);
}
TURN_HIDDEN static void plain(int (*f)(const void *, const void *), const long *v) {
  __asm__ volatile("" : : "r"(__builtin_frame_address(0))); /* it has a frame that is chained to the others */
  f(v, v + 1);                                              /* [sorted 2] */
}
static void sorted_later(void) {
  long two[2] = {2, 1};
  compared = &calm[8];
  plain(compare, two);
  compared = &sorted;
  plain(compare, two); /* [sorted 3] */
}

static void (*volatile through[2])(long *) = {inner, inner};
static void indirect_later(void) {
  through[0](&calm[9]);
  through[1](&indirect); /* [indirect 2] */
}

/* One goes on in a loop, without a call, after the other was at the same place by other calls. */
static int at_work; /* atomic */
LONE static void work_while(int stage, long *p) {
  if (stage == 0) {
    __atomic_store_n(&at_work, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&at_work, __ATOMIC_RELAXED) != 2) {
    }
  } else {
    while (__atomic_load_n(&at_work, __ATOMIC_RELAXED) != 1) {
    }
  }
  *p = 1; /* [preempted 0] */
  if (stage == 1) {
    __atomic_store_n(&at_work, 2, __ATOMIC_RELAXED);
    while (__atomic_load_n(&at_work, __ATOMIC_RELAXED) != 3) {
    }
  }
  __atomic_store_n(&at_work, 3, __ATOMIC_RELAXED);
}
LONE static void work_as(int stage, long *p) { work_while(stage, p); /* [preempted 1] */ }
static void worker(gw_waitgroup *done) {
  work_as(1, &calm[10]);
  gw_waitgroup_done(done);
}
static void preempted_later(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1);
  gw_go(worker, &done);
  work_as(0, &calm[11]);
  gw_waitgroup_wait(&done);
  at_work = 0;
  gw_waitgroup_add(&done, 1);
  gw_go(worker, &done);
  work_as(0, &preempted); /* [preempted 2] */
  gw_waitgroup_wait(&done);
}

#define SCENARIO(name)                                 \
  static void name##_a(void) { IN_TURN(1, name = 2); } \
  static void name##_b(void) {                         \
    turn_wait(2);                                      \
    name##_later();                                    \
    turn_done();                                       \
  }
/* clang-format off */
SCENARIO(chains) /* [chains last] */
SCENARIO(epochs) /* [epochs last] */
SCENARIO(lines) /* [lines last] */
SCENARIO(leaf_lines) /* [leaf_lines last] */
SCENARIO(recursion) /* [recursion last] */
SCENARIO(tail) /* [tail last] */
SCENARIO(jump) /* [jump last] */
SCENARIO(trap) /* [trap last] */
SCENARIO(sorted) /* [sorted last] */
SCENARIO(indirect) /* [indirect last] */
SCENARIO(preempted) /* [preempted last] */
/* clang-format on */

int main(void) {
  both(chains_a, chains_b);
  both(epochs_a, epochs_b);
  both(lines_a, lines_b);
  both(leaf_lines_a, leaf_lines_b);
  both(recursion_a, recursion_b);
  both(tail_a, tail_b);
  both(jump_a, jump_b);
  both(trap_a, trap_b);
  both(sorted_a, sorted_b);
  both(indirect_a, indirect_b);
  both(preempted_a, preempted_b);
}
