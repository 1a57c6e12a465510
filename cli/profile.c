/* profile.h: the decoder (fields by github.com/google/pprof, proto/profile.proto).  Whatever is in the file, nothing
 * outside it is read: a message that is cut off, an index beyond its table, a missing string are errors. */
#include "cli/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/buf.h"
#include "cli/fetch.h"
#include "cli/mem.h"

struct reader {
  const unsigned char *at, *end;
  bool bad; /* not a profile: nothing more is read */
};

struct field {
  uint32_t number;
  bool is_bytes;
  uint64_t value;      /* a number's */
  struct reader bytes; /* otherwise */
};

static uint64_t varint(struct reader *r) {
  uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (r->at == r->end) break;
    unsigned char c = *r->at++;
    v |= (uint64_t)(c & 127) << shift;
    if (!(c & 128)) return v;
  }
  r->bad = true;
  return 0;
}

/* False at the end, and at what can't be read. */
static bool next_field(struct reader *r, struct field *f) {
  if (r->bad || r->at == r->end) return false;
  uint64_t key = varint(r);
  size_t fixed = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0, n = fixed;
  *f = (struct field){.number = (uint32_t)(key >> 3), .is_bytes = (key & 7) != 0};
  if ((key & 7) == 0)
    f->value = varint(r);
  else if ((key & 7) == 2)
    n = varint(r);
  else if (!fixed)
    r->bad = true;
  if (r->bad || n > (size_t)(r->end - r->at)) {
    r->bad = true;
    return false;
  }
  if (f->is_bytes) f->bytes = (struct reader){.at = r->at, .end = r->at + n};
  r->at += n;
  return true;
}

/* Numbers of a repeated field, packed or not, appended to a list. */
struct numbers {
  uint64_t *v;
  size_t n, cap;
};

static void numbers_add(struct numbers *l, const struct field *f, bool *bad) {
  struct reader r = f->bytes;
  for (bool more = !f->is_bytes || r.at < r.end; more; more = f->is_bytes && r.at < r.end && !r.bad) {
    if (l->n == l->cap) l->v = mem_grow(l->v, (l->cap = 2 * l->cap + 16) * sizeof *l->v);
    l->v[l->n++] = f->is_bytes ? varint(&r) : f->value;
  }
  if (r.bad) *bad = true;
}

struct raw { /* the messages of one kind */
  struct reader *v;
  size_t n, cap;
};

static void raw_add(struct raw *l, struct reader r) {
  if (l->n == l->cap) l->v = mem_grow(l->v, (l->cap = 2 * l->cap + 16) * sizeof *l->v);
  l->v[l->n++] = r;
}

enum { TYPE = 1, SAMPLE = 2, MAPPING = 3, LOCATION = 4, FUNCTION = 5, STRING = 6, KINDS = 7 };

/* Ids of one kind, sorted, and where each is. */
struct id {
  uint64_t id;
  size_t at;
};

struct decoder {
  struct raw raw[KINDS];
  char **strings;
  struct profile *p;
  struct profile_function *functions;
  struct profile_location *locations;
  struct id *ids[KINDS];
  uint64_t shown; /* string */
  bool bad;
};

static const char *string(struct decoder *d, uint64_t i) {
  if (i < d->raw[STRING].n) return d->strings[i];
  d->bad = true;
  return "";
}

static int id_order(const void *a, const void *b) {
  const struct id *x = a, *y = b;
  return x->id < y->id ? -1 : x->id > y->id;
}

/* Where the message with that id is in its kind's table; false if there's none. */
static bool find_id(struct decoder *d, int kind, uint64_t id, size_t *at) {
  struct id key = {id, 0}, *found = bsearch(&key, d->ids[kind], d->raw[kind].n, sizeof key, id_order);
  if (!found) {
    d->bad = true;
    return false;
  }
  *at = found->at;
  return true;
}

static void read_function(struct decoder *d, size_t i) {
  struct profile_function *out = &d->functions[i];
  *out = (struct profile_function){"", ""};
  struct reader r = d->raw[FUNCTION].v[i];
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 2) out->name = string(d, f.value);
    if (f.number == 4) out->file = string(d, f.value);
  }
  d->bad |= r.bad;
}

static void read_mapping(struct decoder *d, size_t i) {
  struct profile_mapping *out = &d->p->mappings[i];
  *out = (struct profile_mapping){.file = "", .build_id = ""};
  struct reader r = d->raw[MAPPING].v[i];
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 2) out->start = f.value;
    if (f.number == 3) out->limit = f.value;
    if (f.number == 4) out->offset = f.value;
    if (f.number == 5) out->file = string(d, f.value);
    if (f.number == 6) out->build_id = string(d, f.value);
  }
  d->bad |= r.bad;
}

static void read_line(struct decoder *d, struct reader r, struct profile_location *l) {
  struct profile_line line = {0};
  size_t at = 0;
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 1 && find_id(d, FUNCTION, f.value, &at)) line.function = &d->functions[at];
    if (f.number == 2) line.line = (int64_t)f.value;
  }
  d->bad |= r.bad || !line.function;
  if (!line.function) return;
  l->lines = mem_grow(l->lines, (l->lines_n + 1) * sizeof *l->lines);
  l->lines[l->lines_n++] = line;
}

static void read_location(struct decoder *d, size_t i) {
  struct profile_location *out = &d->locations[i];
  struct reader r = d->raw[LOCATION].v[i];
  size_t at = 0;
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 2 && f.value && find_id(d, MAPPING, f.value, &at)) out->mapping = &d->p->mappings[at];
    if (f.number == 3) out->address = f.value;
    if (f.number == 4 && f.is_bytes) read_line(d, f.bytes, out);
  }
  d->bad |= r.bad;
}

static void read_label(struct decoder *d, struct reader r, struct profile_sample *s) {
  struct profile_label label = {.key = "", .unit = ""};
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 1) label.key = string(d, f.value);
    if (f.number == 2 && f.value) label.text = string(d, f.value);
    if (f.number == 3) label.number = (int64_t)f.value;
    if (f.number == 4) label.unit = string(d, f.value);
  }
  d->bad |= r.bad;
  s->labels = mem_grow(s->labels, (s->labels_n + 1) * sizeof *s->labels);
  s->labels[s->labels_n++] = label;
}

static void read_sample(struct decoder *d, size_t i) {
  struct profile_sample *out = &d->p->samples[i];
  struct reader r = d->raw[SAMPLE].v[i];
  struct numbers ids = {0}, values = {0};
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 1) numbers_add(&ids, &f, &r.bad);
    if (f.number == 2) numbers_add(&values, &f, &r.bad);
    if (f.number == 3 && f.is_bytes) read_label(d, f.bytes, out);
  }
  if (values.n != d->p->types_n) r.bad = true;
  d->bad |= r.bad;
  out->values = mem_alloc((d->p->types_n + 1) * sizeof *out->values);
  for (size_t k = 0; k < values.n && k < d->p->types_n; k++) out->values[k] = (int64_t)values.v[k];
  out->stack = mem_alloc((ids.n + 1) * sizeof(void *));
  for (size_t k = 0; k < ids.n; k++) {
    size_t at;
    if (find_id(d, LOCATION, ids.v[k], &at)) out->stack[out->depth++] = &d->locations[at];
  }
  free(ids.v);
  free(values.v);
}

static struct profile_type read_type(struct decoder *d, struct reader r) {
  struct profile_type t = {"", ""};
  for (struct field f; next_field(&r, &f);) {
    if (f.number == 1) t.type = string(d, f.value);
    if (f.number == 2) t.unit = string(d, f.value);
  }
  d->bad |= r.bad;
  return t;
}

static void collect_ids(struct decoder *d, int kind) {
  struct raw *l = &d->raw[kind];
  d->ids[kind] = mem_alloc((l->n + 1) * sizeof(struct id));
  for (size_t i = 0; i < l->n; i++) {
    struct reader r = l->v[i];
    d->ids[kind][i].at = i;
    for (struct field f; next_field(&r, &f);)
      if (f.number == 1 && !f.is_bytes) d->ids[kind][i].id = f.value;
  }
  qsort(d->ids[kind], l->n, sizeof(struct id), id_order);
}

static void collect(struct decoder *d, struct reader *r) {
  for (struct field f; next_field(r, &f);) {
    if (f.number >= 1 && f.number < KINDS && f.is_bytes) raw_add(&d->raw[f.number], f.bytes);
    if (f.number == 9) d->p->time_ns = (int64_t)f.value;
    if (f.number == 10) d->p->duration_ns = (int64_t)f.value;
    if (f.number == 14) d->shown = f.value;
  }
}

static void read_tables(struct decoder *d) {
  struct profile *p = d->p;
  d->strings = mem_alloc((d->raw[STRING].n + 1) * sizeof *d->strings);
  for (size_t i = 0; i < d->raw[STRING].n; i++) {
    const struct reader *r = &d->raw[STRING].v[i];
    d->strings[i] = mem_strndup((const char *)r->at, (size_t)(r->end - r->at));
  }
  for (int kind = MAPPING; kind <= FUNCTION; kind++) collect_ids(d, kind);
  d->functions = mem_alloc((d->raw[FUNCTION].n + 1) * sizeof *d->functions);
  for (size_t i = 0; i < d->raw[FUNCTION].n; i++) read_function(d, i);
  p->mappings = mem_alloc(((p->mappings_n = d->raw[MAPPING].n) + 1) * sizeof *p->mappings);
  for (size_t i = 0; i < p->mappings_n; i++) read_mapping(d, i);
  d->locations = mem_alloc((d->raw[LOCATION].n + 1) * sizeof *d->locations);
  for (size_t i = 0; i < d->raw[LOCATION].n; i++) read_location(d, i);
  p->types = mem_alloc(((p->types_n = d->raw[TYPE].n) + 1) * sizeof *p->types);
  for (size_t i = 0; i < p->types_n; i++) p->types[i] = read_type(d, d->raw[TYPE].v[i]);
  p->samples = mem_alloc(((p->samples_n = d->raw[SAMPLE].n) + 1) * sizeof *p->samples);
  for (size_t i = 0; i < p->samples_n; i++) read_sample(d, i);
}

static bool inflate_all(const char *bytes, size_t n, struct buf *out) {
  z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
  char part[16384];
  if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) return false;
  int r = Z_OK;
  while (r == Z_OK) {
    z.next_out = (Bytef *)part;
    z.avail_out = sizeof part;
    r = inflate(&z, Z_NO_FLUSH);
    buf_add(out, part, sizeof part - z.avail_out);
    if (r == Z_OK && z.avail_out && !z.avail_in) r = Z_DATA_ERROR; /* cut off */
    if (r == Z_STREAM_END && z.avail_in > 0) r = inflateReset(&z); /* another member follows */
  }
  inflateEnd(&z);
  return r == Z_STREAM_END;
}

struct profile *profile_decode(const char *bytes, size_t n, const char *name, char **why) {
  struct buf plain = {0};
  bool zipped = n > 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
  if (zipped && !inflate_all(bytes, n, &plain)) {
    *why = mem_format("%s: the gzip stream is broken", name);
    buf_free(&plain);
    return NULL;
  }
  if (!zipped) buf_add(&plain, bytes, n);
  struct decoder d = {.p = mem_alloc(sizeof(struct profile))};
  struct reader r = {.at = (const unsigned char *)plain.p, .end = (const unsigned char *)plain.p + plain.n};
  collect(&d, &r);
  if (!r.bad) read_tables(&d);
  if (r.bad || d.bad || d.p->types_n == 0) {
    *why = mem_format("%s: not a profile (or a broken one)", name);
    return NULL;
  }
  d.p->shown = d.p->types_n - 1;
  const char *shown = d.shown ? string(&d, d.shown) : "";
  for (size_t i = 0; i < d.p->types_n; i++)
    if (strcmp(d.p->types[i].type, shown) == 0) d.p->shown = i;
  profile_name_locations(d.p, d.locations, d.raw[LOCATION].n);
  return d.p; /* strings and tables live on in it */
}

struct profile *profile_read(const char *path, int seconds, char **why) {
  struct buf bytes = {0};
  if (has_prefix(path, "http://")) {
    if (!fetch(path, seconds, &bytes, why)) return NULL;
  } else {
    FILE *f = fopen(path, "rbe");
    char part[16384];
    for (size_t got; f && (got = fread(part, 1, sizeof part, f)) > 0;) buf_add(&bytes, part, got);
    if (!f || ferror(f)) {
      *why = !f && strstr(path, "://") ? mem_format("%s: of addresses, only http:// ones can be read", path)
                                       : mem_format("%s: %s", path, strerror(errno));
      if (f) fclose(f);
      return NULL;
    }
    fclose(f);
  }
  struct profile *p = profile_decode(bytes.p ? bytes.p : "", bytes.n, path, why);
  buf_free(&bytes);
  return p;
}

const char *profile_label_text(const struct profile_sample *s, const char *key) {
  static char number[32];
  for (size_t i = 0; i < s->labels_n; i++) {
    if (strcmp(s->labels[i].key, key) != 0) continue;
    if (s->labels[i].text) return s->labels[i].text;
    snprintf(number, sizeof number, "%lld", (long long)s->labels[i].number);
    return number;
  }
  return NULL;
}

int profile_type_index(const struct profile *p, const char *name) {
  char *end;
  for (size_t i = 0; i < p->types_n; i++)
    if (strcmp(p->types[i].type, name) == 0) return (int)i;
  long n = strtol(name, &end, 10);
  return *name && !*end && n >= 0 && (size_t)n < p->types_n ? (int)n : -1;
}

/* Units of a kind, ascending, each so many of the one before. */
struct unit_step {
  const char *name;
  double size;
};

void profile_value_text(char *to, size_t n, int64_t value, int64_t total, const char *unit) {
  static const struct unit_step times[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"hrs", 3600e9}};
  static const struct unit_step sizes[] = {{"B", 1}, {"kB", 1024}, {"MB", 1048576}, {"GB", 1073741824.0}};
  const struct unit_step *steps = strcmp(unit, "nanoseconds") == 0 ? times : strcmp(unit, "bytes") == 0 ? sizes : NULL;
  if (!steps || value == 0) {
    snprintf(to, n, "%lld", (long long)value);
    return;
  }
  size_t count = steps == times ? 5 : 4, i = 0;
  double most = (double)(total < 0 ? -total : total);
  while (i + 1 < count && most >= steps[i + 1].size) i++;
  char text[64];
  snprintf(text, sizeof text, "%.2f", (double)value / steps[i].size);
  size_t end = strlen(text);
  while (text[end - 1] == '0') end--;
  if (text[end - 1] == '.') end--;
  snprintf(to, n, "%.*s%s", (int)end, text, steps[i].name);
}
