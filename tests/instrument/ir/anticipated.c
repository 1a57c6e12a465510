// RUN: clang -O1 -g -S -emit-llvm | LATER
// RUN: clang -O1 -g -mllvm -godwit-audit -S -emit-llvm | AUDIT
// A read is left to the writes that follow on most ways from it; on the others its check is made later.
#define SELDOM(x) __builtin_expect(x, 0)
void other(void);

// A table's place is looked at in the turn before the one that takes it: a check at the exit only.
// LATER-LABEL: define {{.*}} @turns(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}write4(
// LATER-NOT: __gw_{{(check_)?}}read4
// LATER: !llvm.loop
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read4({{.*}}), !dbg [[TABLE:![0-9]+]]
// LATER-NOT: __gw_{{(check_)?}}read4
// LATER: ret i64
// AUDIT-LABEL: define {{.*}} @turns(
// AUDIT: call preserve_allcc void @__gw_read4(
// AUDIT: !llvm.loop
long turns(int *table, const unsigned short *next, long n) {
  unsigned at = 0;
  long sum = 0;
  for (long i = 0; i < n; i++) {
    table[at] = (int)i;
    at = next[i];
    int found = table[at];
    if (SELDOM(found < 0)) break;
    sum += found;
  }
  return sum;
}

// The place of the turn before that.
// LATER-LABEL: define {{.*}} @too_late(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read4(
// LATER: !llvm.loop
long too_late(int *table, const unsigned short *next, long n) {
  unsigned at = 0, before = 0;
  long sum = 0;
  for (long i = 0; i < n; i++) {
    table[before] = (int)i;
    before = at;
    at = next[i];
    sum += table[at];
  }
  return sum;
}

// On every way.
// LATER-LABEL: define {{.*}} @arms(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER-COUNT-3: call preserve_allcc void @__gw_{{(check_)?}}write8(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: ret i64
long arms(long *p, long c) {
  long before = p[1];
  if (c) {
    p[1] = 1;
    other();
  } else {
    p[2] = 2;
    p[1] = 3;
  }
  return before;
}

// On all but one, where it is made; blamed on the read.
// LATER-LABEL: define {{.*}} @leaves(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: br i1
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8({{.*}}), !dbg [[LEAVES:![0-9]+]]
// LATER: call preserve_allcc void @__gw_{{(check_)?}}write8(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: ret i64
long leaves(long *p, long c) {
  long before = *p;
  if (SELDOM(c)) return before;
  *p = 1;
  return before + 1;
}

// As often as not.
// LATER-LABEL: define {{.*}} @perhaps(
// LATER-NOT: icmp eq i64
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: br i1
// LATER: call preserve_allcc void @__gw_{{(check_)?}}write8(
// LATER: ret i64
long perhaps(volatile long *p, long c) {
  long before = *(long *)p;
  if (c) *p = 1;
  return before;
}

// Before a region ends, and not once more behind it, where the ways meet.
// LATER-LABEL: define {{.*}} @meet(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: br i1
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: call void @other(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: ret i64
long meet(volatile long *p, long c) {
  long before = *(long *)p;
  if (SELDOM(c)) other();
  *p = 1;
  return before;
}

// So it stays where it is if a check would be due there.
// LATER-LABEL: define {{.*}} @again(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: br i1
// LATER: call void @other(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: ret i64
long again(long *p, long c, long d) {
  long before = *p;
  if (SELDOM(c)) other();
  if (SELDOM(d)) return before;
  *p = 1;
  return before + 1;
}

// Where an address hangs on what was read the check comes before that.
struct node {
  struct node *next;
};
// LATER-LABEL: define {{.*}} @pop(
// LATER-NOT: icmp eq ptr
// LATER-COUNT-2: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}write8(
// LATER: ret ptr
struct node *pop(struct node **head) {
  struct node *n = *head;
  if (SELDOM(!n)) return n;
  *head = n->next;
  return n;
}

// Before what doesn't return.
// LATER-LABEL: define {{.*}} @stops(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: call void @llvm.trap(
// LATER-NOT: __gw_{{(check_)?}}read
// LATER: ret i64
long stops(long *p) {
  long before = *p;
  if (SELDOM(before < 0)) __builtin_trap();
  *p = 1;
  return before;
}

// Nor where two ways of a jump lead to one place.
// LATER-LABEL: define {{.*}} @cases(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: switch i64
// LATER: ret i64
long cases(volatile long *p, long c) {
  long before = *(long *)p;
  switch (__builtin_expect(c, 5)) {
    case 5:
      *p = 1;
      return before + 2;
    case 7:
    case 900:
      return before;
    default:
      *p = 2;
      p[1] = 3;
      return before + 1;
  }
}

// Half of it is written.
// LATER-LABEL: define {{.*}} @half(
// LATER: call preserve_allcc void @__gw_{{(check_)?}}read8(
// LATER: br i1
// LATER: ret i64
long half(long *p, long c) {
  long before = *p;
  if (SELDOM(c)) return before;
  *(int *)p = 1;
  return before + 1;
}
// LATER-LABEL: define {{.*}} @end(
void end(void) {}
// LATER: [[TABLE]] = !DILocation(line: 24,
// LATER: [[LEAVES]] = !DILocation(line: 74,
