/* Releases that nobody is likely to take: what is written to a stream whose other end is in another process.
 *
 * Whoever reads an answer there comes after whoever wrote what it answers, so such a stream has a clock; so has a pipe
 * whose readers are elsewhere, as its other end may yet come here (by /proc/self/fd, or in a message).  But nearly
 * all streams have one user at a time, who knows all that their clocks hold; if each write ended his epoch, a server's
 * accesses would be the first of their epoch after each answer.  So he *lends* his open clock: the object gets (tree,
 * slot, open clock), the epoch goes on, and no id is used up.
 *
 * - Who uses the stream and knows all of its clock (so he was the last to lend, or a lock, say, ordered him after that
 *   one) takes nothing, and lends in his turn.  Who doesn't makes the object *shared*, for good: from then on it is an
 *   object as any other, with exact releases.
 * - To a pipe of which nobody here has the other end the many lend side by side: the object's clock is joined from what
 *   they lent, and it becomes shared only if somebody takes something after all.  Whose open clock it has, with the
 * tree that this stands for, adds nothing, write after write.
 * - Thus once for each stream, a taker is ordered after more than the write: after all that the lender did in that
 *   epoch, which ends with his next release, after LENT_MAX writes, and no later than his next operation on any
 *   descriptor once somebody took something: those look whether a stream became shared since (`det_lent_end`).  What
 *   races with that is missed; nothing is told that isn't a race.
 * - One value of a slot's clock stands for one state of its tree (sync.c, epoch.h).  A lent value is out while its
 *   epoch is open: so a goroutine that has lent it ticks before it acquires what changes its tree (det_acquire_clock;
 *   a rendezvous ticks first anyway).  Before that, whatever it publishes by the same value is the same tree.
 * - If the open segment has nothing of its own, the last closed clock is lent, which is exact.
 * - Reopening (reopen.c) gives a closed id (s,a) the clock c that is open, which is sound while no clock but the
 *   lock's own has an s-component in [a,c).  A lent value is the open clock, so not in there, until the epoch ends:
 *   then `untaken` is void (det_lent_closed), the publication with which it ends included.  Ids that were reopened
 *   while their clock was lent are of the epoch that was lent.
 * - To the collector a lent clock is a clock that exists.
 *
 * Guarded by the lock of the object's bucket (sync.h); a race_g is its own thread's, as everywhere.
 */
#include "detector/detector.h"
#include "detector/sync.h"

/* Measured: redis with 50 clients, each of which has data of its own, takes 12% less than with 4,096, and a third less
 * than with 256. */
enum { LENT_MAX = 1 << 14 };

static uint64_t shared_n; /* atomic: streams that became shared so far */

void det_lent_closed(struct race_g *g) {
  g->lent = 0;
  g->untaken_n = 0;
}

/* relaxed: that a stream which g lent to became shared is seen in time by whoever locks its bucket next, and by
 * others soon */
static uint64_t shared_now(void) { return __atomic_load_n(&shared_n, __ATOMIC_RELAXED); }

void det_lent_alone(struct race_g *g) {
  if (g->lent) return;
  g->lent = 1;
  g->lent_at = shared_now();
}

static void end_if_taken(struct det_thread *t, struct race_g *g) {
  if (g->lent && (g->lent >= LENT_MAX || g->lent_at != shared_now())) det_close(t, g);
}

void det_lent_end(struct race_g *g) {
  if (!g->lent) return;
  struct det_thread *t = det_enter();
  end_if_taken(t, g);
  det_exit(t);
}

static void share_locked(struct sync_obj *o) {
  if (!o->shared) __atomic_fetch_add(&shared_n, 1, __ATOMIC_RELAXED);
  o->shared = true;
}

/* Has the clock all that g publishes now?  Who has no component of his own can't tell. */
static bool has_all_of(const struct clock_ref *c, const struct race_g *g) {
  const uint32_t slot = g->clock.slot;
  if (slot == CLOCK_NONE) return false;
  return (c->slot == slot ? c->clock : clock_get(c->tree, slot)) >= det_published_clock(g);
}

static void lend_locked(struct det_thread *t, struct race_g *g, struct clock_ref *c) {
  bool open = det_must_close(g) && g->clock.slot != CLOCK_NONE;
  if (open && !g->lent++) g->lent_at = shared_now();
  if (c->slot == g->clock.slot && c->clock == det_published_clock(g) && c->tree == g->clock.tree) return;
  if (!open) g->untaken_n = 0; /* else that holds until the epoch ends */
  if (det_knows(g, c)) {
    clock_drop(t, c->tree);
    det_publish_to_lock(g, c);
  } else if (!has_all_of(c, g)) {
    sync_merge_into(t, g, c);
  }
}

void det_lend(struct race_g *g, const void *addr, bool one_way) {
  struct det_thread *t = det_enter();
  end_if_taken(t, g);
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_get_locked(b, (uintptr_t)addr);
  bool lends = !o->shared && (one_way || det_knows(g, &o->clock));
  if (lends) {
    lend_locked(t, g, &o->clock);
  } else {
    share_locked(o);
    g->untaken_n = 0;
    sync_merge_into(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
  if (!lends) det_tick(t, g);
  det_exit(t);
}

void det_borrow(struct race_g *g, const void *addr) {
  struct det_thread *t = det_enter();
  end_if_taken(t, g);
  struct sync_bucket *b = sync_bucket((uintptr_t)addr);
  spin_lock(&b->lock);
  struct sync_obj *o = sync_find_locked(b, (uintptr_t)addr);
  if (o && !det_knows(g, &o->clock)) {
    share_locked(o);
    sync_taken_locked(o);
    det_acquire_clock(t, g, &o->clock);
  }
  spin_unlock(&b->lock);
  det_exit(t);
}
