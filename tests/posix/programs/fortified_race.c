/* As in system_race.c: what _FORTIFY_SOURCE makes of calls; and supplementary groups. */
#include "fortified.h"

#include <grp.h>

static char out[64];
static char path[16] = "/proc/self";
static gid_t ids[70000];
static struct pollfd ready;
static struct timespec no_time;
static struct sockaddr_storage address;
static socklen_t room = sizeof address;
static int zero, ends[2];

#define LOOK(x) use(*(volatile unsigned char *)&(x))
#define SET(x) (*(volatile unsigned char *)&(x) = 0)

/* clang-format off */
PAIR(1, use(__pread64_chk(zero, out, 9, 0, 64)), LOOK(out[8]))                        /* RACE 1: write */ /* RACE 1: read out[8] */
PAIR(2, use(__recvfrom_chk(ends[1], out, 9, 64, 0, (void *)&address, &room)), LOOK(out[1])) /* RACE 2: write */ /* RACE 2: read out[1] */
PAIR(3, use(__recvfrom_chk(ends[1], out, 9, 64, 0, (void *)&address, &room)), LOOK(room)) /* RACE 3: write */ /* RACE 3: read room */
PAIR(4, use(__readlinkat_chk(AT_FDCWD, path, out, 9, 64)), LOOK(out[0]))              /* RACE 4: write */ /* RACE 4: read out[0] */
PAIR(5, use(__readlinkat_chk(AT_FDCWD, path, out, 9, 64)), SET(path[10]))             /* RACE 5: read */ /* RACE 5: write path[10] */
PAIR(6, __ppoll_chk(&ready, 1, &no_time, NULL, sizeof ready), LOOK(ready.revents))    /* RACE 6: write */ /* RACE 6: read ready.revents */
PAIR(7, __ppoll_chk(&ready, 1, &no_time, NULL, sizeof ready), SET(no_time))           /* RACE 7: read */ /* RACE 7: write */
PAIR(8, use(getgroups(70000, ids)), LOOK(ids[0]))                                     /* RACE 8: write */ /* RACE 8: read ids[0] */
PAIR(9, use(__getgroups_chk(70000, ids, sizeof ids)), LOOK(ids[0]))                   /* RACE 9: write */ /* RACE 9: read ids[0] */
PAIR(10, __explicit_bzero_chk(out, 9, 64), LOOK(out[8]))                              /* RACE 10: write */ /* RACE 10: read out[8] */
/* clang-format on */

#define RUN(n) both(a##n, b##n)
int main(void) {
  zero = open("/dev/zero", O_RDONLY);
  MUST(zero >= 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  for (int i = 0; i < 2; i++) MUST(send(ends[0], "ab", 2, 0) == 2);
  ready = (struct pollfd){.fd = zero, .events = POLLIN};
  MUST(getgroups(0, NULL) > 0 || setgroups(1, ids) == 0);
  RUN(1), RUN(2);
  room = sizeof address;
  RUN(3), RUN(4), RUN(5), RUN(6), RUN(7), RUN(8), RUN(9), RUN(10);
}
