/* Uses processor time: two goroutines with labels, one twice as much as the other; then says how much it used. */
#include <stdio.h>
#include <time.h>

#include <godwit.h>

static volatile long sink;

static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * GW_S + t.tv_nsec;
}

static __attribute__((noinline)) void spin(void) {
  for (int i = 0; i < 100000; i++) sink += i; /* LINE spin */
}

static void burn(const char *label, int64_t ns, gw_waitgroup *wg) {
  gw_lock_os_thread();
  gw_set_label("task", label);
  for (int64_t end = cpu_ns() + ns; cpu_ns() < end;) spin();
  gw_waitgroup_done(wg);
}

int main(void) {
  gw_waitgroup wg = {0};
  gw_waitgroup_add(&wg, 2);
  gw_go(burn, "large", 600 * GW_MS, &wg);
  gw_go(burn, "small", 300 * GW_MS, &wg);
  gw_waitgroup_wait(&wg);
  return 0;
}
