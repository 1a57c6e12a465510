/* Wide characters: strings, memory, numbers and stdio.  As with bytes, a string's end is read, and written, with it. */
#include "detector/libc.h"

static inline size_t wide_up_to(const wchar_t *s, const wchar_t *p) { return WIDE((size_t)(p - s) + 1); }

/* --- strings -------------------------------------------------------------------------------------------------------
 */

size_t __gw_i_wcslen(const wchar_t *s) {
  CALLER();
  size_t n = wcslen(s);
  R(s, WIDE(n + 1));
  return n;
}
size_t __gw_i_wcsnlen(const wchar_t *s, size_t max) {
  CALLER();
  size_t n = wcsnlen(s, max);
  R(s, WIDE(least(n + 1, max)));
  return n;
}

static size_t compared(const wchar_t *a, const wchar_t *b, size_t n) {
  size_t i = 0;
  while (i < n && a[i] && a[i] == b[i]) i++;
  return WIDE(least(i + 1, n));
}
int __gw_i_wcscmp(const wchar_t *a, const wchar_t *b) {
  CALLER();
  size_t used = compared(a, b, SIZE_MAX / sizeof *a);
  R(a, used);
  R(b, used);
  return wcscmp(a, b);
}
int __gw_i_wcsncmp(const wchar_t *a, const wchar_t *b, size_t n) {
  CALLER();
  size_t used = compared(a, b, n);
  R(a, used);
  R(b, used);
  return wcsncmp(a, b, n);
}

/* `room`, in characters, is what _FORTIFY_SOURCE knows of the destination, as in libc_string.c. */
#define ANY ((size_t)PTRDIFF_MAX / sizeof(wchar_t))

static inline void copies(struct race_g *g, wchar_t *to, const wchar_t *from, size_t room, struct race_at at) {
  size_t n = wcslen(from) + 1;
  check_room(n, room);
  R(from, WIDE(n));
  W(to, WIDE(n));
}
static inline void copies_n(struct race_g *g, wchar_t *to, const wchar_t *from, size_t n, size_t room,
                            struct race_at at) {
  check_room(n, room);
  R(from, WIDE(least(wcsnlen(from, n) + 1, n)));
  W(to, WIDE(n));
}
static inline void appends(struct race_g *g, wchar_t *to, const wchar_t *from, size_t n, size_t room,
                           struct race_at at) {
  size_t had = wcslen(to), more = wcsnlen(from, n);
  check_room(had + more + 1, room);
  R(from, WIDE(more < n ? more + 1 : n));
  R(to, WIDE(had + 1));
  W(to + had, WIDE(more + 1));
}
static inline void appends_all(struct race_g *g, wchar_t *to, const wchar_t *from, size_t room, struct race_at at) {
  appends(g, to, from, ANY, room, at);
}

#define COPY(name, what)                                                          \
  wchar_t *__gw_i_##name(wchar_t *to, const wchar_t *from) {                      \
    CALLER();                                                                     \
    what(g, to, from, ANY, at);                                                   \
    return name(to, from);                                                        \
  }                                                                               \
  wchar_t *__gw_i___##name##_chk(wchar_t *to, const wchar_t *from, size_t room) { \
    CALLER();                                                                     \
    what(g, to, from, room, at);                                                  \
    return name(to, from);                                                        \
  }
#define COPY_N(name, what)                                                                  \
  wchar_t *__gw_i_##name(wchar_t *to, const wchar_t *from, size_t n) {                      \
    CALLER();                                                                               \
    what(g, to, from, n, ANY, at);                                                          \
    return name(to, from, n);                                                               \
  }                                                                                         \
  wchar_t *__gw_i___##name##_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room) { \
    CALLER();                                                                               \
    what(g, to, from, n, room, at);                                                         \
    return name(to, from, n);                                                               \
  }
COPY(wcscpy, copies)
COPY(wcpcpy, copies)
COPY(wcscat, appends_all)
COPY_N(wcsncpy, copies_n)
COPY_N(wcpncpy, copies_n)
COPY_N(wcsncat, appends)

wchar_t *__gw_i_wcsdup(const wchar_t *s) {
  CALLER();
  size_t n = WIDE(wcslen(s) + 1);
  R(s, n);
  wchar_t *copy = heap_malloc(n, at);
  return copy ? memcpy(copy, s, n) : NULL;
}

wchar_t *__gw_i_wcschr(const wchar_t *s, wchar_t c) {
  CALLER();
  wchar_t *hit = wcschr(s, c);
  R(s, hit ? wide_up_to(s, hit) : WIDE(wcslen(s) + 1));
  return hit;
}
wchar_t *__gw_i_wcsrchr(const wchar_t *s, wchar_t c) {
  CALLER();
  R_WIDE(s);
  return wcsrchr(s, c);
}
wchar_t *__gw_i_wcsstr(const wchar_t *s, const wchar_t *part) {
  CALLER();
  wchar_t *hit = wcsstr(s, part);
  size_t n = wcslen(part);
  R(part, WIDE(n + 1));
  R(s, hit ? WIDE((size_t)(hit - s) + n) : WIDE(wcslen(s) + 1));
  return hit;
}

wchar_t *__gw_i_wcspbrk(const wchar_t *s, const wchar_t *set) {
  CALLER();
  wchar_t *hit = wcspbrk(s, set);
  R_WIDE(set);
  R(s, hit ? wide_up_to(s, hit) : WIDE(wcslen(s) + 1));
  return hit;
}
#define SPAN(name)                                             \
  size_t __gw_i_##name(const wchar_t *s, const wchar_t *set) { \
    CALLER();                                                  \
    size_t n = name(s, set);                                   \
    R_WIDE(set);                                               \
    R(s, WIDE(n + 1));                                         \
    return n;                                                  \
  }
SPAN(wcsspn)
SPAN(wcscspn)

/* The delimiter behind a token is overwritten. */
wchar_t *__gw_i_wcstok(wchar_t *restrict s, const wchar_t *restrict set, wchar_t **restrict rest) {
  CALLER();
  if (!s) R(rest, sizeof *rest);
  wchar_t *from = s ? s : *rest;
  R_WIDE(set);
  wchar_t *token = wcstok(s, set, rest);
  W(rest, sizeof *rest);
  if (!from) return token; /* the end was reached before */
  wchar_t *end = token ? token + wcslen(token) : from + wcslen(from);
  R(from, wide_up_to(from, end));
  if (token && *rest == end + 1) W(end, sizeof *end);
  return token;
}

/* --- memory --------------------------------------------------------------------------------------------------------
 */

static inline void moves(struct race_g *g, wchar_t *to, const wchar_t *from, size_t n, size_t room, struct race_at at) {
  check_room(n, room);
  R(from, WIDE(n));
  W(to, WIDE(n));
}
COPY_N(wmemcpy, moves)
COPY_N(wmemmove, moves)
COPY_N(wmempcpy, moves)
wchar_t *__gw_i_wmemset(wchar_t *to, wchar_t c, size_t n) {
  CALLER();
  W(to, WIDE(n));
  return wmemset(to, c, n);
}
wchar_t *__gw_i___wmemset_chk(wchar_t *to, wchar_t c, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  W(to, WIDE(n));
  return wmemset(to, c, n);
}
wchar_t *__gw_i_wmemchr(const wchar_t *s, wchar_t c, size_t n) {
  CALLER();
  wchar_t *hit = wmemchr(s, c, n);
  R(s, hit ? wide_up_to(s, hit) : WIDE(n));
  return hit;
}
int __gw_i_wmemcmp(const wchar_t *a, const wchar_t *b, size_t n) {
  CALLER();
  size_t i = 0;
  while (i < n && a[i] == b[i]) i++;
  R(a, WIDE(least(i + 1, n)));
  R(b, WIDE(least(i + 1, n)));
  return wmemcmp(a, b, n);
}

/* --- numbers and stdio ---------------------------------------------------------------------------------------------
 */

#define NUMBER(type, name)                                                              \
  type __gw_i_##name(const wchar_t *restrict s, wchar_t **restrict end_out, int base) { \
    CALLER();                                                                           \
    wchar_t *end;                                                                       \
    type value = name(s, &end, base);                                                   \
    R(s, wide_up_to(s, end));                                                           \
    if (end_out) W(end_out, sizeof *end_out), *end_out = end;                           \
    return value;                                                                       \
  }
NUMBER(long, wcstol)
NUMBER(long long, wcstoll)
NUMBER(unsigned long, wcstoul)
NUMBER(unsigned long long, wcstoull)
NUMBER(long, __isoc23_wcstol)
NUMBER(long long, __isoc23_wcstoll)
NUMBER(unsigned long, __isoc23_wcstoul)
NUMBER(unsigned long long, __isoc23_wcstoull)
#define REAL(type, name)                                                      \
  type __gw_i_##name(const wchar_t *restrict s, wchar_t **restrict end_out) { \
    CALLER();                                                                 \
    wchar_t *end;                                                             \
    type value = name(s, &end);                                               \
    R(s, wide_up_to(s, end));                                                 \
    if (end_out) W(end_out, sizeof *end_out), *end_out = end;                 \
    return value;                                                             \
  }
REAL(double, wcstod)
REAL(float, wcstof)
REAL(long double, wcstold)

static wchar_t *got_line(struct race_g *g, wchar_t *line, FILE *f, struct race_at at) {
  stdio_takes(g, f);
  if (line) W(line, WIDE(wcslen(line) + 1));
  return line;
}
wchar_t *__gw_i_fgetws(wchar_t *restrict to, int n, FILE *restrict f) {
  CALLER();
  return got_line(g, fgetws(to, n, f), f, at);
}
wchar_t *__gw_i___fgetws_chk(wchar_t *restrict to, size_t room, int n, FILE *restrict f) {
  CALLER();
  check_room((size_t)n, room);
  return got_line(g, fgetws(to, n, f), f, at);
}
int __gw_i_fputws(const wchar_t *restrict s, FILE *restrict f) {
  CALLER();
  R_WIDE(s);
  stdio_gives(g, f);
  return fputws(s, f);
}
/* Of what they print, the format alone is looked at. */
static int prints(struct race_g *g, wchar_t *to, size_t n, const wchar_t *f, va_list ap, struct race_at at) {
  R_WIDE(f);
  int r = vswprintf(to, n, f, ap);
  if (r >= 0) W(to, WIDE((size_t)r + 1));
  return r;
}
int __gw_i_vswprintf(wchar_t *restrict to, size_t n, const wchar_t *restrict f, va_list ap) {
  CALLER();
  return prints(g, to, n, f, ap, at);
}
int __gw_i___vswprintf_chk(wchar_t *restrict to, size_t n, int flag, size_t room, const wchar_t *restrict f,
                           va_list ap) {
  CALLER();
  (void)flag;
  check_room(n, room);
  return prints(g, to, n, f, ap, at);
}
int __gw_i_swprintf(wchar_t *restrict to, size_t n, const wchar_t *restrict f, ...) {
  CALLER();
  va_list ap;
  va_start(ap, f);
  int r = prints(g, to, n, f, ap, at);
  va_end(ap);
  return r;
}
int __gw_i___swprintf_chk(wchar_t *restrict to, size_t n, int flag, size_t room, const wchar_t *restrict f, ...) {
  CALLER();
  (void)flag;
  check_room(n, room);
  va_list ap;
  va_start(ap, f);
  int r = prints(g, to, n, f, ap, at);
  va_end(ap);
  return r;
}
