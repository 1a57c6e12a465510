/* The checks of the preset "paranoid", and nothing in other builds: this is the only place where the two differ.
 *
 * Each lock that a thread takes is held against those that it holds (godwit/ranks.inc); whoever gives one up has what
 * it guards checked, by the function that a room registered for the rank; and each thread notes what it did last. Any
 * failure, that of a GW_CHECK too, tells the locks that the thread holds and every thread's last events. */
#ifndef GW_BASE_PARANOID_H
#define GW_BASE_PARANOID_H
#include <stdbool.h>
#include <stdint.h>

#include "rank.h"

#ifndef GW_PARANOID
#define GW_PARANOID 0
#endif

/* Where a lock is taken. */
struct paranoid_site {
  const char *what, *file;
  int line;
};

/* Checks what the lock of some rank guards, or the object of a rank that is no lock: GW_CHECKs of its own. */
typedef void (*paranoid_check_fn)(const void *lock);

#if GW_PARANOID

#define PARANOID_SITE(expression)                                                         \
  __extension__({                                                                         \
    static const struct paranoid_site paranoid_site = {(expression), __FILE__, __LINE__}; \
    &paranoid_site;                                                                       \
  })

/* This thread is about to take the lock; ends the process if it may not. */
void paranoid_lock(const void *lock, enum rank rank, const struct paranoid_site *site);
/* This thread is about to give it up. */
void paranoid_unlock(const void *lock);
/* This thread holds no lock. */
void paranoid_no_lock(const char *where);
/* An object of a rank that is no lock. */
void paranoid_object(enum rank rank, const void *object);
void paranoid_register(enum rank rank, paranoid_check_fn check);

/* Notes an event of this thread; `what` says what a and b are, and is kept. */
void paranoid_note(const char *what, uint64_t a, uint64_t b);
void paranoid_note_lock(const void *lock, const struct paranoid_site *site);
/* The end has come: tells the locks held and the last events, once; from now on nothing is checked. */
void paranoid_dump(void);
void paranoid_dump_events(void);

#else

#define PARANOID_SITE(expression) ((const struct paranoid_site *)0)

static inline void paranoid_lock(const void *lock, enum rank rank, const struct paranoid_site *site) {
  (void)lock, (void)rank, (void)site;
}
static inline void paranoid_unlock(const void *lock) { (void)lock; }
static inline void paranoid_no_lock(const char *where) { (void)where; }
static inline void paranoid_object(enum rank rank, const void *object) { (void)rank, (void)object; }
static inline void paranoid_note(const char *what, uint64_t a, uint64_t b) { (void)what, (void)a, (void)b; }
static inline void paranoid_dump(void) {}

#endif
#endif
