/* NO RACE */
/* Two goroutines that each have members of their own in all of many structures, side by side in words and lines, in
 * epoch after epoch; and one that stops where the other begins. */
#include "scenario.h"

enum { ROWS = 40, HALF = 19, ROUNDS = 60 };
struct row {
  long key;
  int32_t a, b, c;
  char d, e;
};
static struct row row[ROWS];
static gw_mutex mine, yours;

static void one(void) {
  for (int k = 0; k < ROUNDS; k++) {
    long sum = 0;
    gw_mutex_lock(&mine);
    for (int i = 0; i < ROWS; i++) row[i].key = k;
    for (int i = ROWS; i-- > 0;) sum += row[i].b + row[i].key;
    for (int i = 0; i < HALF; i++) row[i].c = k, row[i].e = 1;
    for (int i = 0; i < ROWS; i++) row[i].b++;
    gw_mutex_unlock(&mine);
    use(sum);
    if (k % 4 == 0) gw_yield();
  }
}

static void other(void) {
  for (int k = 0; k < ROUNDS; k++) {
    long sum = 0;
    int i = HALF;
    gw_mutex_lock(&yours);
    for (int j = 0; j < ROWS; j++) row[j].a += k;
    for (int j = ROWS; --j >= HALF;) row[j].c = k;
    while (i < ROWS && row[i].c == k) i++;
    for (int j = 0; j < ROWS; j++) row[j].d = 1;
    for (int j = 0; j < ROWS; j++) sum += row[j].a;
    gw_mutex_unlock(&yours);
    use(sum + i);
    if (k % 4 == 1) gw_yield();
  }
}

int main(void) { both(one, other); }
