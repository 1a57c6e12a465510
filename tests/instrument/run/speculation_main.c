/* Not instrumented: counts the bytes of each variable that instrumented code says it touches. */
#include "speculation.h"

#include <stdio.h>
#include <string.h>

#include "mock.h"

int speculation_word, speculation_other;
char speculation_bytes[8];
static const int zeros[64], ones[64] = {[0 ... 63] = 1}, last[64] = {[63] = 9};

/* Whether any event of this kind (NULL: any kind) covers the byte. */
static bool touched(const void *byte, const char *what) {
  for (int i = 0; i < mock_count; i++) {
    const char *from = mock_log[i].at;
    if (what && strcmp(mock_log[i].what, what)) continue;
    if ((const char *)byte >= from && (const char *)byte < from + mock_log[i].size) return true;
  }
  return false;
}

#define AFTER(call) (mock_clear_log(), (void)(call), CHECK(mock_count < 256))

int main(void) {
  mock_start();
  AFTER(speculation_select(0));
  CHECK(!touched(&speculation_word, NULL));
  AFTER(speculation_select(1));
  CHECK(touched(&speculation_word, "read"));
  AFTER(speculation_select_two(0));
  CHECK(!touched(&speculation_word, NULL) && touched(&speculation_other, "read"));
  AFTER(speculation_select_two(1));
  CHECK(touched(&speculation_word, "read") && !touched(&speculation_other, NULL));
  AFTER(speculation_switch(0));
  CHECK(!touched(&speculation_word, NULL) && !touched(&speculation_other, NULL));
  AFTER(speculation_switch(2));
  CHECK(!touched(&speculation_word, NULL) && touched(&speculation_other, "read"));
  AFTER(speculation_loop_read(zeros, 64));
  CHECK(!touched(&speculation_word, NULL) && touched(&zeros[63], "read"));
  AFTER(speculation_loop_read(last, 64));
  CHECK(touched(&speculation_word, "read"));
  AFTER(speculation_loop_write(ones, 64));
  CHECK(!touched(&speculation_word, NULL));
  AFTER(speculation_loop_write(last, 64));
  CHECK(touched(&speculation_word, "write"));
  AFTER(speculation_loop_add(zeros, 64));
  CHECK(!touched(&speculation_word, NULL));
  AFTER(speculation_loop_add(last, 64));
  CHECK(touched(&speculation_word, "write"));
  AFTER(speculation_while(ones, 0));
  CHECK(mock_count == 0);
  AFTER(speculation_while(ones, 3));
  CHECK(touched(&speculation_word, "write") && touched(&ones[2], "read") && !touched(&ones[3], NULL));
  AFTER(speculation_bytes_read(0));
  CHECK(touched(&speculation_bytes[0], "read") && !touched(&speculation_bytes[1], NULL));
  AFTER(speculation_bytes_read(1));
  CHECK(touched(&speculation_bytes[3], "read") && !touched(&speculation_bytes[4], NULL));
  AFTER(speculation_store(0));
  CHECK(mock_count == 0);
  AFTER(speculation_store(1));
  CHECK(touched(&speculation_word, "write") && !touched(&speculation_word, "read"));
  AFTER(speculation_stores(0, 0));
  CHECK(mock_count == 0);
  AFTER(speculation_stores(0, 1));
  CHECK(touched(&speculation_word, "write") && !touched(&speculation_word, "read"));
  AFTER(speculation_both_arms(0, 0));
  CHECK(mock_count == 0);
  puts("speculation");
}
