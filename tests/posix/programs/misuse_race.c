/* Locks used against their rules. */
#include "pairs.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fine = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER, held_too = PTHREAD_RWLOCK_INITIALIZER;

static void lock_it(void) { IN_TURN(1, pthread_mutex_lock(&n)); }
static void unlock_anothers(void) {
  turn_wait(2);
  pthread_mutex_unlock(&n); /* FINDING: GW1006 */
}

int main(void) {
  pthread_mutex_unlock(&m); /* FINDING: GW1006 */
  both(lock_it, unlock_anothers);
  pthread_rwlock_rdlock(&l);
  pthread_rwlock_unlock(&l);
  pthread_rwlock_wrlock(&held_too);
  pthread_rwlock_destroy(&held_too); /* FINDING: GW1008 */
  pthread_mutex_lock(&held);
  pthread_mutex_destroy(&held); /* FINDING: GW1008 */
  MUST(pthread_mutex_unlock(&fine) == EPERM);
  pthread_rwlock_unlock(&l); /* FINDING: GW1006 */
}
