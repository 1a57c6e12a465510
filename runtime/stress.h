/* Stress switches (GODWIT=stress=...): the scheduler makes the rare choices often, for tests of the runtime and of
 * programs.  Off, they cost nothing: they stand in the word that rt_enter loads anyway, and in slow paths. */
#ifndef GW_RUNTIME_STRESS_H
#define GW_RUNTIME_STRESS_H
#include <stdint.h>

enum stress {
#define STRESS(id, bit, name, help) STRESS_##id = 1 << (bit),
#include "stress.inc"
};

/* What the option asks for. A word that is none gets a warning. */
uint32_t stress_wanted(void) __attribute__((visibility("hidden")));

/* Where a series of random numbers begins, never 0: somewhere, or, with the option `seed`, always at the same place. */
uint64_t rng_begin(uint64_t series) __attribute__((visibility("hidden")));

#endif
