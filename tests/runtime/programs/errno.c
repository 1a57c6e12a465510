/* errno belongs to the goroutine, whatever others do on the same thread and wherever it goes on.
 *
 * The two helpers are not inlined: a compiler may keep errno's address, which is the thread's, across a call. */
#include "check.h"

static __attribute__((noinline)) void set(int e) { errno = e; }
static __attribute__((noinline)) int get(void) { return errno; }

static gw_mutex mu;
static gw_chan(int) c;

static void keep(int e, gw_waitgroup *w) {
  CHECK(get() == 0); /* a new goroutine begins with none */
  for (int i = 0; i < 500; i++) {
    set(e);
    switch (i % 5) {
      case 0:
        gw_yield();
        break;
      case 1:
        gw_send(c, e);
        break;
      case 2:
        gw_recv(c);
        break;
      case 3:
        gw_sleep(GW_US);
        break;
      default:
        gw_mutex_lock(&mu);
        gw_yield();
        gw_mutex_unlock(&mu);
    }
    CHECK(get() == e);
  }
  gw_waitgroup_done(w);
}

int main(void) {
  gw_waitgroup w = {0};
  c = gw_make(int, 2);
  gw_waitgroup_add(&w, 20);
  for (int i = 1; i <= 20; i++) gw_go(keep, i, &w);
  gw_waitgroup_wait(&w);
  return 0;
}
