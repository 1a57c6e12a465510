/* Every atomic operation on every size, run once instrumented and once not: ATOMICS(prefix) declares one of the two. */
#ifndef ATOMICS_H
#define ATOMICS_H
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long u64;
typedef unsigned __int128 u128;

/* Results of all operations on one object, in order. */
struct outcome {
  u128 values[64];
  int count;
  double reals[8];
  const void *pointers[4];
};

void checked_run(struct outcome *out);
void plain_run(struct outcome *out);
#endif
