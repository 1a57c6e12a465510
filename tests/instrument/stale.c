// Thread-local addresses kept across calls that may block: a warning on each line that says WARN, and on no other.
#include <errno.h>
#include <godwit.h>
static _Thread_local int own;
_Thread_local struct {
  int a, b;
} pair;
void take(int *p, int v);
void kept(void) {
  int *p = &own;
  *p = 1;
  gw_yield();
  *p = 2; /* WARN own */
}
void in_loop(gw_chan(int) c) {
  int *p = &pair.b;
  for (int i = 0; i < 10; i++) {
    *p += i; /* WARN pair */
    gw_send(c, i);
  }
}
void taken_anew(void) {
  int *p = &own;
  *p = 1;
  gw_yield();
  p = &own;
  *p = 2;
}
void kept_errno(void) {
  int *e = &errno;
  gw_sleep(1);
  *e = 0; /* WARN errno */
}
void in_expression(gw_chan(int) c) { take(&own, gw_recv(c)); /* WARN own */ }
void locked(void) {
  gw_lock_os_thread();
  int *p = &own;
  gw_yield();
  *p = 2;
}
int by_name(void) {
  own = 1;
  errno = 0;
  gw_yield();
  return own + errno + pair.a;
}
void branch(int n) {
  static int other;
  int *p = n ? &own : &other;
  int *q = &own;
  if (n)
    gw_yield();
  else
    q = &other;
  *p = 1;
  *q = 1; /* WARN own */
}
