#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "paranoid.h"
#include "prim.h"

static void say(const char *prefix, const char *fmt, va_list ap) {
  char line[1024];
  int n = snprintf(line, sizeof line, "%s", prefix);
  int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
  if (m > 0) n += m < (int)sizeof line - n - 1 ? m : (int)sizeof line - n - 2;
  line[n++] = '\n';
  prim_write_all(2, line, (size_t)n);
}

_Noreturn void gw__check_failed(const char *what, const char *file, int line) {
  char msg[512];
  int n = snprintf(msg, sizeof msg, "godwit: internal check failed: %s (%s:%d)\n", what, file, line);
  prim_write_all(2, msg, n < (int)sizeof msg ? (size_t)n : sizeof msg - 1);
  paranoid_dump();
  prim_abort();
}

_Noreturn void gw__fatal(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  say("godwit: ", fmt, ap);
  va_end(ap);
  prim_exit(125);
}

void gw__warn(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  say("godwit: warning: ", fmt, ap);
  va_end(ap);
}
