/* For-select: a goroutine's main loop, which waits for whatever comes next: work, a request, a tick, the end.  In a
 * `switch` over the select's expression form, `break` and `continue` mean what they mean in a loop. */
#include "pattern.h"

struct state {
  int sum, ticks;
};
struct question {
  gw_chan(struct state) answer;
};

static void counter(gw_chan(int) add, gw_chan(struct question) ask, gw_chan(char) quit) {
  gw_ticker *ticker = gw_ticker_new(2 * GW_MS);
  struct state s = {0, 0};
  for (bool more = true; more;) {
    int n;
    struct question q;
    int64_t now;
    switch (gw_select_of(GW_CASE_RECV(add, &n), GW_CASE_RECV(ask, &q), GW_CASE_RECV(gw_ticker_chan(ticker), &now),
                         GW_CASE_RECV(quit, NULL))) {
      case 0:
        if (n == 0) continue;
        s.sum += n;
        break;
      case 1:
        gw_send(q.answer, s);
        break;
      case 2:
        s.ticks++;
        break;
      case 3:
        more = false;
        break;
    }
  }
  gw_ticker_free(ticker);
}

int main(void) {
  gw_chan(int) add = gw_make(int, 0);
  gw_chan(struct state) answer = gw_make(struct state, 0);
  gw_chan(struct question) ask = gw_make(struct question, 0);
  gw_chan(char) quit = gw_make(char, 0);
  gw_go(counter, add, ask, quit);
  for (int i = 0; i <= 100; i++) gw_send(add, i);
  struct state s;
  do {
    gw_send(ask, (struct question){answer});
    s = gw_recv(answer);
  } while (s.ticks == 0);
  printf("sum %d, and the clock ticks\n", s.sum);
  CHECK(s.sum == 5050);
  gw_close(quit);
  all_ended();
  gw_chan_free(add);
  gw_chan_free(answer);
  gw_chan_free(ask);
  gw_chan_free(quit);
}
