/* The profiles by name, and who fills each. */
#ifndef GW_PPROF_KINDS_H
#define GW_PPROF_KINDS_H
#include "pprof/profile.h"

/* Takes one now: values are totals since the start (goroutine, threadcreate, goroutineleak: of now).  0 or -errno, and
 * then *why says what to do. */
struct source {
  struct kind kind;
  int (*collect)(struct profile *p, const char **why);
  const char *about; /* for the index */
};
/* NULL if there's none of that name. */
const struct source *source_find(const char *name);
extern const struct source sources[];
extern const size_t source_count;

int goroutines_collect(struct profile *p, const char **why);
int leaks_collect(struct profile *p, const char **why);
int threads_collect(struct profile *p, const char **why);
int blocks_collect(struct profile *p, const char **why);
int mutexes_collect(struct profile *p, const char **why);
int heap_collect(struct profile *p, const char **why);
int allocs_collect(struct profile *p, const char **why);
int cpu_collect(struct profile *p, const char **why);

/* A profile of this kind, filled and with its time; 0 or -errno.  The caller frees it either way. */
int profile_take(struct profile *p, const struct source *s, const char **why);

/* The heap's lock is held across a fork. */
void heap_before_fork(void);
void heap_after_fork(void);

/* Goroutines one by one as Go prints them for debug=2. */
void goroutines_write_all(struct bytes *out);

#endif
