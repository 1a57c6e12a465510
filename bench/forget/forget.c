/* Programs with one race each, between two accesses that lie N events apart: `forget SCENARIO N`.
 *
 *   own: the task of the first access locks and unlocks a mutex N times, then the second access happens;
 *   other: another task does that;
 *   calls: the task of the first access makes N calls, each of which records something;
 *   objects: it writes N objects, each under a mutex of its own;
 *   short: N tasks are started and end between the two, and so does the task of the first access;
 *   live: N tasks are alive, the first and the last make the accesses;
 *   readers: N tasks read the variable in between, each ordered after the first access; the last access reads as well.
 *
 * The order of events is fixed by `turn`, which detectors can't see and which gives no happens-before edge.
 */
#include <string.h>

#include "task.h"

#define HIDDEN __attribute__((disable_sanitizer_instrumentation, noinline))

long the_variable; /* both accesses race on this */

static uint32_t turn;      /* release in turn_done, acquire in turn_wait */
static task_mutex private; /* of who makes lock rounds */
static task_mutex gate;    /* held by main while tasks are to stay */
static task_mutex publish; /* orders the readers after the first access */

HIDDEN static void turn_wait(uint32_t n) {
  while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != n) task_pause();
}

HIDDEN static void turn_done(void) { __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE); }

static void lock_rounds(long n) {
  for (long i = 0; i < n; i++) {
    task_lock(&private);
    task_unlock(&private);
  }
}

static long scratch[4096]; /* only the task of the first access uses it */

static __attribute__((noinline)) void leaf(long i) { scratch[i & 4095]++; }

/* Two ways to the leaf, so that the call's place changes all the time; a lock round now and then begins an epoch. */
static __attribute__((noinline)) void even(long i) { leaf(i); }
static __attribute__((noinline)) void odd(long i) {
  leaf(i + 1);
  if (i % 64 == 1) lock_rounds(1);
}

static void make_calls(long n) {
  for (long i = 0; i < n; i++) (i & 1 ? odd : even)(i);
}

static void *allocate(long n, size_t size) {
  void *p = calloc((size_t)n, size);
  if (p) return p;
  fprintf(stderr, "forget: out of memory\n");
  exit(3);
}

struct object {
  task_mutex lock;
  long value; /* guarded by lock */
};

static void write_objects(long n) {
  struct object *objects = allocate(n, sizeof *objects);
  for (long i = 0; i < n; i++) {
    task_lock(&objects[i].lock);
    objects[i].value = i;
    task_unlock(&objects[i].lock);
  }
}

static void stay(void) {
  task_lock(&gate);
  task_unlock(&gate);
}

/* Its task lives on until main opens the gate: what detectors keep of tasks that have ended is another matter. */
static void first_access(long rounds) {
  the_variable = 1;
  lock_rounds(rounds);
  turn_done();
  stay();
}

static void access_and_calls(long n) {
  the_variable = 1;
  make_calls(n);
  turn_done();
  stay();
}

static void access_and_objects(long n) {
  the_variable = 1;
  write_objects(n);
  turn_done();
  stay();
}

static void rounds_between(long rounds) {
  turn_wait(1);
  lock_rounds(rounds);
  turn_done();
}

static void second_access(long when) {
  turn_wait((uint32_t)when);
  the_variable = 2;
  turn_done();
}

static void open_gate(uint32_t when) {
  turn_wait(when);
  task_unlock(&gate);
}

static void two_tasks(void (*body)(long), long n) {
  struct task first, second;
  task_lock(&gate);
  task_start(&first, body, n);
  task_start(&second, second_access, 1);
  open_gate(2);
  task_join(&first), task_join(&second);
}

static void own(long n) { two_tasks(first_access, n); }
static void calls(long n) { two_tasks(access_and_calls, n); }

static void objects(long n) { two_tasks(access_and_objects, n); }

static void other(long n) {
  struct task first, between, second;
  task_lock(&gate);
  task_start(&first, first_access, 0);
  task_start(&between, rounds_between, n);
  task_start(&second, second_access, 2);
  open_gate(3);
  task_join(&first), task_join(&between), task_join(&second);
}

static void access_and_end(long arg) {
  (void)arg;
  the_variable = 1;
}

static void small_task(long who) {
  volatile char touched[256];
  touched[who % 256] = 1;
}

static void short_lived(long n) {
  struct task first, second, between;
  task_start(&second, second_access, 1);
  task_start(&first, access_and_end, 0);
  task_join(&first);
  for (long i = 0; i < n; i++) {
    task_start(&between, small_task, i);
    task_join(&between);
  }
  turn_done();
  task_join(&second);
}

static void one_that_stays(long who) {
  small_task(who);
  stay();
}

static void live(long n) {
  struct task *t = allocate(n, sizeof *t);
  task_lock(&gate);
  task_start(&t[0], first_access, 0);
  for (long i = 1; i < n - 1; i++) task_start(&t[i], one_that_stays, i);
  task_start(&t[n - 1], second_access, 1);
  open_gate(2);
  for (long i = 0; i < n; i++) task_join(&t[i]);
  free(t);
}

static void publishing_access(long arg) {
  (void)arg;
  task_lock(&publish);
  the_variable = 1;
  task_unlock(&publish);
  turn_done();
}

/* The readers' histories differ in length, as in life: some detectors choose by it what they evict. */
static void ordered_reader(long when) {
  turn_wait((uint32_t)when);
  for (long i = 0; i <= when % 3; i++) {
    task_lock(&publish);
    task_unlock(&publish);
  }
  volatile long seen = the_variable;
  (void)seen;
  turn_done();
}

static void last_reader(long when) {
  turn_wait((uint32_t)when);
  volatile long seen = the_variable;
  (void)seen;
}

static void readers(long n) {
  struct task first, last, *t = allocate(n, sizeof *t);
  task_start(&first, publishing_access, 0);
  for (long i = 0; i < n; i++) task_start(&t[i], ordered_reader, i + 1);
  task_start(&last, last_reader, n + 1);
  task_join(&first);
  for (long i = 0; i < n; i++) task_join(&t[i]);
  task_join(&last);
  free(t);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(long n);
  } scenario[] = {{"own", own},           {"other", other}, {"calls", calls},    {"objects", objects},
                  {"short", short_lived}, {"live", live},   {"readers", readers}};
  long n = argc == 3 ? atol(argv[2]) : 0;
  for (size_t i = 0; i < sizeof scenario / sizeof scenario[0]; i++) {
    if (n < 3 || strcmp(argv[1], scenario[i].name) != 0) continue;
    scenario[i].run(n);
    return 0;
  }
  fprintf(stderr, "usage: forget own|other|calls|objects|short|live|readers N   (N of 3 or more)\n");
  return 64;
}
