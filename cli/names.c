/* A hash table over the section's records.  One key with two different names has no name: never a guess. */
#include "cli/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"

struct entry {
  const char *file, *position, *op, *name, *source; /* in the section */
  bool ambiguous;                                   /* other names have the same key */
};
struct gw_names {
  struct entry *slots; /* open addressing; free where file is NULL */
  size_t mask;         /* slots less one; a power of two less one */
};

/* Skips what doesn't change a path: "./" and doubled slashes. */
static const char *skip_noise(const char *p, bool at_component) {
  for (;;) {
    if (at_component && p[0] == '.' && p[1] == '/')
      p += 2;
    else if (at_component && p[0] == '/')
      p++;
    else
      return p;
  }
}

static char path_next(const char **p) {
  char c = **p;
  if (c) *p = c == '/' ? skip_noise(*p + 1, true) : *p + 1;
  return c;
}

static bool same_path(const char *a, const char *b) {
  a = skip_noise(a, *a != '/'), b = skip_noise(b, *b != '/');
  for (;;) {
    char x = path_next(&a), y = path_next(&b);
    if (x != y) return false;
    if (!x) return true;
  }
}

static uint64_t mix(uint64_t h, char c) { return (h ^ (unsigned char)c) * 0x100000001b3u; }

static uint64_t hash_key(const char *file, const char *position, const char *op) {
  uint64_t h = 0xcbf29ce484222325u;
  file = skip_noise(file, *file != '/');
  for (char c; (c = path_next(&file));) h = mix(h, c);
  for (; *position; position++) h = mix(h, *position);
  return mix(h, *op) >> 3;
}

static struct entry *slot_for(struct gw_names *t, const char *file, const char *position, const char *op) {
  for (uint64_t i = hash_key(file, position, op);; i++) {
    struct entry *e = &t->slots[i & t->mask];
    if (!e->file) return e;
    if (strcmp(e->position, position) == 0 && strcmp(e->op, op) == 0 && same_path(e->file, file)) return e;
  }
}

static void add_record(struct gw_names *t, const struct entry *r) {
  struct entry *e = slot_for(t, r->file, r->position, r->op);
  if (!e->file)
    *e = *r;
  else if (strcmp(e->name, r->name) != 0 || strcmp(e->source, r->source) != 0)
    e->ambiguous = true;
}

/* Takes one record off the front of [*p, end); false at the end, or where the section is damaged. */
static bool next_record(const char **p, const char *end, struct entry *out) {
  const char **fields[] = {&out->file, &out->position, &out->op, &out->name, &out->source};
  while (*p < end && !**p) ++*p; /* padding between the parts that the linker joined */
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    const char *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
    if (!nul) return false;
    *fields[i] = *p;
    *p = nul + 1;
  }
  out->ambiguous = false;
  return true;
}

static struct gw_names *names_read(struct module *m) {
  Elf_Data *data = m->elf ? module_section(m, ".gw_names") : NULL;
  if (!data || !data->d_buf) return NULL;
  const char *begin = data->d_buf, *end = begin + data->d_size;
  size_t count = 0;
  struct entry r;
  for (const char *p = begin; next_record(&p, end, &r);) count++;
  struct gw_names *t = mem_alloc(sizeof *t);
  for (t->mask = 63; t->mask < 2 * count; t->mask = 2 * t->mask + 1) continue;
  t->slots = mem_alloc((t->mask + 1) * sizeof *t->slots);
  for (const char *p = begin; next_record(&p, end, &r);) add_record(t, &r);
  return t;
}

bool names_find(struct module *m, const char *file, int line, int column, char op, struct gw_name *out) {
  if (!m->has_names) {
    m->has_names = true;
    m->names = names_read(m);
  }
  if (!m->names || !file) return false;
  char position[32], ops[2] = {op, 0};
  snprintf(position, sizeof position, "%d:%d", line, column);
  const struct entry *e = slot_for(m->names, file, position, ops);
  if (!e->file || e->ambiguous) return false;
  *out = (struct gw_name){e->name, e->source};
  return true;
}
