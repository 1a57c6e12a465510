/* NO RACE */
/* Creation orders what came before it, over generations; the frames of many goroutines on reused stacks are new memory.
 */
#include "scenario.h"

static long handed, generations;
static gw_waitgroup all;

static void read_handed(void) { IN_TURN(1, use(handed)); }
static void a1(void) {
  handed = 1;
  gw_go(read_handed);
  turn_reached(2);
}
static void b1(void) {}

static void generation(int left) {
  generations++;
  if (left)
    gw_go(generation, left - 1);
  else
    gw_waitgroup_done(&all);
}

__attribute__((noinline)) static void fill(volatile long *p, int n) {
  for (int i = 0; i < n; i++) p[i] = i;
}
static void on_its_stack(void) {
  long locals[64];
  fill(locals, 64);
  gw_yield();
  fill(locals, 64);
  gw_waitgroup_done(&all);
}

int main(void) {
  both(a1, b1);
  gw_waitgroup_add(&all, 1);
  gw_go(generation, 100);
  gw_waitgroup_wait(&all);
  use(generations);
  for (int round = 0; round < 50; round++) {
    gw_waitgroup_add(&all, 40);
    for (int i = 0; i < 40; i++) gw_go(on_its_stack);
    gw_waitgroup_wait(&all);
  }
}
