/* Where little is left of the stack, on a thread's that the program brought and on a handler's own, findings are told
 * as anywhere. */
#include <signal.h>
#include <sys/mman.h>

#include "pairs.h"

enum { STACK = 64 << 10, LEFT = 6 << 10 };

/* Mapped, with a page below it that nobody may touch. */
static char *make_stack(size_t n) {
  char *guard = mmap(NULL, n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(guard != MAP_FAILED && mprotect(guard, 4096, PROT_NONE) == 0);
  return guard + 4096;
}

/* Calls f with LEFT bytes of the stack that begins at `stack`. */
struct call {
  char *stack;
  void (*f)(void);
};
static void *use_up(void *arg) {
  const struct call *c = arg;
  char here;
  volatile char *used = __builtin_alloca((size_t)(&here - c->stack) - LEFT);
  used[0] = 1;
  c->f();
  return arg;
}

static void *run(void *f) {
  (*(void (**)(void))f)();
  return NULL;
}

/* first runs on a thread with room, then second on one without. */
static void both_orders(void (*first)(void), void (*second)(void)) {
  struct call c = {make_stack(STACK), second};
  pthread_attr_t a;
  pthread_t t, u;
  turn_restart();
  MUST(pthread_attr_init(&a) == 0 && pthread_attr_setstack(&a, c.stack, STACK) == 0);
  MUST(pthread_create(&t, NULL, run, &first) == 0);
  MUST(pthread_create(&u, &a, use_up, &c) == 0);
  MUST(pthread_join(t, NULL) == 0);
  MUST(pthread_join(u, NULL) == 0);
}

static long raced;
static void write_it(void) { IN_TURN(1, raced = 1); /* RACE 1: write raced */ }
static void read_it(void) { IN_TURN(2, use(raced)); /* RACE 1: read raced */ }

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void nothing(void) { IN_TURN(1, (void)0); }
static void unlock_unlocked(void) {
  turn_wait(2);
  pthread_mutex_unlock(&m); /* FINDING: GW1006 */
}

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void a_b(void) {
  IN_TURN(1, pthread_mutex_lock(&a); pthread_mutex_lock(&b); pthread_mutex_unlock(&b); pthread_mutex_unlock(&a));
}
static void b_a(void) {
  turn_wait(2);
  pthread_mutex_lock(&b);
  pthread_mutex_lock(&a); /* FINDING: GW1002 */
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&b);
}

static long seen;
static void write_seen(void) { IN_TURN(1, seen = 1); /* RACE 2: write seen */ }
static void handle(int signal) {
  (void)signal;
  IN_TURN(2, use(seen)); /* RACE 2: read seen */
}
static void raise_it(void) {
  size_t n = (size_t)sysconf(_SC_MINSIGSTKSZ) + LEFT;
  stack_t s = {.ss_sp = make_stack(n), .ss_size = n};
  struct sigaction h = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
  MUST(sigaltstack(&s, NULL) == 0 && sigaction(SIGUSR1, &h, NULL) == 0);
  raise(SIGUSR1);
}

/* The handler's stack isn't given to others while its finding is told, which takes long enough for many to come. */
static long told;
static pthread_t teller;
static bool is_told;
static void write_told(void) {
  IN_TURN(1, told = 1); /* RACE 3: write told */
  pthread_t to;
  while (!(to = __atomic_load_n(&teller, __ATOMIC_RELAXED))) sched_yield();
  while (!__atomic_load_n(&is_told, __ATOMIC_RELAXED)) pthread_kill(to, SIGUSR2);
}
static void handle_other(int signal) { (void)signal; }
static void handle_and_tell(int signal) {
  volatile char kept[4096];
  memset((char *)kept, signal, sizeof kept);
  IN_TURN(2, use(told)); /* RACE 3: read told */
  __atomic_store_n(&is_told, true, __ATOMIC_RELAXED);
  for (size_t i = 0; i < sizeof kept; i++) MUST(kept[i] == signal);
}
static void raise_among_others(void) {
  stack_t s = {.ss_sp = make_stack(STACK), .ss_size = STACK};
  struct sigaction h = {.sa_handler = handle_and_tell, .sa_flags = SA_ONSTACK};
  struct sigaction other = {.sa_handler = handle_other, .sa_flags = SA_ONSTACK};
  MUST(sigaltstack(&s, NULL) == 0 && sigaction(SIGUSR1, &h, NULL) == 0 && sigaction(SIGUSR2, &other, NULL) == 0);
  __atomic_store_n(&teller, pthread_self(), __ATOMIC_RELAXED);
  raise(SIGUSR1);
}

int main(void) {
  both_orders(write_it, read_it);
  both_orders(nothing, unlock_unlocked);
  both_orders(a_b, b_a);
  both(write_seen, raise_it);
  both(write_told, raise_among_others);
}
