/* report_json.h */
#include "detector/report_json.h"

#include <unistd.h>

#include "base/log.h"
#include "base/modules.h"
#include "base/render.h"
#include "detector/depot.h"
#include "godwit/report_format.h"

void frame_json(struct text *t, uintptr_t pc) {
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

void stack_json(struct text *t, uint32_t stack) {
  const struct depot_record *r = depot_get(stack);
  text_add(t, "[");
  for (unsigned i = 0; r && r->kind == DEPOT_STACK && i < r->n; i++) {
    if (i) text_add(t, ",");
    frame_json(t, r->word[i] - 1); /* return addresses */
  }
  text_add(t, "]");
}

static const char *name_of(uint32_t name) {
  const struct depot_record *r = depot_get(name);
  return r && r->kind == DEPOT_NAME ? (const char *)r->word : NULL;
}

void goroutine_json(struct text *t, const struct incarnation *who) {
  text_add(t, "{\"id\":%llu,\"name\":", (unsigned long long)who->id);
  text_json(t, name_of(who->name));
  if (who->thread) text_add(t, ",\"thread\":true");
  if (who->id == 1) text_add(t, ",\"main\":true");
  text_add(t, "}");
}

void global_json(struct text *t, uintptr_t address) {
  struct module *m = module_at(address);
  if (!m) return;
  m->used = 1;
  text_add(t, ",\"module\":");
  text_json(t, m->path);
  text_add(t, ",\"offset\":\"0x%zx\"", (size_t)(address - m->bias));
}

static void locks_json(struct text *t, uint32_t set) {
  text_add(t, "[");
  const char *separator = "";
  for (const struct depot_record *r; (r = depot_get(set)) && r->kind == DEPOT_LOCKS; set = r->a) {
    text_add(t, "%s{\"address\":\"0x%llx\",\"mode\":\"%s\",\"stack\":", separator, (unsigned long long)r->word[0],
             r->mask ? "write" : "read");
    stack_json(t, r->b);
    global_json(t, (uintptr_t)r->word[0]);
    text_add(t, "}");
    separator = ",";
  }
  text_add(t, "]");
}

static const char *op_name(enum race_op op) {
  static const char *const names[] = {"read", "write", "atomic read", "atomic write", "free", "alloc"};
  return names[op];
}

void created_json(struct text *t, const struct incarnation *who) {
  text_add(t, ",\"created_at\":");
  stack_json(t, who->creation_stack);
  if (who->creator_id) {
    struct incarnation creator = {.id = who->creator_id, .name = who->creator_name};
    text_add(t, ",\"created_by\":");
    goroutine_json(t, &creator);
  } else {
    text_add(t, ",\"created_by\":null");
  }
}

void access_json(struct text *t, enum race_op op, uintptr_t address, size_t size, const struct incarnation *who,
                 uint32_t ctx) {
  text_add(t, "{\"op\":\"%s\",\"size\":%zu,\"address\":\"0x%zx\",\"goroutine\":", op_name(op), size, (size_t)address);
  goroutine_json(t, who);
  text_add(t, ",\"locks\":");
  locks_json(t, depot_locks_of(ctx));
  text_add(t, ",\"stack\":");
  stack_json(t, depot_stack_of(ctx));
  created_json(t, who);
  text_add(t, "}");
}

void finding_begin(struct text *t, const char *kind) {
  spin_lock(&log_lock);
  modules_refresh();
  text_add(t, "{\"schema\":\"%s\",\"kind\":\"%s\",\"pid\":%d,\"count\":1,\"seed\":null,\"program\":", GW_FINDING_SCHEMA,
           kind, (int)getpid());
  text_json(t, program_path());
}

int finding_end(struct text *t, const char *plain) {
  text_add(t, ",\"modules\":");
  modules_json(t);
  text_add(t, "}");
  int r = log_finding_locked(t, plain);
  spin_unlock(&log_lock);
  return r;
}

void plain_stack(struct text *t, uint32_t stack) {
  const struct depot_record *r = depot_get(stack);
  for (unsigned i = 0; r && r->kind == DEPOT_STACK && i < r->n; i++) {
    struct module *m = module_at(r->word[i] - 1);
    text_add(t, "        %s+0x%zx\n", m ? m->path : "?", (size_t)(r->word[i] - 1 - (m ? m->bias : 0)));
  }
}

void plain_access(struct text *t, const char *mark, enum race_op op, const struct incarnation *who, uint32_t ctx) {
  text_add(t, " %s %s by %s %llu\n", mark, op_name(op), who->thread ? "thread" : "goroutine",
           (unsigned long long)who->id);
  plain_stack(t, depot_stack_of(ctx));
}
