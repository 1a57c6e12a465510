/* A goroutine that gets a lock back which nobody took meanwhile goes on with the epoch that its unlock closed: the
 * inline checks of the round before hit again.
 *
 * An unlock publishes the segment (s,a) to the lock's object and closes it.  If the same goroutine is the next to
 * acquire that object, and published to nobody else meanwhile, then no clock but the object's own has an s-component in
 * [a,c), c being the open clock, and that one nobody will acquire before the unlock that is to come puts another in its
 * place (a lock's object is acquired by holders only, and now g holds it).  So (s,a) and (s,c) can't be told apart, now
 * and for ever: the argument of the collector (collect.c).  The closed id gets the clock c and is open again.  Whoever
 * races with an access that the inline check now skips isn't ordered after c, so not after the recorded one either,
 * which it meets. Somebody who read the id's entry meanwhile came to the same verdict by either clock.
 *
 * `untaken` is a stack.  An entry may be used when those above it were: they are void, as if their unlocks had not
 * been. Every publication to anything but a lock empties it (det_publish), as does the collector, which renames closed
 * ids.
 *
 * A goroutine that goes on on another thread has nothing untaken any more: an epoch is of one thread (thread_local.c),
 * but where it was open all the way.
 *
 * What was recorded between unlock and lock keeps its own id, with the same clock as the open one.
 *
 * All of this rests on nobody else giving back a lock that g holds: then whoever takes it next knows (s,a), and not c.
 * As the inline checks leave no trace, nobody can say then which of the accesses of the epoch were made again since the
 * lock came back: those are unordered with the next holder's, the others aren't.  So the first time that a lock is
 * given back by others all of them count as made again, lest a race get lost, and from then on nothing is untaken: no
 * epoch is reopened, and there are no rounds (det_given_back_by_others).
 */
#include "detector/detector.h"
#include "detector/epoch.h"

bool det_given_back_by_others;

void det_untaken_push(struct race_g *g, const struct untaken *u) {
  if (g->untaken_n == UNTAKEN) {
    for (uint32_t i = 1; i < UNTAKEN; i++) g->untaken[i - 1] = g->untaken[i];
    g->untaken_n--;
  }
  g->untaken[g->untaken_n++] = *u;
}

void det_untaken_add(struct race_g *g, uintptr_t addr, uint64_t takes) {
  if (UNLIKELY(__atomic_load_n(&det_given_back_by_others, __ATOMIC_RELAXED))) return;
  const uint32_t closes = g->recorded ? g->epoch : 0;
  det_untaken_push(g, &(struct untaken){addr, takes, det_published_clock(g) + 1, closes});
}

void det_reopen(struct det_thread *t, struct race_g *g, uintptr_t addr, uint64_t takes) {
  if (!g->untaken_n || g->untaken[g->untaken_n - 1].addr != addr) return;
  struct untaken last = g->untaken[--g->untaken_n];
  if (last.takes != takes) {
    g->untaken_n = 0; /* whoever took it knows what was published before as well */
    return;
  }
  if (!last.epoch) return;
  if (!g->recorded) {
    GW_CHECK(!g->spare);
    g->spare = g->epoch;
  }
  epoch_move(cell_id(last.epoch), g->clock.clock);
  g->epoch = last.epoch;
  g->recorded = true;
  if (t->g == g) __gw_tls.epoch = g->epoch;
}
