/* epoch.h: the tables. */
#include "detector/epoch.h"

#include "base/mem.h"

struct epochs epochs;

enum { COLLECT_FLOOR = 1 << 16, DEAD_TRIED = 8 };
#define INCARNATION_MAX (1u << 30) /* 32 GB of address space */

void epoch_init(void) {
  epochs.entry = prim_map((size_t)(CELL_ID_MAX + 1) * sizeof *epochs.entry);
  epochs.run = prim_map(((size_t)(CELL_ID_MAX + 1) >> EPOCH_RUN_LOG) * sizeof *epochs.run);
  epochs.incarnation = prim_map((size_t)INCARNATION_MAX * sizeof *epochs.incarnation);
  if (!epochs.entry || !epochs.run || !epochs.incarnation)
    gw__fatal("the system refuses address space for epochs: check `ulimit -v`");
  epochs.fresh = 1;
  epochs.incarnations = 1;
  epochs.collect_at = COLLECT_FLOOR;
}

static uint32_t id_take_locked(void) {
  uint32_t id = epochs.free;
  if (id) {
    epochs.free = epochs.entry[id].slot;
    epochs.free_n--;
  } else {
    id = epochs.fresh++;
  }
  GW_CHECK(id < RETIRED_FIRST);               /* the collector starts long before */
  epochs.entry[id] = (struct epoch_entry){0}; /* free, for the collector */
  return id;
}

static uint32_t id_next_locked(void) { return epochs.free ? epochs.free : epochs.fresh; }

/* Some at once, of one run: the lock and the entries' cache lines stay with one thread.  The lowest is used first. */
static void ids_take(struct det_thread *t) {
  uint32_t most = det_collect_every ? 1 : EPOCH_IDS, n = 0, took[EPOCH_IDS];
  spin_lock(&epochs.lock);
  do took[n++] = id_take_locked();
  while (n < most && id_next_locked() >> EPOCH_RUN_LOG == took[0] >> EPOCH_RUN_LOG);
  if (epochs.fresh - epochs.free_n >= epochs.collect_at) t->collect_wanted = true;
  spin_unlock(&epochs.lock);
  t->ids_n = n;
  for (uint32_t i = 0; i < n; i++) t->ids[n - 1 - i] = took[i];
}

/* True if the run is the slot's from now on. Two threads may come at once, for two slots. */
static bool run_claim(struct epoch_run *run, uint32_t mine) {
  uint32_t of = RUN_EMPTY;
  if (__atomic_compare_exchange_n(&run->of, &of, mine, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return true;
  if (of != mine) __atomic_store_n(&run->of, RUN_MIXED, __ATOMIC_RELAXED);
  return of == mine;
}

static inline void run_raise(uint32_t id, uint64_t clock, uint64_t ahead) {
  struct epoch_run *run = &epochs.run[id >> EPOCH_RUN_LOG];
  uint32_t mine = epochs.entry[id].slot + 1; /* of a set: RUN_MIXED */
  uint32_t of = __atomic_load_n(&run->of, __ATOMIC_RELAXED);
  if (UNLIKELY(of != mine) && (of == RUN_MIXED || !run_claim(run, mine))) return;
  uint64_t seen = __atomic_load_n(&run->clock, __ATOMIC_RELAXED);
  while (seen < clock) /* notes.c makes ids of others' slots */
    if (__atomic_compare_exchange_n(&run->clock, &seen, clock + ahead, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      break;
}

uint32_t epoch_new(struct det_thread *t, uint32_t slot, uint64_t clock, uint32_t incarnation) {
  if (UNLIKELY(!t->ids_n)) ids_take(t);
  uint32_t id = t->ids[--t->ids_n];
  epochs.entry[id] = (struct epoch_entry){.clock = clock & EPOCH_CLOCK, .slot = slot, .incarnation = incarnation};
  run_raise(id, clock, RUN_AHEAD);
  return id;
}

typedef uint64_t __attribute__((may_alias)) word;

/* Who has stopped the others moves their epochs, too; one who switches goroutines may be at `on` (det_runs_on). */
static __attribute__((noinline)) void set_anothers_clock(struct epoch_entry *e, uint64_t clock) {
  word *both = (word *)(void *)e, was = __atomic_load_n(both, __ATOMIC_RELAXED), now;
  do now = (was & ~EPOCH_CLOCK) | clock;
  while (!__atomic_compare_exchange_n(both, &was, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void epoch_move(uint32_t id, uint64_t clock) {
  struct epoch_entry *e = &epochs.entry[id];
  if (UNLIKELY(__atomic_load_n(&det_collecting, __ATOMIC_RELAXED)))
    set_anothers_clock(e, clock & EPOCH_CLOCK);
  else
    e->clock = clock & EPOCH_CLOCK;
  run_raise(id, clock, RUN_AHEAD);
}

void epoch_runs_on(uint32_t id, uint32_t thread, bool fresh) {
  struct epoch_entry *e = &epochs.entry[id];
  const uint32_t on = epoch_thread(thread);
  if (fresh || e->on != on) __atomic_store_n(epoch_on(e), fresh ? (uint8_t)on : ON_SEVERAL, __ATOMIC_RELAXED);
}

void epoch_runs_clear(uint32_t end) {
  for (uint32_t i = 0; i <= end >> EPOCH_RUN_LOG; i++) epochs.run[i] = (struct epoch_run){.of = RUN_EMPTY};
}

void epoch_run_add(uint32_t id) { run_raise(id, epochs.entry[id].clock, 0); }

void epoch_give_back(struct det_thread *t) {
  while (t->ids_n) epoch_free(t->ids[--t->ids_n]);
}

void epoch_free(uint32_t id) {
  spin_lock(&epochs.lock);
  epochs.entry[id] = (struct epoch_entry){.slot = epochs.free}; /* incarnation 0: free */
  epochs.free = id;
  epochs.free_n++;
  spin_unlock(&epochs.lock);
}

/* A dead slot may go on for a newborn that knows all that its last owner did: then the two are one sequence. */
uint32_t slot_new(const struct node *tree, uint64_t *first_clock) {
  spin_lock(&epochs.lock);
  uint32_t slot = CLOCK_NONE;
  *first_clock = 1;
  for (uint32_t i = 0; i < DEAD_TRIED && i < epochs.dead_n && slot == CLOCK_NONE; i++) {
    struct dead_slot *d = &epochs.dead[epochs.dead_n - 1 - i];
    if (clock_get(tree, d->slot) < d->end) continue;
    slot = d->slot;
    *first_clock = d->end + 1;
    *d = epochs.dead[--epochs.dead_n];
  }
  if (slot == CLOCK_NONE) slot = epochs.free_slot_n ? epochs.free_slot[--epochs.free_slot_n] : epochs.slots++;
  spin_unlock(&epochs.lock);
  return slot;
}

void slot_dead(uint32_t slot, uint64_t end) {
  spin_lock(&epochs.lock);
  if (epochs.dead_n == epochs.dead_cap) {
    uint32_t cap = epochs.dead_cap ? 2 * epochs.dead_cap : 64;
    struct dead_slot *grown = arena_alloc(cap * sizeof *grown);
    if (epochs.dead) {
      mem_copy(grown, epochs.dead, epochs.dead_n * sizeof *grown);
      arena_free(epochs.dead, epochs.dead_cap * sizeof *grown);
    }
    epochs.dead = grown;
    epochs.dead_cap = cap;
  }
  epochs.dead[epochs.dead_n++] = (struct dead_slot){.slot = slot, .end = end};
  spin_unlock(&epochs.lock);
}

uint32_t incarnation_new(void) {
  spin_lock(&epochs.lock);
  uint32_t i = epochs.free_incarnation;
  if (i)
    epochs.free_incarnation = epochs.incarnation[i].creation_stack;
  else
    i = epochs.incarnations++;
  spin_unlock(&epochs.lock);
  if (i >= INCARNATION_MAX) gw__fatal("more than a billion goroutines with recorded accesses are told apart at once");
  return i;
}

void incarnation_free(uint32_t index) {
  spin_lock(&epochs.lock);
  epochs.incarnation[index].creation_stack = epochs.free_incarnation;
  epochs.incarnation[index].id = 0;
  epochs.free_incarnation = index;
  spin_unlock(&epochs.lock);
}
