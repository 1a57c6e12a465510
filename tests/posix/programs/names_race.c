/* As in system_race.c: users, groups, hosts, services and protocols.  What is found without _r is one for all threads.
 */
#include "pairs.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

static char name[16] = "root", host[16] = "127.0.0.1", room[4096], out[64];
static struct passwd user, *users;
static struct group group, *groups;
static struct hostent hosted, *hosts;
static struct servent service, *services;
static struct protoent protocol, *protocols;
static struct sockaddr_in address = {.sin_family = AF_INET};
static gid_t ids[64];
static int n, error;
static const char *home; /* in what libc has one of */

#define BYTE(x, i) ((volatile unsigned char *)&(x))[i]
#define LOOK(x) use(BYTE(x, 0))
#define SET(x) (BYTE(x, 0) = BYTE(x, 0))
#define ROOM room, sizeof room

/* clang-format off */
PAIR(1, getpwnam_r(name, &user, ROOM, &users), LOOK(user))                          /* RACE 1: write */ /* RACE 1: read user.pw_name */
PAIR(2, getpwnam_r(name, &user, ROOM, &users), LOOK(users))                         /* RACE 2: write */ /* RACE 2: read users */
PAIR(3, getpwnam_r(name, &user, ROOM, &users), LOOK(*user.pw_shell))                /* RACE 3: write */ /* RACE 3: read */
PAIR(4, getpwnam_r(name, &user, ROOM, &users), SET(name[4]))                        /* RACE 4: read */ /* RACE 4: write name[4] */
PAIR(5, getpwuid_r(0, &user, ROOM, &users), LOOK(*user.pw_dir))                     /* RACE 5: write */ /* RACE 5: read */
PAIR(6, use(getpwnam("root")->pw_uid), use(getpwnam("root")->pw_gid))               /* RACE 6: write */ /* RACE 6: write */
PAIR(7, use(getpwuid(0)->pw_uid), LOOK(*home))                                      /* RACE 7: write */ /* RACE 7: read */
PAIR(8, use(getpwent() != NULL), use(getpwent() != NULL))                           /* RACE 8: write */ /* RACE 8: write */
PAIR(9, getgrnam_r(name, &group, ROOM, &groups), LOOK(group))                       /* RACE 9: write */ /* RACE 9: read group.gr_name */
PAIR(10, getgrgid_r(0, &group, ROOM, &groups), LOOK(*group.gr_mem))                 /* RACE 10: write */ /* RACE 10: read */
PAIR(11, getgrgid_r(0, &group, ROOM, &groups), LOOK(*group.gr_name))                /* RACE 11: write */ /* RACE 11: read */
PAIR(12, use(getgrgid(0)->gr_gid), use(getgrgid(0)->gr_gid))                        /* RACE 12: write */ /* RACE 12: write */
PAIR(13, use(getgrnam("root")->gr_gid), use(getgrnam("root")->gr_gid))              /* RACE 13: write */ /* RACE 13: write */
PAIR(14, use(getgrent() != NULL), use(getgrent() != NULL))                          /* RACE 14: write */ /* RACE 14: write */
PAIR(15, getgrouplist("root", 0, ids, &n), LOOK(ids[0]))                            /* RACE 15: write */ /* RACE 15: read ids[0] */
PAIR(16, getgrouplist("root", 0, ids, &n), LOOK(n))                                 /* RACE 16: write */ /* RACE 16: read n */
PAIR(17, gethostbyname_r(host, &hosted, ROOM, &hosts, &error), LOOK(hosted))        /* RACE 17: write */ /* RACE 17: read hosted.h_name */
PAIR(18, gethostbyname_r(host, &hosted, ROOM, &hosts, &error), LOOK(**hosted.h_addr_list)) /* RACE 18: write */ /* RACE 18: read */
PAIR(19, gethostbyname_r(host, &hosted, ROOM, &hosts, &error), SET(host[9]))        /* RACE 19: read */ /* RACE 19: write host[9] */
PAIR(20, use(gethostbyname("127.0.0.1") != NULL), use(gethostbyname("127.0.0.1") != NULL)) /* RACE 20: write */ /* RACE 20: write */
PAIR(21, getservbyname_r("ssh", "tcp", &service, ROOM, &services), LOOK(services))  /* RACE 21: write */ /* RACE 21: read services */
PAIR(22, getservbyname_r(name, NULL, &service, ROOM, &services), SET(name[4]))      /* RACE 22: read */ /* RACE 22: write */
PAIR(23, getprotobynumber_r(6, &protocol, ROOM, &protocols), LOOK(protocols))       /* RACE 23: write */ /* RACE 23: read */
PAIR(24, getnameinfo((void *)&address, sizeof address, out, 60, NULL, 0, NI_NUMERICHOST), LOOK(out[7])) /* RACE 24: write */ /* RACE 24: read */
PAIR(25, getnameinfo((void *)&address, sizeof address, out, 60, NULL, 0, NI_NUMERICHOST), SET(address)) /* RACE 25: read */ /* RACE 25: write */
/* clang-format on */

#define RUN(n) both(a##n, b##n)
int main(void) {
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  home = getpwuid(0)->pw_dir, n = 64;
  RUN(1), RUN(2), RUN(3), RUN(4), RUN(5), RUN(6), RUN(7), RUN(8), RUN(9), RUN(10), RUN(11), RUN(12), RUN(13), RUN(14),
      RUN(15), RUN(16), RUN(17), RUN(18), RUN(19), RUN(20), RUN(21), RUN(22), RUN(23), RUN(24), RUN(25);
}
