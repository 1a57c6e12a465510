/* Not instrumented. */
#include "names.h"

#include <stdio.h>

#include "mock.h"

int main(void) {
  mock_start();
  names_run();
  CHECK(mock_count > 0);
  puts("names");
}
