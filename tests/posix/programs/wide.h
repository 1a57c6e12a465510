/* Wide texts and a buffer for calls of string functions, set anew for each; and what _FORTIFY_SOURCE makes of them,
 * which glibc declares to no others. */
#ifndef GW_TEST_WIDE_H
#define GW_TEST_WIDE_H
#include "pairs.h"

#include <wchar.h>

enum { WIDE_N = 32 };
static wchar_t text[WIDE_N], out[WIDE_N];
static char bytes[WIDE_N];
static USED const char *place;
static USED const wchar_t *wide_place;
static USED wchar_t *rest;
static USED mbstate_t state;
static USED FILE *zero;

wchar_t *__wcscpy_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcpcpy_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcscat_chk(wchar_t *to, const wchar_t *from, size_t room);
wchar_t *__wcsncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wcpncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wcsncat_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemmove_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmempcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t room);
wchar_t *__wmemset_chk(wchar_t *to, wchar_t c, size_t n, size_t room);
wchar_t *__fgetws_chk(wchar_t *to, size_t room, int n, FILE *f);
int __swprintf_chk(wchar_t *to, size_t n, int flag, size_t room, const wchar_t *format, ...);
size_t __mbstowcs_chk(wchar_t *to, const char *from, size_t n, size_t room);
size_t __wcstombs_chk(char *to, const wchar_t *from, size_t n, size_t room);
size_t __mbsrtowcs_chk(wchar_t *to, const char **from, size_t n, mbstate_t *s, size_t room);
size_t __wcsrtombs_chk(char *to, const wchar_t **from, size_t n, mbstate_t *s, size_t room);
size_t __mbsnrtowcs_chk(wchar_t *to, const char **from, size_t most, size_t n, mbstate_t *s, size_t room);
size_t __wcsnrtombs_chk(char *to, const wchar_t **from, size_t most, size_t n, mbstate_t *s, size_t room);
int __wctomb_chk(char *to, wchar_t c, size_t room);
size_t __wcrtomb_chk(char *to, wchar_t c, mbstate_t *s, size_t room);

/* The text is `in`, its end, and then z's; out is z's, the bytes are `in` again. */
static void fresh(const char *in) {
  volatile wchar_t *t = text, *o = out;
  volatile char *b = bytes;
  for (size_t i = 0; i < WIDE_N; i++) t[i] = b[i] = i <= strlen(in) ? in[i] : 'z', o[i] = L'z';
  place = bytes, wide_place = text;
}

#endif
