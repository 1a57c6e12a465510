/* The locks that each thread holds, and the rules of their ranks.
 *
 * A thread's list is its own.  A signal handler may take locks in the middle of a change here: a place is counted
 * before it is filled and emptied before it is given up, and an empty one says nothing.  A lock may be given up by
 * another function, goroutine and stack than took it, but not by another thread. */
#include <stdio.h>

#include "base/check.h"
#include "base/paranoid.h"
#include "base/prim.h"

enum { HELD_MAX = 128 }; /* a select may hold more channels: those beyond are counted only */

struct held {
  const void *lock; /* NULL: empty */
  const struct paranoid_site *site;
  enum rank rank;
};

static _Thread_local struct {
  uint32_t n;      /* entries */
  uint32_t beyond; /* locks that found no room */
  struct held v[HELD_MAX];
} mine;

static const struct {
  const char *name, *what;
  int level;
  bool many;
} ranks[] = {
#define RANK(id, rank_level, rank_many, text) {.name = #id, .what = (text), .level = (rank_level), .many = (rank_many)},
#include "godwit/ranks.inc"
};

static paranoid_check_fn checks[RANKS]; /* atomic: set while threads may run, by who starts the runtime */
static uint32_t dying;                  /* atomic, relaxed: a failure is being told */

void paranoid_register(enum rank rank, paranoid_check_fn check) {
  __atomic_store_n(&checks[rank], check, __ATOMIC_RELEASE); /* pairs with the acquire in check_rank */
}

static void check_rank(enum rank rank, const void *object) {
  paranoid_check_fn check = __atomic_load_n(&checks[rank], __ATOMIC_ACQUIRE);
  if (check) check(object);
}

static void tell(const char *verb, const void *lock, enum rank rank, const struct paranoid_site *site) {
  char line[512];
  int n = snprintf(line, sizeof line, "  %s %s at %p: %s, level %d (%s), at %s:%d\n", verb, site->what, lock,
                   ranks[rank].name, ranks[rank].level, ranks[rank].what, site->file, site->line);
  prim_write_all(2, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static void tell_held(void) {
  for (uint32_t i = 0; i < mine.n; i++)
    if (mine.v[i].lock) tell("holds", mine.v[i].lock, mine.v[i].rank, mine.v[i].site);
  if (mine.beyond) gw__warn("%u further locks are held", mine.beyond);
}

void paranoid_dump(void) {
  if (__atomic_exchange_n(&dying, 1, __ATOMIC_RELAXED)) return;
  tell_held();
  paranoid_dump_events();
}

static bool off(void) { return __builtin_expect(__atomic_load_n(&dying, __ATOMIC_RELAXED), 0); }

/* May it be taken while `h` is held? */
static bool allowed(const struct held *h, const void *lock, enum rank rank) {
  if (h->lock == lock) return false;
  if (ranks[h->rank].level != ranks[rank].level) return ranks[h->rank].level < ranks[rank].level;
  return h->rank == rank && ranks[rank].many && (uintptr_t)h->lock < (uintptr_t)lock;
}

static _Noreturn void bad_lock(const void *lock, enum rank rank, const struct paranoid_site *site) {
  static const char said[] = "godwit: internal locks are taken in the wrong order: this thread\n";
  prim_write_all(2, said, sizeof said - 1);
  tell("wants", lock, rank, site);
  paranoid_dump();
  prim_abort();
}

void paranoid_lock(const void *lock, enum rank rank, const struct paranoid_site *site) {
  if (off()) return;
  for (uint32_t i = 0; i < mine.n; i++)
    if (mine.v[i].lock && !allowed(&mine.v[i], lock, rank)) bad_lock(lock, rank, site);
  paranoid_note_lock(lock, site);
  uint32_t at = mine.n;
  if (at == HELD_MAX) {
    mine.beyond++;
    return;
  }
  __atomic_store_n(&mine.n, at + 1, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  mine.v[at].site = site;
  mine.v[at].rank = rank;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_store_n(&mine.v[at].lock, lock, __ATOMIC_RELAXED);
}

static struct held *find(const void *lock) {
  for (uint32_t i = mine.n; i-- > 0;)
    if (mine.v[i].lock == lock) return &mine.v[i];
  return NULL;
}

void paranoid_unlock(const void *lock) {
  if (off()) return;
  struct held *h = find(lock);
  if (!h && mine.beyond) {
    mine.beyond--;
    return;
  }
  GW_CHECK(h && "a thread gives up a lock that it doesn't hold");
  check_rank(h->rank, lock);
  __atomic_store_n(&h->lock, NULL, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  while (mine.n && !mine.v[mine.n - 1].lock) mine.n--;
}

void paranoid_no_lock(const char *where) {
  if (off() || (mine.n == 0 && mine.beyond == 0)) return;
  gw__warn("a lock is held where none may be: %s", where);
  GW_CHECK(mine.n == 0 && mine.beyond == 0);
}

void paranoid_object(enum rank rank, const void *object) {
  if (!off()) check_rank(rank, object);
}
