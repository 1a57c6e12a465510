"""Goroutines that only loop: others run on the same threads, and nothing changes behind their backs."""

from pathlib import Path

import pytest

import godwit_testing as gt

SOURCE = Path(__file__).parent / "programs/polls.c"
WITHOUT = [a for option in ("-mllvm", "-godwit-polls=0") for a in ("-Xclang", option)]
OFTEN = {"GOMAXPROCS": 4, "GODWIT": "stress=retake"}
RACE = pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])


def run(program, part, env=None):
    r = gt.run(program, part, env=env)
    assert (r.status, r.stderr) == (0, ""), r
    return r.stdout


@RACE
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_loops_give_way(programs, level, race):
    """Forty on one processor: a thread that wasn't on a core when it was asked to may have lost its processor."""
    assert int(run(programs(SOURCE, level, race=race), "many")) < 20


def test_loops_without_polls_keep_their_threads(programs):
    """The test above means something."""
    assert int(run(programs(SOURCE, "-O2", *WITHOUT, race=False), "many")) >= 40


@RACE
@pytest.mark.parametrize("flags", [("-O0",), ("-O2",), ("-O3", "-fPIC"), ("-O2", "-flto")], ids=" ".join)
@pytest.mark.parametrize("part", ["thread_locals", "registers"])
def test_what_is_the_goroutines_stays(programs, part, flags, race):
    run(programs(SOURCE, *flags, race=race), part, OFTEN)


@RACE
@pytest.mark.parametrize("part", ["handler", "locks"])
def test_threads_are_kept(programs, part, race):
    """In handlers of signals, and while a lock of libc's is held."""
    run(programs(SOURCE, "-O2", race=race), part)
    run(programs(SOURCE, "-O2", race=race), part, {"GODWIT": "stress=retake"})
