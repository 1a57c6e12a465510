/* log.h */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/options.h"
#include "base/prim.h"
#include "base/render.h"
#include "base/suppress.h"

static int log_fd = -1; /* guarded by log_lock, as is what else changes here */

static int standard_stream(const char *path) {
  if (!*path || strcmp(path, "stderr") == 0) return 2;
  if (strcmp(path, "stdout") == 0) return 1;
  return -1;
}

static void open_log(void) {
  const char *path = gw__opts.log_path;
  log_fd = standard_stream(path);
  if (log_fd >= 0) return;
  char name[4096];
  snprintf(name, sizeof name, "%s.%d", path, (int)getpid());
  log_fd = prim_open_append(name);
  if (log_fd >= 0) return;
  gw__warn("cannot write the log %s (%s): findings go to standard error; set GODWIT=log_path=FILE to a writable place",
           name, strerror(-log_fd));
  log_fd = 2;
}

void log_write(const char *p, size_t n) {
  if (log_fd < 0) open_log();
  int r = prim_write_all(log_fd, p, n);
  if (r == 0 || log_fd == 2) return;
  gw__warn("cannot write the log (%s): findings go to standard error", strerror(-r));
  log_fd = 2;
  prim_write_all(2, p, n);
}

bool log_is_terminal(void) {
  int fd = standard_stream(gw__opts.log_path);
  return fd >= 0 && isatty(fd);
}

void log_after_fork(void) {
  log_findings = log_occurrences = 0;
  suppress_after_fork();
  if (log_fd > 2) prim_close(log_fd);
  log_fd = -1;
}

unsigned log_findings, log_occurrences;
void (*log_on_finding)(void);
struct spin_LOG log_lock;

static void write_finding(struct text *json, const struct text *rendered, bool symbols, const char *plain) {
  if (symbols) return log_write(rendered->at, rendered->n);
  if (strcmp(gw__opts.format, "json") != 0) return log_write(plain, strlen(plain));
  text_add(json, "\n");
  log_write(json->at, json->n);
}

int log_finding_locked(struct text *json, const char *plain) {
  struct text out = {0};
  int r = render_finding(json, &out);
  if (r < 0) {
    write_finding(json, &out, r == RENDER_SHOWN, plain);
    r = RENDER_SHOWN;
    __atomic_fetch_add(&log_findings, 1, __ATOMIC_RELAXED); /* a count, read once the process ends */
    if (log_on_finding) log_on_finding();
  }
  text_free(&out);
  log_again_locked(r);
  return r;
}

void log_again_locked(int was) {
  if (was >= 0)
    suppress_hit((unsigned)was);
  else
    __atomic_fetch_add(&log_occurrences, 1, __ATOMIC_RELAXED); /* as log_findings */
}

static void write_summary(int status) {
  if (!log_findings || strcmp(gw__opts.format, "text") != 0) return;
  char line[160];
  int n =
      snprintf(line, sizeof line, "godwit: %u finding%s (seen %u time%s); exit status %d (the program ended with %d)\n",
               log_findings, log_findings == 1 ? "" : "s", log_occurrences, log_occurrences == 1 ? "" : "s",
               (int)gw__opts.exitcode, status);
  log_write(line, (size_t)n);
}

int log_exit_status(int status) {
  static bool told, asked;
  spin_lock(&log_lock);
  if (!told) write_summary(status);
  told = log_findings;
  if (!asked) suppress_summary();
  asked = true;
  spin_unlock(&log_lock);
  return __atomic_load_n(&log_findings, __ATOMIC_RELAXED) ? (int)gw__opts.exitcode : status;
}
