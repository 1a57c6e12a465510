/* Serves profiles: server MODE. "calm": goroutines that wait, and a ping-pong; "wedged": all processors spin. The port
 * is printed. Ends with its standard input. */
#include <stdio.h>
#include <unistd.h>

#include "../../include/parked.h"

static volatile long sink;
static int spinning; /* atomic */

static void spin_for_ever(void) {
  __atomic_add_fetch(&spinning, 1, __ATOMIC_RELAXED);
  for (;;) sink++; /* LINE spin */
}

static void parked(gw_chan(int) c) { gw_recv(c); /* LINE parked */ }

static void ping(gw_chan(int) out, gw_chan(int) in) {
  for (;;) {
    gw_send(out, 1);
    gw_recv(in);
    gw_sleep(GW_MS);
  }
}

static void pong(gw_chan(int) in, gw_chan(int) out) {
  for (;;) {
    gw_recv(in);
    gw_send(out, 1);
  }
}

static intptr_t wait_for_end(void) {
  char c;
  return read(0, &c, 1);
}

int main(int argc, char **argv) {
  int port = gw_pprof_serve(":0");
  if (argc < 2 || port < 0) return 64;
  gw_chan(int) never = gw_make(int, 0), a = gw_make(int, 0), b = gw_make(int, 0);
  gw_set_block_profile_rate(1);
  for (int i = 0; i < 10; i++) gw_go(parked, never);
  await_parked(10, "chan receive");
  gw_go(ping, a, b);
  gw_go(pong, a, b);
  int spinners = strcmp(argv[1], "wedged") == 0 ? gw_maxprocs(0) : 0;
  for (int i = 0; i < spinners; i++) gw_go(spin_for_ever);
  while (__atomic_load_n(&spinning, __ATOMIC_RELAXED) < spinners) gw_yield();
  printf("%d\n", port);
  fflush(stdout);
  gw_blocking(wait_for_end);
  return 0;
}
