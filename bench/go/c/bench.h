/* The rows of bench/go on godwit: rows.inc names them, each file has those of one noun.  ../go has the same in Go. */
#ifndef BENCH_H
#define BENCH_H
#include <godwit.h>

#define ROW(name, function) void function(long n);
#include "rows.inc"

/* Time since the first call, in nanoseconds: all threads' user and system time, and the clock's. */
struct spent {
  double cpu, wall;
};
struct spent spent(void);
/* "NAME CPU WALL": what n operations cost each since `from`. */
void print_since(const char *name, struct spent from, long n);
/* "NAME VALUE" */
void print_value(const char *name, double value);

#endif
