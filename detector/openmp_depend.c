/* Which tasks of OpenMP come before which, as their dependences say: a task depends on all earlier children of its
 * parent that depend on the same place, but for those that do so in the same way, if that is `in` or `inoutset`.
 *
 * Each place has a clock for each way.  Who begins acquires those of whom it waited for: a later child that depends on
 * the place in another way waits for this one, and hasn't ended yet, so nothing else is in them.  mutexinoutset counts
 * as inout: who comes second knows the first.
 *
 * Loops with doacross dependences name turns in place of places; the clocks of these live as long as the region.  Of
 * two such loops with no barrier between them, equal turns share one: an edge too many.
 */
#include "detector/openmp.h"

static uint64_t mix(uint64_t hash, uint64_t word) { return (hash ^ word) * 0x9E3779B97F4A7C15u ^ hash >> 29; }

static struct omp_place **bucket(const struct omp_places *table, uint64_t key) {
  return &table->first[mix(0, key) >> 32 & (table->buckets - 1)];
}

static struct omp_place *find(const struct omp_places *table, uint64_t key) {
  struct omp_place *p = table->buckets ? *bucket(table, key) : NULL;
  while (p && p->key != key) p = p->next;
  return p;
}

static void put(struct omp_places *table, struct omp_place *p) {
  struct omp_place **list = bucket(table, p->key);
  p->next = *list;
  *list = p;
  table->n++;
}

enum { FEWEST = 16 }; /* buckets; a guess */

/* The places stay where they are, as tasks know them. */
static void grow(struct omp_places *table) {
  struct omp_places larger = {.buckets = table->buckets ? 2 * table->buckets : FEWEST};
  larger.first = arena_alloc(larger.buckets * sizeof *larger.first);
  for (size_t i = 0; i < table->buckets; i++)
    for (struct omp_place *p = table->first[i], *next; p; p = next) {
      next = p->next;
      put(&larger, p);
    }
  if (table->first) arena_free(table->first, table->buckets * sizeof *table->first);
  *table = larger;
}

static struct omp_place *find_or_make(struct omp_places *table, uint64_t key) {
  struct omp_place *p = find(table, key);
  if (p) return p;
  if (table->n == table->buckets) grow(table);
  p = arena_alloc(sizeof *p);
  p->key = key;
  put(table, p);
  return p;
}

static void list_free(struct omp_place *p) {
  while (p) {
    struct omp_place *next = p->next;
    for (int i = 0; i < OMP_KINDS; i++) race_forget(&p->clock[i]);
    arena_free(p, sizeof *p);
    p = next;
  }
}

void omp_places_free(struct omp_places *places) {
  for (size_t i = 0; i < places->buckets; i++) list_free(places->first[i]);
  if (places->first) arena_free(places->first, places->buckets * sizeof *places->first);
}

static struct omp_place *place_of(struct omp_task *parent, uint64_t address) {
  return find_or_make(&parent->places, address);
}

/* The place that stands for all: who depends on any place reads it, who depends on all of memory writes it. */
enum { EVERYWHERE = 0 };

static struct omp_dependence dependence(struct omp_task *parent, const struct ompt_dependence *d) {
  const uint64_t address = d->variable.value;
  if (d->type == OMPT_OUT_ALL_MEMORY || d->type == OMPT_INOUT_ALL_MEMORY)
    return (struct omp_dependence){place_of(parent, EVERYWHERE), OMP_OUT};
  enum omp_depends how = d->type == OMPT_IN ? OMP_IN : d->type == OMPT_INOUTSET ? OMP_SET : OMP_OUT;
  return (struct omp_dependence){place_of(parent, address), how};
}

static void depend(struct omp_task *t, const struct ompt_dependence *v, unsigned n) {
  if (t->depends || !t->parent) return;
  t->depends_n = n + 1;
  t->depends = arena_alloc(t->depends_n * sizeof *t->depends);
  for (unsigned i = 0; i < n; i++) t->depends[i] = dependence(t->parent, &v[i]);
  t->depends[n] = (struct omp_dependence){place_of(t->parent, EVERYWHERE), OMP_IN};
}

static bool waits(enum omp_depends how, int other) { return how == OMP_OUT || other != (int)how; }

void omp_depends_acquire(const struct omp_task *t, struct race_g *g) {
  for (unsigned i = 0; i < t->depends_n; i++)
    for (int other = 0; other < OMP_KINDS; other++)
      if (waits(t->depends[i].how, other)) race_acquire(g, &t->depends[i].place->clock[other]);
}

void omp_depends_release(const struct omp_task *t, struct race_g *g) {
  for (unsigned i = 0; i < t->depends_n; i++) race_release_merge(g, &t->depends[i].place->clock[t->depends[i].how]);
}

/* One turn of a loop nest: of sinks there may be one only in each call. */
static void turn(const struct omp_task *t, const struct ompt_dependence *v, int n) {
  struct omp_region *r = t->region;
  struct race_g *g = posix_self();
  if (!r || !g) return;
  uint64_t key = mix(1, t->barrier);
  for (int i = 0; i < n; i++) key = mix(key, v[i].variable.value);
  struct det_thread *inside = posix_lock(&r->members.lock);
  struct omp_place *p = find_or_make(&r->turns, key);
  posix_unlock(&r->members.lock, inside);
  if (v->type == OMPT_SOURCE)
    race_release_merge(g, &p->clock[OMP_OUT]);
  else
    race_acquire(g, &p->clock[OMP_OUT]);
}

void omp_dependences(union ompt_data *task, const struct ompt_dependence *v, int n) {
  if (n <= 0 || !task) return;
  struct omp_task *t = omp_task_of(task);
  if (v->type == OMPT_SOURCE || v->type == OMPT_SINK)
    turn(t, v, n);
  else
    depend(t, v, (unsigned)n);
}
