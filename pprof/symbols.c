/* Addresses to functions and lines, by a `godwit symbolize --addresses` child (report_format.h), which all requests
 * share: `lock` serialises them.  It is a mutex on a futex, since the child may take its time.
 *
 * Of an address in this library only the outermost function is kept, under the name that godwit.h gives it: how the
 * library is made inside is nobody's business, and a stack's leaf then says what the user called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/child.h"
#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/lock.h"
#include "pprof/profile.h"

enum { BATCH = 512 }; /* addresses in one question */

static struct lock lock;
static struct child child = CHILD_NONE; /* guarded by lock */

/* Calls of godwit.h that are macros: what their functions are called there. */
static const char *public_name(const char *name) {
  static const char *const names[][2] = {{"gw__chan_send", "gw_send"},
                                         /* parts that are jumped to, so that the call itself left no frame */
                                         {"receive", "gw_recv"},
                                         {"lock_slow", "gw_mutex_lock"},
                                         {"unlock_slow", "gw_mutex_unlock"},
                                         {"runlock_slow", "gw_rwmutex_runlock"},
                                         {"gw__chan_recv_temp", "gw_recv"},
                                         {"gw__chan_recv", "gw_recv_ok"},
                                         {"gw__chan_recv_own", "gw_recv_ok"},
                                         {"gw__select_pass", "gw_select"},
                                         {"gw__blocking", "gw_blocking"},
                                         {"gw__once_do", "gw_once_do"},
                                         {"gw__go", "gw_go"},
                                         {"gw__waitgroup_go", "gw_waitgroup_go"},
                                         {"gw__try", "gw_try"},
                                         {"gw__after_func", "gw_after_func"},
                                         {"gw__errgroup_go", "gw_errgroup_go"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(names[i][0], name) == 0) return names[i][1];
  return name;
}

static uint32_t add_location(struct profile *p, uintptr_t pc) {
  uint32_t hash = (uint32_t)hash_words(0, &pc, 1), at = 0;
  for (int64_t i; (i = index_next(&p->by_pc, hash, &at)) >= 0;)
    if (profile_location(p, (size_t)i)->pc == pc) return (uint32_t)i;
  struct module *m = modules_find(p->modules, pc - 1);
  if (m) m->used = 1;
  struct location fresh = {.pc = pc, .module = m ? (int32_t)(m - p->modules->at) : -1};
  uint32_t number = (uint32_t)(p->locations.n / sizeof fresh);
  bytes_add(&p->locations, &fresh, sizeof fresh);
  index_add(&p->by_pc, hash, number);
  return number;
}

static uint32_t add_function(struct profile *p, uint32_t name, uint32_t file) {
  uint64_t key = (uint64_t)name << 32 | file;
  uint32_t hash = (uint32_t)hash_words(0, &key, 1), at = 0;
  for (int64_t i; (i = index_next(&p->by_function, hash, &at)) >= 0;) {
    struct function *f = profile_function(p, (size_t)i);
    if (f->name == name && f->file == file) return (uint32_t)i;
  }
  struct function fresh = {name, file};
  uint32_t number = (uint32_t)(p->functions.n / sizeof fresh);
  bytes_add(&p->functions, &fresh, sizeof fresh);
  index_add(&p->by_function, hash, number);
  return number;
}

/* "LINE FUNCTION\tFILE". */
static void add_line(struct profile *p, struct location *l, char *text, bool ours) {
  char *after, *file = strchr(text, '\t');
  long line = strtol(text, &after, 10);
  if (!file || *after != ' ') return;
  *file++ = 0;
  const char *name = after + 1;
  if (ours) name = public_name(name);
  struct line fresh = {add_function(p, profile_string(p, name), profile_string(p, file)), (int32_t)line};
  if (ours && l->lines) {
    *profile_line(p, l->line) = fresh; /* further out than the last one */
    return;
  }
  if (!l->lines) l->line = (uint32_t)(p->lines.n / sizeof fresh);
  bytes_add(&p->lines, &fresh, sizeof fresh);
  l->lines++;
}

static char *next_line(char **at, const char *end) {
  char *line = *at, *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
  if (!newline) return NULL;
  *newline = 0;
  *at = newline + 1;
  return line;
}

/* Reads what the child said of locations [from, to); false if it isn't what we asked for. */
static bool take_answer(struct profile *p, size_t from, size_t to, struct bytes *answer) {
  char *at = answer->at, *end = at + answer->n;
  for (size_t i = from; i < to; i++) {
    struct location *l = profile_location(p, i);
    if (l->module < 0) continue;
    char *head = next_line(&at, end), *after;
    if (!head) return false;
    unsigned long n = strtoul(head, &after, 10);
    uintptr_t entry = strtoull(after, NULL, 16);
    if (entry) l->entry = entry + p->modules->at[l->module].bias;
    bool ours = inspect_is_ours(l->pc - 1);
    while (n-- > 0) {
      char *line = next_line(&at, end);
      if (!line) return false;
      add_line(p, l, line, ours);
    }
  }
  return true;
}

static void ask_for(const struct profile *p, const struct location *l, struct bytes *question) {
  const struct module *m = &p->modules->at[l->module];
  bytes_format(question, "%zx ", (size_t)(l->pc - 1 - m->bias));
  for (unsigned i = 0; i < m->build_id_n; i++) bytes_format(question, "%02x", m->build_id[i]);
  bytes_format(question, "%s %s\n", m->build_id_n ? "" : "-", m->path);
}

static void take(void *arg, const char *part, size_t n) { bytes_add(arg, part, n); }

static bool ask_batch(struct profile *p, size_t from, size_t to) {
  char *args[] = {"--addresses", NULL};
  struct bytes question = {0}, answer = {0};
  for (size_t i = from; i < to; i++)
    if (profile_location(p, i)->module >= 0) ask_for(p, profile_location(p, i), &question);
  bytes_str(&question, "\n");
  bool ok = child_ask(&child, args, question.at, question.n, take, &answer) && take_answer(p, from, to, &answer);
  bytes_free(&question);
  bytes_free(&answer);
  return ok;
}

static bool ask_all(struct profile *p) {
  size_t n = p->locations.n / sizeof(struct location);
  bool ok = true;
  lock_take(&lock);
  for (size_t from = 0; ok && from < n; from += BATCH) ok = ask_batch(p, from, from + BATCH < n ? from + BATCH : n);
  static bool told; /* guarded by lock */
  if (!ok && !told) {
    gw__warn(
        "profiles have addresses only: `godwit symbolize` can't be started (put godwit on PATH, or set GODWIT_CLI); "
        "`go tool pprof` and `godwit pprof` find the names as long as the program is where it was");
    told = true;
  }
  lock_give(&lock);
  return ok;
}

/* How a thread begins, below the program's first function. */
static bool is_start(const char *name) {
  return strcmp(name, "start_thread") == 0 || strncmp(name, "clone", 5) == 0 || strcmp(name, "_start") == 0 ||
         strncmp(name, "__clone", 7) == 0 || strncmp(name, "__libc_start", 12) == 0;
}

static const char *outer_name(const struct profile *p, const struct location *l) {
  if (!l->lines) return "";
  return profile_text(p, profile_function(p, profile_line(p, l->line + l->lines - 1)->function)->name);
}

/* Below main there is only libc. */
static void trim_root(const struct profile *p, struct sample *s) {
  const uintptr_t *stack = profile_stack(p, s);
  for (uint32_t i = s->depth; i-- > 1;) {
    const char *name = outer_name(p, profile_location(p, stack[i]));
    if (strcmp(name, "main") == 0) {
      s->depth = i + 1;
      return;
    }
  }
  while (s->depth > 1 && is_start(outer_name(p, profile_location(p, stack[s->depth - 1])))) s->depth--;
}

/* The first location with the same line: a loop that was unrolled creates goroutines from many addresses. */
static uint32_t same_place(const struct profile *p, uint32_t location) {
  const struct location *l = profile_location(p, location);
  if (!l->lines) return location;
  const struct line *line = profile_line(p, l->line);
  for (uint32_t i = 0; i < location; i++) {
    const struct location *other = profile_location(p, i);
    const struct line *place = other->lines ? profile_line(p, other->line) : NULL;
    if (place && place->function == line->function && place->line == line->line) return i;
  }
  return location;
}

static void merge_creators(struct profile *p) {
  uint64_t last = 0, same = 0;
  for (size_t i = 0; i < profile_samples(p); i++) {
    struct tags *t = &profile_sample(p, i)->tags;
    if (!t->creator) continue;
    if (t->creator != last) {
      last = t->creator;
      same = same_place(p, (uint32_t)last - 1) + UINT64_C(1);
    }
    t->creator = same;
  }
  profile_remerge(p);
}

void profile_symbolize(struct profile *p) {
  struct bytes m = {0};
  p->modules = (struct modules *)(void *)bytes_room(&m, sizeof *p->modules);
  modules_read(p->modules);
  /* The vdso is in no file. */
  for (unsigned i = 0; i < p->modules->n; i++)
    if (!strchr(p->modules->at[i].path, '/')) p->modules->at[i].lo = p->modules->at[i].hi = 0;
  for (size_t i = 0; i < p->stacks.n / sizeof(uintptr_t); i++) {
    uintptr_t *at = &((uintptr_t *)(void *)p->stacks.at)[i];
    *at = add_location(p, *at);
  }
  for (size_t i = 0; i < profile_samples(p); i++) {
    struct tags *t = &profile_sample(p, i)->tags;
    if (t->creator) t->creator = add_location(p, t->creator) + 1u;
  }
  p->symbolized = p->locations.n == 0 || ask_all(p);
  for (size_t i = 0; p->symbolized && i < profile_samples(p); i++) trim_root(p, profile_sample(p, i));
  if (p->symbolized && !p->one_by_one) merge_creators(p);
}

void symbols_after_fork(void) {
  lock = (struct lock){0};
  child_forget(&child);
}
