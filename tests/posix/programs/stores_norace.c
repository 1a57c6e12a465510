/* NO RACE */
/* Results that functions of libm store: each thread has its own, side by side with the other's; and a lock for one. */
#include "pairs.h"

#include <math.h>

static volatile double x = 1.5;
static struct {
  float whole;
  int power;
  double sine, cosine;
} of[2];
static double all;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void calculate(int i) {
  for (int k = 0; k < 100; k++) {
    modff((float)x, &of[i].whole);
    frexp(x, &of[i].power);
    sincos(x, &of[i].sine, &of[i].cosine);
    pthread_mutex_lock(&m);
    modf(x + all, &all);
    pthread_mutex_unlock(&m);
  }
}
static void first(void) { calculate(0); }
static void second(void) { calculate(1); }

int main(void) {
  both(first, second);
  MUST(of[0].whole == 1 && of[1].power == 1 && all > 1);
}
