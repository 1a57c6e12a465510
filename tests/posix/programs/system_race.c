/* One thread calls a function of libc that fills something in, or is given something; the other then touches it. */
#include "pairs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>

static char text[64], out[64];
static time_t when;
static struct timespec spec, no_time;
static struct timeval val, no_val;
static struct tm parts;
static struct stat file;
static struct statvfs files;
static struct utsname names;
static struct sysinfo info;
static struct rusage usage;
static struct rlimit limit;
static struct tms all;
static struct pollfd ready;
static fd_set set;
static struct sockaddr_storage address;
static socklen_t room;
static sem_t sem;
static sigset_t mask, old;
static int value, status;
static short small;
static double real;
static unsigned seed;
static unsigned char ip[16];
static int listener, child, terminal;
static cpu_set_t cpus;
static char word[] = "word", *arguments[] = {"true", word, NULL};
static struct statx extended;
static struct in_addr v4;
static struct termios ways;

#define BYTE(x, i) ((volatile unsigned char *)&(x))[i]
#define LOOK(x) use(BYTE(x, sizeof(x) - 1))
#define SET(x) (BYTE(x, sizeof(x) - 1) = 0)
#define OUT(i) use(*(volatile char *)&out[i])

/* clang-format off */
PAIR(1, use(time(&when)), LOOK(when))                                                  /* RACE 1: write */ /* RACE 1: read */
PAIR(2, clock_gettime(CLOCK_MONOTONIC, &spec), LOOK(spec))                             /* RACE 2: write */ /* RACE 2: read */
PAIR(3, gettimeofday(&val, NULL), LOOK(val))                                           /* RACE 3: write */ /* RACE 3: read */
PAIR(4, localtime_r(&when, &parts), LOOK(parts))                                       /* RACE 4: write */ /* RACE 4: read */
PAIR(5, gmtime_r(&when, &parts), SET(when))                                            /* RACE 5: read */ /* RACE 5: write */
PAIR(6, use(mktime(&parts)), LOOK(parts))                                              /* RACE 6: write */ /* RACE 6: read */
PAIR(7, strftime(out, 60, "%Y", &parts), OUT(4))                                       /* RACE 7: write */ /* RACE 7: read */
PAIR(8, use(strptime("1999", "%Y", &parts) != NULL), LOOK(parts))                      /* RACE 8: write */ /* RACE 8: read */
PAIR(9, use(*ctime_r(&when, out)), OUT(5))                                             /* RACE 9: write */ /* RACE 9: read */
PAIR(10, nanosleep(&no_time, NULL), SET(no_time))                                      /* RACE 10: read */ /* RACE 10: write */
PAIR(11, stat("/", &file), LOOK(file))                                                 /* RACE 11: write */ /* RACE 11: read */
PAIR(12, fstat(0, &file), LOOK(file))                                                  /* RACE 12: write */ /* RACE 12: read */
PAIR(13, fstatat(AT_FDCWD, "/", &file, 0), LOOK(file))                                 /* RACE 13: write */ /* RACE 13: read */
PAIR(14, statvfs("/", &files), LOOK(files))                                            /* RACE 14: write */ /* RACE 14: read */
PAIR(15, use(getcwd(out, 60) != NULL), OUT(1))                                         /* RACE 15: write */ /* RACE 15: read */
PAIR(16, use(readlink("/proc/self", out, 60)), OUT(0))                                 /* RACE 16: write */ /* RACE 16: read */
PAIR(17, gethostname(out, 60), OUT(0))                                                 /* RACE 17: write */ /* RACE 17: read */
PAIR(18, uname(&names), use(*(volatile char *)names.machine))                          /* RACE 18: write */ /* RACE 18: read */
PAIR(19, sysinfo(&info), LOOK(info))                                                   /* RACE 19: write */ /* RACE 19: read */
PAIR(20, getrusage(RUSAGE_SELF, &usage), LOOK(usage))                                  /* RACE 20: write */ /* RACE 20: read */
PAIR(21, getrlimit(RLIMIT_CORE, &limit), LOOK(limit))                                  /* RACE 21: write */ /* RACE 21: read */
PAIR(22, times(&all), LOOK(all))                                                       /* RACE 22: write */ /* RACE 22: read */
PAIR(23, sem_getvalue(&sem, &value), LOOK(value))                                      /* RACE 23: write */ /* RACE 23: read */
PAIR(24, waitpid(child, &status, 0), LOOK(status))                                     /* RACE 24: write */ /* RACE 24: read */
PAIR(25, use(getrandom(out, 8, 0)), OUT(7))                                            /* RACE 25: write */ /* RACE 25: read */
PAIR(26, use(rand_r(&seed)), LOOK(seed))                                               /* RACE 26: write */ /* RACE 26: read */
PAIR(27, pthread_sigmask(SIG_BLOCK, &mask, &old), LOOK(old))                           /* RACE 27: write */ /* RACE 27: read */
PAIR(28, pthread_sigmask(SIG_BLOCK, &mask, NULL), SET(mask))                           /* RACE 28: read */ /* RACE 28: write */
PAIR(29, getsockname(listener, (void *)&address, &room), LOOK(room))                   /* RACE 29: write */ /* RACE 29: read */
PAIR(30, getsockopt(listener, SOL_SOCKET, SO_TYPE, &value, &room), LOOK(value))        /* RACE 30: write */ /* RACE 30: read */
PAIR(31, setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value), SET(value)) /* RACE 31: read */ /* RACE 31: write */
PAIR(32, use(inet_ntop(AF_INET, ip, out, 60) != NULL), OUT(7))                         /* RACE 32: write */ /* RACE 32: read */
PAIR(33, inet_pton(AF_INET6, "::1", ip), LOOK(ip))                                     /* RACE 33: write */ /* RACE 33: read */
PAIR(34, poll(&ready, 1, 0), use(*(volatile short *)&ready.revents))                   /* RACE 34: write */ /* RACE 34: read */
PAIR(35, poll(&ready, 1, 0), *(volatile short *)&ready.events = 0)                     /* RACE 35: read */ /* RACE 35: write */
PAIR(36, select(1, &set, NULL, NULL, &no_val), use(BYTE(set, 7)))                      /* RACE 36: write */ /* RACE 36: read */
PAIR(37, sscanf("1 2.5 word", "%d %lf %9s", &value, &real, out), OUT(4))               /* RACE 37: write */ /* RACE 37: read */
PAIR(38, sscanf("1 2.5", "%*d %lf", &real), LOOK(real))                                /* RACE 38: write */ /* RACE 38: read */
PAIR(39, sscanf(text, "%hd", &small), *(volatile char *)&text[8] = 'z')                /* RACE 39: read */ /* RACE 39: write */
PAIR(40, sscanf("ab", "%[a-z]%n", out, &value), LOOK(value))                           /* RACE 40: write */ /* RACE 40: read */
PAIR(41, use(localtime(&when)->tm_sec), use(gmtime(&when)->tm_min))                    /* RACE 41: write */ /* RACE 41: write */
PAIR(42, sigaddset(&mask, SIGUSR1), LOOK(mask))                                        /* RACE 42: write */ /* RACE 42: read */
PAIR(43, use(sigismember(&mask, SIGUSR1)), SET(mask))                                  /* RACE 43: read */ /* RACE 43: write */
PAIR(44, sigpending(&old), LOOK(old))                                                  /* RACE 44: write */ /* RACE 44: read */
PAIR(45, use(sched_getaffinity(0, sizeof cpus, &cpus)), LOOK(cpus))                    /* RACE 45: write */ /* RACE 45: read */
PAIR(46, use(sched_setaffinity(0, sizeof cpus, &cpus)), SET(cpus))                     /* RACE 46: read */ /* RACE 46: write */
PAIR(47, posix_spawnp(&child, "true", NULL, NULL, arguments, environ), LOOK(child))    /* RACE 47: write */ /* RACE 47: read */
PAIR(48, posix_spawnp(NULL, "true", NULL, NULL, arguments, environ), SET(word))         /* RACE 48: read */ /* RACE 48: write */
PAIR(49, statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &extended), LOOK(extended))        /* RACE 49: write */ /* RACE 49: read */
PAIR(50, inet_aton("127.0.0.1", &v4), LOOK(v4))                                        /* RACE 50: write */ /* RACE 50: read */
PAIR(51, tcgetattr(terminal, &ways), LOOK(ways))                                       /* RACE 51: write */ /* RACE 51: read */
PAIR(52, tcsetattr(terminal, TCSANOW, &ways), SET(ways))                               /* RACE 52: read */ /* RACE 52: write */
/* clang-format on */

#define RUN(n) both(a##n, b##n);
int main(void) {
  memcpy(text, "12345678", 9);
  room = sizeof address;
  limit.rlim_cur = 1;
  FD_ZERO(&set);
  sigemptyset(&mask);
  sem_init(&sem, 0, 3);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  MUST(listener >= 0 && (child = fork()) >= 0);
  if (child == 0) _exit(3);
  terminal = posix_openpt(O_RDWR | O_NOCTTY);
  MUST(terminal >= 0 && tcgetattr(terminal, &ways) == 0);
  parts = (struct tm){.tm_mday = 1, .tm_year = 99};
  ready = (struct pollfd){.fd = 0, .events = POLLIN};
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
  RUN(14)
  RUN(15)
  RUN(16)
  RUN(17)
  RUN(18)
  RUN(19)
  RUN(20)
  RUN(21)
  RUN(22)
  RUN(23)
  RUN(24)
  RUN(25)
  RUN(26)
  RUN(27)
  RUN(28)
  RUN(29)
  RUN(30)
  RUN(31)
  RUN(32)
  RUN(33)
  RUN(34)
  RUN(35)
  RUN(36)
  RUN(37)
  RUN(38)
  RUN(39)
  RUN(40)
  RUN(41)
  RUN(42)
  RUN(43)
  RUN(44)
  RUN(45)
  RUN(46)
  RUN(47)
  RUN(48)
  RUN(49)
  RUN(50)
  RUN(51)
  RUN(52)
  return 0;
}
