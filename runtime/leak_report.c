/* Leaks and circles as findings (report_format.h), in plain builds too. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/json.h"
#include "base/log.h"
#include "base/modules.h"
#include "base/options.h"
#include "dump.h"
#include "godwit/inspect.h"
#include "godwit/report_format.h"
#include "leak.h"

enum { FRAMES = 64, IDS = 16, TOLD_MAX = 4096 };

/* Where a goroutine waits: the user's frames, innermost first. */
struct place {
  uintptr_t pc[FRAMES];
  int n;
};

static void place_of(const struct inspect_g *v, struct place *p) {
  uintptr_t all[FRAMES + 8];
  int n = inspect_stack(v, all, FRAMES + 8);
  p->n = 0;
  for (int i = 0; i < n && p->n < FRAMES; i++)
    if (!code_is_ours(all[i] - 1)) p->pc[p->n++] = all[i];
}

static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * UINT64_C(0x9E3779B97F4A7C15) ^ h >> 29; }

/* Goroutines that are leaked alike. */
struct group {
  uint64_t hash;   /* of reason, place and creator */
  struct g *first; /* whose stack is shown */
  unsigned n;
  int64_t since;    /* the earliest */
  uint64_t id[IDS]; /* of the first ones */
};

static uint64_t hash_of(struct g *g) {
  struct inspect_g v;
  struct place p;
  inspect_g(g, &v);
  place_of(&v, &p);
  uint64_t h = mix(mix(1, g->reason), v.go_pc);
  for (int i = 0; i < p.n; i++) h = mix(h, p.pc[i]);
  return h;
}

/* What was told already, by hash: a leak that is there at each look is one finding. Guarded by log_lock. */
static uint64_t told[TOLD_MAX];

static bool tell_once_locked(uint64_t hash) {
  hash |= 1;
  for (unsigned i = 0, at = (unsigned)(hash >> 32) % TOLD_MAX; i < TOLD_MAX; i++, at = (at + 1) % TOLD_MAX) {
    if (told[at] == hash) return false;
    if (told[at]) continue;
    told[at] = hash;
    return true;
  }
  return true;
}

/* ---- one finding as JSON and as plain text ---- */

struct finding {
  struct text json, plain;
};

static void frame_json(struct text *t, uintptr_t pc) {
  struct module *m = module_at(pc);
  if (!m) {
    text_add(t, "{\"module\":\"?\",\"offset\":\"0x%zx\"}", (size_t)pc);
    return;
  }
  m->used = 1;
  text_add(t, "{\"module\":");
  text_json(t, m->path);
  text_add(t, ",\"offset\":\"0x%zx\"}", (size_t)(pc - m->bias));
}

static void goroutine_json(struct text *t, uint64_t id, const char *name) {
  text_add(t, "{\"id\":%llu,\"name\":", (unsigned long long)id);
  text_json(t, name);
  text_add(t, id == 1 ? ",\"main\":true}" : "}");
}

/* A goroutine that waits. */
static void add_waiter(struct finding *f, struct g *g, const struct group *group) {
  struct inspect_g v;
  struct place p;
  inspect_g(g, &v);
  place_of(&v, &p);
  int64_t since = group ? group->since : v.since, now = prim_now();
  text_add(&f->json, "{\"op\":\"wait\",\"reason\":");
  text_json(&f->json, v.reason);
  text_add(&f->json, ",\"waited_ns\":%lld,\"goroutine\":", (long long)(since && now > since ? now - since : 0));
  goroutine_json(&f->json, v.id, v.name);
  if (group && group->n > 1) {
    text_add(&f->json, ",\"alike\":[");
    for (unsigned i = 0; i < group->n && i < IDS; i++)
      text_add(&f->json, "%s%llu", i ? "," : "", (unsigned long long)group->id[i]);
    text_add(&f->json, "]");
  }
  text_add(&f->json, ",\"locks\":[],\"stack\":[");
  text_add(&f->plain, " %s: goroutine %llu\n", v.reason, (unsigned long long)v.id);
  for (int i = 0; i < p.n; i++) {
    if (i) text_add(&f->json, ",");
    frame_json(&f->json, p.pc[i] - 1); /* return addresses */
    const struct module *m = module_at(p.pc[i] - 1);
    text_add(&f->plain, "        %s+0x%zx\n", m ? m->path : "?", (size_t)(p.pc[i] - 1 - (m ? m->bias : 0)));
  }
  text_add(&f->json, "],\"created_at\":[");
  if (v.go_pc) frame_json(&f->json, v.go_pc - 1);
  text_add(&f->json, "],\"created_by\":");
  if (v.parent)
    goroutine_json(&f->json, v.parent, NULL);
  else
    text_add(&f->json, "null");
  text_add(&f->json, "}");
}

static void begin(struct finding *f, const char *kind, unsigned count, const char *message, const char *text) {
  *f = (struct finding){0};
  modules_refresh();
  text_add(&f->json,
           "{\"schema\":\"%s\",\"kind\":\"%s\",\"pid\":%d,\"count\":%u,\"seed\":null,\"program\":", GW_FINDING_SCHEMA,
           kind, (int)getpid(), count);
  text_json(&f->json, program_path());
  text_add(&f->json, ",\"message\":");
  text_json(&f->json, message);
  if (text) {
    text_add(&f->json, ",\"text\":");
    text_json(&f->json, text);
  }
  text_add(&f->json, ",\"accesses\":[");
  text_add(&f->plain, "error: %s [%s]\n%s", message, kind, text ? text : "");
}

static void end_locked(struct finding *f, unsigned count) {
  text_add(&f->json, "],\"memory\":{\"kind\":\"unknown\"},\"modules\":");
  modules_json(&f->json);
  text_add(&f->json, "}");
  int was = log_finding_locked(&f->json, f->plain.at);
  for (; count > 1; count--) log_again_locked(was);
  text_free(&f->json);
  text_free(&f->plain);
}

/* ---- leaks ---- */

static void report_group(const struct group *group, enum leak_class class) {
  struct inspect_g v;
  inspect_g(group->first, &v);
  char message[256], who[64];
  if (group->n > 1)
    snprintf(who, sizeof who, "%u goroutines are", group->n);
  else
    snprintf(who, sizeof who, "goroutine %llu is", (unsigned long long)v.id);
  if (class == LEAK_PROVEN)
    snprintf(message, sizeof message, "goroutine leak: %s blocked for good [%s], nothing that lives can wake %s", who,
             v.reason, group->n > 1 ? "them" : "it");
  else
    snprintf(message, sizeof message, "goroutine leak (suspected): %s still blocked at the end [%s]", who, v.reason);
  spin_lock(&log_lock);
  if (tell_once_locked(mix(group->hash, class))) {
    struct finding f;
    begin(&f, "GW1004", group->n, message, NULL);
    add_waiter(&f, group->first, group);
    end_locked(&f, group->n);
  }
  spin_unlock(&log_lock);
}

static struct group *group_at(struct group *groups, unsigned room, uint64_t hash) {
  unsigned i = (unsigned)(hash >> 32) & (room - 1);
  while (groups[i].n && groups[i].hash != hash) i = (i + 1) & (room - 1);
  return &groups[i];
}

void leak_report(struct g *const *g, unsigned n, enum leak_class class) {
  unsigned room = 16;
  while (room < 2 * n) room *= 2;
  struct group *groups = arena_alloc(room * sizeof *groups);
  for (unsigned i = 0; i < n; i++) {
    uint64_t hash = hash_of(g[i]);
    struct group *group = group_at(groups, room, hash);
    if (!group->n) *group = (struct group){.hash = hash, .first = g[i], .since = g[i]->since};
    if (g[i]->since < group->since) group->since = g[i]->since;
    if (group->n < IDS) group->id[group->n] = g[i]->id;
    group->n++;
  }
  for (unsigned i = 0; i < room; i++)
    if (groups[i].n) report_group(&groups[i], class);
  arena_free(groups, room * sizeof *groups);
}

/* ---- circles ---- */

bool leak_report_circle(const struct circle *c) {
  char text[CIRCLE_MAX * 128], message[128];
  size_t n = deadlock_describe(c, text, sizeof text - 1);
  text[n] = 0;
  if (c->n == 1)
    snprintf(message, sizeof message, "partial deadlock: goroutine %llu waits for a lock that it holds itself",
             (unsigned long long)c->g[0]->id);
  else
    snprintf(message, sizeof message, "partial deadlock: %u goroutines wait for one another", c->n);
  uint64_t hash = 7;
  for (unsigned i = 0; i < c->n; i++) hash += mix(mix(3, c->g[i]->id), (uintptr_t)c->g[i]->object);
  spin_lock(&log_lock);
  bool fresh = tell_once_locked(hash);
  if (fresh) {
    struct finding f;
    begin(&f, "GW1005", 1, message, text);
    for (unsigned i = 0; i < c->n; i++) {
      if (i) text_add(&f.json, ",");
      add_waiter(&f, c->g[i], NULL);
    }
    end_locked(&f, 1);
  }
  spin_unlock(&log_lock);
  return fresh;
}
