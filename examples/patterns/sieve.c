/* Prime sieve: a chain of goroutines, one for each prime, through which all numbers run; what the last one lets pass is
 * the next prime, and makes the chain longer.  (C. A. R. Hoare's, by way of Go's examples.) */
#include "pattern.h"

enum { PRIMES = 100 };

static void numbers(gw_ctx *ctx, gw_chan(int) out) {
  for (int i = 2;; i++) gw_select {
      gw_on_send(out, i) {}
      gw_on_recv(gw_ctx_done(ctx)) { return; }
    }
}

static void filter(gw_ctx *ctx, gw_chan(int) in, gw_chan(int) out, int prime) {
  for (;;) {
    int n = 0;
    gw_select {
      gw_on_recv(in, v) { n = v; }
      gw_on_recv(gw_ctx_done(ctx)) { return; }
    }
    if (n % prime) gw_select {
        gw_on_send(out, n) {}
        gw_on_recv(gw_ctx_done(ctx)) { return; }
      }
  }
}

int main(void) {
  gw_ctx *ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_chan(int) chain[PRIMES + 1];
  gw_waitgroup all = {0};
  chain[0] = gw_make(int, 0);
  gw_waitgroup_go(&all, numbers, ctx, chain[0]);
  int prime = 0;
  for (int i = 0; i < PRIMES; i++) {
    prime = gw_recv(chain[i]);
    chain[i + 1] = gw_make(int, 0);
    gw_waitgroup_go(&all, filter, ctx, chain[i], chain[i + 1], prime);
  }
  printf("prime number %d is %d\n", PRIMES, prime);
  CHECK(prime == 541);
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&all);
  all_ended();
  for (int i = 0; i <= PRIMES; i++) gw_chan_free(chain[i]);
  gw_ctx_free(ctx);
}
