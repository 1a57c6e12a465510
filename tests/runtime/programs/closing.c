/* A number is closed just as somebody on another processor begins to use it: who closes it comes to an end, and so does
 * whoever has begun.  Both come at the number at once, again and again, the one or the other a little later each time.
 */
#include <sched.h>
#include <unistd.h>

#include "check.h"
#include "godwit/net.h"

enum { TURNS = 50000, MOST = 2 /* seconds, should a machine be slow */ };

static int number;
static int64_t turn, done; /* atomic: the one that may begin; the last that the user is through with */

/* Other compilers than godwit's keep the address of errno over a call that may go on on another thread. */
static __attribute__((noinline)) int err(void) { return errno; }

static void spin(int64_t turns) {
  for (volatile int64_t i = 0; i < turns; i++) {
  }
}

/* The two may have one processor, or one core. */
static void await(const int64_t *what, int64_t least) {
  for (int i = 1; __atomic_load_n(what, __ATOMIC_ACQUIRE) < least; i++)
    if (i % 1000 == 0) {
      gw_yield();
      sched_yield();
    }
}

static void user(ssize_t (*use)(int fd)) {
  for (int64_t i = 1;; i++) {
    await(&turn, i);
    if (number < 0) break;
    spin(i % 32);
    CHECK(use(number) == -1 && err() == EBADF);
    __atomic_store_n(&done, i, __ATOMIC_RELEASE);
  }
  __atomic_store_n(&done, INT64_MAX, __ATOMIC_RELEASE);
}

static void closed_as_it_is_used(int (*make)(void), ssize_t (*use)(int fd)) {
  int64_t end = gw_now() + MOST * GW_S, i = 1;
  turn = done = 0;
  gw_go(user, use);
  for (; i <= TURNS && gw_now() < end; i++) {
    CHECK((number = make()) >= 0);
    __atomic_store_n(&turn, i, __ATOMIC_RELEASE);
    spin(i / 32 % 256);
    CHECK(gw_close_fd(number) == 0);
    await(&done, i);
  }
  number = -1;
  __atomic_store_n(&turn, i, __ATOMIC_RELEASE);
  await(&done, INT64_MAX);
}

static int listener(void) { return gw_listen("127.0.0.1:0"); }
static ssize_t accept_one(int fd) { return gw_accept(fd); }

/* Of a pipe whose other end stays open: nothing but the closing ends a read. */
static int writers[2];
static int reading_end(void) {
  if (writers[1] > 0) CHECK(close(writers[1]) == 0);
  CHECK(pipe(writers) == 0);
  return writers[0];
}
static ssize_t read_one(int fd) {
  char c;
  return gw_read(fd, &c, 1);
}

int main(void) {
  closed_as_it_is_used(listener, accept_one);
  closed_as_it_is_used(reading_end, read_one);
  return 0;
}
