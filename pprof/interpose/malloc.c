/* The malloc family of programs without the detector: what was there before, and the heap profile told of it.
 *
 * Weak, so that a program's own malloc takes its place.  What was there before is whatever comes next in the order of
 * look-up, libc's or that of a library; while it is being looked up, libc's, which is known at link time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "godwit/heap.h"

const char gw__heap_told = 1;

#define WEAK __attribute__((weak))
#define HERE (uintptr_t)__builtin_return_address(0), *(const uintptr_t *)__builtin_frame_address(0)

extern __typeof__(malloc) __libc_malloc;
extern __typeof__(calloc) __libc_calloc;
extern __typeof__(realloc) __libc_realloc;
extern __typeof__(free) __libc_free;
extern __typeof__(memalign) __libc_memalign;

/* libc's until `next_find` has looked; written once, before main, or by the first call. */
static struct {
  __typeof__(malloc) *malloc;
  __typeof__(calloc) *calloc;
  __typeof__(realloc) *realloc;
  __typeof__(free) *free;
  __typeof__(memalign) *memalign;
} next = {__libc_malloc, __libc_calloc, __libc_realloc, __libc_free, __libc_memalign};

/* All five, or none: a block goes back to where it came from. */
static void next_find(void) {
  void *m = dlsym(RTLD_NEXT, "malloc"), *c = dlsym(RTLD_NEXT, "calloc"), *r = dlsym(RTLD_NEXT, "realloc"),
       *f = dlsym(RTLD_NEXT, "free"), *a = dlsym(RTLD_NEXT, "memalign");
  if (!m || !c || !r || !f || !a) return;
  next.malloc = (__typeof__(malloc) *)m;
  next.calloc = (__typeof__(calloc) *)c;
  next.realloc = (__typeof__(realloc) *)r;
  next.free = (__typeof__(free) *)f;
  next.memalign = (__typeof__(memalign) *)a;
}

/* Before anything of the program or its libraries has allocated. */
__attribute__((section(".preinit_array"), used)) static void (*const find_first)(void) = next_find;

static inline void *born(void *p, size_t n, uintptr_t pc, uintptr_t fp) {
  if (p) heap_note_new(p, n, pc, fp);
  return p;
}

WEAK void *malloc(size_t n) { return born(next.malloc(n), n, HERE); }
WEAK void *calloc(size_t count, size_t size) { return born(next.calloc(count, size), count * size, HERE); }

WEAK void free(void *p) {
  if (!p) return;
  heap_note_end(p);
  next.free(p);
}

WEAK void *realloc(void *p, size_t n) {
  /* When there is no room the old block lives on, and the profile has lost it: rather that than a block that another
   * thread has got meanwhile. */
  if (p) heap_note_end(p);
  return born(next.realloc(p, n), n, HERE);
}

WEAK void *reallocarray(void *p, size_t count, size_t size) {
  size_t n;
  if (__builtin_mul_overflow(count, size, &n)) {
    errno = ENOMEM;
    return NULL;
  }
  if (p) heap_note_end(p);
  return born(next.realloc(p, n), n, HERE);
}

WEAK void *memalign(size_t a, size_t n) { return born(next.memalign(a, n), n, HERE); }
WEAK void *aligned_alloc(size_t a, size_t n) { return born(next.memalign(a, n), n, HERE); }
WEAK void *valloc(size_t n) { return born(next.memalign(4096, n), n, HERE); }
WEAK void *pvalloc(size_t n) { return born(next.memalign(4096, (n + 4095) & ~(size_t)4095), n, HERE); }

WEAK int posix_memalign(void **out, size_t a, size_t n) {
  if (a % sizeof(void *) != 0 || a == 0 || (a & (a - 1)) != 0) return EINVAL;
  int saved = errno;
  void *p = next.memalign(a, n);
  errno = saved;
  if (!p) return ENOMEM;
  *out = born(p, n, HERE);
  return 0;
}
