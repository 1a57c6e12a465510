/* NO RACE */
/* Whoever returns from do sees what the function did, the one that ran it and the ones that waited or came late. */
#include "scenario.h"

static gw_once once[40];
static long made[40];

static void make(int i) {
  made[i] = i;
  gw_yield();
  made[i]++;
}
static void get(void) {
  for (int i = 0; i < 40; i++) {
    gw_once_do(&once[i], make, i);
    use(made[i]);
  }
}

int main(void) { both(get, get); }
