/* retired.h: which lines, how, and the way back.
 *
 * Lines are added by the collector, alone; whoever takes one out holds the table's lock. */
#include "detector/retired.h"

#include "base/arena.h"
#include "base/prim.h"
#include "detector/shadow.h"
#include "detector/spill.h"

struct retired retired;
enum { RETIRE_ABOVE = 4 << 20 }; /* guess: of seven million; what is in use then may double until the next */
uint32_t det_retire_above = RETIRE_ABOVE;

/* In how many cells an id is: in so many or more; of what has to stay. */
enum { MANY = 254, HAS_TO_STAY = 255 };

static struct retired_line **bucket_of(uintptr_t line) {
  return &retired.bucket[line * 0x9E3779B97F4A7C15u >> (64 - retired.log)];
}

static size_t size_of(unsigned n) { return sizeof(struct retired_line) + n * sizeof(struct epoch_entry); }

/* --- entries of a line --------------------------------------------------------------------------------------------
 */

/* f of each entry's cell, victims in the table excepted. */
static void each_entry(uintptr_t line, uint8_t meta, void (*f)(uint32_t *cell, void *arg), void *arg) {
  for (uintptr_t g = line << 3; g < (line + 1) << 3; g++) {
    for (unsigned k = 0; k <= READ_PLANES; k++)
      if (meta & META_WRITE << k && *shadow_cell(k, g) & CELL_BYTES) f(shadow_cell(k, g), arg);
    if (meta & META_VICTIMS) spill_each(g, f, arg);
  }
}

static void set_id(uint32_t *cell, uint32_t id) {
  __atomic_store_n(cell, id << CELL_ID_SHIFT | (*cell & (CELL_ATOMIC | CELL_BYTES)), __ATOMIC_RELAXED);
}

/* --- the way back -------------------------------------------------------------------------------------------------
 */

struct waking {
  struct det_thread *t;
  const struct retired_line *r;
  uint32_t id[RETIRED_IDS]; /* 0: not given yet */
};

static void wake_entry(uint32_t *cell, void *arg) {
  struct waking *w = arg;
  const uint32_t i = cell_id(*cell) - RETIRED_FIRST;
  GW_CHECK(i < w->r->n);
  const struct epoch_entry *e = &w->r->epoch[i];
  if (!w->id[i]) {
    w->id[i] = epoch_new(w->t, e->slot, e->clock, e->incarnation);
    epochs.entry[w->id[i]].on = e->on;
  }
  set_id(cell, w->id[i]);
}

static struct retired_line *take_out(uintptr_t line) {
  spin_lock(&retired.lock);
  struct retired_line **at = retired.n ? bucket_of(line) : NULL, *r = NULL;
  while (at && *at && (*at)->line != line) at = &(*at)->next;
  if (at && (r = *at)) {
    *at = r->next;
    __atomic_store_n(&retired.n, retired.n - 1, __ATOMIC_RELAXED);
  }
  spin_unlock(&retired.lock);
  return r;
}

/* True if the line was retired: it is the caller's then. */
static bool wake(uint8_t *meta, uint8_t *bits, bool to_clear) {
  const uintptr_t line = (uintptr_t)meta - shadow.meta;
  struct retired_line *r = take_out(line);
  if (!r) return false;
  struct waking w = {.t = det_self, .r = r};
  *bits = r->meta;
  if (!to_clear) each_entry(line, r->meta, wake_entry, &w);
  arena_free(r, size_of(r->n));
  return true;
}

/* A line is retired while nobody is inside, so one that isn't now isn't while the caller waits. */
static uint8_t lock_taken(uint8_t *meta, bool to_clear) {
  uint8_t bits;
  if (retired_any() && wake(meta, &bits, to_clear)) return bits;
  for (int tries = 0;;) {
    while (__atomic_load_n(meta, __ATOMIC_RELAXED) & META_LOCK) {
      if (++tries < 100)
        spin_pause();
      else
        prim_sched_yield();
    }
    bits = __atomic_exchange_n(meta, META_LOCK, __ATOMIC_ACQUIRE); /* acquire: pairs with the release in line_unlock */
    if (!(bits & META_LOCK)) return bits;
  }
}

__attribute__((noinline)) uint8_t line_lock_taken(uint8_t *meta) { return lock_taken(meta, false); }

uint8_t line_lock_to_clear(uint8_t *meta) {
  const uint8_t old = __atomic_exchange_n(meta, META_LOCK, __ATOMIC_ACQUIRE); /* as in line_lock */
  return LIKELY(!(old & META_LOCK)) ? old : lock_taken(meta, true);
}

/* --- the collector's ----------------------------------------------------------------------------------------------
 */

void retired_each(void (*f)(const struct retired_line *r, void *arg), void *arg) {
  for (size_t i = 0; retired.n && i < (size_t)1 << retired.log; i++)
    for (const struct retired_line *r = retired.bucket[i]; r; r = r->next) f(r, arg);
}

static void add(struct retired_line *r) {
  struct retired_line **b = bucket_of(r->line);
  r->next = *b;
  *b = r;
}

/* Room for as many lines as there are ids. */
static void grow(uint32_t ids) {
  const uint32_t old_log = retired.log;
  struct retired_line **old = retired.bucket;
  uint32_t log = old ? old_log : 8;
  while ((uint64_t)1 << log < retired.n + ids) log++;
  if (old && log == old_log) return;
  retired.bucket = prim_map(sizeof *old << log);
  if (!retired.bucket) gw__fatal("out of memory for epochs: raise the memory limit (ulimit -v, cgroup)");
  retired.log = log;
  for (size_t i = 0; old && i < (size_t)1 << old_log; i++)
    for (struct retired_line *r = old[i], *next; r; r = next) {
      next = r->next;
      add(r);
    }
  if (old) prim_unmap(old, sizeof *old << old_log);
}

struct retirement {
  uint8_t *cells; /* by id: how many have it, MANY, or HAS_TO_STAY */
  uint32_t few;   /* so many are few */
  uint32_t below; /* ids that are to go are */
  /* of the line that is looked at */
  uint32_t id[RETIRED_IDS], n;
  bool stays, goes;
};

static void each_line(uintptr_t first, void (*f)(uintptr_t line, uint8_t meta, struct retirement *r),
                      struct retirement *r) {
  const uintptr_t end = first + REGION_LINES;
  for (uintptr_t page = first; (page = shadow_noted_line(page, end)) < end; page += PAGE_LINES)
    for (uintptr_t line = page; line < page + PAGE_LINES; line++) {
      const uint8_t meta = *shadow_meta(line);
      if (meta && !(meta & META_LOCK)) f(line, meta, r);
    }
}

static void count_entry(uint32_t *cell, void *arg) {
  struct retirement *r = arg;
  const uint32_t id = cell_id(*cell);
  if (id < DUO_FIRST && r->cells[id] < MANY) r->cells[id]++;
}

static void count_line(uintptr_t line, uint8_t meta, struct retirement *r) { each_entry(line, meta, count_entry, r); }
static void count_region(uintptr_t first, void *arg) { each_line(first, count_line, arg); }

static void look_at_entry(uint32_t *cell, void *arg) {
  struct retirement *r = arg;
  const uint32_t id = cell_id(*cell);
  r->stays |= id >= DUO_FIRST || r->cells[id] == HAS_TO_STAY;
  if (r->stays) return;
  r->goes |= r->cells[id] <= r->few && id < r->below;
  uint32_t i = 0;
  while (i < r->n && r->id[i] != id) i++;
  if (i == RETIRED_IDS)
    r->stays = true;
  else if (i == r->n)
    r->id[r->n++] = id;
}

static void blank_entry(uint32_t *cell, void *arg) {
  const struct retirement *r = arg;
  uint32_t i = 0;
  while (r->id[i] != cell_id(*cell)) i++;
  set_id(cell, RETIRED_FIRST + i);
}

static void retire_line(uintptr_t line, uint8_t meta, struct retirement *r) {
  r->n = 0;
  r->stays = r->goes = false;
  each_entry(line, meta, look_at_entry, r);
  if (r->stays || !r->goes) return;
  struct retired_line *kept = arena_alloc(size_of(r->n));
  kept->line = line;
  kept->meta = meta;
  kept->n = (uint8_t)r->n;
  for (uint32_t i = 0; i < r->n; i++) kept->epoch[i] = epochs.entry[r->id[i]];
  add(kept);
  retired.n++;
  each_entry(line, meta, blank_entry, r);
  *shadow_meta(line) = META_LOCK;
}
static void retire_region(uintptr_t first, void *arg) { each_line(first, retire_line, arg); }

/* A retired line takes some 50 bytes: so the ids that go are of the half that is in the fewest cells, and of these the
 * older half, which is less likely to be wanted soon. */
static void choose(struct retirement *r, uint32_t ids) {
  uint32_t of[HAS_TO_STAY + 1] = {0}, all = 0, some = 0;
  for (uint32_t id = 1; id < ids; id++) of[r->cells[id]]++;
  for (unsigned i = 1; i <= MANY; i++) all += of[i];
  for (r->few = 0; r->few < MANY && some < all / 2;) some += of[++r->few];
  r->below = 1;
  for (some /= 2; some; r->below++) some -= r->cells[r->below] && r->cells[r->below] <= r->few;
}

static void mark_those_that_stay(struct retirement *r, uint32_t ids) {
  for (uint32_t id = 1; id < ids; id++)
    if (epochs.entry[id].slot == EPOCH_READERS) r->cells[id] = HAS_TO_STAY;
  for (struct race_g *g = det_gs.first; g; g = g->next)
    if (g->epoch) r->cells[cell_id(g->epoch)] = HAS_TO_STAY;
}

bool retire_lines(void) {
  const uint32_t ids = epochs.fresh, in_use = ids - epochs.free_n;
  if (in_use <= det_retire_above) return false;
  const size_t size = (ids + PRIM_PAGE) & ~(size_t)(PRIM_PAGE - 1);
  struct retirement r = {.cells = prim_map(size), .few = MANY, .below = ids};
  if (!r.cells) gw__fatal("out of memory for epochs: raise the memory limit (ulimit -v, cgroup)");
  const uint64_t before = retired.n;
  shadow_each_region(count_region, &r);
  mark_those_that_stay(&r, ids);
  if (det_retire_above) choose(&r, ids); /* 0: a test's, all */
  grow(in_use);
  shadow_each_region(retire_region, &r);
  prim_unmap(r.cells, size);
  return retired.n != before;
}
