/* Functions on memory: each tells which bytes it reads and writes, as far as its result needs them (a comparison stops
 * at the first difference), and leaves the work to libc. */
#include "detector/libc.h"

#define COPY(name)                                                                 \
  void *__gw_i_##name(void *to, const void *from, size_t n) {                      \
    CALLER();                                                                      \
    R(from, n);                                                                    \
    W(to, n);                                                                      \
    return name(to, from, n);                                                      \
  }                                                                                \
  void *__gw_i___##name##_chk(void *to, const void *from, size_t n, size_t room) { \
    CALLER();                                                                      \
    check_room(n, room);                                                           \
    R(from, n);                                                                    \
    W(to, n);                                                                      \
    return name(to, from, n);                                                      \
  }
COPY(memcpy)
COPY(memmove)
COPY(mempcpy)

/* What compiled code calls for intrinsics: assignments of structs, and the functions of the same name. */
void *__gw_memcpy(void *to, void *from, size_t n) {
  CALLER();
  R(from, n);
  W(to, n);
  return memcpy(to, from, n);
}
void *__gw_memmove(void *to, void *from, size_t n) {
  CALLER();
  R(from, n);
  W(to, n);
  return memmove(to, from, n);
}
void *__gw_memset(void *to, int c, size_t n) {
  CALLER();
  W(to, n);
  return memset(to, c, n);
}

void __gw_i_bcopy(const void *from, void *to, size_t n) {
  CALLER();
  R(from, n);
  W(to, n);
  memmove(to, from, n);
}

void *__gw_i_memccpy(void *to, const void *from, int c, size_t n) {
  CALLER();
  const void *end = memchr(from, c, n);
  size_t copied = end ? up_to(from, end) : n;
  R(from, copied);
  W(to, copied);
  return memccpy(to, from, c, n);
}

void *__gw_i_memset(void *to, int c, size_t n) {
  CALLER();
  W(to, n);
  return memset(to, c, n);
}
void *__gw_i___memset_chk(void *to, int c, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  W(to, n);
  return memset(to, c, n);
}
void __gw_i_explicit_bzero(void *to, size_t n) {
  CALLER();
  W(to, n);
  explicit_bzero(to, n);
}
void __gw_i___explicit_bzero_chk(void *to, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  W(to, n);
  explicit_bzero(to, n);
}
void __gw_i_bzero(void *to, size_t n) {
  CALLER();
  W(to, n);
  memset(to, 0, n);
}

/* How many bytes tell a from b. */
static size_t compared(const unsigned char *a, const unsigned char *b, size_t n) {
  size_t i = 0;
  for (uint64_t x, y; i + 8 <= n; i += 8) {
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    if (x != y) break;
  }
  while (i < n && a[i] == b[i]) i++;
  return least(i + 1, n);
}
#define COMPARE(name)                                         \
  int __gw_i_##name(const void *a, const void *b, size_t n) { \
    CALLER();                                                 \
    size_t used = g ? compared(a, b, n) : 0;                  \
    R(a, used);                                               \
    R(b, used);                                               \
    return memcmp(a, b, n);                                   \
  }
COMPARE(memcmp)
COMPARE(bcmp)

void *__gw_i_memchr(const void *p, int c, size_t n) {
  CALLER();
  void *hit = memchr(p, c, n);
  R(p, hit ? up_to(p, hit) : n);
  return hit;
}
void *__gw_i_memrchr(const void *p, int c, size_t n) {
  CALLER();
  void *hit = memrchr(p, c, n);
  const char *from = hit ? hit : p;
  R(from, n - (size_t)(from - (const char *)p));
  return hit;
}
void *__gw_i_rawmemchr(const void *p, int c) {
  CALLER();
  void *hit = rawmemchr(p, c);
  R(p, up_to(p, hit));
  return hit;
}
void *__gw_i_memmem(const void *p, size_t n, const void *part, size_t part_n) {
  CALLER();
  void *hit = memmem(p, n, part, part_n);
  R(part, part_n);
  R(p, hit ? (size_t)((char *)hit - (const char *)p) + part_n : n);
  return hit;
}

/* The comparator is the program's and reads by itself; what libc moves counts as written whole. */
void __gw_i_qsort(void *p, size_t n, size_t size, int (*less)(const void *, const void *)) {
  CALLER();
  if (n > 1) W(p, n * size);
  qsort(p, n, size, less);
}
void __gw_i_qsort_r(void *p, size_t n, size_t size, int (*less)(const void *, const void *, void *), void *arg) {
  CALLER();
  if (n > 1) W(p, n * size);
  qsort_r(p, n, size, less, arg);
}
