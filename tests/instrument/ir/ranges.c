// RUN: clang -O1 -g -mllvm -godwit-polls=0 -S -emit-llvm | RANGE
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// RUN: clang -O0 -g -S -emit-llvm | AUDIT
// Which accesses of a loop a range check before it stands for.
void other(void);

// AUDIT-NOT: call {{.*}}_range

// RANGE-LABEL: define {{.*}} @fill(
// RANGE: call preserve_allcc void @__gw_check_write_range(ptr %0, i64 {{.*}}), !dbg [[FILL:![0-9]+]]
// RANGE-NOT: __gw_
void fill(long *a, unsigned long n) {
  for (unsigned long i = 0; i < n; i++) a[i] = 1;
}

// Downwards, the range begins at the last turn's address.
// RANGE-LABEL: define {{.*}} @downwards(
// RANGE: [[LOW:%.*]] = getelementptr i8, ptr {{.*}}, i64
// RANGE: call preserve_allcc void @__gw_check_read_range(ptr [[LOW]], i64
// RANGE-NOT: __gw_
long downwards(const long *a, long n) {
  long sum = 0;
  while (n-- > 0) sum += a[n];
  return sum;
}

// Neighbours on one line are one range; up and down the bytes of `out` are another.
// RANGE-LABEL: define {{.*}} @smooth(
// RANGE: call preserve_allcc void @__gw_check_read_range(
// RANGE: call preserve_allcc void @__gw_check_write_range(
// RANGE-NOT: __gw_
void smooth(double *restrict out, const double *in, long n) {
  for (long i = 1; i < n; i++) out[i] = in[i - 1] + in[i] + in[i + 1];
}

// What one line reads and writes is checked as a write.
// RANGE-LABEL: define {{.*}} @increment(
// RANGE-NOT: __gw_{{.*}}read
// RANGE: call preserve_allcc void @__gw_check_write_range(
// RANGE-NOT: __gw_
void increment(int *a, long n) {
  for (long i = 0; i < n; i++) a[i] += 1;
}

// Halves of a struct fill it only if one line has both: a report names one line.  Else each has gaps.
// RANGE-LABEL: define {{.*}} @halves(
// RANGE: call preserve_allcc void @__gw_check_write_range({{.*}}), !dbg [[HALVES:![0-9]+]]
// RANGE-NOT: __gw_
struct half {
  long one, two;
};
void halves(struct half *a, long n) {
  for (long i = 0; i < n; i++) a[i].one = 1, a[i].two = 2;
}
// RANGE-LABEL: define {{.*}} @two_lines(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_check_write_strided(ptr %0, i64 {{.*}}, i64 68719476744)
// RANGE: call preserve_allcc void @__gw_check_write_strided(ptr {{.*}}, i64 {{.*}}, i64 68719476744)
// RANGE-NOT: __gw_
void two_lines(struct half *a, long n) {
  for (long i = 0; i < n; i++) {
    a[i].one = 1;
    a[i].two = 2;
  }
}

// Gaps of whole words: elements of 12 bytes, one every 24, and so where an unrolled loop has several in a turn.
struct row {
  long key;
  int one, two, three, four;
};
// RANGE-LABEL: define {{.*}} @rows(
// RANGE: call preserve_allcc void @__gw_check_write_strided(ptr {{.*}}, i64 {{.*}}, i64 103079215116)
// RANGE-NOT: __gw_
void rows(struct row *a, long n) {
#pragma clang loop unroll(disable) vectorize(disable)
  for (long i = n; --i >= 0;) a[i].one = 1, a[i].two = 2, a[i].three = 3;
}
// RANGE-LABEL: define {{.*}} @unrolled(
// RANGE: call preserve_allcc void @__gw_check_read_strided(ptr {{.*}}, i64 {{.*}}, i64 103079215112)
// RANGE-NOT: __gw_
long unrolled(const struct row *a) {
  long sum = 0;
#pragma clang loop unroll_count(4) vectorize(disable)
  for (long i = 0; i < 1000; i++) sum += a[i].key;
  return sum;
}

// An address that stays is checked once, inline.
// RANGE-LABEL: define {{.*}} @total(
// RANGE: call preserve_allcc void @__gw_check_read_range(
// RANGE: call preserve_allcc void @__gw_write8(
// RANGE-NOT: __gw_
void total(long *sum, const long *a, long n) {
  for (long i = 0; i < n; i++) *sum += a[i];
}

// A nest: the inner loop has its range in the outer one.
// RANGE-LABEL: define {{.*}} @nest(
// RANGE: call preserve_allcc void @__gw_check_write_range(
// RANGE-NOT: __gw_
void nest(long *a, long n, long m) {
  for (long i = 0; i < n; i++)
    for (long j = 0; j < m; j++) a[i * 1000 + j] = i;
}

// What only computes may be called.
// RANGE-LABEL: define {{.*}} @roots(
// RANGE: call preserve_allcc void @__gw_check_write_range(
// RANGE-NOT: __gw_
__attribute__((const)) double pure_root(double);
void roots(double *a, long n) {
  for (long i = 0; i < n; i++) a[i] = pure_root((double)i);
}

// Left in the loop (or to runs.c):
// a call that may release, block, end or leave,
// RANGE-LABEL: define {{.*}} @calls(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_write8(
void calls(long *a, long n) {
  for (long i = 0; i < n; i++) a[i] = 1, other();
}
// an atomic operation,
// RANGE-LABEL: define {{.*}} @atomics(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_write8(
void atomics(long *a, int *count, long n) {
  for (long i = 0; i < n; i++) a[i] = 1, __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}
// assembly, a volatile access,
// RANGE-LABEL: define {{.*}} @assembly(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_write8(
void assembly(long *a, long n) {
  for (long i = 0; i < n; i++) {
    a[i] = 1;
    __asm__ volatile("" ::: "memory");
  }
}
// RANGE-LABEL: define {{.*}} @volatiles(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_write8(
void volatiles(volatile long *a, long n) {
  for (long i = 0; i < n; i++) a[i] = 1;
}
// an access that some turns don't make (combining.c),
// RANGE-LABEL: define {{.*}} @some(
// RANGE: call preserve_allcc void @__gw_check_read_range(
// RANGE-NOT: __gw_check_write_range
// RANGE: call preserve_allcc void @__gw_check_write_mask(
void some(long *restrict a, const long *b, long n) {
  for (long i = 0; i < n; i++)
    if (b[i]) a[i] = 1;
}
// gaps that aren't whole words, an address that is no line,
// RANGE-LABEL: define {{.*}} @gaps(
// RANGE-NOT: _range
// RANGE-NOT: _strided
// RANGE: call preserve_allcc void @__gw_write2(
void gaps(short *a, long n) {
  for (long i = 0; i < n; i++) a[3 * i] = 1;
}
// RANGE-LABEL: define {{.*}} @scattered(
// RANGE: call preserve_allcc void @__gw_check_read_range(
// RANGE-NOT: __gw_check_write_range
// RANGE: call preserve_allcc void @__gw_write8(
void scattered(long *restrict a, const long *where, long n) {
  for (long i = 0; i < n; i++) a[where[i]] = 1;
}
// and a loop that is known to be short.
// RANGE-LABEL: define {{.*}} @brief(
// RANGE-NOT: _range
// RANGE: call preserve_allcc void @__gw_write8(
void brief(long *a) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < 3; i++) a[i] = i;
}
// RANGE-LABEL: define {{.*}} @end(
void end(void) {}

// The line of the access; its column only if all accesses are of the same variable.
// RANGE-DAG: [[FILL]] = !DILocation(line: 13, column: 46,
// RANGE-DAG: [[HALVES]] = !DILocation(line: 53, scope:
