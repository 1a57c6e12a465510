/* Checks for the programs here: a failed one says where, and the program ends with status 1. */
#ifndef CHECK_H
#define CHECK_H
#include <errno.h>
#include <godwit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                              \
  do {                                                           \
    if (!(cond)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
      _Exit(1);                                                  \
    }                                                            \
  } while (0)

#endif
