/* A lock-order inversion as a raw finding: one access per side of the circle, the one just seen first. */
#include "base/json.h"
#include "detector/depot.h"
#include "detector/lock_graph.h"
#include "detector/report.h"
#include "detector/report_json.h"

static void lock_json(struct text *t, uintptr_t lock, bool write, uint32_t stack) {
  text_add(t, "{\"address\":\"0x%zx\",\"mode\":\"%s\",\"stack\":", (size_t)lock, write ? "write" : "read");
  stack_json(t, stack);
  global_json(t, lock);
  text_add(t, "}");
}

static void step_json(struct text *t, const struct order_step *s) {
  text_add(t, "{\"op\":\"lock\",\"address\":\"0x%zx\",\"goroutine\":", (size_t)s->wanted);
  goroutine_json(t, &s->by.who);
  text_add(t, ",\"wanted\":");
  lock_json(t, s->wanted, s->wanted_write, s->by.wanted_stack);
  text_add(t, ",\"locks\":[");
  lock_json(t, s->held, s->held_write, s->by.held_stack);
  text_add(t, "],\"stack\":");
  stack_json(t, s->by.wanted_stack);
  created_json(t, &s->by.who);
  text_add(t, "}");
}

static void plain_step(struct text *t, const struct order_step *s) {
  text_add(t, " lock of 0x%zx by %s %llu\n", (size_t)s->wanted, s->by.who.thread ? "thread" : "goroutine",
           (unsigned long long)s->by.who.id);
  plain_stack(t, s->by.wanted_stack);
  text_add(t, "  while it held 0x%zx, locked at\n", (size_t)s->held);
  plain_stack(t, s->by.held_stack);
}

static int write_cycle(const void *arg) {
  const struct order_cycle *c = arg;
  struct text json = {0}, plain = {0};
  finding_begin(&json, "GW1002");
  text_add(&json, ",\"message\":\"lock-order inversion of %u locks\",\"accesses\":[", c->n);
  text_add(&plain, "error: lock-order inversion of %u locks [GW1002]\n", c->n);
  for (unsigned i = 0; i < c->n; i++) {
    if (i) text_add(&json, ",");
    step_json(&json, &c->step[i]);
    plain_step(&plain, &c->step[i]);
  }
  text_add(&json, "],\"memory\":{\"kind\":\"unknown\"}");
  int verdict = finding_end(&json, plain.at);
  text_free(&json);
  text_free(&plain);
  return verdict;
}

static uint64_t hash_of(uint32_t stack) {
  const struct depot_record *r = depot_get(stack);
  return r ? r->hash : 0;
}

/* The same whichever side comes first. */
static void tell_cycle(void *arg) {
  const struct order_cycle *c = arg;
  uint64_t hash = 0x1002;
  for (unsigned i = 0; i < c->n; i++) {
    uint64_t side = hash_of(c->step[i].by.wanted_stack) * 0x9E3779B97F4A7C15u ^ hash_of(c->step[i].by.held_stack);
    hash += side * 0xC2B2AE3D27D4EB4Fu;
  }
  report_once(hash, write_cycle, c);
}

void report_lock_order(struct det_thread *t, struct order_cycle *c) {
  (void)t;
  det_call_aside(tell_cycle, c);
}
