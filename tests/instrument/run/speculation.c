/* Instrumented: what an optimiser likes to do although the source does it on one path only. */
#include "speculation.h"

int speculation_select(int c) { return c ? speculation_word : 0; }

int speculation_select_two(int c) { return c ? speculation_word : speculation_other; }

int speculation_switch(int c) {
  switch (c) {
    case 1:
      return speculation_word;
    case 2:
      return speculation_other;
    default:
      return 0;
  }
}

int speculation_loop_read(const int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    if (p[i]) s += speculation_word;
  return s;
}

void speculation_loop_write(const int *p, int n) {
  for (int i = 0; i < n; i++)
    if (p[i] > 5) speculation_word = p[i];
}

void speculation_loop_add(const int *p, int n) {
  for (int i = 0; i < n; i++)
    if (p[i]) speculation_word += p[i];
}

void speculation_while(const int *p, int n) {
  while (n-- > 0) speculation_word += p[n];
}

int speculation_bytes_read(int c) {
  int s = speculation_bytes[0];
  if (c) s += speculation_bytes[1] + speculation_bytes[2] + speculation_bytes[3];
  return s;
}

void speculation_store(int c) {
  if (c) speculation_word = 1;
}

void speculation_stores(int c, int d) {
  if (c) speculation_word = 1;
  if (d) speculation_word = 2;
}

int speculation_both_arms(int c, int d) {
  int s = 0;
  if (c) s = speculation_word;
  if (d) s += speculation_word;
  return s;
}
