/* Frames with arrays, in all the ways in which goroutines leave them, for tools that watch the stack: nothing here is
 * wrong unless the argument says so. */
#include "check.h"

static gw_chan(int) c;
static char *volatile kept;

static __attribute__((noinline)) int use(volatile char *p, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) p[i] = (char)i;
  for (int i = 0; i < n; i++) sum += p[i];
  return sum;
}

static __attribute__((noinline)) int deep(int n, int how) {
  char frame[200];
  use(frame, sizeof frame);
  if (n > 0) {
    int r = deep(n - 1, how);
    return r + use(frame, 10);
  }
  gw_yield();
  if (how == 1) gw_goexit();
  if (how == 2) gw_panic("from below");
  return 0;
}

static void leave(gw_waitgroup *w, int how) {
  char frame[1000];
  gw_defer(gw_waitgroup_done, w);
  use(frame, sizeof frame);
  if (how == 2) {
    CHECK(!gw_try(NULL, deep, 20, 2));
    CHECK(!gw_try(NULL, deep, 10, 2));
  } else {
    deep(20, how);
  }
  use(frame, sizeof frame);
}

/* Stacks are used again, after frames that nobody returned from. */
static void leave_in_all_ways(void) {
  for (int round = 0; round < 20; round++) {
    gw_waitgroup w = {0};
    gw_waitgroup_add(&w, 30);
    for (int i = 0; i < 30; i++) gw_go(leave, &w, (i + round) % 3);
    gw_waitgroup_wait(&w);
  }
}

/* The only pointer to the block is on the stack of a goroutine that waits for ever, or in a channel. */
static void hold_a_block(gw_chan(char *) in) {
  char *volatile block = malloc(100);
  block[1] = 'x';
  gw_send(c, 1);
  char *other = gw_recv(in);
  CHECK(other && block[1] == 'x');
}

static void overflow(void) {
  volatile char small[10];
  use(small, 11);
}
static __attribute__((noinline)) char *dangling(void) {
  char frame[10];
  use(frame, 10);
  char *volatile p = frame;
  return p;
}
static void use_after_return(void) {
  kept = dangling();
  gw_yield();
  kept[1] = 1;
}
static void leak(void) {
  kept = malloc(77);
  kept[0] = 1;
  kept = NULL;
}
static void uninitialised(void) {
  int *p = malloc(sizeof *p);
  if (*p == 5) printf("five\n");
  free(p);
}
static void run(void (*f)(void)) {
  f();
  gw_send(c, 1);
}

int main(int argc, char **argv) {
  c = gw_make(int, 0);
  static const struct {
    const char *name;
    void (*f)(void);
  } wrong[] = {{"overflow", overflow}, {"return", use_after_return}, {"leak", leak}, {"uninitialised", uninitialised}};
  for (size_t i = 0; argc > 1 && i < sizeof wrong / sizeof wrong[0]; i++) {
    if (strcmp(argv[1], wrong[i].name) != 0) continue;
    gw_go(run, wrong[i].f);
    gw_recv(c);
    return 0;
  }
  leave_in_all_ways();
  static gw_chan(char *) pass, never;
  pass = gw_make(char *, 1);
  gw_go(hold_a_block, never);
  gw_recv(c);
  char *volatile p = malloc(50); /* the channel's buffer has it, and nobody else */
  p[0] = 1;
  gw_send(pass, p);
  p = NULL;
  return 0;
}
