/* Connections to a process of their own, which sends back what it reads; each in four ways. */
#ifndef GW_TEST_STREAMS_H
#define GW_TEST_STREAMS_H
#include "pairs.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "godwit/abi.h"

enum way { UNIX_ACCEPTED, UNIX_CONNECTED, TCP_ACCEPTED, TCP_CONNECTED, WAYS };

struct place {
  struct sockaddr_storage at;
  socklen_t n;
};

/* Listens wherever there is room. */
USED static int listen_somewhere(int domain, struct place *p) {
  struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_un local = {.sun_family = AF_UNIX}; /* bound without a name, it gets one */
  int fd = socket(domain, SOCK_STREAM, 0);
  if (domain == AF_UNIX)
    MUST(bind(fd, (struct sockaddr *)&local, sizeof local.sun_family) == 0);
  else
    MUST(bind(fd, (struct sockaddr *)&tcp, sizeof tcp) == 0);
  MUST(listen(fd, 8) == 0);
  p->n = sizeof p->at;
  MUST(getsockname(fd, (struct sockaddr *)&p->at, &p->n) == 0);
  return fd;
}

USED static int connect_to(const struct place *p) {
  int fd = socket(p->at.ss_family, SOCK_STREAM, 0);
  MUST(connect(fd, (const struct sockaddr *)&p->at, p->n) == 0);
  return fd;
}

USED static void send_back(int fd) {
  char c;
  while (read(fd, &c, 1) == 1) MUST(write(fd, &c, 1) == 1);
  _exit(0);
}

USED static int echo_accepted(int domain) {
  struct place p;
  int listener = listen_somewhere(domain, &p);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) send_back(connect_to(&p));
  int fd = accept(listener, NULL, NULL);
  MUST(fd >= 0);
  close(listener);
  return fd;
}

USED static int echo_connected(int domain) {
  struct place p;
  int told[2];
  MUST(pipe(told) == 0);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    int listener = listen_somewhere(domain, &p);
    MUST(write(told[1], &p, sizeof p) == sizeof p);
    send_back(accept(listener, NULL, NULL));
  }
  MUST(read(told[0], &p, sizeof p) == sizeof p);
  close(told[0]), close(told[1]);
  return connect_to(&p);
}

/* A connection to a new process that echoes; close it and await_echo(). */
USED static int echo(enum way way) {
  int domain = way == UNIX_ACCEPTED || way == UNIX_CONNECTED ? AF_UNIX : AF_INET;
  return way == UNIX_ACCEPTED || way == TCP_ACCEPTED ? echo_accepted(domain) : echo_connected(domain);
}
USED static void await_echo(void) {
  int status;
  MUST(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

USED static void put(int fd) { MUST(write(fd, "x", 1) == 1); }
USED static void get(int fd) {
  char byte;
  MUST(read(fd, &byte, 1) == 1);
}

/* What the inline checks compare with: another one after each release that ended an epoch. */
USED static __attribute__((noinline, disable_sanitizer_instrumentation)) uint32_t open_epoch(void) {
  return __gw_tls.epoch;
}

#endif
