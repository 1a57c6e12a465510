/* -list: the source of functions with what each line cost, in the layout of `go tool pprof`. */
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/pprof.h"
#include "cli/source.h"

enum { AROUND = 5 /* lines before the first and behind the last that cost something (a guess: a function's head) */ };

/* What the lines of one function cost. */
struct routine {
  const char *name, *file;
  int64_t first, last; /* lines that were seen */
  int64_t flat, cum;
  size_t seen; /* the sample counted last, plus one */
  struct {
    int64_t line, flat, cum;
    size_t seen;
  } *lines;
  size_t lines_n;
};
struct routines {
  struct routine *v;
  size_t n;
};

static struct routine *routine_get(struct routines *l, const struct profile_function *f) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->v[i].name, f->name) == 0 && strcmp(l->v[i].file, f->file) == 0) return &l->v[i];
  l->v = mem_grow(l->v, (l->n + 1) * sizeof *l->v);
  l->v[l->n] = (struct routine){.name = f->name, .file = f->file, .first = INT64_MAX};
  return &l->v[l->n++];
}

static void count_line(struct routine *r, int64_t line, size_t sample, int64_t value, bool leaf) {
  size_t i = 0;
  while (i < r->lines_n && r->lines[i].line != line) i++;
  if (i == r->lines_n) {
    r->lines = mem_grow(r->lines, ++r->lines_n * sizeof *r->lines);
    memset(&r->lines[i], 0, sizeof r->lines[i]);
    r->lines[i].line = line;
    if (line < r->first) r->first = line;
    if (line > r->last) r->last = line;
  }
  if (leaf) r->lines[i].flat += value, r->flat += value;
  if (r->lines[i].seen != sample + 1) r->lines[i].cum += value;
  if (r->seen != sample + 1) r->cum += value;
  r->lines[i].seen = r->seen = sample + 1;
}

static void count_sample(const struct view *v, size_t i, const regex_t *which, struct routines *l) {
  const struct profile_sample *s = &v->profile->samples[i];
  for (size_t k = 0; k < s->depth; k++)
    for (size_t line = 0; line < s->stack[k]->lines_n; line++) {
      const struct profile_line *at = &s->stack[k]->lines[line];
      if (regexec(which, at->function->name, 0, NULL, 0) != 0) continue;
      count_line(routine_get(l, at->function), at->line, i, s->values[v->column], k == 0 && line == 0);
    }
}

static const char *dot_or(const struct view *v, int64_t value, char room[64]) {
  return value ? value_text(v, value, room) : ".";
}

static void put_routine(const struct view *v, const struct routine *r, struct buf *out) {
  char a[64], b[64];
  buf_format(out, "ROUTINE ======================== %s in %s\n", r->name, r->file[0] ? r->file : "?");
  buf_format(out, "%10s %10s (flat, cum) %5.2f%% of Total\n", dot_or(v, r->flat, a), dot_or(v, r->cum, b),
             percent_of(r->cum, v->total));
  for (int64_t line = r->first > AROUND ? r->first - AROUND : 1; line <= r->last + AROUND; line++) {
    size_t length = 0;
    const char *text = source_line(r->file, (int)line, &length);
    int64_t flat = 0, cum = 0;
    for (size_t i = 0; i < r->lines_n; i++)
      if (r->lines[i].line == line) flat = r->lines[i].flat, cum = r->lines[i].cum;
    if (!text && line > r->last) break;
    buf_format(out, "%10s %10s %6lld:%.*s\n", dot_or(v, flat, a), dot_or(v, cum, b), (long long)line, (int)length,
               text ? text : "");
  }
}

bool pprof_list(const struct view *v, const regex_t *which, struct buf *out) {
  struct routines l = {0};
  char room[64];
  for (size_t i = 0; i < v->profile->samples_n; i++) count_sample(v, i, which, &l);
  buf_format(out, "Total: %s\n", value_text(v, v->total, room));
  for (size_t i = 0; i < l.n; i++) {
    put_routine(v, &l.v[i], out);
    free(l.v[i].lines);
  }
  free(l.v);
  return l.n > 0;
}
