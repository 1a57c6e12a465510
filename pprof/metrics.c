/* The index page, and /metrics in Prometheus's text format 0.0.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/prim.h"
#include "godwit/inspect.h"
#include "pprof/http.h"

enum { BUCKETS = 16, FIRST_NS = 1000 /* the lowest bound, doubled twice from each to the next */ };

static struct {
  uint64_t count[BUCKETS + 1]; /* atomic; the last: above all bounds */
  uint64_t sum_ns;             /* atomic */
} latency;

static int64_t bound_ns(int i) { return (int64_t)FIRST_NS << (2 * i); }

static void note_latency(int64_t ns) {
  int i = 0;
  while (i < BUCKETS && ns > bound_ns(i)) i++;
  __atomic_fetch_add(&latency.count[i], 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&latency.sum_ns, (uint64_t)(ns > 0 ? ns : 0), __ATOMIC_RELAXED);
}

void metrics_start(void) {
  gw__inspect_hooks.latency = note_latency;
  /* release: pairs with the acquire in the runtime: it finds the function */
  __atomic_fetch_or(&gw__inspect_hooks.on, INSPECT_LATENCY, __ATOMIC_RELEASE);
}

static void name(struct bytes *out, const char *metric, const char *type, const char *help) {
  bytes_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void value(struct bytes *out, const char *metric, const char *type, const char *help, double v) {
  name(out, metric, type, help);
  bytes_format(out, "%s %.17g\n", metric, v);
}

static void write_latency(struct bytes *out) {
  uint64_t total = 0;
  name(out, "godwit_scheduling_latency_seconds", "histogram",
       "Time from ready to running, of one in 64 waits of goroutines.");
  for (int i = 0; i < BUCKETS; i++) {
    total += __atomic_load_n(&latency.count[i], __ATOMIC_RELAXED);
    bytes_format(out, "godwit_scheduling_latency_seconds_bucket{le=\"%.9g\"} %llu\n", (double)bound_ns(i) / 1e9,
                 (unsigned long long)total);
  }
  total += __atomic_load_n(&latency.count[BUCKETS], __ATOMIC_RELAXED);
  bytes_format(out,
               "godwit_scheduling_latency_seconds_bucket{le=\"+Inf\"} %llu\n"
               "godwit_scheduling_latency_seconds_sum %.9f\ngodwit_scheduling_latency_seconds_count %llu\n",
               (unsigned long long)total, (double)__atomic_load_n(&latency.sum_ns, __ATOMIC_RELAXED) / 1e9,
               (unsigned long long)total);
}

static void write_queues(const struct inspect_sched *s, struct bytes *out) {
  name(out, "godwit_run_queue_length", "gauge", "Goroutines that wait for a processor, by queue.");
  bytes_format(out, "godwit_run_queue_length{queue=\"global\"} %u\n", s->global_queue);
  for (uint32_t i = 0; i < s->procs; i++)
    bytes_format(out, "godwit_run_queue_length{queue=\"%u\"} %u\n", i, inspect_runq(i));
}

static size_t read_small(const char *path, char *to, size_t n) {
  int fd = prim_open_read(path);
  int64_t got = fd < 0 ? 0 : prim_read(fd, to, n - 1);
  if (fd >= 0) prim_close(fd);
  to[got > 0 ? got : 0] = 0;
  return got > 0 ? (size_t)got : 0;
}

/* Names and meaning are those of Prometheus's own client libraries. */
static void write_process(const struct inspect_sched *s, struct bytes *out) {
  char text[2048];
  read_small("/proc/self/statm", text, sizeof text);
  char *at = text;
  double size = (double)strtoull(at, &at, 10), resident = (double)strtoull(at, &at, 10);
  value(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", size * PRIM_PAGE);
  value(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", resident * PRIM_PAGE);
  read_small("/proc/self/stat", text, sizeof text);
  at = strrchr(text, ')');
  double ticks = 0;
  if (at) { /* utime and stime are the 14th and 15th; the state, behind the name, is the 3rd */
    for (int field = 2; field < 13 && at; field++) at = strchr(at + 1, ' ');
    if (at) ticks = (double)strtoull(at, &at, 10);
    if (at) ticks += (double)strtoull(at, &at, 10);
  }
  value(out, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.", ticks / 100);
  if (s->start)
    value(out, "process_start_time_seconds", "gauge", "Start of the runtime since unix epoch in seconds.",
          (double)(prim_wall_now() - (prim_now() - s->start)) / 1e9);
}

void metrics_write(struct bytes *out) {
  struct inspect_sched s;
  inspect_sched(&s);
  value(out, "godwit_goroutines", "gauge", "Goroutines that exist.", (double)s.goroutines);
  value(out, "godwit_threads", "gauge", "Threads that run goroutines.", s.threads);
  value(out, "godwit_foreign_threads", "gauge", "Threads of the program's own that called godwit.", s.foreign_threads);
  value(out, "godwit_gomaxprocs", "gauge", "Processors that run goroutines.", s.gomaxprocs);
  value(out, "godwit_idle_processors", "gauge", "Processors that have nothing to run.", s.idle_procs);
  write_queues(&s, out);
  write_latency(out);
  value(out, "godwit_timers", "gauge", "Armed timers, and waits with an end.", (double)s.timers);
  value(out, "godwit_runtime_bytes", "gauge", "Memory of the library itself, stacks apart.", (double)arena_bytes());
  value(out, "godwit_findings_total", "counter", "Findings reported so far: races, misuse, deadlocks, leaks.",
        __atomic_load_n(&log_findings, __ATOMIC_RELAXED));
  write_process(&s, out);
}

void index_write(struct bytes *out) {
  bytes_str(out,
            "<!DOCTYPE html>\n<html>\n<head>\n<title>/debug/pprof/</title>\n<style>\n"
            "body { font-family: sans-serif }\ntd, th { padding: 0.2em 1em; text-align: left }\n"
            "td:first-child { text-align: right }\n</style>\n</head>\n<body>\n<h1>/debug/pprof/</h1>\n"
            "<p>Set debug=1 as a query parameter to export in text format.</p>\n"
            "<table>\n<thead><tr><th>Count</th><th>Profile</th><th></th></tr></thead>\n");
  for (size_t i = 0; i < source_count; i++) {
    struct profile p;
    const char *why = "";
    const char *title = sources[i].kind.name;
    if (strcmp(title, "cpu") == 0) continue;
    int64_t count = 0;
    if (strcmp(title, "goroutineleak") == 0) { /* the search stops the world: not for a look at the list */
      bytes_format(out, "<tr><td></td><td><a href=\"%s?debug=1\">%s</a></td><td>%s</td></tr>\n", title, title,
                   sources[i].about);
      continue;
    }
    int r = profile_take(&p, &sources[i], &why);
    bool sums = sources[i].kind.values == 1;
    for (size_t k = 0; r == 0 && k < profile_samples(&p); k++) count += sums ? profile_sample(&p, k)->value[0] : 1;
    bytes_format(out, "<tr><td>%lld</td><td><a href=\"%s?debug=1\">%s</a></td><td>%s</td></tr>\n", (long long)count,
                 title, title, r == 0 ? sources[i].about : why);
    profile_free(&p);
  }
  bytes_str(out,
            "</table>\n<p><a href=\"goroutine?debug=2\">full goroutine stack dump</a></p>\n<ul>\n"
            "<li><a href=\"profile\">profile</a>: CPU profile of 30 seconds, or of seconds=</li>\n"
            "<li><a href=\"trace\">trace</a>: what goroutines did within a second, or seconds=, for go tool trace; "
            "<a href=\"trace?format=chrome\">format=chrome</a> for Perfetto and the like</li>\n"
            "<li><a href=\"cmdline\">cmdline</a>: the command line of this program</li>\n"
            "<li>symbol: names of addresses, joined by +</li>\n"
            "<li><a href=\"/metrics\">/metrics</a>: figures for Prometheus</li>\n</ul>\n"
            "<p>NAME?seconds=N gives what came within N seconds.</p>\n</body>\n</html>\n");
}
