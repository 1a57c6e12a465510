/* Mappings change hands: what was recorded about their memory is dropped, before it is given up and after it was got.
 */
#define _GNU_SOURCE
#include "detector/heap.h"
#include "detector/posix.h"

static size_t whole_pages(size_t n) { return (n + PRIM_PAGE - 1) & ~(size_t)(PRIM_PAGE - 1); }

static void changes_hands(void *p, size_t n) {
  if (!n || !posix_self()) return;
  n = whole_pages(n);
  race_reborn(p, n);
  heap_forget((uintptr_t)p, (uintptr_t)p + n);
}

/* The program got memory at p. Where it has no shadow memory an access ends in a fault: that is told in advance. */
static void got(void *p, size_t n, int prot) {
  if (!det_ready || p == MAP_FAILED) return;
  if (!posix_cover(p, n) && prot != PROT_NONE)
    gw__warn(
        "no room for shadow memory of the mapping of %zu bytes at %p: an access to it from instrumented code will "
        "crash; map it where the kernel chooses",
        n, p);
  changes_hands(p, n);
}

/* A hint leads where there is no shadow memory (allocators keep places of their own): the kernel's choice is better. */
static bool misled(const void *p, size_t n, const void *hint, int flags) {
  return det_ready && p != MAP_FAILED && hint && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && !posix_cover(p, n);
}

/* MAP_SHARED_VALIDATE has its bit, too. */
static void shares(int flags) {
  if (flags & MAP_SHARED) det_shares_memory();
}

void *__gw_i_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset) {
  shares(flags);
  void *p = gw__real.mmap(at, n, prot, flags, fd, offset);
  if (misled(p, n, at, flags)) {
    gw__real.munmap(p, n);
    p = gw__real.mmap(NULL, n, prot, flags, fd, offset);
  }
  got(p, n, prot);
  return p;
}

void *__gw_i_mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t offset) {
  shares(flags);
  void *p = gw__real.mmap64(at, n, prot, flags, fd, offset);
  if (misled(p, n, at, flags)) {
    gw__real.munmap(p, n);
    p = gw__real.mmap64(NULL, n, prot, flags, fd, offset);
  }
  got(p, n, prot);
  return p;
}

int __gw_i_munmap(void *p, size_t n) {
  if ((uintptr_t)p % PRIM_PAGE == 0) changes_hands(p, n);
  return gw__real.munmap(p, n);
}

/* What stays where it was keeps its records: only the part that is added or cut off changes hands. */
void *__gw_i_mremap(void *p, size_t before, size_t after, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  void *to = flags & MREMAP_FIXED ? va_arg(ap, void *) : NULL;
  va_end(ap);
  size_t was = whole_pages(before), is = whole_pages(after);
  if (is < was && !(flags & MREMAP_FIXED)) changes_hands((char *)p + is, was - is);
  if (flags & MREMAP_FIXED) changes_hands(p, was);
  void *q = gw__real.mremap(p, before, after, flags, to);
  if (q == MAP_FAILED) return q;
  if (q != p)
    got(q, is, PROT_READ);
  else if (is > was)
    got((char *)p + was, is - was, PROT_READ);
  return q;
}

int __gw_i_madvise(void *p, size_t n, int advice) {
  if ((advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE) && (uintptr_t)p % PRIM_PAGE == 0)
    changes_hands(p, n);
  return gw__real.madvise(p, n, advice);
}

/* A segment may come where another one was. */
void *__gw_i_shmat(int id, const void *at, int flags) {
  det_shares_memory();
  void *p = gw__real.shmat(id, at, flags);
  struct shmid_ds about;
  int before = errno;
  if (p != MAP_FAILED && shmctl(id, IPC_STAT, &about) == 0) got(p, about.shm_segsz, PROT_READ);
  errno = before;
  return p;
}
