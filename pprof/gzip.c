/* gzip.h.  zlib would do better, but may not be in the user's process; names that repeat and small numbers, which is
 * what a profile has, shrink to a third or so by the simplest of its ways. */
#include "pprof/gzip.h"

#include <string.h>

enum {
  HASH_BITS = 15,
  WINDOW = 32768,  /* deflate's */
  MATCH_MIN = 4,   /* of three a literal is as short, mostly */
  MATCH_MAX = 258, /* deflate's */
  END_OF_BLOCK = 256
};

struct bits {
  struct bytes *out;
  uint64_t held; /* lowest first */
  int n;         /* bits in `held` */
};

static void bits_put(struct bits *b, uint32_t value, int n) {
  b->held |= (uint64_t)value << b->n;
  b->n += n;
  while (b->n >= 8) {
    *bytes_room(b->out, 1) = (char)b->held;
    b->out->n++;
    b->held >>= 8;
    b->n -= 8;
  }
}

/* Codes go with their highest bit first. */
static void code_put(struct bits *b, uint32_t code, int n) {
  uint32_t turned = 0;
  for (int i = 0; i < n; i++) turned |= (code >> i & 1) << (n - 1 - i);
  bits_put(b, turned, n);
}

/* A literal, the end, or a length's symbol in the fixed code (RFC 1951, 3.2.6). */
static void symbol_put(struct bits *b, uint32_t s) {
  if (s < 144)
    code_put(b, 0x30 + s, 8);
  else if (s < 256)
    code_put(b, 0x190 + s - 144, 9);
  else if (s < 280)
    code_put(b, s - 256, 7);
  else
    code_put(b, 0xc0 + s - 280, 8);
}

/* The largest index whose base is not above v. */
static int find_base(const uint16_t *base, int n, uint32_t v) {
  int i = n - 1;
  while (base[i] > v) i--;
  return i;
}

static void match_put(struct bits *b, uint32_t length, uint32_t distance) {
  static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                           2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t distance_base[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                             33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                             1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  int l = find_base(length_base, 29, length), d = find_base(distance_base, 30, distance);
  symbol_put(b, 257 + (uint32_t)l);
  bits_put(b, length - length_base[l], length_extra[l]);
  code_put(b, (uint32_t)d, 5);
  bits_put(b, distance - distance_base[d], d < 2 ? 0 : d / 2 - 1);
}

static uint32_t hash4(const unsigned char *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v * 2654435761u >> (32 - HASH_BITS);
}

static size_t match_length(const unsigned char *a, const unsigned char *b, size_t most) {
  size_t n = 0;
  if (most > MATCH_MAX) most = MATCH_MAX;
  while (n < most && a[n] == b[n]) n++;
  return n;
}

/* One block: the last place where the same four bytes hash to is tried, and no other. */
static void deflate(const unsigned char *p, size_t n, struct bits *b) {
  struct bytes table = {0};
  uint32_t *last = (uint32_t *)(void *)bytes_room(&table, sizeof *last << HASH_BITS); /* position plus one; 0 none */
  bits_put(b, 1, 1);                                                                  /* the last block */
  bits_put(b, 1, 2);                                                                  /* of the fixed code */
  for (size_t i = 0; i < n;) {
    size_t length = 0, from = 0;
    if (i + MATCH_MIN <= n) {
      uint32_t h = hash4(p + i);
      from = last[h];
      last[h] = (uint32_t)i + 1;
      if (from && i + 1 - from <= WINDOW) length = match_length(p + from - 1, p + i, n - i);
    }
    if (length < MATCH_MIN) {
      symbol_put(b, p[i++]);
      continue;
    }
    match_put(b, (uint32_t)length, (uint32_t)(i + 1 - from));
    for (size_t end = i + length; ++i < end;)
      if (i + MATCH_MIN <= n) last[hash4(p + i)] = (uint32_t)i + 1;
  }
  symbol_put(b, END_OF_BLOCK);
  if (b->n) bits_put(b, 0, 8 - b->n);
  bytes_free(&table);
}

static uint32_t crc32(const unsigned char *p, size_t n) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    table[i] = i;
    for (int k = 0; k < 8; k++) table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320u : table[i] >> 1;
  }
  uint32_t crc = ~0u;
  for (size_t i = 0; i < n; i++) crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
  return ~crc;
}

void gzip(const struct bytes *plain, struct bytes *out) {
  static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255}; /* fast way, system unknown */
  const unsigned char *p = (const unsigned char *)plain->at;
  struct bits b = {.out = out};
  bytes_add(out, head, sizeof head);
  deflate(p, plain->n, &b);
  uint32_t tail[2] = {crc32(p, plain->n), (uint32_t)plain->n};
  bytes_add(out, tail, sizeof tail);
}
