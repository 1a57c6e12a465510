/* A byte-oriented LZ77 compressor: each thread compresses, restores and compares blocks of a text that it makes;
 * size: bytes of text of all threads together.
 *
 * Format: a token byte t.  t < 128: t + 1 literals follow.  Else: a match of (t - 128) + MIN_MATCH bytes, distance in
 * the two bytes that follow, low byte first. */
#include "kernel.h"

enum { BLOCK = 1 << 16, HASH_BITS = 13, MIN_MATCH = 4, MAX_MATCH = MIN_MATCH + 127, MAX_LITERALS = 128 };

struct text {
  struct kernel k;
  uint64_t sum[KERNEL_MAX_THREADS]; /* of each thread; written by it alone */
};

/* What one thread works on. */
struct coder {
  uint8_t plain[BLOCK], restored[BLOCK]; /* the block before and after */
  uint8_t packed[BLOCK + BLOCK / MAX_LITERALS + 1];
  uint32_t last[1 << HASH_BITS]; /* 1 + latest position of four bytes with that hash, 0: none */
};

static uint32_t load4(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static uint8_t *put_literals(uint8_t *out, const uint8_t *from, size_t n) {
  while (n > 0) {
    size_t run = n < MAX_LITERALS ? n : MAX_LITERALS;
    *out++ = (uint8_t)(run - 1);
    for (size_t i = 0; i < run; i++) *out++ = *from++;
    n -= run;
  }
  return out;
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
  size_t n = 0;
  while (n < MAX_MATCH && b + n < end && a[n] == b[n]) n++;
  return n;
}

static size_t lz_pack(struct coder *c) {
  const uint8_t *in = c->plain, *end = in + BLOCK, *literals = in, *at = in;
  uint8_t *out = c->packed;
  memset(c->last, 0, sizeof c->last);
  while (at + MIN_MATCH <= end) {
    uint32_t *slot = &c->last[load4(at) * 2654435761u >> (32 - HASH_BITS)];
    const uint8_t *old = in + *slot - 1;
    size_t n = *slot ? match_length(old, at, end) : 0;
    *slot = (uint32_t)(at - in) + 1;
    if (n < MIN_MATCH) {
      at++;
      continue;
    }
    out = put_literals(out, literals, (size_t)(at - literals));
    *out++ = (uint8_t)(128 + n - MIN_MATCH);
    *out++ = (uint8_t)(at - old);
    *out++ = (uint8_t)((at - old) >> 8);
    literals = at += n;
  }
  return (size_t)(put_literals(out, literals, (size_t)(end - literals)) - c->packed);
}

static size_t lz_restore(struct coder *c, size_t packed) {
  const uint8_t *in = c->packed, *end = in + packed;
  uint8_t *out = c->restored;
  while (in < end) {
    unsigned token = *in++;
    if (token < 128) {
      for (unsigned i = 0; i <= token; i++) *out++ = *in++;
      continue;
    }
    const uint8_t *from = out - (in[0] | in[1] << 8);
    in += 2;
    for (unsigned i = 0; i < token - 128 + MIN_MATCH; i++) *out++ = *from++;
  }
  return (size_t)(out - c->restored);
}

/* Words of a small vocabulary, some of them misspelt: compresses about as well as source code. */
static void make_text(uint8_t *text, uint64_t *seed) {
  static const char words[] = "thread lock race clock shadow release acquire goroutine channel select return static ";
  size_t from = 0;
  for (size_t i = 0; i < BLOCK; i++) {
    uint64_t r = (i & 7) == 0 ? kernel_rand(seed) : 1;
    if (words[from] == '\0') from = 0;
    if ((r & 3) == 0) from = r / 4 % (sizeof words - 1);
    text[i] = (uint8_t)((r >> 20 & 7) == 7 ? 'a' + (r >> 40) % 26 : (uint64_t)words[from]);
    from++;
  }
}

static void pack_blocks(void *shared, unsigned who) {
  struct text *t = shared;
  struct kernel_part part = kernel_part(t->k.size / BLOCK + 1, t->k.threads, who);
  struct coder *c = kernel_alloc(1, sizeof *c);
  for (size_t i = part.first; i < part.last; i++) {
    uint64_t seed = i + 1;
    make_text(c->plain, &seed);
    size_t packed = lz_pack(c);
    kernel_check(lz_restore(c, packed) == BLOCK && memcmp(c->plain, c->restored, BLOCK) == 0,
                 "the text isn't restored");
    t->sum[who] += packed * (i + 1);
  }
  free(c);
}

int main(int argc, char **argv) {
  struct text t = {.k = kernel_args(argc, argv, 60000000)};
  uint64_t sum = 0;
  kernel_team(t.k.threads, pack_blocks, &t);
  for (unsigned i = 0; i < t.k.threads; i++) sum += t.sum[i];
  return kernel_done("lz", sum);
}
