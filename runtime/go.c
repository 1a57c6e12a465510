/* The goroutine calls of godwit.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "g.h"
#include "mutex.h"
#include "trace.h"

#define CALLER ((uintptr_t)__builtin_return_address(0))

void gw__go(struct gw__call *call) {
  g_start(g_self(), call, CALLER, RACE_HERE());
  call_forget(call);
}

void gw_yield(void) { g_yield(g_self()); }
uint64_t gw_goid(void) { return g_self()->id; }
int64_t gw_now(void) { return prim_now(); }

static struct g_tag *tag_of(struct g *g) {
  if (!g->tag) g->tag = arena_alloc(sizeof *g->tag);
  return g->tag;
}

void g_tag_free(struct g *g) {
  arena_free(g->tag, sizeof *g->tag);
  g->tag = NULL;
}

void gw_set_name(const char *fmt, ...) {
  struct g *g = g_self();
  struct g_tag *tag = tag_of(g);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(tag->name, sizeof tag->name, fmt, ap);
  va_end(ap);
  race_g_set_name(g->race, tag->name);
}

void gw_set_label(const char *key, const char *value) {
  struct g_tag *tag = tag_of(g_self());
  if (!value && strncmp(tag->key, key, sizeof tag->key - 1) != 0) return; /* that one isn't there */
  snprintf(tag->key, sizeof tag->key, "%s", value ? key : "");
  snprintf(tag->value, sizeof tag->value, "%s", value ? value : "");
}

void gw_lock_os_thread(void) {
  struct g *g = g_self();
  if (g->locks++ > 0 || g->thread) return;
  struct m *m = rt_enter(g);
  g->locked_m = m;
  m->locked_g = g;
  rt_exit(m);
}

void gw_unlock_os_thread(void) {
  struct g *g = g_self();
  if (g->locks == 0 || --g->locks > 0 || g->thread) return;
  struct m *m = rt_enter(g);
  m->locked_g = NULL;
  g->locked_m = NULL;
  rt_exit(m);
}

typedef intptr_t (*call6)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
static intptr_t call_now(const struct gw__call *c) {
  return ((call6)c->f)(c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
}

/* While it runs f the M holds no P. */
intptr_t gw__blocking(const struct gw__call *call) {
  struct g *g = g_self();
  if (g->thread) return call_now(call);
  struct m *m = rt_enter(g);
  if (tracing()) trace_note(m, TRACE_SYSCALL, g->id, 0);
  p_give_away(m);
  __atomic_store_n(&g->status, G_BLOCKING, __ATOMIC_RELAXED);
  intptr_t result = call_now(call);
  p_get_back(m, g);
  __atomic_store_n(&g->status, G_RUNNING, __ATOMIC_RELAXED);
  if (tracing()) trace_note(g->m, TRACE_START, g->id, 0);
  rt_exit(g->m);
  return result;
}

static void done_at_end(void *w) { gw_waitgroup_done(w); }

/* Runs on the new goroutine; copies the call, which lies on the creator's side of its frame. */
static void waitgroup_body(gw_waitgroup *w, struct gw__call *kept) {
  struct gw__call call = *kept;
  arena_free_user(kept, sizeof *kept);
  struct gw__defer d __attribute__((cleanup(gw__defer_end))) = {done_at_end, w, NULL};
  gw__defer_begin(&d);
  call_now(&call);
}

void gw__waitgroup_go(gw_waitgroup *w, struct gw__call *call) {
  gw_waitgroup_add(w, 1);
  struct gw__call *kept = arena_alloc_user(sizeof *kept);
  *kept = *call;
  call_forget(call);
  struct gw__call body = {(void (*)(void))waitgroup_body, {(uintptr_t)w, (uintptr_t)kept}};
  g_start(g_self(), &body, CALLER, RACE_HERE());
}
