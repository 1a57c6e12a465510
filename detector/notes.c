/* notes.h: what a send is to a close.
 *
 * Every send reads a place of its channel that a close writes, so that the two race where nothing orders them.  Among
 * the accesses such reads would be dear: each is the first of its epoch, uses up an id, and a line's lock is taken for
 * it.  But only the closer asks, once.  So a goroutine's latest send is noted beside the channel's clocks by its
 * segment (slot, open clock), and judged then as a cell would be: it happens before the close if the closer knows that
 * clock of the slot.  That is exact because the next release closes the segment (`noted`, det_must_close), as it does
 * after a recorded access: whoever learns of a later one knows more than that clock.  No cell has the open id for it,
 * so the id stays and moves on with the clock (det_tick).
 *
 * - One note for each slot: what the goroutine sent before happens before what it sends now, as does all that an
 *   earlier incarnation of its slot did (slot_new).
 * - If there are too many, those that happen before the newest go: a close that races with one of them races with that
 *   one too.  If that doesn't help, the read is recorded as an access.
 * - What was closed once is judged by accesses alone: the write is one, and a send that comes later meets it.
 * - The collector takes the slots and incarnations of notes for alive; their clocks are no ids, and keep their meaning.
 *
 * Rejected: no clock at all, as long as the only sender closes: whether another closer comes after a send can't be told
 * from what was published before it.
 */
#include "detector/notes.h"

#include "base/mem.h"
#include "detector/depot.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

static struct note *notes_at(struct notes *ns) { return ns->more ? ns->more : ns->few; }

static bool knows(const struct race_g *g, const struct note *n) {
  return n->slot == g->clock.slot || clock_get(g->clock.tree, n->slot) >= n->clock;
}

static void drop_known(const struct race_g *g, struct notes *ns) {
  struct note *at = notes_at(ns);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < ns->n; i++)
    if (!knows(g, &at[i])) at[kept++] = at[i];
  ns->n = kept;
}

static void grow(struct notes *ns) {
  uint32_t cap = ns->more ? 2u * ns->cap : 4 * NOTES_FEW;
  struct note *more = arena_alloc(cap * sizeof *more);
  mem_copy(more, notes_at(ns), ns->n * sizeof *more);
  if (ns->more) arena_free(ns->more, ns->cap * sizeof *more);
  ns->more = more;
  ns->cap = (uint16_t)cap;
}

/* g's place among them; NULL: there is no room. */
static struct note *note_of(const struct race_g *g, struct notes *ns) {
  struct note *at = notes_at(ns);
  for (uint32_t i = 0; i < ns->n; i++)
    if (at[i].slot == g->clock.slot) return &at[i];
  uint32_t cap = ns->more ? ns->cap : NOTES_FEW;
  if (ns->n == cap) drop_known(g, ns);
  if (ns->n == cap) {
    if (cap == NOTES_MAX) return NULL;
    grow(ns);
  }
  return &notes_at(ns)[ns->n++];
}

bool notes_add(struct det_thread *t, struct race_g *g, struct notes *ns, struct race_at at) {
  if (UNLIKELY(ns->written)) return false;
  if (UNLIKELY(g->ignore)) return true;
  if (UNLIKELY(!g->epoch)) det_first_record(t, g);
  struct note *n = note_of(g, ns);
  if (UNLIKELY(!n)) return false;
  n->clock = g->clock.clock;
  n->slot = g->clock.slot;
  n->incarnation = g->incarnation;
  n->context = depot_context(t, g, RACE_READ, at);
  g->noted = true;
  return true;
}

static void tell(struct det_thread *t, struct race_g *g, const struct note *n, struct place p, struct race_at at) {
  uint32_t id = epoch_new(t, n->slot, n->clock, n->incarnation), context = depot_context(t, g, RACE_WRITE, at);
  struct det_races races = {.n = 1, .t = t, .g = g, .op = RACE_WRITE, .ctx = context, .fp = at_plain(at).fp};
  races.pair[0] = (struct race_pair){.granule = p.addr >> 3,
                                     .p = p.addr,
                                     .n = p.n,
                                     .bytes = CELL_BYTES >> (8 - p.n),
                                     .older_cell = id << CELL_ID_SHIFT | CELL_BYTES,
                                     .older_ctx = n->context};
  det_tell_races(&races);
  epoch_free(id);
}

void notes_judge(struct det_thread *t, struct race_g *g, struct notes *ns, struct place p, struct race_at at) {
  if (UNLIKELY(g->ignore)) return;
  const struct note *n = notes_at(ns);
  for (uint32_t i = 0; i < ns->n; i++)
    if (!knows(g, &n[i])) tell(t, g, &n[i], p, at);
  ns->n = 0;
  ns->written = true;
}

void notes_free(struct notes *ns) {
  if (ns->more) arena_free(ns->more, ns->cap * sizeof *ns->more);
}
