/* Replicated request: ask several servers the same, take the first answer, call the others off.  It buys a short tail
 * of answer times with more work. */
#include "pattern.h"

enum { REPLICAS = 5 };

struct answer {
  int server;
  int value;
};

static void ask(gw_ctx *ctx, int server, int question, int64_t takes_ns, gw_chan(struct answer) out) {
  gw_select {
    gw_on_recv(gw_ctx_done(ctx)) { return; }
    gw_on_after(takes_ns) {}
  }
  gw_select {
    gw_on_send(out, (struct answer){server, question * question}) {}
    gw_on_recv(gw_ctx_done(ctx)) {}
  }
}

static struct answer ask_all(int question, const int64_t takes_ns[REPLICAS]) {
  gw_ctx *ctx = gw_ctx_with_cancel(gw_ctx_background());
  gw_chan(struct answer) out = gw_make(struct answer, 0);
  gw_waitgroup all = {0};
  for (int i = 0; i < REPLICAS; i++) gw_waitgroup_go(&all, ask, ctx, i, question, takes_ns[i], out);
  struct answer first = gw_recv(out);
  gw_ctx_cancel(ctx);
  gw_waitgroup_wait(&all);
  gw_ctx_free(ctx);
  gw_chan_free(out);
  return first;
}

int main(void) {
  int64_t start = gw_now(), hour = 3600 * GW_S;
  int64_t takes_ns[][REPLICAS] = {{hour, hour, GW_MS, hour, hour}, {hour, hour, hour, hour, 2 * GW_MS}};
  for (int i = 0; i < 2; i++) {
    struct answer a = ask_all(7 + i, takes_ns[i]);
    printf("server %d was first: %d\n", a.server, a.value);
    CHECK(a.value == (7 + i) * (7 + i) && a.server == (i ? 4 : 2));
  }
  CHECK(gw_now() - start < hour);
  all_ended();
}
