/* A variable of one thread's, which goroutines on other threads have the address of: memory like any other. */
#include <godwit.h>
#include "barrier.h"

static _Thread_local long first, second;
static long *its_first, *its_second; /* of the owner's thread; handed on behind the detector's back */
static gw_waitgroup done;

TURN_HIDDEN static void publish(long *a, long *b) {
  its_first = a;
  its_second = b;
}
TURN_HIDDEN static long *first_of_owner(void) { return its_first; }
TURN_HIDDEN static long *second_of_owner(void) { return its_second; }

static void owner(void) {
  gw_lock_os_thread();
  publish(&first, &second);
  long *own = second_of_owner();
  IN_TURN(1, *first_of_owner() = 1); /* RACE 1: write */
  IN_TURN(3, *own = 1);              /* RACE 2: write */
  turn_wait(4);
  gw_waitgroup_done(&done);
}

static void other(void) {
  gw_lock_os_thread();
  turn_wait(2);
  *first_of_owner() = 2;  /* RACE 1: write */
  *second_of_owner() = 2; /* RACE 2: write */
  turn_done();
  turn_wait(4);
  gw_waitgroup_done(&done);
}

int main(void) {
  gw_waitgroup_add(&done, 2);
  gw_go(owner);
  gw_go(other);
  gw_waitgroup_wait(&done);
}
