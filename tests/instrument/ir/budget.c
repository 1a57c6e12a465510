// RUN: clang -O2 -S -emit-llvm | CHECK
// Which checks are inline.  What hardly any call of a small function comes by is not.
void cold(void) __attribute__((cold));

// CHECK-LABEL: define {{.*}} @small(
// CHECK: call preserve_allcc void @__gw_read8(
// CHECK: call preserve_allcc void @__gw_check_write8(
// CHECK: ret void
void small(long *p, long *q) {
  if (__builtin_expect(*p == 0, 0)) {
    cold();
    *q = 1;
  }
}

// Of a larger one those inside its loop, a dozen at most; behind it none.
// CHECK-LABEL: define {{.*}} @large(
// CHECK-COUNT-12: call preserve_allcc void @__gw_{{(read|write)}}
// CHECK-NOT: call preserve_allcc void @__gw_{{(read|write)}}
// CHECK: call preserve_allcc void @__gw_check_
// CHECK-LABEL: define {{.*}} @end(
void large(long **a, volatile long n) {
  while (n--) {
    *a[0] += n;
    *a[1] += n;
    *a[2] += n;
    *a[3] += n;
    *a[4] += n;
    *a[5] += n;
    *a[6] += n;
    *a[7] += n;
    *a[8] += n;
    *a[9] += n;
    a += *a[10];
  }
  **a = 0;
}

void end(void) {}
