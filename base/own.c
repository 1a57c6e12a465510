/* The table of own mappings: unsorted while it grows, as mapping is rarer than anything else here, and sorted by who
 * searches, who keeps the lock meanwhile. */
#include "own.h"

#include "spin.h"

enum { OWN_MAX = 1 << 15 }; /* the arena takes a megabyte at a time: 32 GB (guess) */

static struct {
  struct spin lock; /* guards the rest */
  uint32_t n;
  bool lost; /* there were more than it can hold */
  struct own {
    uintptr_t lo, hi;
  } v[OWN_MAX];
} own;

void own_add(uintptr_t at, size_t n) {
  spin_lock(&own.lock);
  if (own.n < OWN_MAX)
    own.v[own.n++] = (struct own){at, at + n};
  else
    own.lost = true;
  spin_unlock(&own.lock);
}

void own_remove(uintptr_t at, size_t n) {
  spin_lock(&own.lock);
  for (uint32_t i = own.n; i-- > 0;) {
    if (own.v[i].lo != at || own.v[i].hi != at + n) continue;
    own.v[i] = own.v[--own.n];
    break;
  }
  spin_unlock(&own.lock);
}

/* Heap sort: no memory, no worst case. */
static void sift(struct own *v, uint32_t i, uint32_t n) {
  struct own moved = v[i];
  for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && v[child + 1].lo > v[child].lo) child++;
    if (v[child].lo <= moved.lo) break;
    v[i] = v[child];
  }
  v[i] = moved;
}

static void sort(struct own *v, uint32_t n) {
  for (uint32_t i = n / 2; i-- > 0;) sift(v, i, n);
  for (uint32_t end = n; end-- > 1;) {
    struct own last = v[end];
    v[end] = v[0];
    v[0] = last;
    sift(v, 0, end);
  }
}

bool own_freeze(void) {
  spin_lock(&own.lock);
  sort(own.v, own.n);
  return !own.lost;
}

void own_thaw(void) { spin_unlock(&own.lock); }

void own_fork_lock(void) { spin_lock(&own.lock); }
void own_fork_unlock(void) { spin_unlock(&own.lock); }

bool own_find(uintptr_t address, uintptr_t *end) {
  uint32_t lo = 0, hi = own.n; /* the first that ends above the address */
  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;
    if (own.v[mid].hi > address)
      hi = mid;
    else
      lo = mid + 1;
  }
  bool inside = lo < own.n && own.v[lo].lo <= address;
  *end = lo == own.n ? UINTPTR_MAX : inside ? own.v[lo].hi : own.v[lo].lo;
  return inside;
}
