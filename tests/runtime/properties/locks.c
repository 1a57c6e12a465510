/* Mutex, reader-writer mutex, wait group, condition, once, semaphore. */
#include "property.h"

static gw_mutex mu;
static gw_rwmutex rw;
static int shared, inside, limit; /* `shared` is plain: the detector holds the locks to their edges */

static void spin_for(int64_t ns) {
  for (int64_t until = gw_now() + ns; gw_now() < until;) continue;
}

static void count_locked(int n) {
  for (int i = 0; i < n; i++) {
    if (i % 3 == 0) {
      while (!gw_mutex_try_lock(&mu)) try_again_later();
    } else {
      gw_mutex_lock(&mu);
    }
    CHECK(!gw_mutex_try_lock(&mu));
    int was = shared++;
    if (i % 16 == 0) gw_yield();
    CHECK(shared == was + 1);
    gw_mutex_unlock(&mu);
  }
}

static void mutex_excludes(void) {
  gw_waitgroup done = {0};
  shared = 0;
  for (int i = 0; i < 8; i++) gw_waitgroup_go(&done, count_locked, 150);
  gw_waitgroup_wait(&done);
  CHECK(shared == 8 * 150);
}

static void lock_only(void) { gw_mutex_lock(&mu); }

static void anybody_unlocks(void) {
  gw_waitgroup done = {0};
  for (int i = 0; i < 20; i++) {
    gw_waitgroup_go(&done, lock_only);
    gw_waitgroup_wait(&done);
    CHECK(!gw_mutex_try_lock(&mu));
    gw_mutex_unlock(&mu);
  }
}

static int order[64], arrived;
static void arrive(int n) {
  gw_mutex_lock(&mu);
  order[arrived++] = n;
  gw_mutex_unlock(&mu);
}

/* As if it were never given up. Those who were woken in between have run, and wait again: the first who finds it taken
 * has it handed over by the next unlock, and so have all behind him.  It takes more turns if some get it before the
 * caller is back, who then spins for it. */
static void lock_again(int waiters) {
  for (int turn = 0; turn < 2 * waiters && arrived < waiters; turn++) {
    gw_mutex_unlock(&mu);
    gw_mutex_lock(&mu);
    await_parked(waiters - arrived, "sync.Mutex.Lock");
  }
}

/* Who has waited for more than a millisecond, and sees the lock taken by somebody else, gets it next. */
static void starving_gets_it(void) {
  for (int i = 0; i < 5; i++) {
    gw_waitgroup done = {0};
    arrived = 0;
    gw_mutex_lock(&mu);
    gw_waitgroup_go(&done, arrive, 1);
    await_parked(1, "sync.Mutex.Lock");
    spin_for(1100 * GW_US);
    lock_again(1);
    CHECK(arrived == 1);
    gw_mutex_unlock(&mu);
    gw_waitgroup_wait(&done);
  }
}

/* All waiters of that kind get it in the order in which they came, before anybody who comes later. */
static void starving_in_line(void) {
  gw_waitgroup done = {0};
  arrived = 0;
  gw_mutex_lock(&mu);
  for (int i = 0; i < 8; i++) {
    gw_waitgroup_go(&done, arrive, i);
    await_parked(i + 1, "sync.Mutex.Lock");
  }
  spin_for(1100 * GW_US);
  lock_again(8);
  CHECK(arrived == 8);
  for (int i = 0; i < 8; i++) CHECK(order[i] == i);
  gw_mutex_unlock(&mu);
  gw_waitgroup_wait(&done);
}

static void hog(const int *stop) {
  while (!peek(stop)) {
    gw_mutex_lock(&mu);
    spin_for(100 * GW_US);
    gw_mutex_unlock(&mu);
  }
}

static void nobody_starves(void) {
  gw_waitgroup done = {0};
  int stop = 0;
  for (int i = 0; i < 2; i++) gw_waitgroup_go(&done, hog, &stop);
  for (int i = 0; i < 3; i++) {
    gw_mutex_lock(&mu);
    gw_mutex_unlock(&mu);
    gw_yield();
  }
  poke(&stop, 1);
  gw_waitgroup_wait(&done);
}

/* ---- reader-writer mutex ---- */

static void read_together(int n) {
  gw_rwmutex_rlock(&rw);
  add(&inside, 1);
  while (get(&inside) < n) gw_yield(); /* ends only if all are in at once */
  gw_rwmutex_runlock(&rw);
}

static void readers_share(void) {
  gw_waitgroup done = {0};
  inside = 0;
  for (int i = 0; i < 10; i++) gw_waitgroup_go(&done, read_together, 10);
  gw_waitgroup_wait(&done);
}

static void use_rw(int who) {
  for (int i = 0; i < 100; i++) {
    if (i % 5 == who) {
      gw_rwmutex_lock(&rw);
      CHECK(add(&inside, 1000) == 1000);
      shared++;
      if (i % 2) gw_yield();
      CHECK(!gw_rwmutex_try_rlock(&rw) && !gw_rwmutex_try_lock(&rw));
      CHECK(add(&inside, -1000) == 0);
      gw_rwmutex_unlock(&rw);
    } else {
      gw_rwmutex_rlock(&rw);
      int now = add(&inside, 1);
      CHECK(now >= 1 && now < 1000 && shared >= 0);
      if (i % 7 == 0) gw_yield();
      CHECK(!gw_rwmutex_try_lock(&rw));
      add(&inside, -1);
      gw_rwmutex_runlock(&rw);
    }
  }
}

static void writer_excludes(void) {
  gw_waitgroup done = {0};
  inside = shared = 0;
  for (int i = 0; i < 8; i++) gw_waitgroup_go(&done, use_rw, i % 5);
  gw_waitgroup_wait(&done);
  CHECK(shared == 8 * 20);
}

static void write_and_note(int n) {
  gw_rwmutex_lock(&rw);
  order[arrived++] = n;
  gw_rwmutex_unlock(&rw);
}
static void read_and_note(int n) {
  gw_rwmutex_rlock(&rw);
  gw_mutex_lock(&mu);
  order[arrived++] = n;
  gw_mutex_unlock(&mu);
  gw_rwmutex_runlock(&rw);
}

/* A waiting writer stops new readers; it goes first, then they do. */
static void writer_before_new_readers(void) {
  for (int i = 0; i < 5; i++) {
    gw_waitgroup done = {0};
    arrived = 0;
    gw_rwmutex_rlock(&rw);
    gw_waitgroup_go(&done, write_and_note, 1);
    await_parked(1, "sync.RWMutex.Lock");
    CHECK(!gw_rwmutex_try_rlock(&rw) && !gw_rwmutex_try_lock(&rw));
    gw_waitgroup_go(&done, read_and_note, 2);
    gw_waitgroup_go(&done, read_and_note, 2);
    await_parked(2, "sync.RWMutex.RLock");
    gw_rwmutex_runlock(&rw);
    gw_waitgroup_wait(&done);
    CHECK(arrived == 3 && order[0] == 1 && order[1] == 2 && order[2] == 2);
  }
}

/* Readers who wait while a writer holds it go before the next writer. */
static void readers_before_next_writer(void) {
  gw_waitgroup done = {0};
  arrived = 0;
  gw_rwmutex_lock(&rw);
  gw_waitgroup_go(&done, read_and_note, 1);
  gw_waitgroup_go(&done, read_and_note, 1);
  await_parked(2, "sync.RWMutex.RLock");
  gw_waitgroup_go(&done, write_and_note, 2);
  await_parked(1, "sync.RWMutex.Lock");
  gw_rwmutex_unlock(&rw);
  gw_waitgroup_wait(&done);
  CHECK(arrived == 3 && order[0] == 1 && order[1] == 1 && order[2] == 2);
}

/* ---- wait group ---- */

static int slots[100];
static void fill(int i) {
  if (i % 3 == 0) gw_yield();
  slots[i] = i + 1;
}
static void wait_and_look(gw_waitgroup *w, gw_waitgroup *done) {
  gw_waitgroup_wait(w);
  for (int i = 0; i < 100; i++) CHECK(slots[i] == i + 1);
  gw_waitgroup_done(done);
}

/* Nobody goes on before all are done; all who wait do then; and it can be used again. */
static void waitgroup_waits_for_all(void) {
  gw_waitgroup w = {0}, done = {0};
  gw_waitgroup_wait(&w); /* of nothing: at once */
  for (int round = 0; round < 5; round++) {
    memset(slots, 0, sizeof slots);
    gw_waitgroup_add(&w, 1);
    gw_waitgroup_add(&done, 4);
    for (int i = 0; i < 4; i++) gw_go(wait_and_look, &w, &done);
    for (int i = 0; i < 100; i++) gw_waitgroup_go(&w, fill, i);
    gw_waitgroup_done(&w);
    gw_waitgroup_wait(&w);
    gw_waitgroup_wait(&done);
  }
}

static void waitgroup_misuse(void) {
  gw_waitgroup w = {0};
  gw_panic_info info;
  CHECK(!gw_try(&info, gw_waitgroup_done, &w) && strcmp(info.message, "sync: negative WaitGroup counter") == 0);
}

static void goexit_now(void) { gw_goexit(); }

static void waitgroup_go_is_done_anyway(void) {
  gw_waitgroup w = {0};
  for (int i = 0; i < 20; i++) gw_waitgroup_go(&w, goexit_now);
  gw_waitgroup_wait(&w);
}

/* ---- condition ---- */

static gw_cond cond = GW_COND_INIT(&mu);
static void wait_in_line(int n, gw_waitgroup *ready) {
  gw_mutex_lock(&mu);
  gw_waitgroup_done(ready);
  gw_cond_wait(&cond);
  order[arrived++] = n;
  gw_mutex_unlock(&mu);
}

/* Each queues before the next one starts: the lock, once it can be had, says that its holder is in the queue. */
static void line_up(int n, gw_waitgroup *ended) {
  for (int i = 0; i < n; i++) {
    gw_waitgroup ready = {0};
    gw_waitgroup_add(&ready, 1);
    gw_waitgroup_go(ended, wait_in_line, i, &ready);
    gw_waitgroup_wait(&ready);
    gw_mutex_lock(&mu);
    gw_mutex_unlock(&mu);
  }
}
static int arrived_now(void) {
  gw_mutex_lock(&mu);
  int n = arrived;
  gw_mutex_unlock(&mu);
  return n;
}

static void signals_in_line(void) {
  gw_waitgroup ended = {0};
  arrived = 0;
  gw_cond_signal(&cond); /* nobody waits: nothing is kept */
  line_up(10, &ended);
  for (int i = 0; i < 10; i++) {
    CHECK(arrived_now() == i);
    gw_cond_signal(&cond);
    while (arrived_now() == i) gw_yield();
  }
  gw_waitgroup_wait(&ended);
  for (int i = 0; i < 10; i++) CHECK(order[i] == i);
}

static void wait_twice(gw_waitgroup *ready) {
  gw_mutex_lock(&mu);
  for (int i = 0; i < 2; i++) {
    gw_waitgroup_done(ready);
    gw_cond_wait(&cond);
    arrived++;
  }
  gw_mutex_unlock(&mu);
}

/* A broadcast is for those who wait now, and for all of them. */
static void broadcast_once(void) {
  gw_waitgroup ready = {0}, ended = {0};
  arrived = 0;
  for (int turn = 1; turn <= 2; turn++) {
    gw_waitgroup_add(&ready, 10);
    for (int i = 0; turn == 1 && i < 10; i++) gw_waitgroup_go(&ended, wait_twice, &ready);
    if (turn == 2) gw_cond_broadcast(&cond);
    gw_waitgroup_wait(&ready);
    gw_mutex_lock(&mu); /* all ten are in the queue, for the `turn`th time */
    CHECK(arrived == 10 * (turn - 1));
    gw_mutex_unlock(&mu);
  }
  gw_cond_broadcast(&cond);
  gw_waitgroup_wait(&ended);
  CHECK(arrived == 20);
}

/* ---- once ---- */

static int calls;
static void initialise(int *to) {
  gw_yield();
  calls++;
  *to = 42;
}
static void use_once(gw_once *o, int *v) {
  gw_once_do(o, initialise, v);
  CHECK(*v == 42);
}
static void panics(void) { gw_panic("once"); }
static void once_that_panics(gw_once *o) { gw_once_do(o, panics); }

static void once_is_once(void) {
  for (int round = 0; round < 10; round++) {
    gw_once o = {0};
    gw_waitgroup done = {0};
    int v = 0;
    calls = 0;
    for (int i = 0; i < 30; i++) gw_waitgroup_go(&done, use_once, &o, &v);
    gw_waitgroup_wait(&done);
    CHECK(calls == 1);
  }
  gw_once o = {0};
  CHECK(!gw_try(NULL, once_that_panics, &o) && gw_try(NULL, once_that_panics, &o)); /* it counts as done */
}

/* ---- semaphore ---- */

static void take_some(gw_sema *s, int n) {
  for (int i = 0; i < 50; i++) {
    if (i % 4 != 3 || !gw_sema_try_acquire(s, n)) gw_sema_acquire(s, n);
    CHECK(add(&inside, n) <= limit);
    if (i % 8 == 0) gw_yield();
    add(&inside, -n);
    gw_sema_release(s, n);
  }
}

static void sema_bounds(void) {
  for (limit = 1; limit <= 10; limit += 3) {
    gw_sema s;
    gw_waitgroup done = {0};
    gw_sema_init(&s, limit);
    inside = 0;
    for (int i = 0; i < 8; i++) gw_waitgroup_go(&done, take_some, &s, 1 + i % limit);
    gw_waitgroup_wait(&done);
    CHECK(gw_sema_try_acquire(&s, limit) && !gw_sema_try_acquire(&s, 1));
  }
}

static void acquire_and_note(gw_sema *s, int n) {
  gw_sema_acquire(s, n);
  gw_mutex_lock(&mu);
  order[arrived++] = n;
  gw_mutex_unlock(&mu);
  gw_sema_release(s, n);
}

/* Who asks for much isn't overtaken by who asks for little. */
static void sema_in_line(void) {
  gw_sema s;
  gw_waitgroup done = {0};
  gw_sema_init(&s, 10);
  gw_sema_acquire(&s, 10);
  arrived = 0;
  gw_waitgroup_go(&done, acquire_and_note, &s, 10);
  await_parked(1, "semacquire");
  gw_waitgroup_go(&done, acquire_and_note, &s, 1);
  await_parked(2, "semacquire");
  gw_sema_release(&s, 9); /* enough for the second, not for the first */
  CHECK(!gw_sema_try_acquire(&s, 1));
  gw_sema_release(&s, 1);
  gw_waitgroup_wait(&done);
  CHECK(arrived == 2 && order[0] == 10 && order[1] == 1);
}

PROPERTIES(PROPERTY(mutex_excludes), PROPERTY(anybody_unlocks), PROPERTY(starving_gets_it), PROPERTY(starving_in_line),
           PROPERTY(nobody_starves), PROPERTY(readers_share), PROPERTY(writer_excludes),
           PROPERTY(writer_before_new_readers), PROPERTY(readers_before_next_writer), PROPERTY(waitgroup_waits_for_all),
           PROPERTY(waitgroup_misuse), PROPERTY(waitgroup_go_is_done_anyway), PROPERTY(signals_in_line),
           PROPERTY(broadcast_once), PROPERTY(once_is_once), PROPERTY(sema_bounds), PROPERTY(sema_in_line))
