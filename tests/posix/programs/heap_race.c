/* Uses that race with free, realloc, and the allocation itself. */
#include "pairs.h"

#include <sys/mman.h>

static char *p1, *p2, *p3, *p4, *p5, *bigger;

static void a1(void) { IN_TURN(1, use(p1[20])); /* RACE 1: read */ }
static void b1(void) { IN_TURN(2, free(p1)); /* RACE 1: free */ }

static void a2(void) { IN_TURN(1, free(p2)); /* RACE 2 earlier: free */ }
static void b2(void) { IN_TURN(2, use(p2[40])); /* RACE 2 later: read */ }

static void a3(void) { IN_TURN(1, p3[31] = 1); /* RACE 3: write */ }
static void b3(void) {
  turn_wait(2);
  bigger = realloc(p3, 4000); /* RACE 3: free */
  turn_done();
}

/* The pointer got out before anything ordered it. */
static void a4(void) {
  char *p;
  turn_wait(1);
  p = malloc(64); /* RACE 4: alloc */
  __atomic_store_n(&p4, p, __ATOMIC_RELAXED);
  turn_done();
}
static void b4(void) { IN_TURN(2, use(__atomic_load_n(&p4, __ATOMIC_RELAXED)[63])); /* RACE 4: read */ }

/* A large block is freed by its edges. */
static void a5(void) { IN_TURN(1, p5[99999] = 1); /* RACE 5: write */ }
static void b5(void) { IN_TURN(2, free(p5)); /* RACE 5: free */ }

/* In the middle, before and after. */
static char *p6, *p7;
static void a6(void) { IN_TURN(1, use(p6[300000])); /* RACE 6: read */ }
static void b6(void) { IN_TURN(2, free(p6)); /* RACE 6: free */ }
static void a7(void) { IN_TURN(1, *(volatile char *)&p7[30000] = 1, free(p7)); /* RACE 7: free */ }
static void b7(void) { IN_TURN(2, use(p7[30000])); /* RACE 7: read */ }

/* A mapping far from all others. */
static char *far_away;
static void a8(void) { IN_TURN(1, far_away[5000] = 1); /* RACE 8: write */ }
static void b8(void) { IN_TURN(2, use(far_away[5000])); /* RACE 8: read */ }

int main(void) {
  far_away = mmap((void *)0x234500000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(far_away != MAP_FAILED);
  p1 = malloc(24);
  p2 = calloc(1, 48);
  p3 = malloc(32);
  p5 = malloc(100000);
  p6 = malloc(600000);
  p7 = malloc(60000);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  free(bigger);
  free(__atomic_load_n(&p4, __ATOMIC_RELAXED));
}
