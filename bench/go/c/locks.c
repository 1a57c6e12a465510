/* What package sync has. */
#include "bench.h"

static gw_mutex mu;
static gw_rwmutex rw;
static long counter;

void mutex_alone(long n) {
  for (long i = 0; i < n; i++) {
    gw_mutex_lock(&mu);
    counter++;
    gw_mutex_unlock(&mu);
  }
}

static void lock_often(long n, gw_waitgroup *w) {
  mutex_alone(n);
  gw_waitgroup_done(w);
}

void mutex_contended(long n) {
  gw_waitgroup w = {0};
  gw_waitgroup_add(&w, 4);
  for (int i = 0; i < 4; i++) gw_go(lock_often, n / 4, &w);
  gw_waitgroup_wait(&w);
}

void rwmutex_read(long n) {
  for (long i = 0; i < n; i++) {
    gw_rwmutex_rlock(&rw);
    gw_rwmutex_runlock(&rw);
  }
}

void waitgroup_alone(long n) {
  gw_waitgroup w = {0};
  for (long i = 0; i < n; i++) {
    gw_waitgroup_add(&w, 1);
    gw_waitgroup_done(&w);
  }
  gw_waitgroup_wait(&w);
}

struct game {
  gw_mutex mu;
  gw_cond turned;
  long turn; /* guarded by mu: even, then odd, until it ends */
};

static void play(struct game *g, long me, long end) {
  gw_mutex_lock(&g->mu);
  while (g->turn < end) {
    if (g->turn % 2 == me) {
      g->turn++;
      gw_cond_signal(&g->turned);
    } else {
      gw_cond_wait(&g->turned);
    }
  }
  gw_cond_signal(&g->turned);
  gw_mutex_unlock(&g->mu);
}

static void play_odd(struct game *g, long end, gw_waitgroup *w) {
  play(g, 1, end);
  gw_waitgroup_done(w);
}

void cond_ping_pong(long n) {
  struct game g = {0};
  gw_waitgroup w = {0};
  gw_cond_init(&g.turned, &g.mu);
  gw_waitgroup_add(&w, 1);
  gw_go(play_odd, &g, 2 * n, &w);
  play(&g, 0, 2 * n);
  gw_waitgroup_wait(&w);
}
