/* Clocks, dates and sleeps: what they are told is read, what they fill in is written.  localtime and its like write one
 * static result for all threads, which is reported as what it is. */
#include "detector/libc.h"

time_t __gw_i_time(time_t *out) {
  CALLER();
  if (out) W(out, sizeof *out);
  return time(out);
}
int __gw_i_gettimeofday(struct timeval *out, void *zone) {
  CALLER();
  W(out, sizeof *out);
  return gettimeofday(out, zone);
}
int __gw_i_clock_gettime(clockid_t clock, struct timespec *t) {
  CALLER();
  int r = clock_gettime(clock, t);
  if (r == 0) W(t, sizeof *t);
  return r;
}
int __gw_i_clock_getres(clockid_t clock, struct timespec *t) {
  CALLER();
  int r = clock_getres(clock, t);
  if (r == 0 && t) W(t, sizeof *t);
  return r;
}
int __gw_i_timespec_get(struct timespec *t, int base) {
  CALLER();
  int r = timespec_get(t, base);
  if (r) W(t, sizeof *t);
  return r;
}

/* The rest of the time is stored only if a signal came. */
int __gw_i_nanosleep(const struct timespec *t, struct timespec *left) {
  CALLER();
  R(t, sizeof *t);
  int r = nanosleep(t, left);
  if (r && errno == EINTR && left) W(left, sizeof *left);
  return r;
}
int __gw_i_clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left) {
  CALLER();
  R(t, sizeof *t);
  int r = clock_nanosleep(clock, flags, t, left);
  if (r == EINTR && left && !(flags & TIMER_ABSTIME)) W(left, sizeof *left);
  return r;
}

#define BROKEN_DOWN(name)                                       \
  struct tm *__gw_i_##name(const time_t *t) {                   \
    CALLER();                                                   \
    R(t, sizeof *t);                                            \
    struct tm *out = name(t);                                   \
    if (out) W(out, sizeof *out);                               \
    return out;                                                 \
  }                                                             \
  struct tm *__gw_i_##name##_r(const time_t *t, struct tm *o) { \
    CALLER();                                                   \
    R(t, sizeof *t);                                            \
    struct tm *out = name##_r(t, o);                            \
    if (out) W(out, sizeof *out);                               \
    return out;                                                 \
  }
BROKEN_DOWN(localtime)
BROKEN_DOWN(gmtime)

/* They put the fields in order. */
#define TOGETHER(name)                 \
  time_t __gw_i_##name(struct tm *t) { \
    CALLER();                          \
    W(t, sizeof *t);                   \
    return name(t);                    \
  }
TOGETHER(mktime)
TOGETHER(timegm)

#define IN_WORDS(name, type)                        \
  char *__gw_i_##name(const type *t) {              \
    CALLER();                                       \
    R(t, sizeof *t);                                \
    char *out = name(t);                            \
    if (out) W(out, strlen(out) + 1);               \
    return out;                                     \
  }                                                 \
  char *__gw_i_##name##_r(const type *t, char *o) { \
    CALLER();                                       \
    R(t, sizeof *t);                                \
    char *out = name##_r(t, o);                     \
    if (out) W(out, strlen(out) + 1);               \
    return out;                                     \
  }
IN_WORDS(asctime, struct tm) /* NOLINT(bugprone-unsafe-functions): as it was called */
IN_WORDS(ctime, time_t)

size_t __gw_i_strftime(char *to, size_t n, const char *f, const struct tm *t) {
  CALLER();
  R_STRING(f);
  R(t, sizeof *t);
  size_t r = strftime(to, n, f, t);
  if (r) W(to, r + 1);
  return r;
}
char *__gw_i_strptime(const char *s, const char *f, struct tm *t) {
  CALLER();
  R_STRING(f);
  char *end = strptime(s, f, t);
  if (end) {
    R(s, (size_t)(end - s));
    W(t, sizeof *t);
  }
  return end;
}

/* Alarms. */
int __gw_i_setitimer(__itimer_which_t which, const struct itimerval *restrict value, struct itimerval *restrict old) {
  CALLER();
  if (value) R(value, sizeof *value);
  posix_hands_over(g);
  int r = setitimer(which, value, old);
  if (r == 0 && old) W(old, sizeof *old);
  return r;
}
int __gw_i_getitimer(__itimer_which_t which, struct itimerval *value) {
  CALLER();
  int r = getitimer(which, value);
  if (r == 0) W(value, sizeof *value);
  return r;
}
int __gw_i_timer_gettime(timer_t t, struct itimerspec *value) {
  CALLER();
  int r = timer_gettime(t, value);
  if (r == 0) W(value, sizeof *value);
  return r;
}
int __gw_i_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
  CALLER();
  R(value, sizeof *value);
  if (g) fd_release(g, fd); /* before who reads that it has expired */
  int r = timerfd_settime(fd, flags, value, old);
  if (r == 0 && old) W(old, sizeof *old);
  return r;
}
int __gw_i_timerfd_gettime(int fd, struct itimerspec *value) {
  CALLER();
  int r = timerfd_gettime(fd, value);
  if (r == 0) W(value, sizeof *value);
  return r;
}
