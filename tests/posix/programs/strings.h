/* A text and a buffer for calls of string functions, set anew for each. */
#ifndef GW_TEST_STRINGS_H
#define GW_TEST_STRINGS_H
#include "pairs.h"

static char text[64], out[64];
static USED char *save;

/* The text is `n` bytes of `in`, then z's; out is z's. */
static void fresh(const char *in, size_t n) {
  volatile char *t = text, *o = out;
  for (size_t i = 0; i < sizeof text; i++) t[i] = i < n ? in[i] : 'z', o[i] = 'z';
}

#endif
