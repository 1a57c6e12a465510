/* zlib on several threads: each compresses and restores buffers of its own; size: buffers of BUFFER bytes.  Built
 * together with zlib's own sources, so that zlib is instrumented as well. */
#include <zlib.h>

#include "kernel.h"

enum { BUFFER = 1 << 18 };

struct work {
  struct kernel k;
  uint64_t sum[KERNEL_MAX_THREADS]; /* of each thread; written by it alone */
};

/* Numbered lines with a few random digits, as of a log file. */
static void make_log(char *text, size_t size, uint64_t seed) {
  char line[96];
  for (size_t at = 0; at < size;) {
    uint64_t r = kernel_rand(&seed);
    int n = snprintf(line, sizeof line, "%08zu worker=%u state=%s bytes=%u\n", at, (unsigned)(r % 16),
                     r & 64 ? "running" : "waiting for input", (unsigned)(r >> 40));
    size_t take = size - at < (size_t)n ? size - at : (size_t)n;
    memcpy(text + at, line, take);
    at += take;
  }
}

static void pack_buffers(void *shared, unsigned who) {
  struct work *w = shared;
  struct kernel_part part = kernel_part(w->k.size, w->k.threads, who);
  uLong bound = compressBound(BUFFER);
  char *plain = kernel_alloc(1, BUFFER), *restored = kernel_alloc(1, BUFFER);
  unsigned char *packed = kernel_alloc(1, bound);
  for (size_t i = part.first; i < part.last; i++) {
    uLongf packed_size = bound, size = BUFFER;
    make_log(plain, BUFFER, i + 1);
    kernel_check(compress2(packed, &packed_size, (const Bytef *)plain, BUFFER, 6) == Z_OK, "compress2");
    kernel_check(uncompress((Bytef *)restored, &size, packed, packed_size) == Z_OK, "uncompress");
    kernel_check(size == BUFFER && memcmp(plain, restored, BUFFER) == 0, "the text isn't restored");
    w->sum[who] += crc32(0, packed, (uInt)packed_size) + packed_size;
  }
  free(plain), free(restored), free(packed);
}

int main(int argc, char **argv) {
  struct work w = {.k = kernel_args(argc, argv, 48)};
  uint64_t sum = 0;
  kernel_team(w.k.threads, pack_buffers, &w);
  for (unsigned i = 0; i < w.k.threads; i++) sum += w.sum[i];
  return kernel_done("zlib", sum);
}
