/* Messages and semaphores of the system between threads of one process, and data that moves from descriptor to
 * descriptor.
 *
 * A message queue has a clock, a System V semaphore two: what was added before who takes it, what was taken before who
 * waits for nothing to be left.  Two objects whose numbers fall together share clocks: an edge too many rather than a
 * false alarm. */
#include "detector/posix.h"

#include <sys/stat.h>

enum { CLOCKS = 2048 };
static const char clocks[CLOCKS];

enum kind { MESSAGES, POSIX_MESSAGES, SEMAPHORE_ADDED, SEMAPHORE_TAKEN };
static const void *clock_of(enum kind kind, uint64_t number, uint64_t part) {
  uint64_t h = (number * 4 + kind) * 0x9E3779B97F4A7C15u + part * 0xC2B2AE3D27D4EB4Fu;
  return &clocks[h >> 53];
}
_Static_assert(1 << (64 - 53) == CLOCKS, "clock_of");

/* --- System V: messages --------------------------------------------------------------------------------------------
 */

int __gw_i_msgsnd(int id, const void *m, size_t n, int flags) {
  struct race_g *g = posix_self();
  posix_read(g, m, sizeof(long) + n, RACE_HERE());
  if (g) race_release_merge(g, clock_of(MESSAGES, (uint64_t)id, 0));
  return msgsnd(id, m, n, flags);
}
ssize_t __gw_i_msgrcv(int id, void *m, size_t n, long type, int flags) {
  ssize_t r = msgrcv(id, m, n, type, flags);
  struct race_g *g = r >= 0 ? posix_self() : NULL;
  if (!g) return r;
  race_acquire(g, clock_of(MESSAGES, (uint64_t)id, 0));
  posix_write(g, m, sizeof(long) + (size_t)r, RACE_HERE());
  return r;
}

/* --- System V: semaphores ------------------------------------------------------------------------------------------
 */

static void sem_before(struct race_g *g, int id, const struct sembuf *op, size_t n) {
  for (size_t i = 0; g && i < n; i++)
    if (op[i].sem_op)
      race_release_merge(g,
                         clock_of(op[i].sem_op > 0 ? SEMAPHORE_ADDED : SEMAPHORE_TAKEN, (uint64_t)id, op[i].sem_num));
}
static int sem_after(struct race_g *g, int r, int id, const struct sembuf *op, size_t n) {
  for (size_t i = 0; g && r == 0 && i < n; i++)
    if (op[i].sem_op <= 0)
      race_acquire(g, clock_of(op[i].sem_op ? SEMAPHORE_ADDED : SEMAPHORE_TAKEN, (uint64_t)id, op[i].sem_num));
  return r;
}
int __gw_i_semop(int id, struct sembuf *op, size_t n) {
  struct race_g *g = posix_self();
  posix_read(g, op, n * sizeof *op, RACE_HERE());
  sem_before(g, id, op, n);
  return sem_after(g, semop(id, op, n), id, op, n);
}
int __gw_i_semtimedop(int id, struct sembuf *op, size_t n, const struct timespec *timeout) {
  struct race_g *g = posix_self();
  posix_read(g, op, n * sizeof *op, RACE_HERE());
  sem_before(g, id, op, n);
  return sem_after(g, semtimedop(id, op, n, timeout), id, op, n);
}

static void sem_set(struct race_g *g, int id, int number) {
  race_release_merge(g, clock_of(SEMAPHORE_ADDED, (uint64_t)id, (uint64_t)number));
  race_release_merge(g, clock_of(SEMAPHORE_TAKEN, (uint64_t)id, (uint64_t)number));
}
static void sems_set(struct race_g *g, int id) {
  struct semid_ds about;
  int before = errno;
  if (semctl(id, 0, IPC_STAT, &about) == 0)
    for (unsigned long i = 0; i < about.sem_nsems; i++) sem_set(g, id, (int)i);
  errno = before;
}
int __gw_i_semctl(int id, int number, int command, ...) {
  struct race_g *g = posix_self();
  va_list ap;
  va_start(ap, command);
  void *arg = va_arg(ap, void *); /* an int or a pointer, as the system call has it */
  va_end(ap);
  if (g && command == SETVAL) sem_set(g, id, number);
  if (g && command == SETALL) sems_set(g, id);
  return semctl(id, number, command, arg);
}

/* --- POSIX: messages; a queue is known by its inode ----------------------------------------------------------------
 */

static const void *queue_clock(mqd_t q) {
  struct stat st;
  int before = errno;
  if (fstat(q, &st) != 0) st.st_ino = 0;
  errno = before;
  return clock_of(POSIX_MESSAGES, st.st_ino, 0);
}
static void sends(mqd_t q, const char *m, size_t n, struct race_at at) {
  struct race_g *g = posix_self();
  posix_read(g, m, n, at);
  if (g) race_release_merge(g, queue_clock(q));
}
static ssize_t received(ssize_t r, mqd_t q, char *m, unsigned *priority, struct race_at at) {
  struct race_g *g = r >= 0 ? posix_self() : NULL;
  if (!g) return r;
  race_acquire(g, queue_clock(q));
  posix_write(g, m, (size_t)r, at);
  if (priority) posix_write(g, priority, sizeof *priority, at);
  return r;
}
int __gw_i_mq_send(mqd_t q, const char *m, size_t n, unsigned priority) {
  sends(q, m, n, RACE_HERE());
  return mq_send(q, m, n, priority);
}
int __gw_i_mq_timedsend(mqd_t q, const char *m, size_t n, unsigned priority, const struct timespec *deadline) {
  sends(q, m, n, RACE_HERE());
  return mq_timedsend(q, m, n, priority, deadline);
}
ssize_t __gw_i_mq_receive(mqd_t q, char *m, size_t n, unsigned *priority) {
  return received(mq_receive(q, m, n, priority), q, m, priority, RACE_HERE());
}
ssize_t __gw_i_mq_timedreceive(mqd_t q, char *m, size_t n, unsigned *priority, const struct timespec *deadline) {
  return received(mq_timedreceive(q, m, n, priority, deadline), q, m, priority, RACE_HERE());
}

/* --- from descriptor to descriptor ---------------------------------------------------------------------------------
 */

/* What comes in is out again at once: so it is waited for, if the call would wait, and taken before. */
static struct race_g *moves(int in, int out, bool may_wait) {
  struct race_g *g = posix_self();
  if (!g) return NULL;
  if (fd_orders(in)) {
    struct pollfd p = {.fd = in, .events = POLLIN};
    int before = errno;
    (void)poll(&p, 1, may_wait && !(fcntl(in, F_GETFL) & O_NONBLOCK) ? -1 : 0);
    errno = before;
    fd_acquire(g, in);
  }
  fd_release(g, out);
  return g;
}
#define SENDFILE(name, offset)                                     \
  ssize_t __gw_i_##name(int out, int in, offset *at, size_t n) {   \
    struct race_g *g = moves(in, out, true);                       \
    ssize_t r = name(out, in, at, n);                              \
    if (r >= 0 && at) posix_write(g, at, sizeof *at, RACE_HERE()); \
    return r;                                                      \
  }
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)
ssize_t __gw_i_splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags) {
  struct race_g *g = moves(in, out, !(flags & SPLICE_F_NONBLOCK));
  ssize_t r = splice(in, in_at, out, out_at, n, flags);
  if (r >= 0 && in_at) posix_write(g, in_at, sizeof *in_at, RACE_HERE());
  if (r >= 0 && out_at) posix_write(g, out_at, sizeof *out_at, RACE_HERE());
  return r;
}
ssize_t __gw_i_tee(int in, int out, size_t n, unsigned flags) {
  moves(in, out, !(flags & SPLICE_F_NONBLOCK));
  return tee(in, out, n, flags);
}
/* Into a pipe, or out of one. */
ssize_t __gw_i_vmsplice(int fd, const struct iovec *v, size_t n, unsigned flags) {
  struct race_g *g = posix_self();
  int how = fcntl(fd, F_GETFL) & O_ACCMODE;
  if (g && how != O_RDONLY) fd_release(g, fd);
  for (size_t i = 0; how != O_RDONLY && i < n; i++) posix_read(g, v[i].iov_base, v[i].iov_len, RACE_HERE());
  ssize_t r = vmsplice(fd, v, n, flags);
  if (g && how == O_RDONLY && r >= 0) fd_acquire(g, fd);
  size_t left = r > 0 ? (size_t)r : 0;
  for (size_t i = 0; how == O_RDONLY && left && i < n; i++) {
    size_t here = left < v[i].iov_len ? left : v[i].iov_len;
    posix_write(g, v[i].iov_base, here, RACE_HERE());
    left -= here;
  }
  return r;
}
