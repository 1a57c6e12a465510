/* A shared mapping isn't copied: the child writes what another thread reads, or wrote, beside the fork. */
#include "pairs.h"

#include <sys/mman.h>
#include <sys/wait.h>

static long *shared;

static void a1(void) {
  turn_wait(1);
  use(shared[0]); /* RACE 1: read */
  shared[1] = 1;  /* RACE 2: write */
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    shared[0] = 1; /* RACE 1: write */
    shared[1] = 2; /* RACE 2: write */
    _exit(0);
  }
  int status;
  MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
  if (WEXITSTATUS(status)) _exit(WEXITSTATUS(status));
}

int main(void) {
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  MUST(shared != MAP_FAILED);
  both(a1, b1);
}
