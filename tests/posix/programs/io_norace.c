/* NO RACE */
/* A write before the read that sees it: pipes, socket pairs, eventfds, TCP, copies of descriptors, epoll's own data;
 * and a close before whoever gets the number next. */
#include "pairs.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

static long x;
static int there[2], back[2]; /* [0] to read from, [1] to write to */

static void ping(void) {
  char c = 1;
  for (int i = 0; i < 20; i++) {
    x++;
    MUST(write(there[1], &c, 1) == 1);
    MUST(read(back[0], &c, 1) == 1);
  }
  x++;
  close(there[1]);
}
static void pong(void) {
  char c;
  while (read(there[0], &c, 1) == 1) {
    x++;
    MUST(write(back[1], &c, 1) == 1);
  }
  x++;
}
static void close_all(void) { close(there[0]), close(back[0]), close(back[1]); }

static void over_pipes(void) {
  MUST(pipe(there) == 0 && pipe2(back, O_CLOEXEC) == 0);
  both(ping, pong);
  close_all();
}
static void over_copies(void) {
  int a[2], b[2];
  MUST(pipe(a) == 0 && pipe(b) == 0);
  there[0] = dup(a[0]), there[1] = fcntl(a[1], F_DUPFD, 50);
  back[0] = dup2(b[0], 60), back[1] = dup3(b[1], 61, O_CLOEXEC);
  close(a[0]), close(a[1]), close(b[0]), close(b[1]);
  both(ping, pong);
  close_all();
}
static void over_socketpair(void) {
  int fds[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  there[1] = back[0] = fds[0];
  there[0] = back[1] = fds[1];
  both(ping, pong);
  close(fds[1]);
}

/* Several messages in one call. */
static struct mmsghdr *messages(struct mmsghdr *m, struct iovec *v, char *c) {
  for (int i = 0; i < 2; i++) {
    v[i] = (struct iovec){c + i, 1};
    m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = v + i, .msg_iovlen = 1}};
  }
  return m;
}
static void sends_many(void) {
  struct mmsghdr m[2];
  struct iovec v[2];
  char c[2] = {1, 2};
  for (int i = 0; i < 20; i++) {
    x++;
    MUST(sendmmsg(there[1], messages(m, v, c), 2, 0) == 2 && m[1].msg_len == 1);
    MUST(recvmmsg(back[0], messages(m, v, c), 2, MSG_WAITFORONE, NULL) >= 1);
  }
}
static void receives_many(void) {
  struct mmsghdr m[2];
  struct iovec v[2];
  char c[2];
  for (int i = 0; i < 20; i++) {
    MUST(recvmmsg(there[0], messages(m, v, c), 2, 0, NULL) == 2);
    x++;
    MUST(sendmmsg(back[1], messages(m, v, c), 1, 0) == 1);
  }
}
static void over_messages(void) {
  int fds[2];
  MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
  there[1] = back[0] = fds[0];
  there[0] = back[1] = fds[1];
  both(sends_many, receives_many);
  close(fds[0]), close(fds[1]);
}

static int listener;
static void connects(void) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  MUST(getsockname(listener, (struct sockaddr *)&a, &n) == 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  MUST(connect(fd, (struct sockaddr *)&a, n) == 0);
  for (int i = 0; i < 20; i++) {
    char c = 1;
    struct iovec v = {&c, 1};
    x++;
    MUST(i % 2 ? send(fd, &c, 1, 0) == 1 : writev(fd, &v, 1) == 1);
    MUST(i % 2 ? recv(fd, &c, 1, 0) == 1 : readv(fd, &v, 1) == 1);
    x++;
  }
  x++;
  close(fd);
}
static void accepts(void) {
  int fd = accept(listener, NULL, NULL);
  char c;
  struct iovec v = {&c, 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  while (recvmsg(fd, &m, 0) == 1) {
    x++;
    MUST(sendmsg(fd, &m, 0) == 1);
  }
  x++;
  close(fd);
}
static void over_tcp(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  listener = socket(AF_INET, SOCK_STREAM, 0);
  MUST(bind(listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(listener, 1) == 0);
  both(connects, accepts);
  close(listener);
}

static int event, answer;
static void notifies(void) {
  eventfd_t v;
  for (int i = 0; i < 20; i++) {
    x++;
    MUST(eventfd_write(event, 1) == 0);
    MUST(read(answer, &v, sizeof v) == sizeof v);
  }
}
static void is_notified(void) {
  eventfd_t v = 1;
  for (int i = 0; i < 20; i++) {
    eventfd_t got;
    MUST(eventfd_read(event, &got) == 0);
    x++;
    MUST(write(answer, &v, sizeof v) == sizeof v);
  }
}
static void over_eventfd(void) {
  event = eventfd(0, 0), answer = eventfd(0, 0);
  both(notifies, is_notified);
  close(event), close(answer);
}

/* What is registered comes back to another thread. */
static int poll_fd;
static struct registered {
  long value;
} *box;
static void registers(void) {
  box = malloc(sizeof *box);
  box->value = 5;
  struct epoll_event e = {.events = EPOLLOUT, .data.ptr = box};
  MUST(epoll_ctl(poll_fd, EPOLL_CTL_ADD, there[1], &e) == 0);
}
static void hears(void) {
  struct epoll_event e;
  MUST(epoll_wait(poll_fd, &e, 1, -1) == 1);
  struct registered *r = e.data.ptr;
  MUST(r->value == 5);
  free(r);
}
static void over_epoll(void) {
  MUST(pipe(there) == 0);
  poll_fd = epoll_create1(0);
  both(registers, hears);
  close(there[0]), close(there[1]), close(poll_fd);
}

/* A table by descriptor: who closes clears its line first, who opens fills it. */
static long table[100];
static void open_and_close(void) {
  for (int i = 0; i < 200; i++) {
    int fd = open("/dev/null", O_RDWR);
    MUST(fd >= 0 && fd < 100);
    table[fd] = i;
    use(table[fd]);
    table[fd] = 0;
    close(fd);
  }
}

int main(void) {
  over_pipes();
  over_copies();
  over_socketpair();
  over_messages();
  over_tcp();
  over_eventfd();
  over_epoll();
  both(open_and_close, open_and_close);
}
