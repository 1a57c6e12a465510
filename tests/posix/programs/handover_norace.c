/* NO RACE */
/* What goes from thread to thread by stdio, messages and semaphores of the system, by splice, and what libc calls on
 * threads of its own or at the end. */
#include "handover.h"

#include <sys/timerfd.h>

static long x;
static struct tube one, two;
static mqd_t mq;
static int clock_fd;
static const struct itimerspec soon = {.it_value.tv_nsec = 1000000};
static int queue, sems;
static sem_t done, called;
static long told;

#define GIVES_AND_TAKES(n, give, take) \
  static void a##n(void) {             \
    x++;                               \
    give;                              \
  }                                    \
  static void b##n(void) {             \
    take;                              \
    x++;                               \
  }
static char line[80], *text;
static size_t room;
static int number;

static void get(int fd, int n) {
  char bytes[8];
  MUST(read(fd, bytes, (size_t)n) == n);
}

static void move_on(void);

/* clang-format off */
GIVES_AND_TAKES(1, (fputs("line\n", one.out), fflush(one.out)), MUST(fgets(line, sizeof line, one.in)))
GIVES_AND_TAKES(2, (fprintf(one.out, "%d\n", 12), fflush(one.out)), MUST(fscanf(one.in, "%d", &number) == 1))
GIVES_AND_TAKES(3, (fwrite("0123", 1, 4, one.out), fflush(one.out)), MUST(getc(one.in) == '\n' && fread(line, 1, 4, one.in) == 4))
GIVES_AND_TAKES(4, (putc('c', one.out), fflush(one.out)), MUST(getc(one.in) == 'c'))
GIVES_AND_TAKES(5, (putc_unlocked('\n', one.out), fflush(one.out)), MUST(getline(&text, &room, one.in) == 1))
GIVES_AND_TAKES(6, MUST(dprintf(one.fd[1], "%s", "hello") == 5), get(one.fd[0], 5))
GIVES_AND_TAKES(7, mq_give(mq), mq_take(mq))
GIVES_AND_TAKES(8, message_send(queue), message_take(queue))
GIVES_AND_TAKES(9, sem_change(sems, 0, 1), sem_change(sems, 0, -1))
GIVES_AND_TAKES(10, sem_change(sems, 1, -1), sem_change(sems, 1, 0))
GIVES_AND_TAKES(11, move_on(), get(two.fd[0], 1))
GIVES_AND_TAKES(13, MUST(timerfd_settime(clock_fd, 0, &soon, NULL) == 0), get(clock_fd, 8))
GIVES_AND_TAKES(12, MUST(semctl(sems, 2, SETVAL, 1) == 0), sem_change(sems, 2, -1))
/* clang-format on */

/* A third thread moves what the first one wrote on to where the second one reads. */
static void *moves(void *arg) {
  MUST(splice(one.fd[0], NULL, two.fd[1], NULL, 1, 0) == 1);
  return arg;
}
static pthread_t mover;
static void move_on(void) { MUST(write(one.fd[1], "x", 1) == 1); }

/* Locks of System V: nobody, and then one. */
static void rounds(void) {
  struct sembuf lock[] = {{3, 0, 0}, {3, 1, 0}};
  for (int i = 0; i < 100; i++) {
    MUST(semop(sems, lock, 2) == 0);
    x++;
    sem_change(sems, 3, -1);
  }
}

/* The thread of each call has the stack and the thread-locals of the one before. */
static _Thread_local long calls;
__attribute__((noinline)) static void fill(volatile char *p, int n) {
  for (int i = 0; i < n; i++) p[i] = (char)i;
}
static void on_time(union sigval v) {
  char here[200];
  fill(here, sizeof here);
  long *volatile mine = &calls;
  ++*mine;
  use(*(long *)v.sival_ptr);
  sem_post(&called);
}
static void timers(void) {
  timer_t t = timer_for(on_time, &told);
  told++;
  timer_start(t, 2000000);
  for (int i = 0; i < 20; i++) MUST(sem_wait(&called) == 0);
  timer_delete(t);
}

static char buffer[4] = "abcd";
static void has_written(union sigval v) {
  use(*(long *)v.sival_ptr);
  sem_post(&done);
}
static void *writes(void *arg) {
  struct aiocb *c = arg;
  buffer[0]++;
  x++;
  MUST(aio_write(c) == 0);
  return NULL;
}
static void later(void) {
  struct aiocb c = {.aio_fildes = two.fd[1], .aio_buf = buffer, .aio_nbytes = sizeof buffer};
  c.aio_sigevent = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = &x};
  c.aio_sigevent.sigev_notify_function = has_written;
  pthread_t t;
  MUST(pthread_create(&t, NULL, writes, &c) == 0);
  MUST(sem_wait(&done) == 0);
  while (aio_error(&c) == EINPROGRESS) sched_yield();
  MUST(aio_return(&c) == sizeof buffer);
  buffer[0]++;
  x++;
  MUST(pthread_join(t, NULL) == 0);
}

static void at_the_end(void) { x++; }
static void *says_what_to_do_at_the_end(void *arg) {
  x++;
  MUST(atexit(at_the_end) == 0);
  turn_done();
  return arg;
}

#define RUN(n) both(a##n, b##n);
int main(void) {
  tube_make(&one), tube_make(&two);
  mq = mq_make();
  clock_fd = timerfd_create(CLOCK_MONOTONIC, 0);
  queue = msgget(IPC_PRIVATE, 0600), sems = semget(IPC_PRIVATE, 4, 0600);
  MUST(queue >= 0 && sems >= 0 && semctl(sems, 1, SETVAL, 1) == 0 && sem_init(&done, 0, 0) == 0 &&
       sem_init(&called, 0, 0) == 0);
  RUN(1)
  RUN(2) RUN(3) RUN(4) RUN(5) RUN(6) RUN(7) RUN(8) RUN(9) RUN(10) MUST(pthread_create(&mover, NULL, moves, NULL) == 0);
  RUN(11)
  MUST(pthread_join(mover, NULL) == 0);
  RUN(12) RUN(13) both(rounds, rounds);
  timers();
  later();
  msgctl(queue, IPC_RMID, NULL), semctl(sems, 0, IPC_RMID);
  turn_restart();
  pthread_t t;
  MUST(pthread_create(&t, NULL, says_what_to_do_at_the_end, NULL) == 0 && pthread_detach(t) == 0);
  turn_wait(2);
}
