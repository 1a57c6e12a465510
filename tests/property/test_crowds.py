"""Crowds that work on one word by atomics: races that only a look at every victim of the granule shows.  Crowds that read
the same lines: races that only a look at every member of a set shows."""

import pytest

import judge
from oracle import RELAXED
from script import Program

CROWD, READER, LATE = range(1, 41), 41, 42
ADD = 1  # index into RMW


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    return judge.build_driver(tmp_path_factory.mktemp("crowds"))


def atomic(g, at):
    return ("R", g, at, 4, RELAXED, ADD, 1)


def read(g, at):
    return ("r", g, at, 4, 0)


def crowd(heard_of, between=()):
    """All are created by 0, add to the word at 0, and tell the reader, if they are in heard_of."""
    ops = [("n", 0, g, 0, 0) for g in (*CROWD, READER, LATE)]
    adds = [atomic(g, 0) for g in CROWD]
    return [*ops, *adds[:9], *between, *adds[9:], *(("h", g, READER) for g in heard_of)]


CASES = {
    "one is not heard of": [*crowd(CROWD[1:]), read(READER, 0)],
    "one goes on": [*crowd(CROWD), read(READER, 0), ("h", READER, 5), atomic(5, 0), read(READER, 0)],
    "the other half of the granule": [*crowd(CROWD, [atomic(LATE, 4)]), read(READER, 0), read(READER, 4)],
    "all are heard of": [*crowd(CROWD), read(READER, 0), ("h", READER, 5), atomic(5, 0), ("h", 5, READER), read(READER, 0)],
}


@pytest.mark.parametrize("case", CASES)
def test_crowd(driver, case):
    program = Program(8, 0, 0, ((0, 4), (4, 8)), tuple(CASES[case]))
    wrong = judge.judge(driver, [program])
    assert not wrong, judge.explain(driver, [program], case)


def test_cases_race():
    """By the oracle: all but the last."""
    assert [bool(judge.execute(tuple(ops))[0].oracle.races) for ops in CASES.values()] == [True, True, True, False]


READERS, WRITER, LINES = range(1, 11), 11, 4


def audience(missing, at, pieces=(), workers=1):
    """All read the same lines, the first of them in pieces; the writer hears of all but one, and writes a word."""
    ops = [("n", 0, g, 0, 0) for g in (*READERS, WRITER)]
    for g in READERS:
        ops.append(("t", g % workers))
        ops += [("r", g, lo, n, 2) for lo, n in (pieces if g <= 3 else ()) or [(0, 64 * LINES)]]
        ops.append(("r", g, 64, 128, 2))  # once more
    ops += [("h", g, WRITER) for g in READERS if g != missing]
    return Program(64 * LINES, 0, 0, ((0, 64 * LINES),), (*ops, ("w", WRITER, at, 8, 0)))


PIECES = {"in one piece": (), "in lines": [(64 * i, 64) for i in range(LINES)], "in words": [(8 * i, 8) for i in range(8 * LINES)]}


@pytest.mark.parametrize("planes, workers, credit", [(0, 1, 1 << 15), (1, 4, 1 << 15), (3, 8, 1 << 15), (1, 4, 300), (3, 8, 0)])
@pytest.mark.parametrize("pieces", PIECES)
def test_audience(driver, pieces, planes, workers, credit):
    programs = [audience(missing, at, PIECES[pieces], workers)
                for missing in (None, 1, 2, 5, 9, 10) for at in (0, 8, 64, 72, 200, 248)]
    for collect in (0, 50, -20):
        wrong = judge.judge(driver, programs, (collect, planes, credit))
        assert not wrong, judge.explain(driver, programs, (pieces, planes, workers, credit), (collect, planes, credit))


def test_who_is_missing_races():
    """By the oracle: the one that the writer didn't hear of, and nobody else."""
    for missing in (None, *READERS):
        assert bool(judge.execute(audience(missing, 8).ops)[0].oracle.races) == (missing is not None)


def encore(missing, at, pieces):
    """All read the same twice, and the writer hears of all; then one reads it once more."""
    ops = [("n", 0, g, 0, 0) for g in (*READERS, WRITER)]
    for g in READERS:
        ops += [("r", g, lo, n, 2) for lo, n in 2 * pieces]
    ops += [("h", g, WRITER) for g in READERS]
    if missing:
        ops += [("r", missing, lo, n, 2) for lo, n in pieces]
    return Program(64 * LINES, 0, 0, ((0, 64 * LINES),), (*ops, ("w", WRITER, at, 8, 0)))


@pytest.mark.parametrize("planes", [0, 3])
@pytest.mark.parametrize("pieces", PIECES)
def test_encore(driver, pieces, planes):
    """What a thread remembers of its sets is of one epoch."""
    programs = [encore(missing, at, PIECES[pieces] or [(0, 64 * LINES)]) for missing in (None, 1, 5, 10) for at in (0, 72, 248)]
    for collect in (0, 50, -20):
        wrong = judge.judge(driver, programs, (collect, planes))
        assert not wrong, judge.explain(driver, programs, (pieces, planes), (collect, planes))
