/* Goroutines and the variables of the thread that runs them (_Thread_local), accessed by address, as a buffer handed to
 * snprintf is.
 *
 * What goroutines do one after the other on one thread to a variable of that thread can't be at once, though no
 * synchronisation orders it: no race.  An entry says which goroutine made it, but not on which thread; a goroutine's
 * incarnation says whether all it did so far was on one.  So a race of two goroutines on a variable of the thread that
 * makes the newer access is told if the older one has only ever run elsewhere.  The doubtful case is silent: the older
 * has moved between threads.  Seen from any other thread the same variable is memory like any other. */
#define _GNU_SOURCE
#include <link.h>

#include "detector/detector.h"
#include "detector/epoch.h"

/* Kept in incarnation.on, beside the numbers of threads. */
enum { ON_NONE = 0, ON_SEVERAL = UINT32_MAX };

void det_runs_on(struct race_g *g, uint32_t thread) {
  uint32_t *on =
      &epochs.incarnation[g->incarnation].on; /* relaxed: a report that misses a move of now is in no order with it */
  __atomic_store_n(on, __atomic_load_n(on, __ATOMIC_RELAXED) == ON_NONE ? thread : ON_SEVERAL, __ATOMIC_RELAXED);
  g->on = thread;
}

struct place {
  uintptr_t p;
  bool found;
};

static int look_in_module(struct dl_phdr_info *module, size_t size, void *arg) {
  struct place *place = arg;
  uintptr_t begin = (uintptr_t)module->dlpi_tls_data; /* the calling thread's */
  if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof module->dlpi_tls_data || !begin) return 0;
  for (int i = 0; i < module->dlpi_phnum; i++)
    if (module->dlpi_phdr[i].p_type == PT_TLS) place->found |= place->p - begin < module->dlpi_phdr[i].p_memsz;
  return place->found;
}

static bool is_of_this_thread(uintptr_t p) {
  struct place place = {p, false};
  dl_iterate_phdr(look_in_module, &place);
  return place.found;
}

bool det_thread_orders(const struct det_races *races, const struct race_pair *pair) {
  const struct incarnation *older = &epochs.incarnation[epochs.entry[cell_id(pair->older_cell)].incarnation];
  if (older->thread || epochs.incarnation[races->g->incarnation].thread) return false;
  uint32_t on = __atomic_load_n(&older->on, __ATOMIC_RELAXED);
  return (on == ON_NONE || on == ON_SEVERAL || on == races->t->number) && is_of_this_thread(pair->granule << 3);
}
