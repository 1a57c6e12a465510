/* Fan-out, fan-in: several goroutines take from one channel, and what they make is merged into one.  The merged channel
 * is closed by whoever waits for all of them, as none of them knows that it is the last. */
#include "pattern.h"

enum { WORKERS = 4, LAST = 2000 };

static void candidates(gw_chan(int) out) {
  for (int i = 2; i <= LAST; i++) gw_send(out, i);
  gw_close(out);
}

static bool is_prime(int n) {
  for (int d = 2; d * d <= n; d++)
    if (n % d == 0) return false;
  return true;
}

static void find_primes(gw_chan(int) in, gw_chan(int) out) {
  gw_range(n, in) {
    if (is_prime(n)) gw_send(out, n);
  }
}

static void close_after(gw_waitgroup *workers, gw_chan(int) out) {
  gw_waitgroup_wait(workers);
  gw_close(out);
}

int main(void) {
  gw_chan(int) in = gw_make(int, 0), out = gw_make(int, 0);
  gw_waitgroup workers = {0};
  gw_go(candidates, in);
  for (int i = 0; i < WORKERS; i++) gw_waitgroup_go(&workers, find_primes, in, out);
  gw_go(close_after, &workers, out);
  int found = 0;
  long sum = 0;
  gw_range(p, out) {
    found++;
    sum += p;
  }
  printf("%d primes below %d\n", found, LAST);
  CHECK(found == 303 && sum == 277050);
  all_ended();
  gw_chan_free(in);
  gw_chan_free(out);
}
