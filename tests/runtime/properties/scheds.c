/* The scheduler. */
#define _GNU_SOURCE
#include <unistd.h>

#include "property.h"

static int count, stop;

static void yield_some(int n) {
  for (int i = 0; i < n; i++) gw_yield();
  add(&count, 1);
}

/* Everything that can run runs, and ends. */
static void all_run(void) {
  gw_waitgroup done = {0};
  count = 0;
  for (int i = 0; i < 2000; i++) gw_waitgroup_go(&done, yield_some, i % 10);
  gw_waitgroup_wait(&done);
  CHECK(count == 2000);
}

static void spawn_two(int depth, gw_waitgroup *w) {
  add(&count, 1);
  if (depth > 0) {
    gw_waitgroup_add(w, 2);
    gw_go(spawn_two, depth - 1, w);
    gw_go(spawn_two, depth - 1, w);
  }
  gw_waitgroup_done(w);
}

static void trees_of_goroutines(void) {
  gw_waitgroup w = {0};
  count = 0;
  gw_waitgroup_add(&w, 1);
  gw_go(spawn_two, 10, &w);
  gw_waitgroup_wait(&w);
  CHECK(count == (1 << 11) - 1);
}

static void answer(gw_chan(int) in, gw_chan(int) out) { gw_range(v, in) gw_send(out, v + 1); }

static void ping_until(int *until) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0);
  gw_go(answer, a, b);
  for (int i = 0; !peek(until); i++) {
    gw_send(a, i);
    CHECK(gw_recv(b) == i + 1);
  }
  gw_close(a);
}

static void raise_flag(int *flag) { poke(flag, 1); }

/* Two who wake each other, so that one of them always runs next, keep nobody else from running. */
static void pairs_are_fair(void) {
  gw_waitgroup done = {0};
  for (int i = 0; i < 3; i++) {
    poke(&stop, 0);
    gw_waitgroup_go(&done, ping_until, &stop);
    gw_yield();
    gw_waitgroup_go(&done, raise_flag, &stop);
    gw_waitgroup_wait(&done);
  }
}

static void *start_from_outside(void *arg) {
  gw_go(raise_flag, (int *)arg);
  return NULL;
}

static void yield_until(int *until) {
  while (!peek(until)) gw_yield();
}

/* What comes by the global queue has its turn while the local ones never run dry. */
static void global_queue_has_its_turn(void) {
  gw_waitgroup done = {0};
  pthread_t thread;
  poke(&stop, 0);
  for (int i = 0; i < 100; i++) gw_waitgroup_go(&done, yield_until, &stop);
  CHECK(pthread_create(&thread, NULL, start_from_outside, &stop) == 0);
  gw_waitgroup_wait(&done);
  pthread_join(thread, NULL);
}

UNSEEN void spin_until(int *until) {
  while (!peek(until)) continue;
}

/* One that never calls us keeps its thread, not the others from running. */
static void loops_stop_nobody(void) {
  gw_waitgroup done = {0};
  poke(&stop, 0);
  for (int i = 0; i < 2; i++) gw_waitgroup_go(&done, spin_until, &stop);
  gw_yield();
  gw_go(raise_flag, &stop);
  gw_waitgroup_wait(&done);
}

static void write_byte(int fd) { CHECK(write(fd, "x", 1) == 1); }
static intptr_t read_byte(int fd) {
  char c;
  return read(fd, &c, 1);
}
static void read_blocking(int fd) { CHECK(gw_blocking(read_byte, fd) == 1); }
static void read_plainly(int fd) { CHECK(read_byte(fd) == 1); }

/* A call that blocks its thread doesn't block a processor: at once by gw_blocking, after a while without. */
static void blocked_calls_stop_nobody(void) {
  for (int plainly = 0; plainly < 2; plainly++) {
    int fd[2];
    gw_waitgroup done = {0};
    CHECK(pipe(fd) == 0);
    for (int i = 0; i < 3; i++)
      if (plainly)
        gw_waitgroup_go(&done, read_plainly, fd[0]);
      else
        gw_waitgroup_go(&done, read_blocking, fd[0]);
    gw_yield();
    for (int i = 0; i < 3; i++) gw_waitgroup_go(&done, write_byte, fd[1]);
    gw_waitgroup_wait(&done);
    close(fd[0]);
    close(fd[1]);
  }
}

static void stay_on_thread(gw_chan(int) c) {
  gw_lock_os_thread();
  pid_t here = gettid();
  for (int i = 0; i < 20; i++) {
    gw_yield();
    CHECK(gettid() == here);
    gw_send(c, i);
    CHECK(gettid() == here);
    gw_sleep(10 * GW_US);
    CHECK(gettid() == here);
  }
  gw_unlock_os_thread();
}

/* A locked goroutine stays on its thread, and nobody else runs there. */
static void locked_to_its_thread(void) {
  gw_chan(int) c = gw_make(int, 1);
  gw_waitgroup done = {0};
  for (int i = 0; i < 4; i++) gw_waitgroup_go(&done, stay_on_thread, c);
  for (int i = 0; i < 80; i++) gw_recv(c);
  gw_waitgroup_wait(&done);
  gw_chan_free(c);
}

static void procs_change(void) {
  static const int sizes[] = {1, 5, 2, 33, 1};
  int before = gw_maxprocs(0);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    gw_waitgroup done = {0};
    count = 0;
    for (int k = 0; k < 50; k++) gw_waitgroup_go(&done, yield_some, 5);
    gw_maxprocs(sizes[i]);
    CHECK(gw_maxprocs(0) == sizes[i]);
    for (int k = 0; k < 50; k++) gw_waitgroup_go(&done, yield_some, 5);
    gw_waitgroup_wait(&done);
    CHECK(count == 100);
  }
  gw_maxprocs(before);
}

static void tell_id(gw_chan(uint64_t) c) { gw_send(c, gw_goid()); }

/* Numbers are never given twice. */
static void numbers_are_unique(void) {
  enum { N = 500 };
  static bool seen[100000];
  gw_chan(uint64_t) c = gw_make(uint64_t, 8);
  uint64_t first = 0;
  for (int i = 0; i < N; i++) gw_go(tell_id, c);
  for (int i = 0; i < N; i++) {
    uint64_t id = gw_recv(c);
    if (!first) first = id > 50000 ? id - 50000 : 0;
    CHECK(id > 1 && id != gw_goid() && id - first < 100000 && !seen[id - first]);
    seen[id - first] = true;
  }
  memset(seen, 0, sizeof seen);
  gw_chan_free(c);
}

static void deferred(void *n) { add(n, 1); }
static void leave(int n) {
  gw_defer(deferred, &count);
  gw_defer(deferred, &count);
  if (n == 0) gw_goexit();
  if (n == 1) gw_panic("leaves");
}
static void leave_by_panic(void) {
  gw_panic_info info;
  CHECK(!gw_try(&info, leave, 1) && strcmp(info.message, "leaves") == 0);
}

/* Deferred calls run whichever way a function is left; the goroutines are gone afterwards. */
static void deferred_calls_run(void) {
  gw_waitgroup done = {0};
  int before = gw_num_goroutine();
  count = 0;
  for (int i = 0; i < 30; i++) {
    gw_waitgroup_go(&done, leave, 0);
    gw_waitgroup_go(&done, leave_by_panic);
    gw_waitgroup_go(&done, leave, 2);
  }
  gw_waitgroup_wait(&done);
  CHECK(count == 180);
  while (gw_num_goroutine() > before) gw_yield(); /* they have said that they are done a little before they end */
}

/* Apart, since other compilers than ours take the address of errno for a constant of the function. */
static __attribute__((noinline)) void errno_set(int n) { errno = n; }
static __attribute__((noinline)) int errno_get(void) { return errno; }
static void keep_errno(int n) {
  for (int i = 0; i < 50; i++) {
    errno_set(n);
    gw_yield();
    CHECK(errno_get() == n);
  }
}

static void errno_is_the_goroutines(void) {
  gw_waitgroup done = {0};
  for (int i = 0; i < 10; i++) gw_waitgroup_go(&done, keep_errno, i + 1);
  gw_waitgroup_wait(&done);
}

static void *use_api(void *arg) {
  gw_chan(int) c = *(gw_chan(int) *)arg;
  for (int i = 0; i < 50; i++) gw_send(c, i);
  gw_sleep(GW_US);
  return NULL;
}

/* Threads of the program's own take part. */
static void threads_take_part(void) {
  gw_chan(int) c = gw_make(int, 1);
  pthread_t thread[3];
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&thread[i], NULL, use_api, &c) == 0);
  int sum = 0;
  for (int i = 0; i < 150; i++) sum += gw_recv(c);
  for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
  CHECK(sum == 3 * 49 * 50 / 2);
  gw_chan_free(c);
}

struct label {
  uint64_t id;
  char text[40];
};

UNSEEN void find_label(const struct inspect_g *g, void *arg) {
  struct label *l = arg;
  if (g->id == l->id) snprintf(l->text, sizeof l->text, "%s=%s", g->key ? g->key : "", g->key ? g->value : "");
}

static bool label_is(const char *wanted) {
  struct label l = {.id = gw_goid()};
  gw__debug.each(find_label, &l);
  return strcmp(l.text, wanted) == 0;
}

static void label_here(void) {
  CHECK(label_is("=")); /* not its creator's */
  gw_set_label("task", "pack");
  CHECK(label_is("task=pack"));
  gw_set_label("phase", NULL); /* another one */
  CHECK(label_is("task=pack"));
  gw_set_label("task", "ship");
  CHECK(label_is("task=ship"));
  gw_set_label("task", NULL);
  CHECK(label_is("="));
}

/* A label is its goroutine's, and goes when its key says so. */
static void labels_come_and_go(void) {
  gw_waitgroup all = {0};
  gw_set_label("task", "lead");
  for (int i = 0; i < 5; i++) gw_waitgroup_go(&all, label_here);
  gw_waitgroup_wait(&all);
  CHECK(label_is("task=lead"));
  gw_set_label("task", NULL);
}

PROPERTIES(PROPERTY(all_run), PROPERTY(trees_of_goroutines), PROPERTY(pairs_are_fair),
           PROPERTY(global_queue_has_its_turn), PROPERTY(loops_stop_nobody), PROPERTY(blocked_calls_stop_nobody),
           PROPERTY(locked_to_its_thread), PROPERTY(procs_change), PROPERTY(numbers_are_unique),
           PROPERTY(deferred_calls_run), PROPERTY(errno_is_the_goroutines), PROPERTY(threads_take_part),
           PROPERTY(labels_come_and_go))
