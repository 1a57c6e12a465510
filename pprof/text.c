/* Go's texts for debug=1: what net/http/pprof and runtime/pprof print, which older tools read as well.
 *
 * Columns are aligned by tabs as Go's text/tabwriter does it (cells of at least 1, tabs of 8, a padding of 1). */
#include <string.h>

#include "pprof/profile.h"

enum { TAB = 8 };

static void order(const struct profile *p, struct bytes *numbers, int by) {
  size_t n = profile_samples(p);
  uint32_t *at = (uint32_t *)(void *)bytes_room(numbers, (n + 1) * sizeof *at);
  for (size_t i = 0; i < n; i++) at[i] = (uint32_t)i;
  /* Shell sort: by the value, highest first. */
  for (size_t gap = n / 2; gap > 0; gap /= 2)
    for (size_t i = gap; i < n; i++) {
      uint32_t moved = at[i];
      size_t k = i;
      for (; k >= gap && profile_sample(p, at[k - gap])->value[by] < profile_sample(p, moved)->value[by]; k -= gap)
        at[k] = at[k - gap];
      at[k] = moved;
    }
}

static size_t tabs_to(size_t width) { return (width + 1 + TAB - 1) / TAB * TAB; }

/* A cell and the tabs up to the column's width. */
static void put_cell(struct bytes *out, const char *text, size_t width) {
  size_t n = strlen(text), stop = n / TAB * TAB;
  bytes_add(out, text, n);
  for (; stop < width; stop += TAB)
    if (stop + TAB > n) bytes_str(out, "\t");
}

/* The frames of one sample, as Go's printStackRecord. */
static void put_frames(const struct profile *p, const struct sample *s, struct bytes *out) {
  size_t width[2] = {0};
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < s->depth; i++) {
      const struct location *l = profile_location(p, profile_stack(p, s)[i]);
      for (uint32_t k = 0; k < (l->lines ? l->lines : 1); k++) {
        struct bytes address = {0}, name = {0};
        const struct line *line = l->lines ? profile_line(p, l->line + k) : NULL;
        const struct function *f = line ? profile_function(p, line->function) : NULL;
        bytes_format(&address, "%#zx", (size_t)l->pc - 1);
        if (f) bytes_format(&name, "%s+%#zx", profile_text(p, f->name), (size_t)(l->entry ? l->pc - 1 - l->entry : 0));
        bytes_add(&address, "", 1);
        bytes_add(&name, "", 1);
        if (pass == 0) {
          if (tabs_to(address.n - 1) > width[0]) width[0] = tabs_to(address.n - 1);
          if (tabs_to(name.n - 1) > width[1]) width[1] = tabs_to(name.n - 1);
        } else {
          bytes_str(out, "#\t");
          put_cell(out, address.at, f ? width[0] : 0);
          if (f) {
            put_cell(out, name.at, width[1]);
            bytes_format(out, "%s:%d", profile_text(p, f->file), line->line);
          }
          bytes_str(out, "\n");
        }
        bytes_free(&address);
        bytes_free(&name);
      }
    }
  bytes_str(out, "\n");
}

static void put_addresses(const struct profile *p, const struct sample *s, struct bytes *out) {
  bytes_str(out, " @");
  for (uint32_t i = 0; i < s->depth; i++)
    bytes_format(out, " %#zx", (size_t)profile_location(p, profile_stack(p, s)[i])->pc);
  bytes_str(out, "\n");
}

static void put_labels(const struct profile *p, const struct tags *t, struct bytes *out) {
  if (!t->key && !t->name && !t->state) return;
  const char *separator = "";
  bytes_str(out, "# labels: {");
  const uint32_t value[3] = {t->key ? t->value : 0, t->name, t->state};
  const char *const key[3] = {profile_text(p, t->key), "name", "state"};
  for (int i = 0; i < 3; i++) {
    if (!value[i]) continue;
    bytes_format(out, "%s\"%s\":\"%s\"", separator, key[i], profile_text(p, value[i]));
    separator = ", ";
  }
  bytes_str(out, "}\n");
}

static void put_counts(struct profile *p, const uint32_t *at, struct bytes *out) {
  int64_t total = 0;
  for (size_t i = 0; i < profile_samples(p); i++) total += profile_sample(p, i)->value[0];
  bytes_format(out, "%s profile: total %lld\n", p->kind->name, (long long)total);
  for (size_t i = 0; i < profile_samples(p); i++) {
    const struct sample *s = profile_sample(p, at[i]);
    bytes_format(out, "%lld", (long long)s->value[0]);
    put_addresses(p, s, out);
    put_labels(p, &s->tags, out);
    put_frames(p, s, out);
  }
}

static void put_contentions(struct profile *p, const uint32_t *at, struct bytes *out) {
  bool mutex = strcmp(p->kind->name, "mutex") == 0;
  bytes_format(out, "--- %s:\ncycles/second=1000000000\n", mutex ? "mutex" : "contention");
  if (mutex) bytes_format(out, "sampling period=%lld\n", (long long)p->period);
  for (size_t i = 0; i < profile_samples(p); i++) {
    const struct sample *s = profile_sample(p, at[i]);
    bytes_format(out, "%lld %lld", (long long)s->value[1], (long long)s->value[0]);
    put_addresses(p, s, out);
    put_frames(p, s, out);
  }
}

/* Objects and bytes in use, and ever allocated. */
static void put_heap_numbers(const int64_t *v, struct bytes *out) {
  bytes_format(out, "%lld: %lld [%lld: %lld]", (long long)v[2], (long long)v[3], (long long)v[0], (long long)v[1]);
}

static void put_heap(struct profile *p, const uint32_t *at, struct bytes *out) {
  int64_t total[VALUES_MAX] = {0};
  for (size_t i = 0; i < profile_samples(p); i++)
    for (int k = 0; k < VALUES_MAX; k++) total[k] += profile_sample(p, i)->value[k];
  bytes_str(out, "heap profile: ");
  put_heap_numbers(total, out);
  /* The numbers below are estimates of all: a period of 1 tells readers not to scale them again. */
  bytes_str(out, " @ heap/1\n");
  for (size_t i = 0; i < profile_samples(p); i++) {
    const struct sample *s = profile_sample(p, at[i]);
    put_heap_numbers(s->value, out);
    put_addresses(p, s, out);
    put_frames(p, s, out);
  }
}

void profile_write_text(struct profile *p, struct bytes *out) {
  struct bytes numbers = {0};
  int by = p->kind->values - 1;
  order(p, &numbers, by);
  const uint32_t *at = (const uint32_t *)(const void *)numbers.at;
  if (p->kind->values == 1)
    put_counts(p, at, out);
  else if (p->kind->values == 4)
    put_heap(p, at, out);
  else
    put_contentions(p, at, out);
  bytes_free(&numbers);
}
