/* profile.proto (github.com/google/pprof, proto/profile.proto; the numbers below are its fields'), gzipped.
 *
 * A message's length comes before its content: small ones are built in a scratch buffer first. */
#include <string.h>

#include "pprof/gzip.h"
#include "pprof/profile.h"

enum { VARINT = 0, BYTES = 2 };
enum {
  PROFILE_SAMPLE_TYPE = 1,
  PROFILE_SAMPLE = 2,
  PROFILE_MAPPING = 3,
  PROFILE_LOCATION = 4,
  PROFILE_FUNCTION = 5,
  PROFILE_STRING = 6,
  PROFILE_TIME = 9,
  PROFILE_DURATION = 10,
  PROFILE_PERIOD_TYPE = 11,
  PROFILE_PERIOD = 12,
  PROFILE_COMMENT = 13,
  PROFILE_DEFAULT = 14
};

static void varint(struct bytes *b, uint64_t v) {
  char *at = bytes_room(b, 10);
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) at[n++] = (char)(v | 0x80);
  at[n++] = (char)v;
  b->n += n;
}

static void number(struct bytes *b, int field, uint64_t v) {
  if (v == 0) return; /* proto3's default */
  varint(b, (uint64_t)field << 3 | VARINT);
  varint(b, v);
}

static void message(struct bytes *b, int field, const void *p, size_t n) {
  varint(b, (uint64_t)field << 3 | BYTES);
  varint(b, n);
  bytes_add(b, p, n);
}

/* The message in `part`, which is empty afterwards. */
static void finish(struct bytes *b, int field, struct bytes *part) {
  message(b, field, part->at, part->n);
  part->n = 0;
}

static void write_type(struct profile *p, struct bytes *b, int field, const struct value_type *t, struct bytes *part) {
  number(part, 1, profile_string(p, t->type));
  number(part, 2, profile_string(p, t->unit));
  finish(b, field, part);
}

struct scratch {
  struct bytes part, inner;
};

static void label_text(struct scratch *s, uint32_t key, uint32_t text) {
  number(&s->inner, 1, key);
  number(&s->inner, 2, text);
  finish(&s->part, 3, &s->inner);
}

static void label_number(struct scratch *s, uint32_t key, uint64_t value, uint32_t unit) {
  number(&s->inner, 1, key);
  number(&s->inner, 3, value);
  number(&s->inner, 4, unit);
  finish(&s->part, 3, &s->inner);
}

/* "FUNCTION FILE:LINE" of a creator. */
static uint32_t place_text(struct profile *p, size_t location) {
  struct location *l = profile_location(p, location);
  struct bytes text = {0};
  if (l->lines) {
    struct line *line = profile_line(p, l->line);
    struct function *f = profile_function(p, line->function);
    bytes_format(&text, "%s %s:%d", profile_text(p, f->name), profile_text(p, f->file), line->line);
  } else {
    bytes_format(&text, "%#zx", (size_t)l->pc - 1);
  }
  bytes_add(&text, "", 1);
  uint32_t number_of = profile_string(p, text.at);
  bytes_free(&text);
  return number_of;
}

static void write_labels(struct profile *p, const struct tags *t, struct scratch *s) {
  if (t->key) label_text(s, t->key, t->value);
  if (t->name) label_text(s, profile_string(p, "name"), t->name);
  if (t->state) label_text(s, profile_string(p, "state"), t->state);
  if (t->creator) label_text(s, profile_string(p, "created_by"), place_text(p, t->creator - 1));
  if (t->goroutine) label_number(s, profile_string(p, "goroutine"), t->goroutine, 0);
  if (t->object_bytes)
    label_number(s, profile_string(p, "bytes"), (uint64_t)t->object_bytes, profile_string(p, "bytes"));
  if (t->waited_ns_max)
    label_number(s, profile_string(p, "waited"), (uint64_t)t->waited_ns_max, profile_string(p, "nanoseconds"));
}

static void write_sample(struct profile *p, const struct sample *sample, struct bytes *b, struct scratch *s) {
  const uintptr_t *stack = profile_stack(p, sample);
  for (uint32_t i = 0; i < sample->depth; i++) varint(&s->inner, stack[i] + 1);
  finish(&s->part, 1, &s->inner);
  for (int i = 0; i < p->kind->values; i++) varint(&s->inner, (uint64_t)sample->value[i]);
  finish(&s->part, 2, &s->inner);
  write_labels(p, &sample->tags, s);
  finish(b, PROFILE_SAMPLE, &s->part);
}

/* Else tools look for names by themselves. */
static bool all_named(const struct profile *p, unsigned module) {
  for (size_t i = 0; i < p->locations.n / sizeof(struct location); i++) {
    const struct location *l = profile_location(p, i);
    if (l->module == (int32_t)module && l->lines == 0) return false;
  }
  return p->symbolized;
}

static void write_mapping(struct profile *p, unsigned i, struct bytes *b, struct scratch *s) {
  const struct module *m = &p->modules->at[i];
  char id[2 * sizeof m->build_id + 1];
  for (unsigned k = 0; k < m->build_id_n; k++) {
    static const char digits[] = "0123456789abcdef";
    id[2 * k] = digits[m->build_id[k] >> 4];
    id[2 * k + 1] = digits[m->build_id[k] & 15];
  }
  id[2 * m->build_id_n] = 0;
  number(&s->part, 1, i + 1u);
  number(&s->part, 2, m->text_lo);
  number(&s->part, 3, m->text_hi);
  number(&s->part, 4, m->text_offset);
  number(&s->part, 5, profile_string(p, m->path));
  number(&s->part, 6, profile_string(p, id));
  for (int field = 7; field <= 10; field++) number(&s->part, field, all_named(p, i));
  finish(b, PROFILE_MAPPING, &s->part);
}

static void write_location(struct profile *p, size_t i, struct bytes *b, struct scratch *s) {
  const struct location *l = profile_location(p, i);
  number(&s->part, 1, i + 1);
  number(&s->part, 2, (uint64_t)l->module + 1);
  number(&s->part, 3, l->pc - 1);
  for (uint32_t k = 0; k < l->lines; k++) {
    const struct line *line = profile_line(p, l->line + k);
    number(&s->inner, 1, line->function + 1u);
    number(&s->inner, 2, (uint64_t)line->line);
    finish(&s->part, 4, &s->inner);
  }
  finish(b, PROFILE_LOCATION, &s->part);
}

static void write_function(struct profile *p, size_t i, struct bytes *b, struct scratch *s) {
  const struct function *f = profile_function(p, i);
  number(&s->part, 1, i + 1);
  number(&s->part, 2, f->name);
  number(&s->part, 3, f->name);
  number(&s->part, 4, f->file);
  finish(b, PROFILE_FUNCTION, &s->part);
}

static void write_all(struct profile *p, struct bytes *b, struct scratch *s) {
  for (int i = 0; i < p->kind->values; i++) write_type(p, b, PROFILE_SAMPLE_TYPE, &p->kind->value[i], &s->part);
  for (size_t i = 0; i < profile_samples(p); i++) write_sample(p, profile_sample(p, i), b, s);
  for (unsigned i = 0; i < p->modules->n; i++) /* the program's first, as tools expect */
    if (i == 0 || p->modules->at[i].used) write_mapping(p, i, b, s);
  for (size_t i = 0; i < p->locations.n / sizeof(struct location); i++) write_location(p, i, b, s);
  for (size_t i = 0; i < p->functions.n / sizeof(struct function); i++) write_function(p, i, b, s);
  number(b, PROFILE_TIME, (uint64_t)p->time_ns);
  number(b, PROFILE_DURATION, (uint64_t)p->duration_ns);
  if (p->kind->period.type) write_type(p, b, PROFILE_PERIOD_TYPE, &p->kind->period, &s->part);
  number(b, PROFILE_PERIOD, (uint64_t)p->period);
  number(b, PROFILE_DEFAULT, profile_string(p, p->kind->shown));
  for (size_t i = 0; i < p->string_at.n / sizeof(uint32_t); i++) {
    const char *text = profile_text(p, (uint32_t)i);
    message(b, PROFILE_STRING, text, strlen(text));
  }
}

void profile_write_proto(struct profile *p, struct bytes *out) {
  struct scratch s = {0};
  struct bytes plain = {0};
  write_all(p, &plain, &s);
  gzip(&plain, out);
  bytes_free(&plain);
  bytes_free(&s.part);
  bytes_free(&s.inner);
}
