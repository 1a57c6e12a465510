/* What sockets and files don't order: what comes after the write, the reader for the writer, waiting, deadlines; and
 * the buffers that gw_read and gw_write are given. */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenario.h"

static int client, server;
static char buffer[32];
static long after_write, before_read, waited, accepted, dead;
static char name[64];
static int listener;

static void must(bool ok) {
  if (!ok) abort();
}

/* After the write. */
static void a1(void) {
  must(gw_write(client, "x", 1) == 1);
  IN_TURN(1, after_write = 1); /* RACE 1: write after_write */
}
static void b1(void) {
  char c;
  turn_wait(2);
  must(gw_read(server, &c, 1) == 1);
  use(after_write); /* RACE 1: read after_write */
}

/* A reader's doings are unknown to the writer. */
static void a2(void) {
  char c;
  before_read = 1; /* RACE 2: write before_read */
  must(gw_read(server, &c, 1) == 1);
  IN_TURN(1, );
}
static void b2(void) {
  must(gw_write(client, "x", 1) == 1);
  turn_wait(2);
  must(gw_write(client, "y", 1) == 1);
  use(before_read); /* RACE 2: read before_read */
}

/* To hear that there is something isn't to read it. */
static void a3(void) {
  waited = 1; /* RACE 3: write waited */
  must(gw_write(client, "x", 1) == 1);
  IN_TURN(1, );
}
static void b3(void) {
  turn_wait(2);
  must(gw_wait_fd(server, POLLIN, -1) == POLLIN);
  use(waited); /* RACE 3: read waited */
}

/* A connection that is accepted. */
static void a4(void) {
  accepted = 1; /* RACE 4: write accepted */
  int fd = gw_dial(name);
  must(fd >= 0);
  IN_TURN(1, );
}
static void b4(void) {
  turn_wait(2);
  must(gw_accept(listener) >= 0);
  use(accepted); /* RACE 4: read accepted */
}

/* A deadline that is set while somebody waits. */
static void a5(void) {
  dead = 1; /* RACE 5: write dead */
  must(gw_set_read_deadline(client, 1) == 0);
  IN_TURN(1, );
}
static void b5(void) {
  char c;
  must(gw_read(client, &c, 1) == -1);
  turn_wait(2);
  use(dead); /* RACE 5: read dead */
}

/* Buffers. */
static void a6(void) { IN_TURN(1, must(gw_write(client, buffer, 9) == 9)); /* RACE 6: read */ }
static void b6(void) { IN_TURN(2, *(volatile char *)&buffer[8] = 'z'); /* RACE 6: write buffer[8] */ }
static void a7(void) { IN_TURN(1, must(gw_read(server, buffer + 16, 9) == 9)); /* RACE 7: write */ }
static void b7(void) { IN_TURN(2, use(*(volatile char *)&buffer[24])); /* RACE 7: read buffer[24] */ }

int main(void) {
  must((listener = gw_listen("127.0.0.1:0")) >= 0);
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  must(getsockname(listener, (struct sockaddr *)&a, &n) == 0);
  snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(a.sin_port));
  must((client = gw_dial(name)) >= 0 && (server = gw_accept(listener)) >= 0);
  both(a1, b1);
  both(a2, b2);
  char rest[8];
  must(gw_read(server, rest, sizeof rest) == 1);
  both(a3, b3);
  must(gw_read(server, rest, sizeof rest) == 1);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
}
