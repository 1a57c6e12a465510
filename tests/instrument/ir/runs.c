// RUN: clang -O1 -g -mllvm -godwit-polls=0 -S -emit-llvm | BEHIND
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// Which accesses of a loop are checked behind it, as runs.

// AUDIT-NOT: call {{.*}}_range

// A way out before the end: what was touched until then.
// BEHIND-LABEL: define {{.*}} @early(
// BEHIND-NOT: __gw_
// BEHIND: br i1 {{.*}}, label %[[EXIT:.*]], label
// BEHIND: call preserve_allcc void @__gw_check_read_range({{.*}}), !dbg [[EARLY:![0-9]+]]
// BEHIND-NOT: __gw_
long early(const long *a, long n) {
  for (long i = 0; i < n; i++)
    if (a[i] == 7) return i;
  return -1;
}

// BEHIND-LABEL: define {{.*}} @unknown(
// BEHIND-NOT: __gw_
// BEHIND: call preserve_allcc void @__gw_check_read_range(
// BEHIND-NOT: __gw_
unsigned long unknown(const char *text) {
  unsigned long n = 0;
  while (text[n] != '.') n++;
  return n;
}

// The outer loop goes on where the inner ones stopped: a check before each jump, and one at the end, of either.
// BEHIND-LABEL: define {{.*}} @partition(
// BEHIND-COUNT-4: call preserve_allcc void @__gw_check_read_range(
// BEHIND-NOT: __gw_{{.*}}read
// BEHIND: ret
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

// A mask in the way of the address: compared at each access.
// BEHIND-LABEL: define {{.*}} @around(
// BEHIND: icmp eq i64
// BEHIND: call preserve_allcc void @__gw_check_write_range(
// BEHIND: call preserve_allcc void @__gw_check_write_range(
// BEHIND-NOT: __gw_
void around(long *ring, unsigned long first, unsigned long n) {
  for (unsigned long i = 0; i < n; i++) ring[(first + i) & 1023] = 1;
}

// Neighbours on one line move as one.
struct point {
  double re, im;
};
// BEHIND-LABEL: define {{.*}} @norm(
// BEHIND: call preserve_allcc void @__gw_check_read_range(
// BEHIND: call preserve_allcc void @__gw_check_read_range(
// BEHIND-NOT: __gw_
double norm(const struct point *p, unsigned long mask, unsigned long n) {
  double sum = 0;
  for (unsigned long i = 0; i < n; i++) sum += p[i & (mask - 1)].re + p[i & (mask - 1)].im;
  return sum;
}

// With gaps of whole words.
// BEHIND-LABEL: define {{.*}} @column(
// BEHIND-NOT: __gw_
// BEHIND: call preserve_allcc void @__gw_check_read_strided({{.*}}, i64 68719476744)
// BEHIND-NOT: __gw_
unsigned long column(const struct point *p) {
  unsigned long i = 0;
  while (p[i].re != 0) i++;
  return i;
}

// What runs at the first turns only, while a flag holds: the optimiser counts the turns in two places.
// BEHIND-LABEL: define {{.*}} @whole(
// BEHIND-NOT: __gw_
// BEHIND: call preserve_allcc void @__gw_check_read_range(
// BEHIND-NOT: __gw_
_Bool whole(const long *a, unsigned n, long what) {
  _Bool ok = 1;
  for (unsigned i = 0; i < n; i++) ok = ok && a[i] == what + i;
  return ok;
}

// Left in the loop, or collected there (combining.c): what runs at some turns,
// BEHIND-LABEL: define {{.*}} @sometimes(
// BEHIND-NOT: _range
// BEHIND: call preserve_allcc void @__gw_check_read_mask(
long sometimes(const long *a, unsigned n) {
  long sum = 0;
  for (unsigned i = 0; i < n; i++)
    if (i * i & 4) sum += a[i];
  return sum;
}
// what hangs on loaded values,
// BEHIND-LABEL: define {{.*}} @probe(
// BEHIND-NOT: _range
// BEHIND: call preserve_allcc void @__gw_read8(
unsigned long probe(const unsigned long *table, unsigned long key, unsigned long mask) {
  unsigned long i = key & mask;
  while (table[i] != key) i = (i + 1) & mask;
  return i;
}
// gaps that aren't whole words,
// BEHIND-LABEL: define {{.*}} @gaps(
// BEHIND-NOT: _range
// BEHIND-NOT: _strided
// BEHIND: call preserve_allcc void @__gw_read2(
unsigned long gaps(const unsigned short *a) {
  unsigned long i = 0;
  while (a[3 * i]) i++;
  return i;
}
// and loops in which a region may end.
void other(void);
// BEHIND-LABEL: define {{.*}} @calls(
// BEHIND-NOT: _range
// BEHIND: call preserve_allcc void @__gw_read8(
unsigned long calls(const unsigned long *a) {
  unsigned long i = 0;
  while (a[i]) other(), i++;
  return i;
}
// BEHIND-LABEL: define {{.*}} @end(
void end(void) {}

// BEHIND-DAG: [[EARLY]] = !DILocation(line: 15, column: 9,
