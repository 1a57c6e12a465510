/* What comes after the last thing that a thread was told is unknown to it, wherever in a run of ids (epoch.h) the epoch
 * lies, and by whichever way its id came to its clock. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static sem_t told, go, back;
enum { FIRST = 1000 }; /* until the runs that other threads left have been used up */
static long mine, his, x1, x2, x3, x4, x5, x6, x7, x8, x9;

/* Each ends an epoch that has an id of its own: the lock isn't the one that was let go last. */
static void rounds(int n) {
  for (int i = 0; i < n; i++) {
    pthread_mutex_t *lock = i % 2 ? &m : &other;
    pthread_mutex_lock(lock);
    mine++;
    pthread_mutex_unlock(lock);
  }
}

/* The epoch is opened again each time, with a later clock. */
static void same_lock(int n) {
  for (int i = 0; i < n; i++) {
    pthread_mutex_lock(&m);
    mine++;
    pthread_mutex_unlock(&m);
  }
}

/* Nothing is recorded between what is learnt and what is told: the open id moves on with the clock. */
static void answers(int n) {
  for (int i = 0; i < n; i++) {
    MUST(sem_wait(&go) == 0);
    sem_post(&back);
  }
}
static void asks(int n) {
  for (int i = 0; i < n; i++) {
    his++;
    sem_post(&go);
    MUST(sem_wait(&back) == 0);
  }
}

static void a1(void) {
  rounds(FIRST + 1);
  sem_post(&told);
  IN_TURN(1, x1 = 1); /* RACE 1: write x1 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b1(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x1)); /* RACE 1: read x1 */
}

static void a2(void) {
  rounds(FIRST + 20);
  sem_post(&told);
  IN_TURN(1, x2 = 1); /* RACE 2: write x2 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b2(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x2)); /* RACE 2: read x2 */
}

static void a3(void) {
  rounds(FIRST + 31);
  sem_post(&told);
  IN_TURN(1, x3 = 1); /* RACE 3: write x3 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b3(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x3)); /* RACE 3: read x3 */
}

static void a4(void) {
  rounds(FIRST + 32);
  sem_post(&told);
  IN_TURN(1, x4 = 1); /* RACE 4: write x4 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b4(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x4)); /* RACE 4: read x4 */
}

static void a5(void) {
  rounds(FIRST + 63);
  sem_post(&told);
  IN_TURN(1, x5 = 1); /* RACE 5: write x5 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b5(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x5)); /* RACE 5: read x5 */
}

static void a6(void) {
  rounds(FIRST + 65);
  sem_post(&told);
  IN_TURN(1, x6 = 1); /* RACE 6: write x6 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b6(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x6)); /* RACE 6: read x6 */
}

static void a7(void) {
  rounds(FIRST + 97);
  sem_post(&told);
  IN_TURN(1, x7 = 1); /* RACE 7: write x7 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b7(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x7)); /* RACE 7: read x7 */
}

static void a8(void) {
  rounds(FIRST);
  same_lock(200);
  sem_post(&told);
  IN_TURN(1, x8 = 1); /* RACE 8: write x8 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b8(void) {
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x8)); /* RACE 8: read x8 */
}

static void a9(void) {
  rounds(FIRST);
  answers(200);
  sem_post(&told);
  IN_TURN(1, x9 = 1); /* RACE 9: write x9 */
  turn_reached(3);    /* its end would open another epoch of the run */
}
static void b9(void) {
  asks(200);
  MUST(sem_wait(&told) == 0);
  IN_TURN(2, use(x9)); /* RACE 9: read x9 */
}

int main(void) {
  MUST(sem_init(&told, 0, 0) == 0 && sem_init(&go, 0, 0) == 0 && sem_init(&back, 0, 0) == 0);
  both(a1, b1);
  both(a2, b2);
  both(a3, b3);
  both(a4, b4);
  both(a5, b5);
  both(a6, b6);
  both(a7, b7);
  both(a8, b8);
  both(a9, b9);
  use(mine + his);
}
