/* Not instrumented: the detector's operations give what the processor's give, and hear of each with its order. */
#include "atomics.h"

#include <stdio.h>
#include <string.h>

#include "mock.h"

static struct outcome checked, plain;

static int count(const char *what, size_t size, int order) {
  int n = 0;
  for (int i = 0; i < mock_count; i++)
    n += !strcmp(mock_log[i].what, what) && mock_log[i].size == size && mock_log[i].order == order;
  return n;
}

static void check_orders(size_t size) {
  CHECK(count("load", size, __ATOMIC_RELAXED) >= 1);
  CHECK(count("load", size, __ATOMIC_ACQUIRE) >= 1);
  CHECK(count("store", size, __ATOMIC_RELEASE) >= 1);
  CHECK(count("exchange", size, __ATOMIC_ACQ_REL) >= 1);
  CHECK(count("fetch_add", size, __ATOMIC_RELAXED) == 1);
  CHECK(count("fetch_and", size, __ATOMIC_ACQUIRE) == 1);
  CHECK(count("fetch_or", size, __ATOMIC_RELEASE) == 1);
  CHECK(count("fetch_xor", size, __ATOMIC_SEQ_CST) == 1);
  CHECK(count("fetch_nand", size, __ATOMIC_SEQ_CST) == 1);
  CHECK(count("fetch_umin", size, __ATOMIC_SEQ_CST) == 1);
  CHECK(count("fetch_umax", size, __ATOMIC_SEQ_CST) == 1);
  CHECK(count("compare_exchange", size, __ATOMIC_RELEASE * 16 + __ATOMIC_RELAXED) == 1);
  CHECK(count("compare_exchange", size, __ATOMIC_SEQ_CST * 16 + __ATOMIC_ACQUIRE) == 1);
}

int main(int argc, char **argv) {
  (void)argv;
  mock_start();
  plain_run(&plain);
  CHECK(mock_count == 0);
  checked_run(&checked);
  CHECK(mock_count < 256);
  CHECK(!memcmp(&checked, &plain, sizeof plain));
  for (size_t size = 1; size <= (argc > 1 ? 16 : 8); size *= 2) check_orders(size);
  CHECK(count("exchange", 1, __ATOMIC_ACQUIRE) == 1); /* the flag */
  CHECK(count("thread_fence", 0, __ATOMIC_SEQ_CST) == 1);
  CHECK(count("thread_fence", 0, __ATOMIC_ACQUIRE) == 1);
  CHECK(count("thread_fence", 0, __ATOMIC_RELEASE) == 1);
  CHECK(count("signal_fence", 0, __ATOMIC_SEQ_CST) == 0); /* the compiler's own business */
  puts("atomics");
}
