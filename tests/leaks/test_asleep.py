"""All goroutines are asleep: the message names who waits for whom."""

import re

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <godwit.h>

static gw_mutex a, b;
static gw_waitgroup both;
static void other(void) {
  gw_mutex_lock(&b);
  gw_waitgroup_done(&both);
  gw_waitgroup_wait(&both);
  gw_mutex_lock(&a);
}
static void answers(gw_chan(int) in, gw_chan(int) out) { gw_send(out, gw_recv(in)); }

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    gw_chan(int) c = gw_make(int, 0), d = gw_make(int, 0);
    gw_go(answers, c, d);
    gw_recv(d);
    gw_send(c, 1);
  }
  gw_mutex_lock(&a);
  gw_waitgroup_add(&both, 2);
  gw_go(other);
  gw_waitgroup_done(&both);
  gw_waitgroup_wait(&both);
  gw_mutex_lock(&b);
  return 0;
}
"""


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("args, verb", [((), "holds"), (("channels",), "knows")])
def test_names_the_circle(programs, race, args, verb):
    r = gt.run(programs(PROGRAM, race=race), *args)
    assert r.status == (66 if race else 2), r
    assert "fatal error: all goroutines are asleep - deadlock!" in r.stderr
    lines = re.findall(rf"^   goroutine (\d+) waits for .* 0x[0-9a-f]+, which goroutine (\d+) {verb}$", r.stderr, re.M)
    assert len(lines) == 2 and lines[0] == lines[1][::-1], r.stderr
