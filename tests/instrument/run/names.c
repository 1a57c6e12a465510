/* Instrumented: each line says what its accesses are called, and that nothing else is. */
#include "names.h"

#include <string.h>

struct owner {
  int id, since[4];
};
struct account {
  long balance;
  struct owner owner;
  union {
    int number;
    float real;
  };
  struct {
    short low, high;
  } limits;
  unsigned flag : 1, kind : 3;
  struct account *next;
};
typedef struct {
  int x, y;
} point;
typedef struct account alias;
union both {
  struct owner owner;
  point point;
  long word;
};

static int counter;
static struct account table[3];
static int grid[2][3];
static point corner;
static union both shared;
static _Atomic int turns;
_Thread_local int by_thread;
long names_sink;
static const char *volatile text;

void names_globals(int i);
void names_globals(int i) {
  counter = i;                        // NAMES: w counter global
  table[1].balance = i;               // NAMES: w table[1].balance global
  table[2].owner.since[3] = i;        // NAMES: w table[2].owner.since[3] global
  table[i].owner.id = i;              // NAMES: w table[].owner.id global
  grid[i][2] = i;                     // NAMES: w grid[][2] global
  grid[1][2] = i;                     // NAMES: w grid[1][2] global
  corner.y = i;                       // NAMES: w corner.y global
  by_thread = i;                      // NAMES: w by_thread global
  turns++;                            // NAMES: a turns global
  names_sink = table[0].limits.high;  // NAMES: w names_sink global; r table[0].limits.high global
  shared.point.y = i;                 // NAMES: w shared global
  shared.word = i;                    // NAMES: w shared global
}

void names_heap(struct account *a, point *p, alias *b, const struct account *const *list, int i);
void names_heap(struct account *a, point *p, alias *b, const struct account *const *list, int i) {
  a->balance += i;           // NAMES: w account.balance heap type
  a->owner.since[1] = i;     // NAMES: w account.owner.since[1] heap type
  a->owner.since[i] = i;     // NAMES: w account.owner.since[] heap type
  a->limits.low = (short)i;  // NAMES: w account.limits.low heap type
  a->next->owner.id = i;     // NAMES: r account.next heap type; w account.owner.id heap type
  p->x = i;                  // NAMES: w point.x heap type
  p[i].y = i;                // NAMES: w point.y heap type
  b->balance = 3;            // NAMES: w account.balance heap type
  a->flag = 1;
  names_sink = list[i]->owner.id;     // NAMES: w names_sink global; r account.owner.id heap type
  ((struct owner *)p)->since[2] = i;  // NAMES: w owner.since[2] heap type
}

void names_whole(struct account *a, struct account *b, int *raw);
void names_whole(struct account *a, struct account *b, int *raw) {
  a->owner = b->owner;  // NAMES: w account.owner heap type; r account.owner heap type
  table[1] = *b;        // NAMES: w table[1] global; r account heap type
  *(int *)a = 1;
  a->number = 2;
  memcpy(&a->limits, raw, 4);  // NAMES: w account.limits heap type
  memcpy(&a->limits, raw, 8);  // and what follows
  ((int *)&table[0].limits)[0] = 3;
}

void names_take(void *p);
__attribute__((disable_sanitizer_instrumentation, noinline)) void names_take(void *p) {
  __asm__ volatile("" : : "r"(p) : "memory");
}

void names_locals(int *raw);
void names_locals(int *raw) {
  int local = 1;  // NAMES: w local local
  point here[2];
  names_take(&local);
  names_take(here);
  local++;        // NAMES: w local local
  here[1].y = 4;  // NAMES: w here[1].y local
  *raw = 3;
  names_take(here);
  names_take(&local);
}

#define EITHER(c) (*((c) ? &counter : &grid[0][0]) = 1)
void names_unclear(int c);
void names_unclear(int c) {
  EITHER(c);
  if (c) counter = 1;    // NAMES: w counter global
  if (!c) corner.x = 1;  // NAMES: w corner.x global
  text = "";             // NAMES: w text global
}

void names_run(void) {
  static struct account account = {.next = &account};
  static const struct account *const list[] = {&account, &account};
  static point points[2];
  names_globals(1);
  names_heap(&account, points, &account, list, 1);
  names_locals(&corner.x);
  names_unclear(0);
}
