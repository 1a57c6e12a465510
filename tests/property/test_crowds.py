"""Crowds that work on one word by atomics: races that only a look at every victim of the granule shows."""

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
