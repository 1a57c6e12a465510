/* `godwit leaks`: who waits where, from a goroutine or goroutineleak profile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/mem.h"
#include "cli/profile.h"

/* Labels that godwit's goroutine profiles have. */
#define LABEL_STATE "state"
#define LABEL_WAITED "waited"
#define LABEL_CREATOR "created_by"

const char help_leaks[] =
    "usage: godwit leaks PROFILE\n"
    "       godwit leaks -diff OLDER NEWER\n"
    "\n"
    "Goroutines that wait, grouped by stack: how many, for what, for how long at most, and where they were created.\n"
    "PROFILE is a goroutine or goroutineleak profile: a file, or an address such as\n"
    "http://127.0.0.1:6060/debug/pprof/goroutineleak.  With -diff, only what NEWER has more of than OLDER.\n"
    "\n"
    "exit status: 0; 66 if there are leaked goroutines (goroutineleak) or more than before (-diff); 64 bad usage;\n"
    "125 a profile can't be read.\n";

/* Goroutines with one stack, state and creator. */
struct group {
  const struct profile_sample *s; /* the first of them */
  char *key;                      /* what they have in common */
  int64_t n;                      /* how many; less those of the older profile */
  int64_t waited_ns;              /* the longest wait */
};

struct groups {
  struct group *v;
  size_t n;
};

static int64_t waited(const struct profile_sample *s) {
  for (size_t i = 0; i < s->labels_n; i++)
    if (!s->labels[i].text && strcmp(s->labels[i].key, LABEL_WAITED) == 0) return s->labels[i].number;
  return 0;
}

static const char *label(const struct profile_sample *s, const char *key) {
  const char *text = profile_label_text(s, key);
  return text ? text : "";
}

/* By functions and lines, which are the same in another run, where they are known. */
static char *key_of(const struct profile_sample *s) {
  char *key = mem_format("%s|%s", label(s, LABEL_STATE), label(s, LABEL_CREATOR));
  for (size_t i = 0; i < s->depth; i++) {
    const struct profile_location *l = s->stack[i];
    char *more = l->lines_n ? mem_format("%s|%s:%lld", key, l->lines[0].function->name, (long long)l->lines[0].line)
                            : mem_format("%s|%llx", key, (unsigned long long)l->address);
    free(key);
    key = more;
  }
  return key;
}

static bool waits(const struct profile_sample *s) {
  const char *state = label(s, LABEL_STATE);
  return strcmp(state, "running") != 0 && strcmp(state, "runnable") != 0 && strcmp(state, "syscall") != 0;
}

static void add(struct groups *all, const struct profile *p, int sign) {
  for (size_t i = 0; i < p->samples_n; i++) {
    const struct profile_sample *s = &p->samples[i];
    if (!waits(s)) continue;
    char *key = key_of(s);
    size_t at = 0;
    while (at < all->n && strcmp(all->v[at].key, key) != 0) at++;
    if (at == all->n) {
      all->v = mem_grow(all->v, ++all->n * sizeof *all->v);
      all->v[at] = (struct group){.s = s, .key = key};
    } else {
      free(key);
    }
    if (sign > 0) all->v[at].s = s;
    all->v[at].n += sign * s->values[p->shown];
    if (sign > 0 && waited(s) > all->v[at].waited_ns) all->v[at].waited_ns = waited(s);
  }
}

static int most_first(const void *a, const void *b) {
  const struct group *x = a, *y = b;
  if (x->n != y->n) return x->n > y->n ? -1 : 1;
  return strcmp(x->key, y->key);
}

static void print_frame(const struct profile_location *l) {
  if (!l->lines_n) {
    printf("        0x%llx\n", (unsigned long long)l->address);
    return;
  }
  for (size_t i = 0; i < l->lines_n; i++)
    printf("        %s  %s:%lld\n", l->lines[i].function->name, l->lines[i].function->file,
           (long long)l->lines[i].line);
}

static void print_group(const struct group *g, bool diff) {
  const char *state = label(g->s, LABEL_STATE), *creator = label(g->s, LABEL_CREATOR);
  char time[32] = "";
  if (g->waited_ns >= 1000000) {
    profile_value_text(time, sizeof time, g->waited_ns, g->waited_ns, "nanoseconds");
  }
  printf("%s%lld goroutine%s", diff ? "+" : "", (long long)g->n, g->n == 1 ? "" : "s");
  if (*state) printf(" [%s%s%s]", state, *time ? ", " : "", time);
  printf("\n");
  for (size_t i = 0; i < g->s->depth; i++) print_frame(g->s->stack[i]);
  if (*creator) printf("        created by %s\n", creator);
  printf("\n");
}

static struct profile *read_or_complain(const char *path) {
  char *why = NULL;
  struct profile *p = profile_read(path, 0, &why);
  if (p && (p->types_n == 0 || !strstr(p->types[p->shown].type, "goroutine"))) {
    fprintf(stderr, "godwit leaks: %s: no profile of goroutines, but of %s\n", path,
            p->types_n ? p->types[p->shown].type : "nothing");
    p = NULL;
  } else if (!p) {
    fprintf(stderr, "godwit leaks: %s\n", why);
  }
  free(why);
  return p;
}

int cmd_leaks(int argc, char **argv) {
  bool diff = false;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "-diff") == 0) argv[i] = "--diff"; /* Go's tools take either */
  struct option_spec specs[] = {{"--diff", NULL, &diff}};
  int n = parse_options(argc, argv, specs, 1);
  if (n < 0) return STATUS_USAGE;
  if (n != (diff ? 3 : 2)) return usage_error("leaks", diff ? "-diff takes two profiles" : "one profile, please");
  struct profile *newer = read_or_complain(argv[n - 1]), *older = diff && newer ? read_or_complain(argv[1]) : NULL;
  if (!newer || (diff && !older)) return STATUS_FAILED;
  struct groups all = {0};
  add(&all, newer, 1);
  if (older) add(&all, older, -1);
  if (all.n) qsort(all.v, all.n, sizeof *all.v, most_first);
  int64_t total = 0;
  for (size_t i = 0; i < all.n; i++)
    if (all.v[i].n > 0) total += all.v[i].n;
  printf("%lld goroutine%s wait%s%s\n\n", (long long)total, total == 1 ? "" : "s", total == 1 ? "s" : "",
         diff ? " that did not before" : "");
  for (size_t i = 0; i < all.n; i++)
    if (all.v[i].n > 0) print_group(&all.v[i], diff);
  for (size_t i = 0; i < all.n; i++) free(all.v[i].key);
  free(all.v);
  bool leaks = strstr(newer->types[newer->shown].type, "leak") != NULL;
  return total > 0 && (diff || leaks) ? STATUS_FINDINGS : 0;
}
