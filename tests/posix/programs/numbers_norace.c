/* NO RACE */
/* Tables by descriptor need no lock: whoever closes one comes before whoever gets its number next, by whichever call.
 */
#include "pairs.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* glibc declares them with _FORTIFY_SOURCE only. */
int __open_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);

static long used[1024]; /* by number */
static char made[] = "/tmp/godwit-XXXXXX";
static sigset_t signals;
static FILE *file;
static DIR *folder;

static int number(FILE *f) { return f ? fileno(f) : -1; }
static int number_of_folder(DIR *d) { return d ? dirfd(d) : -1; }
static int made_file(void) {
  int fd = mkstemp(made);
  unlink(made);
  return fd;
}

/* One gets a number by `get` and gives it back by `leave`; the other gets it next, by `next`. */
#define NEXT(n, get, leave, next) \
  static int first##n;            \
  static void a##n(void) {        \
    turn_wait(1);                 \
    first##n = get;               \
    used[first##n]++;             \
    leave;                        \
    turn_done();                  \
  }                               \
  static void b##n(void) {        \
    turn_wait(2);                 \
    int fd = next;                \
    MUST(fd == first##n);         \
    used[fd]++;                   \
    turn_done();                  \
  }
#define GIVES(n, next) NEXT(n, open("/dev/null", O_RDONLY), close(first##n), next)
#define TAKES(n, get, leave) NEXT(n, get, leave, open("/dev/null", O_RDONLY))

GIVES(1, __open_2("/dev/null", O_RDONLY))
GIVES(2, __openat_2(AT_FDCWD, "/dev/null", O_RDONLY))
GIVES(3, memfd_create("some", 0))
GIVES(4, timerfd_create(CLOCK_MONOTONIC, 0))
GIVES(5, signalfd(-1, &signals, 0))
GIVES(6, inotify_init1(0))
GIVES(7, made_file())
GIVES(8, number(tmpfile()))
GIVES(9, number(popen("true", "r")))
GIVES(10, number_of_folder(opendir("/")))
GIVES(11, number(freopen("/dev/null", "r", stdin)))
TAKES(12, number(file = popen("true", "r")), pclose(file))
TAKES(13, number_of_folder(folder = opendir("/")), closedir(folder))
TAKES(14, number(file = fopen("/dev/null", "r")), fclose(file))

/* So that no lower number is free: stdin's alone, where that is reopened. */
#define RUN(n) both(a##n, b##n)
int main(void) {
  sigemptyset(&signals);
  RUN(1), RUN(2), RUN(3), RUN(4), RUN(5), RUN(6), RUN(7), RUN(8), RUN(9), RUN(10), RUN(12), RUN(13), RUN(14);
  close(0);
  RUN(11);
}
