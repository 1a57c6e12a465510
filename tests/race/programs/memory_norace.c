/* NO RACE */
/* Neighbours in one word, blocks that come back from free, realloc, and memory that one owner hands on. */
#include <string.h>

#include "scenario.h"

static struct {
  uint8_t a, b;
  uint16_t c;
  uint32_t d;
} word;
static gw_chan(char *) handed;

static void low(void) {
  for (int i = 0; i < 100; i++) {
    word.a++;
    word.c++;
    if (i % 10 == 0) gw_yield();
  }
}
static void high(void) {
  for (int i = 0; i < 100; i++) {
    word.b++;
    word.d++;
    if (i % 10 == 0) gw_yield();
  }
}

/* The allocator gives the same addresses to both, again and again. */
static void churn(void) {
  for (int i = 0; i < 300; i++) {
    size_t n = (size_t)(i % 7) * 40 + 8;
    char *p = malloc(n);
    if (!p) abort();
    memset(p, i, n);
    p = realloc(p, 2 * n);
    if (!p) abort();
    memset(p, i, 2 * n);
    use(p[n]);
    if (i % 3 == 0) gw_yield();
    free(p);
  }
}

static void give(void) {
  for (int i = 0; i < 100; i++) {
    char *p = malloc(100);
    if (!p) abort();
    memset(p, i, 100);
    gw_send(handed, p);
  }
  gw_close(handed);
}
static void take(void) {
  gw_range(p, handed) {
    p[50]++;
    free(p);
  }
}

int main(void) {
  both(low, high);
  both(churn, churn);
  for (int cap = 0; cap < 3; cap++) {
    handed = gw_make(char *, cap);
    both(give, take);
    gw_chan_free(handed);
  }
}
