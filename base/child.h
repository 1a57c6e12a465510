/* A `godwit symbolize` child: questions go to its standard input, answers come back (report_format.h, "Pipe"). */
#ifndef GW_BASE_CHILD_H
#define GW_BASE_CHILD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CHILD_NONE before the first question.  Who owns it serialises its use. */
struct child {
  int sock;       /* to the process; -1: none */
  uint64_t inode; /* of the socket: a program that closes all descriptors may have got the number for something else */
  bool given_up;  /* it couldn't be started, or didn't answer: not tried again */
};
#define CHILD_NONE {.sock = -1}

/* Sends n bytes and gives the answer to take(arg, part, n), in parts.  The child is started on the first call, as
 * `godwit symbolize ARGS...` (args ends with NULL).  False if there is none and none can be started, or it gave no
 * answer.  Blocks while the child works.  errno stays. */
bool child_ask(struct child *c, char *const *args, const void *question, size_t n,
               void (*take)(void *arg, const char *part, size_t n), void *arg);
/* It is there: the next question starts none. */
bool child_runs(const struct child *c);
/* In the child of a fork: the parent's helper is not ours.  And when it has served its time: it ends. */
void child_forget(struct child *c);

#endif
