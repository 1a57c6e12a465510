/* Memory of the heap: parts of one block, overlapping sizes, copies, and a use beside free. */
#include <string.h>

#include "scenario.h"

static struct {
  char bytes[64];
} *box;
static union {
  uint64_t whole;
  uint8_t part[8];
} word;
static char *text;
static long *given_back;

static void a1(void) { IN_TURN(1, word.whole = 1); /* RACE 1: write */ }
static void b1(void) { IN_TURN(2, use(word.part[5])); /* RACE 1: read */ }

static void a2(void) { IN_TURN(1, memset(box->bytes, 1, sizeof box->bytes)); /* RACE 2: write */ }
static void b2(void) { IN_TURN(2, use(box->bytes[63])); /* RACE 2: read */ }

static void a3(void) { IN_TURN(1, text[20] = 'x'); /* RACE 3: write */ }
static void b3(void) {
  char copy[32];
  turn_wait(2);
  memcpy(copy, text, sizeof copy); /* RACE 3: read */
  use(copy[20]);
}

/* Across two granules of 8 bytes. */
static void a4(void) { IN_TURN(1, text[8] = 'x'); /* RACE 4: write */ }
static void b4(void) {
  uint32_t v;
  turn_wait(2);
  memcpy(&v, text + 6, sizeof v); /* RACE 4: read */
  use(v);
}

static void a5(void) { IN_TURN(1, use(*given_back)); /* RACE 5: read */ }
static void b5(void) { IN_TURN(2, free(given_back)); /* RACE 5: free */ }

int main(void) {
  box = calloc(1, sizeof *box);
  text = calloc(1, 32);
  given_back = calloc(1, sizeof *given_back);
  if (!box || !text || !given_back) abort();
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  free(box);
  free(text);
}
