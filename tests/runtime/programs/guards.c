/* Stacks' guards where the kernel gives less: linked with prim_guard_marker and prim_guard wrapped.
 * Arguments: goroutines that only wait; how many stacks mprotect may guard; frames of 1 KB of one more goroutine. */
#include "check.h"

int __wrap_prim_guard_marker(void *p, size_t n);
int __real_prim_guard(void *p, size_t n);
int __wrap_prim_guard(void *p, size_t n);

static int left;

int __wrap_prim_guard_marker(void *p, size_t n) {
  (void)p, (void)n;
  return -EINVAL; /* a kernel before 6.13 */
}

int __wrap_prim_guard(void *p, size_t n) { return left-- > 0 ? __real_prim_guard(p, n) : -ENOMEM; }

static void switch_and_send(gw_chan(int) c) {
  gw_sleep(GW_US); /* canaries are looked at when goroutines switch */
  gw_send(c, 1);
}

static void deep(int n, gw_chan(int) c) {
  volatile char frame[1024];
  for (unsigned i = 0; i < sizeof frame; i++) frame[i] = (char)n;
  if (n > 1)
    deep(n - 1, c);
  else
    switch_and_send(c);
  CHECK(frame[7] == (char)n);
}

static void wait_for(gw_chan(int) c) { gw_recv_ok(c, NULL); }

int main(int argc, char **argv) {
  CHECK(argc == 4);
  left = atoi(argv[2]);
  gw_chan(int) c = gw_make(int, 0), done = gw_make(int, 0);
  for (int i = 0; i < atoi(argv[1]); i++) gw_go(wait_for, c);
  gw_go(deep, atoi(argv[3]), done);
  gw_recv(done);
  gw_close(c);
  return 0;
}
