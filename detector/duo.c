/* duo.h: the ids of duos, and what threads remember of them.
 *
 * A duo is an entry of the table of ids: in `clock` its two ids, in `ctx` the context.  The lock guards the
 * list of free ones; an entry is filled before a cell names it, and read by whoever found it in a cell.
 */
#include "detector/duo.h"

#include "base/mem.h"
#include "base/prim.h"
#include "detector/composite.h"
#include "detector/contexts.h"
#include "detector/judge.h"
#include "detector/readers.h"

enum {
  SINGLE_PRICE = 16, /* measured, roughly: what a slow path costs more than an inline check, in granules of ranges */
  REFUSED_MANY = 1 << 12, /* guess: refusals after which it may make some again, to see whether they pay now */
  CREDIT_AGAIN = 1 << 10, /* guess: granules that it gets for that */
  CREDIT_MAX = 1 << 18,   /* guess */
  ROOM_MIN = 1 << 20,     /* guess: bytes of duos between collections at least */
  WAYS = 4                /* places for each answer */
};

uint32_t duo_credit_first = 1 << 13; /* guess */

static struct {
  struct spin_DUOS lock; /* guards what follows */
  uint32_t fresh;        /* ids from here on were never used; 0: none was */
  uint32_t free;         /* list of free ids, through `slot`; 0: none */
  uint32_t n;            /* in use; atomic: others look whether there are too many */
  uint32_t collect_at;   /* written by the collector, alone */
  uint8_t *live;         /* by id less DUO_FIRST: the collector found it in a cell */
} duos = {.collect_at = ROOM_MIN / sizeof(struct epoch_entry)};

static struct duo duo_of(uint32_t id) {
  const struct epoch_entry *e = &epochs.entry[id];
  return (struct duo){.write = (uint32_t)e->clock, .read = (uint32_t)(e->clock >> 32), .ctx = e->ctx};
}

static void duo_put(uint32_t id, struct duo d) {
  epochs.entry[id] =
      (struct epoch_entry){.clock = ((uint64_t)d.read << 32 | d.write) & EPOCH_CLOCK, .slot = EPOCH_DUO, .ctx = d.ctx};
}

/* 0: there are none left. */
static uint32_t id_take_locked(void) {
  uint32_t id = duos.free;
  if (id) {
    duos.free = epochs.entry[id].slot;
  } else {
    if (!duos.fresh) duos.fresh = DUO_FIRST;
    if (duos.fresh > CELL_ID_MAX) return 0;
    id = duos.fresh++;
  }
  __atomic_store_n(&duos.n, duos.n + 1, __ATOMIC_RELAXED);
  return id;
}

static uint32_t duo_new(struct det_thread *t, struct duo d) {
  spin_lock(&duos.lock);
  const uint32_t id = id_take_locked();
  spin_unlock(&duos.lock);
  if (!id) return 0;
  duo_put(id, d);
  /* who asks looks at the entry */
  __atomic_store_n(&epochs.run[id >> EPOCH_RUN_LOG].of, RUN_MIXED, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE); /* pairs with the one in duo_has */
  if (duos_are_many()) t->collect_wanted = true;
  return id;
}

bool duos_are_many(void) { return __atomic_load_n(&duos.n, __ATOMIC_RELAXED) >= duos.collect_at; }

bool duo_before(const struct race_g *g, uint32_t id) {
  const struct duo d = duo_of(id);
  return epoch_before(g, d.write) && epoch_before(g, d.read);
}

static bool has_read(const struct race_g *g, const struct duo *d, uint32_t cell, uint32_t own) {
  const uint32_t bytes = cell & CELL_BYTES;
  return d->read == cell_id(own) || readers_have(g, d->read << CELL_ID_SHIFT | bytes, own, bytes);
}

bool duo_has(const struct race_g *g, uint32_t cell, uint32_t own) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE); /* pairs with the one in duo_new */
  const struct duo d = duo_of(cell_id(cell));
  return has_read(g, &d, cell, own);
}

/* --- what a thread remembers ---------------------------------------------------------------------------------------
 */

static struct duo_memory *memory_of(struct det_thread *t) {
  if (UNLIKELY(!t->duos)) {
    t->duos = arena_alloc(sizeof *t->duos);
    t->duos->credit = duo_credit_first;
  }
  return t->duos;
}

static bool affordable(struct duo_memory *m) {
  if (LIKELY(m->credit >= DUO_PRICE)) return true;
  if (++m->refused % REFUSED_MANY == 0) m->credit += CREDIT_AGAIN;
  return false;
}

void duo_earned(struct det_thread *t, size_t granules) {
  const size_t sum = t->duos->credit + granules;
  t->duos->credit = sum < CREDIT_MAX ? (uint32_t)sum : CREDIT_MAX;
}

bool duo_pays_anew(struct det_thread *t) { return affordable(memory_of(t)); }

bool duo_pays_single(struct det_thread *t) {
  struct duo_memory *m = memory_of(t);
  if (m->credit < SINGLE_PRICE + DUO_PRICE) return false;
  m->credit -= SINGLE_PRICE;
  return true;
}

static struct duo_answer *places_of(struct duo_memory *m, uint32_t cell, uint32_t ctx) {
  const uint32_t h = cell * 0x9E3779B9u ^ ctx * 0x85EBCA6Bu;
  return &m->answer[(h >> 16) % (DUO_ANSWERS / WAYS) * WAYS];
}

/* The newest of its places is the first. */
static void remember(struct duo_answer *place, struct duo_answer a) {
  for (unsigned i = WAYS - 1; i > 0; i--) place[i] = place[i - 1];
  place[0] = a;
}

void duo_memory_free(struct det_thread *t) {
  if (t->duos) arena_free(t->duos, sizeof *t->duos);
}

/* --- reads ---------------------------------------------------------------------------------------------------------
 */

/* The read is added to those that the duo has; false if it can't be. */
static bool add_read(struct det_thread *t, const struct race_g *g, struct duo *d, uint32_t bytes,
                     const struct duo_read *read) {
  if (!d->read || epoch_before(g, d->read)) {
    d->read = cell_id(read->own);
    d->ctx = read->ctx;
    return true;
  }
  const struct readers_new new = {.own = read->own, .mask = bytes, .ctx = read->ctx, .granules = read->granules};
  const uint32_t joined = readers_join(t, g, d->read << CELL_ID_SHIFT | bytes, d->ctx, &new);
  if (!joined) return false;
  d->read = cell_id(joined);
  d->ctx = 0;
  return true;
}

static uint32_t join_anew(struct det_thread *t, const struct race_g *g, uint32_t cell, const struct duo_read *read) {
  const uint32_t bytes = cell & CELL_BYTES, id = cell_id(cell);
  struct duo d = cell_is_duo(cell) ? duo_of(id) : (struct duo){.write = id};
  if (d.read && has_read(g, &d, cell, read->own)) return cell;
  if (!ordered(t, g, d.write << CELL_ID_SHIFT)) return 0;
  if (!affordable(t->duos) || !add_read(t, g, &d, bytes, read)) return 0;
  t->duos->credit -= DUO_PRICE;
  const uint32_t new = duo_new(t, d);
  return new ? new << CELL_ID_SHIFT | bytes : 0;
}

uint32_t duo_join(struct det_thread *t, const struct race_g *g, uint32_t cell, const struct duo_read *read) {
  if (cell & CELL_ATOMIC) return 0;
  struct duo_memory *m = memory_of(t);
  struct duo_answer *place = places_of(m, cell, read->ctx);
  for (unsigned i = 0; i < WAYS; i++) {
    if (place[i].cell != cell || place[i].own != read->own || place[i].ctx != read->ctx) continue;
    duo_earned(t, read->granules);
    return place[i].joined;
  }
  const uint32_t joined = join_anew(t, g, cell, read);
  if (joined) remember(place, (struct duo_answer){.cell = cell, .own = read->own, .ctx = read->ctx, .joined = joined});
  return joined;
}

uint32_t duo_part(struct det_thread *t, uintptr_t granule, uint32_t meta) {
  uint32_t *cell = shadow_cell(0, granule), bytes = *cell & CELL_BYTES;
  const struct duo d = duo_of(cell_id(*cell));
  __atomic_store_n(cell, d.write << CELL_ID_SHIFT | bytes, __ATOMIC_RELAXED);
  __atomic_store_n(shadow_cell(SHARED_READ_PLANE, granule), d.read << CELL_ID_SHIFT | bytes, __ATOMIC_RELAXED);
  if (d.ctx) context_set(t, SHARED_READ_PLANE, granule, d.ctx);
  return meta | META_WRITE << SHARED_READ_PLANE;
}

/* --- the collector's -----------------------------------------------------------------------------------------------
 */

void duos_rename(const uint32_t *new_id) {
  if (duos.fresh && !duos.live) {
    duos.live = prim_map(DUOS_MAX);
    if (!duos.live) gw__fatal("out of memory while epochs were collected: raise the memory limit (ulimit -v, cgroup)");
  }
  for (uint32_t id = DUO_FIRST; id < duos.fresh; id++) {
    if (epochs.entry[id].slot != EPOCH_DUO) continue;
    const struct duo d = duo_of(id);
    duo_put(id, (struct duo){new_id[d.write], new_id[d.read], d.ctx});
  }
}

void duo_mark(uint32_t id) { duos.live[id - DUO_FIRST] = 1; }

void duos_sweep(uint8_t *live) {
  duos.free = 0;
  uint32_t n = 0;
  for (uint32_t id = duos.fresh; id-- > DUO_FIRST;) {
    uint8_t *here = &duos.live[id - DUO_FIRST];
    if (*here) {
      const struct duo d = duo_of(id);
      live[d.write] = live[d.read] = 1;
      composite_mark(d.ctx);
      *here = 0;
      n++;
    } else {
      epochs.entry[id] = (struct epoch_entry){.slot = duos.free};
      duos.free = id;
    }
  }
  __atomic_store_n(&duos.n, n, __ATOMIC_RELAXED);
}

void duo_forget(struct det_thread *t) {
  if (t->duos) mem_zero(t->duos->answer, sizeof t->duos->answer);
}

void duos_set_room(size_t bytes) {
  const size_t room = (bytes > ROOM_MIN ? bytes : ROOM_MIN) / sizeof(struct epoch_entry);
  duos.collect_at = duos.n + (room < DUOS_MAX ? (uint32_t)room : DUOS_MAX);
}
