/* A child whose output is collected while it runs, with a limit on its time. */
#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prim.h"

/* An unlinked file, so that no pipe can fill up. */
static int input_file(const char *input) {
  char name[] = "/tmp/godwit-input-XXXXXX";
  int fd = input && *input ? mkostemp(name, O_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || !input || !*input) return fd;
  unlink(name);
  if (prim_write_all(fd, input, strlen(input)) == 0 && lseek(fd, 0, SEEK_SET) == 0) return fd;
  close(fd);
  return -1;
}

static void child(char *const *argv, const char *dir, int in, int out, int err) {
  static const char *const variables[] = {"GODWIT", "GORACE", "GODEBUG", "GOMAXPROCS"};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) unsetenv(variables[i]);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  if (!dir || chdir(dir) == 0) execv(argv[0], argv);
  _exit(127);
}

/* Reads what's there; false at the end. */
static bool drain(int fd, struct buf *b) {
  char chunk[4096];
  ssize_t n = read(fd, chunk, sizeof chunk);
  if (n < 0 && errno == EINTR) return true;
  if (n > 0 && b) buf_add(b, chunk, (size_t)n);
  return n > 0;
}

static void collect(pid_t pid, int out, int err, struct buf *out_buf, struct buf *err_buf, int seconds) {
  struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
  struct buf *bufs[2] = {out_buf, err_buf};
  int64_t end = prim_now() + (int64_t)seconds * 1000000000;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    int64_t left_ms = (end - prim_now()) / 1000000;
    if (left_ms <= 0 || (poll(fds, 2, (int)left_ms) == 0)) {
      kill(pid, SIGKILL);
      return;
    }
    for (int i = 0; i < 2; i++)
      if (fds[i].fd >= 0 && fds[i].revents && !drain(fds[i].fd, bufs[i])) fds[i].fd = -1;
  }
}

int spawn(char *const *argv, const char *dir, const char *input, struct buf *out, struct buf *err, int seconds) {
  int in = input_file(input), o[2], e[2];
  if (in < 0) return -1;
  if (pipe2(o, O_CLOEXEC) != 0) return close(in), -1;
  if (pipe2(e, O_CLOEXEC) != 0) return close(in), close(o[0]), close(o[1]), -1;
  pid_t pid = fork();
  if (pid == 0) child(argv, dir, in, o[1], e[1]);
  close(in), close(o[1]), close(e[1]);
  int status = -1;
  if (pid > 0) {
    collect(pid, o[0], e[0], out, err, seconds);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  }
  close(o[0]), close(e[0]);
  return status;
}

void spawn_describe(struct buf *b, int status) {
  if (status < 0)
    buf_str(b, "can't be started");
  else if (WIFSIGNALED(status))
    buf_format(b, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    buf_format(b, "exit status %d", WEXITSTATUS(status));
}
