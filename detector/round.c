/* Rounds: a lock that comes back to whoever let it go last, who did nothing else meanwhile.
 *
 * An unlock publishes (tree, s, a) to the lock's object, closes the epoch A and opens the clock c = a + 1.  If g gets
 * the lock back and nobody took that publication, reopen.c opens A again and gives it the clock c, and the next unlock
 * publishes c.  If g recorded, noted, lent and acquired nothing either, and published nothing, that is a round: A is
 * opened again and stays at a, and unless g did more in the section than to record, the next unlock has nothing to
 * publish, as the object holds (s,a) and the tree.  A is closed again and c, which nobody knows, stays open.  So a
 * round takes no lock, and changes nothing but the goroutine.
 *
 * Why this is sound.  No clock but the object's has an s-component in [a,c) (reopen.c), and nobody acquires that one
 * before g's unlock.  So during the section nobody can tell whether A is at a or at c, and who acquires the object
 * later is ordered after all of the section, as he is after its unlock.  If the section did more, its unlock publishes
 * the clock that is open then as ever: A is before that.  What other publications of the section say is c or later, and
 * A is before that too.
 *
 * One round is under way at a time: a lock that is taken in the section ends it, as does the same one taken again.
 *
 * But it rests on nobody else giving back a lock that g holds: then the next holder would be ordered after what g goes
 * on to do.  So the first time that this happens all rounds under way end, and there are none any more, as nothing is
 * untaken any more (det_rounds_are_over; reopen.c).  The end of a goroutine that holds a lock ends its round as well,
 * as only others can give that back, and the collector ends all, as it may rename A once that is closed.  Whoever's
 * round was ended is where reopen.c would have left him: A is at c.
 *
 * That nobody took the publication is seen without the bucket's lock.  Whoever takes it holds the program's lock then,
 * and raises the object's `takes` before he gives that back; g looks when it has got it.  A lock whose object isn't the
 * first of its bucket has no rounds.
 */
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/sync.h"

static void set_open(struct det_thread *t, struct race_g *g, uint32_t epoch, bool recorded) {
  g->epoch = epoch;
  g->recorded = recorded;
  if (t->g == g) __gw_tls.epoch = epoch;
}

/* Nothing has become of g's since the clock was opened, beside what it may have recorded. */
static bool is_as_published(const struct race_g *g, const struct untaken *u) {
  return g->clock.clock == u->next && !g->acquired && !g->noted && !g->lent;
}

void det_round_break(struct race_g *g) {
  if (!g->round.addr) return;
  uint32_t id = cell_id(g->round.epoch);
  if (id && epochs.entry[id].clock < g->round.next) epoch_move(id, g->round.next);
  g->round.addr = 0;
}

bool det_round_begin(struct det_thread *t, struct race_g *g, uintptr_t addr) {
  det_round_break(g);
  if (!g->untaken_n) return false;
  const struct untaken *u = &g->untaken[g->untaken_n - 1];
  if (u->addr != addr || g->recorded || !is_as_published(g, u) || !sync_is_untaken(addr, u->takes)) return false;
  g->untaken_n--;
  g->round = *u;
  if (!u->epoch) return true;
  g->spare = g->epoch;
  set_open(t, g, u->epoch, true);
  return true;
}

bool det_round_end(struct det_thread *t, struct race_g *g, uintptr_t addr) {
  if (g->round.addr != addr) return false;
  const struct untaken u = g->round;
  g->round.addr = 0;
  if (!is_as_published(g, &u) || (!u.epoch && g->recorded)) return false;
  if (u.epoch) {
    epoch_runs_on(cell_id(g->spare), g->on, true); /* the round may have ended on another thread */
    set_open(t, g, g->spare, false);
    g->spare = 0;
  }
  det_untaken_push(g, &u);
  return true;
}

void det_rounds_are_over(void) {
  if (LIKELY(__atomic_load_n(&det_given_back_by_others, __ATOMIC_RELAXED))) return;
  det_stop_others();
  for (struct race_g *g = det_gs.first; g; g = g->next) {
    det_round_break(g);
    g->untaken_n = 0;
  }
  __atomic_store_n(&det_given_back_by_others, true, __ATOMIC_RELAXED);
  det_resume_others();
}
