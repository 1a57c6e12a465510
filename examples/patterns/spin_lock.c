/* A spin lock of one's own, from a C11 flag: acquire to take it, release to give it back, and a yield while it is held,
 * since the holder may need this very processor.  The detector knows it from the atomics alone. */
#include <stdatomic.h>

#include "pattern.h"

enum { GOROUTINES = 8, EACH = 500 };

struct spin_lock {
  atomic_bool held;
};

static void spin_lock(struct spin_lock *l) {
  while (atomic_exchange_explicit(&l->held, true, memory_order_acquire))
    while (atomic_load_explicit(&l->held, memory_order_relaxed)) gw_yield(); /* no writing while it is another's */
}

static void spin_unlock(struct spin_lock *l) { atomic_store_explicit(&l->held, false, memory_order_release); }

struct account {
  struct spin_lock lock; /* guards both */
  long cents, bookings;
};

static void book(struct account *a, int cents) {
  for (int i = 0; i < EACH; i++) {
    spin_lock(&a->lock);
    a->cents += cents;
    a->bookings++;
    spin_unlock(&a->lock);
  }
}

int main(void) {
  struct account a = {.cents = 0};
  gw_waitgroup all = {0};
  for (int i = 0; i < GOROUTINES; i++) gw_waitgroup_go(&all, book, &a, i % 2 ? 5 : -3);
  gw_waitgroup_wait(&all);
  printf("%ld bookings, %ld cents\n", a.bookings, a.cents);
  CHECK(a.bookings == GOROUTINES * EACH && a.cents == GOROUTINES * EACH);
  all_ended();
}
