// RUN: clang -O2 -mllvm -godwit-mode=plain -fno-pie -S | EXEC
// RUN: clang -O2 -mllvm -godwit-mode=plain -fPIE -S | EXEC
// RUN: clang -O1 -mllvm -godwit-mode=plain -fPIE -S | EXEC
// RUN: clang -O2 -mllvm -godwit-mode=plain -fPIC -S | SHARED
// RUN: clang -O0 -mllvm -godwit-mode=plain -S | UNOPT
// RUN: clang -O2 -S | RACE
// Which loops poll, with what instructions, and what is computed anew behind a poll.
#include <errno.h>
#include <pthread.h>

// A comparison in memory and a branch that isn't taken.
// EXEC-LABEL: waits:
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
// EXEC-NEXT: jne [[COLD:\.LBB[0-9_]+]]
// EXEC: [[COLD]]:
// EXEC: callq __gw_poll_switch
// SHARED-LABEL: waits:
// SHARED: movq __gw_poll@GOTTPOFF(%rip), [[AT:%r[a-z0-9]+]]
// SHARED: cmpl $0, %fs:([[AT]])
// UNOPT-LABEL: waits:
// UNOPT: __gw_poll@TPOFF
// UNOPT: callq __gw_poll_switch
// RACE-LABEL: waits:
// RACE: cmpl $0, %fs:__gw_poll@TPOFF
// RACE: callq __gw_poll_switch
// RACE: %fs:(
volatile int flag;
void waits(void) {
  while (!flag) {
  }
}

// It ends with the array.
// EXEC-LABEL: sums:
// EXEC-NOT: __gw_poll
// EXEC: .cfi_endproc
long sums(const int *a, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += a[i];
  return sum;
}

// Cut into strips: the inner loop is as it was.
// EXEC-LABEL: steps:
// EXEC: Inner Loop Header: Depth=2
// EXEC-NOT: __gw_poll
// EXEC: {{j(e|ne)}}
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
unsigned long steps(unsigned long x, long n) {
  for (long i = 0; i < n; i++) x = (x ^ x >> 7) * 77777;
  return x;
}

// Only the outer one: the inner one ends by itself.
// EXEC-LABEL: nest:
// EXEC: Inner Loop
// EXEC-NOT: __gw_poll
// EXEC: ja
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
// EXEC-NOT: __gw_poll@TPOFF
// EXEC: .cfi_endproc
void nest(double *a, long n) {
  for (long i = 0; i < n; i++)
    for (long j = 0; a[j] > 0; j++) a[j] += a[i];
}

// EXEC-LABEL: few:
// EXEC-NOT: __gw_poll@TPOFF
// EXEC: .cfi_endproc
// UNOPT-LABEL: few:
void few(volatile int *a) {
  for (int i = 0; i < 40; i++) a[i] = i;
}

// Neither the address nor the value stays in a register.
// EXEC-LABEL: own_variable:
// EXEC: {{^}}[[OWN:\.LBB[0-9_]+]]:
// EXEC: incl %fs:(%r
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
// EXEC: j{{n?e}} [[OWN]]
// EXEC: .cfi_endproc
// SHARED-LABEL: own_variable:
// SHARED: {{^}}[[OWN:\.LBB[0-9_]+]]:
// SHARED: call{{.*}} __gw_tls_address.own
// SHARED: __gw_poll@GOTTPOFF
_Thread_local int own;
void own_variable(void) {
  do own++;
  while (!flag);
}

// EXEC-LABEL: behind:
// EXEC: movl $1, %fs:(%r
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
// EXEC: movl %fs:(%r{{.*}}, %eax
// EXEC: .cfi_endproc
// SHARED-LABEL: behind:
// SHARED: call{{.*}} __gw_tls_address.own
// SHARED: call{{.*}} __gw_tls_address.own
// SHARED: __gw_poll@GOTTPOFF
// SHARED: .cfi_endproc
int behind(void) {
  own = 1;
  while (!flag) {
  }
  return own;
}

// EXEC-LABEL: error:
// EXEC: call{{.*}} __errno_location
// EXEC: cmpl $0, %fs:__gw_poll@TPOFF
// EXEC: call{{.*}} __errno_location
int error(void) {
  errno = 0;
  while (!flag) {
  }
  return errno;
}

// EXEC-LABEL: holds:
// EXEC: call{{.*}} pthread_mutex_lock
// EXEC: %fs:__gw_poll@TPOFF+4
// EXEC: call{{.*}} pthread_mutex_unlock
// EXEC: %fs:__gw_poll@TPOFF+4
// RACE-LABEL: holds:
// RACE-NOT: __gw_poll@TPOFF+4
// RACE: .cfi_endproc
void holds(pthread_mutex_t *m) {
  pthread_mutex_lock(m);
  pthread_mutex_unlock(m);
}
