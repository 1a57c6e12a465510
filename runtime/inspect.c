#include "godwit/inspect.h"

#include "dump.h"
#include "g.h"

static const char *const reasons[] = {
#define REASON(id, text) text,
#include "godwit/reasons.inc"
};

/* What ctx_switch leaves at a suspended goroutine's stack pointer. */
struct suspended {
  uint64_t control, r15, r14, r13, r12, rbx, rbp, rip;
};

void inspect_g(struct g *g, struct inspect_g *v) {
  uint32_t status = __atomic_load_n(&g->status, __ATOMIC_RELAXED);
  const struct m *m = __atomic_load_n(&g->m, __ATOMIC_RELAXED); /* once: it may leave meanwhile; Ms stay */
  *v = (struct inspect_g){.id = g->id,
                          .parent = g->parent,
                          .status = (enum inspect_status)status,
                          .reason = status == G_WAITING ? reasons[g->reason] : "",
                          .since = g->since,
                          .go_pc = g->go_pc,
                          .lo = (uintptr_t)g->lo,
                          .hi = (uintptr_t)g->hi,
                          .thread = g->thread,
                          .end = g->end,
                          .tid = g->thread ? g->tid
                                 : m       ? __atomic_load_n(&m->tid, __ATOMIC_RELAXED)
                                           : 0};
  if (g->tag) {
    if (g->tag->name[0]) v->name = g->tag->name;
    if (g->tag->key[0]) v->key = g->tag->key, v->value = g->tag->value;
  }
  if (!g->sp || status == G_RUNNING || status == G_BLOCKING) return;
  if (g->thread) {
    v->fp = v->sp = (uintptr_t)g->sp;
    return;
  }
  const struct suspended *s = g->sp;
  v->pc = s->rip;
  v->fp = s->rbp;
  v->sp = (uintptr_t)(s + 1);
}

struct visit {
  void (*f)(const struct inspect_g *g, void *arg);
  void *arg;
};

static void visit_one(struct g *g, void *arg) {
  struct visit *visit = arg;
  struct inspect_g v;
  inspect_g(g, &v);
  visit->f(&v, visit->arg);
}

void inspect_each(void (*f)(const struct inspect_g *g, void *arg), void *arg) {
  struct visit visit = {f, arg};
  g_each(visit_one, &visit);
}

int stack_walk(uintptr_t pc, uintptr_t fp, uintptr_t sp, uintptr_t hi, uintptr_t *pcs, int max) {
  int n = 0;
  if (pc && n < max) pcs[n++] = pc;
  while (n < max && fp && fp >= sp && fp % 8 == 0 && fp + 16 <= hi) {
    const uintptr_t *frame = (const uintptr_t *)fp;
    if (!frame[1]) break;
    pcs[n++] = frame[1];
    if (frame[0] <= fp) break; /* callers' frames lie above */
    fp = frame[0];
  }
  return n;
}

extern void *__libc_stack_end __attribute__((weak)); /* main's stack ends there */

uintptr_t main_stack_end(void) { return &__libc_stack_end ? (uintptr_t)__libc_stack_end : 0; }

uintptr_t stack_end(const struct inspect_g *g) {
  if (g->hi) return g->hi;
  if (g->end) return g->end;
  if (g->id == 1 && &__libc_stack_end) return (uintptr_t)__libc_stack_end;
  uintptr_t at = g->fp ? g->fp : (uintptr_t)__builtin_frame_address(0);
  return (at | (PRIM_PAGE - 1)) + 1; /* a thread's: at least this page is there */
}

int inspect_stack(const struct inspect_g *g, uintptr_t *pcs, int max) {
  return stack_walk(g->pc, g->fp, g->sp, stack_end(g), pcs, max);
}
