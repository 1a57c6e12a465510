// RUN: clang -O1 -g -S -emit-llvm | CHECK
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// Accesses of one line that adjoin get one check, before the first of them.
struct point {
  double re, im;
};
void other(void);

// CHECK-LABEL: define {{.*}} @both(
// CHECK-NOT: __gw_read8
// CHECK: call preserve_allcc void @__gw_read16(ptr {{[^)]*}})
// CHECK: ret double
// AUDIT-LABEL: define {{.*}} @both(
// AUDIT: call preserve_allcc void @__gw_read8(
// AUDIT: call preserve_allcc void @__gw_read8(
double both(struct point *p) { return p->re * p->im; }

// CHECK-LABEL: define {{.*}} @two_lines(
// CHECK: call preserve_allcc void @__gw_read8(
// CHECK: call preserve_allcc void @__gw_read8(
// CHECK: ret double
double two_lines(struct point *p) {
  double re = p->re;
  return re * p->im;
}

// Not with a gap, and not across a call.
// CHECK-LABEL: define {{.*}} @apart(
// CHECK: call preserve_allcc void @__gw_read8(
// CHECK: call preserve_allcc void @__gw_read8(
// CHECK: ret i64
long apart(long *p) { return p[0] + p[2]; }

// CHECK-LABEL: define {{.*}} @call_between(
// CHECK: call preserve_allcc void @__gw_write8(
// CHECK: call void @other(
// CHECK: call preserve_allcc void @__gw_write8(
// CHECK: ret void
void call_between(struct point *p) { p->re = 1, other(), p->im = 2; }

// Anywhere in a granule, too, as a parser's bytes are: as many as a check at any address compares.
// CHECK-LABEL: define {{.*}} @big_endian(
// CHECK-NOT: __gw_read1
// CHECK: call preserve_allcc void @__gw_read_range(ptr {{[^)]*}}, i64 3)
// CHECK-NOT: __gw_read
// CHECK: ret i32
// AUDIT-LABEL: define {{.*}} @big_endian(
// AUDIT: call preserve_allcc void @__gw_read1(
// AUDIT: call preserve_allcc void @__gw_read1(
// AUDIT: call preserve_allcc void @__gw_read1(
int big_endian(const signed char *p) { return p[0] * 65536 + p[1] * 256 + p[2]; }

// CHECK-LABEL: define {{.*}} @four_and_four(
// CHECK-NOT: __gw_read4
// CHECK: call preserve_allcc void @__gw_read8(ptr {{[^)]*}})
// CHECK-NOT: __gw_read
// CHECK: ret i32
int four_and_four(const int *p) { return p[0] ^ p[1] * 3; }

// CHECK-LABEL: define {{.*}} @more_than_sixteen(
// CHECK: call preserve_allcc void @__gw_read16(ptr {{[^)]*}})
// CHECK: call preserve_allcc void @__gw_read4(ptr {{[^)]*}})
// CHECK-NOT: __gw_read
// CHECK: ret i32
int more_than_sixteen(const int *p) { return p[0] * p[1] + p[2] * p[3] * p[4]; }

// Not the byte between.
// CHECK-LABEL: define {{.*}} @odd_ones(
// CHECK: call preserve_allcc void @__gw_read1(
// CHECK: call preserve_allcc void @__gw_read1(
// CHECK: ret i32
int odd_ones(const signed char *p) { return p[0] * 3 + p[2]; }
