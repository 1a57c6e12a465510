/* Files and sockets: only the goroutine waits; deadlines; who waits when another closes; half-closed connections;
 * numbers that are given out again; threads and a main without goroutines. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Other compilers than godwit's keep the address of errno over a call that may go on on another thread. */
static __attribute__((noinline)) int err(void) { return errno; }

/* "host:port" of a listener. */
static void name_of(int fd, const char *host, char out[64]) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  CHECK(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
  unsigned port =
      ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
  snprintf(out, 64, "%s:%u", host, port);
}

static void read_all(int fd, void *p, size_t n) {
  for (size_t at = 0; at < n;) {
    ssize_t r = gw_read(fd, (char *)p + at, n - at);
    CHECK(r > 0);
    at += (size_t)r;
  }
}

static void pair(int fds[2]) {
  int listener = gw_listen("127.0.0.1:0");
  CHECK(listener >= 0);
  char name[64];
  name_of(listener, "127.0.0.1", name);
  fds[0] = gw_dial(name);
  fds[1] = gw_accept(listener);
  CHECK(fds[0] >= 0 && fds[1] >= 0 && gw_close_fd(listener) == 0);
}

static void pair_close(int fds[2]) { CHECK(gw_close_fd(fds[0]) == 0 && gw_close_fd(fds[1]) == 0); }

/* ---- echo over each kind of address ---- */

static void echo(int fd) {
  char buf[1000];
  for (ssize_t r; (r = gw_read(fd, buf, sizeof buf)) > 0;) CHECK(gw_write(fd, buf, (size_t)r) == r);
  CHECK(gw_close_fd(fd) == 0);
}

static void serve(int listener) {
  for (int fd; (fd = gw_accept(listener)) >= 0;) gw_go(echo, fd);
  CHECK(err() == EBADF);
}

static void client(const char *name, int turns, gw_waitgroup *done) {
  int fd = gw_dial(name);
  CHECK(fd >= 0);
  char out[3000], in[sizeof out];
  for (int i = 0; i < turns; i++) {
    memset(out, i + 1, sizeof out);
    size_t n = (size_t)i * 37 % sizeof out + 1;
    CHECK(gw_write(fd, out, n) == (ssize_t)n);
    read_all(fd, in, n);
    CHECK(memcmp(in, out, n) == 0);
  }
  CHECK(gw_close_fd(fd) == 0);
  gw_waitgroup_done(done);
}

static void echo_at(const char *address, const char *host) {
  int listener = gw_listen(address);
  if (listener < 0 && (err() == EAFNOSUPPORT || err() == EADDRNOTAVAIL)) return; /* a machine without IPv6 */
  CHECK(listener >= 0);
  CHECK(fcntl(listener, F_GETFD) & FD_CLOEXEC && fcntl(listener, F_GETFL) & O_NONBLOCK);
  char name[64];
  snprintf(name, sizeof name, "%s", address);
  if (host) name_of(listener, host, name);
  gw_go(serve, listener);
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 20);
  for (int i = 0; i < 20; i++) gw_go(client, name, 50, &done);
  gw_waitgroup_wait(&done);
  CHECK(gw_close_fd(listener) == 0);
  CHECK(gw_dial(name) == -1 && (err() == ECONNREFUSED || err() == ENOENT));
}

static void addresses(void) {
  echo_at("127.0.0.1:0", "127.0.0.1");
  echo_at("localhost:0", "localhost");
  echo_at(":0", "");
  echo_at(":0", "127.0.0.1");
  echo_at("[::1]:0", "[::1]");
  echo_at("[::]:0", "localhost");
  char path[64];
  snprintf(path, sizeof path, "unix:@godwit-test-%d", (int)getpid());
  echo_at(path, NULL);
  snprintf(path, sizeof path, "unix:/tmp/godwit-test-%d", (int)getpid());
  echo_at(path, NULL);
  CHECK(access(path + 5, F_OK) != 0);
  static const char *const bad[] = {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "[::1:80", "unix:"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK(gw_dial(bad[i]) == -1 && err() == EINVAL);
    CHECK(gw_listen(bad[i]) == -1 && err() == EINVAL);
  }
  int twice = gw_listen("127.0.0.1:0");
  char name[64];
  name_of(twice, "127.0.0.1", name);
  CHECK(gw_listen(name) == -1 && err() == EADDRINUSE);
  CHECK(gw_close_fd(twice) == 0);
}

/* ---- much data, and half-closed ---- */

enum { MANY = 4 << 20 };
static unsigned char much[MANY];

static void write_much(int fd) { CHECK(gw_write(fd, much, MANY) == MANY); }
static void write_and_end(int fd) {
  write_much(fd);
  CHECK(shutdown(fd, SHUT_WR) == 0);
}

static void half_close(int a, int b) {
  for (int i = 0; i < MANY; i++) much[i] = (unsigned char)(i * 7 >> 3);
  gw_go(write_and_end, a);
  static unsigned char got[MANY];
  read_all(b, got, MANY);
  char c;
  CHECK(gw_read(b, &c, 1) == 0 && gw_read(b, &c, 1) == 0);
  CHECK(memcmp(got, much, MANY) == 0);
  CHECK(gw_write(b, "x", 1) == 1); /* the other way is still open */
  CHECK(gw_read(a, &c, 1) == 1 && c == 'x');
}

/* What came with the end of the stream is read before the end. */
static void last_words(void) {
  for (int i = 0; i < 200; i++) {
    int fds[2];
    char buf[64];
    pair(fds);
    if (i % 2) gw_set_read_deadline(fds[1], gw_now() + 10 * GW_S);
    CHECK(gw_write(fds[0], "a", 1) == 1 && gw_read(fds[1], buf, sizeof buf) == 1);
    CHECK(gw_write(fds[0], "last", 4) == 4 && gw_close_fd(fds[0]) == 0);
    CHECK(gw_read(fds[1], buf, sizeof buf) == 4);
    CHECK(gw_read(fds[1], buf, sizeof buf) == 0);
    CHECK(gw_close_fd(fds[1]) == 0);
  }
}

static void broken(void) {
  int fds[2];
  char c;
  pair(fds);
  struct linger now = {1, 0};
  CHECK(setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
  CHECK(gw_close_fd(fds[0]) == 0);
  CHECK(gw_read(fds[1], &c, 1) == -1 && err() == ECONNRESET);
  CHECK(gw_write(fds[1], &c, 1) == -1 && err() == EPIPE); /* and no SIGPIPE */
  CHECK(gw_close_fd(fds[1]) == 0);
}

/* ---- deadlines ---- */

static void read_one(int fd, gw_chan(int) result) {
  char c;
  ssize_t r = gw_read(fd, &c, 1);
  gw_send(result, r < 0 ? -err() : (int)r);
}
static void accept_one(int fd, gw_chan(int) result) {
  int r = gw_accept(fd);
  if (r >= 0) CHECK(gw_close_fd(r) == 0);
  gw_send(result, r < 0 ? -err() : 1);
}
static void wait_one(int fd, gw_chan(int) result) {
  int r = gw_wait_fd(fd, POLLIN, -1);
  gw_send(result, r < 0 ? -err() : r);
}
static void write_until_full(int fd, gw_chan(int) result) {
  static char block[1 << 16];
  while (gw_write(fd, block, sizeof block) == sizeof block) {
  }
  ssize_t r = gw_write(fd, block, 1);
  gw_send(result, r < 0 ? -err() : (int)r);
}

/* A reader whose time is put off goes on waiting. False if that came too late. */
static bool put_off(int a, int b, int64_t ns, gw_chan(int) result) {
  int64_t until = gw_now() + ns;
  CHECK(gw_set_deadline(a, until) == 0);
  gw_go(read_one, a, result);
  CHECK(gw_set_deadline(a, 0) == 0);
  if (gw_now() >= until) {
    CHECK(gw_set_deadline(a, 1) == 0 && gw_recv(result) == -ETIMEDOUT && gw_set_deadline(a, 0) == 0);
    return false;
  }
  gw_sleep(until + ns - gw_now());
  CHECK(gw_len(result) == 0 && gw_write(b, "x", 1) == 1 && gw_recv(result) == 1);
  return true;
}

static void deadlines(int a, int b, gw_chan(int) result) {
  char c;
  int64_t from = gw_now();
  CHECK(gw_set_read_deadline(a, from + 20 * GW_MS) == 0);
  CHECK(gw_read(a, &c, 1) == -1 && err() == ETIMEDOUT && gw_now() >= from + 20 * GW_MS);
  CHECK(gw_read(a, &c, 1) == -1 && err() == ETIMEDOUT);
  CHECK(gw_wait_fd(a, POLLIN, -1) == -1 && err() == ETIMEDOUT);
  CHECK(gw_write(a, "w", 1) == 1); /* the other side isn't concerned */
  CHECK(gw_write(b, "v", 1) == 1);
  CHECK(gw_read(a, &c, 1) == -1 && err() == ETIMEDOUT); /* although there is something */
  CHECK(gw_set_read_deadline(a, 0) == 0);
  CHECK(gw_read(a, &c, 1) == 1 && c == 'v' && gw_read(b, &c, 1) == 1 && c == 'w');
  /* set while somebody waits: sooner, later, past */
  gw_go(read_one, a, result);
  gw_sleep(5 * GW_MS);
  CHECK(gw_set_deadline(a, gw_now() + 10 * GW_S) == 0);
  CHECK(gw_set_deadline(a, gw_now() + 10 * GW_MS) == 0);
  CHECK(gw_recv(result) == -ETIMEDOUT);
  CHECK(gw_set_deadline(a, gw_now() + 5 * GW_MS) == 0);
  gw_go(read_one, a, result);
  CHECK(gw_set_deadline(a, gw_now() + 10 * GW_S) == 0);
  gw_sleep(10 * GW_MS);
  CHECK(gw_set_deadline(a, 1) == 0);
  CHECK(gw_recv(result) == -ETIMEDOUT);
  for (int64_t ns = 20 * GW_MS; !put_off(a, b, ns, result);) ns *= 2; /* a slower machine */
  /* writing */
  CHECK(gw_set_write_deadline(b, gw_now() + 30 * GW_MS) == 0);
  gw_go(write_until_full, b, result);
  CHECK(gw_recv(result) == -ETIMEDOUT);
}

/* ---- closing under who waits ---- */

static void close_wakes(gw_chan(int) result) {
  for (int i = 0; i < 50; i++) {
    int fds[2];
    pair(fds);
    gw_go(read_one, fds[0], result);
    gw_go(wait_one, fds[0], result);
    gw_go(read_one, fds[0], result);
    if (i % 2) gw_sleep(GW_MS);
    CHECK(gw_close_fd(fds[0]) == 0);
    for (int k = 0; k < 3; k++) CHECK(gw_recv(result) == -EBADF);
    CHECK(gw_close_fd(fds[1]) == 0);
    CHECK(gw_close_fd(fds[1]) == -1 && err() == EBADF);
    char c;
    CHECK(gw_read(fds[1], &c, 1) == -1 && err() == EBADF);
  }
  int listener = gw_listen("127.0.0.1:0");
  for (int k = 0; k < 5; k++) gw_go(accept_one, listener, result);
  gw_sleep(GW_MS);
  CHECK(gw_close_fd(listener) == 0);
  for (int k = 0; k < 5; k++) CHECK(gw_recv(result) == -EBADF);
  int p[2];
  CHECK(pipe(p) == 0);
  gw_go(read_one, p[0], result);
  gw_sleep(5 * GW_MS);
  CHECK(gw_close_fd(p[0]) == 0 && gw_recv(result) == -EBADF && close(p[1]) == 0);
}

/* Each of many acceptors gets one, and none is forgotten. */
static void many_acceptors(gw_chan(int) result) {
  int listener = gw_listen("127.0.0.1:0");
  char name[64];
  name_of(listener, "127.0.0.1", name);
  for (int i = 0; i < 30; i++) gw_go(accept_one, listener, result);
  gw_sleep(GW_MS);
  int fds[30];
  for (int i = 0; i < 30; i++) CHECK((fds[i] = gw_dial(name)) >= 0);
  for (int i = 0; i < 30; i++) CHECK(gw_recv(result) == 1);
  for (int i = 0; i < 30; i++) CHECK(gw_close_fd(fds[i]) == 0);
  CHECK(gw_close_fd(listener) == 0);
}

/* ---- what others made ---- */

static void foreign(gw_chan(int) result) {
  int p[2], s[2];
  char c;
  CHECK(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
  gw_go(read_one, p[0], result);
  gw_go(read_one, s[0], result);
  gw_sleep(5 * GW_MS);
  CHECK(gw_write(p[1], "a", 1) == 1 && gw_recv(result) == 1);
  CHECK(gw_write(s[1], "a", 1) == 1 && gw_recv(result) == 1);
  CHECK(!(fcntl(p[0], F_GETFL) & O_NONBLOCK) && !(fcntl(s[0], F_GETFL) & O_NONBLOCK));
  /* a reader and a writer of one socket */
  gw_go(read_one, s[0], result);
  gw_set_write_deadline(s[0], gw_now() + 20 * GW_MS);
  gw_go(write_until_full, s[0], result);
  CHECK(gw_recv(result) == -ETIMEDOUT);
  CHECK(gw_write(s[1], "a", 1) == 1 && gw_recv(result) == 1);
  /* a pipe's reader comes slowly: all of it arrives */
  gw_go(write_much, p[1]);
  static unsigned char got[MANY];
  read_all(p[0], got, MANY);
  CHECK(memcmp(got, much, MANY) == 0);
  /* numbers that are given out again behind our back */
  for (int i = 0; i < 20; i++) {
    CHECK(gw_set_deadline(p[0], gw_now() + GW_MS) == 0);
    CHECK(gw_read(p[0], &c, 1) == -1 && err() == ETIMEDOUT);
    CHECK(close(p[0]) == 0 && close(p[1]) == 0 && pipe(p) == 0);
    gw_go(read_one, p[0], result);
    gw_sleep(100 * GW_US);
    CHECK(gw_write(p[1], "b", 1) == 1 && gw_recv(result) == 1);
  }
  CHECK(gw_close_fd(p[1]) == 0 && gw_read(p[0], &c, 1) == 0 && gw_close_fd(p[0]) == 0);
  CHECK(gw_read(p[0], &c, 1) == -1 && err() == EBADF && gw_read(-1, &c, 1) == -1 && err() == EBADF);
  CHECK(close(s[0]) == 0 && close(s[1]) == 0);
  int e = eventfd(0, EFD_NONBLOCK);
  gw_go(wait_one, e, result);
  gw_sleep(GW_MS);
  uint64_t one = 1;
  CHECK(gw_write(e, &one, 8) == 8 && gw_recv(result) == POLLIN && gw_read(e, &one, 8) == 8 && one == 1 &&
        close(e) == 0);
  int file = open("/proc/self/exe", O_RDONLY);
  char head[4];
  CHECK(gw_read(file, head, 4) == 4 && memcmp(head, "\177ELF", 4) == 0);
  CHECK(gw_set_deadline(file, 1) == -1 && err() == EOPNOTSUPP);
  CHECK(gw_wait_fd(file, POLLIN, -1) == POLLIN && close(file) == 0);
}

static void wait_fd(gw_chan(int) result) {
  int fds[2];
  pair(fds);
  int64_t from = gw_now();
  CHECK(gw_wait_fd(fds[0], POLLIN, 10 * GW_MS) == 0 && err() == ETIMEDOUT && gw_now() - from >= 10 * GW_MS);
  CHECK(gw_wait_fd(fds[0], POLLIN, 0) == 0);
  CHECK(gw_wait_fd(fds[0], POLLOUT, -1) == POLLOUT);
  CHECK(gw_wait_fd(fds[0], POLLIN | POLLOUT, -1) == POLLOUT);
  gw_go(wait_one, fds[0], result);
  gw_go(wait_one, fds[0], result);
  gw_sleep(GW_MS);
  CHECK(gw_write(fds[1], "x", 1) == 1);
  CHECK(gw_recv(result) == POLLIN && gw_recv(result) == POLLIN); /* nobody has read it: all are told */
  CHECK(gw_wait_fd(1000, POLLIN, -1) == -1 && err() == EBADF);
  pair_close(fds);
}

static void look_up(void) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *list;
  CHECK(gw_getaddrinfo("127.0.0.1", "80", &hints, &list) == 0 && list->ai_family == AF_INET);
  freeaddrinfo(list);
  CHECK(gw_getaddrinfo("no such host", NULL, &hints, &list) == EAI_NONAME);
}

/* ---- threads ---- */

static void *thread_client(void *name) {
  gw_waitgroup done = {0};
  gw_waitgroup_add(&done, 1);
  client(name, 50, &done);
  int fds[2];
  pair(fds);
  gw_set_read_deadline(fds[0], gw_now() + 5 * GW_MS);
  char c;
  CHECK(gw_read(fds[0], &c, 1) == -1 && err() == ETIMEDOUT);
  pair_close(fds);
  return NULL;
}

static void *thread_closed(void *arg) {
  char c;
  CHECK(gw_read(*(int *)arg, &c, 1) == -1 && err() == EBADF);
  return NULL;
}

static void threads(void) {
  int listener = gw_listen("127.0.0.1:0"), fds[2];
  char name[64];
  name_of(listener, "127.0.0.1", name);
  gw_go(serve, listener);
  pthread_t t[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&t[i], NULL, thread_client, name) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(t[i], NULL) == 0);
  CHECK(gw_close_fd(listener) == 0);
  pair(fds);
  CHECK(pthread_create(&t[0], NULL, thread_closed, &fds[0]) == 0);
  gw_sleep(5 * GW_MS);
  CHECK(gw_close_fd(fds[0]) == 0 && pthread_join(t[0], NULL) == 0 && gw_close_fd(fds[1]) == 0);
}

/* ---- fork: the child polls for itself ---- */

static void forked(gw_chan(int) result) {
  int fds[2];
  char c;
  pair(fds);
  gw_go(read_one, fds[0], result);
  gw_sleep(GW_MS);
  pid_t child = fork();
  if (child == 0) {
    int own[2];
    pair(own);
    gw_chan(int) mine = gw_make(int, 0);
    gw_go(read_one, own[0], mine);
    gw_sleep(GW_MS);
    CHECK(gw_write(own[1], "c", 1) == 1 && gw_recv(mine) == 1);
    CHECK(gw_write(fds[1], "p", 1) == 1); /* the parent's goroutine hears of it */
    _exit(7);
  }
  int status;
  CHECK(gw_recv(result) == 1);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(gw_write(fds[1], "q", 1) == 1 && gw_read(fds[0], &c, 1) == 1 && c == 'q');
  pair_close(fds);
}

static int count_threads(void) {
  FILE *f = fopen("/proc/self/status", "r");
  int n = 0;
  for (char line[256]; fgets(line, sizeof line, f);) sscanf(line, "Threads: %d", &n);
  fclose(f);
  return n;
}

/* Main alone. */
static void alone(void) {
  int fds[2];
  char c;
  pair(fds);
  CHECK(gw_set_read_deadline(fds[0], gw_now() + 5 * GW_MS) == 0);
  CHECK(gw_read(fds[0], &c, 1) == -1 && err() == ETIMEDOUT);
  CHECK(gw_set_read_deadline(fds[0], 0) == 0 && gw_write(fds[1], "x", 1) == 1 && gw_read(fds[0], &c, 1) == 1);
  CHECK(gw_wait_fd(fds[0], POLLIN, 5 * GW_MS) == 0 && gw_wait_fd(fds[0], POLLIN | POLLOUT, -1) == POLLOUT);
  pair_close(fds);
  CHECK(count_threads() == 1);
}

int main(void) {
  alone();
  gw_chan(int) result = gw_make(int, 10);
  addresses();
  int fds[2];
  pair(fds);
  half_close(fds[0], fds[1]);
  pair_close(fds);
  last_words();
  broken();
  pair(fds);
  deadlines(fds[0], fds[1], result);
  pair_close(fds);
  close_wakes(result);
  many_acceptors(result);
  foreign(result);
  wait_fd(result);
  look_up();
  threads();
  forked(result);
  return 0;
}
