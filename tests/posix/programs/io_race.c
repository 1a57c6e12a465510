/* Buffers that the kernel reads and writes, and what a descriptor doesn't order. */
#include "pairs.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buffer[32];
static int fds[2], pairs[2], null, zero;
static long a, b, c;

#define WRITE(i) *(volatile char *)&buffer[i] = 'z'
#define READ(i) use(*(volatile char *)&buffer[i])
#define VECTOR (&(struct iovec){buffer + 8, 8})
#define MESSAGE (&(struct mmsghdr){.msg_hdr = {.msg_iov = VECTOR, .msg_iovlen = 1}})

/* clang-format off */
PAIR(1, use(write(null, buffer, 9)), WRITE(8))         /* RACE 1: read */ /* RACE 1: write buffer[8] */
PAIR(2, use(read(zero, buffer, 9)), READ(8))           /* RACE 2: write */ /* RACE 2: read */
PAIR(3, use(writev(null, VECTOR, 1)), WRITE(15))       /* RACE 3: read */ /* RACE 3: write */
PAIR(4, use(readv(zero, VECTOR, 1)), READ(15))         /* RACE 4: write */ /* RACE 4: read */
PAIR(5, use(pwrite(null, buffer, 9, 3)), WRITE(8))     /* RACE 5: read */ /* RACE 5: write */
PAIR(6, use(pread(zero, buffer, 9, 3)), READ(8))       /* RACE 6: write */ /* RACE 6: read */
PAIR(7, use(send(pairs[0], buffer, 9, 0)), WRITE(8))   /* RACE 7: read */ /* RACE 7: write */
PAIR(8, use(recv(pairs[1], buffer, 20, 0)), READ(8))   /* RACE 8: write */ /* RACE 8: read */
PAIR(12, use(sendmmsg(pairs[0], MESSAGE, 1, 0)), WRITE(15))                      /* RACE 12: read */ /* RACE 12: write */
PAIR(13, use(recvmmsg(pairs[1], MESSAGE, 1, MSG_DONTWAIT, NULL)), READ(15))      /* RACE 13: write */ /* RACE 13: read */
/* clang-format on */

/* After the write. */
static void a9(void) {
  MUST(write(fds[1], "x", 1) == 1);
  IN_TURN(1, a = 1); /* RACE 9: write a */
}
static void b9(void) {
  char byte;
  turn_wait(2);
  MUST(read(fds[0], &byte, 1) == 1);
  use(a); /* RACE 9: read a */
}

/* Another pipe's write, and a reader's doings for a later writer. */
static void a10(void) {
  b = 1; /* RACE 10: write b */
  MUST(write(pairs[0], "x", 1) == 1);
  IN_TURN(1, );
}
static void b10(void) {
  char byte;
  turn_wait(2);
  MUST(write(fds[1], "x", 1) == 1 && read(fds[0], &byte, 1) == 1);
  use(b); /* RACE 10: read b */
}
/* The two directions of a socket pair are two channels. */
static void a11(void) {
  c = 1; /* RACE 11: write c */
  MUST(write(pairs[0], "x", 1) == 1);
  IN_TURN(1, );
}
static void b11(void) {
  char byte;
  turn_wait(2);
  MUST(write(pairs[1], "x", 1) == 1 && read(pairs[0], &byte, 1) == 1);
  use(c); /* RACE 11: read c */
}

int main(void) {
  null = open("/dev/null", O_WRONLY);
  zero = open("/dev/zero", O_RDONLY);
  MUST(null >= 0 && zero >= 0 && pipe(fds) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pairs) == 0);
#define RUN(n) both(a##n, b##n);
  RUN(1)
  RUN(2)
  RUN(3)
  RUN(4)
  RUN(5)
  RUN(6)
  RUN(7)
  RUN(8)
  RUN(9)
  RUN(10)
  RUN(11)
  RUN(12)
  RUN(13)
}
