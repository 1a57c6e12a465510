/* NO RACE */
/* A write to a connection or a pipe is before the read that finds it, at the end of a stream as well; a close before
 * what gets the number next; gw_signal_notify before what is received then. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenario.h"

static int pipes[2], listener, client, server;
static char name[64];
static long piped, sent, answered, ended, by_number[1000], subscribed;

static void must(bool ok) {
  if (!ok) abort();
}

/* A pipe: blocking, of the program's own. */
static void a1(void) {
  piped++;
  must(gw_write(pipes[1], "x", 1) == 1);
}
static void b1(void) {
  char c;
  must(gw_read(pipes[0], &c, 1) == 1);
  use(piped);
}

/* A connection, there and back. */
static void a2(void) {
  char c;
  must((client = gw_dial(name)) >= 0);
  sent = 1;
  must(gw_write(client, "x", 1) == 1 && gw_read(client, &c, 1) == 1);
  use(answered);
}
static void b2(void) {
  char c;
  must((server = gw_accept(listener)) >= 0);
  must(gw_read(server, &c, 1) == 1);
  use(sent);
  answered = 1;
  must(gw_write(server, "y", 1) == 1);
}

/* The end of the stream. */
static void a3(void) {
  ended++;
  must(gw_close_fd(client) == 0);
}
static void b3(void) {
  char c;
  must(gw_read(server, &c, 1) == 0);
  use(ended);
  must(gw_close_fd(server) == 0);
}

/* A table by descriptor needs no lock. */
static void number(void) {
  int fd = gw_dial(name);
  must(fd >= 0 && fd < 1000);
  by_number[fd]++;
  gw_yield();
  by_number[fd]++;
  must(gw_close_fd(fd) == 0);
}
static void a4(void) {
  for (int i = 0; i < 20; i++) number();
}

static gw_chan(int) signals;
static void a5(void) {
  subscribed = 1;
  gw_signal_notify(signals, SIGUSR1);
  raise(SIGUSR1);
}
static void b5(void) {
  must(gw_recv(signals) == SIGUSR1);
  use(subscribed);
}

int main(void) {
  must(pipe(pipes) == 0);
  must((listener = gw_listen("127.0.0.1:0")) >= 0);
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  must(getsockname(listener, (struct sockaddr *)&a, &n) == 0);
  snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(a.sin_port));
  for (int i = 0; i < 3; i++) both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, a4);
  signals = gw_make(int, 1);
  both(a5, b5);
  gw_signal_stop(signals);
  gw_chan_free(signals);
}
