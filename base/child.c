/* child.h: the helper process.
 *
 * Both directions go over one socket pair: writing to a socket can be told not to raise SIGPIPE, and the descriptor can
 * be recognised.  The process is made without running fork handlers, and it is nobody's child: one in between starts it
 * and ends.  (A child whose end gives no signal is not enough: executing makes it an ordinary one, for which a program
 * that waits for all its children would wait for ever.)
 *
 * Descriptors are made, moved and closed by system calls: with -race libc's are interposed, and a finding may be told
 * while locks are held that those take.
 */
#define _GNU_SOURCE
#include "base/child.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"
#include "base/prim.h"
#include "base/prim_io.h"

enum { HIGH_FD = 700 /* out of the way of programs that count on low numbers */, ARGS_MAX = 16, STACK_BYTES = 16384 };

/* Where the `godwit` command is: told by the pass, which knows where it was installed; else found on PATH. */
extern const char __gw_cli_path[] __attribute__((weak));

static bool find_command(char *path) {
  const char *told = options_env("GODWIT_CLI");
  if (told && *told && access(told, X_OK) == 0) return snprintf(path, PATH_MAX, "%s", told) < PATH_MAX;
  if (__gw_cli_path && access(__gw_cli_path, X_OK) == 0)
    return snprintf(path, PATH_MAX, "%s", __gw_cli_path) < PATH_MAX;
  const char *at = options_env("PATH");
  while (at && *at) {
    size_t n = strcspn(at, ":");
    int len = snprintf(path, PATH_MAX, "%.*s/godwit", (int)n, at);
    if (n && len < PATH_MAX && access(path, X_OK) == 0) return true;
    at += n + (at[n] == ':');
  }
  return false;
}

struct spawn {
  const char *path;
  char *const *argv, *const *envp;
  int fd;
  char *stack; /* of the two new processes */
};

/* A signal for the whole group, as a key gives it, would run the program's handler here, in its memory: executing takes
 * handlers away too late.  What is ignored stays so. */
static void forget_handlers(void) {
  static const struct prim_handler dfl;
  for (int sig = 1; sig <= 64; sig++) {
    struct prim_handler h = {0};
    syscall(SYS_rt_sigaction, sig, NULL, &h, 8);
    if (h.f && (uintptr_t)h.f != (uintptr_t)SIG_IGN) prim_handler_restore(sig, &dfl);
  }
}

/* The keys' signals stay blocked, as the helper is to outlive them and hasn't said so yet. */
static void unblock_others(void) {
  sigset_t keys;
  sigemptyset(&keys);
  sigaddset(&keys, SIGINT);
  sigaddset(&keys, SIGQUIT);
  sigaddset(&keys, SIGTERM);
  sigaddset(&keys, SIGHUP);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &keys, NULL, 8);
}

/* In the new process, which shares our memory until it executes: system calls only. */
static int executes(void *arg) {
  struct spawn *s = arg;
  syscall(SYS_dup3, s->fd, 0, 0);
  syscall(SYS_dup3, s->fd, 1, 0);
  forget_handlers();
  unblock_others();
  syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
  execve(s->path, s->argv, s->envp);
  syscall(SYS_exit_group, 127);
  return 127;
}

/* In the one between, which waits until the new one executes. */
static int between(void *arg) {
  struct spawn *s = arg;
  return clone(executes, s->stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, s) < 0;
}

/* This process waits until the one between has ended, which gives no signal.  Both begin with all signals blocked. */
static bool spawn(struct spawn *s) {
  int status = 1;
  s->stack = prim_map(2 * STACK_BYTES);
  if (!s->stack) return false;
  uint64_t all = ~UINT64_C(0), mask;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8);
  int pid = clone(between, s->stack + 2 * STACK_BYTES, CLONE_VM | CLONE_VFORK, s);
  if (pid >= 0)
    while (waitpid(pid, &status, __WCLONE) < 0 && errno == EINTR) continue;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
  prim_unmap(s->stack, 2 * STACK_BYTES);
  return status == 0;
}

static bool start(struct child *c, char *const *args) {
  char path[PATH_MAX], *argv[ARGS_MAX] = {path, "symbolize"};
  int pair[2];
  if (!find_command(path)) return false;
  if (prim_sock_pair(pair) != 0) return false;
  int high = prim_fd_above(pair[0], HIGH_FD);
  if (high >= 0) {
    prim_close(pair[0]);
    pair[0] = high;
  }
  for (int i = 0; args[i] && i + 3 < ARGS_MAX; i++) argv[i + 2] = args[i];
  struct spawn s = {.path = path, .argv = argv, .envp = environ, .fd = pair[1]};
  bool started = spawn(&s);
  prim_close(pair[1]);
  if (!started) {
    prim_close(pair[0]);
    return false;
  }
  struct stat st;
  fstat(pair[0], &st);
  c->sock = pair[0];
  c->inode = st.st_ino;
  return true;
}

static bool send_all(int sock, const char *p, size_t n) {
  while (n > 0) {
    int64_t r = prim_sock_send_waiting(sock, p, n);
    if (r == -EINTR) continue;
    if (r <= 0) return false;
    p += r;
    n -= (size_t)r;
  }
  return true;
}

static bool receive(int sock, char *p, size_t n) {
  while (n > 0) {
    int64_t r = prim_read(sock, p, n);
    if (r <= 0) return false;
    p += r;
    n -= (size_t)r;
  }
  return true;
}

/* "N\n" and N bytes. */
static bool receive_answer(int sock, void (*take)(void *arg, const char *part, size_t n), void *arg) {
  size_t n = 0;
  for (char c = 0;;) {
    if (!receive(sock, &c, 1)) return false;
    if (c == '\n') break;
    if (c < '0' || c > '9') return false;
    n = n * 10 + (size_t)(c - '0');
  }
  char part[4096];
  while (n > 0) {
    size_t now = n < sizeof part ? n : sizeof part;
    if (!receive(sock, part, now)) return false;
    take(arg, part, now);
    n -= now;
  }
  return true;
}

static bool still_ours(const struct child *c) {
  struct stat st;
  return c->sock >= 0 && fstat(c->sock, &st) == 0 && st.st_ino == c->inode;
}

static void drop(struct child *c) {
  if (still_ours(c)) prim_close(c->sock);
  c->sock = -1;
}

bool child_runs(const struct child *c) { return still_ours(c); }

bool child_ask(struct child *c, char *const *args, const void *question, size_t n,
               void (*take)(void *arg, const char *part, size_t n), void *arg) {
  if (c->given_up) return false;
  int saved = errno;
  bool ok = (still_ours(c) || start(c, args)) && send_all(c->sock, question, n) && receive_answer(c->sock, take, arg);
  if (!ok) {
    c->given_up = true;
    drop(c);
  }
  errno = saved;
  return ok;
}

void child_forget(struct child *c) {
  drop(c);
  c->given_up = false;
}
