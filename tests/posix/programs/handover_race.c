/* What is handed over elsewhere, or before, orders nothing; and what such calls read and write themselves. */
#include "handover.h"

static long a, b, c, d, e, f, g, h, i, j;
static struct tube one, two, three;
static mqd_t mq, other_mq;
static int queue, other_queue, sems;
static sem_t done;
static char line[80], message[8] = "text";
static struct aiocb reading;

#define OTHER_WAY(n, write, read) \
  static void a##n(void) {        \
    turn_wait(1);                 \
    write;                        \
    turn_done();                  \
  }                               \
  static void b##n(void) {        \
    turn_wait(2);                 \
    read;                         \
    turn_done();                  \
  }

/* clang-format off */
OTHER_WAY(1, (a = 1, fputs("l\n", two.out), fflush(two.out)), (MUST(fgets(line, 8, one.in)), use(a))) /* RACE 1: write a */ /* RACE 1: read a */
OTHER_WAY(2, (putc('x', two.out), fflush(two.out), b = 1), (use(getc(two.in)), use(b))) /* RACE 2: write b */ /* RACE 2: read b */
OTHER_WAY(3, (c = 1, mq_give(other_mq)), (mq_take(mq), use(c))) /* RACE 3: write c */ /* RACE 3: read c */
OTHER_WAY(4, (message_send(queue), d = 1), (message_take(queue), use(d))) /* RACE 4: write d */ /* RACE 4: read d */
OTHER_WAY(5, (e = 1, sem_change(sems, 0, 1)), (sem_change(sems, 0, 1), use(e))) /* RACE 5: write e */ /* RACE 5: read e */
OTHER_WAY(6, (f = 1, sem_change(sems, 0, 1)), (sem_change(sems, 1, -1), use(f))) /* RACE 6: write f */ /* RACE 6: read f */
OTHER_WAY(7, (g = 1, dprintf(one.fd[1], "%d", 7)), (MUST(read(three.fd[0], line, 1) == 1), use(g))) /* RACE 7: write g */ /* RACE 7: read g */
OTHER_WAY(8, message[0]++, MUST(mq_send(other_mq, message, 5, 0) == 0)) /* RACE 8: write */ /* RACE 8: read */
OTHER_WAY(9, MUST(aio_read(&reading) == 0), use(line[60])) /* RACE 9: write */ /* RACE 9: read */
/* clang-format on */

/* What is done after the start is done beside the timer's function. */
static void on_time(union sigval v) {
  turn_wait(2);
  use(*(long *)v.sival_ptr); /* RACE 10: read h */
  turn_done();
  sem_post(&done);
}
static void timers(void) {
  turn_restart();
  timer_t t = timer_for(on_time, &h);
  timer_start(t, 0);
  turn_wait(1);
  h = 1; /* RACE 10: write h */
  turn_done();
  MUST(sem_wait(&done) == 0);
}

static void at_the_end(void) {
  use(i); /* RACE 11: read i */
  j++;
}
static void *says_what_to_do_at_the_end(void *arg) {
  j++;
  MUST(atexit(at_the_end) == 0);
  i = 1; /* RACE 11: write i */
  turn_done();
  return arg;
}

#define RUN(n) both(a##n, b##n);
int main(void) {
  tube_make(&one), tube_make(&two), tube_make(&three);
  mq = mq_make(), other_mq = mq_make();
  queue = msgget(IPC_PRIVATE, 0600), other_queue = msgget(IPC_PRIVATE, 0600), sems = semget(IPC_PRIVATE, 2, 0600);
  MUST(queue >= 0 && other_queue >= 0 && sems >= 0 && sem_init(&done, 0, 0) == 0);
  fputs("line\n", one.out), fflush(one.out);
  mq_give(mq);
  message_send(other_queue);
  sem_change(sems, 1, 1);
  MUST(write(three.fd[1], "x", 1) == 1);
  reading = (struct aiocb){.aio_fildes = open("/dev/zero", O_RDONLY), .aio_buf = line, .aio_nbytes = sizeof line};
  RUN(1) RUN(2) RUN(3) RUN(4) RUN(5) RUN(6) RUN(7) RUN(8) RUN(9) timers();
  msgctl(queue, IPC_RMID, NULL), msgctl(other_queue, IPC_RMID, NULL), semctl(sems, 0, IPC_RMID);
  turn_restart();
  pthread_t t;
  MUST(pthread_create(&t, NULL, says_what_to_do_at_the_end, NULL) == 0 && pthread_detach(t) == 0);
  turn_wait(2);
}
