/* What the report calls a variable: globals, their fields and elements, statics, locals, and fields on the heap. */
#include "scenario.h"

struct point {
  int x, y;
};
struct shape {
  const char *label;
  struct point corners[4];
  struct {
    long area;
  } cache;
};
struct node {
  struct node *next;
  long value;
};

static struct shape shape;
long plain_global;
static long table[4][3];
static struct node *head;
static long *numbers;

static void a1(void) { IN_TURN(1, plain_global = 1); /* RACE 1: write plain_global (global) */ }
static void b1(void) { IN_TURN(2, use(plain_global)); /* RACE 1: read plain_global (global) */ }

static void a2(void) { IN_TURN(1, shape.corners[2].y = 1); /* RACE 2: write shape.corners[2].y (global) */ }
static void b2(void) { IN_TURN(2, use(shape.corners[2].y)); /* RACE 2: read shape.corners[2].y (global) */ }

static void a3(void) { IN_TURN(1, shape.cache.area = 1); /* RACE 3: write shape.cache.area (global) */ }
static void b3(void) { IN_TURN(2, use(shape.cache.area)); /* RACE 3: read shape.cache.area (global) */ }

static void a4(void) { IN_TURN(1, table[3][1] = 1); /* RACE 4: write table[3][1] (global) */ }
static void b4(void) { IN_TURN(2, use(table[3][1])); /* RACE 4: read table[3][1] (global) */ }

static void tick(bool set) {
  static long calls;
  if (set)
    IN_TURN(1, calls = 1); /* RACE 5: write calls (global) */
  else
    IN_TURN(2, use(calls)); /* RACE 5: read calls (global) */
}
static void a5(void) { tick(true); }
static void b5(void) { tick(false); }

static void a6(void) { IN_TURN(1, head->value = 1); /* RACE 6: write node.value (heap type) */ }
static void b6(void) { IN_TURN(2, use(head->value)); /* RACE 6: read node.value (heap type) */ }

/* No structure is known behind a plain pointer. */
static void a7(void) { IN_TURN(1, numbers[2] = 1); /* RACE 7: write */ }
static void b7(void) { IN_TURN(2, use(numbers[2])); /* RACE 7: read */ }

static void with_local(long *p, gw_waitgroup *done) {
  IN_TURN(1, *p = 1); /* RACE 8: write total */
  gw_waitgroup_done(done);
}
static void a8(void) {
  long total = 0;
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1);
  gw_go(with_local, &total, &done);
  IN_TURN(2, use(total)); /* RACE 8: read total (local) */
  gw_waitgroup_wait(&done);
}
static void b8(void) {}

int main(void) {
  head = calloc(1, sizeof *head);
  numbers = calloc(4, sizeof *numbers);
  if (!head || !numbers) abort();
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  free(head);
  free(numbers);
}
