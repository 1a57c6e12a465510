/* A profile.proto in memory, as Go's and godwit's programs write it. */
#ifndef GW_CLI_PROFILE_H
#define GW_CLI_PROFILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_function {
  const char *name, *file;
};

struct profile_line {
  const struct profile_function *function;
  int64_t line; /* 0 if unknown */
};

struct profile_mapping {
  uint64_t start, limit, offset; /* addresses, and where `start` is in the file */
  const char *file, *build_id;   /* "" if unknown */
};

struct profile_location {
  uint64_t address;
  const struct profile_mapping *mapping; /* NULL if unknown */
  struct profile_line *lines;            /* innermost first */
  size_t lines_n;                        /* 0: no names are known */
};

struct profile_label {
  const char *key;
  const char *text; /* NULL: it is a number */
  int64_t number;
  const char *unit; /* of the number; "" */
};

struct profile_sample {
  const struct profile_location **stack; /* innermost first */
  size_t depth;
  int64_t *values; /* one for each type */
  struct profile_label *labels;
  size_t labels_n;
};

struct profile_type {
  const char *type, *unit;
};

struct profile {
  struct profile_type *types;
  size_t types_n;
  size_t shown; /* index of the type to show unless told otherwise */
  struct profile_sample *samples;
  size_t samples_n;
  struct profile_mapping *mappings; /* the program's first */
  size_t mappings_n;
  int64_t time_ns, duration_ns; /* since 1970; 0 if not told */
};

/* Reads a file, gzipped or not, or an http:// address (`seconds` > 0 is added as a parameter).  NULL, and *why a line
 * (the caller's), if that fails.  Never freed: a command reads one or two.  Locations without names get them from
 * the program's file, if it is where it was. */
struct profile *profile_read(const char *path, int seconds, char **why);
/* The same from bytes, which are copied; `name` is for *why. */
struct profile *profile_decode(const char *bytes, size_t n, const char *name, char **why);
/* Names for locations that have none. */
void profile_name_locations(struct profile *p, struct profile_location *locations, size_t n);

/* The label's value as text, NULL without one; a number's text is valid until the next call. */
const char *profile_label_text(const struct profile_sample *s, const char *key);
/* Index of a type by its name, or by its number; -1 if there's none. */
int profile_type_index(const struct profile *p, const char *name);

/* A value with its unit as people read it ("1.50s", "12kB"), in the unit that suits `total`. */
void profile_value_text(char *to, size_t n, int64_t value, int64_t total, const char *unit);

#endif
