/* Load balancing: round robin by a counter, weighted round robin that spreads a server's turns evenly, and the server
 * with the fewest open connections. */
#include "pattern.h"

enum { SERVERS = 3 };

/* ---- round robin: one atomic counter ---- */

static int round_robin(unsigned *turn) { return (int)(__atomic_fetch_add(turn, 1, __ATOMIC_RELAXED) % SERVERS); }

static void take_turns(unsigned *turn, int n, int *hits) {
  for (int i = 0; i < n; i++) __atomic_fetch_add(&hits[round_robin(turn)], 1, __ATOMIC_RELAXED);
}

/* ---- weighted: each turn everybody gains its weight, and the richest pays all of it ---- */

struct weighted {
  gw_mutex mu; /* guards `credit` */
  int weight[SERVERS], credit[SERVERS], sum;
};

static int weighted(struct weighted *w) {
  gw_mutex_lock(&w->mu);
  gw_defer(gw_mutex_unlock, &w->mu);
  int best = 0;
  for (int i = 0; i < SERVERS; i++) {
    w->credit[i] += w->weight[i];
    if (w->credit[i] > w->credit[best]) best = i;
  }
  w->credit[best] -= w->sum;
  return best;
}

static void take_weighted(struct weighted *w, int n, int *hits) {
  for (int i = 0; i < n; i++) __atomic_fetch_add(&hits[weighted(w)], 1, __ATOMIC_RELAXED);
}

/* ---- least connections ---- */

struct least {
  gw_mutex mu; /* guards `open` */
  int open[SERVERS];
};

static int least_connect(struct least *l) {
  gw_mutex_lock(&l->mu);
  gw_defer(gw_mutex_unlock, &l->mu);
  int best = 0;
  for (int i = 1; i < SERVERS; i++)
    if (l->open[i] < l->open[best]) best = i;
  l->open[best]++;
  return best;
}

static void least_close(struct least *l, int server) {
  gw_mutex_lock(&l->mu);
  l->open[server]--;
  gw_mutex_unlock(&l->mu);
}

/* Server 0 never finishes until `slow` is closed; the others do at once. */
static void connection(struct least *l, gw_chan(char) slow, int *hits) {
  int s = least_connect(l);
  __atomic_fetch_add(&hits[s], 1, __ATOMIC_RELAXED);
  if (s == 0) gw_recv(slow);
  least_close(l, s);
}

int main(void) {
  gw_waitgroup all = {0};
  unsigned turn = 0;
  int hits[SERVERS] = {0};
  for (int i = 0; i < 6; i++) gw_waitgroup_go(&all, take_turns, &turn, 50, hits);
  gw_waitgroup_wait(&all);
  printf("round robin: %d %d %d\n", hits[0], hits[1], hits[2]);
  CHECK(hits[0] == 100 && hits[1] == 100 && hits[2] == 100);

  struct weighted w = {.weight = {5, 1, 1}, .sum = 7};
  char order[8] = "";
  for (int i = 0; i < 7; i++) order[i] = (char)('a' + weighted(&w));
  CHECK(strcmp(order, "aabacaa") == 0); /* not aaaaabc */
  memset(hits, 0, sizeof hits);
  for (int i = 0; i < 7; i++) gw_waitgroup_go(&all, take_weighted, &w, 20, hits);
  gw_waitgroup_wait(&all);
  printf("weighted 5 to 1 to 1: %d %d %d\n", hits[0], hits[1], hits[2]);
  CHECK(hits[0] == 100 && hits[1] == 20 && hits[2] == 20);

  struct least l = {.open = {0}};
  gw_chan(char) slow = gw_make(char, 0);
  memset(hits, 0, sizeof hits);
  gw_waitgroup_go(&all, connection, &l, slow, hits);
  while (__atomic_load_n(&hits[0], __ATOMIC_RELAXED) == 0) gw_yield(); /* server 0 has one that stays */
  for (int i = 0; i < 30; i++) {
    gw_waitgroup one = {0};
    gw_waitgroup_go(&one, connection, &l, slow, hits);
    gw_waitgroup_wait(&one);
  }
  gw_close(slow);
  gw_waitgroup_wait(&all);
  printf("least connections beside a slow one: %d %d %d\n", hits[0], hits[1], hits[2]);
  CHECK(hits[0] == 1 && hits[1] + hits[2] == 30);
  all_ended();
  gw_chan_free(slow);
}
