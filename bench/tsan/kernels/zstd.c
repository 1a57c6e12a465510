/* zstd on several threads: its own pool compresses texts in jobs of JOB bytes, then a team restores them; size: texts
 * of TEXT bytes.  Built together with zstd's own sources, so that zstd is instrumented as well. */
#include <zstd.h>

#include "kernel.h"

enum {
  TEXT = 1 << 22,
  JOB = 1 << 19, /* the smallest that zstd takes */
  LEVEL = 3,
  PHRASES = 1 << 12,
  PHRASE_MAX = 40
};

struct frame {
  char *bytes;
  size_t size;
};

struct work {
  struct kernel k;
  struct frame *frames;                  /* k.size of them; written before the team starts */
  char phrases[PHRASES][PHRASE_MAX];     /* what texts are made of; likewise */
  uint64_t restored[KERNEL_MAX_THREADS]; /* bytes, of each thread; written by it alone */
};

static void make_phrases(struct work *w) {
  static const char letters[32] = "etaoin shrdlucmfwypvbgkjqxz,.\n e";
  uint64_t seed = 1;
  for (size_t i = 0; i < PHRASES; i++) {
    for (size_t j = 0; j < PHRASE_MAX; j++) w->phrases[i][j] = letters[kernel_rand(&seed) % 32];
  }
}

/* Phrases in random order, of random lengths. */
static void make_text(const struct work *w, char *text, uint64_t seed) {
  for (size_t at = 0; at < TEXT;) {
    uint64_t r = kernel_rand(&seed);
    size_t n = 4 + (r >> 32) % (PHRASE_MAX - 3), take = TEXT - at < n ? TEXT - at : n;
    memcpy(text + at, w->phrases[r % PHRASES], take);
    at += take;
  }
}

static void set(ZSTD_CCtx *zstd, ZSTD_cParameter what, int value) {
  kernel_check(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd, what, value)), "ZSTD_CCtx_setParameter");
}

static void pack(struct work *w) {
  char *text = kernel_alloc(1, TEXT), *packed = kernel_alloc(1, ZSTD_compressBound(TEXT));
  ZSTD_CCtx *zstd = ZSTD_createCCtx();
  set(zstd, ZSTD_c_compressionLevel, LEVEL), set(zstd, ZSTD_c_checksumFlag, 1);
  set(zstd, ZSTD_c_nbWorkers, (int)w->k.threads), set(zstd, ZSTD_c_jobSize, JOB);
  for (size_t i = 0; i < w->k.size; i++) {
    make_text(w, text, i + 1);
    size_t size = ZSTD_compress2(zstd, packed, ZSTD_compressBound(TEXT), text, TEXT);
    kernel_check(!ZSTD_isError(size), "ZSTD_compress2");
    w->frames[i] = (struct frame){.bytes = kernel_alloc(1, size), .size = size};
    memcpy(w->frames[i].bytes, packed, size);
  }
  ZSTD_freeCCtx(zstd);
  free(text), free(packed);
}

static void restore(void *shared, unsigned who) {
  struct work *w = shared;
  struct kernel_part part = kernel_part(w->k.size, w->k.threads, who);
  char *text = kernel_alloc(1, TEXT), *restored = kernel_alloc(1, TEXT);
  for (size_t i = part.first; i < part.last; i++) {
    make_text(w, text, i + 1);
    kernel_check(ZSTD_decompress(restored, TEXT, w->frames[i].bytes, w->frames[i].size) == TEXT, "ZSTD_decompress");
    kernel_check(memcmp(text, restored, TEXT) == 0, "the text isn't restored");
    w->restored[who] += TEXT;
  }
  free(text), free(restored);
}

int main(int argc, char **argv) {
  struct work *w = kernel_alloc(1, sizeof *w);
  w->k = kernel_args(argc, argv, 12);
  w->frames = kernel_alloc(w->k.size, sizeof *w->frames);
  make_phrases(w);
  pack(w);
  kernel_team(w->k.threads, restore, w);
  uint64_t sum = 0;
  for (unsigned i = 0; i < w->k.threads; i++) sum += w->restored[i];
  for (size_t i = 0; i < w->k.size; i++) {
    for (size_t j = 0; j < w->frames[i].size; j++) sum = sum * 31 + (unsigned char)w->frames[i].bytes[j];
    free(w->frames[i].bytes);
  }
  free(w->frames), free(w);
  return kernel_done("zstd", sum);
}
