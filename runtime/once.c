/* Once, as in Go: a flag that is set when f has returned, and a mutex for who comes meanwhile. */
#include "mutex.h"

static void finish(void *arg) {
  gw_once *o = arg;
  race_release(race_self(), o);
  __atomic_store_n(&o->gw__done, 1, __ATOMIC_RELEASE); /* pairs with the acquire in gw__once_do */
  mutex_unlock(&o->gw__lock);
}

typedef intptr_t (*call6)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

void gw__once_do(gw_once *o, const struct gw__call *call) {
  if (UNLIKELY(!__atomic_load_n(&o->gw__done, __ATOMIC_ACQUIRE))) {
    mutex_lock(&o->gw__lock, WAIT_MUTEX);
    if (!o->gw__done) {
      struct gw__defer d __attribute__((cleanup(gw__defer_end))) = {finish, o, NULL};
      gw__defer_begin(&d);
      const uintptr_t *a = call->a;
      ((call6)call->f)(a[0], a[1], a[2], a[3], a[4], a[5]);
      return;
    }
    mutex_unlock(&o->gw__lock);
  }
  race_acquire(race_self(), o);
}
