/* NO RACE */
/* One thread calls a function, the other writes all bytes but those that the function may touch. */
#include "strings.h"

#include <arpa/inet.h>
#include <sys/random.h>

static int number;
static struct tm day = {.tm_mday = 1, .tm_year = 99};
static size_t text_n, out_n; /* bytes of text and out that belong to the caller */

static void write_beside(void) {
  volatile char *t = text, *o = out;
  for (size_t i = text_n; i < sizeof text; i++) t[i] = 'z';
  for (size_t i = out_n; i < sizeof out; i++) o[i] = 'z';
}

static void run(const char *in, size_t n, size_t used_out, void (*call)(void)) {
  fresh(in, n);
  text_n = n;
  out_n = used_out;
  both(call, write_beside);
}

/* What is in text, how many bytes of it and of out the call touches, the call. */
/* clang-format off */
#define CALLS(X)                                                                  \
  X("abc", 3, 3, memcpy(out, text, 3))                                            \
  X("abc", 3, 3, memmove(out, text, 3))                                           \
  X("abc", 3, 3, mempcpy(out, text, 3))                                           \
  X("abc", 2, 2, memccpy(out, text, 'b', 10))                                     \
  X("", 0, 5, memset(out, 1, 5))                                                  \
  X("abX", 3, 0, use(memcmp(text, "abcdefgh", 8)))                                \
  X("abc", 3, 0, use(memchr(text, 'c', 20) != NULL))                              \
  X("abc", 3, 0, use(memrchr(text, 'a', 3) != NULL))                              \
  X("abcd", 4, 0, use(memmem(text, 4, "cd", 2) != NULL))                          \
  X("abc", 4, 0, use((long)strlen(text)))                                         \
  X("abc", 3, 0, use((long)strnlen(text, 3)))                                     \
  X("abX", 3, 0, use(strcmp(text, "abcdef")))                                     \
  X("abc", 3, 0, use(strncmp(text, "abcdef", 3)))                                 \
  X("abX", 3, 0, use(strcasecmp(text, "ABcdef")))                                 \
  X("abc", 3, 0, use(strncasecmp(text, "ABCdef", 3)))                             \
  X("abc", 4, 4, strcpy(out, text))                                               \
  X("abc", 4, 4, stpcpy(out, text))                                               \
  X("abc", 3, 3, strncpy(out, text, 3))                                           \
  X("abc", 4, 7, strncpy(out, text, 7))                                           \
  X("abc", 4, 6, (out[0] = 'x', out[1] = 'y', out[2] = 0, strcat(out, text)))     \
  X("ab", 2, 4, (out[0] = 'x', out[1] = 0, strncat(out, text, 2)))                \
  X("abc", 3, 0, use(strchr(text, 'c') != NULL))                                  \
  X("abc", 4, 0, use(strrchr(text, 'b') != NULL))                                 \
  X("abc", 3, 0, use(*strchrnul(text, 'c')))                                      \
  X("abc", 3, 0, use(strstr(text, "bc") != NULL))                                 \
  X("abc", 3, 0, use(strpbrk(text, "xyc") != NULL))                               \
  X("abX", 3, 0, use((long)strspn(text, "ab")))                                   \
  X("abX", 3, 0, use((long)strcspn(text, "X")))                                   \
  X("123x", 4, 0, use(strtol(text, NULL, 10)))                                    \
  X("77 ", 3, 0, use(atoi(text)))                                                 \
  X("1.5x", 4, 0, use((long)strtod(text, NULL)))                                  \
  X("abc", 4, 4, snprintf(out, 4, "%s%d", text, 5))                               \
  X("ab", 2, 3, snprintf(out, sizeof out, "%.*s", 2, text))                       \
  X("", 0, 3, sprintf(out, "%d", 42))                                             \
  X("abc", 3, 0, free(strndup(text, 3)))                                          \
  X("ab,cd", 3, 0, use(*strtok_r(text, ",", &save)))                              \
  X("ab,", 3, 0, (save = text, use(*strsep(&save, ","))))                         \
  X("12x", 4, 0, use(sscanf(text, "%d", &number)))                                \
  X("ab cd", 6, 3, use(sscanf(text, "%9s", out)))                                 \
  X("abcd", 5, 2, use(sscanf(text, "%2c%*s", out)))                               \
  X("ab1", 4, 3, use(sscanf(text, "%[a-z]%d", out, &number)))                     \
  X("x", 2, 0, use(sscanf(text, "%d", (int *)(void *)out)))                       \
  X("", 0, 5, use((long)strftime(out, 60, "%Y", &day)))                           \
  X("1999x", 4, 0, use(strptime(text, "%Y", &day) != NULL))                       \
  X("/", 2, 2, use(realpath(text, out) != NULL))                                  \
  X("127.0.0.1", 10, 4, use(inet_pton(AF_INET, text, out)))                       \
  X("\0\0\0", 4, 8, use(inet_ntop(AF_INET, text, out, 60) != NULL))                     \
  X("", 0, 5, use(getrandom(out, 5, 0)))
/* clang-format on */

/* Calls are numbered in the order of the table. */
enum { FIRST = __COUNTER__ };
#define SWITCH_CASE(in, n, used, ...) \
  case __COUNTER__ - FIRST - 1:       \
    (void)(__VA_ARGS__);              \
    break;
static int which;
static void call(void) {
  switch (which) { CALLS(SWITCH_CASE) }
}

int main(void) {
#define RUN(in, n, used, ...) run(in, n, used, call), which++;
  CALLS(RUN)
}
