/* profile.h: collecting and merging. */
#include "pprof/profile.h"

#include <string.h>

#include "godwit/inspect.h"

void profile_init(struct profile *p, const struct kind *kind) {
  memset(p, 0, sizeof *p);
  p->kind = kind;
  uint32_t zero = 0;
  bytes_add(&p->string_at, &zero, sizeof zero); /* string 0 is "" */
  bytes_add(&p->strings, "", 1);
}

void profile_free(struct profile *p) {
  bytes_free(&p->samples);
  bytes_free(&p->stacks);
  bytes_free(&p->strings);
  bytes_free(&p->string_at);
  bytes_free(&p->locations);
  bytes_free(&p->lines);
  bytes_free(&p->functions);
  index_free(&p->by_stack);
  index_free(&p->by_string);
  index_free(&p->by_pc);
  index_free(&p->by_function);
  if (p->modules) {
    struct bytes m = {(char *)p->modules, 0, sizeof *p->modules};
    bytes_free(&m);
  }
  memset(p, 0, sizeof *p);
}

static uint32_t hash_text(const char *s) {
  uint64_t h = 14695981039346656037u; /* FNV-1a */
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
  return (uint32_t)(h ^ h >> 32);
}

uint32_t profile_string(struct profile *p, const char *s) {
  if (!s || !*s) return 0;
  uint32_t hash = hash_text(s), at = 0;
  for (int64_t i; (i = index_next(&p->by_string, hash, &at)) >= 0;)
    if (strcmp(profile_text(p, (uint32_t)i), s) == 0) return (uint32_t)i;
  uint32_t number = (uint32_t)(p->string_at.n / sizeof(uint32_t)), begin = (uint32_t)p->strings.n;
  bytes_add(&p->strings, s, strlen(s) + 1);
  bytes_add(&p->string_at, &begin, sizeof begin);
  index_add(&p->by_string, hash, number);
  return number;
}

/* All but the note of the longest wait. */
static bool tags_same(const struct tags *a, const struct tags *b) {
  return a->key == b->key && a->value == b->value && a->name == b->name && a->state == b->state &&
         a->goroutine == b->goroutine && a->creator == b->creator && a->object_bytes == b->object_bytes;
}

static uint32_t sample_hash(const uintptr_t *pcs, int n, const struct tags *t) {
  uint64_t words[6] = {(uint64_t)t->key << 32 | t->value,
                       (uint64_t)t->name << 32 | t->state,
                       t->goroutine,
                       t->creator,
                       (uint64_t)t->object_bytes,
                       (uint64_t)n};
  uint64_t h = hash_words(hash_words(0, pcs, (size_t)n), words, 6);
  return (uint32_t)(h ^ h >> 32);
}

static struct sample *find(struct profile *p, uint32_t hash, const uintptr_t *pcs, int n, const struct tags *tags) {
  uint32_t at = 0;
  for (int64_t i; (i = index_next(&p->by_stack, hash, &at)) >= 0;) {
    struct sample *s = profile_sample(p, (size_t)i);
    if (s->depth == (uint32_t)n && tags_same(&s->tags, tags) &&
        memcmp(profile_stack(p, s), pcs, (size_t)n * sizeof *pcs) == 0)
      return s;
  }
  return NULL;
}

static void add(struct profile *p, const uintptr_t *pcs, int n, const struct tags *tags, const int64_t *values) {
  uint32_t hash = sample_hash(pcs, n, tags);
  struct sample *s = find(p, hash, pcs, n, tags);
  if (!s) {
    struct sample fresh = {.tags = *tags, .stack = (uint32_t)(p->stacks.n / sizeof *pcs), .depth = (uint32_t)n};
    index_add(&p->by_stack, hash, (uint32_t)profile_samples(p));
    bytes_add(&p->stacks, pcs, (size_t)n * sizeof *pcs);
    bytes_add(&p->samples, &fresh, sizeof fresh);
    s = profile_sample(p, profile_samples(p) - 1);
  }
  for (int i = 0; i < p->kind->values; i++)
    s->value[i] += values[i]; /* callers fill as many: NOLINT(clang-analyzer-core*) */
  if (tags->waited_ns_max > s->tags.waited_ns_max) s->tags.waited_ns_max = tags->waited_ns_max;
}

void profile_add_whole(struct profile *p, const uintptr_t *pcs, int n, const struct tags *tags, const int64_t *values) {
  int end = n;
  while (end > 0 && inspect_is_ours(pcs[end - 1] - 1)) end--;
  add(p, pcs, end > 0 ? end : n, tags, values);
}

void profile_add(struct profile *p, const uintptr_t *pcs, int n, const struct tags *tags, const int64_t *values) {
  while (n > 1 && inspect_is_ours(pcs[0] - 1) && inspect_is_ours(pcs[1] - 1)) pcs++, n--;
  profile_add_whole(p, pcs, n, tags, values);
}

/* The number that a string of `from` has in p. */
static uint32_t restring(struct profile *p, const struct profile *from, uint32_t s) {
  return s ? profile_string(p, profile_text(from, s)) : 0;
}

void profile_merge(struct profile *p, const struct profile *other, int sign) {
  for (size_t i = 0; i < profile_samples(other); i++) {
    const struct sample *s = profile_sample(other, i);
    struct tags tags = s->tags;
    tags.key = restring(p, other, tags.key);
    tags.value = restring(p, other, tags.value);
    tags.name = restring(p, other, tags.name);
    tags.state = restring(p, other, tags.state);
    int64_t values[VALUES_MAX] = {0};
    for (int k = 0; k < p->kind->values; k++) values[k] = sign * s->value[k];
    add(p, profile_stack(other, s), (int)s->depth, &tags, values);
  }
}

void profile_remerge(struct profile *p) {
  struct bytes old = p->samples;
  p->samples = (struct bytes){0};
  index_free(&p->by_stack);
  for (size_t i = 0; i < old.n / sizeof(struct sample); i++) {
    struct sample *s = &((struct sample *)(void *)old.at)[i];
    uint32_t hash = sample_hash(profile_stack(p, s), (int)s->depth, &s->tags);
    struct sample *same = find(p, hash, profile_stack(p, s), (int)s->depth, &s->tags);
    if (!same) {
      index_add(&p->by_stack, hash, (uint32_t)profile_samples(p));
      bytes_add(&p->samples, s, sizeof *s);
      continue;
    }
    for (int k = 0; k < p->kind->values; k++) same->value[k] += s->value[k];
    if (s->tags.waited_ns_max > same->tags.waited_ns_max) same->tags.waited_ns_max = s->tags.waited_ns_max;
  }
  bytes_free(&old);
}

void profile_drop_zeros(struct profile *p) {
  size_t kept = 0;
  for (size_t i = 0; i < profile_samples(p); i++) {
    struct sample *s = profile_sample(p, i);
    bool zero = true;
    for (int k = 0; k < p->kind->values; k++) zero = zero && s->value[k] == 0;
    if (!zero) *profile_sample(p, kept++) = *s;
  }
  p->samples.n = kept * sizeof(struct sample);
  index_free(&p->by_stack); /* numbers have changed */
}
