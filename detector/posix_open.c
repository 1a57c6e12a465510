/* Calls that give out descriptors or take them back: a close happens before whoever gets the number next, so that
 * tables by descriptor need no lock of their own, as in the kernel's. */
#include "detector/posix.h"

static void named(const char *path, struct race_at at) {
  struct race_g *g = posix_self();
  if (g) posix_read(g, path, strlen(path) + 1, at);
}

int posix_opened(int fd) {
  struct race_g *g = fd >= 0 ? posix_self() : NULL;
  if (g) fd_opened(g, fd);
  return fd;
}

static int copied(int from, int to) {
  posix_opened(to);
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
  return posix_opened(gw__real.open(path, flags, MODE(flags)));
}
int __gw_i_open64(const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return posix_opened(gw__real.open64(path, flags, MODE(flags)));
}
int __gw_i_openat(int at, const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return posix_opened(gw__real.openat(at, path, flags, MODE(flags)));
}
int __gw_i_openat64(int at, const char *path, int flags, ...) {
  named(path, RACE_HERE());
  return posix_opened(gw__real.openat64(at, path, flags, MODE(flags)));
}
int __gw_i_creat(const char *path, mode_t mode) { return posix_opened(gw__real.creat(path, mode)); }
int __gw_i_creat64(const char *path, mode_t mode) { return posix_opened(gw__real.creat64(path, mode)); }
/* What _FORTIFY_SOURCE makes of an open whose flags it doesn't know. */
#define OPEN_2(name, params, arguments)  \
  int __gw_i_##name params {             \
    named(path, RACE_HERE());            \
    return posix_opened(name arguments); \
  }
OPEN_2(__open_2, (const char *path, int flags), (path, flags))
OPEN_2(__open64_2, (const char *path, int flags), (path, flags))
OPEN_2(__openat_2, (int at, const char *path, int flags), (at, path, flags))
OPEN_2(__openat64_2, (int at, const char *path, int flags), (at, path, flags))
int __gw_i_memfd_create(const char *path, unsigned flags) {
  named(path, RACE_HERE());
  return posix_opened(memfd_create(path, flags));
}
int __gw_i_shm_open(const char *path, int flags, mode_t mode) {
  named(path, RACE_HERE());
  return posix_opened(shm_open(path, flags, mode));
}
int __gw_i_timerfd_create(clockid_t clock, int flags) { return posix_opened(timerfd_create(clock, flags)); }
int __gw_i_inotify_init(void) { return posix_opened(inotify_init()); }
int __gw_i_inotify_init1(int flags) { return posix_opened(inotify_init1(flags)); }
static uint64_t signals_of(const sigset_t *set) {
  uint64_t which = 0;
  for (int sig = 1; sig <= 64; sig++)
    if (sigismember(set, sig) == 1) which |= (uint64_t)1 << (sig - 1);
  return which;
}
/* A number of before stays what it was. */
int __gw_i_signalfd(int fd, const sigset_t *set, int flags) {
  struct race_g *g = posix_self();
  if (g) posix_read(g, set, sizeof *set, RACE_HERE());
  int r = signalfd(fd, set, flags);
  if (fd < 0) posix_opened(r);
  if (g && r >= 0) fd_gives_signals(r, signals_of(set));
  return r;
}
int __gw_i_socket(int domain, int type, int protocol) { return posix_opened(gw__real.socket(domain, type, protocol)); }

static int accepted(int listener, int fd) {
  posix_opened(fd);
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
int __gw_i_eventfd(unsigned value, int flags) { return posix_opened(gw__real.eventfd(value, flags)); }
int __gw_i_epoll_create(int size) { return posix_opened(gw__real.epoll_create(size)); }
int __gw_i_epoll_create1(int flags) { return posix_opened(gw__real.epoll_create1(flags)); }
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

static FILE *file_opened(FILE *f) {
  if (f) posix_opened(fileno(f));
  return f;
}
FILE *__gw_i_fopen(const char *path, const char *mode) {
  named(path, RACE_HERE());
  return file_opened(gw__real.fopen(path, mode));
}
FILE *__gw_i_fopen64(const char *path, const char *mode) {
  named(path, RACE_HERE());
  return file_opened(gw__real.fopen64(path, mode));
}
int __gw_i_fclose(FILE *f) {
  if (fileno(f) >= 0) closing(fileno(f));
  return gw__real.fclose(f);
}

FILE *__gw_i_tmpfile(void) { return file_opened(tmpfile()); }
FILE *__gw_i_freopen(const char *path, const char *mode, FILE *f) {
  if (path) named(path, RACE_HERE());
  if (fileno(f) >= 0) closing(fileno(f));
  return file_opened(freopen(path, mode, f));
}
FILE *__gw_i_popen(const char *command, const char *mode) {
  named(command, RACE_HERE());
  return file_opened(popen(command, mode));
}
int __gw_i_pclose(FILE *f) {
  closing(fileno(f));
  return pclose(f);
}
DIR *__gw_i_opendir(const char *path) {
  named(path, RACE_HERE());
  DIR *d = opendir(path);
  if (d) posix_opened(dirfd(d));
  return d;
}
int __gw_i_closedir(DIR *d) {
  closing(dirfd(d));
  return closedir(d);
}
