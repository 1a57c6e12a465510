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
// what may lie across the end of a line,
// LINES-LABEL: define {{.*}} @loose(
// LINES-NOT: _mask(
// LINES: ret
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
