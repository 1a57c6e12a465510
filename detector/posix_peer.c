/* Which streams have their other end in another process, so that nobody here takes what is written to them.
 *
 * "Certainly elsewhere" is said of a connection that this process was seen to accept or to make:
 *
 * - AF_UNIX: the kernel knows which process called connect (to who accepted) or listen (to who connected): another one,
 *   and none from which this one was forked;
 * - TCP: no socket here was ever connected from the other end's port, or listened at it, whatever the addresses; and
 *   nobody is in connect just now, as his port isn't known yet.
 *
 * The other end can't have been inherited: who accepts does so from a listener that was made here (or before a fork, by
 * a process in the chain), so the connection is younger than this program's start, or than the fork.  Ends come by two
 * other ways: in messages (SCM_RIGHTS), and from a listener that was inherited over an exec, for which the lowest
 * numbers are searched when something is connected for the first time.  Once there is such a listener, or a message
 * came, nothing more is said to be elsewhere.  In doubt both ends of a stream may be here: that costs time only.
 *
 * Of a pipe it is said of an end that can only be written to, if the pipe has no name, wasn't made by a call that we
 * saw, and no descriptor here can read from it: so it was inherited (the output of a program whose output is read by
 * another), or libc made it (popen).  For other ends the lowest numbers are searched, once for each such pipe.
 *
 * Rejected: asking the kernel for the other end's inode and looking for it among our descriptors, which is exact, but
 * takes as long as there are descriptors, for each connection.
 */
#include "detector/posix.h"

#include <linux/magic.h>
#include <netinet/in.h>

#include "base/prim.h"

enum {
  PORTS = 1 << 16,
  CHAIN = 16,     /* guess */
  INHERITED = 256 /* guess: service managers give out numbers from 3 on */
};
static struct {
  uint8_t port[PORTS / 8]; /* bit per port, as the network writes it; atomic: a socket listened there, or connected from
                              there */
  uint32_t connecting;     /* atomic; calls of connect under way, whose ports aren't in `port` yet */
  bool strangers;          /* atomic; descriptors came from elsewhere */
  bool searched;           /* atomic; for inherited listeners */
  uint32_t chain_n;        /* in `chain`; written in the only thread of a forked child, as is */
  int chain[CHAIN];        /* the processes from which this one was forked, since the program began */
  int forking;             /* this process's number, while it forks; guarded by the detector's standstill */
} peers;

static uint32_t port_of(const struct sockaddr_storage *a) {
  bool v4 = a->ss_family == AF_INET;
  if (!v4 && a->ss_family != AF_INET6) return 0;
  return v4 ? ((const struct sockaddr_in *)(const void *)a)->sin_port
            : ((const struct sockaddr_in6 *)(const void *)a)->sin6_port;
}

static void note_port(int fd) {
  struct sockaddr_storage here = {0};
  socklen_t n = sizeof here;
  int before = errno;
  uint32_t port = getsockname(fd, (struct sockaddr *)&here, &n) == 0 ? port_of(&here) : 0;
  errno = before;
  __atomic_fetch_or(&peers.port[port / 8], (uint8_t)(1u << port % 8), __ATOMIC_RELAXED);
}

static bool is_stream(int fd) {
  int type = 0, before = errno;
  socklen_t n = sizeof type;
  bool ok = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0;
  errno = before;
  return ok && (type == SOCK_STREAM || type == SOCK_SEQPACKET);
}

void peer_listens(int fd) {
  note_port(fd);
  fd_set_role(fd, PEER_LISTENS);
}

void peer_connecting(void) { __atomic_fetch_add(&peers.connecting, 1, __ATOMIC_RELAXED); }

static void strangers_came(void) { __atomic_store_n(&peers.strangers, true, __ATOMIC_RELAXED); }

/* One that was made here has its role before it listens. */
static void search_for_listeners(void) {
  if (__atomic_exchange_n(&peers.searched, true, __ATOMIC_RELAXED)) return;
  int before = errno;
  for (int fd = 0; fd < INHERITED; fd++) {
    int listens = 0;
    socklen_t n = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 && listens && fd_role(fd) != PEER_LISTENS)
      strangers_came();
  }
  errno = before;
}

/* It has its port even if it isn't connected yet. */
void peer_connected(int fd) {
  bool stream = is_stream(fd);
  if (stream) {
    search_for_listeners();
    note_port(fd);
    fd_set_role(fd, PEER_CONNECTED);
  }
  __atomic_fetch_sub(&peers.connecting, 1, __ATOMIC_RELEASE); /* pairs with the acquire in port_is_ours */
  if (stream) fd_find_out(fd);
}

void peer_accepted(int listener, int fd) {
  if (fd_role(listener) != PEER_LISTENS) return strangers_came();
  fd_set_role(fd, PEER_ACCEPTED);
  fd_find_out(fd);
}

void peer_message(const struct msghdr *m) {
  if (!m->msg_control || m->msg_controllen < sizeof(struct cmsghdr)) return;
  for (const struct cmsghdr *c = CMSG_FIRSTHDR(m); c;
       c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)m, (struct cmsghdr *)(uintptr_t)c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) strangers_came();
}

/* Whoever is connected has called connect: his port is known, or he is counted. */
static bool port_is_ours(uint32_t port) {
  if (__atomic_load_n(&peers.connecting, __ATOMIC_ACQUIRE)) return true;
  return __atomic_load_n(&peers.port[port / 8], __ATOMIC_RELAXED) >> port % 8 & 1;
}

static bool process_is_ours(int fd) {
  struct ucred who = {0};
  socklen_t n = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || who.pid <= 0) return true;
  bool ours = who.pid == prim_getpid();
  for (uint32_t i = 0; i < peers.chain_n; i++) ours |= who.pid == peers.chain[i];
  return ours;
}

bool peer_is_elsewhere(int fd, enum peer_role role, const struct sockaddr_storage *there) {
  if (role != PEER_ACCEPTED && role != PEER_CONNECTED) return false;
  if (__atomic_load_n(&peers.strangers, __ATOMIC_RELAXED)) return false;
  if (there->ss_family == AF_UNIX) return !process_is_ours(fd);
  uint32_t port = port_of(there);
  return port && !port_is_ours(port);
}

/* How the descriptor was opened: O_RDONLY, O_WRONLY, O_RDWR; or less than 0. */
static int access_of(int fd) {
  int flags = gw__real.fcntl(fd, F_GETFL);
  return flags < 0 ? flags : flags & O_ACCMODE;
}

static bool is_read_by(int fd, const struct stat *pipe) {
  struct stat st;
  if (fstat(fd, &st) != 0 || st.st_ino != pipe->st_ino || st.st_dev != pipe->st_dev) return false;
  return access_of(fd) != O_WRONLY;
}

bool peer_reads_elsewhere(int fd, enum peer_role role, const struct stat *pipe) {
  struct statfs of;
  if (role == PEER_PIPE || access_of(fd) != O_WRONLY) return false;
  if (__atomic_load_n(&peers.strangers, __ATOMIC_RELAXED)) return false;
  if (fstatfs(fd, &of) != 0 || of.f_type != PIPEFS_MAGIC) return false;
  for (int other = 0; other < INHERITED; other++)
    if (is_read_by(other, pipe)) return false;
  return true;
}

void peer_before_fork(void) { peers.forking = prim_getpid(); }

void peer_after_fork(void) {
  if (peers.chain_n < CHAIN)
    peers.chain[peers.chain_n++] = peers.forking;
  else
    strangers_came();
}
