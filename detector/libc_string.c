/* Functions on strings: as those on memory; a string's end is read, and written, with it. */

#include "detector/libc.h"

#include <ctype.h>

size_t __gw_i_strlen(const char *s) {
  CALLER();
  size_t n = strlen(s);
  R(s, n + 1);
  return n;
}
size_t __gw_i_strnlen(const char *s, size_t max) {
  CALLER();
  size_t n = strnlen(s, max);
  R(s, least(n + 1, max));
  return n;
}

/* A length or room that nothing limits. */
#define ANY ((size_t)PTRDIFF_MAX)

/* --- comparison ----------------------------------------------------------------------------------------------------
 */

static size_t compared(const char *a, const char *b, size_t n, int (*fold)(int)) {
  size_t i = 0;
  while (i < n && a[i] && (a[i] == b[i] || (fold && fold((unsigned char)a[i]) == fold((unsigned char)b[i])))) i++;
  return least(i + 1, n);
}
#define COMPARE(name, fold)                          \
  int __gw_i_##name(const char *a, const char *b) {  \
    CALLER();                                        \
    size_t used = g ? compared(a, b, ANY, fold) : 0; \
    R(a, used);                                      \
    R(b, used);                                      \
    return name(a, b);                               \
  }
#define COMPARE_N(name, fold)                                 \
  int __gw_i_##name(const char *a, const char *b, size_t n) { \
    CALLER();                                                 \
    size_t used = g ? compared(a, b, n, fold) : 0;            \
    R(a, used);                                               \
    R(b, used);                                               \
    return name(a, b, n);                                     \
  }
COMPARE(strcmp, NULL)
COMPARE(strcasecmp, tolower)
COMPARE_N(strncmp, NULL)
COMPARE_N(strncasecmp, tolower)

/* --- copies --------------------------------------------------------------------------------------------------------
 */

/* `room` is what _FORTIFY_SOURCE knows of the destination. */
static inline void copies(struct race_g *g, char *to, const char *from, size_t room, struct race_at at) {
  size_t n = strlen(from) + 1;
  check_room(n, room);
  R(from, n);
  W(to, n);
}
static inline void copies_n(struct race_g *g, char *to, const char *from, size_t n, size_t room, struct race_at at) {
  check_room(n, room);
  R(from, least(strnlen(from, n) + 1, n));
  W(to, n);
}
/* At most n bytes of `from`, and an end. */
static inline void appends(struct race_g *g, char *to, const char *from, size_t n, size_t room, struct race_at at) {
  size_t had = strlen(to), more = strnlen(from, n);
  check_room(had + more + 1, room);
  R(from, more < n ? more + 1 : n);
  R(to, had + 1);
  W(to + had, more + 1);
}

#define COPY(name)                                                       \
  char *__gw_i_##name(char *to, const char *from) {                      \
    CALLER();                                                            \
    copies(g, to, from, ANY, at);                                        \
    return name(to, from);                                               \
  }                                                                      \
  char *__gw_i___##name##_chk(char *to, const char *from, size_t room) { \
    CALLER();                                                            \
    copies(g, to, from, room, at);                                       \
    return name(to, from);                                               \
  }
#define COPY_N(name, what)                                                         \
  char *__gw_i_##name(char *to, const char *from, size_t n) {                      \
    CALLER();                                                                      \
    what(g, to, from, n, ANY, at);                                                 \
    return name(to, from, n);                                                      \
  }                                                                                \
  char *__gw_i___##name##_chk(char *to, const char *from, size_t n, size_t room) { \
    CALLER();                                                                      \
    what(g, to, from, n, room, at);                                                \
    return name(to, from, n);                                                      \
  }
COPY(strcpy) /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it is what was called */
COPY(stpcpy)
COPY_N(strncpy, copies_n)
COPY_N(stpncpy, copies_n)
COPY_N(strncat, appends)

char *__gw_i_strcat(char *to, const char *from) {
  CALLER();
  appends(g, to, from, ANY, ANY, at);
  return strcat(to, from); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it is what was called */
}
char *__gw_i___strcat_chk(char *to, const char *from, size_t room) {
  CALLER();
  appends(g, to, from, ANY, room, at);
  return strcat(to, from); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it is what was called */
}

static char *duplicate(struct race_g *g, const char *s, size_t n, size_t used, struct race_at at) {
  R(s, used);
  char *copy = heap_malloc(n + 1, at);
  if (!copy) return NULL;
  memcpy(copy, s, n);
  copy[n] = 0;
  return copy;
}
char *__gw_i_strdup(const char *s) {
  CALLER();
  size_t n = strlen(s);
  return duplicate(g, s, n, n + 1, at);
}
char *__gw_i_strndup(const char *s, size_t max) {
  CALLER();
  size_t n = strnlen(s, max);
  return duplicate(g, s, n, n < max ? n + 1 : n, at);
}

/* --- search --------------------------------------------------------------------------------------------------------
 */

#define SEARCH(name)                           \
  char *__gw_i_##name(const char *s, int c) {  \
    CALLER();                                  \
    char *hit = name(s, c);                    \
    R(s, hit ? up_to(s, hit) : strlen(s) + 1); \
    return hit;                                \
  }
/* From the end: all of it. */
#define SEARCH_BACK(name)                     \
  char *__gw_i_##name(const char *s, int c) { \
    CALLER();                                 \
    R_STRING(s);                              \
    return name(s, c);                        \
  }
SEARCH(strchr)
SEARCH(strchrnul)
SEARCH(index)
SEARCH_BACK(strrchr)
SEARCH_BACK(rindex)

#define SEARCH_STRING(name)                              \
  char *__gw_i_##name(const char *s, const char *part) { \
    CALLER();                                            \
    char *hit = name(s, part);                           \
    size_t n = strlen(part);                             \
    R(part, n + 1);                                      \
    R(s, hit ? (size_t)(hit - s) + n : strlen(s) + 1);   \
    return hit;                                          \
  }
SEARCH_STRING(strstr)
SEARCH_STRING(strcasestr)

char *__gw_i_strpbrk(const char *s, const char *set) {
  CALLER();
  char *hit = strpbrk(s, set);
  R_STRING(set);
  R(s, hit ? up_to(s, hit) : strlen(s) + 1);
  return hit;
}
#define SPAN(name)                                       \
  size_t __gw_i_##name(const char *s, const char *set) { \
    CALLER();                                            \
    size_t n = name(s, set);                             \
    R_STRING(set);                                       \
    R(s, n + 1);                                         \
    return n;                                            \
  }
SPAN(strspn)
SPAN(strcspn)

/* --- pieces: the delimiter behind a token is overwritten ------------------------------------------------------------
 */

char *__gw_i_strtok_r(char *restrict s, const char *restrict set, char **restrict rest) {
  CALLER();
  if (!s) R(rest, sizeof *rest);
  char *from = s ? s : *rest;
  R_STRING(set);
  char *token = strtok_r(s, set, rest);
  if (!from) return token; /* the end was reached before */
  char *end = token ? token + strlen(token) : from + strlen(from);
  R(from, up_to(from, end));
  if (token && *rest == end + 1) W(end, 1);
  W(rest, sizeof *rest);
  return token;
}

char *__gw_i_strsep(char **restrict s, const char *restrict set) {
  CALLER();
  R(s, sizeof *s);
  R_STRING(set);
  char *token = strsep(s, set);
  if (!token) return NULL;
  char *end = token + strlen(token);
  R(token, up_to(token, end));
  if (*s) W(end, 1);
  W(s, sizeof *s);
  return token;
}
