/* The `why:` and `help:` lines of a data race.  They only say what the record holds: who held which lock, who started
 * whom, which side is atomic.  Where it holds nothing of that kind, they say nothing.
 */
#include <string.h>

#include "cli/render.h"

static const struct lock *held(const struct access *a, const char *address) {
  for (size_t i = 0; i < a->lock_count; i++)
    if (strcmp(a->locks[i].address, address) == 0) return &a->locks[i];
  return NULL;
}

/* A lock that both hold (then both only read it, or it would order them). */
static const struct lock *common_lock(const struct finding *f) {
  for (size_t i = 0; i < f->accesses[0].lock_count; i++)
    if (lock_is_known(&f->accesses[0].locks[i]) && held(&f->accesses[1], f->accesses[0].locks[i].address))
      return &f->accesses[0].locks[i];
  return NULL;
}

static bool is_atomic(const struct access *a) { return strncmp(a->op, "atomic", 6) == 0; }

static bool same_actor(const struct actor *a, const struct actor *b) { return a->known && b->known && a->id == b->id; }

/* `child` was started by the one that made `parent`'s access. */
static bool started_by(const struct access *child, const struct access *parent) {
  return same_actor(&child->created_by, &parent->actor);
}

static void add_locks_reason(struct buf *b, const struct finding *f) {
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  const struct lock *common = common_lock(f);
  if (common) {
    buf_str(b, "both hold "), add_lock(b, common);
    buf_str(b, common->write ? ", which did not order them" : " for reading only, which excludes no one");
  } else if (late->lock_count && early->lock_count) {
    buf_str(b, "they hold different locks, (1) "), add_lock(b, &early->locks[0]);
    buf_str(b, " and (2) "), add_lock(b, &late->locks[0]);
  } else if (late->lock_count || early->lock_count) {
    const struct access *holder = late->lock_count ? late : early;
    buf_format(b, "(%d) holds ", holder == late ? 2 : 1), add_lock(b, &holder->locks[0]);
    buf_format(b, ", (%d) holds no lock", holder == late ? 1 : 2);
  } else {
    buf_str(b, "neither holds a lock");
  }
}

static void add_creation_reason(struct buf *b, const struct render_options *o, const struct finding *f) {
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  const struct access *child = started_by(late, early) ? late : started_by(early, late) ? early : NULL;
  if (child) {
    const struct access *parent = child == late ? early : late;
    buf_str(b, ", and "), add_actor(b, &parent->actor);
    buf_str(b, " went on after it had started "), add_actor(b, &child->actor);
    if (child->created_at.n) buf_str(b, " at "), add_place(b, o, &child->created_at.v[0]);
  } else if (late->created_at.n && early->created_at.n && same_actor(&late->created_by, &early->created_by)) {
    buf_str(b, ", and "), add_actor(b, &late->created_by);
    buf_str(b, " started both of them");
  }
}

static void add_circle_why(struct buf *b, const struct finding *f) {
  buf_str(b, "   why: ");
  for (size_t i = 0; i < f->access_count; i++) {
    const struct access *a = &f->accesses[i];
    buf_format(b, "%s(%zu) takes ", i ? ", " : "", f->access_count - i), add_circle_lock(b, f, &a->locks[0]);
    buf_str(b, " and then "), add_circle_lock(b, f, &a->wanted);
  }
  buf_str(b, f->access_count == 2 ? ": once both have their first lock, neither goes on\n"
                                  : ": once each has its first lock, none goes on\n");
}

static void add_circle_help(struct buf *b, const struct finding *f) {
  buf_str(b, "   help: take ");
  add_circle_lock(b, f, &f->accesses[0].wanted), buf_str(b, " before "),
      add_circle_lock(b, f, &f->accesses[0].locks[0]);
  buf_str(b, " everywhere, or hold one and the same lock around both\n");
}

void add_why(struct buf *b, const struct render_options *o, const struct finding *f) {
  if (finding_is_inversion(f)) return add_circle_why(b, f);
  if (!finding_is_race(f)) return;
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  buf_str(b, "   why: nothing orders (1) before (2): ");
  if (is_atomic(late) != is_atomic(early))
    buf_format(b, "(%d) is atomic but (%d) is not; ", is_atomic(late) ? 2 : 1, is_atomic(late) ? 1 : 2);
  add_locks_reason(b, f);
  add_creation_reason(b, o, f);
  buf_str(b, "\n");
}

static void add_lock_help(struct buf *b, const struct render_options *o, const struct finding *f) {
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  const struct access *holder = late->lock_count ? late : early, *other = holder == late ? early : late;
  buf_format(b, "(%d) holds ", holder == late ? 2 : 1), add_lock(b, &holder->locks[0]);
  buf_format(b, " but (%d) does not", holder == late ? 1 : 2);
  if (other->stack.n) buf_str(b, ": lock it around "), add_place(b, o, &other->stack.v[0]);
}

/* A child goroutine uses a local of the one that started it. */
static const struct access *child_on_parents_stack(const struct finding *f) {
  const struct memory *m = &f->memory;
  if (!m->kind || strcmp(m->kind, "stack") != 0) return NULL;
  for (int i = 0; i < 2; i++) {
    const struct access *child = &f->accesses[i], *parent = &f->accesses[1 - i];
    if (started_by(child, parent) && same_actor(&parent->actor, &m->actor)) return child;
  }
  return NULL;
}

static void add_unlocked_help(struct buf *b, const struct finding *f) {
  const struct access *child = child_on_parents_stack(f);
  if (!child)
    return buf_str(
        b, "guard both by one lock, make both atomic, or let one wait for the other (channel, wait group, join)");
  buf_str(b, "give "), add_actor(b, &child->actor);
  buf_str(b, " a copy of its own, or let "), add_actor(b, &f->memory.actor);
  buf_str(b, " wait for it before it goes on");
}

/* Where the block itself comes or goes no lock around the two helps.  True if that was said. */
static bool add_block_help(struct buf *b, const struct finding *f) {
  bool freed = false, allocated = false;
  for (size_t i = 0; i < f->access_count; i++) {
    freed |= strcmp(f->accesses[i].op, "free") == 0;
    allocated |= strcmp(f->accesses[i].op, "alloc") == 0;
  }
  if (freed)
    buf_str(b, "free it after waiting for its last user (channel, wait group, join), or let the last user free it");
  else if (allocated)
    buf_str(b, "hand a new block on by a channel, a lock or an atomic; or is a pointer to a freed one still in use?");
  return freed || allocated;
}

void add_help(struct buf *b, const struct render_options *o, const struct finding *f) {
  if (finding_is_inversion(f)) return add_circle_help(b, f);
  if (!finding_is_race(f)) return;
  const struct access *late = &f->accesses[0], *early = &f->accesses[1];
  const struct lock *common = common_lock(f);
  buf_str(b, "   help: ");
  if (add_block_help(b, f)) {
    /* nothing else would help */
  } else if (is_atomic(late) != is_atomic(early)) {
    buf_format(b, "make (%d) atomic as well", is_atomic(late) ? 1 : 2);
  } else if (common) {
    buf_str(b, "take "), add_lock(b, common);
    buf_str(b, common->write ? " once for both" : " for writing where it writes");
  } else if (late->lock_count && early->lock_count) {
    buf_str(b, "guard both by the same lock");
  } else if (late->lock_count || early->lock_count) {
    add_lock_help(b, o, f);
  } else {
    add_unlocked_help(b, f);
  }
  buf_str(b, "\n");
}
