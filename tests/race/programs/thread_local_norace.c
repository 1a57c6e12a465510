/* NO RACE */
/* Goroutines of one thread use its variables by their address, one after the other, in no other order. */
#include <godwit.h>
#include <stdio.h>
#include <string.h>

enum { USERS = 8, TURNS = 20 };
static gw_waitgroup done;

__attribute__((noinline)) static const char *text_of(int n) {
  static _Thread_local char text[32];
  memset(text, ' ', sizeof text);
  snprintf(text, sizeof text, "number %d", n);
  return text;
}

/* Without a poll between, so that nobody else runs on the thread meanwhile. */
__attribute__((noinline)) static long *counter(void) {
  static _Thread_local struct {
    long before, n;
  } c;
  __asm__("" ::"r"(&c) : "memory");
  return &c.n;
}

static void use(int n) {
  if (n % 4 == 0) gw_lock_os_thread();
  for (int i = 0; i < TURNS; i++) {
    if (strlen(text_of(n)) < 8) gw_panic("lost");
    ++*counter();
    gw_yield();
  }
  gw_waitgroup_done(&done);
}

int main(void) {
  gw_waitgroup_add(&done, USERS + 1);
  for (int i = 0; i < USERS; i++) gw_go(use, i);
  use(USERS);
  gw_waitgroup_wait(&done);
  return strlen(text_of(0)) < 8;
}
