/* NO RACE */
/* A hundred of godwit's locks held at once, and as many that are contended for. */
#include "scenario.h"

enum { LOCKS = 100, WORKERS = 70, ROUNDS = 5 };
static struct guarded {
  gw_mutex mu;
  long count;
} all[LOCKS];
static long under_all;

/* Each goroutine holds them all, in one order, and changes what they guard. */
static void hold_all(void) {
  for (int i = 0; i < LOCKS; i++) {
    gw_mutex_lock(&all[i].mu);
    all[i].count++;
  }
  under_all++;
  for (int i = LOCKS; i-- > 0;) gw_mutex_unlock(&all[i].mu);
}

/* One after the other, each goroutine beginning elsewhere, so that they meet at many. */
static void one_by_one(int first) {
  for (int i = 0; i < LOCKS; i++) {
    struct guarded *g = &all[(first + i) % LOCKS];
    gw_mutex_lock(&g->mu);
    g->count++;
    gw_mutex_unlock(&g->mu);
  }
}

static void work(int first, gw_waitgroup *done) {
  for (int round = 0; round < ROUNDS; round++) {
    hold_all();
    gw_yield();
    one_by_one(first);
  }
  gw_waitgroup_done(done);
}

int main(void) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, WORKERS);
  for (int i = 0; i < WORKERS; i++) gw_go(work, i * LOCKS / WORKERS, &done);
  gw_waitgroup_wait(&done);
  if (under_all != WORKERS * ROUNDS) abort();
  for (int i = 0; i < LOCKS; i++)
    if (all[i].count != 2 * WORKERS * ROUNDS) abort();
}
