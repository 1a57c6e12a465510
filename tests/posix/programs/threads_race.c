/* Threads that nothing orders: siblings, a creator and its thread, a thread that is detached, a second destructor. */
#include "pairs.h"

static long a, b, c, d;

static void a1(void) { IN_TURN(1, a = 1); /* RACE 1: write a */ }
static void b1(void) { IN_TURN(2, use(a)); /* RACE 1: read a */ }

static void *child(void *arg) {
  IN_TURN(1, b = 1); /* RACE 2: write b */
  return arg;
}
static void creator_beside_child(void) {
  pthread_t t;
  turn_restart();
  MUST(pthread_create(&t, NULL, child, NULL) == 0);
  IN_TURN(2, use(b)); /* RACE 2: read b */
  MUST(pthread_join(t, NULL) == 0);
}

static void *detached(void *arg) {
  IN_TURN(1, c = 1); /* RACE 3: write c */
  return arg;
}
static void end_alone_is_no_edge(void) {
  pthread_t t;
  turn_restart();
  MUST(pthread_create(&t, NULL, detached, NULL) == 0);
  MUST(pthread_detach(t) == 0);
  IN_TURN(2, use(c)); /* RACE 3: read c */
}

static pthread_key_t key;
static void destroy(void *value) {
  (void)value;
  IN_TURN(1, d = 1); /* RACE 4: write d */
}
static void *with_value(void *arg) {
  pthread_setspecific(key, &d);
  return arg;
}
static void destructor_beside_creator(void) {
  pthread_t t;
  turn_restart();
  MUST(pthread_key_create(&key, destroy) == 0);
  MUST(pthread_create(&t, NULL, with_value, NULL) == 0);
  IN_TURN(2, use(d)); /* RACE 4: read d */
  MUST(pthread_join(t, NULL) == 0);
}

int main(void) {
  both(a1, b1);
  creator_beside_child();
  end_alone_is_no_edge();
  destructor_beside_creator();
}
