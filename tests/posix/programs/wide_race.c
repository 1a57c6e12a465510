/* As in strings_race.c, of wide characters: the other thread touches the last one that the function touches. */
#include "wide.h"

#define TEXT(i) *(volatile wchar_t *)&text[i] = L'z'
#define OUT(i) use(*(volatile wchar_t *)&out[i])
#define BYTE(i) use(*(volatile char *)&bytes[i])
#define SET_BYTE(i) *(volatile char *)&bytes[i] = 'z'
#define LOOK(x) use(*(volatile char *)&(x))

/* clang-format off */
PAIR(1, wcsncpy(out, text, 10), OUT(9))                               /* RACE 1: write */ /* RACE 1: read out[9] */
PAIR(2, (out[1] = 0, wcscat(out, text)), OUT(5))                      /* RACE 2: write */ /* RACE 2: read out[5] */
PAIR(3, (out[1] = 0, wcsncat(out, text, 2)), TEXT(1))                 /* RACE 3: read */ /* RACE 3: write text[1] */
PAIR(4, use((long)wcsspn(text, L"abc")), TEXT(3))                     /* RACE 4: read */ /* RACE 4: write text[3] */
PAIR(5, use((long)wcscspn(text, L"d")), TEXT(3))                      /* RACE 5: read */ /* RACE 5: write text[3] */
PAIR(6, use(wcspbrk(text, L"cb") != NULL), TEXT(1))                   /* RACE 6: read */ /* RACE 6: write text[1] */
PAIR(7, use(wcstok(text, L"c", &rest) != NULL), use(text[2]))         /* RACE 7: write */ /* RACE 7: read text[2] */
PAIR(8, use(wcstok(text, L"c", &rest) != NULL), LOOK(rest))           /* RACE 8: write */ /* RACE 8: read rest */
PAIR(9, use((long)wcstod(text, &rest)), TEXT(0))                      /* RACE 9: read */ /* RACE 9: write text[0] */
PAIR(10, use((long)wcstod(text, &rest)), LOOK(rest))                  /* RACE 10: write */ /* RACE 10: read rest */
PAIR(11, use((long)mbsrtowcs(out, &place, 9, &state)), OUT(4))        /* RACE 11: write */ /* RACE 11: read out[4] */
PAIR(12, use((long)mbsrtowcs(out, &place, 9, &state)), SET_BYTE(4))   /* RACE 12: read */ /* RACE 12: write bytes[4] */
PAIR(13, use((long)mbsrtowcs(out, &place, 9, &state)), LOOK(place))   /* RACE 13: write */ /* RACE 13: read place */
PAIR(14, use((long)mbsrtowcs(out, &place, 9, &state)), LOOK(state))   /* RACE 14: write */ /* RACE 14: read */
PAIR(15, use((long)mbsnrtowcs(out, &place, 2, 9, &state)), OUT(1))    /* RACE 15: write */ /* RACE 15: read out[1] */
PAIR(16, use((long)mbsnrtowcs(NULL, &place, 3, 0, &state)), SET_BYTE(2)) /* RACE 16: read */ /* RACE 16: write bytes[2] */
PAIR(17, use((long)wcsrtombs(bytes, &wide_place, 9, &state)), BYTE(4)) /* RACE 17: write */ /* RACE 17: read bytes[4] */
PAIR(18, use((long)wcsrtombs(bytes, &wide_place, 3, &state)), TEXT(2)) /* RACE 18: read */ /* RACE 18: write text[2] */
PAIR(19, use((long)wcsnrtombs(bytes, &wide_place, 2, 9, &state)), BYTE(1)) /* RACE 19: write */ /* RACE 19: read bytes[1] */
PAIR(20, __wcscpy_chk(out, text, 5), OUT(4))                          /* RACE 20: write */ /* RACE 20: read out[4] */
PAIR(21, __wcscpy_chk(out, text, 5), TEXT(4))                         /* RACE 21: read */ /* RACE 21: write text[4] */
PAIR(22, __wcpcpy_chk(out, text, 5), OUT(4))                          /* RACE 22: write */ /* RACE 22: read out[4] */
PAIR(23, (out[1] = 0, __wcscat_chk(out, text, 6)), OUT(5))            /* RACE 23: write */ /* RACE 23: read out[5] */
PAIR(24, __wcsncpy_chk(out, text, 10, 10), OUT(9))                    /* RACE 24: write */ /* RACE 24: read out[9] */
PAIR(25, __wcpncpy_chk(out, text, 10, 10), OUT(9))                    /* RACE 25: write */ /* RACE 25: read out[9] */
PAIR(26, (out[1] = 0, __wcsncat_chk(out, text, 2, 6)), OUT(3))        /* RACE 26: write */ /* RACE 26: read out[3] */
PAIR(27, __wmemcpy_chk(out, text, 9, 9), OUT(8))                      /* RACE 27: write */ /* RACE 27: read out[8] */
PAIR(28, __wmemmove_chk(out, text, 9, 9), TEXT(8))                    /* RACE 28: read */ /* RACE 28: write text[8] */
PAIR(29, __wmempcpy_chk(out, text, 9, 9), OUT(8))                     /* RACE 29: write */ /* RACE 29: read out[8] */
PAIR(30, __wmemset_chk(out, L'x', 9, 9), OUT(8))                      /* RACE 30: write */ /* RACE 30: read out[8] */
PAIR(31, __swprintf_chk(out, 9, 1, 9, L"%d", 1234), OUT(4))           /* RACE 31: write */ /* RACE 31: read out[4] */
PAIR(32, use((long)__mbstowcs_chk(out, bytes, 9, 9)), OUT(4))         /* RACE 32: write */ /* RACE 32: read out[4] */
PAIR(33, use((long)__wcstombs_chk(bytes, text, 9, 9)), BYTE(4))       /* RACE 33: write */ /* RACE 33: read bytes[4] */
PAIR(34, use((long)__mbsrtowcs_chk(out, &place, 9, &state, 9)), OUT(4)) /* RACE 34: write */ /* RACE 34: read out[4] */
PAIR(35, use((long)__wcsrtombs_chk(bytes, &wide_place, 9, &state, 9)), BYTE(4)) /* RACE 35: write */ /* RACE 35: read bytes[4] */
PAIR(36, use((long)__mbsnrtowcs_chk(out, &place, 2, 9, &state, 9)), OUT(1)) /* RACE 36: write */ /* RACE 36: read out[1] */
PAIR(37, use((long)__wcsnrtombs_chk(bytes, &wide_place, 2, 9, &state, 9)), BYTE(1)) /* RACE 37: write */ /* RACE 37: read bytes[1] */
PAIR(38, use(__wctomb_chk(bytes, L'x', 9)), BYTE(0))                  /* RACE 38: write */ /* RACE 38: read bytes[0] */
PAIR(39, use((long)__wcrtomb_chk(bytes, L'x', &state, 9)), BYTE(0))   /* RACE 39: write */ /* RACE 39: read bytes[0] */
PAIR(40, use(__fgetws_chk(out, 9, 9, zero) != NULL), OUT(0))          /* RACE 40: write */ /* RACE 40: read out[0] */
/* clang-format on */

#define RUN(n) fresh("abcd"), both(a##n, b##n)
int main(void) {
  zero = fopen("/dev/zero", "r");
  MUST(zero);
  RUN(1), RUN(2), RUN(3), RUN(4), RUN(5), RUN(6), RUN(7), RUN(8), RUN(9), RUN(10), RUN(11), RUN(12), RUN(13), RUN(14);
  RUN(15), RUN(16), RUN(17), RUN(18), RUN(19), RUN(20), RUN(21), RUN(22), RUN(23), RUN(24), RUN(25), RUN(26), RUN(27);
  RUN(28), RUN(29), RUN(30), RUN(31), RUN(32), RUN(33), RUN(34), RUN(35), RUN(36), RUN(37), RUN(38), RUN(39), RUN(40);
  fclose(zero);
}
