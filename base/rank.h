/* The ranks of internal locks (godwit/ranks.inc), and the types of locks that have them. */
#ifndef GW_BASE_RANK_H
#define GW_BASE_RANK_H
#include <stdbool.h>
#include <stdint.h>

enum rank {
#define RANK(id, level, many, what) RANK_##id,
#include "godwit/ranks.inc"
  RANKS
};

/* `rank` takes no room: its type's size is the rank. */
#define RANK(id, level, many, what) \
  struct spin_##id {                \
    uint32_t held; /* 0 or 1 */     \
    char rank[0][RANK_##id];        \
  };
#include "godwit/ranks.inc"

/* A leaf. */
struct spin {
  uint32_t held; /* 0 or 1 */
  char rank[0][RANK_LEAF];
};

#define SPIN_RANK(s) ((enum rank)sizeof *(s)->rank)
/* For who only gives it up: a lock of any rank as a plain one. */
#define SPIN_ANY(s) ((struct spin *)(void *)&(s)->held)

#endif
