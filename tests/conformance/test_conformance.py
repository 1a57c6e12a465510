"""Race and no-race pairs for everything that a C program can do, level by level.

In the short run each case runs once at -O0 and at -O2, in the long one 20 times at each level."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import godwit_testing as gt
import judging

LEVELS = ("-O0", "-O1", "-O2", "-O3")
FLAGS = ("-Wno-unused-function", "-lm")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", judging.SOURCES, ids=lambda p: p.stem)
def test_verdicts(source, level, full, programs, tmp_path):
    if not full and level not in ("-O0", "-O2"):
        pytest.skip("in the long run")
    program = programs(source, level, *FLAGS)
    cases = judging.cases(source)
    listed = gt.run(program).stdout.splitlines()
    assert listed == [c.name + (" pair" if c.pair else "") for c in cases], "each case has its lines"
    assert all(c.kind for c in cases), "each case stands below a heading"
    runs = range(20 if full else 1)

    def judge(case):
        folder = tmp_path / case.name
        folder.mkdir()
        done = (gt.run_race(program, case.name, folder=folder) for _ in runs)
        return next(filter(None, (judging.wrong(case, source, run) for run in done)), "")

    pairs = [c for c in cases if c.pair]
    problems = [judging.wrong_pairs(pairs, source, gt.run_race(program, "pairs", folder=tmp_path)) for _ in runs if pairs]
    with ThreadPoolExecutor(2) as pool:
        problems += pool.map(judge, [c for c in cases if not c.pair])
    problems = [p for p in problems if p]
    assert not problems, f"of {len(cases)} cases:\n" + "\n".join(problems)
