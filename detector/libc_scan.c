/* The scanf family: the format and, from strings, the text are read, what was converted is written. */
#include "detector/libc.h"

/* One conversion, as it stands in a format. */
struct conversion {
  bool stores;    /* no `*` */
  bool allocates; /* `m`, and GNU's `a` */
  int width;      /* 0: none */
  char length;    /* the last of its modifiers; 'H' for hh, 'q' for ll */
  char kind;
};

static const char *set_end(const char *f) {
  if (*f == '^') f++;
  if (*f == ']') f++;
  while (*f && *f != ']') f++;
  return f;
}

/* What follows a `%`; NULL if arguments are taken by position, or it makes no sense: then all else is left alone. */
static const char *parse(const char *f, struct conversion *c) {
  *c = (struct conversion){.stores = true};
  if (*f == '*') {
    c->stores = false;
    f++;
  }
  while (*f == '\'' || *f == 'I') f++;
  for (; *f >= '0' && *f <= '9'; f++) c->width = c->width * 10 + (*f - '0');
  if (*f == '$') return NULL;
  if (*f == 'm') {
    c->allocates = true;
    f++;
  }
  for (; *f && strchr("hlqLjzt", *f); f++) c->length = *f == c->length ? (*f == 'h' ? 'H' : 'q') : *f;
  c->kind = *f;
  if (!c->kind) return NULL;
  return *f == '[' ? set_end(f + 1) : f;
}

static size_t integer_size(char length) {
  switch (length) {
    case 'H':
      return sizeof(char);
    case 'h':
      return sizeof(short);
    case 0:
      return sizeof(int);
    default:
      return sizeof(long); /* and long long, intmax_t, size_t, ptrdiff_t */
  }
}

static size_t real_size(char length) {
  return length == 'L' || length == 'q' ? sizeof(long double) : length == 'l' ? sizeof(double) : sizeof(float);
}

/* Bytes that were stored at p; 0 for one that we don't know. */
static size_t stored(const struct conversion *c, const void *p) {
  if (c->allocates) return sizeof(char *);
  const bool wide = c->length == 'l' || c->kind == 'S' || c->kind == 'C';
  switch (c->kind) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
    case 'n':
      return integer_size(c->length);
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return real_size(c->length);
    case 's':
    case 'S':
    case '[':
      return wide ? (wcslen(p) + 1) * sizeof(wchar_t) : strlen(p) + 1;
    case 'c':
    case 'C':
      return (c->width ? (size_t)c->width : 1) * (wide ? sizeof(wchar_t) : 1);
    case 'p':
      return sizeof(void *);
    default:
      return 0;
  }
}

/* `n` conversions were stored; `%n` isn't one of those that are counted. */
static void results(struct race_g *g, const char *f, int n, va_list args, struct race_at at) {
  va_list ap;
  va_copy(ap, args);
  while ((f = strchr(f, '%')) != NULL) {
    struct conversion c;
    f = parse(f + 1, &c);
    if (!f) break;
    if (c.kind != '%' && c.stores) {
      if (c.kind != 'n' && n-- <= 0) break;
      void *p = va_arg(ap, void *);
      size_t size = stored(&c, p);
      if (!size) break;
      W(p, size);
    }
    f++;
  }
  va_end(ap);
}

static int scanned(struct race_g *g, int n, const char *f, va_list ap, struct race_at at) {
  if (!g) return n;
  R_STRING(f);
  if (n > 0) results(g, f, n, ap, at);
  return n;
}

/* `real` is libc's function of the same dialect; glibc looks for the end of a text before all else. */
#define SCANNED(name, vname, params, before, real, after) \
  int __gw_i_##vname(params const char *f, va_list ap) {  \
    CALLER();                                             \
    before;                                               \
    va_list again;                                        \
    va_copy(again, ap);                                   \
    int n = scanned(g, real, f, again, at);               \
    after;                                                \
    va_end(again);                                        \
    return n;                                             \
  }                                                       \
  int __gw_i_##name(params const char *f, ...) {          \
    CALLER();                                             \
    before;                                               \
    va_list ap, again;                                    \
    va_start(ap, f);                                      \
    va_copy(again, ap);                                   \
    int n = scanned(g, real, f, again, at);               \
    after;                                                \
    va_end(again);                                        \
    va_end(ap);                                           \
    return n;                                             \
  }
#define PARAMS(...) __VA_ARGS__
#define DIALECT(pre)                                                                                          \
  SCANNED(pre##scanf, pre##vscanf, PARAMS(), , pre##vscanf(f, ap), stdio_takes(g, stdin))                     \
  SCANNED(pre##fscanf, pre##vfscanf, PARAMS(FILE *file, ), , pre##vfscanf(file, f, ap), stdio_takes(g, file)) \
  SCANNED(pre##sscanf, pre##vsscanf, PARAMS(const char *s, ), R_STRING(s), pre##vsscanf(s, f, ap), )
/* GNU's own, in which `a` before s, S or [ allocates as `m` does, is left alone: few programs get it. */
DIALECT(__isoc99_)
DIALECT(__isoc23_)
