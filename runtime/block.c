/* gw_go_b, and as much of the blocks runtime as clang's -fblocks code needs: copy, release, and captured __block
 * variables, objects being the user's own affair.  All weak, so that a full libBlocksRuntime takes its place.  The
 * layouts are those of clang's block ABI. */
#include <string.h>

#include "base/arena.h"
#include "g.h"

struct descriptor {
  unsigned long reserved, size;
  void (*copy)(void *dst, const void *src); /* with HAS_COPY */
  void (*dispose)(const void *);
};
struct block {
  void *isa;
  uint32_t flags; /* atomic: the lower half counts references, times 2, once it is on the heap */
  int32_t reserved;
  void (*invoke)(struct block *);
  struct descriptor *descriptor;
};
/* A __block variable. */
struct byref {
  void *isa;
  struct byref *forwarding;
  uint32_t flags;
  uint32_t size;
  void (*keep)(struct byref *dst, struct byref *src); /* with HAS_COPY */
  void (*destroy)(struct byref *);
};
enum { REF_MASK = 0xfffe, REF_ONE = 2, NEEDS_FREE = 1 << 24, HAS_COPY = 1 << 25, IS_GLOBAL = 1 << 28 };
enum { FIELD_OBJECT = 3, FIELD_BLOCK = 7, FIELD_BYREF = 8, BYREF_CALLER = 128 };

#define WEAK __attribute__((weak))
extern WEAK void *_NSConcreteStackBlock[32];
extern WEAK void *_NSConcreteGlobalBlock[32];
extern WEAK void *_NSConcreteMallocBlock[32];
void *_NSConcreteStackBlock[32], *_NSConcreteGlobalBlock[32], *_NSConcreteMallocBlock[32];
void *_Block_copy(const void *block);
void _Block_release(const void *block);
void _Block_object_assign(void *dst, const void *object, int flags);
void _Block_object_dispose(const void *object, int flags);

WEAK void *_Block_copy(const void *arg) {
  struct block *b = (struct block *)(uintptr_t)arg;
  if (!b || b->flags & IS_GLOBAL) return b;
  if (b->flags & NEEDS_FREE) {
    __atomic_fetch_add(&b->flags, REF_ONE, __ATOMIC_RELAXED);
    return b;
  }
  struct block *copy = arena_alloc_user(b->descriptor->size);
  memcpy(copy, b, b->descriptor->size);
  copy->flags = (copy->flags & ~(uint32_t)0xffff) | NEEDS_FREE | REF_ONE;
  copy->isa = _NSConcreteMallocBlock;
  if (copy->flags & HAS_COPY) copy->descriptor->copy(copy, b);
  return copy;
}

/* True if it was the last reference. acq_rel: the last one sees what the others did. */
static bool drop(uint32_t *flags) { return (__atomic_sub_fetch(flags, REF_ONE, __ATOMIC_ACQ_REL) & REF_MASK) == 0; }

WEAK void _Block_release(const void *arg) {
  struct block *b = (struct block *)(uintptr_t)arg;
  if (!b || !(b->flags & NEEDS_FREE) || b->flags & IS_GLOBAL || !drop(&b->flags)) return;
  if (b->flags & HAS_COPY) b->descriptor->dispose(b);
  arena_free_user(b, b->descriptor->size);
}

/* The variable moves to the heap with the first block that is copied; the stack's record forwards to it. */
static struct byref *byref_copy(struct byref *v) {
  struct byref *to = v->forwarding;
  if (to->flags & NEEDS_FREE) {
    __atomic_fetch_add(&to->flags, REF_ONE, __ATOMIC_RELAXED);
    return to;
  }
  to = arena_alloc_user(v->size);
  memcpy(to, v, v->size);
  to->flags = (to->flags & ~(uint32_t)0xffff) | NEEDS_FREE | 2 * REF_ONE; /* the block's, and the scope's */
  to->forwarding = to;
  v->forwarding = to;
  if (v->flags & HAS_COPY) v->keep(to, v);
  return to;
}

static void byref_release(struct byref *v) {
  v = v->forwarding;
  if (!(v->flags & NEEDS_FREE) || !drop(&v->flags)) return;
  if (v->flags & HAS_COPY) v->destroy(v);
  arena_free_user(v, v->size);
}

WEAK void _Block_object_assign(void *dst, const void *object, int flags) {
  const void *kept = object;
  if (flags & FIELD_BYREF)
    kept = byref_copy((struct byref *)(uintptr_t)object);
  else if ((flags & FIELD_BLOCK) == FIELD_BLOCK && !(flags & BYREF_CALLER))
    kept = _Block_copy(object);
  memcpy(dst, &kept, sizeof kept);
}

WEAK void _Block_object_dispose(const void *object, int flags) {
  if (flags & FIELD_BYREF)
    byref_release((struct byref *)(uintptr_t)object);
  else if ((flags & FIELD_BLOCK) == FIELD_BLOCK && !(flags & BYREF_CALLER))
    _Block_release(object);
}

static void release_at_end(void *b) { _Block_release(b); }

static void block_body(struct block *b) {
  struct gw__defer d __attribute__((cleanup(gw__defer_end))) = {release_at_end, b, NULL};
  gw__defer_begin(&d);
  b->invoke(b);
}

void gw_go_b(struct block *b); /* godwit.h declares it with a block's type, which only -fblocks has */
void gw_go_b(struct block *b) {
  struct gw__call call = {(void (*)(void))block_body, {(uintptr_t)_Block_copy(b)}};
  g_start(g_self(), &call, (uintptr_t)__builtin_return_address(0), RACE_HERE());
}
