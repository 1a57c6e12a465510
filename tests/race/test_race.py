"""Race and no-race programs: the comments in tests/race/programs say what must be found, and nothing else may be."""

import pytest

import godwit_testing as gt

PROGRAMS = sorted((gt.REPO / "tests" / "race" / "programs").glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2", "-O3")
PROCESSORS = ("1", "2", "8")
SLOW = ("many_goroutines_race", "distance_race")  # seconds each: one level in the short run


def ids(path):
    return path.stem


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", PROGRAMS, ids=ids)
def test_verdict(source, level, programs, full, tmp_path):
    if source.stem in SLOW and level != "-O2" and not full:
        level = "-O2"
    program = programs(source, level)
    for _ in range(20 if full else 1):
        gt.check(source, gt.run_race(program, folder=tmp_path, timeout=300))


@pytest.mark.parametrize("source", [p for p in PROGRAMS if p.stem not in SLOW], ids=ids)
def test_verdict_on_any_number_of_processors(source, programs, full, tmp_path):
    """The verdict is of the program, not of the schedule."""
    program = programs(source, "-O1")
    for _ in range(30 if full else 2):
        for processors in PROCESSORS:
            gt.check(source, gt.run_race(program, folder=tmp_path, env={"GOMAXPROCS": processors}))


def test_without_race_nothing_is_reported(programs, tmp_path):
    """The same source in a plain build runs as it is."""
    source = next(p for p in PROGRAMS if p.stem == "mutex_race")
    run = gt.run_race(programs(source, "-O1", race=False), folder=tmp_path)
    assert (run.status, run.findings, run.result.stderr) == (0, [], "")


def test_expectations_can_fail(tmp_path):
    """The checker itself: a missing finding, one too many, a wrong line, name or status are all noticed."""
    source = tmp_path / "x.c"
    source.write_text("x = 1; /* RACE: write x */\ny = x; /* RACE: read x */\n")

    def finding(*lines, name="x"):
        return {"kind": "GW1001", "variable": {"name": name, "name_source": "global"},
                "accesses": [{"op": op, "size": 4, "goroutine": {"id": 1}, "stack": [{"file": "x.c", "line": line}]}
                             for op, line in lines]}

    good = finding(("read", 2), ("write", 1))
    fine = gt.Result(66, "", "")
    gt.check(source, gt.RaceRun(fine, [good]))
    for findings, result in (([], fine), ([good, finding(("read", 2), ("write", 3))], fine), ([good], gt.Result(0, "", "")),
                             ([finding(("read", 1), ("write", 2))], fine), ([finding(("read", 2), ("write", 1), name="z")], fine)):
        with pytest.raises(AssertionError):
            gt.check(source, gt.RaceRun(result, findings))
    for text in ("/* NO RACE */ /* RACE: write x */", "/* RACE: wrote x */", "x = 1;"):
        source.write_text(text)
        with pytest.raises(AssertionError):
            gt.expectations(source)
