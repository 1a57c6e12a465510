/* NO RACE */
/* Two goroutines with elements of their own in all lines of an array, side by side in words, in epoch after epoch,
 * which loops access at some turns only. */
#include "scenario.h"

enum { N = 200, ROUNDS = 60 };
static int cell[N];
static char byte[N];
static long shared[N];
static gw_mutex mine, yours;

/* Those of the owner that are `of` by a third. */
__attribute__((noinline)) static void set(int owner, int of, int to) {
  for (int i = 0; i < N; i++)
    if (i % 2 == owner && i / 2 % 3 == of) cell[i] = to, byte[i] = (char)to;
}

__attribute__((noinline)) static long get(int owner, int below) {
  long sum = 0;
  for (int i = N; i-- > 0;)
    if (i % 2 == owner && cell[i] < below) sum += byte[i];
  return sum;
}

/* Both read it all, at turns of their own. */
__attribute__((noinline)) static long read_shared(int owner) {
  long sum = 0;
  for (int i = 0; i < N; i++)
    if ((i * i + owner) % 5 < 2) sum += shared[i];
  return sum;
}

static void work(int owner, gw_mutex *mu) {
  for (int k = 0; k < ROUNDS; k++) {
    gw_mutex_lock(mu);
    set(owner, k % 3, k);
    use(get(owner, k) + read_shared(owner));
    if (k % 5 == 0) set(owner, (k + 1) % 3, k);
    gw_mutex_unlock(mu);
    if (k % 4 == owner) gw_yield();
  }
}
static void one(void) { work(0, &mine); }
static void other(void) { work(1, &yours); }

int main(void) { both(one, other); }
