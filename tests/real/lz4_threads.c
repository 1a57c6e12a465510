/* Compresses and restores a file on several threads with liblz4: `lz4_threads FILE THREADS`.
 *
 * Threads take the file's chunks from a shared list until none is left, first to compress, then to restore; the main
 * thread compares.  With FORGET_LOCK the list is taken from without its lock, which is a race.
 * Exit status 1: the restored file differs.
 */
#include <lz4.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 20, MAX_THREADS = 64 };

struct chunk {
  const char *plain;   /* in the file as read */
  char *packed, *back; /* what compressing and restoring gave; written by the thread that took the chunk */
  int size, packed_size;
};

struct list {
  pthread_mutex_t mu;  /* guards next */
  size_t next, count;  /* first chunk that nobody took; number of chunks, fixed */
  struct chunk *chunk; /* each belongs to the thread that took it */
  void (*work)(struct chunk *c);
};

static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "lz4_threads: %s\n", what);
  exit(1);
}

static void pack(struct chunk *c) {
  int bound = LZ4_compressBound(c->size);
  c->packed = malloc((size_t)bound);
  check(c->packed != NULL, "out of memory");
  c->packed_size = LZ4_compress_default(c->plain, c->packed, c->size, bound);
  check(c->packed_size > 0, "a chunk can't be compressed");
}

static void restore(struct chunk *c) {
  c->back = malloc((size_t)c->size);
  check(c->back != NULL, "out of memory");
  check(LZ4_decompress_safe(c->packed, c->back, c->packed_size, c->size) == c->size, "a chunk can't be restored");
}

static struct chunk *list_take(struct list *l) {
#ifdef FORGET_LOCK
  size_t taken = l->next++;
#else
  pthread_mutex_lock(&l->mu);
  size_t taken = l->next++;
  pthread_mutex_unlock(&l->mu);
#endif
  return taken < l->count ? &l->chunk[taken] : NULL;
}

static void *worker(void *arg) {
  struct list *l = arg;
  for (struct chunk *c; (c = list_take(l)) != NULL;) l->work(c);
  return NULL;
}

static void run_all(struct list *l, void (*work)(struct chunk *c), int threads) {
  pthread_t team[MAX_THREADS];
  l->work = work;
  l->next = 0;
  for (int i = 0; i < threads; i++) check(pthread_create(&team[i], NULL, worker, l) == 0, "pthread_create");
  for (int i = 0; i < threads; i++) check(pthread_join(team[i], NULL) == 0, "pthread_join");
}

static char *read_file(const char *name, size_t *size) {
  FILE *f = fopen(name, "rb");
  check(f && fseek(f, 0, SEEK_END) == 0, "the file can't be read");
  *size = (size_t)ftell(f);
  rewind(f);
  char *text = malloc(*size);
  check(text && fread(text, 1, *size, f) == *size, "the file can't be read");
  fclose(f);
  return text;
}

int main(int argc, char **argv) {
  int threads = argc == 3 ? atoi(argv[2]) : 0;
  struct list l = {.mu = PTHREAD_MUTEX_INITIALIZER};
  size_t size, packed = 0;
  check(threads > 0 && threads <= MAX_THREADS, "usage: lz4_threads FILE THREADS");
  char *text = read_file(argv[1], &size);
  l.count = (size + CHUNK - 1) / CHUNK;
  l.chunk = calloc(l.count, sizeof *l.chunk);
  check(l.chunk != NULL, "out of memory");
  for (size_t i = 0; i < l.count; i++) {
    size_t left = size - i * CHUNK;
    l.chunk[i] = (struct chunk){.plain = text + i * CHUNK, .size = left < CHUNK ? (int)left : CHUNK};
  }
  run_all(&l, pack, threads);
  run_all(&l, restore, threads);
  for (size_t i = 0; i < l.count; i++) {
    struct chunk *c = &l.chunk[i];
    check(c->back && memcmp(c->plain, c->back, (size_t)c->size) == 0, "the restored file differs");
    packed += (size_t)c->packed_size;
    free(c->packed), free(c->back);
  }
  printf("%zu -> %zu\n", size, packed);
  free(l.chunk), free(text);
  return 0;
}
