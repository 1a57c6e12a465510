/* Ways to hand something over by the system: each a call that gives, and one that takes. */
#ifndef GW_TEST_HANDOVER_H
#define GW_TEST_HANDOVER_H
#include "pairs.h"

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>

/* A pipe with a FILE at each end. */
struct tube {
  int fd[2];
  FILE *in, *out;
};
USED static void tube_make(struct tube *t) {
  MUST(pipe(t->fd) == 0);
  t->in = fdopen(t->fd[0], "r");
  t->out = fdopen(t->fd[1], "w");
  MUST(t->in && t->out);
}

struct message {
  long type;
  char text[8];
};
USED static void message_send(int queue) {
  struct message m = {1, "hello"};
  MUST(msgsnd(queue, &m, sizeof m.text, 0) == 0);
}
USED static void message_take(int queue) {
  struct message m;
  MUST(msgrcv(queue, &m, sizeof m.text, 0, 0) == sizeof m.text);
}

/* Gone once it is closed, whatever happens. */
USED static mqd_t mq_make(void) {
  char name[40];
  static int n;
  snprintf(name, sizeof name, "/handover-%d-%d", (int)getpid(), n++);
  struct mq_attr a = {.mq_maxmsg = 4, .mq_msgsize = 8};
  mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &a);
  MUST(q >= 0);
  mq_unlink(name);
  return q;
}
USED static void mq_give(mqd_t q) { MUST(mq_send(q, "hi", 3, 0) == 0); }
USED static void mq_take(mqd_t q) {
  char text[8];
  MUST(mq_receive(q, text, sizeof text, NULL) == 3);
}

USED static void sem_change(int id, int number, int by) {
  struct sembuf op = {.sem_num = (unsigned short)number, .sem_op = (short)by};
  MUST(semop(id, &op, 1) == 0);
}

/* f(value) on a thread of libc's, a millisecond after it is started. */
USED static timer_t timer_for(void (*f)(union sigval), void *value) {
  struct sigevent how = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = value};
  how.sigev_notify_function = f;
  timer_t t;
  MUST(timer_create(CLOCK_MONOTONIC, &how, &t) == 0);
  return t;
}
USED static void timer_start(timer_t t, long interval_ns) {
  struct itimerspec when = {.it_value.tv_nsec = 1000000, .it_interval.tv_nsec = interval_ns};
  MUST(timer_settime(t, 0, &when, NULL) == 0);
}

#endif
