// RUN: clang -O1 -g -S -emit-llvm | COVER
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// An access for which another one stands needs no check of its own.
void other(void);

// COVER-LABEL: define {{.*}} @add(
// COVER-NOT: __gw_read
// COVER: call preserve_allcc void @__gw_write8(
// AUDIT-LABEL: define {{.*}} @add(
// AUDIT: call preserve_allcc void @__gw_read8(
// AUDIT: call preserve_allcc void @__gw_write8(
void add(long *p, long n) { *p += n; }

// Nothing stands for anything across a call.
// COVER-LABEL: define {{.*}} @later(
// COVER: call preserve_allcc void @__gw_read8(
// COVER: call void @other(
// COVER: call preserve_allcc void @__gw_write8(
// COVER: call void @other(
// COVER: call preserve_allcc void @__gw_write8(
// COVER: ret i64
long later(long *p) {
  long before = *p;
  other();
  *p = before + 1;
  other();
  *p = 3;
  return before;
}

// COVER-LABEL: define {{.*}} @twice(
// COVER: call preserve_allcc void @__gw_write8(
// COVER-NOT: __gw_read
// COVER: ret i64
long twice(long *p, long *q) {
  *p = 1;
  *q = 2;
  return *p;
}
// COVER-LABEL: define {{.*}} @end(
void end(void) {}
