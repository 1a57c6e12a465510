/* Pairs: clocks of goroutines that go on meeting the same two partners, as the stages of a pipeline do (pair.c). */
#ifndef GW_DETECTOR_PAIR_H
#define GW_DETECTOR_PAIR_H
#include "detector/detector.h"

/* What a goroutine tells at a meeting beside its tree. */
struct component {
  uint64_t clock;
  uint32_t slot; /* CLOCK_NONE: none */
};

/* a and b, not the same, have a rendezvous: each learns the other's tree and component.  Both trees are pairs then. */
void pair_meet(struct det_thread *t, struct race_g *a, struct race_g *b, struct component of_a, struct component of_b);
/* Does the goroutine know all of the tree, by what that says itself? */
bool pair_is_known(const struct node *tree, const struct race_g *g);

#endif
