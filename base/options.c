#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct options gw__opts;

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)
const struct option_entry gw__option_table[] = {
#define OPT(type, name, dflt, help) {#name, #type, STRINGIFY(dflt), help},
#include "options.inc"
};
const size_t gw__option_count = sizeof gw__option_table / sizeof gw__option_table[0];

enum { MAX_NAME = 64, MAX_TEXT = 8192 };
static char text_kept[MAX_TEXT]; /* values of STR options point into it */
static size_t text_used;

static const char *keep(const char *s, size_t n) {
  if (n + 1 > sizeof text_kept - text_used) return NULL;
  char *at = text_kept + text_used;
  memcpy(at, s, n);
  at[n] = 0;
  text_used += n + 1;
  return at;
}

static size_t edit_distance(const char *a, const char *b) {
  size_t na = strlen(a), nb = strlen(b);
  if (na >= MAX_NAME || nb >= MAX_NAME) return MAX_NAME;
  unsigned char row[MAX_NAME + 1];
  for (size_t j = 0; j <= nb; j++) row[j] = (unsigned char)j;
  for (size_t i = 1; i <= na; i++) {
    unsigned char diagonal = row[0];
    row[0] = (unsigned char)i;
    for (size_t j = 1; j <= nb; j++) {
      unsigned best = diagonal + (a[i - 1] != b[j - 1]);
      if (row[j] + 1u < best) best = row[j] + 1u;
      if (row[j - 1] + 1u < best) best = row[j - 1] + 1u;
      diagonal = row[j];
      row[j] = (unsigned char)best;
    }
  }
  return row[nb];
}

const char *options_nearest(const char *name, const char *const *names, size_t count) {
  const char *best = NULL;
  size_t best_distance = strlen(name) / 2 + 1; /* farther than half of it is another word */
  for (size_t i = 0; i < count; i++) {
    size_t d = edit_distance(name, names[i]);
    if (d < best_distance) best = names[i], best_distance = d;
  }
  return best;
}

static bool parse_bool(const char *s, bool *out) {
  if (strcmp(s, "1") == 0 || strcmp(s, "true") == 0) return *out = true, true;
  if (strcmp(s, "0") == 0 || strcmp(s, "false") == 0) return *out = false, true;
  return false;
}

static bool parse_int(const char *s, int64_t *out) {
  char *end;
  errno = 0;
  long long v = strtoll(s, &end, 10);
  if (end == s || *end || errno || v < 0) return false;
  *out = v;
  return true;
}

/* A value outside its words is refused, not passed on to whoever reads it. */
static bool word_allowed(const char *key, const char *value) {
  static const char *const words[][6] = {{"format", "text", "json", NULL},
                                         {"color", "auto", "always", "never", NULL},
                                         {"style", "godwit", "go", "tsan", "short", NULL},
                                         {"schedule", NULL}}; /* nobody reads it: not to be passed over in silence */
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i][0], key) != 0) continue;
    for (size_t j = 1; words[i][j]; j++)
      if (strcmp(words[i][j], value) == 0) return true;
    return false;
  }
  return true;
}

#define SET_BOOL(field, v) parse_bool(v, &(field))
#define SET_INT(field, v) parse_int(v, &(field))
#define SET_STR(field, v) ((field) = (v), true)

static int set(struct options *o, const char *source, const char *key, const char *value, void (*warn)(const char *)) {
  char line[512];
#define OPT(type, name, dflt, help)                                                            \
  if (strcmp(key, #name) == 0) {                                                               \
    if (word_allowed(key, value) && SET_##type(o->name, value)) return 0;                      \
    snprintf(line, sizeof line, "%s: '%s' is no value for %s (%s)", source, value, key, help); \
    return warn(line), 1;                                                                      \
  }
#include "options.inc"
  const char *names[sizeof gw__option_table / sizeof gw__option_table[0]];
  for (size_t i = 0; i < gw__option_count; i++) names[i] = gw__option_table[i].name;
  const char *near = options_nearest(key, names, gw__option_count);
  if (near)
    snprintf(line, sizeof line, "%s: unknown key '%s'; did you mean '%s'?", source, key, near);
  else
    snprintf(line, sizeof line, "%s: unknown key '%s'; `godwit env` lists them all", source, key);
  return warn(line), 1;
}

int options_parse(struct options *o, const char *source, const char *text, void (*warn)(const char *line)) {
  int complaints = 0;
  while (*text) {
    if (*text == ' ' || *text == ',' || *text == '\t' || *text == '\n') {
      text++;
      continue;
    }
    size_t key_n = strcspn(text, "= ,\t\n");
    char key[MAX_NAME];
    if (key_n >= sizeof key) key_n = sizeof key - 1;
    memcpy(key, text, key_n);
    key[key_n] = 0;
    text += strcspn(text, "= ,\t\n");
    if (*text != '=') {
      char line[256];
      snprintf(line, sizeof line, "%s: '%s' has no value: write %s=VALUE", source, key, key);
      warn(line);
      complaints++;
      continue;
    }
    text++;
    const char *value;
    if (*text == '"' || *text == '\'') {
      char quote = *text++;
      const char *end = strchr(text, quote);
      if (!end) {
        char line[256];
        snprintf(line, sizeof line, "%s: the value of '%s' has no closing %c", source, key, quote);
        warn(line);
        complaints++;
        end = text + strlen(text);
      }
      value = keep(text, (size_t)(end - text));
      text = *end ? end + 1 : end;
    } else {
      size_t n = strcspn(text, " ,\t\n");
      value = keep(text, n);
      text += n;
    }
    if (!value) {
      warn("the values are too long altogether (8 KB at most)");
      return complaints + 1;
    }
    complaints += set(o, source, key, value, warn);
  }
  return complaints;
}

static void warn_line(const char *line) { gw__warn("%s", line); }

/* GODEBUG holds keys of Go's own too: only the two that mean something here are taken. */
static void take_godebug(struct options *o, const char *text) {
  const char *at = strstr(text, "schedtrace=");
  if (at && (at == text || at[-1] == ',')) o->schedtrace = strtoll(at + 11, NULL, 10);
  at = strstr(text, "scheddetail=");
  if (at && (at == text || at[-1] == ',')) o->scheddetail = at[12] == '1';
}

const char *options_env(const char *name) { return getenv(name); }

void options_init(void) {
  static bool done;
  if (done) return;
  done = true;
#define OPT(type, name, dflt, help) gw__opts.name = dflt;
#include "options.inc"
  const char *s;
  if ((s = options_env("GOMAXPROCS")) && *s && (!parse_int(s, &gw__opts.maxprocs) || gw__opts.maxprocs < 1)) {
    gw__warn("GOMAXPROCS: '%s' is no number of processors", s);
    gw__opts.maxprocs = 0;
  }
  if ((s = options_env("GODEBUG"))) take_godebug(&gw__opts, s);
  if ((s = options_env("GORACE"))) options_parse(&gw__opts, "GORACE", s, warn_line);
  if ((s = options_env("GODWIT"))) options_parse(&gw__opts, "GODWIT", s, warn_line);
}
