/* The printf family: the strings that %s prints are read, what %n stores and the result's buffer are written. */
#include "detector/libc.h"

enum length { INT, LONG, LONG_LONG, LONG_DOUBLE };

static const char *skip_flags(const char *f) {
  while (*f && strchr("-+ #0'I", *f)) f++;
  return f;
}

/* A width or precision: digits, or an int argument.  NULL if arguments are taken by position: then all is left alone.
 */
static const char *number(const char *f, int *value, va_list *ap) {
  if (*f == '*') {
    *value = va_arg(*ap, int);
    return f[1] >= '0' && f[1] <= '9' ? NULL : f + 1;
  }
  for (*value = 0; *f >= '0' && *f <= '9'; f++) *value = *value * 10 + (*f - '0');
  return *f == '$' ? NULL : f;
}

static const char *length(const char *f, enum length *out) {
  *out = INT;
  for (;; f++) {
    switch (*f) {
      case 'h':
        break;
      case 'l':
        *out = *out == LONG ? LONG_LONG : LONG;
        break;
      case 'q':
        *out = LONG_LONG;
        break;
      case 'L':
        *out = LONG_DOUBLE;
        break;
      case 'j':
      case 'z':
      case 'Z':
      case 't':
        *out = LONG;
        break;
      default:
        return f;
    }
  }
}

static void string(struct race_g *g, const char *s, int precision, struct race_at at) {
  if (!s) return;
  size_t max = precision < 0 ? SIZE_MAX : (size_t)precision;
  R(s, least(strnlen(s, max) + 1, max));
}

/* Its precision would be in bytes of the result: then we don't know how far libc looks. */
static void wide_string(struct race_g *g, const wchar_t *s, int precision, struct race_at at) {
  if (s && precision < 0) R(s, (wcslen(s) + 1) * sizeof *s);
}

/* Takes one conversion's argument; false for one that we don't know. */
static bool argument(struct race_g *g, char conversion, enum length len, int precision, va_list *ap,
                     struct race_at at) {
  switch (conversion) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
    case 'c':
      if (len == INT) /* NOLINT(bugprone-branch-clone): of different sizes */
        (void)va_arg(*ap, int);
      else
        (void)va_arg(*ap, long long);
      return true;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
      if (len == LONG_DOUBLE) /* NOLINT(bugprone-branch-clone): of different sizes */
        (void)va_arg(*ap, long double);
      else
        (void)va_arg(*ap, double);
      return true;
    case 's':
      if (len == INT)
        string(g, va_arg(*ap, char *), precision, at);
      else
        wide_string(g, va_arg(*ap, wchar_t *), precision, at);
      return true;
    case 'p':
      (void)va_arg(*ap, void *);
      return true;
    case 'n':
      W(va_arg(*ap, void *), len == INT ? sizeof(int) : sizeof(long));
      return true;
    default:
      return conversion == '%' || conversion == 'm';
  }
}

static void arguments(struct race_g *g, const char *f, va_list args, struct race_at at) {
  if (!g) return;
  va_list ap;
  va_copy(ap, args);
  while ((f = strchr(f, '%')) != NULL) {
    int width, precision = -1;
    enum length len;
    f = number(skip_flags(f + 1), &width, &ap);
    if (f && *f == '.') f = number(f + 1, &precision, &ap);
    if (!f) break;
    f = length(f, &len);
    if (!*f || !argument(g, *f, len, precision, &ap, at)) break;
    f++;
  }
  va_end(ap);
}

/* --- to files ------------------------------------------------------------------------------------------------------
 */

static int to_file(struct race_g *g, FILE *file, const char *f, va_list ap, struct race_at at) {
  arguments(g, f, ap, at);
  stdio_gives(g, file);
  return vfprintf(file, f, ap);
}
static int to_descriptor(struct race_g *g, int fd, const char *f, va_list ap, struct race_at at) {
  arguments(g, f, ap, at);
  if (g) fd_release(g, fd);
  return vdprintf(fd, f, ap);
}

/* Each variadic function after the one that takes a va_list; `lead` are the parameters before the format. */
#define PARAMS(...) __VA_ARGS__
#define FORMATTED(name, vname, params, work)             \
  int __gw_i_##vname(params const char *f, va_list ap) { \
    CALLER();                                            \
    return work;                                         \
  }                                                      \
  int __gw_i_##name(params const char *f, ...) {         \
    CALLER();                                            \
    va_list ap;                                          \
    va_start(ap, f);                                     \
    int r = work;                                        \
    va_end(ap);                                          \
    return r;                                            \
  }
FORMATTED(printf, vprintf, PARAMS(), to_file(g, stdout, f, ap, at))
FORMATTED(fprintf, vfprintf, PARAMS(FILE *file, ), to_file(g, file, f, ap, at))
FORMATTED(__printf_chk, __vprintf_chk, PARAMS(int flag, ), ((void)flag, to_file(g, stdout, f, ap, at)))
FORMATTED(__fprintf_chk, __vfprintf_chk, PARAMS(FILE *file, int flag, ), ((void)flag, to_file(g, file, f, ap, at)))

FORMATTED(dprintf, vdprintf, PARAMS(int fd, ), to_descriptor(g, fd, f, ap, at))
FORMATTED(__dprintf_chk, __vdprintf_chk, PARAMS(int fd, int flag, ), ((void)flag, to_descriptor(g, fd, f, ap, at)))

/* --- to memory -----------------------------------------------------------------------------------------------------
 */

static int to_memory(struct race_g *g, char *to, size_t n, const char *f, va_list ap, struct race_at at) {
  arguments(g, f, ap, at);
  int r = vsnprintf(to, n, f, ap);
  if (r >= 0 && n > 0) W(to, least((size_t)r + 1, n));
  return r;
}
static int to_room(struct race_g *g, char *to, size_t n, size_t room, const char *f, va_list ap, struct race_at at) {
  check_room(n, room);
  return to_memory(g, to, n, f, ap, at);
}
/* vsprintf has no bound but the room, if that is known. */
static int unbounded(struct race_g *g, char *to, size_t room, const char *f, va_list ap, struct race_at at) {
  arguments(g, f, ap, at);
  int r = room == SIZE_MAX ? vsprintf(to, f, ap) : vsnprintf(to, room, f, ap);
  if (r >= 0) {
    check_room((size_t)r + 1, room);
    W(to, (size_t)r + 1);
  }
  return r;
}
FORMATTED(snprintf, vsnprintf, PARAMS(char *to, size_t n, ), to_memory(g, to, n, f, ap, at))
FORMATTED(sprintf, vsprintf, PARAMS(char *to, ), unbounded(g, to, SIZE_MAX, f, ap, at))
FORMATTED(__snprintf_chk, __vsnprintf_chk, PARAMS(char *to, size_t n, int flag, size_t room, ),
          ((void)flag, to_room(g, to, n, room, f, ap, at)))
FORMATTED(__sprintf_chk, __vsprintf_chk, PARAMS(char *to, int flag, size_t room, ),
          ((void)flag, unbounded(g, to, room, f, ap, at)))

/* --- to new memory -------------------------------------------------------------------------------------------------
 */

static int to_heap(struct race_g *g, char **out, const char *f, va_list ap, struct race_at at) {
  va_list again;
  va_copy(again, ap);
  arguments(g, f, ap, at);
  int n = vsnprintf(NULL, 0, f, again);
  va_end(again);
  W(out, sizeof *out);
  *out = n >= 0 ? heap_malloc((size_t)n + 1, at) : NULL;
  return *out ? vsnprintf(*out, (size_t)n + 1, f, ap) : -1;
}
FORMATTED(asprintf, vasprintf, PARAMS(char **out, ), to_heap(g, out, f, ap, at))
FORMATTED(__asprintf_chk, __vasprintf_chk, PARAMS(char **out, int flag, ), ((void)flag, to_heap(g, out, f, ap, at)))
