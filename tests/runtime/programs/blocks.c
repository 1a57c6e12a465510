/* gw_go_b: a block is copied, with what it captures. */
#include "check.h"

int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  int captured = 5;
  __block int shared = 1;
  struct {
    int a, b;
  } pair = {3, 4};
  gw_go_b(^{
    shared += captured + pair.a * pair.b;
    gw_send(c, shared);
  });
  captured = 100;
  CHECK(gw_recv(c) == 1 + 5 + 12);
  CHECK(shared == 18);
  for (int i = 0; i < 100; i++) {
    void (^inner)(int) = ^(int n) {
      gw_send(c, n * i);
    };
    gw_go_b(^{
      inner(2);
    });
  }
  int sum = 0;
  for (int i = 0; i < 100; i++) sum += gw_recv(c);
  CHECK(sum == 9900);
  return 0;
}
