/* NO RACE */
/* What all stages above did in this round, and those below so many rounds ago as they are away. */
#include "pipeline.h"

static void see_above(int i, int round) {
  for (int k = i - 1; k >= 0; k -= 1 + k / 8) use(mark[k][round]);
}
static void see_below(int i, int round) {
  for (int k = 0; k <= round && i + 1 + k < STAGES; k++) use(mark[i + 1 + k][round - k]);
}

static void stage(int i) {
  for (int round = 0; round < ROUNDS; round++) {
    mark[i][round] = 1;
    gw_recv(link_to[i]);
    see_above(i, round);
    gw_send(link_to[i + 1], round);
    see_below(i, round);
  }
}

int main(void) {
  link_all();
  for (int i = 0; i < STAGES; i++) gw_go(stage, i);
  for (int round = 0; round < 2 * ROUNDS; round++) {
    if (round < ROUNDS) gw_send(link_to[0], round);
    if (round >= ROUNDS) gw_recv(link_to[STAGES]);
  }
  for (int i = 0; i < STAGES; i++)
    for (int round = 0; round < ROUNDS; round++) use(mark[i][round]);
}
