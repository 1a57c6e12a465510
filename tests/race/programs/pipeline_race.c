/* A stage knows what the one after the next did a round ago, not in this one. */
#include "pipeline.h"

enum { LATE = 200 };

static void stage(int i) {
  for (int round = 0; round < ROUNDS; round++) {
    bool last = round == ROUNDS - 1;
    if (i == LATE + 2 && last)
      IN_TURN(1, mark[i][round] = 1); /* RACE: write */
    else
      mark[i][round] = 1;
    gw_recv(link_to[i]);
    gw_send(link_to[i + 1], round);
    if (i == LATE && last) IN_TURN(2, use(mark[i + 2][round])); /* RACE: read */
    if (i == LATE && round) use(mark[i + 2][round - 1]);
  }
}

int main(void) {
  link_all();
  for (int i = 0; i < STAGES; i++) gw_go(stage, i);
  for (int round = 0; round < ROUNDS; round++) gw_send(link_to[0], round);
  for (int round = 0; round < ROUNDS; round++) gw_recv(link_to[STAGES]);
  turn_reached(3); /* the last value may be here before stage LATE has read */
}
