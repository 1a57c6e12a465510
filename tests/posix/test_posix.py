"""POSIX threads, C11 threads, the heap and libc: what the comments in tests/posix/programs say, and nothing else."""

import pytest

import godwit_testing as gt

PROGRAMS = sorted((gt.REPO / "tests" / "posix" / "programs").glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2")


def ids(path):
    return path.stem


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", PROGRAMS, ids=ids)
def test_verdict(source, level, programs, runs, tmp_path):
    program = programs(source, level)
    for _ in range(max(2, runs // 10)):
        gt.check(source, gt.run_race(program, folder=tmp_path))


@pytest.mark.parametrize("source", PROGRAMS, ids=ids)
def test_verdict_in_a_static_program(source, programs, tmp_path):
    gt.check(source, gt.run_race(programs(source, "-O1", "-static"), folder=tmp_path))
