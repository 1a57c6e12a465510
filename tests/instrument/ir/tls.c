// RUN: clang -O2 -mllvm -godwit-mode=plain -fno-pie -S | EXEC
// RUN: clang -O2 -mllvm -godwit-mode=plain -fPIE -S | EXEC
// RUN: clang -O3 -mllvm -godwit-mode=plain -fPIC -S | SHARED
// RUN: clang -O2 -mllvm -godwit-mode=plain -fPIC -S | SHARED
// The assembly has no thread's address in a register across a call: neither a thread-local's, nor errno's, nor oneself.
#include <errno.h>
#include <pthread.h>
void other(void);
static _Thread_local int own;
_Thread_local int common;

// EXEC-LABEL: variables:
// EXEC: own@GOTTPOFF(%rip)
// EXEC: %fs:(%r
// EXEC: call{{.*}} other
// EXEC: %fs:(%r
// EXEC: %fs:(%r
// EXEC: ret
// SHARED-LABEL: variables:
// SHARED: call{{.*}} __gw_tls_address.own
// SHARED: call{{.*}} other
// SHARED-DAG: call{{.*}} __gw_tls_address.own
// SHARED-DAG: call{{.*}} __gw_tls_address.common
// SHARED: ret
int variables(int n) {
  own += n;
  common = n;
  other();
  own += 2;
  return own + common;
}

// EXEC-LABEL: library:
// EXEC: call{{.*}} __errno_location
// EXEC: call{{.*}} other
// EXEC: call{{.*}} __errno_location
// SHARED-LABEL: library:
// SHARED: call{{.*}} __errno_location
// SHARED: call{{.*}} other
// SHARED: call{{.*}} __errno_location
int library(void) {
  errno = 0;
  other();
  return errno;
}

// EXEC-LABEL: self:
// EXEC: call{{.*}} pthread_self
// EXEC: call{{.*}} other
// EXEC: call{{.*}} pthread_self
int self(void) {
  pthread_t before = pthread_self();
  other();
  return before == pthread_self();
}
