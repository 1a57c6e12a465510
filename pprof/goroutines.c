/* The goroutine and threadcreate profiles.
 *
 * Nobody is stopped: each goroutine is seen at a moment of its own.  One that was seen parked may have gone on while
 * its stack was read, and then the words are checked against the modules' code, so that a frame is never made of data;
 * one that runs is asked by a signal (snapshot.c). */
#include <errno.h>
#include <string.h>

#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/kinds.h"
#include "pprof/snapshot.h"

struct walk {
  struct profile *p;
  int64_t now;
  uint64_t self;         /* the caller, if it is a goroutine */
  const char *state;     /* the reason seen last, and its number: reasons are constants */
  uint32_t state_string; /* of `state` */
};

static bool runs(const struct inspect_g *g) { return g->status == INSPECT_RUNNING || g->status == INSPECT_BLOCKING; }

struct visit {
  void (*f)(const struct inspect_g *g, void *arg);
  void *arg;
  uint64_t self;
  struct bytes running; /* struct inspect_g: they come last, when their stacks are known */
};

static void visit_one(const struct inspect_g *g, void *arg) {
  struct visit *v = arg;
  if (!runs(g) || g->id == v->self) {
    v->f(g, v->arg);
    return;
  }
  snapshot_ask(g->id, g->tid);
  bytes_add(&v->running, g, sizeof *g);
}

/* Calls f for each goroutine, those that run last: stack_of then knows where they were. */
static void each(void (*f)(const struct inspect_g *g, void *arg), void *arg, uint64_t self) {
  struct visit v = {.f = f, .arg = arg, .self = self};
  snapshot_begin();
  inspect_each(visit_one, &v);
  snapshot_wait();
  const struct inspect_g *g = (const struct inspect_g *)(const void *)v.running.at;
  for (size_t i = 0; i < v.running.n / sizeof *g; i++) f(&g[i], arg);
  snapshot_end();
  bytes_free(&v.running);
}

/* Return addresses of g, which may be the caller, running or suspended. */
static int stack_of(const struct inspect_g *g, uint64_t self, uintptr_t *pcs) {
  if (g->id == self) return inspect_own_stack((uintptr_t)__builtin_frame_address(0), pcs, DEPTH_MAX);
  return runs(g) ? snapshot_stack(g->id, pcs, DEPTH_MAX) : inspect_stack(g, pcs, DEPTH_MAX);
}

static const char *state_of(const struct inspect_g *g) {
  switch (g->status) {
    case INSPECT_RUNNABLE:
      return "runnable";
    case INSPECT_RUNNING:
      return "running";
    case INSPECT_BLOCKING:
      return "syscall";
    default:
      return g->reason[0] ? g->reason : "waiting";
  }
}

static void add_one(const struct inspect_g *g, void *arg) {
  struct walk *w = arg;
  uintptr_t pcs[DEPTH_MAX];
  struct tags tags = {.creator = g->go_pc};
  int n = stack_of(g, w->self, pcs);
  const char *state = state_of(g);
  if (state != w->state) {
    w->state = state;
    w->state_string = profile_string(w->p, state);
  }
  tags.state = w->state_string;
  if (g->key) {
    tags.key = profile_string(w->p, g->key);
    tags.value = profile_string(w->p, g->value);
  }
  if (g->name) tags.name = profile_string(w->p, g->name);
  if (g->status == INSPECT_WAITING && g->since && w->now > g->since) tags.waited_ns_max = w->now - g->since;
  int64_t one = 1;
  profile_add(w->p, pcs, n, &tags, &one);
}

static uint64_t own_id(void) {
  struct inspect_g self;
  return inspect_current(&self) ? self.id : 0;
}

int goroutines_collect(struct profile *p, const char **why) {
  (void)why;
  struct walk w = {.p = p, .now = prim_now(), .self = own_id()};
  each(add_one, &w, w.self);
  return 0;
}

int leaks_collect(struct profile *p, const char **why) {
  struct walk w = {.p = p, .now = prim_now()};
  if (inspect_leaked(add_one, &w)) return 0;
  *why = "leaks can't be proven here: the search needs /proc and the malloc that godwit cc links";
  return -ENOTSUP;
}

int threads_collect(struct profile *p, const char **why) {
  (void)why;
  struct inspect_sched s;
  inspect_sched(&s);
  int64_t ours = s.threads, others = (int64_t)prim_thread_count() - ours;
  struct tags none = {0};
  if (ours > 0) profile_add(p, &s.thread_entry, 1, &none, &ours);
  if (others > 0) profile_add(p, NULL, 0, &none, &others);
  return 0;
}

/* ---- one by one ---- */

struct listing {
  struct profile *p;  /* the stacks, each a sample tagged by the goroutine's number */
  struct bytes heads; /* struct head, in the order of samples */
  struct walk walk;
};

struct head {
  uint64_t id, parent;
  int64_t waited;
  uint32_t name, state; /* strings */
};

static void list_one(const struct inspect_g *g, void *arg) {
  struct listing *l = arg;
  uintptr_t pcs[DEPTH_MAX];
  int64_t one = 1;
  struct tags tags = {.goroutine = g->id, .creator = g->go_pc};
  int n = stack_of(g, l->walk.self, pcs);
  size_t before = profile_samples(l->p);
  profile_add(l->p, pcs, n, &tags, &one);
  if (profile_samples(l->p) == before) return; /* seen twice: it moved to another list meanwhile */
  struct head h = {.id = g->id,
                   .parent = g->parent,
                   .waited = g->status == INSPECT_WAITING && g->since ? l->walk.now - g->since : 0,
                   .name = profile_string(l->p, g->name),
                   .state = profile_string(l->p, state_of(g))};
  bytes_add(&l->heads, &h, sizeof h);
}

static void write_frame(const struct profile *p, const struct location *l, struct bytes *out) {
  if (!l->lines) {
    bytes_format(out, "%#zx\n", (size_t)l->pc);
    return;
  }
  for (uint32_t i = 0; i < l->lines; i++) {
    const struct line *line = profile_line(p, l->line + i);
    const struct function *f = profile_function(p, line->function);
    bytes_format(out, "%s(...)\n\t%s:%d", profile_text(p, f->name), profile_text(p, f->file), line->line);
    if (l->entry && i + 1 == l->lines) bytes_format(out, " +%#zx", (size_t)(l->pc - l->entry));
    bytes_str(out, "\n");
  }
}

static void write_one(const struct profile *p, const struct head *h, const struct sample *s, struct bytes *out) {
  int64_t minutes = h->waited / 60000000000;
  bytes_format(out, "goroutine %llu", (unsigned long long)h->id);
  if (h->name) bytes_format(out, " \"%s\"", profile_text(p, h->name));
  bytes_format(out, " [%s", profile_text(p, h->state));
  if (minutes >= 1) bytes_format(out, ", %lld minutes", (long long)minutes);
  bytes_str(out, "]:\n");
  for (uint32_t i = 0; i < s->depth; i++) write_frame(p, profile_location(p, profile_stack(p, s)[i]), out);
  if (s->tags.creator) {
    const struct location *l = profile_location(p, s->tags.creator - 1);
    const struct line *line = l->lines ? profile_line(p, l->line + l->lines - 1) : NULL;
    const struct function *f = line ? profile_function(p, line->function) : NULL;
    if (f)
      bytes_format(out, "created by %s in goroutine %llu\n\t%s:%d +%#zx\n", profile_text(p, f->name),
                   (unsigned long long)h->parent, profile_text(p, f->file), line->line, (size_t)(l->pc - l->entry));
    else
      bytes_format(out, "created by %#zx in goroutine %llu\n", (size_t)l->pc, (unsigned long long)h->parent);
  }
  bytes_str(out, "\n");
}

void goroutines_write_all(struct bytes *out) {
  struct profile p;
  profile_init(&p, &source_find("goroutine")->kind);
  p.one_by_one = true;
  struct listing l = {.p = &p, .walk = {.now = prim_now(), .self = own_id()}};
  each(list_one, &l, l.walk.self);
  profile_symbolize(&p);
  const struct head *heads = (const struct head *)(const void *)l.heads.at;
  for (size_t i = 0; i < profile_samples(&p); i++) write_one(&p, &heads[i], profile_sample(&p, i), out);
  bytes_free(&l.heads);
  profile_free(&p);
}
