/* Goroutines and the variables of the thread that runs them (_Thread_local), accessed by address, as a buffer handed to
 * snprintf is.
 *
 * What goroutines do one after the other on one thread to a variable of that thread can't be at once, though no
 * synchronisation orders it: no race.  An epoch's id says on which thread all was made that was recorded by it, if it
 * was one: goroutines move between threads when they park, and mostly their epochs end there.  So a race of two
 * goroutines on a variable of the thread that makes the newer access is told if the older access was made elsewhere.
 * The doubtful case is silent: the older epoch went on on another thread (or the collector made one of it and an epoch
 * on another), or both threads' numbers are too high to be told apart.  Seen from
 * any other thread the same variable is memory like any other. */
#define _GNU_SOURCE
#include <link.h>

#include "detector/detector.h"
#include "detector/epoch.h"

/* Outside the detector, as whoever switches may not wait.  So only the open id may be looked at, which the collector
 * leaves alone; epochs that were closed on another thread aren't opened again (reopen.c). */
void det_runs_on(struct race_g *g, uint32_t thread) {
  g->on = thread;
  g->untaken_n = 0;
  if (g->epoch) epoch_runs_on(cell_id(g->epoch), thread, !g->recorded);
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
  const struct epoch_entry *e = &epochs.entry[cell_id(pair->older_cell)];
  if (epochs.incarnation[e->incarnation].thread || epochs.incarnation[races->g->incarnation].thread) return false;
  return (e->on == ON_SEVERAL || e->on == epoch_thread(races->t->number)) && is_of_this_thread(pair->granule << 3);
}
