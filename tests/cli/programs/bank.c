/* clang-format off */ /* Accesses of several kinds for the symboliser: built without the pass, the records about it are made by the tests. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct acct {
  pthread_mutex_t mu;
  long balance;
  struct {
    int lo, hi;
  } range[4];
  unsigned open : 1, frozen : 1;
};
struct acct the_acct;
long totals[3][4];
union {
  int i;
  float f;
} both;
_Thread_local int per_thread;

static inline __attribute__((always_inline)) void add(struct acct *a, long n) {
  a->balance += n; /* LINE add */
}

__attribute__((noinline)) void deposit(struct acct *a, long n) {
	/* čaj */ add(a, n); /* LINE deposit */
}

__attribute__((noinline)) long audit(struct acct *a) {
  pthread_mutex_lock(&a->mu); /* LINE lock */
  long b = a->balance;        /* LINE audit */
  pthread_mutex_unlock(&a->mu);
  return b;
}

__attribute__((noinline)) void *teller(void *arg) {
  static int calls;
  calls++; /* LINE calls */
  deposit(arg, 5); /* LINE teller */
  return NULL;
}

__attribute__((noinline)) int frame(int n) {
  volatile struct {
    int first, second[4];
  } local = {n, {0}};
  local.second[2] = n; /* LINE local */
  return local.first + local.second[n & 3];
}

__attribute__((noinline)) void race_to_the_bottom(void) {
  totals[2][1]++; /* LINE race_ */
}

__attribute__((noinline)) void gw_test_wrapper(void) {
  totals[0][0]++; /* LINE wrapper */
}

int main(int argc, char **argv) {
  pthread_t t;
  if (argc > 1) return pause(), argv[1][0]; /* stays, for those who look at a running process */
  pthread_create(&t, NULL, teller, &the_acct); /* LINE create */
  printf("%ld %d\n", audit(&the_acct), frame(2)); /* LINE main */
  both.i++, per_thread++;
  race_to_the_bottom();
  gw_test_wrapper();
  pthread_join(t, NULL);
  return 0;
}

#ifdef NAMES
/* What the pass would have written. */
#define NAME(file, position, op, name, source) \
  __asm__(".pushsection .gw_names,\"\",@progbits\n.asciz \"" file "\"\n.asciz \"" position "\"\n.asciz \"" op \
          "\"\n.asciz \"" name "\"\n.asciz \"" source "\"\n.popsection")
#include NAMES
#endif
