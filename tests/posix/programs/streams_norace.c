/* NO RACE */
/* Streams to other processes, whose answers come after what was asked, whoever reads them; and ends of streams that are
 * used late. */
#include "streams.h"

static long x;
static int fd, other;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

/* One asks, another one gets the answer. */
static void asks(void) {
  turn_wait(1);
  x++;
  put(fd);
  turn_done();
}
static void is_answered(void) {
  turn_wait(2);
  get(fd);
  x++;
  turn_done();
}

/* In turns, each with the other's question. */
static void ask_in_turns(int first) {
  for (int i = 0; i < 10; i++) {
    turn_wait(2 * i + first);
    if (i || first == 2) get(fd);
    x++;
    put(fd);
    turn_done();
  }
}
static void asks_first(void) { ask_in_turns(1); }
static void asks_second(void) { ask_in_turns(2); }

/* A single user goes on with his epoch, whatever he writes; so does the next one, who has the stream by a lock. */
static void rounds(void) {
  x++;
  put(fd), get(fd);
  x++;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 20; i++) {
    x++;
    put(fd), get(fd);
    put(other), get(other);
  }
  MUST(open_epoch() == epoch);
}
/* But not for ever. */
static void goes_on(void) {
  int epochs = 0;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 400; i++) {
    for (int k = 0; k < 100; k++) {
      x++;
      put(fd);
      if (open_epoch() != epoch) epoch = open_epoch(), epochs++;
    }
    for (int k = 0; k < 100; k++) get(fd);
  }
  MUST(epochs > 0 && epochs < 10);
}
/* Likewise what goes by stdio to a pipe that another process reads from, and by a copy of its end. */
static FILE *reader;
static void prints(void) {
  turn_wait(1);
  x++;
  fprintf(reader, "%d", 1), fflush(reader);
  fflush(stdout);
  x++;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 20; i++) {
    x++;
    fprintf(reader, "%d", i), fputs("text", reader), fwrite("text", 2, 2, reader), fputc('c', reader);
    fflush(reader);
    put(fileno(reader)), put(other);
    fflush(stdout); /* mostly a pipe that was inherited */
  }
  MUST(open_epoch() == epoch);
  turn_done();
}
/* Beside the other, without an order. */
static void prints_next(void) {
  static volatile long mine;
  turn_wait(2);
  mine++;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 20; i++) {
    mine++;
    fputs("text", reader), fflush(reader);
  }
  MUST(open_epoch() == epoch);
  turn_done();
}
static void read_elsewhere(void) {
  reader = popen("cat >/dev/null", "w");
  MUST(reader);
  other = dup(fileno(reader));
  both(prints, prints_next);
  close(other);
  pclose(reader);
}
static void nothing(void) {}
static void has_it_first(void) {
  turn_wait(1);
  pthread_mutex_lock(&m);
  rounds();
  pthread_mutex_unlock(&m);
  turn_done();
}
static void has_it_next(void) {
  turn_wait(2);
  pthread_mutex_lock(&m);
  rounds();
  pthread_mutex_unlock(&m);
  turn_done();
}

/* What was written before is lent with an epoch of its own once the lender learns of others: who knows the first
 * needn't know the second. */
static long learned;
static pthread_mutex_t by = PTHREAD_MUTEX_INITIALIZER, on = PTHREAD_MUTEX_INITIALIZER;
static void teaches(void) {
  turn_wait(2);
  pthread_mutex_lock(&by);
  learned = 1;
  pthread_mutex_unlock(&by);
  turn_done();
}
static void lends(void) {
  turn_wait(1);
  x++;
  put(fd);
  turn_done();
  turn_wait(3);
  pthread_mutex_lock(&by);
  pthread_mutex_unlock(&by);
  pthread_mutex_lock(&on);
  pthread_mutex_unlock(&on);
  turn_done();
}
static void takes(void) {
  turn_wait(4);
  get(fd);
  x++;
  pthread_mutex_lock(&on);
  pthread_mutex_unlock(&on);
  learned++;
  turn_done();
}
static void three(void (*a)(void), void (*b)(void), void (*c)(void)) {
  pthread_t t[3];
  void (*f[])(void) = {a, b, c};
  turn_restart();
  for (int i = 0; i < 3; i++) MUST(pthread_create(&t[i], NULL, pairs__run, &f[i]) == 0);
  for (int i = 0; i < 3; i++) MUST(pthread_join(t[i], NULL) == 0);
}

static void elsewhere(enum way way) {
  fd = echo(way), other = echo(way);
  both(has_it_first, has_it_next);
  if (way == UNIX_ACCEPTED) both(goes_on, nothing); /* TCP takes its time */
  both(asks, is_answered);
  both(asks_first, asks_second);
  get(fd);
  close(fd), close(other);
  await_echo(), await_echo();
  fd = echo(way);
  three(teaches, lends, takes);
  close(fd);
  await_echo();
}

/* Within the process: the reader's end is used for the first time when the writer's is gone. */
static int ends[2], listener;
static void writes_and_closes(void) {
  turn_wait(1);
  x++;
  put(ends[1]);
  close(ends[1]);
  syscall(SYS_dup, STDERR_FILENO); /* unseen: so that the reader doesn't get the number, which would order the two */
  turn_done();
}
static void reads_late(void) {
  turn_wait(2);
  if (listener >= 0) ends[0] = accept(listener, NULL, NULL);
  get(ends[0]);
  x++;
  close(ends[0]);
  turn_done();
}
static void late(int domain, bool accepted_late) {
  struct place p;
  int l = listen_somewhere(domain, &p);
  ends[1] = connect_to(&p);
  listener = accepted_late ? l : -1;
  if (!accepted_late) ends[0] = accept(l, NULL, NULL);
  both(writes_and_closes, reads_late);
  close(l);
}
static void late_pipe(void) {
  listener = -1;
  MUST(pipe(ends) == 0);
  both(writes_and_closes, reads_late);
}

/* A forked child has both ends of what its parent connected to itself. */
static void connected_by_the_parent(int domain) {
  struct place p;
  listener = listen_somewhere(domain, &p);
  ends[1] = connect_to(&p);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    both(writes_and_closes, reads_late);
    _exit(0);
  }
  close(listener), close(ends[1]);
  await_echo();
}

/* It was exec'd with the listener; the connection is its own. */
static void with_inherited(int l) {
  struct place p = {.n = sizeof p.at};
  MUST(getsockname(l, (struct sockaddr *)&p.at, &p.n) == 0);
  listener = l;
  ends[1] = connect_to(&p);
  both(writes_and_closes, reads_late);
}
static void inherits_a_listener(int domain) {
  struct place p;
  char number[16];
  snprintf(number, sizeof number, "%d", listen_somewhere(domain, &p));
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    execl("/proc/self/exe", "inherits", number, NULL);
    abort();
  }
  close(atoi(number));
  await_echo();
}

/* Once descriptors have come in messages, nobody knows what else is here. */
static void gets_a_message(void) {
  int pair[2];
  char byte = 0, room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
  struct iovec v = {&byte, 1};
  struct msghdr message = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  memcpy(CMSG_DATA(c), &pair[0], sizeof(int));
  MUST(sendmsg(pair[0], &message, 0) == 1 && recvmsg(pair[1], &message, 0) == 1);
  fd = echo(UNIX_ACCEPTED);
  x++;
  uint32_t epoch = open_epoch();
  put(fd), get(fd);
  MUST(open_epoch() != epoch);
  close(fd);
  await_echo();
}

/* Who is the only one alive ends no epochs, as the child of a fork: so here there is another, who does nothing. */
static void *is_there(void *p) {
  for (;;) pause();
  return p;
}

static bool ends_no_epochs(void) {
  static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
  x++;
  uint32_t epoch = open_epoch();
  for (int i = 0; i < 4; i++) {
    pthread_mutex_lock(&locks[i & 1]);
    x++;
    pthread_mutex_unlock(&locks[i & 1]);
  }
  return open_epoch() == epoch;
}
static void has_a_child(void) {
  int status;
  MUST(!ends_no_epochs());
  pid_t pid = fork();
  if (pid == 0) _exit(ends_no_epochs() ? 0 : 1);
  MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int argc, char **argv) {
  pthread_t idle;
  MUST(pthread_create(&idle, NULL, is_there, NULL) == 0);
  if (argc > 1) return with_inherited(atoi(argv[1])), 0;
  has_a_child();
  for (enum way way = 0; way < WAYS; way++) elsewhere(way);
  for (int i = 0; i < 2; i++) late(AF_UNIX, i), late(AF_INET, i);
  late_pipe();
  read_elsewhere();
  connected_by_the_parent(AF_UNIX);
  connected_by_the_parent(AF_INET);
  inherits_a_listener(AF_UNIX);
  inherits_a_listener(AF_INET);
  gets_a_message();
}
