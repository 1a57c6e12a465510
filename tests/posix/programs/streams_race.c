/* What a stream to another process doesn't order. */
#include "streams.h"

static int s, t, u, v, near[2];
static long a, b, c, d, e, f, before;

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

static void connect_near(void) {
  struct place p;
  int listener = listen_somewhere(AF_INET, &p);
  near[0] = connect_to(&p);
  near[1] = accept(listener, NULL, NULL);
  close(listener);
}

int main(void) {
  s = echo(UNIX_ACCEPTED), t = echo(TCP_ACCEPTED), u = echo(UNIX_CONNECTED), v = echo(TCP_CONNECTED);
  connect_near();
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  close(s), close(t), close(u), close(v);
  for (int i = 0; i < 4; i++) await_echo();
}
