/* What the system tells: functions that fill in a structure or a buffer, or are given one. */
#include "detector/libc.h"

/* --- a path, or a descriptor, and a structure ----------------------------------------------------------------------
 */

#define OF_PATH(name, type)                      \
  int __gw_i_##name(const char *path, type *s) { \
    CALLER();                                    \
    R_STRING(path);                              \
    int r = name(path, s);                       \
    if (r == 0) W(s, sizeof *s);                 \
    return r;                                    \
  }
#define OF_FD(name, type)              \
  int __gw_i_##name(int fd, type *s) { \
    CALLER();                          \
    int r = name(fd, s);               \
    if (r == 0) W(s, sizeof *s);       \
    return r;                          \
  }
#define OF_PATH_AT(name, type)                                      \
  int __gw_i_##name(int fd, const char *path, type *s, int flags) { \
    CALLER();                                                       \
    R_STRING(path);                                                 \
    int r = name(fd, path, s, flags);                               \
    if (r == 0) W(s, sizeof *s);                                    \
    return r;                                                       \
  }
OF_PATH(stat, struct stat)
OF_PATH(stat64, struct stat64)
OF_PATH(lstat, struct stat)
OF_PATH(lstat64, struct stat64)
OF_PATH(statvfs, struct statvfs)
OF_PATH(statvfs64, struct statvfs64)
OF_FD(fstat, struct stat)
OF_FD(fstat64, struct stat64)
OF_FD(fstatvfs, struct statvfs)
OF_FD(fstatvfs64, struct statvfs64)
OF_PATH_AT(fstatat, struct stat)
OF_PATH_AT(fstatat64, struct stat64)

int __gw_i_statx(int fd, const char *restrict path, int flags, unsigned mask, struct statx *restrict s) {
  CALLER();
  R_STRING(path);
  int r = statx(fd, path, flags, mask, s);
  if (r == 0) W(s, sizeof *s);
  return r;
}

/* --- paths and names -----------------------------------------------------------------------------------------------
 */

static char *current_folder(struct race_g *g, char *to, size_t n, struct race_at at) {
  char *r = getcwd(to, n);
  if (r && to) W(r, strlen(r) + 1); /* else it is a new block */
  return r;
}
char *__gw_i_getcwd(char *to, size_t n) {
  CALLER();
  return current_folder(g, to, n, at);
}
char *__gw_i___getcwd_chk(char *to, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  return current_folder(g, to, n, at);
}

static char *resolved(struct race_g *g, const char *path, char *to, struct race_at at) {
  if (path) R_STRING(path);
  char *r = realpath(path, to); /* NOLINT(clang-analyzer-unix.StdCLibraryFunctions): as it was called */
  if (r && to) W(r, strlen(r) + 1);
  return r;
}
char *__gw_i_realpath(const char *path, char *to) {
  CALLER();
  return resolved(g, path, to, at);
}
char *__gw_i___realpath_chk(const char *path, char *to, size_t room) {
  CALLER();
  check_room(PATH_MAX, room);
  return resolved(g, path, to, at);
}

static ssize_t link_read(struct race_g *g, int fd, const char *path, char *to, size_t n, struct race_at at) {
  R_STRING(path);
  ssize_t r = readlinkat(fd, path, to, n);
  if (r > 0) W(to, (size_t)r);
  return r;
}
ssize_t __gw_i_readlink(const char *path, char *to, size_t n) {
  CALLER();
  return link_read(g, AT_FDCWD, path, to, n, at);
}
ssize_t __gw_i___readlink_chk(const char *path, char *to, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  return link_read(g, AT_FDCWD, path, to, n, at);
}
ssize_t __gw_i_readlinkat(int fd, const char *path, char *to, size_t n) {
  CALLER();
  return link_read(g, fd, path, to, n, at);
}

ssize_t __gw_i___readlinkat_chk(int fd, const char *path, char *to, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  return link_read(g, fd, path, to, n, at);
}

static int host_name(struct race_g *g, char *to, size_t n, struct race_at at) {
  int r = gethostname(to, n);
  if (r == 0) W(to, least(strnlen(to, n) + 1, n));
  return r;
}
int __gw_i_gethostname(char *to, size_t n) {
  CALLER();
  return host_name(g, to, n, at);
}
int __gw_i___gethostname_chk(char *to, size_t n, size_t room) {
  CALLER();
  check_room(n, room);
  return host_name(g, to, n, at);
}

/* It may give a text of its own instead. */
char *__gw_i_strerror_r(int e, char *to, size_t n) {
  CALLER();
  char *r = strerror_r(e, to, n);
  if (r == to) W(to, least(strnlen(to, n) + 1, n));
  return r;
}
int __gw_i___xpg_strerror_r(int e, char *to, size_t n) {
  CALLER();
  int r = __xpg_strerror_r(e, to, n);
  if (n) W(to, least(strnlen(to, n) + 1, n));
  return r;
}

/* --- the system and its processes ----------------------------------------------------------------------------------
 */

#define FILLS(name, params, arguments, out) \
  int __gw_i_##name params {                \
    CALLER();                               \
    int r = name arguments;                 \
    if (r >= 0) W(out, sizeof *(out));      \
    return r;                               \
  }
FILLS(uname, (struct utsname * u), (u), u)
FILLS(sysinfo, (struct sysinfo * s), (s), s)
FILLS(getrusage, (__rusage_who_t who, struct rusage *u), (who, u), u)
FILLS(getrlimit, (__rlimit_resource_t what, struct rlimit *l), (what, l), l)
FILLS(getrlimit64, (__rlimit_resource_t what, struct rlimit64 *l), (what, l), l)
FILLS(sem_getvalue, (sem_t * s, int *value), (s, value), value)
clock_t __gw_i_times(struct tms *t) {
  CALLER();
  if (t) W(t, sizeof *t);
  return times(t);
}
#define SETS(name, type)                                              \
  int __gw_i_##name(__rlimit_resource_t what, const struct type *l) { \
    CALLER();                                                         \
    R(l, sizeof *l);                                                  \
    return name(what, l);                                             \
  }
SETS(setrlimit, rlimit)
SETS(setrlimit64, rlimit64)

#define WAIT(name, params, arguments, more)         \
  pid_t __gw_i_##name params {                      \
    CALLER();                                       \
    pid_t r = name arguments;                       \
    if (r > 0 && status) W(status, sizeof *status); \
    more;                                           \
    return r;                                       \
  }
WAIT(wait, (int *status), (status), )
WAIT(waitpid, (pid_t pid, int *status, int options), (pid, status, options), )
WAIT(wait3, (int *status, int options, struct rusage *u), (status, options, u), if (r > 0 && u) W(u, sizeof *u))
WAIT(wait4, (pid_t pid, int *status, int options, struct rusage *u), (pid, status, options, u),
     if (r > 0 && u) W(u, sizeof *u))
int __gw_i_waitid(idtype_t what, id_t id, siginfo_t *info, int options) {
  CALLER();
  int r = waitid(what, id, info, options);
  if (r == 0 && info) W(info, sizeof *info);
  return r;
}

/* How many there are says who gives no room. */
static int groups(struct race_g *g, int n, gid_t *to, struct race_at at) {
  int r = getgroups(n, to);
  if (r > 0 && n) W(to, (size_t)r * sizeof *to);
  return r;
}
int __gw_i_getgroups(int n, gid_t *to) {
  CALLER();
  return groups(g, n, to, at);
}
int __gw_i___getgroups_chk(int n, gid_t *to, size_t room) {
  CALLER();
  check_room((size_t)n, room / sizeof *to);
  return groups(g, n, to, at);
}

#define AFFINITY(name, TELL)                         \
  int __gw_i_##name(pid_t who, size_t n, CPUS set) { \
    CALLER();                                        \
    int r = name(who, n, set);                       \
    if (r == 0) TELL(set, n);                        \
    return r;                                        \
  }
#define CPUS cpu_set_t *
AFFINITY(sched_getaffinity, W)
#undef CPUS
#define CPUS const cpu_set_t *
AFFINITY(sched_setaffinity, R)

#define SPAWNS(name)                                                                                                   \
  int __gw_i_##name(pid_t *restrict child, const char *restrict path, const posix_spawn_file_actions_t *restrict acts, \
                    const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],                     \
                    char *const environment[restrict]) {                                                               \
    CALLER();                                                                                                          \
    R_STRING(path);                                                                                                    \
    reads_list(g, arguments, at);                                                                                      \
    int r = name(child, path, acts, attributes, arguments, environment);                                               \
    if (r == 0 && child) W(child, sizeof *child);                                                                      \
    return r;                                                                                                          \
  }
static void reads_list(struct race_g *g, char *const *list, struct race_at at) {
  for (; g && *list; list++) {
    R(list, sizeof *list);
    R_STRING(*list);
  }
  R(list, sizeof *list);
}
SPAWNS(posix_spawn)
SPAWNS(posix_spawnp)

int __gw_i_tcgetattr(int fd, struct termios *t) {
  CALLER();
  int r = tcgetattr(fd, t);
  if (r == 0) W(t, sizeof *t);
  return r;
}
int __gw_i_tcsetattr(int fd, int when, const struct termios *t) {
  CALLER();
  R(t, sizeof *t);
  return tcsetattr(fd, when, t);
}

ssize_t __gw_i_getrandom(void *to, size_t n, unsigned flags) {
  CALLER();
  ssize_t r = getrandom(to, n, flags);
  if (r > 0) W(to, (size_t)r);
  return r;
}
int __gw_i_getentropy(void *to, size_t n) {
  CALLER();
  int r = getentropy(to, n);
  if (r == 0) W(to, n);
  return r;
}
int __gw_i_rand_r(unsigned *seed) {
  CALLER();
  W(seed, sizeof *seed);
  return rand_r(seed);
}

int __gw_i_pthread_getname_np(pthread_t t, char *to, size_t n) {
  CALLER();
  int r = pthread_getname_np(t, to, n);
  if (r == 0) W(to, strlen(to) + 1);
  return r;
}

/* --- addresses -----------------------------------------------------------------------------------------------------
 */

/* The kernel stores no more than there was room for, and says how much there is. */
#define ADDRESS(name)                                           \
  int __gw_i_##name(int fd, struct sockaddr *a, socklen_t *n) { \
    CALLER();                                                   \
    socklen_t room = *n;                                        \
    int r = name(fd, a, n);                                     \
    if (r == 0) {                                               \
      W(a, least(room, *n));                                    \
      W(n, sizeof *n);                                          \
    }                                                           \
    return r;                                                   \
  }
ADDRESS(getsockname)
ADDRESS(getpeername)
int __gw_i_getsockopt(int fd, int level, int option, void *to, socklen_t *n) {
  CALLER();
  int r = getsockopt(fd, level, option, to, n);
  if (r == 0) {
    W(to, *n);
    W(n, sizeof *n);
  }
  return r;
}
int __gw_i_setsockopt(int fd, int level, int option, const void *from, socklen_t n) {
  CALLER();
  if (from) R(from, n);
  return setsockopt(fd, level, option, from, n); /* NOLINT(clang-analyzer-unix.StdCLibraryFunctions): likewise */
}
int __gw_i_bind(int fd, const struct sockaddr *a, socklen_t n) {
  CALLER();
  R(a, n);
  return bind(fd, a, n);
}
const char *__gw_i_inet_ntop(int family, const void *from, char *to, socklen_t n) {
  CALLER();
  R(from, family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
  const char *r = inet_ntop(family, from, to, n);
  if (r) W(to, strlen(to) + 1);
  return r;
}
int __gw_i_inet_aton(const char *from, struct in_addr *to) {
  CALLER();
  R_STRING(from);
  int r = inet_aton(from, to);
  if (r && to) W(to, sizeof *to);
  return r;
}
int __gw_i_inet_pton(int family, const char *from, void *to) {
  CALLER();
  R_STRING(from);
  int r = inet_pton(family, from, to);
  if (r == 1) W(to, family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
  return r;
}

/* --- descriptors that are ready: what that says orders nothing -------------------------------------------------------
 */

/* Of each entry the last field is written. */
static inline void polls(struct race_g *g, const struct pollfd *p, nfds_t n, struct race_at at) { R(p, n * sizeof *p); }
static int polled(struct race_g *g, int r, struct pollfd *p, nfds_t n, struct race_at at) {
  for (nfds_t i = 0; r >= 0 && i < n; i++) W(&p[i].revents, sizeof p[i].revents);
  return r;
}
int __gw_i_poll(struct pollfd *p, nfds_t n, int timeout) {
  CALLER();
  polls(g, p, n, at);
  return polled(g, poll(p, n, timeout), p, n, at);
}
int __gw_i___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t room) {
  CALLER();
  check_room(n, room / sizeof *p);
  polls(g, p, n, at);
  return polled(g, poll(p, n, timeout), p, n, at);
}
static int polls_masked(struct race_g *g, struct pollfd *p, nfds_t n, const struct timespec *timeout,
                        const sigset_t *mask, struct race_at at) {
  polls(g, p, n, at);
  if (timeout) R(timeout, sizeof *timeout);
  if (mask) R(mask, sizeof *mask);
  return polled(g, ppoll(p, n, timeout, mask), p, n, at);
}
int __gw_i_ppoll(struct pollfd *p, nfds_t n, const struct timespec *timeout, const sigset_t *mask) {
  CALLER();
  return polls_masked(g, p, n, timeout, mask, at);
}
int __gw_i___ppoll_chk(struct pollfd *p, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room) {
  CALLER();
  check_room(n, room / sizeof *p);
  return polls_masked(g, p, n, timeout, mask, at);
}

/* The kernel looks at, and changes, as many words as n bits take. */
static void selects(struct race_g *g, int n, fd_set *const *sets, bool write, struct race_at at) {
  size_t bytes = n > 0 ? ((size_t)n + NFDBITS - 1) / NFDBITS * sizeof(fd_mask) : 0;
  for (int i = 0; i < 3; i++) {
    if (!sets[i]) continue;
    if (write)
      W(sets[i], bytes);
    else
      R(sets[i], bytes);
  }
}
int __gw_i_select(int n, fd_set *in, fd_set *out, fd_set *odd, struct timeval *timeout) {
  CALLER();
  fd_set *const sets[] = {in, out, odd};
  selects(g, n, sets, false, at);
  if (timeout) W(timeout, sizeof *timeout); /* the time that is left */
  int r = select(n, in, out, odd, timeout);
  if (r >= 0) selects(g, n, sets, true, at);
  return r;
}
int __gw_i_pselect(int n, fd_set *in, fd_set *out, fd_set *odd, const struct timespec *timeout, const sigset_t *mask) {
  CALLER();
  fd_set *const sets[] = {in, out, odd};
  selects(g, n, sets, false, at);
  if (timeout) R(timeout, sizeof *timeout);
  if (mask) R(mask, sizeof *mask);
  int r = pselect(n, in, out, odd, timeout, mask);
  if (r >= 0) selects(g, n, sets, true, at);
  return r;
}
