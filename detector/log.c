/* The findings' log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/options.h"
#include "base/prim.h"
#include "detector/start.h"

static int log_fd = -1;

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

void det_log_write(const char *p, size_t n) {
  if (log_fd < 0) open_log();
  int r = prim_write_all(log_fd, p, n);
  if (r == 0 || log_fd == 2) return;
  gw__warn("cannot write the log (%s): findings go to standard error", strerror(-r));
  log_fd = 2;
  prim_write_all(2, p, n);
}

bool det_log_is_terminal(void) {
  int fd = standard_stream(gw__opts.log_path);
  return fd >= 0 && isatty(fd);
}

void det_log_after_fork(void) {
  if (log_fd > 2) prim_close(log_fd);
  log_fd = -1;
}
