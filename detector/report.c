/* From a race to a finding: duplicates are counted, the first of a kind is written as raw JSON (report_format.h),
 * rendered by the helper process and appended to the log at once, so that whatever happens next leaves it there. */
#include "detector/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/modules.h"
#include "base/options.h"
#include "base/prim.h"
#include "base/render.h"
#include "base/suppress.h"
#include "detector/depot.h"
#include "detector/epoch.h"
#include "detector/heap.h"
#include "detector/report_json.h"
#include "detector/shadow.h"
#include "godwit/report_format.h"

static struct spin_REPORT lock; /* one finding at a time; guards all of this file */

/* Pairs of stacks that were judged: open addressing, doubled when half full. */
struct judged {
  uint64_t hash;  /* 0: free */
  int suppressed; /* number of the suppression that hid it; RENDER_SHOWN */
};
static struct {
  struct judged *v;
  uint32_t log, n;
} seen;

void report_init(void) {
  seen.log = 6;
  seen.v = arena_alloc(sizeof *seen.v << seen.log);
}

static struct judged *seen_slot(uint64_t hash) {
  uint32_t mask = (1u << seen.log) - 1, i = (uint32_t)hash & mask;
  while (seen.v[i].hash && seen.v[i].hash != hash) i = (i + 1) & mask;
  return &seen.v[i];
}

static void seen_grow(void) {
  struct judged *old = seen.v;
  uint32_t n = 1u << seen.log++;
  seen.v = arena_alloc(sizeof *seen.v << seen.log);
  for (uint32_t i = 0; i < n; i++)
    if (old[i].hash) *seen_slot(old[i].hash) = old[i];
  arena_free(old, n * sizeof *old);
}

/* NULL if it was not seen before; else what became of it, and it has occurred once more. */
static const struct judged *seen_again(uint64_t hash) {
  const struct judged *j = seen_slot(hash);
  if (!j->hash) return NULL;
  spin_lock(&log_lock);
  log_again_locked(j->suppressed);
  spin_unlock(&log_lock);
  return j;
}

static void seen_add(uint64_t hash, int suppressed) {
  if (2 * seen.n >= 1u << seen.log) seen_grow();
  *seen_slot(hash) = (struct judged){hash, suppressed};
  seen.n++;
}

static bool heap_json(struct text *t, uintptr_t address) {
  struct heap_block b;
  if (!heap_find(address, &b)) return false;
  struct incarnation who = {.id = b.goroutine};
  text_add(t, "{\"kind\":\"%s\",\"size\":%zu,\"offset\":%zu,\"address\":\"0x%zx\",\"goroutine\":",
           b.freed ? "freed heap" : "heap", b.size, (size_t)(address - b.base), (size_t)b.base);
  goroutine_json(t, &who);
  text_add(t, ",\"stack\":");
  stack_json(t, b.stack);
  text_add(t, "}");
  return true;
}

/* The frame of g's own stack that holds the address: the innermost one whose frame pointer lies above it. */
static void frame_of_address(struct text *t, const struct race_g *g, struct race_at at, uintptr_t address) {
  uintptr_t fp = at.fp, pc = at.pc;
  for (int i = 0; i < 4096 && fp && fp + 16 <= g->stack_hi && !(fp & 7); i++) {
    uintptr_t up = *(const uintptr_t *)fp;
    if (address < fp) {
      text_add(t, ",\"frame\":");
      frame_json(t, pc - 1);
      text_add(t, ",\"frame_offset\":%lld", (long long)(intptr_t)(address - fp));
      return;
    }
    pc = ((const uintptr_t *)fp)[1];
    if (up <= fp) return;
    fp = up;
  }
}

enum { MAIN_STACK = 8 << 20 }; /* of the first thread, whose lower end isn't known: the usual limit */

static bool on_stack_of(const struct race_g *g, uintptr_t address) {
  uintptr_t lo = g->stack_lo ? g->stack_lo : g->stack_hi - MAIN_STACK;
  return address >= lo && address < g->stack_hi;
}

static bool stack_memory_json(struct text *t, const struct race_g *me, struct race_at at, uintptr_t address) {
  const struct race_g *owner = NULL;
  spin_lock(&det_gs.lock);
  for (const struct race_g *g = det_gs.first; g && !owner; g = g->next)
    if (g->stack_hi && on_stack_of(g, address)) owner = g;
  if (owner) {
    text_add(t, "{\"kind\":\"stack\",\"goroutine\":");
    goroutine_json(t, &epochs.incarnation[owner->incarnation]);
    if (owner == me) frame_of_address(t, owner, at, address);
    text_add(t, "}");
  }
  spin_unlock(&det_gs.lock);
  return owner;
}

static void memory_json(struct text *t, const struct race_g *me, struct race_at at, uintptr_t address) {
  if (heap_json(t, address)) return;
  struct module *m = module_at(address);
  if (m) {
    m->used = 1;
    text_add(t, "{\"kind\":\"global\",\"module\":");
    text_json(t, m->path);
    text_add(t, ",\"offset\":\"0x%zx\"}", (size_t)(address - m->bias));
    return;
  }
  if (!stack_memory_json(t, me, at, address)) text_add(t, "{\"kind\":\"unknown\"}");
}

static void halt_if_told(void) {
  if (gw__opts.halt_on_error && __atomic_load_n(&log_findings, __ATOMIC_RELAXED)) prim_exit(race_exit_status(0));
}

static size_t count_bytes(uint32_t mask) { return (size_t)__builtin_popcount(mask); }

void report_once(uint64_t hash, int (*write)(const void *arg), const void *arg) {
  hash |= 1;
  spin_lock(&lock);
  if (!seen_again(hash)) seen_add(hash, write(arg));
  spin_unlock(&lock);
  halt_if_told();
}

struct race {
  struct race_g *g;
  enum race_op op, older_op;
  uint32_t ctx;
  const struct race_pair *pair;
};

static int write_race(const void *arg) {
  const struct race *race = arg;
  const struct race_pair *pair = race->pair;
  const struct race_g *g = race->g;
  enum race_op op = race->op, older_op = race->older_op;
  uint32_t ctx = race->ctx;
  const struct depot_record *a = depot_get(depot_stack_of(ctx));
  struct race_at at = {a ? a->word[0] : 0, g->stack_hi ? det_access_fp : 0};
  const struct incarnation *me = &epochs.incarnation[g->incarnation];
  const struct incarnation *other = &epochs.incarnation[epochs.entry[cell_id(pair->older_cell)].incarnation];
  uintptr_t address = (pair->granule << 3) + (unsigned)__builtin_ctz(pair->bytes);
  size_t size = count_bytes(pair->bytes);
  struct text json = {0}, plain = {0};
  const char *kind = older_op == RACE_FREE ? "GW1007" : "GW1001";
  finding_begin(&json, kind);
  text_add(&json, ",\"accesses\":[");
  bool scalar = pair->n <= 16; /* of a range only the bytes in question are told */
  access_json(&json, op, scalar ? pair->p : address, scalar ? pair->n : size, me, ctx);
  text_add(&json, ",");
  access_json(&json, older_op, address, size, other, pair->older_ctx);
  text_add(&json, "],\"memory\":");
  memory_json(&json, g, at, address);
  const struct module *m = a ? module_at(a->word[0] - 1) : NULL;
  text_add(&plain, "%s+0x%zx: error: %s on %zu bytes at 0x%zx [%s]\n", m ? m->path : "?",
           (size_t)(a && m ? a->word[0] - 1 - m->bias : 0), older_op == RACE_FREE ? "use of freed memory" : "data race",
           size, (size_t)address, kind);
  plain_access(&plain, "(2)", op, me, ctx);
  plain_access(&plain, "(1) earlier", older_op, other, pair->older_ctx);
  int verdict = finding_end(&json, plain.at);
  text_free(&json);
  text_free(&plain);
  return verdict;
}

void report_race(struct det_thread *t, struct race_g *g, enum race_op op, uint32_t ctx, const struct race_pair *pair) {
  (void)t;
  enum race_op older_op = depot_op_of(pair->older_ctx, (enum race_op)((pair->older_write ? RACE_WRITE : RACE_READ) +
                                                                      (pair->older_cell & CELL_ATOMIC ? 2 : 0)));
  const struct depot_record *a = depot_get(depot_stack_of(ctx)), *b = depot_get(depot_stack_of(pair->older_ctx));
  uint64_t ha = (a ? a->hash : 0) * 6 + op, hb = (b ? b->hash : 0) * 6 + older_op;
  uint64_t hash = (ha < hb ? ha : hb) * 0x9E3779B97F4A7C15u ^ (ha < hb ? hb : ha);
  report_once(hash, write_race, &(struct race){g, op, older_op, ctx, pair});
}

struct finding {
  const char *kind, *message, *text; /* as race_finding has them */
  const struct race_g *g;            /* whose, or NULL */
  uint32_t ctx;                      /* where; 0 without g */
};

static int write_finding(const struct finding *f) {
  struct text json = {0}, plain = {0};
  finding_begin(&json, f->kind);
  text_add(&json, ",\"message\":");
  text_json(&json, f->message);
  if (f->text) {
    text_add(&json, ",\"text\":");
    text_json(&json, f->text);
  }
  text_add(&json, ",\"accesses\":[");
  if (f->g) access_json(&json, RACE_READ, 0, 0, &epochs.incarnation[f->g->incarnation], f->ctx);
  text_add(&json, "],\"memory\":{\"kind\":\"unknown\"}");
  text_add(&plain, "error: %s [%s]\n", f->message, f->kind);
  plain_stack(&plain, depot_stack_of(f->ctx));
  int verdict = finding_end(&json, plain.at);
  text_free(&json);
  text_free(&plain);
  return verdict;
}

/* Of one kind and place the first is written, as with races. */
static void tell_finding(void *arg) {
  const struct finding *f = arg;
  const struct depot_record *place = depot_get(depot_stack_of(f->ctx));
  uint64_t hash = place ? place->hash : 0;
  for (const char *c = f->kind; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x9E3779B97F4A7C15u;
  hash |= 1;
  spin_lock(&lock);
  if (!place)
    write_finding(f);
  else if (!seen_again(hash))
    seen_add(hash, write_finding(f));
  spin_unlock(&lock);
}

void race_finding(const char *kind, const char *message, const char *text, struct race_g *g, struct race_at at) {
  struct det_thread *t = det_enter();
  det_call_aside(tell_finding, &(struct finding){kind, message, text, g, g ? depot_context_plain(t, g, at) : 0});
  det_exit(t);
  halt_if_told();
}

int race_exit_status(int status) { return log_exit_status(status); }

void report_before_fork(void) {
  spin_lock(&lock);
  spin_lock(&log_lock);
}

void report_after_fork(bool child) {
  if (child) {
    render_after_fork();
    log_after_fork();
  }
  spin_unlock(&log_lock);
  spin_unlock(&lock);
}
