/* Wide characters: strings, memory, and what converts between them and bytes.  As with bytes, a string's end is read,
 * and written, with it. */
#include "detector/libc.h"

#define WIDE(n) ((n) * sizeof(wchar_t))
#define R_WIDE(s) (g ? R(s, WIDE(wcslen(s) + 1)) : (void)0)

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

#define COPY(name)                                           \
  wchar_t *__gw_i_##name(wchar_t *to, const wchar_t *from) { \
    CALLER();                                                \
    size_t n = WIDE(wcslen(from) + 1);                       \
    R(from, n);                                              \
    W(to, n);                                                \
    return name(to, from);                                   \
  }
COPY(wcscpy)
COPY(wcpcpy)
#define COPY_N(name)                                                   \
  wchar_t *__gw_i_##name(wchar_t *to, const wchar_t *from, size_t n) { \
    CALLER();                                                          \
    R(from, WIDE(least(wcsnlen(from, n) + 1, n)));                     \
    W(to, WIDE(n));                                                    \
    return name(to, from, n);                                          \
  }
COPY_N(wcsncpy)
COPY_N(wcpncpy)

static void appends(struct race_g *g, wchar_t *to, const wchar_t *from, size_t n, struct race_at at) {
  size_t had = wcslen(to), more = wcsnlen(from, n);
  R(from, WIDE(more < n ? more + 1 : n));
  R(to, WIDE(had + 1));
  W(to + had, WIDE(more + 1));
}
wchar_t *__gw_i_wcscat(wchar_t *to, const wchar_t *from) {
  CALLER();
  appends(g, to, from, SIZE_MAX / sizeof *from, at);
  return wcscat(to, from);
}
wchar_t *__gw_i_wcsncat(wchar_t *to, const wchar_t *from, size_t n) {
  CALLER();
  appends(g, to, from, n, at);
  return wcsncat(to, from, n);
}

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

/* --- memory --------------------------------------------------------------------------------------------------------
 */

#define MOVE(name)                                                     \
  wchar_t *__gw_i_##name(wchar_t *to, const wchar_t *from, size_t n) { \
    CALLER();                                                          \
    R(from, WIDE(n));                                                  \
    W(to, WIDE(n));                                                    \
    return name(to, from, n);                                          \
  }
MOVE(wmemcpy)
MOVE(wmemmove)
MOVE(wmempcpy)
wchar_t *__gw_i_wmemset(wchar_t *to, wchar_t c, size_t n) {
  CALLER();
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

/* --- from bytes and back -------------------------------------------------------------------------------------------
 */

size_t __gw_i_mbstowcs(wchar_t *to, const char *from, size_t n) {
  CALLER();
  R_STRING(from);
  size_t r = mbstowcs(to, from, n);
  if (to && r != (size_t)-1) W(to, WIDE(least(r + 1, n)));
  return r;
}
size_t __gw_i_wcstombs(char *to, const wchar_t *from, size_t n) {
  CALLER();
  R_WIDE(from);
  size_t r = wcstombs(to, from, n);
  if (to && r != (size_t)-1) W(to, least(r + 1, n));
  return r;
}
int __gw_i_mbtowc(wchar_t *to, const char *from, size_t n) {
  CALLER();
  int r = mbtowc(to, from, n);
  if (from && r >= 0) R(from, r ? (size_t)r : 1);
  if (from && to && r >= 0) W(to, sizeof *to);
  return r;
}
int __gw_i_wctomb(char *to, wchar_t c) {
  CALLER();
  int r = wctomb(to, c);
  if (to && r > 0) W(to, (size_t)r);
  return r;
}
/* What is known of an unfinished character lies in the state, which may be libc's own. */
size_t __gw_i_mbrtowc(wchar_t *restrict to, const char *restrict from, size_t n, mbstate_t *restrict state) {
  CALLER();
  size_t r = mbrtowc(to, from, n, state);
  if (state) W(state, sizeof *state);
  if (from && (ssize_t)r >= 0) R(from, r ? r : 1);
  if (from && to && (ssize_t)r >= 0) W(to, sizeof *to);
  return r;
}
size_t __gw_i_wcrtomb(char *restrict to, wchar_t c, mbstate_t *restrict state) {
  CALLER();
  size_t r = wcrtomb(to, c, state);
  if (state) W(state, sizeof *state);
  if (to && (ssize_t)r > 0) W(to, r);
  return r;
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

wchar_t *__gw_i_fgetws(wchar_t *restrict to, int n, FILE *restrict f) {
  CALLER();
  wchar_t *line = fgetws(to, n, f);
  stdio_takes(g, f);
  if (line) W(line, WIDE(wcslen(line) + 1));
  return line;
}
int __gw_i_fputws(const wchar_t *restrict s, FILE *restrict f) {
  CALLER();
  R_WIDE(s);
  stdio_gives(g, f);
  return fputws(s, f);
}
/* Of what it prints, the format alone is looked at. */
int __gw_i_vswprintf(wchar_t *restrict to, size_t n, const wchar_t *restrict f, va_list ap) {
  CALLER();
  R_WIDE(f);
  int r = vswprintf(to, n, f, ap);
  if (r >= 0) W(to, WIDE((size_t)r + 1));
  return r;
}
int __gw_i_swprintf(wchar_t *restrict to, size_t n, const wchar_t *restrict f, ...) {
  CALLER();
  R_WIDE(f);
  va_list ap;
  va_start(ap, f);
  int r = vswprintf(to, n, f, ap);
  va_end(ap);
  if (r >= 0) W(to, WIDE((size_t)r + 1));
  return r;
}
