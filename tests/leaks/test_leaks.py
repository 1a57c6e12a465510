"""Leaks: every leak program found and rightly classed, and nothing said of programs that leak nothing."""

import re
from pathlib import Path

import pytest

import godwit_testing as gt

PROGRAMS = Path(__file__).parent / "programs"
LEAKS = {m[1]: m for m in re.finditer(
    r"/\* LEAK (\w+): (GW\d+) ([^,]+), (proven|suspected), (\d+) \*/", (PROGRAMS / "leaks.c").read_text())}


def findings(program, *args, folder, options="", status=66):
    run = gt.run_race(program, *args, folder=folder, options=f"leakcheck=1 {options}")
    assert run.status == status, run.result
    return [f for f in run.findings if f["kind"] != "GW1002"]  # some of the circles were foreseeable


def test_there_are_forty():
    assert len(LEAKS) >= 40


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("name", LEAKS)
def test_leak(programs, tmp_path, name, race):
    kind, reason, sure, count = LEAKS[name].groups()[1:]
    found = findings(programs(PROGRAMS / "leaks.c", race=race), name, folder=tmp_path)
    assert {f["kind"] for f in found} == {kind}, found
    reasons = {a["reason"] for f in found for a in f["accesses"]}
    assert reason in reasons, reasons
    if kind == "GW1004":
        assert sum(f["count"] for f in found) == int(count), found
        assert all(("suspected" in f["message"]) == (sure == "suspected") for f in found), found
    else:
        assert len(found) == 1 and len(found[0]["accesses"]) == int(count), found
    for f in found:  # the place where it waits, and where it was made
        for a in f["accesses"]:
            assert a["stack"] and all(x["file"].endswith("leaks.c") for x in a["stack"] if "file" in x), a
            assert a["created_at"][0]["file"].endswith("leaks.c")


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
def test_no_leak(programs, tmp_path, race, full):
    program = programs(PROGRAMS / "no_leaks.c", race=race)
    for seed in range(1000 if full else 200):
        r = gt.run(program, str(seed), env={"GODWIT": "leakcheck=1", "GOMAXPROCS": str(1 + seed % 4)})
        assert r.status == 0 and not r.stderr, f"seed {seed}\n{r}"


def test_a_finding_that_takes_its_time_hides_no_other(programs, tmp_path):
    """Who tells of an inversion isn't in the circle yet: the search for it waits until that has been told."""
    slow = tmp_path / "godwit"
    slow.write_text(f'#!/bin/sh\nsleep 3\nexec {gt.GODWIT} "$@"\n')
    slow.chmod(0o755)
    (tmp_path / "log").mkdir()
    run = gt.run_race(programs(PROGRAMS / "leaks.c"), "five_philosophers", folder=tmp_path / "log", options="leakcheck=1",
                      env={"GODWIT_CLI": slow})
    assert {f["kind"] for f in run.findings} == {"GW1002", "GW1005"}, run.result


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("suppression, case, found", [
    ("leak:receive", "forgotten_receiver", False), ("leak:forgotten_receiver", "forgotten_receiver", False),
    ("leak:send", "forgotten_receiver", True), ("deadlock:receive", "forgotten_receiver", True),
    ("deadlock:lock_twice", "double_lock", False), ("leak:lock_twice", "double_lock", True)])
def test_suppressed(programs, tmp_path, race, suppression, case, found):
    """Also by the place where the goroutine was created; what is suppressed leaves the exit status alone."""
    (tmp_path / "suppressions").write_text(suppression + "\n")
    assert bool(findings(programs(PROGRAMS / "leaks.c", race=race), case, folder=tmp_path, status=66 if found else 0,
                         options=f"suppressions={tmp_path}/suppressions")) == found


def test_a_leak_says_what_suppresses_it(programs):
    r = gt.run(programs(PROGRAMS / "leaks.c", race=False), "forgotten_receiver", env={"GODWIT": "leakcheck=1"})
    assert "   suppress: leak:receive " in r.stderr, r
