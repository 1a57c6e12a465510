/* SHA-256 (FIPS 180-4) of messages that each thread makes; size: messages of MESSAGE bytes.  Checked with the
 * standard's own test vector. */
#include "kernel.h"

enum { MESSAGE = 4096 };

struct sha256 {
  uint32_t h[8];     /* chaining value */
  uint8_t block[64]; /* input that doesn't fill a block yet */
  size_t used;       /* bytes in block */
  uint64_t bytes;    /* input so far */
};

struct digests {
  struct kernel k;
  uint64_t sum[KERNEL_MAX_THREADS]; /* of each thread; written by it alone */
};

static uint32_t round_constant[64], initial[8]; /* filled by sha256_tables before the team starts, then read only */

/* The first 32 fraction bits of the square or cube root of p, by bisection. */
static uint32_t root_fraction(uint32_t p, bool cube) {
  uint64_t low = 0, high = UINT64_C(1) << 36; /* low <= root * 2^32 < high */
  while (high - low > 1) {
    uint64_t mid = low + (high - low) / 2;
    unsigned __int128 square = (unsigned __int128)mid * mid;
    bool below = cube ? square * mid <= (unsigned __int128)p << 96 : square <= (unsigned __int128)p << 64;
    if (below) {
      low = mid;
    } else {
      high = mid;
    }
  }
  return (uint32_t)low;
}

static void sha256_tables(void) {
  unsigned count = 0;
  for (uint32_t p = 2; count < 64; p++) {
    bool prime = true;
    for (uint32_t d = 2; d * d <= p; d++) prime = prime && p % d != 0;
    if (!prime) continue;
    if (count < 8) initial[count] = root_fraction(p, false);
    round_constant[count++] = root_fraction(p, true);
  }
}

static uint32_t rotate(uint32_t v, int by) { return v >> by | v << (32 - by); }

static void sha256_schedule(uint32_t w[64], const uint8_t *block) {
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
}

static void sha256_block(struct sha256 *s, const uint8_t *block) {
  uint32_t w[64], v[8];
  sha256_schedule(w, block);
  for (int i = 0; i < 8; i++) v[i] = s->h[i];
  for (int i = 0; i < 64; i++) {
    uint32_t e = v[4], a = v[0];
    uint32_t t1 =
        v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + round_constant[i] + w[i];
    uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    for (int j = 7; j > 0; j--) v[j] = v[j - 1];
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) s->h[i] += v[i];
}

static void sha256_add(struct sha256 *s, const uint8_t *data, size_t n) {
  s->bytes += n;
  for (size_t i = 0; i < n; i++) {
    s->block[s->used++] = data[i];
    if (s->used < sizeof s->block) continue;
    sha256_block(s, s->block);
    s->used = 0;
  }
}

static void sha256_start(struct sha256 *s) {
  *s = (struct sha256){.used = 0};
  memcpy(s->h, initial, sizeof s->h);
}

static void sha256_end(struct sha256 *s) {
  uint64_t bits = s->bytes * 8;
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  sha256_add(s, (const uint8_t[]){0x80}, 1);
  while (s->used != 56) sha256_add(s, (const uint8_t[]){0}, 1);
  sha256_add(s, length, sizeof length);
}

static void check_vector(void) {
  static const uint32_t abc[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                  0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
  struct sha256 s;
  sha256_start(&s);
  sha256_add(&s, (const uint8_t *)"abc", 3);
  sha256_end(&s);
  kernel_check(memcmp(s.h, abc, sizeof abc) == 0, "the digest of \"abc\"");
}

static void digest_messages(void *shared, unsigned who) {
  struct digests *d = shared;
  struct kernel_part part = kernel_part(d->k.size, d->k.threads, who);
  uint8_t *message = kernel_alloc(1, MESSAGE);
  for (size_t i = part.first; i < part.last; i++) {
    struct sha256 s;
    for (size_t j = 0; j < MESSAGE; j++) message[j] = (uint8_t)(i + j * 7);
    sha256_start(&s);
    sha256_add(&s, message, MESSAGE);
    sha256_end(&s);
    d->sum[who] += (uint64_t)s.h[0] << 32 | s.h[7];
  }
  free(message);
}

int main(int argc, char **argv) {
  struct digests d = {.k = kernel_args(argc, argv, 14000)};
  uint64_t sum = 0;
  sha256_tables();
  check_vector();
  kernel_team(d.k.threads, digest_messages, &d);
  for (unsigned i = 0; i < d.k.threads; i++) sum += d.sum[i];
  return kernel_done("sha256", sum);
}
