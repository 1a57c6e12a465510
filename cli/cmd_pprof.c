/* `godwit pprof`: profiles as text and as a picture, with no Go installed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/mem.h"
#include "cli/pprof.h"

const char help_pprof[] =
    "usage: godwit pprof [-top | -traces | -list REGEX | -svg] [OPTION...] PROFILE\n"
    "\n"
    "Shows a profile in profile.proto's form, gzipped or not: a file, or an address such as\n"
    "http://127.0.0.1:6060/debug/pprof/block.  Functions that the profile has no names for are looked up in\n"
    "the program's own file.\n"
    "\n"
    "  -top               functions by what they cost themselves (this is the default)\n"
    "  -traces            every stack, with its labels\n"
    "  -list REGEX        the source of the functions that match (an extended regular expression), line by line\n"
    "  -svg               a flame graph that stands alone: open it in a browser\n"
    "  -diff_base FILE    show what is more, or less, than in another profile of this kind\n"
    "  -sample_index TYPE which of its values: a name (inuse_space, contentions, ...) or a number\n"
    "  -lines             tell lines apart, not functions\n"
    "  -nodecount N       the first N of -top\n"
    "  -seconds N         ask a running program for what comes within N seconds\n"
    "  -o FILE            write there, not to standard output\n"
    "\n"
    "exit status: 0; 1 if there is no such function to list; 64 bad usage; 125 a profile can't be read.\n";

struct flags {
  bool top, traces, svg, lines;
  const char *list, *base, *type, *nodes, *seconds, *out;
};

/* Go's tools take --top as well as -top. */
static void one_dash(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (has_prefix(argv[i], "--") && strcmp(argv[i], "--help") != 0) argv[i]++;
}

static bool whole_number(const char *text, int *out) {
  char *end;
  long n = strtol(text, &end, 10);
  *out = (int)n;
  return *text && !*end && n > 0 && n < 1000000;
}

static struct profile *read_or_complain(const char *path, int seconds) {
  char *why = NULL;
  struct profile *p = profile_read(path, seconds, &why);
  if (!p) fprintf(stderr, "godwit pprof: %s\n", why);
  free(why);
  return p;
}

static int64_t total_of(const struct profile *p, size_t column) {
  int64_t sum = 0;
  for (size_t i = 0; i < p->samples_n; i++) sum += llabs(p->samples[i].values[column]);
  return sum;
}

/* Joins the base's samples, negated: the views add up what is the same. */
static bool take_off(struct profile *p, const struct profile *base) {
  if (base->types_n != p->types_n) return false;
  for (size_t i = 0; i < p->types_n; i++)
    if (strcmp(base->types[i].type, p->types[i].type) != 0) return false;
  p->samples = mem_grow(p->samples, (p->samples_n + base->samples_n + 1) * sizeof *p->samples);
  for (size_t i = 0; i < base->samples_n; i++) {
    struct profile_sample *s = &p->samples[p->samples_n++];
    *s = base->samples[i];
    for (size_t k = 0; k < p->types_n; k++) s->values[k] = -s->values[k];
  }
  return true;
}

static bool same_trace(const struct view *v, const struct profile_sample *a, const struct profile_sample *b) {
  if (a->depth != b->depth || a->labels_n != b->labels_n) return false;
  for (size_t k = 0; k < a->depth; k++) {
    size_t lines = a->stack[k]->lines_n;
    if (lines != b->stack[k]->lines_n) return false;
    for (size_t i = 0; i < (lines ? lines : 1); i++) {
      char *x = frame_name(v, a->stack[k], i), *y = frame_name(v, b->stack[k], i);
      bool same = strcmp(x, y) == 0;
      free(x);
      free(y);
      if (!same) return false;
    }
  }
  return true;
}

/* One sample for each trace, so that a difference shows as one. */
static void merge_traces(const struct view *v) {
  struct profile *p = v->profile;
  size_t kept = 0;
  for (size_t i = 0; i < p->samples_n; i++) {
    size_t k = 0;
    while (k < kept && !same_trace(v, &p->samples[k], &p->samples[i])) k++;
    if (k == kept)
      p->samples[kept++] = p->samples[i];
    else
      for (size_t t = 0; t < p->types_n; t++) p->samples[k].values[t] += p->samples[i].values[t];
  }
  p->samples_n = kept;
}

static int write_out(const struct buf *out, const char *path) {
  FILE *f = path ? fopen(path, "wbe") : stdout;
  if (!f || fwrite(out->p ? out->p : "", 1, out->n, f) != out->n || (path && fclose(f) != 0)) {
    fprintf(stderr, "godwit pprof: %s: %s\n", path ? path : "standard output", strerror(errno));
    return STATUS_FAILED;
  }
  return 0;
}

static int list(const struct view *v, const char *pattern, struct buf *out) {
  regex_t which;
  if (regcomp(&which, pattern, REG_EXTENDED | REG_NOSUB) != 0)
    return usage_error("pprof", "'%s' is no regular expression", pattern);
  bool any = pprof_list(v, &which, out);
  regfree(&which);
  if (any) return 0;
  fprintf(stderr, "godwit pprof: no function of this profile matches '%s'\n", pattern);
  return 1;
}

static int show(const struct view *v, const struct flags *f) {
  struct buf out = {0};
  int status = 0;
  if (f->traces)
    pprof_traces(v, &out);
  else if (f->list)
    status = list(v, f->list, &out);
  else if (f->svg)
    pprof_flame(v, &out);
  else
    pprof_top(v, &out);
  if (status == 0) status = write_out(&out, f->out);
  buf_free(&out);
  return status;
}

static int run(const struct flags *f, const char *path) {
  int seconds = 0, column;
  struct view v = {.lines = f->lines};
  if (f->seconds && !whole_number(f->seconds, &seconds)) return usage_error("pprof", "-seconds wants a number above 0");
  if (f->nodes && !whole_number(f->nodes, &v.nodes_max))
    return usage_error("pprof", "-nodecount wants a number above 0");
  if (!(v.profile = read_or_complain(path, seconds))) return STATUS_FAILED;
  column = f->type ? profile_type_index(v.profile, f->type) : (int)v.profile->shown;
  if (column < 0) return usage_error("pprof", "this profile has no values '%s'", f->type);
  v.column = (size_t)column;
  v.total = total_of(v.profile, v.column);
  if (f->base) {
    struct profile *base = read_or_complain(f->base, 0);
    if (!base) return STATUS_FAILED;
    v.total = total_of(base, v.column < base->types_n ? v.column : 0);
    if (!take_off(v.profile, base)) return usage_error("pprof", "%s is a profile of another kind", f->base);
    merge_traces(&v);
  }
  return show(&v, f);
}

int cmd_pprof(int argc, char **argv) {
  struct flags f = {0};
  const struct option_spec specs[] = {
      {"-top", NULL, &f.top},     {"-traces", NULL, &f.traces},   {"-list", &f.list, NULL},
      {"-svg", NULL, &f.svg},     {"-diff_base", &f.base, NULL},  {"-sample_index", &f.type, NULL},
      {"-lines", NULL, &f.lines}, {"-nodecount", &f.nodes, NULL}, {"-seconds", &f.seconds, NULL},
      {"-o", &f.out, NULL},
  };
  one_dash(argc, argv);
  int n = parse_options(argc, argv, specs, sizeof specs / sizeof specs[0]);
  if (n < 0) return STATUS_USAGE;
  if (n != 2) return usage_error("pprof", "one profile, please");
  if (f.top + f.traces + f.svg + (f.list != NULL) > 1)
    return usage_error("pprof", "one of -top, -traces, -list and -svg, please");
  return run(&f, argv[1]);
}
