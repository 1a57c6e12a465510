"""The checks of the preset "paranoid": each fails when what it checks is broken, and ordinary builds have none of them.

The checks are compiled here, whatever build is tested; `.ci/run paranoid` runs the runtime's tests on a build with them."""

import re
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

FOLDER = Path(__file__).parent / "paranoid"
BASE = ["base/paranoid/rank.c", "base/paranoid/ring.c", "base/check.c", "base/own.c", "base/prim_linux.c", "base/spin.c"]
PARTS = {"planted": [*BASE, "runtime/waitq.c", "runtime/paranoid/checks.c"],
         "planted_detector": [*BASE, "detector/paranoid/checks.c"]}
CASES = {program: re.findall(r"\bCASE\((\w+)\),", (FOLDER / f"{program}.c").read_text()) for program in PARTS}
SAYS = {  # what the first lines say
    "order_wrong": ["wants &a_heap.lock", "TIMERS, level 30", "holds &a_sched.lock", "SCHED, level 40"],
    "addresses_wrong": ["wants &chans[0].c.lock", "holds &chans[1].c.lock"],
    "not_held": ["a lock that it doesn't hold"],
    "held_at_sleep": ["a lock is held where none may be: sleep", "holds &a_sched.lock"],
    "a_check": ["internal check failed: leaf.held == 1", "an event of the past 42 43"],
    "timers_heap": ["when <= t->when", "lock planted"],
}


@pytest.fixture(scope="module", params=["clang-19", "gcc"])
def planted(request, tmp_path_factory):
    """program -> its path."""
    flags = ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fno-strict-aliasing", "-DGW_PARANOID=1"]
    built = {}
    for program, parts in PARTS.items():
        built[program] = tmp_path_factory.mktemp("paranoid") / program
        race = ["-DGW_RACE=1"] if program == "planted_detector" else []
        r = gt.run(request.param, *flags, *race, f"-I{gt.REPO}", f"-I{gt.REPO / 'include'}", FOLDER / f"{program}.c",
                   *(gt.REPO / p for p in parts), "-lpthread", "-o", built[program])
        assert r.status == 0, r
    return built


@pytest.mark.parametrize("program, name", [(p, name) for p, names in CASES.items() for name in names])
def test_planted(planted, program, name):
    r = gt.run(planted[program], name)
    if name.endswith("_right"):
        assert (r.status, r.stderr) == (0, ""), r
        return
    assert r.status == -6 and re.search("internal check failed|taken in the wrong order", r.stderr), r
    assert "this one), its last" in r.stderr, r
    for words in SAYS.get(name, []):
        assert words in r.stderr, r


def test_every_check_has_a_broken_case():
    """Each rank for which a check is registered is broken by some case: none of the checks is without a test."""
    registered = {rank for room in ("runtime", "detector")
                  for rank in re.findall(r"paranoid_register\(RANK_(\w+)", (gt.REPO / room / "paranoid/checks.c").read_text())}
    broken = {"M": "runq_twice", "CHAN": "chan_slots", "WAITQ": "waitq_links", "MUTEX": "mutex_starving_alone",
              "WAITGROUP": "waitgroup_credit", "SEMA": "sema_keeps_units", "DESC": "desc_closer", "TIMERS": "timers_heap",
              "SCHED": "gqueue_count", "STACKPOOL": "stackpool_count", "EPOCHS": "epochs_count", "DET_GS": "gs_count",
              "DET_THREADS": "threads_links"}
    assert registered == set(broken) and set(broken.values()) <= {n for names in CASES.values() for n in names}


def test_ordinary_builds_have_none_of_it():
    preset = re.search(r"GODWIT_PARANOID:BOOL=(\w+)", (gt.BUILD / "CMakeCache.txt").read_text())[1]
    for library in ("libgodwit.a", "libgodwit_race.a"):
        symbols = subprocess.run(["nm", gt.BUILD / "lib/godwit" / library], capture_output=True, text=True, check=True).stdout
        assert ("paranoid" in symbols) == (preset == "ON")
