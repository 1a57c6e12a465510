/* NO RACE */
/* A read-write lock: runlock before the next lock, unlock before the next rlock and lock. */
#include "scenario.h"

static gw_rwmutex mu;
static long shared, read_then_write, write_then_read;

static void writer(void) {
  for (int i = 0; i < 100; i++) {
    gw_rwmutex_lock(&mu);
    shared++;
    gw_rwmutex_unlock(&mu);
    if (i % 10 == 0) gw_yield();
  }
}
static void reader(void) {
  for (int i = 0; i < 100; i++) {
    gw_rwmutex_rlock(&mu);
    use(shared);
    gw_rwmutex_runlock(&mu);
    if (i % 10 == 0) gw_yield();
  }
}

static void a2(void) {
  turn_wait(1);
  gw_rwmutex_rlock(&mu);
  read_then_write = 1;
  gw_rwmutex_runlock(&mu);
  turn_done();
}
static void b2(void) {
  turn_wait(2);
  gw_rwmutex_lock(&mu);
  read_then_write = 2;
  gw_rwmutex_unlock(&mu);
}

static void a3(void) {
  turn_wait(1);
  write_then_read = 1;
  gw_rwmutex_lock(&mu);
  gw_rwmutex_unlock(&mu);
  turn_done();
}
static void b3(void) {
  turn_wait(2);
  if (!gw_rwmutex_try_rlock(&mu)) abort();
  use(write_then_read);
  gw_rwmutex_runlock(&mu);
}

int main(void) {
  both(writer, reader);
  both(writer, writer);
  both(a2, b2);
  both(a3, b3);
}
