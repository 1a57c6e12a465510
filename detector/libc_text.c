/* Texts in other hands: patterns, character sets, collation, and generators of numbers, whose state is the caller's. */
#include "detector/libc.h"

int __gw_i_regcomp(regex_t *restrict p, const char *restrict text, int flags) {
  CALLER();
  R_STRING(text);
  W(p, sizeof *p);
  return regcomp(p, text, flags);
}
/* Declared by its bound, which compilers want to see again. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"
int __gw_i_regexec(const regex_t *restrict p, const char *restrict s, size_t n, regmatch_t m[_Restrict_arr_ n],
                   int flags) {
  CALLER();
  R(p, sizeof *p);
  if (flags & REG_STARTEND)
    R(s + m[0].rm_so, (size_t)(m[0].rm_eo - m[0].rm_so));
  else
    R_STRING(s);
  int r = regexec(p, s, n, m, flags);
  if (r == 0 && m && !p->no_sub) W(m, n * sizeof *m);
  return r;
}
#pragma GCC diagnostic pop
void __gw_i_regfree(regex_t *p) {
  CALLER();
  W(p, sizeof *p);
  regfree(p);
}
size_t __gw_i_regerror(int err, const regex_t *restrict p, char *restrict to, size_t n) {
  CALLER();
  size_t r = regerror(err, p, to, n);
  if (n) W(to, least(r, n));
  return r;
}

size_t __gw_i_iconv(iconv_t c, char **restrict in, size_t *restrict in_left, char **restrict out,
                    size_t *restrict out_left) {
  CALLER();
  const char *from = in ? *in : NULL;
  char *to = out ? *out : NULL;
  size_t r = iconv(c, in, in_left, out, out_left);
  if (from) {
    R(from, (size_t)(*in - from));
    W(in, sizeof *in);
    W(in_left, sizeof *in_left);
  }
  if (to) {
    W(to, (size_t)(*out - to));
    W(out, sizeof *out);
    W(out_left, sizeof *out_left);
  }
  return r;
}

int __gw_i_strcoll(const char *a, const char *b) {
  CALLER();
  R_STRING(a);
  R_STRING(b);
  return strcoll(a, b);
}
size_t __gw_i_strxfrm(char *restrict to, const char *restrict from, size_t n) {
  CALLER();
  R_STRING(from);
  size_t r = strxfrm(to, from, n);
  if (r < n) W(to, r + 1);
  return r;
}
int __gw_i_strverscmp(const char *a, const char *b) {
  CALLER();
  R_STRING(a);
  R_STRING(b);
  return strverscmp(a, b);
}

/* The elements that the program's function looks at, it reads by itself; one that is added is copied. */
void *__gw_i_lsearch(const void *key, void *base, size_t *n, size_t size, int (*same)(const void *, const void *)) {
  CALLER();
  size_t had = *n;
  R(n, sizeof *n);
  void *hit = lsearch(key, base, n, size, same);
  if (*n == had) return hit;
  R(key, size);
  W(hit, size);
  W(n, sizeof *n);
  return hit;
}

#define DRAWS(name, state_type, result_type)                             \
  int __gw_i_##name(state_type *restrict s, result_type *restrict out) { \
    CALLER();                                                            \
    W(s, sizeof *s);                                                     \
    W(out, sizeof *out);                                                 \
    return name(s, out);                                                 \
  }
DRAWS(random_r, struct random_data, int32_t)
DRAWS(drand48_r, struct drand48_data, double)
DRAWS(lrand48_r, struct drand48_data, long)
DRAWS(mrand48_r, struct drand48_data, long)
