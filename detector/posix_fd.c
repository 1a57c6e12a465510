/* What descriptors order: a write before a later read of the same pipe, socket pair, connection or eventfd, and a close
 * before whoever gets the number next.
 *
 * A descriptor names a channel to read from and one to write to; the address of a channel names its clock.  They are
 * found out on first use and kept per number until it is closed.  Which two ends belong together:
 *   pipe, FIFO            one channel per inode; writes are lent to it if all who read are in other processes
 *   socket pair           noted when it is made
 *   stream to another     one channel for both directions, per descriptor and its copies, to which writes are lent
 *   process               (posix_peer.c says which; lend.c)
 *   TCP, UDP, connected   by the two addresses, in the order of the direction
 *   other sockets         one channel for all: an edge too many rather than a false alarm
 *   other (eventfd, ...)  one channel per descriptor and its copies; of a signalfd also what posix_sent.c has
 *   file, directory, tty  none
 *
 * Both ends of a pipe or a connection are found out as soon as they are given out: so what is written outlives a writer
 * who closes before the reader reads.  Where the writer is gone before the reader's end is there (a connection that
 * waits to be accepted), the channel is one of the last few that are kept.
 * table.lock guards numbers and channels.
 */
#include "detector/posix.h"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/mem.h"

struct channel {
  uint64_t key[2];      /* inode and device, or a hash of addresses; {0, 0}: not in a bucket */
  struct channel *next; /* in its bucket */
  uint32_t refs;        /* numbers that name it, and operations under way */
  bool lent_to;         /* of a stream whose other end is in another process */
  bool one_way;         /* of a pipe, if lent_to */
  uint64_t signals;     /* what a signalfd gives; atomic */
};

enum state { UNKNOWN, PLAIN, CHANNELS };
struct number {
  struct channel *in, *out; /* to read from, to write to */
  uint8_t state;            /* enum state; atomic, so that plain files need no lock */
  uint8_t role;             /* enum peer_role */
};

enum { PAGE_NUMBERS = 1024, PAGES = 1024, BUCKETS = 256, LATELY = 64 /* guess */ };
static struct {
  struct spin_POSIX lock;
  struct number *page[PAGES]; /* of numbers; never given back */
  struct channel *bucket[BUCKETS];
  struct channel *lately[LATELY]; /* keyed ones that lost their last number, with a reference; a ring */
  uint32_t lately_next;           /* where the next goes */
} table;
static struct channel any_socket = {.refs = 1};

static struct number *number_of_locked(int fd, bool make) {
  if (fd < 0 || fd >= PAGE_NUMBERS * PAGES) return NULL;
  struct number **page = &table.page[fd / PAGE_NUMBERS];
  /* release: pairs with the acquire in is_plain */
  if (!*page && make) __atomic_store_n(page, arena_alloc(PAGE_NUMBERS * sizeof **page), __ATOMIC_RELEASE);
  return *page ? &(*page)[fd % PAGE_NUMBERS] : NULL;
}

static bool is_plain(int fd) {
  if (fd < 0 || fd >= PAGE_NUMBERS * PAGES) return true;
  const struct number *page = __atomic_load_n(&table.page[fd / PAGE_NUMBERS], __ATOMIC_ACQUIRE);
  return page && __atomic_load_n(&page[fd % PAGE_NUMBERS].state, __ATOMIC_RELAXED) == PLAIN;
}

static struct channel **bucket_of(uint64_t a, uint64_t b) {
  return &table.bucket[(a * 31 + b) * 0x9E3779B97F4A7C15u >> 56];
}

static struct channel *channel_new(void) {
  struct channel *c = arena_alloc(sizeof *c);
  c->refs = 1;
  return c;
}

static struct channel *channel_locked(uint64_t a, uint64_t b) {
  struct channel **at = bucket_of(a, b), *c = *at;
  while (c && (c->key[0] != a || c->key[1] != b)) c = c->next;
  if (c) return c->refs++, c;
  c = channel_new();
  c->key[0] = a;
  c->key[1] = b;
  c->next = *at;
  return *at = c;
}

/* The caller forgets the clock and frees it if this gives it back: outside the lock. */
static struct channel *drop_locked(struct channel *c) {
  if (!c || --c->refs > 0) return NULL;
  struct channel **at = bucket_of(c->key[0], c->key[1]);
  while (*at && *at != c) at = &(*at)->next;
  if (*at) *at = c->next;
  return c;
}

static void channel_free(struct channel *c) {
  if (!c) return;
  race_forget(c);
  arena_free(c, sizeof *c);
}

/* --- what a descriptor is ---------------------------------------------------------------------------------------- */

struct identity {
  uint64_t in[2], out[2]; /* keys of its channels */
  bool read_elsewhere;    /* a pipe, and nobody here reads from it */
  enum { FILE_LIKE, KEYED, SHARED /* as far as is known yet */, SHARED_FOR_GOOD, OWN, ELSEWHERE } kind;
};

static uint64_t hash(const void *p, size_t n, uint64_t seed) {
  const unsigned char *c = p;
  uint64_t h = seed ^ 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; i++) h = (h ^ c[i]) * 0x100000001b3u;
  return h;
}

/* Address and port alone: other members of a socket address differ between its two sides.  A version 4 address within
 * version 6 is one. */
static bool hash_address(const struct sockaddr_storage *a, uint64_t *out) {
  const struct sockaddr_in *in = (const void *)a;
  const struct sockaddr_in6 *in6 = (const void *)a;
  const void *address = a->ss_family == AF_INET ? (const void *)&in->sin_addr : &in6->sin6_addr;
  size_t n = a->ss_family == AF_INET ? sizeof in->sin_addr : sizeof in6->sin6_addr;
  if (a->ss_family != AF_INET && a->ss_family != AF_INET6) return false;
  if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) address = &in6->sin6_addr.s6_addr[12], n = 4;
  *out = hash(&in->sin_port, sizeof in->sin_port, hash(address, n, n)); /* the port is at one place in both */
  return true;
}
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "hash_address");

static void identify_socket(int fd, enum peer_role role, struct identity *id) {
  struct sockaddr_storage here = {0}, there = {0};
  socklen_t n = sizeof here, m = sizeof there;
  uint64_t a = 0, b = 0;
  id->kind = SHARED;
  if (getpeername(fd, (struct sockaddr *)&there, &m) != 0) return;
  if (peer_is_elsewhere(fd, role, &there)) {
    id->kind = ELSEWHERE;
    return;
  }
  if (there.ss_family == AF_UNIX) {
    id->kind = SHARED_FOR_GOOD;
    return;
  }
  if (getsockname(fd, (struct sockaddr *)&here, &n) != 0) return;
  if (!hash_address(&here, &a) || !hash_address(&there, &b)) return;
  id->kind = KEYED;
  id->in[0] = id->out[1] = b;
  id->in[1] = id->out[0] = a;
}

static struct identity identify(int fd, enum peer_role role) {
  struct identity id = {.kind = FILE_LIKE};
  struct stat st;
  int before = errno;
  if (fstat(fd, &st) == 0) {
    if (S_ISFIFO(st.st_mode)) {
      id.kind = KEYED;
      id.in[0] = id.out[0] = st.st_ino;
      id.in[1] = id.out[1] = st.st_dev;
      id.read_elsewhere = peer_reads_elsewhere(fd, role, &st);
    } else if (S_ISSOCK(st.st_mode)) {
      identify_socket(fd, role, &id);
    } else if (!(st.st_mode & S_IFMT)) {
      id.kind = OWN;
    }
  }
  errno = before;
  return id;
}

static void settle_locked(struct number *n, const struct identity *id) {
  if (id->kind == FILE_LIKE) {
    __atomic_store_n(&n->state, PLAIN, __ATOMIC_RELAXED);
    return;
  }
  if (id->kind == KEYED) {
    n->in = channel_locked(id->in[0], id->in[1]);
    n->out = channel_locked(id->out[0], id->out[1]);
    if (id->read_elsewhere && n->out->refs == 2)
      n->out->lent_to = n->out->one_way = true; /* no other number was known for the pipe */
  } else {
    n->in = n->out = id->kind == SHARED_FOR_GOOD ? &any_socket : channel_new();
    n->in->refs += id->kind == SHARED_FOR_GOOD ? 2 : 1;
    if (id->kind == ELSEWHERE) n->in->lent_to = true;
  }
  __atomic_store_n(&n->state, CHANNELS, __ATOMIC_RELAXED);
}

static struct channel *channel_of_locked(const struct number *n, bool out) {
  struct channel *c = out ? n->out : n->in;
  if (c) c->refs++;
  return c;
}

/* On first use; sockets that aren't connected yet are asked again each time. */
static struct channel *find_out(int fd, bool out) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct number *n = number_of_locked(fd, true);
  enum peer_role role = n ? n->role : PEER_NONE;
  posix_unlock(&table.lock, inside);
  struct identity id = identify(fd, role);
  inside = posix_lock(&table.lock);
  if (n && n->state == UNKNOWN && id.kind != SHARED) settle_locked(n, &id);
  struct channel *c = n && n->state != UNKNOWN ? channel_of_locked(n, out) : NULL;
  if (!c && id.kind == SHARED) c = &any_socket, c->refs++;
  posix_unlock(&table.lock, inside);
  return c;
}

/* The channel of fd with a reference for the caller; NULL if it orders nothing. */
static struct channel *channel_of(int fd, bool out) {
  if (is_plain(fd)) return NULL;
  struct det_thread *inside = posix_lock(&table.lock);
  const struct number *n = number_of_locked(fd, true);
  bool known = n && n->state != UNKNOWN;
  struct channel *c = known ? channel_of_locked(n, out) : NULL;
  posix_unlock(&table.lock, inside);
  return known ? c : find_out(fd, out);
}

static void put_back(struct channel *c) {
  if (!c) return;
  struct det_thread *inside = posix_lock(&table.lock);
  c = drop_locked(c);
  posix_unlock(&table.lock, inside);
  channel_free(c);
}

void fd_release(struct race_g *g, int fd) {
  det_lent_end(g);
  struct channel *c = channel_of(fd, true);
  if (!c) return;
  if (c->lent_to)
    det_lend(g, c, c->one_way);
  else
    race_release_merge(g, c);
  put_back(c);
}

void fd_acquire(struct race_g *g, int fd) {
  det_lent_end(g);
  struct channel *c = channel_of(fd, false);
  if (!c) return;
  if (c->lent_to)
    det_borrow(g, c);
  else
    race_acquire(g, c);
  signals_taken(g, __atomic_load_n(&c->signals, __ATOMIC_RELAXED));
  put_back(c);
}

bool fd_orders(int fd) { return !is_plain(fd); }

void fd_gives_signals(int fd, uint64_t which) {
  struct channel *c = channel_of(fd, false);
  if (c) __atomic_store_n(&c->signals, which, __ATOMIC_RELAXED);
  put_back(c);
}

void fd_find_out(int fd) { put_back(channel_of(fd, true)); }

/* --- descriptors come and go -------------------------------------------------------------------------------------- */

/* The clock of a number: what its closers did. */
static const void *number_clock(int fd) {
  struct det_thread *inside = posix_lock(&table.lock);
  const struct number *n = number_of_locked(fd, true);
  posix_unlock(&table.lock, inside);
  return n;
}

/* A number's reference goes; the last one to a channel that another number may yet come to name is kept for a while.
 * The caller drops what is given back, or who had its place. */
static struct channel *leave_locked(struct channel *c) {
  if (!c || c->refs > 1 || !c->key[0]) return c;
  struct channel **at = &table.lately[table.lately_next++ % LATELY], *before = *at;
  *at = c;
  return before;
}

static void unname(int fd) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct number *n = number_of_locked(fd, false);
  struct channel *in = NULL, *out = NULL;
  if (n) {
    in = drop_locked(leave_locked(n->in));
    out = drop_locked(leave_locked(n->out));
    n->in = n->out = NULL;
    n->role = PEER_NONE;
    __atomic_store_n(&n->state, UNKNOWN, __ATOMIC_RELAXED);
  }
  posix_unlock(&table.lock, inside);
  channel_free(in);
  if (out != in) channel_free(out);
}

/* A reader that finds the end of the file sees what came before the close. */
void fd_closing(struct race_g *g, int fd) {
  const void *clock = number_clock(fd);
  if (!clock) return;
  fd_release(g, fd);
  race_release_merge(g, clock);
  unname(fd);
}

void fd_opened(struct race_g *g, int fd) {
  const void *clock = number_clock(fd);
  if (!clock) return;
  unname(fd);
  race_acquire(g, clock);
}

static void name_locked(struct number *n, struct channel *in, struct channel *out) {
  n->in = in;
  n->out = out;
  in->refs++;
  out->refs++;
  __atomic_store_n(&n->state, CHANNELS, __ATOMIC_RELAXED);
}

void fd_copied(int from, int to) {
  struct channel *c = channel_of(from, true); /* so that it is known */
  unname(to);
  struct det_thread *inside = posix_lock(&table.lock);
  const struct number *a = number_of_locked(from, false);
  struct number *b = number_of_locked(to, true);
  if (a && b && a->state == CHANNELS) name_locked(b, a->in, a->out);
  if (a && b) b->role = a->role;
  posix_unlock(&table.lock, inside);
  put_back(c);
}

void fd_pair(int a, int b) {
  struct channel *there = channel_new(), *back = channel_new();
  there->refs = back->refs = 0;
  unname(a);
  unname(b);
  struct det_thread *inside = posix_lock(&table.lock);
  struct number *x = number_of_locked(a, true), *y = number_of_locked(b, true);
  if (x && y) {
    name_locked(x, back, there);
    name_locked(y, there, back);
  }
  posix_unlock(&table.lock, inside);
}

void fd_set_role(int fd, enum peer_role role) {
  struct det_thread *inside = posix_lock(&table.lock);
  struct number *n = number_of_locked(fd, true);
  if (n) n->role = (uint8_t)role;
  posix_unlock(&table.lock, inside);
}

enum peer_role fd_role(int fd) {
  struct det_thread *inside = posix_lock(&table.lock);
  const struct number *n = number_of_locked(fd, false);
  enum peer_role role = n ? n->role : PEER_NONE;
  posix_unlock(&table.lock, inside);
  return role;
}

/* --- the runtime's door ------------------------------------------------------------------------------------------- */

void race_fd_write(struct race_g *g, int fd) { fd_release(g, fd); }
void race_fd_read(struct race_g *g, int fd) { fd_acquire(g, fd); }
void race_fd_close(struct race_g *g, int fd) { fd_closing(g, fd); }
void race_fd_open(struct race_g *g, int fd) { fd_opened(g, fd); }
void race_fd_listen(int fd) { peer_listens(fd); }
void race_fd_connecting(void) { peer_connecting(); }
void race_fd_connected(int fd) { peer_connected(fd); }
void race_fd_accepted(int listener, int fd) { peer_accepted(listener, fd); }
