/* Not instrumented: whether each check looks at exactly the bytes of its access, in exactly the right plane. */
#include <stdio.h>
#include <string.h>

#include "mock.h"

#define EXACT(name, bytes, align, op) void name(void *p);
#include "exact.h"

enum op { OP_read, OP_write };
static const struct {
  const char *name;
  void (*f)(void *);
  unsigned bytes, align;
  enum op op;
} cases[] = {
#define EXACT(name, bytes, align, op) {#name, name, bytes, align, OP_##op},
#include "exact.h"
};

#define CELLS 16
char exact_spare[64] __attribute__((aligned(64))); /* the other side of a copy: what is said of it is left out */
static char block[CELLS * 8] __attribute__((aligned(64)));

static uint32_t *cells(enum mock_plane plane) { return mock_cell(block, plane); }

/* Noise everywhere, except that the access's bytes look recorded in this epoch. */
static void show(unsigned from, unsigned bytes, enum mock_plane plane) {
  for (int i = 0; i < CELLS; i++) {
    cells(MOCK_READS)[i] = 0xdeadbeef;
    cells(MOCK_WRITES)[i] = 0xdeadbeef;
  }
  for (unsigned b = from; b < from + bytes; b++) {
    uint32_t *cell = &cells(plane)[b / 8];
    if (*cell == 0xdeadbeef) *cell = mock_epoch();
    *cell |= 1u << b % 8;
  }
}

static bool asks(int i, unsigned from) {
  mock_clear_log();
  cases[i].f(block + from);
  bool asked = false;
  CHECK(mock_count <= 2);
  for (const struct mock_event *e = mock_log; e < mock_log + mock_count; e++) {
    if (e->at == exact_spare) continue;
    CHECK(!asked);
    CHECK(e->at == block + from);
    CHECK(e->size == cases[i].bytes);
    CHECK(!strcmp(e->what, cases[i].op == OP_read ? "read" : "write"));
    asked = true;
  }
  return asked;
}

static void check(int i, unsigned from) {
  unsigned n = cases[i].bytes;
  enum mock_plane mine = cases[i].op == OP_read ? MOCK_READS : MOCK_WRITES;
  show(from, n, mine);
  if (n <= 16 || from % 8 == 0) CHECK(!asks(i, from)); /* long ones are compared inline at granules only */
  show(from, n, mine == MOCK_READS ? MOCK_WRITES : MOCK_READS);
  CHECK(asks(i, from));
  for (unsigned b = from; b < from + n; b++) {
    show(from, n, mine);
    cells(mine)[b / 8] &= ~(1u << b % 8);
    CHECK(asks(i, from));
    for (int bit = 8; bit < 32; bit++) { /* an atomic access, or another epoch */
      show(from, n, mine);
      cells(mine)[b / 8] ^= 1u << bit;
      CHECK(asks(i, from));
    }
  }
  show(from, n, mine);
  mock_new_epoch();
  CHECK(asks(i, from));
}

int main(void) {
  mock_start();
  for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
    for (unsigned from = 0; from < 32; from += cases[i].align) {
      mock_new_epoch();
      check(i, from);
    }
  printf("%d\n", (int)(sizeof cases / sizeof *cases));
}
