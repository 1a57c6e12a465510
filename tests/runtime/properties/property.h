/* Go's properties of the runtime, one function each: tests/README.md, "Properties of the runtime", lists them.
 *
 * A program runs all of its properties, or those that its arguments name.  They hold on any number of processors, under
 * the detector and under the stress switches; what is not so may not stand here. */
#ifndef PROPERTY_H
#define PROPERTY_H
#include <pthread.h>
#include <sched.h>

#include "../../include/parked.h"
#include "../programs/check.h"

/* As in tests/include/barrier.h: an order that the detector doesn't see. */
UNSEEN int peek(const int *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
UNSEEN void poke(int *p, int v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }

static inline int add(int *p, int n) { return __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST); }
static inline int get(const int *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

/* In loops that try: what runs one thread at a time (valgrind) might else stop the loop at the same place always, with
 * a lock of the runtime's held, and keep that from the others for ever. */
static inline void try_again_later(void) {
  gw_yield();
  sched_yield();
}

struct property {
  const char *name;
  void (*f)(void);
};
#define PROPERTY(name) {#name, name}

static inline int run_properties(const struct property *all, int n, int argc, char **argv) {
  for (int i = 0; i < n; i++) {
    bool wanted = argc < 2;
    for (int a = 1; a < argc; a++) wanted = wanted || strcmp(argv[a], all[i].name) == 0;
    if (!wanted) continue;
    int64_t began = gw_now();
    all[i].f();
    if (getenv("PROPERTY_TIMES")) fprintf(stderr, "%-28s %6.1f ms\n", all[i].name, (double)(gw_now() - began) / 1e6);
  }
  return 0;
}
#define PROPERTIES(...)                                                        \
  int main(int argc, char **argv) {                                            \
    static const struct property all[] = {__VA_ARGS__};                        \
    return run_properties(all, (int)(sizeof all / sizeof all[0]), argc, argv); \
  }

#endif
