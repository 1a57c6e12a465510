/* NO RACE */
/* One thread calls a function, the other writes all but what the function may touch. */
#include "wide.h"

static size_t text_n, out_n, bytes_n; /* what belongs to the caller */

static void write_beside(void) {
  volatile wchar_t *t = text, *o = out;
  volatile char *b = bytes;
  for (size_t i = text_n; i < WIDE_N; i++) t[i] = L'z';
  for (size_t i = out_n; i < WIDE_N; i++) o[i] = L'z';
  for (size_t i = bytes_n; i < WIDE_N; i++) b[i] = 'z';
}

/* What is in the text and the bytes; how much of it, of out and of the bytes the call touches; the call. */
/* clang-format off */
#define CALLS(X)                                                                            \
  X("abc", 3, 3, 0, wmemcpy(out, text, 3))                                                  \
  X("abc", 4, 4, 0, wcscpy(out, text))                                                      \
  X("abc", 3, 3, 0, wcsncpy(out, text, 3))                                                  \
  X("abc", 4, 5, 0, (out[1] = 0, wcscat(out, text)))                                        \
  X("abc", 2, 4, 0, (out[1] = 0, wcsncat(out, text, 2)))                                    \
  X("aab", 3, 0, 0, use((long)wcsspn(text, L"a")))                                          \
  X("aab", 3, 0, 0, use((long)wcscspn(text, L"b")))                                         \
  X("abc", 2, 0, 0, use(wcspbrk(text, L"b") != NULL))                                       \
  X("a,b", 2, 0, 0, use(wcstok(text, L",", &rest) == text))                                 \
  X("1.5x", 4, 0, 0, MUST(wcstod(text, NULL) == 1.5))                                       \
  X("abc", 0, 4, 4, MUST(mbstowcs(out, bytes, 9) == 3))                                     \
  X("abc", 0, 4, 4, MUST(mbsrtowcs(out, &place, 9, &state) == 3 && !place))                 \
  X("abc", 0, 2, 2, MUST(mbsrtowcs(out, &place, 2, &state) == 2 && place == bytes + 2))     \
  X("abc", 0, 0, 4, MUST(mbsrtowcs(NULL, &place, 0, &state) == 3 && place == bytes))        \
  X("abc", 0, 2, 2, MUST(mbsnrtowcs(out, &place, 2, 9, &state) == 2))                       \
  X("abc", 0, 0, 2, MUST(mbsnrtowcs(NULL, &place, 2, 0, &state) == 2))                      \
  X("abc", 4, 0, 4, MUST(wcsrtombs(bytes, &wide_place, 9, &state) == 3 && !wide_place))     \
  X("abc", 2, 0, 2, MUST(wcsrtombs(bytes, &wide_place, 2, &state) == 2))                    \
  X("abc", 2, 0, 2, MUST(wcsnrtombs(bytes, &wide_place, 2, 9, &state) == 2))                \
  X("abc", 2, 0, 0, MUST(wcsnrtombs(NULL, &wide_place, 2, 0, &state) == 2))                 \
  X("abc", 4, 4, 0, __wcscpy_chk(out, text, 4))                                             \
  X("abc", 4, 4, 0, MUST(__wcpcpy_chk(out, text, 4) == out + 3))                            \
  X("abc", 4, 5, 0, (out[1] = 0, __wcscat_chk(out, text, 5)))                               \
  X("abc", 3, 3, 0, __wcsncpy_chk(out, text, 3, 3))                                         \
  X("abc", 3, 3, 0, MUST(__wcpncpy_chk(out, text, 3, 3) == out + 3))                        \
  X("abc", 2, 4, 0, (out[1] = 0, __wcsncat_chk(out, text, 2, 4)))                           \
  X("abc", 3, 3, 0, __wmemcpy_chk(out, text, 3, 3))                                         \
  X("abc", 3, 3, 0, __wmemmove_chk(out, text, 3, 3))                                        \
  X("abc", 3, 3, 0, MUST(__wmempcpy_chk(out, text, 3, 3) == out + 3))                       \
  X("", 0, 3, 0, __wmemset_chk(out, L'x', 3, 3))                                            \
  X("", 0, 3, 0, MUST(__swprintf_chk(out, 9, 1, 9, L"%d", 12) == 2))                        \
  X("abc", 0, 4, 4, MUST(__mbstowcs_chk(out, bytes, 9, 9) == 3))                            \
  X("abc", 4, 0, 4, MUST(__wcstombs_chk(bytes, text, 9, 9) == 3))                           \
  X("abc", 0, 4, 4, MUST(__mbsrtowcs_chk(out, &place, 9, &state, 9) == 3))                  \
  X("abc", 4, 0, 4, MUST(__wcsrtombs_chk(bytes, &wide_place, 9, &state, 9) == 3))           \
  X("abc", 0, 2, 2, MUST(__mbsnrtowcs_chk(out, &place, 2, 9, &state, 9) == 2))              \
  X("abc", 2, 0, 2, MUST(__wcsnrtombs_chk(bytes, &wide_place, 2, 9, &state, 9) == 2))       \
  X("", 0, 0, 1, MUST(__wctomb_chk(bytes, L'x', 9) == 1))                                   \
  X("", 0, 0, 1, MUST(__wcrtomb_chk(bytes, L'x', &state, 9) == 1))
/* clang-format on */

/* Calls are numbered in the order of the table. */
enum { FIRST = __COUNTER__ };
#define SWITCH_CASE(in, t, o, b, ...) \
  case __COUNTER__ - FIRST - 1:       \
    (void)(__VA_ARGS__);              \
    break;
static int which;
static void call(void) {
  switch (which) { CALLS(SWITCH_CASE) }
}

static void run(const char *in, size_t t, size_t o, size_t b) {
  fresh(in);
  text_n = t, out_n = o, bytes_n = b;
  both(call, write_beside);
  which++;
}

int main(void) {
#define RUN(in, t, o, b, ...) run(in, t, o, b);
  CALLS(RUN)
}
