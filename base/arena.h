/* Memory for the runtime and the detector, apart from malloc: chunks from the system, cut into sizes that are powers of
 * two or three quarters of one, kept on free lists per size.  Thread-safe; a free list is behind a spin lock. */
#ifndef GW_BASE_ARENA_H
#define GW_BASE_ARENA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, 16-byte aligned (64 from 64 bytes on).  Ends the process with a clear message when there is none. */
void *arena_alloc(size_t n);
/* Gives back what arena_alloc(n) returned, with the same n. */
void arena_free(void *p, size_t n);
/* Bytes taken from the system so far. */
size_t arena_bytes(void);

/* The same for objects that hold words of the program's: elements, arguments, values.  Through these, and no others,
 * the search for leaks looks for what the program can reach. */
void *arena_alloc_user(size_t n);
void arena_free_user(void *p, size_t n);
/* The one of these that the address lies in, be it in use or free; false if it is in none.  Takes no lock. */
bool arena_find_user(uintptr_t address, uintptr_t *base, size_t *size);

/* Held across fork, so that the child finds all whole: see fork.h. */
void arena_fork_lock(void);
void arena_fork_unlock(void);

/* Objects of one size, for hot paths: `pool_get` and `pool_put` work on a list that belongs to the caller, and go to
 * the arena in batches. The owner serialises access to its pool. Objects come back *not* zeroed. */
struct pool {
  size_t size;     /* of an object */
  void *free;      /* list through the objects' first word */
  uint32_t free_n; /* its length */
};
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *object);
/* Moves all of it to the arena. */
void pool_drain(struct pool *p);

#endif
