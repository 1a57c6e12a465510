/* Circles of locks whose sides creation or join keeps apart on every schedule. */
/* NO RACE */
#include <threads.h>

#include "pairs.h"

typedef pthread_mutex_t mutex;
#define MUTEX PTHREAD_MUTEX_INITIALIZER
static void take(mutex *first, mutex *second) {
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}

/* Two mutexes, and who takes them in either order. */
struct two {
  mutex a, b;
};
#define TWO {MUTEX, MUTEX}
static void *forth(void *p) {
  struct two *t = p;
  take(&t->a, &t->b);
  return p;
}
static void *back(void *p) {
  struct two *t = p;
  take(&t->b, &t->a);
  return p;
}
static pthread_t start(void *(*f)(void *), void *arg) {
  pthread_t t;
  MUST(pthread_create(&t, NULL, f, arg) == 0);
  return t;
}
static void join(pthread_t t) { MUST(pthread_join(t, NULL) == 0); }
static void run(void *(*f)(void *), void *arg) { join(start(f, arg)); }

static void before_creation(void) {
  static struct two t = TWO;
  forth(&t);
  run(back, &t);
}

static void after_join(void) {
  static struct two t = TWO;
  run(forth, &t);
  back(&t);
}

static void created_after_the_join_of_the_other(void) {
  static struct two t = TWO;
  run(forth, &t);
  run(back, &t);
}

static void of_three(void) {
  static struct two x = TWO, y = TWO, z = TWO;
  struct two *const in_turn[] = {&x, &y, &z};
  for (int i = 0; i < 3; i++) {
    pthread_mutex_lock(&in_turn[i]->a);
    pthread_t t = start(forth, in_turn[(i + 1) % 3]);
    pthread_mutex_unlock(&in_turn[i]->a);
    join(t);
  }
}

/* Grandchildren know what their parents' creators did. */
static void *creates_back(void *p) {
  run(back, p);
  return p;
}
static void before_creation_of_the_creator(void) {
  static struct two t = TWO;
  forth(&t);
  run(creates_back, &t);
}

/* Who joins one who joined another knows both. */
static void *creates_forth(void *p) {
  run(forth, p);
  return p;
}
static void after_join_of_the_joiner(void) {
  static struct two t = TWO;
  run(creates_forth, &t);
  back(&t);
}

/* The nesting and the creation are in one place each, in rounds: all of a round is over when the next begins. */
static void in_rounds(void) {
  static struct two t = TWO;
  for (int round = 0; round < 40; round++) {
    pthread_t some[3];
    for (int i = 0; i < 3; i++) some[i] = start(round % 2 ? back : forth, &t);
    for (int i = 0; i < 3; i++) join(some[i]);
    (round % 2 ? back : forth)(&t);
  }
}

/* The first lock is held across the creation, the second is wanted before. */
static void wanted_before_creation(void) {
  static struct two t = TWO;
  pthread_mutex_lock(&t.a);
  pthread_mutex_lock(&t.b);
  pthread_t thread = start(back, &t);
  pthread_mutex_unlock(&t.b);
  pthread_mutex_unlock(&t.a);
  join(thread);
}

static int c11_back(void *p) {
  back(p);
  return 0;
}
static int c11_forth(void *p) {
  forth(p);
  return 0;
}
static void c11(void) {
  static struct two t = TWO;
  thrd_t one, other;
  MUST(thrd_create(&one, c11_forth, &t) == thrd_success);
  MUST(thrd_join(one, NULL) == thrd_success);
  MUST(thrd_create(&other, c11_back, &t) == thrd_success);
  MUST(thrd_join(other, NULL) == thrd_success);
}

int main(void) {
  before_creation();
  after_join();
  created_after_the_join_of_the_other();
  of_three();
  before_creation_of_the_creator();
  after_join_of_the_joiner();
  in_rounds();
  wanted_before_creation();
  c11();
}
