/* NO RACE */
/* Short ranges of two goroutines that meet in one word, again and again in new epochs, and a block of odd size that is
 * filled, looked at and given back. */
#include <string.h>

#include "scenario.h"

enum { ROUNDS = 200, ALL = 150, MIDDLE = 77 };
static char text[ALL];
static gw_mutex mine, yours;

static void part(gw_mutex *mu, char *p, size_t n) {
  for (int i = 0; i < ROUNDS; i++) {
    char copy[ALL];
    gw_mutex_lock(mu);
    memset(p, i, n);
    memcpy(copy, p, n);
    use(copy[n - 1]);
    gw_mutex_unlock(mu);
    char *block = malloc(n - (size_t)i % 30);
    if (!block) abort();
    memset(block, i, n - 30);
    use(block[n - 31]);
    if (i % 16 == 0) gw_yield();
    gw_mutex_lock(mu);
    memcpy(copy, p, n / 2);
    use(copy[0]);
    gw_mutex_unlock(mu);
    free(block);
  }
}

static void front(void) { part(&mine, text, MIDDLE); }
static void back(void) { part(&yours, text + MIDDLE, ALL - MIDDLE); }

int main(void) {
  both(front, back);
  return 0;
}
