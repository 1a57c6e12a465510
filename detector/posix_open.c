/* Calls that give out descriptors or take them back: a close happens before whoever gets the number next, so that
 * tables by descriptor need no lock of their own, as in the kernel's. */
#include "detector/posix.h"

static void named(const char *path, struct race_at at) {
  struct race_g *g = posix_self();
  if (g) posix_read(g, path, strlen(path) + 1, at);
}

static int opened(int fd) {
  struct race_g *g = fd >= 0 ? posix_self() : NULL;
  if (g) fd_opened(g, fd);
  return fd;
}

static int copied(int from, int to) {
  opened(to);
  if (to >= 0 && posix_self()) fd_copied(from, to);
  return to;
}

static int two_opened(int r, int *fds, struct race_at at) {
  struct race_g *g = r == 0 ? posix_self() : NULL;
  if (!g) return r;
  posix_write(g, fds, 2 * sizeof *fds, at);
  fd_opened(g, fds[0]);
  fd_opened(g, fds[1]);
  return r;
}

static int pipe_opened(int r, int *fds, struct race_at at) {
  two_opened(r, fds, at);
  for (int i = 0; r == 0 && posix_self() && i < 2; i++) {
    fd_set_role(fds[i], PEER_PIPE);
    fd_find_out(fds[i]);
  }
  return r;
}

#define MODE(flags)                                                \
  ({                                                               \
    mode_t mode = 0;                                               \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
      va_list ap;                                                  \
      va_start(ap, flags);                                         \
      mode = va_arg(ap, mode_t);                                   \
      va_end(ap);                                                  \
    }                                                              \
    mode;                                                          \
  })
int __gw_i_open(const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return opened(gw__real.open(path, flags, MODE(flags)));
}
int __gw_i_open64(const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return opened(gw__real.open64(path, flags, MODE(flags)));
}
int __gw_i_openat(int at, const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return opened(gw__real.openat(at, path, flags, MODE(flags)));
}
int __gw_i_openat64(int at, const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return opened(gw__real.openat64(at, path, flags, MODE(flags)));
}
int __gw_i_creat(const char *path, mode_t mode) { return opened(gw__real.creat(path, mode)); }
int __gw_i_creat64(const char *path, mode_t mode) { return opened(gw__real.creat64(path, mode)); }
int __gw_i_socket(int domain, int type, int protocol) { return opened(gw__real.socket(domain, type, protocol)); }

static int accepted(int listener, int fd) {
  opened(fd);
  if (fd >= 0 && posix_self()) peer_accepted(listener, fd);
  return fd;
}
int __gw_i_accept(int fd, struct sockaddr *a, socklen_t *n) {
  socklen_t room = a && n ? *n : 0;
  int r = accepted(fd, gw__real.accept(fd, a, n));
  if (r >= 0 && room) posix_address(a, n, room, RACE_HERE());
  return r;
}
int __gw_i_accept4(int fd, struct sockaddr *a, socklen_t *n, int flags) {
  socklen_t room = a && n ? *n : 0;
  int r = accepted(fd, gw__real.accept4(fd, a, n, flags));
  if (r >= 0 && room) posix_address(a, n, room, RACE_HERE());
  return r;
}
int __gw_i_listen(int fd, int backlog) {
  bool seen = posix_self() != NULL;
  if (seen) peer_listens(fd);
  int r = gw__real.listen(fd, backlog);
  if (seen && r == 0) peer_listens(fd);
  return r;
}
int __gw_i_connect(int fd, const struct sockaddr *to, socklen_t n) {
  bool seen = posix_self() != NULL;
  if (seen) posix_read(posix_self(), to, n, RACE_HERE());
  if (seen) peer_connecting();
  int r = gw__real.connect(fd, to, n);
  if (seen) peer_connected(fd);
  return r;
}
int __gw_i_eventfd(unsigned value, int flags) { return opened(gw__real.eventfd(value, flags)); }
int __gw_i_epoll_create(int size) { return opened(gw__real.epoll_create(size)); }
int __gw_i_epoll_create1(int flags) { return opened(gw__real.epoll_create1(flags)); }
int __gw_i_pipe(int fds[2]) { return pipe_opened(gw__real.pipe(fds), fds, RACE_HERE()); }
int __gw_i_pipe2(int fds[2], int flags) { return pipe_opened(gw__real.pipe2(fds, flags), fds, RACE_HERE()); }

int __gw_i_socketpair(int domain, int type, int protocol, int fds[2]) {
  int r = two_opened(gw__real.socketpair(domain, type, protocol, fds), fds, RACE_HERE());
  if (r == 0 && posix_self()) fd_pair(fds[0], fds[1]);
  return r;
}

static void closing(int fd) {
  struct race_g *g = posix_self();
  if (g) fd_closing(g, fd);
}

int __gw_i_close(int fd) {
  closing(fd);
  return gw__real.close(fd);
}

int __gw_i_dup(int fd) { return copied(fd, gw__real.dup(fd)); }

/* What `to` named is closed, unless it is the same. */
int __gw_i_dup2(int fd, int to) {
  if (fd != to) closing(to);
  int r = gw__real.dup2(fd, to);
  return fd != to ? copied(fd, r) : r;
}
int __gw_i_dup3(int fd, int to, int flags) {
  if (fd != to) closing(to);
  return copied(fd, gw__real.dup3(fd, to, flags));
}

#define FCNTL(name)                                                                      \
  int __gw_i_##name(int fd, int command, ...) {                                          \
    va_list ap;                                                                          \
    va_start(ap, command);                                                               \
    void *arg = va_arg(ap, void *); /* an int or a pointer, as the system call has it */ \
    va_end(ap);                                                                          \
    int r = gw__real.name(fd, command, arg);                                             \
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, r) : r;         \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

FILE *__gw_i_fopen(const char *path, const char *mode) {
  named(path, RACE_HERE());
  FILE *f = gw__real.fopen(path, mode);
  if (f) opened(fileno(f));
  return f;
}
FILE *__gw_i_fopen64(const char *path, const char *mode) {
  named(path, RACE_HERE());
  FILE *f = gw__real.fopen64(path, mode);
  if (f) opened(fileno(f));
  return f;
}
int __gw_i_fclose(FILE *f) {
  if (fileno(f) >= 0) closing(fileno(f));
  return gw__real.fclose(f);
}
