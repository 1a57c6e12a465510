#include "where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/modules.h"
#include "symbol.h"

static struct child child = CHILD_NONE;
static struct modules modules;

/* What was asked, and answered. */
static struct {
  const uintptr_t *pcs;
  const struct module *module[WHERE_MAX]; /* NULL: not asked */
  char question[WHERE_MAX * 640];
  char answer[128 * 1024];
  size_t n;      /* bytes of the answer; what doesn't fit is lost */
  char *at;      /* what is left of it; NULL without an answer */
  int current;   /* the address whose frames come next */
  long frames;   /* how many are left of it */
  uintptr_t off; /* as in struct where */
} asked;

static void take(void *arg, const char *part, size_t n) {
  (void)arg;
  if (n > sizeof asked.answer - 1 - asked.n) n = sizeof asked.answer - 1 - asked.n;
  memcpy(asked.answer + asked.n, part, n);
  asked.n += n;
}

static size_t add_question(char *to, size_t room, const struct module *m, uintptr_t pc) {
  size_t n = (size_t)snprintf(to, room, "%zx ", pc - 1 - m->bias);
  for (unsigned i = 0; i < m->build_id_n; i++) n += (size_t)snprintf(to + n, room - n, "%02x", m->build_id[i]);
  n += (size_t)snprintf(to + n, room - n, "%s %s\n", m->build_id_n ? "" : "-", m->path);
  return n;
}

static struct modules *modules_now(void) {
  if (!modules.n) modules_read(&modules);
  return &modules;
}

bool where_in_program(uintptr_t pc) { return modules_find(modules_now(), pc) == &modules.at[0]; }

void where_ask(const uintptr_t *pcs, int n) {
  size_t length = 0;
  for (int i = 0; i < n; i++) {
    asked.module[i] = modules_find(modules_now(), pcs[i] - 1);
    if (asked.module[i])
      length += add_question(asked.question + length, sizeof asked.question - length, asked.module[i], pcs[i]);
  }
  asked.question[length++] = '\n';
  asked.pcs = pcs;
  asked.n = 0;
  asked.current = -1;
  asked.frames = 0;
  bool ok = child_ask(&child, (char *[]){"--addresses", NULL}, asked.question, length, take, NULL);
  asked.answer[asked.n] = 0;
  asked.at = ok ? asked.answer : NULL;
}

/* The next line of the answer, without its newline. */
static char *answer_line(void) {
  char *line = asked.at, *end = line ? strchr(line, '\n') : NULL;
  if (!end) return NULL;
  *end = 0;
  asked.at = end + 1;
  return line;
}

/* "FRAMES START" */
static void read_head(int i) {
  char *line = asked.module[i] ? answer_line() : NULL, *after;
  asked.frames = line ? strtol(line, &after, 10) : 0;
  uintptr_t start = line ? strtoull(after, NULL, 16) : 0;
  asked.off = start ? asked.pcs[i] - asked.module[i]->bias - start : 0;
}

/* "LINE FUNCTION\tFILE" */
static bool read_frame(struct where *w) {
  if (asked.frames <= 0) return false;
  asked.frames--;
  char *line = answer_line(), *function, *file = line ? strchr(line, '\t') : NULL;
  if (!file) return false;
  *file++ = 0;
  w->line = (int)strtol(line, &function, 10);
  w->function = *function && function[1] ? function + 1 : "?";
  w->file = *file && w->line ? file : NULL;
  w->inlined = asked.frames > 0;
  w->off = w->inlined ? 0 : asked.off;
  return true;
}

static bool by_symbol_table(uintptr_t pc, struct where *w) {
  static struct symbol s;
  if (!symbol_find(pc - 1, &s)) {
    *w = (struct where){.function = "?"};
    return true;
  }
  w->module = s.module;
  w->module_off = s.module_off + 1;
  w->function = s.function[0] ? s.function : "?";
  w->off = s.function[0] ? s.function_off + 1 : 0;
  return true;
}

bool where_next(int i, struct where *w) {
  bool first = asked.current < i;
  while (asked.current < i) {
    while (read_frame(w)) continue; /* those that nobody wanted */
    read_head(++asked.current);
  }
  *w = (struct where){.function = "?"};
  if (asked.module[i]) {
    w->module = asked.module[i]->path;
    w->module_off = asked.pcs[i] - asked.module[i]->bias;
  }
  return read_frame(w) || (first && by_symbol_table(asked.pcs[i], w));
}
