/* The collector: gives epoch ids back by renaming.
 *
 * Two closed segments (s,a) and (s,b), a < b, of one incarnation can't be told apart if no existing clock has an
 * s-component in [a,b): whoever knows the first knows the second, now and for ever, since every later clock is a join
 * of existing ones and of own components, which only grow.  Such segments form a class, for which one id is enough: its
 * cells are rewritten to the class's lowest id, and the others are free.  Nothing is forgotten, and no verdict changes.
 *
 * Existing clocks are: of every live goroutine (tree, own component, fence, what relaxed loads laid aside) and of every
 * sync object.  The components of a class are cut at the values that occur: class = number of distinct existing values
 * of slot s that are below the segment's clock.
 *
 * A dead slot that no cell and no note (notes.h) names any more is of no use to anybody: its components are wiped out
 * of all clocks, and its number is free.
 *
 * It runs with every other thread outside the detector.  Inline checks go on meanwhile: they compare cells with the
 * open id of their own goroutine only, and open ids are never renamed.
 */
#include "base/mem.h"
#include "base/prim.h"
#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/depot.h"
#include "detector/detector.h"
#include "detector/duo.h"
#include "detector/epoch.h"
#include "detector/notes.h"
#include "detector/readers.h"
#include "detector/retired.h"
#include "detector/shadow.h"
#include "detector/spill.h"
#include "detector/sync.h"
#include "detector/victim.h"

/* One collection. Arrays come from the system and go back at its end. */
struct collection {
  uint32_t walk;      /* mark of this walk over the trees */
  uint32_t *count;    /* by slot, slots + 2 of them: first values counted, then where the slot's begin */
  uint64_t *value;    /* existing clocks' components, by slot, each slot's ascending and distinct */
  uint32_t *value_n;  /* by slot: distinct ones */
  uint64_t *fill;     /* by slot: while filling, where the next goes; while classing, values below the last clock */
  uint32_t *rep;      /* by class: the id that stands for it */
  uint32_t *new_id;   /* by id */
  uint8_t *live;      /* by id: some cell has it, or it is open */
  uint8_t *open;      /* by id */
  uint8_t *slot_live; /* by slot: a live id names it, or a live goroutine */
  uint8_t *incarnation_live;
  uint64_t same;         /* two cells that were alike, and what became of them */
  uint64_t same_renamed; /* likewise */
  int64_t from;          /* when it began */
  bool sweeps;           /* composite contexts, too */
  size_t plane_pages;    /* of the planes, in use */
  uintptr_t pair;        /* the pages of the program that were counted last */
  uint8_t pair_planes;   /* what was counted for them */
  void (*on_component)(struct collection *c, uint32_t slot, uint64_t *clock);
};

static uint32_t walks;

static void *take(size_t n) {
  void *p = prim_map((n + PRIM_PAGE) & ~(size_t)(PRIM_PAGE - 1));
  if (!p) gw__fatal("out of memory while epochs were collected: raise the memory limit (ulimit -v, cgroup)");
  return p;
}
static void give(void *p, size_t n) { prim_unmap(p, (n + PRIM_PAGE) & ~(size_t)(PRIM_PAGE - 1)); }

static void walk_tree(struct collection *c, struct node *n, uint32_t first_slot) {
  if (!n || n->mark == c->walk) return;
  n->mark = c->walk & (CLOCK_MARKS - 1);
  if (n->level == CLOCK_TOP) {
    for (unsigned i = 0; i < n->n; i++)
      if (n->late[i]) c->on_component(c, n->slot[i], &n->late[i]);
    walk_tree(c, n->under, 0);
    return;
  }
  if (n->level) {
    for (unsigned i = 0; i < CLOCK_WAY; i++) walk_tree(c, n->kid[i], first_slot + (i << (CLOCK_WAY_LOG * n->level)));
    return;
  }
  for (unsigned i = 0; i <= n->n; i++)
    if (n->clock[i]) c->on_component(c, first_slot + i, &n->clock[i]);
}

static void walk_ref(struct clock_ref *r, void *arg) {
  struct collection *c = arg;
  walk_tree(c, r->tree, 0);
  if (r->slot != CLOCK_NONE) c->on_component(c, r->slot, &r->clock);
}

/* Every existing clock. */
static void walk_clocks(struct collection *c, void (*on_component)(struct collection *, uint32_t, uint64_t *)) {
  c->on_component = on_component;
  walks = walks % (CLOCK_MARKS - 1) + 1; /* every node has the mark of the last walk, or 0 */
  c->walk = walks;
  for (struct race_g *g = det_gs.first; g; g = g->next) {
    walk_ref(&g->clock, c);
    walk_ref(&g->fence, c);
    walk_tree(c, g->pending_acquire, 0);
  }
  sync_each_clock(walk_ref, c);
}

static void count_component(struct collection *c, uint32_t slot, uint64_t *clock) {
  (void)clock;
  c->count[slot + 1]++;
}

static void fill_component(struct collection *c, uint32_t slot, uint64_t *clock) { c->value[c->fill[slot]++] = *clock; }

/* Radix exchange: those with the highest bit in which they differ go behind the others.  Clocks that were published in
 * the order of their addresses are sorted already. */
static void sort(uint64_t *v, uint64_t n) {
  for (;;) {
    uint64_t differ = 0, lo = 0, hi = n;
    bool sorted = true;
    for (uint64_t i = 1; i < n; i++) {
      differ |= v[i] ^ v[0];
      sorted &= v[i - 1] <= v[i];
    }
    if (sorted) return;
    const uint64_t bit = (uint64_t)1 << (63 - __builtin_clzll(differ));
    while (lo < hi) {
      const uint64_t x = v[lo];
      if (!(x & bit)) {
        lo++;
        continue;
      }
      v[lo] = v[--hi];
      v[hi] = x;
    }
    sort(v, lo);
    v += lo;
    n -= lo;
  }
}

/* How many distinct ones are left. */
static uint32_t sort_distinct(uint64_t *v, uint64_t n) {
  sort(v, n);
  uint32_t kept = 0;
  for (uint64_t i = 0; i < n; i++)
    if (!kept || v[kept - 1] != v[i]) v[kept++] = v[i];
  return kept;
}

/* How many of the slot's existing values are below the clock.  A slot's ids mostly come in the order of their clocks:
 * so the answer is often the last one, or one of the next. */
static uint32_t values_below(const struct collection *c, uint32_t slot, uint64_t clock) {
  enum { NEAR = 4 };
  const uint64_t *v = c->value + c->count[slot];
  uint32_t lo = (uint32_t)c->fill[slot], hi = c->value_n[slot];
  if (lo && v[lo - 1] >= clock) lo = 0;
  for (uint32_t i = 0; i < NEAR; i++, lo++)
    if (lo == hi || v[lo] >= clock) return lo;
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (v[mid] < clock)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

static void find_values(struct collection *c) {
  walk_clocks(c, count_component);
  for (uint32_t s = 0; s < epochs.slots; s++) c->count[s + 1] += c->count[s];
  c->value = take((c->count[epochs.slots] + 1) * sizeof *c->value);
  for (uint32_t s = 0; s < epochs.slots; s++) c->fill[s] = c->count[s];
  walk_clocks(c, fill_component);
  for (uint32_t s = 0; s < epochs.slots; s++)
    c->value_n[s] = sort_distinct(c->value + c->count[s], c->count[s + 1] - c->count[s]);
}

/* A slot with n values has n + 1 classes. Ids are looked at from the lowest, so the lowest stands for its class; two
 * incarnations of a slot that share a class keep their own ids, as reports tell them apart. */
static void find_classes(struct collection *c) {
  for (uint32_t s = 0; s < epochs.slots; s++) c->fill[s] = 0;
  for (uint32_t id = 1; id < epochs.fresh; id++) {
    const struct epoch_entry *e = &epochs.entry[id];
    c->new_id[id] = id;
    if (!e->incarnation || c->open[id] || e->slot == EPOCH_READERS) continue;
    uint32_t below = values_below(c, e->slot, e->clock);
    uint32_t *rep = &c->rep[c->count[e->slot] + e->slot + below];
    c->fill[e->slot] = below;
    if (*rep && epochs.entry[*rep].incarnation == e->incarnation) {
      c->new_id[id] = *rep;
      if (epochs.entry[*rep].on != e->on) epochs.entry[*rep].on = ON_SEVERAL;
    } else {
      *rep = id;
    }
  }
}

static uint32_t renamed(struct collection *c, uint32_t cell) {
  if (UNLIKELY(cell_is_duo(cell))) {
    duo_mark(cell_id(cell));
    return cell;
  }
  uint32_t id = c->new_id[cell_id(cell)];
  c->live[id] = 1;
  return id << CELL_ID_SHIFT | (cell & (CELL_ATOMIC | CELL_BYTES));
}

/* The cells of a line that are all the same, as in most memory that is written in one go; false if they aren't. */
static bool rename_uniform(struct collection *c, uint64_t *two) {
  uint64_t v = two[0];
  if ((two[1] ^ v) | (two[2] ^ v) | (two[3] ^ v) || v >> 32 != (uint32_t)v) return false;
  if (!(v & CELL_BYTES)) return true;
  if (v != c->same) {
    c->same = v;
    c->same_renamed = renamed(c, (uint32_t)v) * (UINT64_MAX / UINT32_MAX);
  }
  if (v == c->same_renamed) return true;
  for (int i = 0; i < 4; i++) __atomic_store_n(&two[i], c->same_renamed, __ATOMIC_RELAXED);
  return true;
}

static void rename_entry(uint32_t *cell, void *arg) { __atomic_store_n(cell, renamed(arg, *cell), __ATOMIC_RELAXED); }

static void rename_line(struct collection *c, uintptr_t line, uint8_t meta) {
  for (unsigned k = 0; k <= READ_PLANES; k++) {
    if (!(meta & META_WRITE << k)) continue;
    if (rename_uniform(c, (uint64_t *)(void *)shadow_cell(k, line << 3))) continue;
    for (uintptr_t g = line << 3; g < (line + 1) << 3; g++) {
      uint32_t *cell = shadow_cell(k, g), old = *cell;
      if (old & CELL_BYTES) __atomic_store_n(cell, renamed(c, old), __ATOMIC_RELAXED);
    }
  }
  if (!(meta & META_VICTIMS)) return;
  for (uintptr_t g = line << 3; g < (line + 1) << 3; g++) {
    spill_each(g, rename_entry, c);
    if (c->sweeps) spill_mark(g);
  }
}

static void rename_victim(uint32_t *cell, void *arg) {
  rename_entry(cell, arg);
  struct victim *v = (struct victim *)cell;
  v->ctx = composite_keep(v->ctx);
}

/* A page of a plane has the cells, or the contexts, of two neighbouring pages of the program. */
static void count_plane_pages(struct collection *c, uintptr_t page, uint8_t planes) {
  if (c->pair != page >> 1) c->pair_planes = 0;
  c->pair = page >> 1;
  c->plane_pages += 2 * (unsigned)__builtin_popcount(planes & ~c->pair_planes);
  c->pair_planes |= planes;
}

static void rename_page(struct collection *c, uintptr_t first) {
  uint8_t known = 0;
  for (uintptr_t line = first; line < first + PAGE_LINES; line++) {
    if ((line & 7) == 0 && *(const uint64_t *)(const void *)shadow_meta(line) == 0) {
      line += 7;
      continue;
    }
    uint8_t meta = *shadow_meta(line);
    known |= meta;
    if (!meta || meta & META_LOCK) continue; /* retired lines have no ids */
    rename_line(c, line, meta);
    if (c->sweeps) context_mark_line(line, meta);
  }
  if (known)
    count_plane_pages(c, first >> PAGE_LINES_LOG, known & (uint8_t)~(META_SYNC | META_LOCK));
  else
    shadow_pages[first >> PAGE_LINES_LOG] = 0;
}

static void rename_region(uintptr_t first, void *arg) {
  struct collection *c = arg;
  uintptr_t end = first + REGION_LINES;
  for (uintptr_t line = first; (line = shadow_noted_line(line, end)) < end; line += PAGE_LINES) rename_page(c, line);
}

static void mark_goroutines(struct collection *c) {
  for (struct race_g *g = det_gs.first; g; g = g->next) {
    c->incarnation_live[g->incarnation] = 1;
    det_round_break(g);
    g->untaken_n = 0; /* their ids may go */
    g->spare = 0;
    g->since.slot = CLOCK_NONE; /* its slot may begin anew */
    if (!g->epoch) continue;
    c->open[cell_id(g->epoch)] = c->live[cell_id(g->epoch)] = 1;
    c->slot_live[g->clock.slot] = 1;
  }
}

static void mark_note(const struct note *n, void *arg) {
  struct collection *c = arg;
  c->slot_live[n->slot] = 1;
  c->incarnation_live[n->incarnation] = 1;
}

/* A retired line names slots and goroutines, and has its contexts. */
static void mark_retired(const struct retired_line *r, void *arg) {
  struct collection *c = arg;
  for (unsigned i = 0; i < r->n; i++) {
    c->slot_live[r->epoch[i].slot] = 1;
    c->incarnation_live[r->epoch[i].incarnation] = 1;
  }
  if (!c->sweeps) return;
  context_mark_line(r->line, r->meta);
  if (!(r->meta & META_VICTIMS)) return;
  for (uintptr_t g = r->line << 3; g < (r->line + 1) << 3; g++) spill_mark(g);
}

/* And their runs.  The list is built from the highest down, so that the lowest are used first. */
static void rebuild_free_ids(struct collection *c) {
  epochs.free = epochs.free_n = 0;
  epoch_runs_clear(epochs.fresh);
  while (epochs.fresh > 1 && !c->live[epochs.fresh - 1]) epochs.fresh--;
  for (uint32_t id = epochs.fresh; id-- > 1;) {
    struct epoch_entry *e = &epochs.entry[id];
    if (c->live[id]) {
      epoch_run_add(id);
      if (e->slot == EPOCH_READERS) continue; /* its members are live by themselves */
      c->slot_live[e->slot] = 1;
      c->incarnation_live[e->incarnation] = 1;
      continue;
    }
    *e = (struct epoch_entry){.slot = epochs.free};
    epochs.free = id;
    epochs.free_n++;
  }
}

static void free_incarnations(struct collection *c) {
  for (uint32_t i = 1; i < epochs.incarnations; i++)
    if (epochs.incarnation[i].id && !c->incarnation_live[i]) incarnation_free(i);
}

static void wipe_component(struct collection *c, uint32_t slot, uint64_t *clock) {
  if (c->slot_live[slot] == 2) *clock = 0;
}

static void drop_wiped_slot(struct clock_ref *r, void *arg) {
  struct collection *c = arg;
  if (r->slot != CLOCK_NONE && c->slot_live[r->slot] == 2) r->slot = CLOCK_NONE;
}

static void drop_wiped_origins(struct race_g *g, const struct collection *c) {
  if (g->origins == ORIGINS_LOST) return;
  for (uint32_t i = 0; i < g->origins; i++)
    if (c->slot_live[g->origin[i].slot] == 2) {
      g->origins = ORIGINS_LOST;
      return;
    }
}

static void push_free_slot(uint32_t slot) {
  if (epochs.free_slot_n == epochs.free_slot_cap) {
    uint32_t cap = epochs.free_slot_cap ? 2 * epochs.free_slot_cap : 64;
    uint32_t *grown = arena_alloc(cap * sizeof *grown);
    if (epochs.free_slot) {
      mem_copy(grown, epochs.free_slot, epochs.free_slot_n * sizeof *grown);
      arena_free(epochs.free_slot, epochs.free_slot_cap * sizeof *grown);
    }
    epochs.free_slot = grown;
    epochs.free_slot_cap = cap;
  }
  epochs.free_slot[epochs.free_slot_n++] = slot;
}

static void free_slots(struct collection *c) {
  uint32_t kept = 0, wiped = 0;
  for (uint32_t i = 0; i < epochs.dead_n; i++) {
    struct dead_slot d = epochs.dead[i];
    if (c->slot_live[d.slot]) {
      epochs.dead[kept++] = d;
      continue;
    }
    c->slot_live[d.slot] = 2; /* to be wiped out */
    push_free_slot(d.slot);
    wiped++;
  }
  epochs.dead_n = kept;
  if (!wiped) return;
  walk_clocks(c, wipe_component);
  for (struct race_g *g = det_gs.first; g; g = g->next) {
    drop_wiped_slot(&g->fence, c);
    drop_wiped_origins(g, c);
  }
  sync_each_clock(drop_wiped_slot, c);
}

enum { MEMORY_SHARE = 8 }; /* of what the detector needs anyway, for ids and for sets of readers */
static size_t memory_needed(const struct collection *c) { return arena_bytes() + c->plane_pages * PRIM_PAGE; }

/* How many ids may be used up until the next: so many that the time that this one took is a small share of the time
 * that they last, at the fastest; but their table takes only a small share of the memory that the detector needs
 * anyway. Rejected: the pace of late, which says nothing when goroutines are first created by the thousand and then
 * work. */
static uint64_t ids_to_next(const struct collection *c) {
  enum { PAUSES = 20, ID_NS = 128 }; /* ID_NS: measured, lock and channel rounds */
  const uint64_t floor = 1u << 16;
  uint64_t pause_ns = (uint64_t)(prim_now() - c->from), want = PAUSES * pause_ns / ID_NS;
  uint64_t room = memory_needed(c) / MEMORY_SHARE / sizeof *epochs.entry;
  if (want > room) want = room;
  return want > floor ? want : floor;
}

static void set_next_collection(const struct collection *c) {
  uint32_t live = epochs.fresh - epochs.free_n;
  uint64_t next = live + (det_collect_every ? det_collect_every : ids_to_next(c));
  if (next < 2 * (uint64_t)live && !det_collect_every) next = 2 * (uint64_t)live;
  epochs.collect_at = (uint32_t)(next > EPOCHS_MOST ? EPOCHS_MOST : next);
  readers_set_room(memory_needed(c) / MEMORY_SHARE);
  duos_set_room(memory_needed(c) / MEMORY_SHARE);
}

static void collect(void) {
  const uint32_t ids = epochs.fresh, slots = epochs.slots + 1, incarnations = epochs.incarnations;
  struct collection c = {.from = prim_now(), .sweeps = det_collect_every || composites_are_many()};
  if (c.sweeps) composite_mark_begin();
  c.count = take((slots + 2) * sizeof *c.count);
  c.value_n = take(slots * sizeof *c.value_n);
  c.fill = take(slots * sizeof *c.fill);
  c.new_id = take(ids * sizeof *c.new_id);
  c.live = take(ids);
  c.open = take(ids);
  c.slot_live = take(slots);
  c.incarnation_live = take(incarnations);
  find_values(&c);
  const size_t values = c.count[epochs.slots];
  c.rep = take((values + slots + 1) * sizeof *c.rep);
  mark_goroutines(&c);
  clocks_each_note(mark_note, &c);
  find_classes(&c);
  readers_rename(c.new_id);
  duos_rename(c.new_id);
  shadow_each_region(rename_region, &c);
  retired_each(mark_retired, &c);
  victim_each(rename_victim, &c);
  duos_sweep(c.live);
  readers_sweep(c.live);
  rebuild_free_ids(&c);
  free_incarnations(&c);
  free_slots(&c);
  for (struct det_thread *t = det_threads.first; t; t = t->next) {
    for (unsigned i = 0; i < ORDERED; i++) t->ordered[i] = 0; /* ids mean other things now */
    t->ids_n = 0;                                             /* those that it had are in the list of free ones */
    readers_forget(t);
    duo_forget(t);
    if (!c.sweeps) continue;
    depot_forget(t);
    composite_forget(t);
  }
  composite_sweep(2 * memory_needed(&c) / MEMORY_SHARE); /* nearly all of it is new ones, as those left are few */
  set_next_collection(&c);
  give(c.rep, (values + slots + 1) * sizeof *c.rep);
  give(c.value, (values + 1) * sizeof *c.value);
  give(c.count, (slots + 2) * sizeof *c.count);
  give(c.value_n, slots * sizeof *c.value_n);
  give(c.fill, slots * sizeof *c.fill);
  give(c.new_id, ids * sizeof *c.new_id);
  give(c.live, ids);
  give(c.open, ids);
  give(c.slot_live, slots);
  give(c.incarnation_live, incarnations);
}

void det_collect(struct det_thread *t) {
  t->collect_wanted = false;
  det_stop_others();
  if (epochs.fresh - epochs.free_n >= epochs.collect_at || readers_are_many() || duos_are_many() ||
      composites_are_many()) {
    collect();
    if (retire_lines()) collect();
    if (epochs.collect_at >= EPOCHS_MOST && epochs.fresh - epochs.free_n > EPOCHS_MOST - (1u << 16))
      gw__fatal(
          "more than 7 million accesses' epochs are distinguishable at once; this program is beyond the detector");
  }
  det_resume_others();
}
