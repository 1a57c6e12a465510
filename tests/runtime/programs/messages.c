/* Ends in the way that its argument names: what is printed, and the status, are the test's. */
#include <pthread.h>
#include <unistd.h>

#include "../../include/parked.h"
#include "check.h"

static gw_chan(int) c, none;
static gw_mutex mu;
static gw_rwmutex rw;
static gw_waitgroup wg;
static gw_cond cond = GW_COND_INIT(&mu);

static void receive(gw_chan(int) from) { gw_recv(from); }
static void boom(void) { gw_panic("boom %d", 7); }
static void deep(int n) {
  volatile char frame[1024];
  frame[0] = (char)n;
  if (n < 1000000) deep(n + 1);
  frame[1] = frame[0];
}
static void lock_twice(void) {
  gw_mutex_lock(&mu);
  gw_mutex_lock(&mu);
}
static void named(void) {
  gw_set_name("waiter");
  gw_recv(c);
}
static void stay_in_call(void) { gw_blocking(boom); }

static void *end_later(void *unused) {
  usleep(50000);
  return unused;
}
static void start_thread(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, end_later, NULL) == 0);
}
static void nothing(void) {}

#define WAY(name, ...)                 \
  if (strcmp(argv[1], name) == 0) {    \
    __VA_ARGS__;                       \
    fprintf(stderr, "came through\n"); \
    return 99;                         \
  }

int main(int argc, char **argv) {
  CHECK(argc == 2);
  c = gw_make(int, 0);
  WAY("panic", boom())
  WAY("panic in goroutine", gw_go(boom); gw_recv(c))
  WAY("panic in call", gw_go(stay_in_call); gw_recv(c))
  WAY("send closed", gw_close(c); gw_send(c, 1))
  WAY("try send closed", gw_close(c); gw_try_send(c, 1))
  WAY("close closed", gw_close(c); gw_close(c))
  WAY("close nil", gw_close(none))
  WAY("negative", gw_waitgroup_done(&wg))
  WAY("unlock", gw_mutex_unlock(&mu))
  WAY("unlock twice", gw_mutex_lock(&mu); gw_mutex_unlock(&mu); gw_mutex_unlock(&mu))
  WAY("runlock", gw_rwmutex_runlock(&rw))
  WAY("rw unlock", gw_rwmutex_unlock(&rw))
  WAY("unlock in try", gw_try(NULL, gw_mutex_unlock, &mu))
  WAY("make", c = gw_make(int, -1))
  WAY("free in use", gw_go(receive, c); await_parked(1, "chan receive"); gw_chan_free(c))
  WAY("overflow", gw_go(deep, 0); gw_recv(c))
  WAY("asleep receive", gw_recv(c))
  WAY("asleep send", gw_send(c, 1))
  WAY("asleep nil receive", gw_recv(none))
  WAY("asleep nil send", gw_send(none, 1))
  WAY("asleep select", gw_select{gw_on_recv(c){} gw_on_send(none, 1){}})
  WAY("asleep no cases", gw_select{})
  WAY("asleep mutex", lock_twice())
  WAY("asleep rlock", gw_rwmutex_lock(&rw); gw_rwmutex_rlock(&rw))
  WAY("asleep waitgroup", gw_waitgroup_add(&wg, 1); gw_waitgroup_wait(&wg))
  WAY("asleep cond", gw_mutex_lock(&mu); gw_cond_wait(&cond))
  WAY("asleep goroutines", gw_go(receive, none); gw_go(named); gw_recv(c))
  WAY("asleep after sleep", gw_go(receive, none); gw_sleep(5 * GW_MS); gw_recv(c))
  WAY("asleep after thread", start_thread(); gw_recv(c))
  WAY("asleep after thread, started", gw_go(nothing); start_thread(); gw_recv(c))
  WAY("main leaves", gw_go(receive, c); gw_goexit())
  WAY("main leaves alone", gw_goexit())
  WAY("return", gw_go(receive, c); return 7)
  WAY("exit", gw_go(exit, 5); gw_recv(c))
  return 98;
}
