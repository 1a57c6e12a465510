/* NO RACE */
/* Functions of system_race.c on what each thread has for itself, side by side; what is only read is everybody's. */
#include "pairs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

static struct {
  sigset_t set, pending;
  cpu_set_t cpus;
  struct statx file;
  struct termios ways;
  struct in_addr v4; /* the other one's things begin in the same word */
  pid_t child;
} of[2];
static char *arguments[] = {"true", "of both", NULL};
static sigset_t both_block;
static int terminal;

static void work(int i) {
  for (int k = 0; k < 5; k++) {
    sigemptyset(&of[i].set), sigaddset(&of[i].set, SIGUSR1), sigdelset(&of[i].set, SIGUSR2);
    MUST(sigismember(&of[i].set, SIGUSR1) && sigismember(&both_block, SIGUSR2) && sigpending(&of[i].pending) == 0);
    MUST(sched_getaffinity(0, sizeof of[i].cpus, &of[i].cpus) == 0);
    MUST(sched_setaffinity(0, sizeof of[i].cpus, &of[i].cpus) == 0);
    MUST(statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &of[i].file) == 0 && inet_aton("127.0.0.1", &of[i].v4));
    MUST(tcgetattr(terminal, &of[i].ways) == 0 && tcsetattr(terminal, TCSANOW, &of[i].ways) == 0);
    MUST(posix_spawnp(&of[i].child, "true", NULL, NULL, arguments, environ) == 0);
    MUST(waitpid(of[i].child, NULL, 0) == of[i].child);
  }
}
static void first(void) { work(0); }
static void second(void) { work(1); }

int main(void) {
  sigfillset(&both_block);
  terminal = posix_openpt(O_RDWR | O_NOCTTY);
  MUST(terminal >= 0);
  both(first, second);
}
