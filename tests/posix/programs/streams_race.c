/* What a stream to another process doesn't order. */
#include "streams.h"

#include <fcntl.h>
#include <sys/stat.h>

static int s, t, u, v, near[2];
static long a, b, c, d, e, f, g, h, k, l, before;

/* Another stream's answer. */
static void a1(void) {
  turn_wait(1);
  a = 1; /* RACE 1: write a */
  put(s);
  turn_done();
}
static void b1(void) {
  turn_wait(2);
  put(t), get(t);
  use(a); /* RACE 1: read a */
  get(s);
}

/* Once two threads have used it, what comes after the write, in the same epoch or not. */
static void a2(void) {
  IN_TURN(1, put(t));
  turn_wait(3);
  put(t);
  before = 1;
  put(t);
  b = 1; /* RACE 2: write b */
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  get(t);
  turn_done();
  turn_wait(4);
  get(t), get(t);
  use(b); /* RACE 2: read b */
}

/* The first taker is ordered after the writer's epoch; the writer's next operation ends it. */
static void a3(void) {
  turn_wait(1);
  before = 1;
  put(u);
  turn_done();
  turn_wait(3);
  put(v), get(v);
  c = 1; /* RACE 3: write c */
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  get(u);
  use(before);
  turn_done();
  turn_wait(4);
  use(c); /* RACE 3: read c */
}

/* The two directions of a connection within the process are two channels. */
static void a4(void) {
  turn_wait(1);
  d = 1; /* RACE 4: write d */
  put(near[0]);
  turn_done();
}
static void b4(void) {
  turn_wait(2);
  put(near[1]), get(near[0]);
  use(d); /* RACE 4: read d */
}

/* What a single user does before and after his answers. */
static void a5(void) {
  turn_wait(1);
  put(v), get(v);
  e = 1; /* RACE 5: write e */
  put(v), get(v);
  f = 1; /* RACE 6: write f */
  put(v), get(v);
  turn_done();
}
static void b5(void) {
  turn_wait(2);
  use(e); /* RACE 5: read e */
  use(f); /* RACE 6: read f */
}

/* A pipe of which both ends were inherited is read here, so what comes after the write is ordered by nothing. */
static int ends[2];
static void a6(void) {
  turn_wait(1);
  before = 1;
  put(ends[1]);
  g = 1; /* RACE 7: write g */
  turn_done();
}
static void b6(void) {
  turn_wait(2);
  get(ends[0]);
  use(before);
  use(g); /* RACE 7: read g */
}

/* Likewise if the end that is read from has a high number, and is known by its use alone. */
static void a9(void) {
  turn_wait(1);
  get(ends[0]);
  put(ends[1]);
  l = 1; /* RACE 10: write l */
  turn_done();
}
static void b9(void) {
  turn_wait(2);
  get(ends[0]);
  use(l); /* RACE 10: read l */
}
static int high_number(int fd) {
  int high = dup2(fd, 300);
  close(fd);
  return high;
}

static void inherits_a_pipe(bool used_before) {
  char from[16], to[16];
  MUST(pipe(ends) == 0);
  if (used_before) ends[0] = high_number(ends[0]), put(ends[1]);
  snprintf(from, sizeof from, "%d", ends[0]), snprintf(to, sizeof to, "%d", ends[1]);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    execl("/proc/self/exe", "inherits", from, to, used_before ? "used" : NULL, NULL);
    abort();
  }
  MUST(wait(NULL) == pid);
}
static void has_inherited(int n, char **arguments) {
  ends[0] = atoi(arguments[1]), ends[1] = atoi(arguments[2]);
  if (n > 3)
    both(a9, b9);
  else
    both(a6, b6);
}

/* A pipe with a name is opened by anybody, at any time. */
static char path[64];
static void a8(void) {
  turn_wait(1);
  before = 1;
  put(ends[1]);
  k = 1; /* RACE 9: write k */
  turn_done();
}
static void b8(void) {
  turn_wait(2);
  ends[0] = open(path, O_RDONLY);
  get(ends[0]);
  use(before);
  use(k); /* RACE 9: read k */
}
static void holds_open(int until) {
  char byte;
  MUST(open(path, O_RDONLY) >= 0 && read(until, &byte, 1) == 0);
  _exit(0);
}
static void has_a_name(void) {
  int until[2];
  snprintf(path, sizeof path, "/tmp/godwit-%d", getpid());
  MUST(mkfifo(path, 0600) == 0 && pipe(until) == 0);
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    close(until[1]);
    holds_open(until[0]);
  }
  ends[1] = open(path, O_WRONLY);
  both(a8, b8);
  unlink(path), close(until[1]), close(ends[0]), close(ends[1]);
  MUST(wait(NULL) == pid);
}

/* Nothing takes what is printed to a pipe that another process reads from. */
static FILE *reader;
static void prints(void) {
  fputs("text", reader);
  fflush(reader);
}
static void a7(void) {
  turn_wait(1);
  h = 1; /* RACE 8: write h */
  prints();
  turn_done();
}
static void b7(void) {
  turn_wait(2);
  prints();
  use(h); /* RACE 8: read h */
}

static void connect_near(void) {
  struct place p;
  int listener = listen_somewhere(AF_INET, &p);
  near[0] = connect_to(&p);
  near[1] = accept(listener, NULL, NULL);
  close(listener);
}

int main(int argc, char **argv) {
  if (argc > 2) return has_inherited(argc, argv), 0;
  s = echo(UNIX_ACCEPTED), t = echo(TCP_ACCEPTED), u = echo(UNIX_CONNECTED), v = echo(TCP_CONNECTED);
  connect_near();
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  inherits_a_pipe(false), inherits_a_pipe(true);
  has_a_name();
  reader = popen("cat >/dev/null", "w");
  MUST(reader);
  both(a7, b7);
  pclose(reader);
  close(s), close(t), close(u), close(v);
  for (int i = 0; i < 4; i++) await_echo();
}
