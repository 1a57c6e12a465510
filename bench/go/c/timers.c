/* Timers and sleep. */
#include "bench.h"

void timer_new_stop(long n) {
  for (long i = 0; i < n; i++) {
    gw_timer *t = gw_timer_new(GW_S);
    gw_timer_stop(t);
    gw_timer_free(t);
  }
}

void timer_resets(long n) {
  gw_timer *t = gw_timer_new(GW_S);
  for (long i = 0; i < n; i++) gw_timer_reset(t, GW_S + i);
  gw_timer_free(t);
}

void timer_fires(long n) {
  for (long i = 0; i < n; i++) {
    gw_timer *t = gw_timer_new(1);
    gw_recv(gw_timer_chan(t));
    gw_timer_free(t);
  }
}

void sleep_1us(long n) {
  for (long i = 0; i < n; i++) gw_sleep(GW_US);
}

void sleep_100us(long n) {
  for (long i = 0; i < n; i++) gw_sleep(100 * GW_US);
}
