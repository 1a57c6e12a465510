// RUN: clang -O1 -S -emit-llvm | RENAME
// RUN: clang -O0 -S -emit-llvm | RENAME
// RUN: clang -O2 -D_FORTIFY_SOURCE=2 -S -emit-llvm | RENAME
// RUN: clang -O1 -mllvm -godwit-mode=plain -S -emit-llvm | PLAIN
// Calls and addresses of intercepted functions, however they are spelled; never a function of the module's own.  What
// the detector mustn't bring into static programs by itself is asked for here.
#include <pthread.h>
#include <pwd.h>
#include <stddef.h>

// RENAME: @table = {{.*}}ptr @__gw_i_pthread_mutex_lock, ptr @__gw_i_free
// PLAIN: @table = {{.*}}ptr @pthread_mutex_lock, ptr @free
void free(void *p);
// RENAME: @[[ASKS:.*]] = private constant ptr @getpwuid
// RENAME: @llvm.compiler.used = {{.*}}ptr @[[ASKS]]
// PLAIN-NOT: @getpwuid
void *const table[] = {(void *)pthread_mutex_lock, (void *)free};

size_t strlen(const char *s);
void *other_name(size_t n) __asm__("malloc");
char *strdup(const char *s) { return (char *)s; }

// RENAME-LABEL: define {{.*}} @f(
// RENAME: call {{.*}} @__gw_i_pthread_mutex_lock(
// RENAME: call {{.*}} @__gw_i_strlen(
// RENAME: call {{.*}} @__gw_i_malloc(
// RENAME: call {{.*}} @__gw_i_pthread_mutex_unlock(
// PLAIN-LABEL: define {{.*}} @f(
// PLAIN: call {{.*}} @pthread_mutex_lock(
// PLAIN: call {{.*}} @malloc(
char *f(pthread_mutex_t *m, const char *s) {
  pthread_mutex_lock(m);
  char *p = other_name(strlen(s));
  pthread_mutex_unlock(m);
  return p;
}

// RENAME-LABEL: define {{.*}} @g(
// RENAME-NOT: __gw_i_strdup
char *g(const char *s) { return strdup(s); }
// RENAME: ret ptr
// RENAME-LABEL: define {{.*}} @h(
// RENAME: call {{.*}} @__gw_i_getpwuid(
// PLAIN-LABEL: define {{.*}} @h(
// PLAIN: call {{.*}} @getpwuid(
struct passwd *h(uid_t id) { return getpwuid(id); }
// RENAME-NOT: declare {{.*}} @pthread_mutex_lock
