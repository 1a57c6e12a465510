/* Runs a command and writes what it cost: `measure FILE COMMAND [ARG...]`.
 *
 * FILE gets one line: wait status, user and system time in microseconds, peak resident set in KiB.  A process of its
 * own does this because a child's peak begins at the resident set of the process that it was forked from: below that of
 * an interpreter nothing could be measured.  SIGTERM is left to the command: a server ends by it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125, CANNOT_RUN = 127 };

static int fail(const char *what, int status) {
  fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
  return status;
}

static long long microseconds(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char **argv) {
  struct rusage usage;
  int status;
  if (argc < 3) {
    fprintf(stderr, "usage: measure FILE COMMAND [ARG...]\n");
    return FAILED;
  }
  pid_t child = fork();
  if (child < 0) return fail("fork", FAILED);
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(fail(argv[2], CANNOT_RUN));
  }
  signal(SIGTERM, SIG_IGN);
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return fail("wait4", FAILED);
  }
  FILE *f = fopen(argv[1], "w");
  if (!f) return fail(argv[1], FAILED);
  fprintf(f, "%d %lld %lld %ld\n", status, microseconds(usage.ru_utime), microseconds(usage.ru_stime), usage.ru_maxrss);
  return fclose(f) == 0 ? 0 : fail(argv[1], FAILED);
}
