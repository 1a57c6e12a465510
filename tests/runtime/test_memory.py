"""The memory of very many goroutines: what each takes, that it goes back after a peak, and that the last one has a guard."""

import re
from pathlib import Path

import godwit_testing as gt
import pytest

SOURCE = Path(__file__).parent / "programs" / "memory.c"


@pytest.fixture(scope="module")
def memory(programs):
    return programs(SOURCE, "-O1", race=False)


def many(full):
    return 1_000_000 if full else 20_000


def test_it_goes_back(memory, full):
    """When told; and in the long run, by itself within a minute."""
    for how in ("told", "wait") if full else ("told",):
        r = gt.run(memory, many(full), how, timeout=300)
        assert (r.status, r.stderr) == (0, ""), r


def test_short_ones_share_stacks(memory):
    r = gt.run(memory, 200_000, "short")
    assert (r.status, r.stderr) == (0, ""), r


def test_the_last_of_many_overflows(memory, full):
    n = many(full)
    r = gt.run(memory, n, "over", timeout=300)
    line = re.match(r"godwit: goroutine (\d+) exceeds its stack of 262144 bytes in fall; GODWIT=stack_size=", r.stderr)
    assert r.status == 2 and line and int(line[1]) > n and "fatal error: stack overflow\n" in r.stderr, r.stderr[:2000]


def test_a_small_stack_overflows(programs, memory):
    r = gt.run(memory, 10, "over", env={"GODWIT": "stack_size=32768"})
    assert r.status == 2 and " exceeds its stack of 32768 bytes in fall; GODWIT=stack_size=131072 " in r.stderr, r
    r = gt.run(programs(SOURCE, "-O1"), 10, "over")
    assert r.status == 2 and " exceeds its stack of 262144 bytes in fall; GODWIT=" in r.stderr, r
