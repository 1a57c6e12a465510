"""Threads that read the same side by side, more than there are read planes: a write races with each that nothing orders
before it, whose stack is told, and with no other; and what they cost."""

import pytest

import godwit_testing as gt

# Arguments: threads, how they read, how many are joined before the write, KiB.  Reader i has a function of its own, and reads
# in turn i, then (but for 'o') all once more; nothing that the detector sees orders them.
READERS = r"""
#define TURN_THREADS
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "barrier.h"
typedef int __attribute__((may_alias)) number;
enum { READERS = 16 };
static long *words;
static size_t bytes;
static char how;
static __attribute__((always_inline)) inline void read_all(int me) {
  long sum = 0;
  if (how == 'w') /* word by word */
    for (size_t i = 0; i < bytes / sizeof *words; i++) sum += words[i] * (me + 1);
  if (how == 'i') /* two numbers to a granule, the second one first */
    for (size_t i = 0; i < bytes / sizeof(number); i++) sum += ((volatile number *)words)[i ^ 1];
  if (how == 'b') /* from a place of its own on, a byte now and then */
    for (size_t i = (size_t)me % 8; i < bytes; i += 3) sum += ((volatile char *)words)[i];
  if (how == 'r') /* a range */
    sum = memchr(words, 'x', bytes) != NULL;
  if (how == '1' || how == 'o') /* the word that is written, and no other; 'o': once */
    sum = words[bytes / 2 / sizeof *words];
  __asm__ volatile("" : : "r"(sum)); /* the sum goes nowhere, but the reads stay */
}
#define READER(i)                                                          \
  static __attribute__((noinline)) void reader_##i(void) { read_all(i); } \
  static void *thread_##i(void *n) {                                       \
    IN_TURN(1 + i, reader_##i());                                          \
    if (how == 'o') /* all are alive until the last has read */            \
      turn_wait(1 + (uint32_t)(size_t)n);                                   \
    else                                                                    \
      IN_TURN(1 + i + (uint32_t)(size_t)n, reader_##i());                   \
    return n;                                                              \
  }
READER(0) READER(1) READER(2) READER(3) READER(4) READER(5) READER(6) READER(7)
READER(8) READER(9) READER(10) READER(11) READER(12) READER(13) READER(14) READER(15)
static void *(*const body[READERS])(void *) = {
    thread_0, thread_1, thread_2, thread_3, thread_4, thread_5, thread_6, thread_7,
    thread_8, thread_9, thread_10, thread_11, thread_12, thread_13, thread_14, thread_15};

TURN_HIDDEN static void say_memory(void) {
  char line[256];
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, "VmHWM:", 6) == 0) printf("%ld\n", atol(line + 6));
  if (f) fclose(f);
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  const size_t n = (size_t)atol(argv[1]), joined = (size_t)atol(argv[3]);
  how = argv[2][0];
  bytes = (size_t)atol(argv[4]) << 10;
  words = calloc(1, bytes);
  pthread_t t[READERS];
  for (size_t i = 0; i < n; i++)
    if (pthread_create(&t[i], NULL, body[i], (void *)n) != 0) return 1;
  for (size_t i = 0; i < joined; i++) pthread_join(t[i], NULL);
  turn_wait(1 + (how == 'o' ? 1 : 2) * (uint32_t)n);
  words[bytes / 2 / sizeof *words] = 1;
  for (size_t i = joined; i < n; i++) pthread_join(t[i], NULL);
  say_memory();
}
"""


@pytest.fixture(scope="module")
def readers(programs):
    return programs(READERS, "-O1")


@pytest.mark.parametrize("how", "wibr1o")
@pytest.mark.parametrize("n", (4, 5, 6, 8, 16))
def test_a_write_races_with_each_that_is_not_joined(readers, n, how, tmp_path):
    for joined in (0, n // 2, n - 1, n):
        run = gt.run_race(readers, str(n), how, str(joined), "8", folder=tmp_path)
        told = {next(f["function"] for f in older["stack"] if f["function"].startswith("reader_"))
                for _, older in (finding["accesses"] for finding in run.findings)}
        assert told == {f"reader_{i}" for i in range(joined, n)}, (joined, run.result)
        assert {f["kind"] for f in run.findings} <= {"GW1001"}
        assert run.status == (66 if told else 0)


@pytest.mark.parametrize("how", "wi")
def test_more_readers_cost_no_more_memory(readers, how, tmp_path):
    """Beyond four, who have read planes of their own; the first one after them may displace others until more come."""
    def memory(n):
        return int(gt.run_race(readers, str(n), how, str(n), "8192", folder=tmp_path).result.stdout)

    few = memory(4)
    for n in (8, 16):
        assert memory(n) < 1.5 * few, n
