/* The other side: `client PORT CONNECTIONS REQUESTS BYTES` sends a message on each connection, waits for its echo,
 * sends the next, until REQUESTS were answered.  One thread, epoll, no library.  Prints the seconds from the first
 * request to the last answer; status 1 if an answer was wrong or a connection broke. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BYTES = 65536, EVENTS = 256 };
static char out[MAX_BYTES], in[MAX_BYTES];
static size_t bytes;

static _Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int open_one(int port) {
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) fail("connect");
  return fd;
}

static void ask(int fd) {
  if (write(fd, out, bytes) != (ssize_t)bytes) fail("write");
}

/* Messages are small: an answer that comes in pieces is waited for. */
static void answer(int fd) {
  if (recv(fd, in, bytes, MSG_WAITALL) != (ssize_t)bytes || memcmp(in, out, bytes) != 0) fail("read");
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  int port = atoi(argv[1]), connections = atoi(argv[2]);
  long requests = atol(argv[3]), asked = 0, answered = 0;
  bytes = (size_t)atol(argv[4]);
  struct rlimit files = {(rlim_t)connections + 100, (rlim_t)connections + 100};
  if (bytes < 1 || bytes > MAX_BYTES || connections < 1) return 64;
  if (connections > 900) setrlimit(RLIMIT_NOFILE, &files);
  for (size_t i = 0; i < bytes; i++) out[i] = (char)(i * 31);
  int epoll = epoll_create1(0), *fds = calloc((size_t)connections, sizeof *fds);
  if (!fds) return 1;
  for (int i = 0; i < connections; i++) {
    fds[i] = open_one(port);
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fds[i]}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &e) != 0) fail("epoll_ctl");
  }
  double from = now();
  for (int i = 0; i < connections && asked < requests; i++, asked++) ask(fds[i]);
  while (answered < requests) {
    struct epoll_event ready[EVENTS];
    int n = epoll_wait(epoll, ready, EVENTS, 60000);
    if (n <= 0) fail("epoll_wait");
    for (int i = 0; i < n; i++) {
      answer(ready[i].data.fd);
      answered++;
      if (asked < requests) asked++, ask(ready[i].data.fd);
    }
  }
  printf("%.6f\n", now() - from);
  return 0;
}
