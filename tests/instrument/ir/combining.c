// RUN: clang -O1 -g -mllvm -godwit-polls=0 -S -emit-llvm | LINES
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// RUN: clang -O0 -g -S -emit-llvm | AUDIT
// Which accesses of a loop collect what they miss, line by line.

// AUDIT-NOT: _mask(

// Both ends move through inner loops: a call where a line is left, and at the end what is left.
// LINES-LABEL: define {{.*}} @partition(
// LINES-COUNT-4: call preserve_allcc void @__gw_check_write_mask(
// LINES-NOT: __gw_write
int *partition(int *i, int *j, int pivot) {
  for (;;) {
    do i++;
    while (*i < pivot);
    do j--;
    while (*j > pivot);
    if (i >= j) return i;
    int swap = *i;
    *i = *j, *j = swap;
  }
}

// An index that a condition moves.
// LINES-LABEL: define {{.*}} @filter(
// LINES: call preserve_allcc void @__gw_check_write_mask({{.*}}), !dbg [[FILTER:![0-9]+]]
// LINES: and i64 {{.*}}, -64
// LINES: call preserve_allcc void @__gw_check_write_mask({{.*}}), !dbg [[FILTER]]
// LINES: shl i64 255,
// LINES-NOT: __gw_{{.*}}write
long filter(const long *in, long n, long *out) {
  long m = 0;
  for (long i = 0; i < n; i++)
    if (in[i] & 1) out[m++] = in[i];
  return m;
}

// What is 0 or 1 moves it, at any turn.
// LINES-LABEL: define {{.*}} @select(
// LINES-COUNT-2: call preserve_allcc void @__gw_check_write_mask(
// LINES-NOT: __gw_{{.*}}write
long select(const short *in, long n, short *out) {
  long m = 0;
  for (long i = 0; i < n; i++) {
    out[m] = in[i];
    m += in[i] < 7;
  }
  return m;
}

// Begun anew at each turn of the loop around: collected in the one inside.
// LINES-LABEL: define {{.*}} @rows(
// LINES: call preserve_allcc void @__gw_check_read_mask(
// LINES: call preserve_allcc void @__gw_check_read_mask(
// LINES-NOT: __gw_{{.*}}read
long rows(const char *a, long n, long times) {
  long sum = 0;
  for (long k = 0; k < times; k++)
    for (long i = 0; i < n; i++)
      if (i * (i + k) & 4) sum += a[i];
  return sum;
}

// What may lie across the end of a line: of the 64 bytes that begin at the granule of the first.
// LINES-LABEL: define {{.*}} @loose(
// LINES: call preserve_allcc void @__gw_check_read_mask(
// LINES: and i64 [[AT:%.*]], -8
// LINES: [[FAR:%.*]] = sub i64 [[AT]], %
// LINES: icmp ugt i64 [[FAR]], 60
// LINES: call preserve_allcc void @__gw_check_read_mask(
// LINES: [[BIT:%.*]] = sub i64 [[AT]], %
// LINES: shl i64 15, [[BIT]]
// LINES-NOT: __gw_{{.*}}read
struct loose {
  char c;
  int i;
} __attribute__((packed));
long loose(const struct loose *a, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++)
    if (i * i & 4) sum += a[i].i;
  return sum;
}

// A search whose steps grow by one at times.
// LINES-LABEL: define {{.*}} @search(
// LINES-COUNT-2: call preserve_allcc void @__gw_check_read_mask(
// LINES-NOT: __gw_{{.*}}read
const char *search(const char *a, const char *end, long grow) {
  const char *next = a + grow;
  for (unsigned long step = 1; a < end; a += step) {
    if (*a == 1) return a;
    if (a >= next) step++, next += grow;
  }
  return end;
}

// Not: great steps, loops that are known to be short,
// LINES-LABEL: define {{.*}} @steps(
// LINES-NOT: _mask(
// LINES: ret
long steps(const long *a, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++)
    if (i * i & 4) sum += a[2 * i];
  return sum;
}
// LINES-LABEL: define {{.*}} @brief(
// LINES-NOT: _mask(
// LINES: ret
void brief(long *a) {
#pragma clang loop unroll(disable)
  for (int i = 0; i < 3; i++) a[i] = i;
}
// what hangs on loaded values,
// LINES-LABEL: define {{.*}} @chain(
// LINES-NOT: _mask(
// LINES: ret
long chain(const int *next, long n) {
  long sum = 0;
  for (int i = 0; n--; i = next[i]) sum += i;
  return sum;
}
// on a step that isn't known,
// LINES-LABEL: define {{.*}} @strides(
// LINES-NOT: _mask(
// LINES: ret
long strides(const char *a, const char *end, long step) {
  long sum = 0;
  for (; a < end; a += step)
    if (step * (end - a) & 4) sum += *a;
  return sum;
}
// on one that grows by more than one,
// LINES-LABEL: define {{.*}} @leaps(
// LINES-NOT: _mask(
// LINES: ret
long leaps(const char *a, const char *end) {
  for (unsigned long step = 1; a < end; a += step) {
    if (*a == 1) return 1;
    step += *a == 2 ? 9 : 0;
  }
  return 0;
}
// what may lie across the end of a line on the way back,
// LINES-LABEL: define {{.*}} @loose_back(
// LINES-NOT: _mask(
// LINES: ret
long loose_back(const struct loose *a, long n) {
  long sum = 0;
  while (n-- > 0)
    if (n * n & 4) sum += a[n].i;
  return sum;
}
// and loops in which a region may end.
void other(void);
// LINES-LABEL: define {{.*}} @calls(
// LINES-NOT: _mask(
// LINES: ret
long calls(const char *a, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    if (i * i & 4) sum += a[i];
    other();
  }
  return sum;
}
// LINES-LABEL: define {{.*}} @end(
void end(void) {}

// LINES-DAG: [[FILTER]] = !DILocation(line: 34, column: 29,
