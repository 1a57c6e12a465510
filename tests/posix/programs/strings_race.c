/* One thread calls a function, the other then touches the last byte that the function touches. */
#include "strings.h"

static FILE *null, *zero;
static int same(const void *a, const void *b) { return a == NULL && b != NULL; }

#define TEXT(i) *(volatile char *)&text[i] = 'z'
#define OUT(i) use(*(volatile char *)&out[i])

/* clang-format off */
PAIR(1, memcpy(out, text, 9), TEXT(8))                        /* RACE 1: read */ /* RACE 1: write text[8] */
PAIR(2, memcpy(out, text, 9), OUT(8))                         /* RACE 2: write */ /* RACE 2: read out[8] */
PAIR(3, memmove(out, text, 9), OUT(8))                        /* RACE 3: write */ /* RACE 3: read */
PAIR(4, memset(out, 0, 17), OUT(16))                          /* RACE 4: write */ /* RACE 4: read */
PAIR(5, use(memcmp(text, "abX", 3)), TEXT(2))                 /* RACE 5: read */ /* RACE 5: write */
PAIR(6, use(memchr(text, 'd', 9) != NULL), TEXT(3))           /* RACE 6: read */ /* RACE 6: write */
PAIR(7, use(memchr(text, '?', 9) != NULL), TEXT(8))           /* RACE 7: read */ /* RACE 7: write */
PAIR(8, use((long)strlen(text)), TEXT(8))                     /* RACE 8: read */ /* RACE 8: write */
PAIR(9, use(strcmp(text, "abcX")), TEXT(3))                   /* RACE 9: read */ /* RACE 9: write */
PAIR(10, use(strncmp(text, "abcdefgh!", 4)), TEXT(3))         /* RACE 10: read */ /* RACE 10: write */
PAIR(11, strcpy(out, text), TEXT(8))                          /* RACE 11: read */ /* RACE 11: write */
PAIR(12, strcpy(out, text), OUT(8))                           /* RACE 12: write */ /* RACE 12: read */
PAIR(13, strncpy(out, text, 20), OUT(19))                     /* RACE 13: write */ /* RACE 13: read */
PAIR(14, (out[1] = 0, strcat(out, text)), OUT(9))             /* RACE 14: write */ /* RACE 14: read */
PAIR(15, use(strchr(text, '?') != NULL), TEXT(8))             /* RACE 15: read */ /* RACE 15: write */
PAIR(16, use(strrchr(text, 'a') != NULL), TEXT(8))            /* RACE 16: read */ /* RACE 16: write */
PAIR(17, use(strstr(text, "gh") != NULL), TEXT(7))            /* RACE 17: read */ /* RACE 17: write */
PAIR(18, free(strdup(text)), TEXT(8))                         /* RACE 18: read */ /* RACE 18: write */
PAIR(19, snprintf(out, 5, "%s", text), OUT(4))                /* RACE 19: write */ /* RACE 19: read */
PAIR(20, snprintf(out, 60, "%d %s", 1, text), TEXT(8))        /* RACE 20: read */ /* RACE 20: write */
PAIR(21, sprintf(out, "%d", 1234), OUT(4))                    /* RACE 21: write */ /* RACE 21: read */
PAIR(22, use(atoi(text)), TEXT(0))                            /* RACE 22: read */ /* RACE 22: write */
PAIR(23, use(*strtok_r(text, "d", &save)), TEXT(2))           /* RACE 23: read */ /* RACE 23: write */
PAIR(24, fwrite(text, 3, 3, null), TEXT(8))                   /* RACE 24: read */ /* RACE 24: write */
PAIR(25, fputs(text, null), TEXT(8))                          /* RACE 25: read */ /* RACE 25: write */
PAIR(26, fprintf(null, "%5d %s", 1, text), TEXT(8))           /* RACE 26: read */ /* RACE 26: write */
PAIR(27, fread(out, 4, 5, zero), OUT(19))                     /* RACE 27: write */ /* RACE 27: read */
PAIR(28, qsort(text, 9, 1, same), TEXT(8))                    /* RACE 28: write */ /* RACE 28: write */

/* clang-format on */

#define RUN(n) fresh("abcdefgh", 9), both(a##n, b##n);
int main(void) {
  null = fopen("/dev/null", "w");
  zero = fopen("/dev/zero", "r");
  MUST(null && zero);
  RUN(1)
  RUN(2)
  RUN(3)
  RUN(4)
  RUN(5)
  RUN(6)
  RUN(7)
  RUN(8)
  RUN(9)
  RUN(10)
  RUN(11)
  RUN(12)
  RUN(13)
  RUN(14)
  RUN(15)
  RUN(16)
  RUN(17)
  RUN(18)
  RUN(19)
  RUN(20)
  RUN(21)
  RUN(22)
  RUN(23)
  RUN(24)
  RUN(25)
  RUN(26)
  RUN(27)
  RUN(28)
  fclose(null);
  fclose(zero);
}
