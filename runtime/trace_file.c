/* Writes the timeline (trace_format.h): at the end of the process, by a finding, a fault and a signal, and for who asks
 * for a part of it over HTTP.  The program runs on meanwhile: see trace.c.  No memory is needed, so that a fault's
 * handler may write. */
#define _GNU_SOURCE /* strerrordesc_np */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/modules.h"
#include "base/options.h"
#include "dump.h"
#include "trace.h"

static uint32_t writing; /* atomic, futex: one at a time, which guards what is static here */
static uint32_t writer;  /* atomic, relaxed: the thread that does; 0: nobody, or not known yet */
static uint64_t steps;   /* atomic, relaxed: that writers have made */
static int process;      /* a forked child doesn't overwrite its parent's file */

static bool try_begin(void) {
  if (__atomic_exchange_n(&writing, 1, __ATOMIC_ACQUIRE)) return false;
  __atomic_store_n(&writer, prim_gettid(), __ATOMIC_RELAXED);
  return true;
}

/* Waits for who writes now: as long as he gets on, however slowly, and for so long at most where he doesn't.  Not at
 * all if it is the caller, in a handler of a signal that came meanwhile. */
static bool begin_within(int64_t patience) {
  uint64_t seen = 0;
  int64_t until = 0;
  while (!try_begin()) {
    uint64_t now = __atomic_load_n(&steps, __ATOMIC_RELAXED) + 1;
    if (__atomic_load_n(&writer, __ATOMIC_RELAXED) == prim_gettid()) return false;
    if (now != seen) until = prim_now() + patience;
    seen = now;
    if (prim_now() >= until) return false;
    prim_futex_wait(&writing, 1, 10 * GW_MS);
  }
  return true;
}

/* release: pairs with the acquire in try_begin */
static void end(void) {
  __atomic_store_n(&writer, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
  prim_futex_wake(&writing, 1);
}

/* How long who makes no step is waited for: by who ends the process with a fault or a signal, on a thread that may have
 * interrupted what the writer waits for; and else, where no machine lets a thread wait for so long.  Guesses. */
#define STUCK (5 * GW_S)
#define STUCK_AT_END (60 * GW_S)

struct out {
  const struct inspect_sink *to;
  uint64_t at; /* bytes so far */
  int error;   /* the sink's first */
};

static void put(struct out *o, const void *p, size_t n) {
  if (o->error || n == 0) return;
  o->error = o->to->put(o->to->arg, o->at, p, n);
  o->at += n;
  __atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
}

static void put_list(struct out *o, const struct trace_list *l, int64_t from) {
  for (const struct trace_chunk *c = __atomic_load_n(&l->first, __ATOMIC_ACQUIRE); c; c = c->next) {
    uint32_t n = __atomic_load_n(&c->n, __ATOMIC_ACQUIRE); /* pairs with the release in event_done */
    if (n > 0 && c->event[n - 1].time >= from) put(o, c->event, n * sizeof c->event[0]);
  }
}

static void put_module(struct out *o, const struct module *m) {
  char line[640];
  int n =
      snprintf(line, sizeof line, "module %zx %zx %zx %s\n", (size_t)m->lo, (size_t)m->hi, (size_t)m->bias, m->path);
  put(o, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

struct names {
  struct out *out;
  int64_t time; /* theirs */
};

/* What is read of one that ends meanwhile may be another's name, or half of it.  Then it has told its name itself, in
 * an event that comes later in the timeline, and that one counts. */
static void put_name(struct g *g, void *arg) {
  const struct names *names = arg;
  struct trace_event event[TRACE_NAME_EVENTS];
  put(names->out, event, trace_name_events(g, names->time, event) * sizeof event[0]);
}

static void put_modules(struct out *o) {
  static struct modules modules;
  modules_read(&modules);
  for (unsigned i = 0; i < modules.n; i++) put_module(o, &modules.at[i]);
}

/* First the names of the living, then what time it is, then the events: whoever had ended before the names were read
 * has told his own by then. */
static int write_locked(int64_t from, const struct inspect_sink *to) {
  struct out o = {.to = to};
  struct trace_head head = {.magic = TRACE_MAGIC, .start = from};
  put(&o, &head, sizeof head);
  g_each(put_name, &(struct names){&o, from});
  head.end = prim_now();
  for (const struct trace_list *l = trace_lists(); l; l = l->next) {
    put_list(&o, l, from);
    if (from <= sched.start) head.lost += __atomic_load_n(&l->lost, __ATOMIC_RELAXED);
  }
  head.text = o.at;
  put_modules(&o);
  return o.error ? o.error : to->put(to->arg, 0, &head, sizeof head); /* now that it is known how much there is */
}

int inspect_trace_write(int64_t from, const struct inspect_sink *to) {
  begin_within(INT64_MAX / 2);
  int r = write_locked(from, to);
  end();
  return r;
}

/* ---- files ---- */

static int put_file(void *fd, uint64_t at, const void *p, size_t n) {
  int64_t r = 0;
  for (size_t done = 0; done < n; done += (size_t)r) {
    r = prim_write_at(*(int *)fd, (const char *)p + done, n - done, at + done);
    if (r <= 0) return r < 0 ? (int)r : -EIO;
  }
  return 0;
}

int inspect_trace_save(const char *path) {
  int fd = prim_open_write(path);
  if (fd < 0) return fd;
  int r = inspect_trace_write(sched.start, &(struct inspect_sink){put_file, &fd});
  prim_close(fd);
  return r;
}

static void save_within(int64_t patience) {
  if (!process || process != prim_getpid() || !begin_within(patience)) return;
  int fd = prim_open_write(gw__opts.trace), r = fd;
  if (fd >= 0) {
    r = write_locked(sched.start, &(struct inspect_sink){put_file, &fd});
    prim_close(fd);
  }
  static bool told; /* by who writes: a finding's timeline, and the one at exit */
  if (r < 0 && !told)
    gw__warn("can't write the timeline %s (%s): set GODWIT=trace=FILE to a writable place", gw__opts.trace,
             strerrordesc_np(-r)); /* no locale, no lock: this may be in a fault's handler */
  told = r < 0;
  end();
}

void trace_write(void) { save_within(STUCK); }

/* The end of the process writes it once more. */
static void on_finding(void) { save_within(0); }

/* Who writes a part of it meanwhile comes to its end. */
static void at_exit(int status, void *arg) {
  (void)status, (void)arg;
  save_within(STUCK_AT_END);
}

/* Signals by which people end programs.  Who handles one by itself, or ignores it, goes on doing so. */
static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDINGS = sizeof endings / sizeof endings[0] };
static struct prim_handler before[ENDINGS];

static void on_ending(int sig, void *info, void *context) {
  (void)info, (void)context;
  static uint32_t ending; /* atomic: who comes second leaves the end to the first, who is writing */
  uint32_t never = 0;
  while (__atomic_exchange_n(&ending, 1, __ATOMIC_ACQ_REL)) prim_futex_wait(&never, 0, -1);
  trace_write();
  for (int i = 0; i < ENDINGS; i++)
    if (endings[i] == sig) prim_handler_restore(sig, &before[i]);
  prim_signal_self(sig, NULL);
}

static void handle_endings(void) {
  for (int i = 0; i < ENDINGS; i++)
    if (prim_handler_set(endings[i], on_ending, &before[i]) == 0 && before[i].f)
      prim_handler_restore(endings[i], &before[i]);
}

void trace_init(void) {
  if (!*gw__opts.trace) return;
  process = prim_getpid();
  trace_want();
  on_exit(at_exit, NULL);
  handle_endings();
  log_on_finding = on_finding; /* should the process be killed afterwards, what led there is kept */
}
