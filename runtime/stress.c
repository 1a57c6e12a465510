#include "stress.h"

#include <string.h>

#include "base/options.h"
#include "g.h"

static uint32_t word_bit(const char *word, size_t n) {
  static const struct {
    const char *name;
    uint32_t bits;
  } words[] = {
#define STRESS(id, bit, name, help) {name, 1u << (bit)},
#include "stress.inc"
      {"all", ~0u},
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strlen(words[i].name) == n && strncmp(words[i].name, word, n) == 0) return words[i].bits;
  gw__warn("GODWIT: stress has no '%.*s': yield, steal, next, retake and all are known, joined by +", (int)n, word);
  return 0;
}

uint32_t stress_wanted(void) {
  uint32_t bits = 0;
  for (const char *at = gw__opts.stress; *at;) {
    size_t n = strcspn(at, "+,");
    if (n) bits |= word_bit(at, n);
    at += n + (at[n] != 0);
  }
  return bits;
}

uint64_t rng_begin(uint64_t series) {
  const char *seed = gw__opts.seed;
  if (!*seed) return prim_random() | 1;
  uint64_t hash = (series + 1) * 0x9E3779B97F4A7C15u; /* Weyl's; and FNV-1a's prime */
  for (; *seed; seed++) hash = (hash ^ (unsigned char)*seed) * 0x100000001b3u;
  return (hash ^ hash >> 32) | 1;
}
