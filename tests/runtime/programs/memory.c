/* The memory of goroutines' stacks: what very many need, how it goes back, and that what was given back can be used
 * again.  Arguments: how many goroutines; "told" (give it back by the call), "wait" (within a minute it goes by
 * itself), "over" (the last of the goroutines overflows its stack) or "short" (they end at once: they need few stacks).
 */
#include "check.h"

static long parked; /* atomic */

static void parker(gw_chan(char) stop, gw_waitgroup *all) {
  __atomic_fetch_add(&parked, 1, __ATOMIC_RELAXED);
  gw_recv(stop);
  gw_waitgroup_done(all);
}

/* Resident, in bytes. */
static long resident(void) {
  char line[256];
  long kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  CHECK(f);
  while (fgets(line, sizeof line, f))
    if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  fclose(f);
  return kib * 1024;
}

static void park_many(int many, gw_chan(char) stop, gw_waitgroup *all) {
  parked = 0;
  gw_waitgroup_add(all, many);
  for (int i = 0; i < many; i++) gw_go(parker, stop, all);
  while (__atomic_load_n(&parked, __ATOMIC_RELAXED) < many) gw_yield();
}

static long fall(long n) {
  volatile char frame[200];
  frame[0] = (char)n;
  return n < 0 ? 0 : fall(n + 1) + frame[0];
}

/* Deep enough to need pages that were given back. */
static long fill(int n) {
  volatile char frame[1000];
  for (unsigned i = 0; i < sizeof frame; i++) frame[i] = (char)n;
  return n == 0 ? frame[500] : fill(n - 1) + frame[500] - (char)n;
}

static void go_deep(gw_waitgroup *all) {
  CHECK(fill(50) == 0);
  gw_waitgroup_done(all);
}

static void end_at_once(gw_waitgroup *all) { gw_waitgroup_done(all); }

/* Who starts them never waits before all are started. */
static void start_short_ones(int many) {
  gw_waitgroup all = {0};
  long before = resident();
  gw_waitgroup_add(&all, many);
  for (int i = 0; i < many; i++) gw_go(end_at_once, &all);
  gw_waitgroup_wait(&all);
  CHECK(resident() - before < 2000L * 4096 + (4 << 20));
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  int many = atoi(argv[1]);
  if (strcmp(argv[2], "short") == 0) {
    gw_maxprocs(1);
    start_short_ones(many);
    return 0;
  }
  gw_waitgroup all = {0};
  gw_chan(char) stop = gw_make(char, 0);
  long before = resident();
  park_many(many, stop, &all);
  long peak = resident();
  CHECK(peak - before < 4700L * many + (4 << 20));
  if (strcmp(argv[2], "over") == 0) {
    gw_go(fall, 1);
    gw_recv(gw_make(char, 0));
  }
  gw_close(stop);
  gw_waitgroup_wait(&all);
  if (strcmp(argv[2], "told") == 0) gw_free_os_memory();
  for (int s = 0; s < 60 && resident() - before > (peak - before) / 10; s++) gw_sleep(GW_S);
  CHECK(resident() - before <= (peak - before) / 10);
  gw_chan_free(stop);
  stop = gw_make(char, 0);
  park_many(many, stop, &all);
  gw_close(stop);
  gw_waitgroup_wait(&all);
  gw_waitgroup_add(&all, 1000);
  for (int i = 0; i < 1000; i++) gw_go(go_deep, &all);
  gw_waitgroup_wait(&all);
  return 0;
}
