/* What orders goroutines, and what doesn't. */
#include "conformance.h"
#include "parked.h"

/* clang-format off */
typedef gw_chan(int) chan;
static FAR int value(int n) { __asm__ volatile("" : "+r"(n)); return n; }
static FAR void child(int *p, chan done) { ++*p; gw_send(done, 1); }
static FAR void bump(int *p) { ++*p; }
__attribute__((disable_sanitizer_instrumentation)) static FAR void bare(int *p) { ++*p; }

/* --- channels without a buffer --- */
EDGE(send_then_receive, static chan c1; static int x1, c1 = gw_make(int, 0), { x1 = 1; gw_send(c1, 1); }, { gw_recv(c1); use(x1); })
EDGE(receive_then_send, static chan c2; static int x2, c2 = gw_make(int, 0), { x2 = 1; gw_recv(c2); }, { gw_send(c2, 1); use(x2); })
EDGE(close_then_receive, static chan c3; static int x3, c3 = gw_make(int, 0), { x3 = 1; gw_close(c3); }, { gw_recv(c3); use(x3); })
EDGE(close_ends_range, static chan c4; static int x4, c4 = gw_make(int, 0), { gw_send(c4, 1); x4 = 1; gw_close(c4); }, { gw_range(v, c4) use(v); use(x4); })
EDGE(receive_ok, static chan c5; static int x5, c5 = gw_make(int, 0), { x5 = 1; gw_send(c5, 1); }, { int v; gw_recv_ok(c5, &v); use(x5); })
OPEN(after_the_send, static chan c6; static int x6, c6 = gw_make(int, 0), { gw_send(c6, 1); IN_TURN(1, x6 = 1); }, { gw_recv(c6); IN_TURN(2, use(x6)); })
OPEN(failed_try_send, static chan c7; static int x7, c7 = gw_make(int, 0), IN_TURN(1, x7 = 1; (void)gw_try_send(c7, 1)), IN_TURN(2, int v; (void)gw_try_recv(c7, &v); use(x7)))
OPEN(other_channel, static chan c8; static chan d8; static int x8, (c8 = gw_make(int, 1), d8 = gw_make(int, 1)), IN_TURN(1, x8 = 1; gw_send(c8, 1)), IN_TURN(2, gw_send(d8, 1); gw_recv(d8); use(x8)))
EDGE(through_a_third, static chan c9; static int x9, c9 = gw_make(int, 0), { x9 = 1; gw_send(c9, 1); gw_recv(c9); use(x9); }, { int v = gw_recv(c9); x9++; gw_send(c9, v); })
EDGE(ping_pong, static chan ca; static int xa, ca = gw_make(int, 0), { for (int i = 0; i < 50; i++) { xa++; gw_send(ca, 1); gw_recv(ca); } }, { for (int i = 0; i < 50; i++) { gw_recv(ca); xa++; gw_send(ca, 1); } })

/* --- channels with a buffer --- */
EDGE(buffered_send_then_receive, static chan cb; static int xb, cb = gw_make(int, 4), { xb = 1; gw_send(cb, 1); }, { gw_recv(cb); use(xb); })
OPEN(buffered_receive_is_no_edge_back, static chan cc; static int xc, cc = gw_make(int, 4), { gw_send(cc, 1); IN_TURN(2, use(xc)); }, { gw_recv(cc); IN_TURN(1, xc = 1); })
EDGE(receive_frees_the_slot, static chan cd; static int xd, { cd = gw_make(int, 1); gw_send(cd, 0); }, { xd = 1; gw_recv(cd); }, { gw_send(cd, 1); use(xd); })
EDGE(slot_of_two, static chan ce; static int xe, { ce = gw_make(int, 2); gw_send(ce, 0); gw_send(ce, 0); }, { xe = 1; gw_recv(ce); }, { gw_send(ce, 1); use(xe); })
OPEN(other_slot, static chan cf; static int xf, { cf = gw_make(int, 2); gw_send(cf, 0); }, { IN_TURN(1, xf = 1; gw_recv(cf)); }, { IN_TURN(2, gw_send(cf, 1); use(xf)); })
OPEN(earlier_message, static chan cg; static int xg, cg = gw_make(int, 4), IN_TURN(1, gw_send(cg, 1); xg = 1; gw_send(cg, 2)), IN_TURN(2, gw_recv(cg); use(xg)))
EDGE(later_message, static chan ch; static int xh, ch = gw_make(int, 4), { gw_send(ch, 1); xh = 1; gw_send(ch, 2); }, { gw_recv(ch); gw_recv(ch); use(xh); })
EDGE(buffered_close, static chan ci; static int xi, ci = gw_make(int, 4), { gw_send(ci, 1); xi = 1; gw_close(ci); }, { gw_range(v, ci) use(v); use(xi); })
OPEN(length_is_no_edge, static chan cj; static int xj, cj = gw_make(int, 4), IN_TURN(1, xj = 1; gw_send(cj, 1)), IN_TURN(2, use(gw_len(cj)); use(xj)))
OPEN(capacity_is_no_edge, static chan ck; static int xk, ck = gw_make(int, 4), IN_TURN(1, xk = 1; gw_send(ck, 1)), IN_TURN(2, use(gw_cap(ck)); use(xk)))
EDGE(try_that_succeeds, static chan cl; static int xl, cl = gw_make(int, 4), { xl = 1; MUST(gw_try_send(cl, 1)); }, { int v; while (!gw_try_recv(cl, &v)) gw_yield(); use(xl); })
EDGE(semaphore, static chan cm; static int xm, cm = gw_make(int, 1), { for (int i = 0; i < 20; i++) { gw_send(cm, 1); xm++; gw_recv(cm); } }, { for (int i = 0; i < 20; i++) { gw_send(cm, 1); xm++; gw_recv(cm); } })
OPEN(semaphore_of_two, static chan cn; static int xn, cn = gw_make(int, 2), { gw_send(cn, 1); IN_TURN(1, xn++); gw_recv(cn); }, { gw_send(cn, 1); IN_TURN(2, xn++); gw_recv(cn); })

/* --- channels as variables and as memory --- */
PAIR(channel_variable, static chan cv, cv = NULL, use(cv == NULL))
EDGE(length_beside_send, static chan lb, lb = gw_make(int, 4), gw_send(lb, 1), use(gw_len(lb)))
EDGE(length_beside_close, static chan lc, lc = gw_make(int, 4), gw_close(lc), use(gw_len(lc) + gw_cap(lc)))
OPEN(close_beside_send, static chan cbs, cbs = gw_make(int, 2), IN_TURN(1, gw_send(cbs, 1)), IN_TURN(2, gw_close(cbs)))
EDGE(element_is_copied, static gw_chan(int *) cp; static int xp, cp = gw_make(int *, 1), { xp = 7; gw_send(cp, &xp); }, { int *p = gw_recv(cp); *p = 8; })
OPEN(sent_pointer_still_used, static gw_chan(int *) cq; static int xq, cq = gw_make(int *, 1), { gw_send(cq, &xq); IN_TURN(1, xq = 7); }, { int *p = gw_recv(cq); IN_TURN(2, *p = 8); })
struct wide { long a[8]; };
EDGE(element_of_eight_words, static gw_chan(struct wide) cw; static int xw, cw = gw_make(struct wide, 2), { struct wide w = {{1}}; xw = 1; gw_send(cw, w); }, { struct wide w = gw_recv(cw); use(w.a[0]); use(xw); })
struct nothing {};
EDGE(empty_element, static gw_chan(struct nothing) cy; static int xy, cy = gw_make(struct nothing, 2), { xy = 1; gw_send(cy, ((struct nothing){})); }, { (void)gw_recv(cy); use(xy); })

/* --- select --- */
EDGE(select_receive, static chan s1; static int y1, s1 = gw_make(int, 0), { y1 = 1; gw_send(s1, 1); }, { gw_select { gw_on_recv(s1, v) { use(v); } } use(y1); })
EDGE(select_send, static chan s2; static int y2, s2 = gw_make(int, 0), { gw_recv(s2); use(y2); }, { y2 = 1; gw_select { gw_on_send(s2, 1) { } } })
EDGE(select_of_two, static chan s3; static chan t3; static int y3, (s3 = gw_make(int, 0), t3 = gw_make(int, 0)), { y3 = 1; gw_send(t3, 1); }, { gw_select { gw_on_recv(s3, v) { use(v); } gw_on_recv(t3, v) { use(v); } } use(y3); })
OPEN(select_default, static chan s4; static int y4, s4 = gw_make(int, 0), IN_TURN(1, y4 = 1), IN_TURN(2, gw_select { gw_on_recv(s4) { } gw_on_default { } } use(y4)))
OPEN(select_other_case, static chan s5; static chan t5; static int y5, (s5 = gw_make(int, 1), t5 = gw_make(int, 1), gw_send(t5, 1)), IN_TURN(1, y5 = 1), IN_TURN(2, gw_select { gw_on_recv(s5) { } gw_on_recv(t5) { } } use(y5)))
EDGE(select_closed, static chan s6; static int y6, s6 = gw_make(int, 0), { y6 = 1; gw_close(s6); }, { gw_select { gw_on_recv_ok(s6, v, ok) { use(v); use(ok); } } use(y6); })
OPEN(select_timeout, static chan s7; static int y7, s7 = gw_make(int, 0), IN_TURN(1, y7 = 1), IN_TURN(2, gw_select { gw_on_recv(s7) { } gw_on_after(GW_MS) { } } use(y7)))
OPEN(select_send_value, static chan s8; static int y8, s8 = gw_make(int, 1), IN_TURN(1, y8 = 1), IN_TURN(2, gw_select { gw_on_send(s8, y8) { } }))
EDGE(select_both_sides, static chan s9; static int y9, s9 = gw_make(int, 0), { y9 = 1; gw_select { gw_on_send(s9, 1) { } } }, { gw_select { gw_on_recv(s9, v) { use(v); } } use(y9); })

/* --- mutex --- */
EDGE(mutex, static gw_mutex m1; static int z1, , { gw_mutex_lock(&m1); z1++; gw_mutex_unlock(&m1); }, { gw_mutex_lock(&m1); z1++; gw_mutex_unlock(&m1); })
OPEN(two_mutexes, static gw_mutex m2; static gw_mutex n2; static int z2, , IN_TURN(1, gw_mutex_lock(&m2); z2++; gw_mutex_unlock(&m2)), IN_TURN(2, gw_mutex_lock(&n2); z2++; gw_mutex_unlock(&n2)))
OPEN(mutex_on_one_side, static gw_mutex m3; static int z3, , IN_TURN(1, gw_mutex_lock(&m3); z3++; gw_mutex_unlock(&m3)), IN_TURN(2, z3++))
OPEN(after_unlock, static gw_mutex m4; static int z4, , IN_TURN(1, gw_mutex_lock(&m4); gw_mutex_unlock(&m4); z4++), IN_TURN(2, gw_mutex_lock(&m4); gw_mutex_unlock(&m4); z4++))
EDGE(before_lock, static gw_mutex m5; static int z5, , IN_TURN(1, z5++; gw_mutex_lock(&m5); gw_mutex_unlock(&m5)), IN_TURN(2, gw_mutex_lock(&m5); gw_mutex_unlock(&m5); z5++))
EDGE(try_lock_that_succeeds, static gw_mutex m6; static int z6, , { gw_mutex_lock(&m6); z6++; gw_mutex_unlock(&m6); }, { while (!gw_mutex_try_lock(&m6)) gw_yield(); z6++; gw_mutex_unlock(&m6); })
OPEN(try_lock_that_fails, static gw_mutex m7; static int z7, , { IN_TURN(1, gw_mutex_lock(&m7); z7++); IN_TURN(3, gw_mutex_unlock(&m7)); }, IN_TURN(2, MUST(!gw_mutex_try_lock(&m7)); z7++))
EDGE(unlocked_by_another, static gw_mutex m8; static int z8, gw_mutex_lock(&m8), { z8++; gw_mutex_unlock(&m8); }, { gw_mutex_lock(&m8); z8++; gw_mutex_unlock(&m8); })
EDGE(rw_writers, static gw_rwmutex r1; static int w1, , { gw_rwmutex_lock(&r1); w1++; gw_rwmutex_unlock(&r1); }, { gw_rwmutex_lock(&r1); w1++; gw_rwmutex_unlock(&r1); })
EDGE(rw_reader_and_writer, static gw_rwmutex r2; static int w2, , { gw_rwmutex_lock(&r2); w2++; gw_rwmutex_unlock(&r2); }, { gw_rwmutex_rlock(&r2); use(w2); gw_rwmutex_runlock(&r2); })
EDGE(rw_readers, static gw_rwmutex r3; static int w3, , { gw_rwmutex_rlock(&r3); use(w3); gw_rwmutex_runlock(&r3); }, { gw_rwmutex_rlock(&r3); use(w3); gw_rwmutex_runlock(&r3); })
OPEN(rw_write_under_read_lock, static gw_rwmutex r4; static int w4, , IN_TURN(1, gw_rwmutex_rlock(&r4); w4++; gw_rwmutex_runlock(&r4)), IN_TURN(2, gw_rwmutex_rlock(&r4); w4++; gw_rwmutex_runlock(&r4)))
OPEN(rw_readers_order_nothing, static gw_rwmutex r5; static int w5, , IN_TURN(1, w5++; gw_rwmutex_rlock(&r5); gw_rwmutex_runlock(&r5)), IN_TURN(2, gw_rwmutex_rlock(&r5); gw_rwmutex_runlock(&r5); w5++))
EDGE(rw_read_before_write, static gw_rwmutex r6; static int w6, , IN_TURN(1, w6++; gw_rwmutex_rlock(&r6); gw_rwmutex_runlock(&r6)), IN_TURN(2, gw_rwmutex_lock(&r6); gw_rwmutex_unlock(&r6); w6++))
EDGE(rw_write_before_read, static gw_rwmutex r7; static int w7, , IN_TURN(1, w7++; gw_rwmutex_lock(&r7); gw_rwmutex_unlock(&r7)), IN_TURN(2, gw_rwmutex_rlock(&r7); gw_rwmutex_runlock(&r7); w7++))

/* --- wait groups --- */
EDGE(waitgroup, static gw_waitgroup g1; static int v1, gw_waitgroup_add(&g1, 1), { v1 = 1; gw_waitgroup_done(&g1); }, { gw_waitgroup_wait(&g1); use(v1); })
OPEN(after_done, static gw_waitgroup g2; static int v2, gw_waitgroup_add(&g2, 1), { gw_waitgroup_done(&g2); IN_TURN(1, v2 = 1); }, { gw_waitgroup_wait(&g2); IN_TURN(2, use(v2)); })
OPEN(done_orders_no_other_done, static gw_waitgroup g3; static int v3, gw_waitgroup_add(&g3, 3), IN_TURN(1, v3 = 1; gw_waitgroup_done(&g3)), IN_TURN(2, gw_waitgroup_done(&g3); use(v3)))
EDGE(waitgroup_go, static int v4, , { gw_waitgroup w = {0}; gw_waitgroup_go(&w, bump, &v4); gw_waitgroup_wait(&w); use(v4); }, use(value(1)))
EDGE(two_waiters, static gw_waitgroup g6; static int v6, { gw_waitgroup_add(&g6, 1); v6 = 1; gw_waitgroup_done(&g6); }, { gw_waitgroup_wait(&g6); use(v6); }, { gw_waitgroup_wait(&g6); use(v6); })

/* --- conditions, once, semaphores, pools, maps --- */
EDGE(cond, static gw_mutex k1; static gw_cond q1; static int u1; static bool b1, gw_cond_init(&q1, &k1), { gw_mutex_lock(&k1); u1 = 1; b1 = true; gw_cond_signal(&q1); gw_mutex_unlock(&k1); }, { gw_mutex_lock(&k1); while (!b1) gw_cond_wait(&q1); gw_mutex_unlock(&k1); use(u1); })
EDGE(cond_broadcast, static gw_mutex k2; static gw_cond q2; static int u2; static bool b2, gw_cond_init(&q2, &k2), { gw_mutex_lock(&k2); u2 = 1; b2 = true; gw_mutex_unlock(&k2); gw_cond_broadcast(&q2); }, { gw_mutex_lock(&k2); while (!b2) gw_cond_wait(&q2); gw_mutex_unlock(&k2); use(u2); })
static int u3; static void set_u3(void) { u3 = 1; } static gw_once o3;
EDGE(once, , , { gw_once_do(&o3, set_u3); use(u3); }, { gw_once_do(&o3, set_u3); use(u3); })
OPEN(two_onces, static gw_once o4; static gw_once o5, , IN_TURN(1, gw_once_do(&o4, set_u3)), IN_TURN(2, gw_once_do(&o5, set_u3)))
EDGE(semaphore_of_one, static gw_sema h1; static int i1, gw_sema_init(&h1, 1), { gw_sema_acquire(&h1, 1); i1++; gw_sema_release(&h1, 1); }, { gw_sema_acquire(&h1, 1); i1++; gw_sema_release(&h1, 1); })
OPEN(semaphore_with_room, static gw_sema h2; static int i2, gw_sema_init(&h2, 2), { gw_sema_acquire(&h2, 1); IN_TURN(1, i2++); turn_reached(3); gw_sema_release(&h2, 1); }, { gw_sema_acquire(&h2, 1); IN_TURN(2, i2++); gw_sema_release(&h2, 1); })

/* --- creation, time --- */
EDGE(goroutine_sees_its_past, static int j1; static chan jc, jc = gw_make(int, 0), { j1 = 1; gw_go(child, &j1, jc); gw_recv(jc); }, use(value(1)))
EDGE(timer_sees_its_past, static int j3; static chan tc, tc = gw_make(int, 0), { j3 = 1; gw_timer *t = gw_after_func(1000, child, &j3, tc); gw_recv(tc); gw_timer_free(t); }, use(value(1)))
OPEN(sleep_orders_nothing, static int j4, , IN_TURN(1, j4 = 1), { turn_wait(2); gw_sleep(1000); use(j4); turn_done(); })
OPEN(yield_orders_nothing, static int j5, , IN_TURN(1, j5 = 1), { turn_wait(2); gw_yield(); use(j5); turn_done(); })

/* --- annotations --- */
EDGE(annotated, static int l1; static int flag1, , IN_TURN(1, l1 = 1; gw_happens_before(&flag1)), IN_TURN(2, gw_happens_after(&flag1); use(l1)))
OPEN(annotated_otherwise, static int l2; static int flag2; static int flag3, , IN_TURN(1, l2 = 1; gw_happens_before(&flag2)), IN_TURN(2, gw_happens_after(&flag3); use(l2)))
EDGE(ignored, static int l3, , IN_TURN(1, gw_race_ignore_begin(); l3 = 1; gw_race_ignore_end()), IN_TURN(2, gw_race_ignore_begin(); use(l3); gw_race_ignore_end()))
EDGE(uninstrumented, static int l4, , IN_TURN(1, bare(&l4)), IN_TURN(2, bare(&l4)))

/* clang-format on */
/* --- goroutines, a loop's variable --- */
static int j2;
static FAR void poke(void) { IN_TURN(1, j2++); } /* RACE */
CASE(goroutine_and_creator_race) {
  gw_go(poke);
  IN_TURN(2, j2++); /* RACE */
}

static int many_x;
static FAR void add_many(gw_waitgroup *done) {
  many_x++; /* RACE */
  gw_waitgroup_done(done);
}
CASE(many_goroutines_race) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 2000);
  for (int i = 0; i < 2000; i++) gw_go(add_many, &done);
  gw_waitgroup_wait(&done);
}

static gw_mutex many_lock;
static FAR void add_many_locked(gw_waitgroup *done) {
  gw_mutex_lock(&many_lock);
  many_x++;
  gw_mutex_unlock(&many_lock);
  gw_waitgroup_done(done);
}
CASE(many_goroutines_norace) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 2000);
  for (int i = 0; i < 2000; i++) gw_go(add_many_locked, &done);
  gw_waitgroup_wait(&done);
}

/* The classic: the loop's variable by reference. */
static FAR void print_it(const int *i, gw_waitgroup *done) {
  use(*i); /* RACE */
  gw_waitgroup_done(done);
}
CASE(loop_variable_race) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 4);
  for (int i = 0; i < 4; i++) gw_go(print_it, &i, &done); /* RACE */
  gw_waitgroup_wait(&done);
}

static FAR void print_value(long i, gw_waitgroup *done) {
  use(i);
  gw_waitgroup_done(done);
}
CASE(loop_variable_copied_norace) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 4);
  for (long i = 0; i < 4; i++) gw_go(print_value, i, &done);
  gw_waitgroup_wait(&done);
}

/* --- contexts, pools --- */
static int past_ctx;
static FAR void cancel_later(gw_ctx *c) {
  past_ctx = 1;
  gw_ctx_cancel(c);
}
CASE(context_cancel_norace) {
  gw_ctx *c = gw_ctx_with_cancel(gw_ctx_background());
  gw_go(cancel_later, c);
  gw_recv(gw_ctx_done(c));
  use(past_ctx);
  gw_ctx_free(c);
}

static int pooled;
static void *new_int(void) { return &pooled; }
static FAR void use_pool(gw_pool *p, gw_waitgroup *done) {
  for (int i = 0; i < 50; i++) {
    int *n = gw_pool_get(p);
    gw_pool_put(p, n);
    gw_yield();
  }
  gw_waitgroup_done(done);
}
CASE(pool_norace) {
  gw_pool p = GW_POOL_INIT(new_int);
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 4);
  for (int i = 0; i < 4; i++) gw_go(use_pool, &p, &done);
  gw_waitgroup_wait(&done);
}

/* --- misuse, locks in a circle, all asleep --- */
CASE(chan_freed_in_use_GW1008) {
  chan c = gw_make(int, 0);
  gw_go(child, &j2, c);
  await_parked(1, "chan send");
  gw_chan_free(c); /* GW1008 */
}

CASE(mutex_unlocked_twice_GW1006) {
  static gw_mutex m;
  gw_mutex_unlock(&m); /* GW1006 */
}

static gw_mutex first, second;
static FAR void one_order(void) {
  gw_mutex_lock(&first);
  gw_mutex_lock(&second); /* GW1002 */
  gw_mutex_unlock(&second);
  gw_mutex_unlock(&first);
}
static FAR void other_order(void) {
  gw_mutex_lock(&second);
  gw_mutex_lock(&first); /* GW1002 */
  gw_mutex_unlock(&first);
  gw_mutex_unlock(&second);
}
CASE(lock_order_GW1002) { ordered(one_order, other_order); }
CASE(lock_order_alone_norace) {
  one_order();
  other_order();
}

CASE(asleep_GW1003) {
  chan c = gw_make(int, 0);
  gw_recv(c); /* GW1003 */
}
