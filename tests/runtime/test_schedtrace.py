"""schedtrace and scheddetail: Go's lines to the letter, and figures that fit what the program does."""

import re

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <godwit.h>
#include <stdlib.h>

static gw_waitgroup ready, done;
static gw_chan(int) never;

static void waits(void) {
  gw_waitgroup_done(&ready);
  gw_recv(never);
}
static void sleeps(void) {
  gw_lock_os_thread();
  gw_waitgroup_done(&ready);
  gw_sleep(3600 * GW_S);
}
static _Atomic int spinning;
static void spins(int ms) { /* together, for a while */
  for (spinning++; spinning < 3;) continue;
  for (int64_t until = gw_now() + ms * GW_MS; gw_now() < until;) continue;
  gw_waitgroup_done(&done);
}

int main(int argc, char **argv) {
  never = gw_make(int, 0);
  gw_waitgroup_add(&ready, 2);
  gw_go(waits);
  gw_go(sleeps);
  gw_waitgroup_wait(&ready);
  gw_waitgroup_add(&done, 3);
  for (int i = 0; i < 3; i++) gw_go(spins, argc > 1 ? atoi(argv[1]) : 1);
  gw_waitgroup_wait(&done);
  return 0;
}
"""

LINE = re.compile(r"SCHED (\d+)ms: gomaxprocs=(\d+) idleprocs=(\d+) threads=(\d+) spinningthreads=(\d+) "
                  r"needspinning=(\d+) idlethreads=(\d+) runqueue=(\d+)( \[[\d ]+\])?"
                  r"( gcwaiting=0 nmidlelocked=\d+ stopwait=0 sysmonwait=0)?")
DETAIL = [re.compile(p) for p in (
    r"  P\d+: status=[014] schedtick=\d+ syscalltick=0 m=(-1|\d+) runqsize=\d+ gfreecnt=\d+ timerslen=\d+",
    r"  M\d+: p=(-1|\d+) curg=(-1|\d+) mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=(true|false) "
    r"blocked=(true|false) lockedg=(-1|\d+)",
    r"  G\d+: status=[0-6]\([a-zA-Z. ()]*\) m=(-1|\d+) lockedm=(-1|\d+)")]


def lines_of(program, **env):
    """Its standard error, with four blocks or more; it runs for longer where the machine holds the monitor up."""
    for ms in (400, 1600, 6400, 25600):
        r = gt.run(program, ms, env=env)
        assert r.status == 0, r
        if r.stderr.count("SCHED ") >= 4:
            break
    return r.stderr


@pytest.mark.parametrize("race", [False, True])
@pytest.mark.parametrize("variable", ["GODWIT", "GODEBUG"])
def test_lines(programs, variable, race):
    text = lines_of(programs(PROGRAM, race=race), **{variable: "schedtrace=50", "GOMAXPROCS": "3"})
    lines = [LINE.fullmatch(line) for line in text.splitlines()]
    assert all(lines) and len(lines) >= 4, text
    times = [int(m[1]) for m in lines]
    assert times == sorted(times) and all(b - a >= 49 for a, b in zip(times, times[1:])), times
    for m in lines:
        assert m[2] == "3" and int(m[3]) <= 3 and m[10] is None
        assert len(m[9].strip(" []").split()) == 3
    # three spin; on a busy machine the monitor may have taken a processor from one of them to start another
    assert any(m[3] in "01" for m in lines), text


def test_off_by_default(programs):
    assert gt.run(programs(PROGRAM, race=False)).stderr == ""


def test_detail(programs):
    text = lines_of(programs(PROGRAM, race=False), GODEBUG="schedtrace=50,scheddetail=1", GOMAXPROCS="2")
    blocks = re.split(r"^(?=SCHED )", text, flags=re.M)[1:]
    assert len(blocks) >= 4
    for block in blocks:
        head, *rest = block.splitlines()
        threads = int(LINE.fullmatch(head)[4])
        assert LINE.fullmatch(head)[9] is None and LINE.fullmatch(head)[10]
        assert all(any(p.fullmatch(line) for p in DETAIL) for line in rest), block
        assert sum(line.startswith("  P") for line in rest) == 2
        assert abs(sum(line.startswith("  M") for line in rest) - threads) <= 1  # one may start meanwhile
    last = blocks[-1]
    assert re.search(r"^  G\d+: status=4\(chan receive\) m=-1 lockedm=-1$", last, re.M), last
    sleeper = re.search(r"^  G(\d+): status=4\(sleep\) m=-1 lockedm=(\d+)$", last, re.M)
    assert sleeper, last
    assert re.search(rf"^  M{sleeper[2]}: .* blocked=true lockedg={sleeper[1]}$", last, re.M), last
    assert re.search(r"nmidlelocked=1 ", last)
