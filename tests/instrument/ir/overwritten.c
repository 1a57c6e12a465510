// RUN: clang -O1 -g -S -emit-llvm | OVER
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// A read needs no check of its own where a write of the same bytes certainly follows.
#include <string.h>
void other(void);

// OVER-LABEL: define {{.*}} @swap(
// OVER-NOT: __gw_read
// OVER: call preserve_allcc void @__gw_write8({{.*}}), !dbg
// OVER: call preserve_allcc void @__gw_write8({{.*}}), !dbg
// OVER-NOT: __gw_
// AUDIT-LABEL: define {{.*}} @swap(
// AUDIT-COUNT-2: call preserve_allcc void @__gw_read8(
// AUDIT-COUNT-2: call preserve_allcc void @__gw_write8(
void swap(long *a, long *b) {
  long x = *a;
  long y = *b;
  *a = y;
  *b = x;
}

// By two writes, and by one that is longer.
struct pair {
  int a, b;
  long c;
};
// OVER-LABEL: define {{.*}} @parts(
// OVER-NOT: __gw_{{.*}}read
// OVER: ret i64
long parts(struct pair *p) {
  long both, c = p->c;
  memcpy(&both, p, 8);
  p->a = 1;
  p->b = 2;
  memset(&p->b, 0, 12);
  return both + c;
}

// Not all of its bytes.
// OVER-LABEL: define {{.*}} @half(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_write4(
// OVER: ret i64
long half(struct pair *p) {
  long both;
  memcpy(&both, p, 8);
  p->b = 2;
  return both;
}

// Not across a call, nor in another block.
// OVER-LABEL: define {{.*}} @call(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call void @other(
// OVER: call preserve_allcc void @__gw_write8(
// OVER: ret i64
long call(long *p) {
  long before = *p;
  other();
  *p = 1;
  return before;
}
// OVER-LABEL: define {{.*}} @perhaps(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_write8(
// OVER: ret i64
long perhaps(long *p) {
  long before = *p;
  if (before > 3) *p = 1;
  return before;
}

// Nor where what was read may be what keeps the write from happening: an address, a divisor,
struct node {
  struct node *next;
};
// OVER-LABEL: define {{.*}} @pop(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_write8(
// OVER: ret ptr
struct node *pop(struct node **head) {
  struct node *n = *head;
  *head = n->next;
  return n;
}
// OVER-LABEL: define {{.*}} @share(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_write8(
// OVER: ret i64
long share(long *p, long of) {
  long n = *p, each = of / n;
  *p = 0;
  return each;
}
// or an address that went through memory.
// OVER-LABEL: define {{.*}} @through(
// OVER-COUNT-2: call preserve_allcc void @__gw_read8(
// OVER: call preserve_allcc void @__gw_write8(
// OVER: call preserve_allcc void @__gw_read8(
// OVER: ret void
void through(long **p, long ***spare) {
  long *at = *p;
  *spare[0] = at;
  **spare[1] = 3;
  *p = 0;
}
// OVER-LABEL: define {{.*}} @end(
void end(void) {}
