/* NO RACE */
/* The functions of texts_race.c on what each thread has for itself, and side by side in one array; readers of one text.
 */
#include "pairs.h"

#include <dirent.h>
#include <iconv.h>
#include <regex.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <wchar.h>

static struct {
  wchar_t wide[5];
  char text[7], end;
} of[2];
static regex_t pattern;
static const char *const shared = "abcd";

static void work(int i) {
  for (int k = 0; k < 20; k++) {
    MUST(mbstowcs(of[i].wide, shared, 5) == 4);
    of[i].text[0] = (char)wcslen(of[i].wide);
    MUST(wcstombs(of[i].text, of[i].wide, 5) == 4 && wcscmp(of[i].wide, L"abcd") == 0);
    of[i].end = 1;
    regmatch_t match[2];
    MUST(regexec(&pattern, shared, 2, match, 0) == 0 && match[1].rm_so == 2);
    char *rest, mine[] = "a,b", *from = of[i].text, *to = mine;
    use(strtok_r(mine, ",", &rest) == mine && getenv("HOME") != NULL);
    size_t n = 3, m = 3;
    iconv_t c = iconv_open("UTF-8", "ISO-8859-1");
    MUST(iconv(c, &from, &n, &to, &m) == 0 && iconv_close(c) == 0);
    DIR *d = opendir("/");
    MUST(d && readdir(d) && closedir(d) == 0);
  }
}
static void first(void) { work(0); }
static void second(void) { work(1); }

/* A segment where another one was. */
static char *place;
static void attaches(uint32_t turn) {
  turn_wait(turn);
  int id = shmget(IPC_PRIVATE, 4096, 0600);
  char *p = shmat(id, place, 0);
  MUST(p != (char *)-1 && (!place || p == place));
  shmctl(id, IPC_RMID, NULL);
  p[100]++;
  shmdt(p);
  turn_done();
}
static void attaches_first(void) { attaches(1); }
static void attaches_then(void) { attaches(2); }

int main(void) {
  MUST(regcomp(&pattern, "b(c)", REG_EXTENDED) == 0);
  both(first, second);
  regfree(&pattern);
  int id = shmget(IPC_PRIVATE, 4096, 0600);
  place = shmat(id, NULL, 0);
  MUST(place != (char *)-1 && shmdt(place) == 0 && shmctl(id, IPC_RMID, NULL) == 0);
  both(attaches_first, attaches_then);
}
