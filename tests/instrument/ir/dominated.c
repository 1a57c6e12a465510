// RUN: clang -O1 -g -S -emit-llvm | CHECK
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// What was checked on every way to an access, in the same region, needs no check there.  Stores to `out` keep the
// optimiser from leaving out the access itself.
struct item {
  struct item *next;
  long n;
};
void other(void);

// CHECK-LABEL: define {{.*}} @after_both(
// CHECK-COUNT-1: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK-NOT: __gw_{{(check_)?}}read
// CHECK: ret i64
// AUDIT-LABEL: define {{.*}} @after_both(
// AUDIT-COUNT-4: call preserve_allcc void @__gw_{{(check_)?}}read8(
// AUDIT: ret i64
long after_both(struct item *p, volatile long *out, long which) {
  long sum = p->n;
  if (which) {
    *out = 1;
    sum += p->n;
  } else {
    out[1] = 2;
    sum -= p->n * 3;
  }
  out[2] = 3;
  return sum + p->n;
}

// In each of two arms, none before: both stand for what follows.
// CHECK-LABEL: define {{.*}} @in_each(
// CHECK-COUNT-3: call preserve_allcc void @__gw_{{(check_)?}}write8(
// CHECK-NOT: __gw_{{(check_)?}}read
// CHECK: ret i64
long in_each(struct item *p, volatile long *out, long which) {
  if (which)
    p->n = 1;
  else
    ((volatile struct item *)p)->n = out == 0;
  *out = 3;
  return p->n;
}

// In one of two.
// CHECK-LABEL: define {{.*}} @in_one(
// CHECK-COUNT-2: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK: ret i64
long in_one(struct item *p, volatile long *out, long which) {
  long sum = 0;
  if (which) sum = ((volatile struct item *)p)->n;
  *out = 3;
  return sum + ((volatile struct item *)p)->n;
}

// Not across the end of a region, on whichever way.
// CHECK-LABEL: define {{.*}} @call_in_one(
// CHECK-COUNT-2: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK: ret i64
long call_in_one(struct item *p, long which) {
  long sum = p->n;
  if (which) other();
  return sum + p->n;
}

// A read stands for no write, and a part not for the whole.
// CHECK-LABEL: define {{.*}} @read_then_write(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}write8(
// CHECK: ret void
void read_then_write(struct item *p) {
  if (p->n > 3) p->n = 3;
}
union word {
  long all;
  int half[2];
};
// CHECK-LABEL: define {{.*}} @half_then_all(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read4(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK: ret i64
long half_then_all(union word *p) { return p->half[0] ? p->all : 0; }
// CHECK-LABEL: define {{.*}} @other_half_then_all(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read4(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK: ret i64
long other_half_then_all(union word *p) { return p->half[1] ? p->all : 0; }
// CHECK-LABEL: define {{.*}} @all_then_half(
// CHECK: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK-NOT: __gw_{{(check_)?}}read4
// CHECK: ret i64
long all_then_half(volatile union word *p) { return p->all ? p->half[1] : 0; }

// The base is another in the next turn: `next` and `n` of each node, once.
// CHECK-LABEL: define {{.*}} @walk(
// CHECK-COUNT-2: call preserve_allcc void @__gw_{{(check_)?}}read8(
// CHECK-NOT: __gw_{{(check_)?}}read
// CHECK: ret i64
long walk(struct item *p, volatile long *out) {
  long sum = 0;
  for (; p; p = p->next) {
    sum += p->n;
    if (sum > 3) *out = sum, sum += p->n;
  }
  return sum;
}
// CHECK-LABEL: define {{.*}} @end(
void end(void) {}
