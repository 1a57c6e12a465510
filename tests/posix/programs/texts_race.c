/* As in system_race.c: wide characters, texts, files and folders, the environment, clocks and signals. */
#include "pairs.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <iconv.h>
#include <inttypes.h>
#include <regex.h>
#include <search.h>
#include <signal.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <wchar.h>

static wchar_t wide[32], wide_out[32];
static char text[64], out[64], path[64], template[16];
static mbstate_t state;
static regex_t pattern;
static regmatch_t match[2];
static iconv_t converts;
static char *from, *to;
static size_t from_n, to_n, n;
static int items[4], item, got;
static struct random_data draws;
static struct statfs files;
static glob_t found;
static struct dirent **list;
static DIR *folder;
static struct dirent *entry; /* the first one; it comes to lie there again */
static struct itimerval interval;
static struct itimerspec spec;
static sigset_t signals;
static int timer;
static wchar_t *rest;

#define BYTE(x, i) ((volatile unsigned char *)&(x))[i]
#define LOOK(x) use(BYTE(x, 0))
#define SET(x) (BYTE(x, 0) = 0)
#define WIDE_OUT(i) use(*(volatile wchar_t *)&wide_out[i])
#define OUT(i) use(*(volatile char *)&out[i])

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static void converted(void) {
  from = text, to = out, from_n = 4, to_n = sizeof out;
  MUST(iconv(converts, &from, &from_n, &to, &to_n) == 0); /* RACE 13: write */
}

/* clang-format off */
PAIR(1, use((long)wcslen(wide)), SET(wide[2]))                                         /* RACE 1: read */ /* RACE 1: write */
PAIR(2, wcscpy(wide_out, wide), WIDE_OUT(2))                                           /* RACE 2: write */ /* RACE 2: read */
PAIR(3, use(wcscmp(wide, L"abc")), SET(wide[1]))                                       /* RACE 3: read */ /* RACE 3: write */
PAIR(4, wmemset(wide_out, L'x', 8), WIDE_OUT(7))                                       /* RACE 4: write */ /* RACE 4: read */
PAIR(5, wmemcpy(wide_out, wide, 8), WIDE_OUT(7))                                       /* RACE 5: write */ /* RACE 5: read */
PAIR(6, use((long)mbstowcs(wide_out, text, 8)), WIDE_OUT(3))                           /* RACE 6: write */ /* RACE 6: read */
PAIR(7, use((long)wcstombs(out, wide, 8)), OUT(0))                                     /* RACE 7: write */ /* RACE 7: read */
PAIR(8, use((long)mbrtowc(wide_out, text, 1, &state)), LOOK(state))                    /* RACE 8: write */ /* RACE 8: read */
PAIR(9, use(wcstol(L"12", &rest, 10)), LOOK(rest))                                     /* RACE 9: write */ /* RACE 9: read */
PAIR(10, swprintf(wide_out, 8, L"%d", 12), WIDE_OUT(1))                                /* RACE 10: write */ /* RACE 10: read */
PAIR(11, regexec(&pattern, text, 1, match, 0), LOOK(match[0]))                         /* RACE 11: write */ /* RACE 11: read */
PAIR(12, regexec(&pattern, text, 1, match, 0), SET(text[1]))                           /* RACE 12: read */ /* RACE 12: write */
PAIR(13, converted(), OUT(3))                                                          /* RACE 13: read */
PAIR(14, use(strcoll(text, "b")), SET(text[0]))                                        /* RACE 14: read */ /* RACE 14: write */
PAIR(15, use((long)strxfrm(out, text, 40)), OUT(0))                                    /* RACE 15: write */ /* RACE 15: read */
PAIR(16, use(strtok(strcpy(out, "a b"), " ") != NULL), OUT(1))                         /* RACE 16: write */ /* RACE 16: read */
PAIR(17, use(strtok(NULL, " ") != NULL), use(strtok(NULL, " ") != NULL))               /* RACE 17: write */ /* RACE 17: read */
PAIR(18, use(lsearch(&item, items, &n, sizeof item, compare) != NULL), LOOK(n))        /* RACE 18: write */ /* RACE 18: read */
PAIR(19, random_r(&draws, &got), LOOK(got))                                            /* RACE 19: write */ /* RACE 19: read */
PAIR(20, setenv("HERE", "x", 1), use(getenv("THERE") != NULL))                         /* RACE 20: write */ /* RACE 20: read */
PAIR(21, use(access(path, R_OK)), SET(path[1]))                                        /* RACE 21: read */ /* RACE 21: write */
PAIR(22, use(open(path, O_RDONLY)), SET(path[1]))                                      /* RACE 22: read */ /* RACE 22: write */
PAIR(23, use(rename(path, "/nowhere/at/all")), SET(path[1]))                           /* RACE 23: read */ /* RACE 23: write */
PAIR(24, use(readdir(folder) != NULL), use(*(volatile char *)entry->d_name))              /* RACE 24: write */ /* RACE 24: read */
PAIR(25, statfs("/", &files), LOOK(files))                                             /* RACE 25: write */ /* RACE 25: read */
PAIR(26, glob("/*", 0, NULL, &found), LOOK(found))                                     /* RACE 26: write */ /* RACE 26: read */
PAIR(27, use(scandir("/", &list, NULL, NULL)), LOOK(list))                             /* RACE 27: write */ /* RACE 27: read */
PAIR(28, close(mkstemp(template)), LOOK(template))                                     /* RACE 28: write */ /* RACE 28: read */
PAIR(29, getitimer(ITIMER_REAL, &interval), LOOK(interval))                            /* RACE 29: write */ /* RACE 29: read */
PAIR(30, timerfd_settime(timer, 0, &spec, NULL), SET(spec))                            /* RACE 30: read */ /* RACE 30: write */
PAIR(31, (raise(SIGUSR1), sigwait(&signals, &got)), LOOK(got))                         /* RACE 31: write */ /* RACE 31: read */
PAIR(32, pthread_getname_np(pthread_self(), out, 40), OUT(0))                          /* RACE 32: write */ /* RACE 32: read */
PAIR(33, use((long)strtoimax(text + 10, NULL, 10)), SET(text[10]))                     /* RACE 33: read */ /* RACE 33: write */
/* clang-format on */

#define RUN(n) both(a##n, b##n)
int main(void) {
  static char seed[32];
  for (int i = 0; i < 8; i++) wide[i] = i < 3 ? L'a' + i : 0;
  memcpy(text, "abcd\0\0\0\0\0\00012", 13);
  strcpy(path, "/nowhere"), strcpy(template, "/tmp/gwXXXXXX");
  MUST(regcomp(&pattern, "b(c)", REG_EXTENDED) == 0 && initstate_r(1, seed, sizeof seed, &draws) == 0);
  converts = iconv_open("UTF-8", "ISO-8859-1");
  folder = opendir("/"), timer = timerfd_create(CLOCK_MONOTONIC, 0), item = 3;
  sigemptyset(&signals), sigaddset(&signals, SIGUSR1), pthread_sigmask(SIG_BLOCK, &signals, NULL);
  entry = readdir(folder), rewinddir(folder);
  MUST(converts != (iconv_t)-1 && folder && timer >= 0);
  RUN(1), RUN(2), RUN(3), RUN(4), RUN(5), RUN(6), RUN(7), RUN(8), RUN(9), RUN(10), RUN(11), RUN(12), RUN(13), RUN(14),
      RUN(15), RUN(16), RUN(17), RUN(18), RUN(19), RUN(20), RUN(21), RUN(22), RUN(23), RUN(24), RUN(25), RUN(26),
      RUN(27), RUN(28), RUN(29), RUN(30), RUN(31), RUN(32), RUN(33);
  memcpy(template, "/tmp/gw", 7), unlink(template);
}
