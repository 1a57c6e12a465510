#include "many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static long parked; /* atomic: those that are about to */

/* A line of /proc/self/status, in bytes. */
static double status_bytes(const char *name) {
  char line[256];
  double kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, name, strlen(name)) == 0) kib = strtod(line + strlen(name) + 1, NULL);
  if (f) fclose(f);
  return kib * 1024;
}

static void parker(gw_chan(char) stop, gw_waitgroup *all) {
  __atomic_fetch_add(&parked, 1, __ATOMIC_RELAXED);
  gw_recv(stop);
  gw_waitgroup_done(all);
}

static void round_of(long n, const char *create, const char *wake, double *rss, double *pte) {
  gw_waitgroup all = {0};
  gw_chan(char) stop = gw_make(char, 0);
  struct spent from = spent();
  parked = 0;
  gw_waitgroup_add(&all, (int)n);
  for (long i = 0; i < n; i++) gw_go(parker, stop, &all);
  while (__atomic_load_n(&parked, __ATOMIC_RELAXED) < n) gw_yield();
  print_since(create, from, n);
  *rss = status_bytes("VmRSS");
  *pte = status_bytes("VmPTE");
  from = spent();
  gw_close(stop);
  gw_waitgroup_wait(&all);
  print_since(wake, from, n);
  gw_chan_free(stop);
}

void many(long n) {
  double rss = status_bytes("VmRSS"), pte = status_bytes("VmPTE"), rss_many, pte_many;
  round_of(n, "create", "wake", &rss_many, &pte_many);
  print_value("rss", (rss_many - rss) / (double)n);
  print_value("pte", (pte_many - pte) / (double)n);
  round_of(n, "create-again", "wake-again", &rss_many, &pte_many);
}
