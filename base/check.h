/* GW_CHECK: an invariant of ours, checked in release builds too.  A failure prints where and what, and aborts. */
#ifndef GW_BASE_CHECK_H
#define GW_BASE_CHECK_H

#define GW_CHECK(cond)                                                             \
  do {                                                                             \
    if (__builtin_expect(!(cond), 0)) gw__check_failed(#cond, __FILE__, __LINE__); \
  } while (0)

/* Ends the process by SIGABRT. Signal-safe. */
_Noreturn void gw__check_failed(const char *what, const char *file, int line);
/* "godwit: MESSAGE" on standard error (printf format), as one write; then the process ends with status 125. For a world
 * that refuses: the message says what to do. */
_Noreturn void gw__fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "godwit: warning: MESSAGE" on standard error, as one write. */
void gw__warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
