/* Instrumented: an epoch may be kept within a region, and never beyond its end. */
#include "regions.h"

_Atomic int region_word;
long region_sum;

void region_straight(long *p, int n) {
  p[n] = 1;
  other_epoch();
  p[n] = 2;
}

void region_rare(long *p, int n) {
  for (int i = 0; i < n; i++) {
    p[i] += i;
    if (i == n - 2) other_epoch();
  }
}

void region_branch(long *p, int n) {
  if (n & 1) other_epoch();
  p[0] = n;
}

void region_loop(long *p, int n) {
  for (int i = 0; i < n; i++) {
    p[0] = i;
    other_epoch();
  }
}

void region_pointer(long *p, int n) {
  p[n] = 1;
  other_epoch_pointer();
  p[n] = 2;
}

void region_atomic(long *p, int n) {
  p[n] = 1;
  region_word = 1;
  p[n] = 2;
}

__attribute__((noinline)) static void inner(int n) {
  if (n) other_epoch();
}

void region_inner(long *p, int n) {
  p[0] = 1;
  inner(n);
  p[0] = 2;
}

void region_switch(long *p, int n) {
  for (int i = 0; i < 3; i++) switch (n + i) {
      case 1:
        p[1] = 1;
        other_epoch();
        break;
      case 2:
        p[2] = 2;
        break;
      default:
        p[3] = 3;
    }
}

void region_reads(long *p, int n) {
  long s = 0;
  for (int i = 0; i < n; i++) s += p[i];
  other_epoch();
  for (int i = 0; i < n; i++) s += p[i];
  region_sum = s;
}
