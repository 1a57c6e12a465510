/* Generators: a function that returns a channel, behind which a goroutine makes values as long as somebody wants them.
 * The consumer tells it to stop by a channel that it closes; `take` ends one for a consumer that knows how many. */
#include "pattern.h"

static void make_fibonacci(gw_chan(char) stop, gw_chan(long) out) {
  for (long a = 0, b = 1;;) {
    bool more = true;
    gw_select {
      gw_on_send(out, a) {
        long next = a + b;
        a = b;
        b = next;
      }
      gw_on_recv(stop) { more = false; }
    }
    if (!more) break;
  }
  gw_close(out);
}

static gw_chan(long) fibonacci(gw_chan(char) stop) {
  gw_chan(long) out = gw_make(long, 0);
  gw_go(make_fibonacci, stop, out);
  return out;
}

static void send_first(gw_chan(long) in, int n, gw_chan(long) out) {
  while (n-- > 0) gw_send(out, gw_recv(in));
  gw_close(out);
}

static gw_chan(long) take(gw_chan(long) in, int n) {
  gw_chan(long) out = gw_make(long, 0);
  gw_go(send_first, in, n, out);
  return out;
}

int main(void) {
  gw_chan(char) stop = gw_make(char, 0);
  gw_chan(long) endless = fibonacci(stop), ten = take(endless, 10);
  long last = 0;
  int n = 0;
  gw_range(x, ten) {
    printf("%ld ", x);
    last = x;
    n++;
  }
  printf("\n");
  CHECK(n == 10 && last == 34);
  CHECK(gw_recv(endless) == 55); /* it goes on where it was */
  gw_close(stop);
  gw_range(x, endless) CHECK(x >= 89); /* what it still sends before it sees the stop */
  all_ended();
  gw_chan_free(stop);
  gw_chan_free(endless);
  gw_chan_free(ten);
}
