"""What happens again and again at one place is one finding; at two places it is two."""

import godwit_testing as gt

MISUSE = """
#include <pthread.h>
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
int main(void) {
  for (int i = 0; i < 5; i++) pthread_mutex_unlock(&mu);
  pthread_mutex_unlock(&mu);
  return 0;
}
"""


def test_a_misuse_in_a_loop_is_one_finding(programs, tmp_path):
    run = gt.run_race(programs(MISUSE), folder=tmp_path)
    assert run.status == 66, run.result
    assert [f["kind"] for f in run.findings] == ["GW1006", "GW1006"]
    assert [f["accesses"][0]["stack"][0]["line"] for f in run.findings] == [5, 6]
