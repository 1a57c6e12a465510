// RUN: clang -O1 -g -mllvm -godwit-polls=0 -S -emit-llvm | BEFORE
// RUN: clang -O1 -g -mllvm -godwit-polls=0 -mllvm -godwit-audit -S -emit-llvm | AUDIT
// What a loop around others reads at one address at every turn is checked before it, at the line of the access.

// BEFORE-LABEL: define {{.*}} @nest(
// BEFORE-NOT: phi i64
// BEFORE: call preserve_allcc void @__gw_read8(ptr %0){{.*}}, !dbg [[WIDTH:![0-9]+]]
// BEFORE: phi i64 {{.*}}[ 0,
// BEFORE-NOT: __gw_{{.*}}read
// BEFORE: call preserve_allcc void @__gw_check_write_range(
// BEFORE-NOT: __gw_{{.*}}read
// AUDIT-LABEL: define {{.*}} @nest(
// AUDIT: phi i64 {{.*}}[ 0,
// AUDIT: call preserve_allcc void @__gw_{{.*}}read8(ptr %0)
void nest(const long *width, long *out, long rows) {
  for (long i = 0; i < rows; i++) {
    long n = *width;
    for (long j = 0; j < n; j++) out[j] += i;
  }
}

// Not where a region may end in the loop, nor what only some turns read.
void other(void);
// BEFORE-LABEL: define {{.*}} @calls(
// BEFORE: phi i64 {{.*}}[ 0,
// BEFORE: call preserve_allcc void @__gw_{{.*}}read8(ptr %0)
void calls(const long *width, long *out, long rows) {
  for (long i = 0; i < rows; i++) {
    long n = *width;
    for (long j = 0; j < n; j++) out[j] += i;
    other();
  }
}
// BEFORE-LABEL: define {{.*}} @some(
// BEFORE: phi i64 {{.*}}[ 0,
// BEFORE: call preserve_allcc void @__gw_{{.*}}read8(ptr %0)
void some(const long *width, long *out, long rows) {
  for (long i = 0; i < rows; i++) {
    if (i * i & 4) continue;
    long n = *width;
    for (long j = 0; j < n; j++) out[j] += i;
  }
}
// BEFORE-LABEL: define {{.*}} @end(
void end(void) {}

// BEFORE-DAG: [[WIDTH]] = !DILocation(line: 17, column: 14,
