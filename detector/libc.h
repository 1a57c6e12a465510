/* What the interceptors of memory and string functions share. */
#ifndef GW_DETECTOR_LIBC_H
#define GW_DETECTOR_LIBC_H
#include "detector/posix.h"

/* At the head of an interceptor: who calls, and from where. */
#define CALLER()                   \
  struct race_g *g = posix_self(); \
  const struct race_at at = at_tracked(RACE_HERE())
/* Ranges that the function reads and writes. */
#define R(p, n) posix_read(g, p, n, at)
#define W(p, n) posix_write(g, p, n, at)
/* A string with its end. */
#define R_STRING(s) (g ? R(s, strlen(s) + 1) : (void)0)
/* The same of wide characters. */
#define WIDE(n) ((n) * sizeof(wchar_t))
#define R_WIDE(s) (g ? R(s, WIDE(wcslen(s) + 1)) : (void)0)

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
/* Bytes from s to p, the one at p included. */
static inline size_t up_to(const void *s, const void *p) { return (size_t)((const char *)p - (const char *)s) + 1; }

/* For _FORTIFY_SOURCE's variants. */
static inline void check_room(size_t n, size_t room) {
  if (n > room) __chk_fail();
}

/* libc_stdio.c: what was put into f may go out now; what others wrote to its other end may have come in. */
void stdio_gives(struct race_g *g, const FILE *f);
void stdio_takes(struct race_g *g, const FILE *f);

/* heap_malloc.c: as malloc called from `at`. */
void *heap_malloc(size_t n, struct race_at at);

#endif
