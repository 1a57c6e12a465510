/* Ends by a signal in the way that its argument names; what is printed is the test's.  The comments are lines that it
 * looks for. */
#include <signal.h>
#include <unistd.h>

#include "../properties/property.h"

static gw_chan(int) c;
static void (*volatile nowhere)(void);

static inline __attribute__((always_inline)) int look(volatile int *p) { return *p; /* inlined */ }
static int deref(volatile int *p) { return look(p) + 1; /* deref */ }
static void by_null(void) { CHECK(deref(NULL)); /* by null */ }
static void by_library(void) { CHECK(strlen((char *)5) == 3); /* by library */ }
static void by_nowhere(void) {
  nowhere(); /* by nowhere */
  CHECK(nowhere);
}
static void by_division(void) {
  volatile int zero = 0;
  CHECK(7 / zero); /* by division */
}
static void wait_for_ever(void) { gw_recv(c); /* waits */ }
static int spinning;
static void spin_for_ever(void) {
  poke(&spinning, 1);
  __asm__ volatile("1: jmp 1b"); /* spins */ /* a loop of C polls: at the end of its slice it is runnable */
}
static void start(void (*f)(void)) { gw_go(f); /* starts */ }
/* Once everybody is where he is to stay. */
static void announce(int receivers, bool spins) {
  await_parked(1, "sleep");
  await_parked(receivers, "chan receive");
  while (spins && !peek(&spinning)) gw_yield();
  printf("ready\n");
  fflush(stdout);
}
static void handle(int sig) {
  (void)sig;
  _exit(7);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*f)(void);
  } ways[] = {{"null", by_null},         {"library", by_library},    {"nowhere", by_nowhere},
              {"division", by_division}, {"waiting", wait_for_ever}, {"spinning", spin_for_ever}};
  CHECK(argc >= 2);
  if (argc > 2) signal(strcmp(argv[2], "quit") == 0 ? SIGQUIT : SIGSEGV, handle);
  c = gw_make(int, 0);
  gw_set_name("chief");
  start(wait_for_ever);
  gw_yield();
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
    if (strcmp(ways[i].name, argv[1]) == 0) start(ways[i].f);
  gw_go(announce, 1 + (strcmp(argv[1], "waiting") == 0), strcmp(argv[1], "spinning") == 0);
  gw_sleep(100 * GW_S); /* main sleeps */
}
