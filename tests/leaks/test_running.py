"""gw_leak_check in a program that goes on: what else lies in memory neither hides a leak nor makes one."""

from pathlib import Path

import pytest

import godwit_testing as gt

PROGRAM = Path(__file__).parent / "programs" / "running.c"
CASES = {
    "beside_readers": 9,
    "from_here": 1,
    "much_memory": 1,
    "known_to_the_heap": 0,
    "about_to_hold": 0,
    "beside_handler": 1,
}


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("name", CASES)
def test_running(programs, name, race):
    program = programs(PROGRAM, "-O2", race=race)
    r = gt.run(program, name, CASES[name], env={"GODWIT": "maxprocs=1"})
    assert r.stdout == f"{CASES[name]} leaked\n", r
