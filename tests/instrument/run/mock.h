/* A runtime that only writes down what instrumented code tells it, and whose shadow a test fills in by hand. */
#ifndef MOCK_H
#define MOCK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mock_event {
  const char *what; /* "read", "write", or the entry point's name without __gw_ */
  const void *at;
  size_t size;
  int order; /* of an atomic, else 0 */
};

enum mock_plane { MOCK_READS, MOCK_WRITES };

enum { MOCK_LOG = 1 << 14 }; /* events kept */
extern struct mock_event mock_log[MOCK_LOG];
extern int mock_count;
extern bool mock_atomics_open_epochs; /* each atomic operation ends an epoch */

/* Maps the shadow of everything that is mapped now. */
void mock_start(void);
/* Forgets the log; new_epoch makes another epoch the open one. */
void mock_clear_log(void);
void mock_new_epoch(void);
uint32_t mock_epoch(void);
/* The word of calls under way, of this thread. */
uint64_t *mock_calls(void);
uint32_t *mock_cell(const void *p, enum mock_plane plane);

#define CHECK(condition) ((condition) ? (void)0 : mock_fail(__FILE__, __LINE__, #condition))
_Noreturn void mock_fail(const char *file, int line, const char *what);

#endif
