/* Dining philosophers, three ways.  With no argument they dine well: whoever has the left fork takes the right one, in
 * an order that makes no circle.  `philosophers deadlock`: all of them take the left fork first, and then wait for ever
 * (the runtime says so, status 2).  `philosophers livelock`: all are polite, put the left fork back when the right one
 * is taken, and try again in step; nobody waits, and nobody eats. */
#include "pattern.h"

enum { N = 5, MEALS = 20, TURNS = 50 };

static gw_mutex forks[N];
static int meals[N]; /* each its philosopher's own */

/* All meet here, so that the two bad dinners go wrong each time and not once in a while. */
struct meeting {
  gw_mutex mu;
  gw_cond all_here;
  int here, round; /* guarded by mu */
};
static struct meeting table = {.all_here = GW_COND_INIT(&table.mu)};

static void meet(void) {
  gw_mutex_lock(&table.mu);
  int round = table.round;
  if (++table.here == N) {
    table.here = 0;
    table.round++;
    gw_cond_broadcast(&table.all_here);
  }
  while (round == table.round) gw_cond_wait(&table.all_here);
  gw_mutex_unlock(&table.mu);
}

static void dine_well(int i) {
  gw_mutex *a = &forks[i], *b = &forks[(i + 1) % N];
  gw_mutex *first = a < b ? a : b, *second = a < b ? b : a;
  for (int k = 0; k < MEALS; k++) {
    gw_mutex_lock(first);
    gw_mutex_lock(second);
    meals[i]++;
    gw_mutex_unlock(second);
    gw_mutex_unlock(first);
  }
}

static void dine_greedily(int i) {
  gw_mutex_lock(&forks[i]);
  meet(); /* everybody has a left fork */
  gw_mutex_lock(&forks[(i + 1) % N]);
  meals[i]++;
}

static void dine_politely(int i) {
  for (int k = 0; k < TURNS; k++) {
    gw_mutex_lock(&forks[i]);
    meet();
    bool both = gw_mutex_try_lock(&forks[(i + 1) % N]);
    if (both) {
      meals[i]++;
      gw_mutex_unlock(&forks[(i + 1) % N]);
    }
    meet();
    gw_mutex_unlock(&forks[i]);
    meet();
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "well";
  bool deadlock = strcmp(how, "deadlock") == 0, livelock = strcmp(how, "livelock") == 0;
  gw_waitgroup all = {0};
  for (int i = 0; i < N; i++) gw_waitgroup_go(&all, deadlock ? dine_greedily : livelock ? dine_politely : dine_well, i);
  gw_waitgroup_wait(&all);
  int sum = 0;
  for (int i = 0; i < N; i++) sum += meals[i];
  printf("%d philosophers had %d meals\n", N, sum);
  CHECK(sum == (livelock ? 0 : N * MEALS));
  all_ended();
}
