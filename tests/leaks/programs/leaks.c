/* Programs that leak, one for each CASE; the comment says what has to be found: kind, what is waited for, how sure, how
 * many goroutines. A case is a function that main calls; what it started is leaked when it has returned. */
#include <stdio.h>
#include <stdlib.h>

#include "../../include/parked.h"

static gw_chan(int) global;
static gw_mutex global_a, global_b;
static gw_rwmutex global_rw;
static gw_waitgroup global_group;

static void receive(gw_chan(int) c) { gw_recv(c); }
static void send(gw_chan(int) c) { gw_send(c, 1); }
static void drain(gw_chan(int) c) {
  gw_range(v, c) { (void)v; }
}

#define CASE(name) static __attribute__((noinline)) void name(void)

/* LEAK forgotten_receiver: GW1004 chan receive, proven, 1 */
CASE(forgotten_receiver) { gw_go(receive, gw_make(int, 0)); }

/* LEAK forgotten_sender: GW1004 chan send, proven, 1 */
CASE(forgotten_sender) { gw_go(send, gw_make(int, 0)); }

/* LEAK full_buffer: GW1004 chan send, proven, 1 */
CASE(full_buffer) {
  gw_chan(int) c = gw_make(int, 2);
  gw_send(c, 1);
  gw_send(c, 2);
  gw_go(send, c);
}

/* LEAK never_closed: GW1004 chan receive, proven, 1 */
CASE(never_closed) {
  gw_chan(int) c = gw_make(int, 1);
  gw_go(drain, c);
  gw_send(c, 1);
}

/* LEAK worker_pool: GW1004 chan receive, proven, 5 */
CASE(worker_pool) {
  gw_chan(int) jobs = gw_make(int, 8);
  for (int i = 0; i < 5; i++) gw_go(drain, jobs);
  for (int i = 0; i < 8; i++) gw_send(jobs, i);
}

static void first_of(gw_chan(int) result, int v) { gw_send(result, v); }
/* LEAK first_answer_wins: GW1004 chan send, proven, 2 */
CASE(first_answer_wins) {
  gw_chan(int) result = gw_make(int, 0);
  for (int i = 0; i < 3; i++) gw_go(first_of, result, i);
  gw_recv(result);
}

/* LEAK timeout_gives_up: GW1004 chan send, proven, 1 */
CASE(timeout_gives_up) {
  gw_chan(int) result = gw_make(int, 0);
  gw_go(send, result);
  gw_select {
    gw_on_after(0) {}
  }
}

static void stage(gw_chan(int) in, gw_chan(int) out) {
  gw_range(v, in) gw_send(out, v + 1);
  gw_close(out);
}
static void source(gw_chan(int) out) {
  for (int i = 0;; i++) gw_send(out, i);
}
/* LEAK abandoned_pipeline: GW1004 chan send, proven, 3 */
CASE(abandoned_pipeline) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0), c = gw_make(int, 0);
  gw_go(source, a);
  gw_go(stage, a, b);
  gw_go(stage, b, c);
  gw_recv(c);
}

static void until_done(gw_chan(int) work, gw_chan(int) done) {
  for (bool go_on = true; go_on;) {
    gw_select {
      gw_on_recv(work, v) { (void)v; }
      gw_on_recv(done) { go_on = false; }
    }
  }
}
/* LEAK missing_cancel: GW1004 select, proven, 1 */
CASE(missing_cancel) { gw_go(until_done, gw_make(int, 0), gw_make(int, 0)); }

static void select_send(gw_chan(int) a, gw_chan(int) b) {
  gw_select {
    gw_on_send(a, 1) {}
    gw_on_send(b, 2) {}
  }
}
/* LEAK select_without_done: GW1004 select, proven, 1 */
CASE(select_without_done) { gw_go(select_send, gw_make(int, 0), gw_make(int, 0)); }

static void forever(void) {
  gw_select {}
}
/* LEAK empty_select: GW1004 select (no cases), proven, 1 */
CASE(empty_select) { gw_go(forever); }

static void nil_receive(void) { gw_recv((gw_chan(int))NULL); }
/* LEAK nil_channel_receive: GW1004 chan receive (nil chan), proven, 1 */
CASE(nil_channel_receive) { gw_go(nil_receive); }

static void nil_send(void) { gw_send((gw_chan(int))NULL, 1); }
/* LEAK nil_channel_send: GW1004 chan send (nil chan), proven, 1 */
CASE(nil_channel_send) { gw_go(nil_send); }

static void ticks(gw_ticker *t) {
  for (;;) gw_recv(gw_ticker_chan(t));
}
/* LEAK stopped_ticker: GW1004 chan receive, proven, 1 */
CASE(stopped_ticker) {
  gw_ticker *t = gw_ticker_new(GW_S);
  gw_go(ticks, t);
  gw_sleep(GW_MS);
  gw_ticker_stop(t);
}

static void alarm_wait(gw_timer *t) { gw_recv(gw_timer_chan(t)); }
/* LEAK stopped_timer: GW1004 chan receive, proven, 1 */
CASE(stopped_timer) {
  gw_timer *t = gw_timer_new(3600 * GW_S);
  gw_go(alarm_wait, t);
  gw_sleep(GW_MS);
  gw_timer_stop(t);
}

static void wait_for(gw_waitgroup *w) { gw_waitgroup_wait(w); }
/* LEAK waitgroup_miscount: GW1004 sync.WaitGroup.Wait, suspected, 1 */
CASE(waitgroup_miscount) {
  gw_waitgroup_add(&global_group, 2);
  gw_go(wait_for, &global_group);
  gw_waitgroup_done(&global_group);
}

static void group_of_its_own(void) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 1);
  gw_waitgroup_wait(&w);
}
/* LEAK waitgroup_on_stack: GW1004 sync.WaitGroup.Wait, proven, 1 */
CASE(waitgroup_on_stack) { gw_go(group_of_its_own); }

struct monitor {
  gw_mutex mu;
  gw_cond changed;
};
static void wait_changed(struct monitor *m) {
  gw_mutex_lock(&m->mu);
  gw_cond_wait(&m->changed);
  gw_mutex_unlock(&m->mu);
}
static struct monitor global_monitor = {.changed = GW_COND_INIT(&global_monitor.mu)};
/* LEAK lost_wakeup: GW1004 sync.Cond.Wait, suspected, 1 */
CASE(lost_wakeup) {
  gw_cond_signal(&global_monitor.changed);
  gw_go(wait_changed, &global_monitor);
}

/* LEAK signal_wakes_one: GW1004 sync.Cond.Wait, suspected, 2 */
CASE(signal_wakes_one) {
  for (int i = 0; i < 3; i++) gw_go(wait_changed, &global_monitor);
  await_parked(3, "sync.Cond.Wait");
  gw_mutex_lock(&global_monitor.mu);
  gw_cond_signal(&global_monitor.changed);
  gw_mutex_unlock(&global_monitor.mu);
}

static void acquire(gw_sema *s) { gw_sema_acquire(s, 2); }
static gw_sema global_sema;
/* LEAK semaphore_not_released: GW1004 semacquire, suspected, 1 */
CASE(semaphore_not_released) {
  gw_sema_init(&global_sema, 2);
  gw_sema_acquire(&global_sema, 1);
  gw_go(acquire, &global_sema);
}

/* LEAK global_channel: GW1004 chan receive, suspected, 1 */
CASE(global_channel) {
  global = gw_make(int, 0);
  gw_go(receive, global);
}

static void lock_and_end(gw_mutex *m) { gw_mutex_lock(m); }
/* LEAK holder_ended: GW1004 sync.Mutex.Lock, suspected, 1 */
CASE(holder_ended) {
  gw_go(lock_and_end, &global_a);
  gw_sleep(2 * GW_MS);
  gw_go(lock_and_end, &global_a);
}

/* LEAK main_keeps_lock: GW1004 sync.Mutex.Lock, suspected, 3 */
CASE(main_keeps_lock) {
  gw_mutex_lock(&global_a);
  for (int i = 0; i < 3; i++) gw_go(lock_and_end, &global_a);
}

static void reader(gw_rwmutex *rw) {
  gw_rwmutex_rlock(rw);
  gw_rwmutex_runlock(rw);
}
/* LEAK writer_keeps_lock: GW1004 sync.RWMutex.RLock, suspected, 2 */
CASE(writer_keeps_lock) {
  gw_rwmutex_lock(&global_rw);
  for (int i = 0; i < 2; i++) gw_go(reader, &global_rw);
}

static void writer(gw_rwmutex *rw) { gw_rwmutex_lock(rw); }
/* LEAK reader_keeps_lock: GW1004 sync.RWMutex.Lock, suspected, 1 */
CASE(reader_keeps_lock) {
  gw_rwmutex_rlock(&global_rw);
  gw_go(writer, &global_rw);
}

static void lock_twice(gw_mutex *m) {
  gw_mutex_lock(m);
  gw_mutex_lock(m);
}
/* LEAK double_lock: GW1005 sync.Mutex.Lock, proven, 1 */
CASE(double_lock) { gw_go(lock_twice, &global_a); }

static void write_twice(gw_rwmutex *rw) {
  gw_rwmutex_lock(rw);
  gw_rwmutex_lock(rw);
}
/* LEAK double_write_lock: GW1005 sync.RWMutex.Lock, proven, 1 */
CASE(double_write_lock) { gw_go(write_twice, &global_rw); }

static void write_then_read(gw_rwmutex *rw) {
  gw_rwmutex_lock(rw);
  gw_rwmutex_rlock(rw);
}
/* LEAK read_own_write_lock: GW1005 sync.RWMutex.RLock, proven, 1 */
CASE(read_own_write_lock) { gw_go(write_then_read, &global_rw); }

static gw_once global_once;
static void again(void);
static void again(void) { gw_once_do(&global_once, again); }
/* LEAK once_in_itself: GW1005 sync.Mutex.Lock, proven, 1 */
CASE(once_in_itself) { gw_go(again); }

static void two_locks(gw_mutex *first, gw_mutex *second, gw_waitgroup *both) {
  gw_mutex_lock(first);
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  gw_mutex_lock(second);
}
static void abba(gw_mutex *a, gw_mutex *b) {
  gw_waitgroup_add(&global_group, 2);
  gw_go(two_locks, a, b, &global_group);
  gw_go(two_locks, b, a, &global_group);
}
/* LEAK ab_ba: GW1005 sync.Mutex.Lock, proven, 2 */
CASE(ab_ba) { abba(&global_a, &global_b); }

/* LEAK ab_ba_on_heap: GW1005 sync.Mutex.Lock, proven, 2 */
CASE(ab_ba_on_heap) {
  gw_mutex *m = calloc(2, sizeof *m);
  abba(&m[0], &m[1]);
}

/* LEAK five_philosophers: GW1005 sync.Mutex.Lock, proven, 5 */
CASE(five_philosophers) {
  static gw_mutex fork[5];
  gw_waitgroup_add(&global_group, 5);
  for (int i = 0; i < 5; i++) gw_go(two_locks, &fork[i], &fork[(i + 1) % 5], &global_group);
}

static void mutex_then_write(gw_mutex *m, gw_rwmutex *rw, gw_waitgroup *both) {
  gw_mutex_lock(m);
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  gw_rwmutex_lock(rw);
}
static void write_then_mutex(gw_mutex *m, gw_rwmutex *rw, gw_waitgroup *both) {
  gw_rwmutex_lock(rw);
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  gw_mutex_lock(m);
}
/* LEAK mutex_and_rwmutex: GW1005 sync.Mutex.Lock, proven, 2 */
CASE(mutex_and_rwmutex) {
  gw_waitgroup_add(&global_group, 2);
  gw_go(write_then_mutex, &global_a, &global_rw, &global_group);
  gw_go(mutex_then_write, &global_a, &global_rw, &global_group);
}

static void reads_twice(gw_rwmutex *rw, gw_waitgroup *both) {
  gw_rwmutex_rlock(rw);
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  while (gw_rwmutex_try_rlock(rw)) { /* until the writer waits */
    gw_rwmutex_runlock(rw);
    gw_yield();
  }
  gw_rwmutex_rlock(rw);
}
static void writes_after(gw_rwmutex *rw, gw_waitgroup *both) {
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  gw_rwmutex_lock(rw);
}
/* LEAK read_lock_twice: GW1005 sync.RWMutex.RLock, proven, 2 */
CASE(read_lock_twice) {
  gw_waitgroup_add(&global_group, 2);
  gw_go(reads_twice, &global_rw, &global_group);
  gw_go(writes_after, &global_rw, &global_group);
}

static void reads_then_writes(gw_rwmutex *rw) {
  gw_rwmutex_rlock(rw);
  gw_rwmutex_lock(rw);
}
/* LEAK write_own_read_lock: GW1005 sync.RWMutex.Lock, proven, 1 */
CASE(write_own_read_lock) { gw_go(reads_then_writes, &global_rw); }

static void read_then_mutex(gw_mutex *m, gw_rwmutex *rw, gw_waitgroup *both) {
  gw_rwmutex_rlock(rw);
  gw_waitgroup_done(both);
  gw_waitgroup_wait(both);
  gw_mutex_lock(m);
}
/* LEAK reader_and_mutex: GW1005 sync.RWMutex.Lock, proven, 2 */
CASE(reader_and_mutex) {
  gw_waitgroup_add(&global_group, 2);
  gw_go(read_then_mutex, &global_a, &global_rw, &global_group);
  gw_go(mutex_then_write, &global_a, &global_rw, &global_group);
}

static void ping(gw_chan(int) mine, gw_chan(int) other) {
  gw_recv(mine);
  gw_send(other, 1);
}
/* LEAK both_receive_first: GW1005 chan receive, proven, 2 */
CASE(both_receive_first) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0);
  gw_go(ping, a, b);
  gw_go(ping, b, a);
}

static void answer_to_full(gw_chan(int) in, gw_chan(int) out) {
  gw_send(out, 1);
  gw_recv(in);
}
/* LEAK both_send_first: GW1005 chan send, proven, 2 */
CASE(both_send_first) {
  gw_chan(int) a = gw_make(int, 0), b = gw_make(int, 0);
  gw_go(answer_to_full, a, b);
  gw_go(answer_to_full, b, a);
}

static void locked_send(gw_mutex *m, gw_chan(int) c) {
  gw_mutex_lock(m);
  gw_send(c, 1);
  gw_mutex_unlock(m);
}
static void locked_receive(gw_mutex *m, gw_chan(int) c) {
  gw_mutex_lock(m);
  gw_recv(c);
  gw_mutex_unlock(m);
}
/* LEAK send_with_lock_held: GW1005 chan send, proven, 2 */
CASE(send_with_lock_held) {
  gw_mutex *m = calloc(1, sizeof *m);
  gw_chan(int) c = gw_make(int, 0);
  gw_go(locked_send, m, c);
  await_parked(1, "chan send");
  gw_go(locked_receive, m, c);
}

static void collect(gw_chan(int) results, gw_waitgroup *w) {
  gw_waitgroup_wait(w);
  gw_range(v, results) { (void)v; }
}
static void produce(gw_chan(int) results, gw_waitgroup *w) {
  gw_send(results, 1);
  gw_waitgroup_done(w);
}
/* LEAK wait_before_drain: GW1005 sync.WaitGroup.Wait, proven, 2 */
CASE(wait_before_drain) {
  gw_waitgroup *w = calloc(1, sizeof *w);
  gw_chan(int) results = gw_make(int, 0);
  gw_waitgroup_add(w, 1);
  gw_go(produce, results, w);
  gw_go(collect, results, w);
}

static void serve_one(gw_chan(gw_chan(int)) requests) { gw_send(gw_recv(requests), 1); }
/* LEAK reply_nobody_reads: GW1004 chan send, proven, 1 */
CASE(reply_nobody_reads) {
  gw_chan(gw_chan(int)) requests = gw_make(gw_chan(int), 0);
  gw_go(serve_one, requests);
  gw_send(requests, gw_make(int, 0));
}

static void spawn_and_end(gw_chan(int) c) { gw_go(receive, c); }
/* LEAK grandchild: GW1004 chan receive, proven, 1 */
CASE(grandchild) { gw_go(spawn_and_end, gw_make(int, 0)); }

static void panics(gw_chan(int) done) {
  if (gw_cap(done) == 0) gw_panic("before the send");
  gw_send(done, 1);
}
static void guarded(gw_chan(int) done) { gw_try(NULL, panics, done); }
/* LEAK panic_before_send: GW1004 chan receive, proven, 1 */
CASE(panic_before_send) {
  gw_chan(int) done = gw_make(int, 0);
  gw_go(receive, done);
  gw_go(guarded, done);
}

static void chan_of_chans(gw_chan(gw_chan(int)) c) { gw_recv(gw_recv(c)); }
/* LEAK channel_from_channel: GW1004 chan receive, proven, 1 */
CASE(channel_from_channel) {
  gw_chan(gw_chan(int)) c = gw_make(gw_chan(int), 1);
  gw_send(c, gw_make(int, 0));
  gw_go(chan_of_chans, c);
}

static void broadcast_listener(gw_chan(int) c, gw_chan(int) quit) {
  gw_select {
    gw_on_recv(c) {}
    gw_on_recv(quit) {}
  }
}
/* LEAK many_listeners: GW1004 select, proven, 20 */
CASE(many_listeners) {
  gw_chan(int) c = gw_make(int, 0), quit = gw_make(int, 0);
  for (int i = 0; i < 20; i++) gw_go(broadcast_listener, c, quit);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define X(name) {#name, name}
    X(forgotten_receiver),  X(forgotten_sender),
    X(full_buffer),         X(never_closed),
    X(worker_pool),         X(first_answer_wins),
    X(timeout_gives_up),    X(abandoned_pipeline),
    X(missing_cancel),      X(select_without_done),
    X(empty_select),        X(nil_channel_receive),
    X(nil_channel_send),    X(stopped_ticker),
    X(stopped_timer),       X(waitgroup_miscount),
    X(waitgroup_on_stack),  X(lost_wakeup),
    X(signal_wakes_one),    X(semaphore_not_released),
    X(global_channel),      X(holder_ended),
    X(main_keeps_lock),     X(writer_keeps_lock),
    X(reader_keeps_lock),   X(double_lock),
    X(double_write_lock),   X(read_own_write_lock),
    X(once_in_itself),      X(ab_ba),
    X(ab_ba_on_heap),       X(five_philosophers),
    X(read_lock_twice),     X(write_own_read_lock),
    X(reader_and_mutex),    X(mutex_and_rwmutex),
    X(both_receive_first),  X(both_send_first),
    X(send_with_lock_held), X(wait_before_drain),
    X(reply_nobody_reads),  X(grandchild),
    X(panic_before_send),   X(channel_from_channel),
    X(many_listeners),
};

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (argc < 2 || strcmp(argv[1], cases[i].name) != 0) continue;
    cases[i].run();
    return 0;
  }
  return 64;
}
