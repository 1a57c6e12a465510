/* A profile in memory, as profile.proto sees it: samples (a stack, tags, values), their locations, strings.
 *
 * It is filled by profile_add, which merges what has the same stack and tags; then profile_symbolize gives names to the
 * addresses, and one of the writers turns it into bytes.  Nothing is shared: each request makes its own. */
#ifndef GW_PPROF_PROFILE_H
#define GW_PPROF_PROFILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/modules.h"
#include "pprof/bytes.h"

enum { VALUES_MAX = 4, DEPTH_MAX = 128 /* guess: deeper stacks are cut at the root, as Go does at 32 */ };

struct value_type {
  const char *type, *unit;
};

/* What a profile of a name is like; kinds.c has the table. */
struct kind {
  const char *name;
  int values; /* of each sample */
  struct value_type value[VALUES_MAX];
  struct value_type period;
  const char *shown; /* the value that tools show unless told otherwise */
};

/* What tells samples of one stack apart, and two notes.  Strings are numbers in the profile's table, 0 none. */
struct tags {
  uint32_t key, value;   /* gw_set_label */
  uint32_t name;         /* gw_set_name */
  uint32_t state;        /* wait reason */
  uint64_t goroutine;    /* its number; 0: not told */
  uint64_t creator;      /* return address of the call that created it; 0: not told */
  int64_t object_bytes;  /* heap: size of an object */
  int64_t waited_ns_max; /* the longest wait; no part of the key */
};

struct sample {
  struct tags tags;
  int64_t value[VALUES_MAX];
  uint32_t stack, depth; /* in profile.stacks */
};

/* One function at an address; several are inlined into one another, innermost first. */
struct line {
  uint32_t function; /* in profile.functions */
  int32_t line;
};

struct function {
  uint32_t name, file; /* strings */
};

struct location {
  uintptr_t pc;         /* return address, or one more than the address of a frame that a signal stopped */
  uintptr_t entry;      /* where its function begins; 0 if unknown */
  int32_t module;       /* in profile.modules; -1 if it is in none */
  uint32_t line, lines; /* in profile.lines */
};

struct profile {
  const struct kind *kind;
  int64_t time_ns, duration_ns; /* since 1970; 0 if it has none */
  int64_t period;
  struct bytes samples;   /* struct sample */
  struct bytes stacks;    /* uintptr_t: return addresses, innermost first; numbers of locations once symbolized */
  struct bytes strings;   /* the table's bytes, each with a NUL */
  struct bytes string_at; /* uint32_t: where each begins */
  struct bytes locations; /* struct location */
  struct bytes lines;     /* struct line */
  struct bytes functions; /* struct function */
  struct index by_stack, by_string, by_pc, by_function;
  struct modules *modules; /* what is loaded; NULL before profile_symbolize */
  bool symbolized;         /* names could be had */
  bool one_by_one;         /* samples stay apart and in their order */
};

void profile_init(struct profile *p, const struct kind *kind);
void profile_free(struct profile *p);

/* Adds to the sample with that stack and these tags.  The library's own frames are left out, but for the outermost of
 * the call that the user made. */
void profile_add(struct profile *p, const uintptr_t *pcs, int n, const struct tags *tags, const int64_t *values);
/* The same with the library's frames, but for those at the root. */
void profile_add_whole(struct profile *p, const uintptr_t *pcs, int n, const struct tags *tags, const int64_t *values);
/* Adds all of another profile of the same kind, times `sign`: neither may be symbolized. */
void profile_merge(struct profile *p, const struct profile *other, int sign);
/* Samples whose stacks or tags have been made the same become one. */
void profile_remerge(struct profile *p);
/* Samples of which all values are zero go; nothing may be added afterwards. */
void profile_drop_zeros(struct profile *p);
/* Number of a string; "" and NULL are 0. */
uint32_t profile_string(struct profile *p, const char *s);

/* Gives the stacks locations, and those functions and lines, by a `godwit symbolize` child.  Blocks while it works.  If
 * it can't be started the locations have addresses alone. */
void profile_symbolize(struct profile *p);
/* In the child of a fork. */
void symbols_after_fork(void);

/* profile.proto, gzipped. */
void profile_write_proto(struct profile *p, struct bytes *out);
/* Go's text for debug=1. */
void profile_write_text(struct profile *p, struct bytes *out);

/* What a location stands for: a string of the profile's. */
static inline const char *profile_text(const struct profile *p, uint32_t string) {
  return p->strings.at + ((const uint32_t *)(const void *)p->string_at.at)[string];
}
static inline size_t profile_samples(const struct profile *p) { return p->samples.n / sizeof(struct sample); }
static inline struct sample *profile_sample(const struct profile *p, size_t i) {
  return &((struct sample *)(void *)p->samples.at)[i];
}
static inline uintptr_t *profile_stack(const struct profile *p, const struct sample *s) {
  return &((uintptr_t *)(void *)p->stacks.at)[s->stack];
}
static inline struct location *profile_location(const struct profile *p, size_t i) {
  return &((struct location *)(void *)p->locations.at)[i];
}
static inline struct line *profile_line(const struct profile *p, size_t i) {
  return &((struct line *)(void *)p->lines.at)[i];
}
static inline struct function *profile_function(const struct profile *p, size_t i) {
  return &((struct function *)(void *)p->functions.at)[i];
}

#endif
