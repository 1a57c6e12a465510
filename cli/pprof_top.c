/* The head that all texts have, -top and -traces: the layouts of `go tool pprof`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/mem.h"
#include "cli/pprof.h"

static uint32_t hash_of(const char *s) {
  uint32_t h = 2166136261u; /* FNV-1a */
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

static void slots_grow(struct nodes *l) {
  free(l->slots);
  l->slots_n = l->slots_n ? 2 * l->slots_n : 1024;
  l->slots = mem_alloc(l->slots_n * sizeof *l->slots);
  for (size_t i = 0; i < l->n; i++) {
    size_t at = hash_of(l->v[i].name) % l->slots_n;
    while (l->slots[at]) at = (at + 1) % l->slots_n;
    l->slots[at] = (uint32_t)i + 1;
  }
}

struct node *nodes_get(struct nodes *l, const char *name) {
  if (2 * (l->n + 1) > l->slots_n) slots_grow(l);
  size_t at = hash_of(name) % l->slots_n;
  for (; l->slots[at]; at = (at + 1) % l->slots_n)
    /* slots_grow made them: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (strcmp(l->v[l->slots[at] - 1].name, name) == 0) return &l->v[l->slots[at] - 1];
  if (l->n == l->cap) l->v = mem_grow(l->v, (l->cap = 2 * l->cap + 64) * sizeof *l->v);
  l->v[l->n] = (struct node){.name = mem_strdup(name)};
  l->slots[at] = (uint32_t)l->n + 1;
  return &l->v[l->n++];
}

void nodes_free(struct nodes *l) {
  for (size_t i = 0; i < l->n; i++) free(l->v[i].name);
  free(l->v);
  free(l->slots);
  *l = (struct nodes){0};
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static uint64_t file_offset(const struct profile_location *l) {
  return l->address - l->mapping->start + l->mapping->offset;
}

char *frame_name(const struct view *v, const struct profile_location *l, size_t line) {
  if (l->lines_n == 0) {
    if (!l->mapping) return mem_format("%#llx", (unsigned long long)l->address);
    return mem_format("%s+%#llx", base_name(l->mapping->file), (unsigned long long)file_offset(l));
  }
  const struct profile_line *at = &l->lines[line];
  if (v->lines) return mem_format("%s %s:%lld", at->function->name, at->function->file, (long long)at->line);
  return mem_strdup(at->function->name);
}

const char *value_text(const struct view *v, int64_t value, char room[64]) {
  profile_value_text(room, 64, value, v->total, v->profile->types[v->column].unit);
  return room;
}

double percent_of(int64_t part, int64_t whole) { return whole ? 100.0 * (double)part / (double)whole : 0; }

void pprof_head(const struct view *v, struct buf *out) {
  const struct profile *p = v->profile;
  char room[64];
  if (p->mappings_n && p->mappings[0].file[0]) buf_format(out, "File: %s\n", base_name(p->mappings[0].file));
  if (p->mappings_n && p->mappings[0].build_id[0]) buf_format(out, "Build ID: %s\n", p->mappings[0].build_id);
  buf_format(out, "Type: %s\n", p->types[v->column].type);
  if (p->time_ns) {
    time_t t = (time_t)(p->time_ns / 1000000000);
    struct tm tm;
    char text[64];
    localtime_r(&t, &tm);
    strftime(text, sizeof text, "%b %e, %Y at %H:%M:%S (%Z)", &tm);
    buf_format(out, "Time: %s\n", text);
  }
  if (p->duration_ns) {
    char long_room[64];
    profile_value_text(long_room, sizeof long_room, p->duration_ns, p->duration_ns, "nanoseconds");
    buf_format(out, "Duration: %s, Total samples = %s (%.2f%%)\n", long_room, value_text(v, v->total, room),
               percent_of(v->total, p->duration_ns));
  }
}

/* Counts one frame of sample `i`. */
static void count_frame(struct nodes *l, char *name, size_t i, int64_t value, bool leaf) {
  struct node *n = nodes_get(l, name);
  if (leaf) n->flat += value;
  if (n->seen != i + 1) n->cum += value;
  n->seen = i + 1;
  free(name);
}

static void count_all(const struct view *v, struct nodes *l) {
  for (size_t i = 0; i < v->profile->samples_n; i++) {
    const struct profile_sample *s = &v->profile->samples[i];
    for (size_t k = 0; k < s->depth; k++)
      for (size_t line = 0; line < (s->stack[k]->lines_n ? s->stack[k]->lines_n : 1); line++)
        count_frame(l, frame_name(v, s->stack[k], line), i, s->values[v->column], k == 0 && line == 0);
  }
}

static int64_t size_of(int64_t v) { return v < 0 ? -v : v; }

static int node_order(const void *a, const void *b) {
  const struct node *x = a, *y = b;
  if (size_of(x->flat) != size_of(y->flat)) return size_of(x->flat) > size_of(y->flat) ? -1 : 1;
  if (size_of(x->cum) != size_of(y->cum)) return size_of(x->cum) > size_of(y->cum) ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* What -diff_base finds unchanged says nothing.  The table's slots are of no use afterwards. */
static void drop_zeros(struct nodes *l) {
  size_t kept = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (l->v[i].flat || l->v[i].cum)
      l->v[kept++] = l->v[i];
    else
      free(l->v[i].name);
  }
  l->n = kept;
}

void pprof_top(const struct view *v, struct buf *out) {
  struct nodes l = {0};
  char a[64], b[64];
  count_all(v, &l);
  drop_zeros(&l);
  if (l.n) qsort(l.v, l.n, sizeof *l.v, node_order);
  size_t shown = v->nodes_max > 0 && (size_t)v->nodes_max < l.n ? (size_t)v->nodes_max : l.n;
  int64_t sum = 0;
  for (size_t i = 0; i < shown; i++) sum += l.v[i].flat;
  pprof_head(v, out);
  buf_format(out, "Showing nodes accounting for %s, %.4g%% of %s total\n", value_text(v, sum, a),
             percent_of(sum, v->total), value_text(v, v->total, b));
  if (shown < l.n) buf_format(out, "Showing top %zu nodes out of %zu\n", shown, l.n);
  buf_str(out, "      flat  flat%   sum%        cum   cum%\n");
  sum = 0;
  for (size_t i = 0; i < shown; i++) {
    sum += l.v[i].flat;
    buf_format(out, "%10s %5.2f%% %5.2f%% %10s %5.2f%%  %s\n", value_text(v, l.v[i].flat, a),
               percent_of(l.v[i].flat, v->total), percent_of(sum, v->total), value_text(v, l.v[i].cum, b),
               percent_of(l.v[i].cum, v->total), l.v[i].name);
  }
  nodes_free(&l);
}

static void put_label(const struct profile_label *label, struct buf *out) {
  char room[64];
  if (label->text)
    snprintf(room, sizeof room, "%s", "");
  else
    profile_value_text(room, sizeof room, label->number, label->number, label->unit);
  buf_format(out, "%10s:  %s\n", label->key, label->text ? label->text : room);
}

void pprof_traces(const struct view *v, struct buf *out) {
  static const char rule[] = "-----------+-------------------------------------------------------\n";
  char room[64];
  pprof_head(v, out);
  for (size_t i = 0; i < v->profile->samples_n; i++) {
    const struct profile_sample *s = &v->profile->samples[i];
    if (s->values[v->column] == 0) continue;
    buf_str(out, rule);
    for (size_t k = 0; k < s->labels_n; k++) put_label(&s->labels[k], out);
    const char *value = value_text(v, s->values[v->column], room);
    if (s->depth == 0) buf_format(out, "%10s\n", value);
    for (size_t k = 0; k < s->depth; k++)
      for (size_t line = 0; line < (s->stack[k]->lines_n ? s->stack[k]->lines_n : 1); line++) {
        char *name = frame_name(v, s->stack[k], line);
        buf_format(out, "%10s   %s\n", value, name);
        free(name);
        value = "";
      }
  }
  buf_str(out, rule);
}
