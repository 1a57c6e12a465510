/* The views of `godwit pprof`: each prints one profile, or the difference of two. */
#ifndef GW_CLI_PPROF_H
#define GW_CLI_PPROF_H
#include <regex.h>

#include "cli/buf.h"
#include "cli/profile.h"

struct view {
  struct profile *profile; /* with what -diff_base took off */
  size_t column;           /* which of its types */
  int64_t total;           /* of which percentages are told: of the base with -diff_base, else of the profile */
  bool lines;              /* nodes are lines, not functions */
  int nodes_max;           /* of -top; 0: all */
};

/* Sums over all samples whose stack has a node in it, and whose leaf it is. */
struct node {
  char *name;
  int64_t flat, cum;
  size_t seen; /* the sample counted last, plus one: a recursion counts once */
};
struct nodes {
  struct node *v;
  size_t n, cap;
  uint32_t *slots; /* hash table: index plus one */
  size_t slots_n;
};
struct node *nodes_get(struct nodes *l, const char *name);
void nodes_free(struct nodes *l);

/* A node's name: "FUNCTION", with -lines "FUNCTION FILE:LINE"; without a name the address, in its module.  The
 * caller's. */
char *frame_name(const struct view *v, const struct profile_location *l, size_t line);
/* A value in the unit that suits the total. */
const char *value_text(const struct view *v, int64_t value, char room[64]);
double percent_of(int64_t part, int64_t whole);

void pprof_head(const struct view *v, struct buf *out);
void pprof_top(const struct view *v, struct buf *out);
void pprof_traces(const struct view *v, struct buf *out);
/* False if no function matches. */
bool pprof_list(const struct view *v, const regex_t *which, struct buf *out);
/* A flame graph as an SVG that stands alone. */
void pprof_flame(const struct view *v, struct buf *out);

#endif
