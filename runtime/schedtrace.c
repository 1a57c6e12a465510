/* The scheduler's state as lines on standard error (schedtrace, scheddetail), in Go's words to the letter: of Go 1.20
 * for the first line, of 1.19 (-1 for "none") for the detail that follows it.
 *
 * It runs on the monitor and takes no lock, so that a scheduler that is stuck is shown, too: Ps, Ms and Gs are never
 * given back, and what is read is torn at worst.  A field that only Go has is shown as Go shows it at rest. */
#include "schedtrace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/options.h"
#include "g.h"

static const char *const reasons[] = {
#define REASON(id, text) text,
#include "godwit/reasons.inc"
};

/* Lines are written in pieces of this size, never cut in the middle. */
static struct {
  char at[4096];
  size_t n;
} out; /* the monitor's alone */

static void flush(void) {
  prim_write_all(2, out.at, out.n);
  out.n = 0;
}

static __attribute__((format(printf, 1, 2))) void say(const char *fmt, ...) {
  enum { LINE_MAX_BYTES = 512 };
  if (sizeof out.at - out.n < LINE_MAX_BYTES) flush();
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(out.at + out.n, sizeof out.at - out.n, fmt, ap);
  va_end(ap);
  if (n > 0) out.n += (size_t)n;
}

static int64_t m_number(const struct m *m) { return m ? (int64_t)m->id : -1; }
static int64_t p_number(const struct p *p) { return p ? (int64_t)p->id : -1; }
static int64_t g_number(const struct g *g) { return g ? (int64_t)g->id : -1; }

static uint32_t runq_length(const struct p *p) {
  uint32_t n = __atomic_load_n(&p->tail, __ATOMIC_RELAXED) - __atomic_load_n(&p->head, __ATOMIC_RELAXED);
  return n > RUNQ_SIZE ? 0 : n; /* the two loads don't belong together */
}

/* Ms that wait for the goroutine that is locked to them. */
static uint32_t locked_idle(void) {
  uint32_t n = 0;
  for (struct m *m = __atomic_load_n(&sched.all_m, __ATOMIC_ACQUIRE); m; m = m->all_next)
    if (m->locked_g && !m->cur && !m->p) n++;
  return n;
}

static void say_p(uint32_t i) {
  const struct p *p = procs_all[i];
  uint32_t status = __atomic_load_n(&p->status, __ATOMIC_RELAXED);
  int number = status == P_RUNNING ? 1 : status == P_IDLE ? 0 : 4;
  say("  P%u: status=%d schedtick=%u syscalltick=0 m=%lld runqsize=%u gfreecnt=%u timerslen=%u\n", i, number,
      __atomic_load_n(&p->schedtick, __ATOMIC_RELAXED),
      (long long)m_number(status == P_RUNNING ? __atomic_load_n(&p->m, __ATOMIC_RELAXED) : NULL), runq_length(p),
      p->free_n, p->timers.n);
}

static void say_m(int64_t id, const struct m *m) {
  const struct g *cur = m ? m->cur : NULL;
  const struct p *p = m ? m->p : NULL;
  if (p && __atomic_load_n(&p->m, __ATOMIC_RELAXED) != m) p = NULL; /* taken away: m hasn't noticed yet */
  say("  M%lld: p=%lld curg=%lld mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=%s blocked=%s "
      "lockedg=%lld\n",
      (long long)id, (long long)p_number(p), (long long)g_number(cur), m && m->spinning ? "true" : "false",
      m && !cur && !p ? "true" : "false", (long long)g_number(m ? m->locked_g : NULL));
}

/* Go's numbers of ours. */
static int status_number(uint32_t status) {
  switch (status) {
    case G_RUNNABLE:
      return 1;
    case G_RUNNING:
      return 2;
    case G_BLOCKING:
      return 3;
    case G_WAITING:
      return 4;
    default:
      return 6;
  }
}

static void say_g(struct g *g, void *arg) {
  (void)arg;
  uint32_t status = __atomic_load_n(&g->status, __ATOMIC_RELAXED), reason = g->reason;
  bool on_m = status == G_RUNNING || status == G_BLOCKING;
  say("  G%llu: status=%d(%s) m=%lld lockedm=%lld\n", (unsigned long long)g->id, status_number(status),
      status == G_WAITING && reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "",
      (long long)m_number(on_m ? g->m : NULL), (long long)m_number(g->locked_m));
}

static void say_detail(uint32_t procs, uint32_t ms, uint32_t locked) {
  say(" gcwaiting=0 nmidlelocked=%u stopwait=0 sysmonwait=0\n", locked); /* the monitor is awake: it prints this */
  for (uint32_t i = 0; i < procs; i++) say_p(i);
  say_m(ms, NULL); /* the monitor, which Go counts among its Ms */
  for (struct m *m = __atomic_load_n(&sched.all_m, __ATOMIC_ACQUIRE); m; m = m->all_next) say_m(m->id, m);
  g_each(say_g, NULL);
}

static void schedtrace_print(int64_t now) {
  uint32_t procs = __atomic_load_n(&sched.procs, __ATOMIC_RELAXED), locked = locked_idle();
  uint32_t all = __atomic_load_n(&sched.all_procs, __ATOMIC_ACQUIRE); /* pairs with the release in procs_grow_locked */
  uint32_t ms = __atomic_load_n(&sched.ms, __ATOMIC_RELAXED), idle = __atomic_load_n(&sched.idle_ms, __ATOMIC_RELAXED);
  if (procs > all) procs = all;
  say("SCHED %lldms: gomaxprocs=%u idleprocs=%u threads=%u spinningthreads=%u needspinning=0 idlethreads=%u "
      "runqueue=%u",
      (long long)((now - sched.start) / GW_MS), procs, __atomic_load_n(&sched.idle_procs, __ATOMIC_RELAXED), ms + 1,
      __atomic_load_n(&sched.spinning, __ATOMIC_RELAXED), idle > locked ? idle - locked : 0,
      __atomic_load_n(&sched.queue.n, __ATOMIC_RELAXED));
  if (gw__opts.scheddetail) {
    say_detail(procs, ms, locked);
  } else {
    for (uint32_t i = 0; i < procs; i++) say(i ? " %u" : " [%u", runq_length(procs_all[i]));
    say("]\n");
  }
  flush();
}

bool schedtrace_due(int64_t now) {
  static int64_t last; /* the monitor's alone */
  if (LIKELY(gw__opts.schedtrace <= 0)) return false;
  if (last && now - last < gw__opts.schedtrace * GW_MS) return true;
  last = now;
  schedtrace_print(now);
  return true;
}
