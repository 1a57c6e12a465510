"""The checks of the preset "paranoid": each fails when what it checks is broken, and ordinary builds have none of them.

The checks are compiled here, whatever build is tested; `.ci/run paranoid` runs the runtime's tests on a build with them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import godwit_testing as gt

SOURCE = Path(__file__).parent / "paranoid" / "planted.c"
PARTS = ["base/paranoid/rank.c", "base/paranoid/ring.c", "base/check.c", "base/own.c",
         "base/prim_linux.c", "base/spin.c", "runtime/waitq.c",
         "runtime/paranoid/checks.c"]
NAMES = re.findall(r"\bCASE\((\w+)\)[,}]", SOURCE.read_text())
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
    out = tmp_path_factory.mktemp("paranoid") / "planted"
    compiler = shutil.which("gcc-12") or "gcc" if request.param == "gcc" else request.param
    flags = ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fno-strict-aliasing", "-DGW_PARANOID=1"]
    r = gt.run(compiler, *flags, f"-I{gt.REPO}", f"-I{gt.REPO / 'include'}", SOURCE, *(gt.REPO / p for p in PARTS),
               "-lpthread", "-o", out)
    assert r.status == 0, r
    return out


@pytest.mark.parametrize("name", NAMES)
def test_planted(planted, name):
    r = gt.run(planted, name)
    if name.endswith("_right"):
        assert (r.status, r.stderr) == (0, ""), r
        return
    assert r.status == -6 and re.search("internal check failed|taken in the wrong order", r.stderr), r
    assert "this one), its last" in r.stderr, r
    for words in SAYS.get(name, []):
        assert words in r.stderr, r


def test_every_check_has_a_broken_case():
    """Each rank for which a check is registered is broken by some case: none of the checks is without a test."""
    registered = set(re.findall(r"paranoid_register\(RANK_(\w+)", (gt.REPO / "runtime/paranoid/checks.c").read_text()))
    broken = {"M": "runq_twice", "CHAN": "chan_slots", "WAITQ": "waitq_links", "MUTEX": "mutex_starving_alone",
              "WAITGROUP": "waitgroup_credit", "SEMA": "sema_keeps_units", "DESC": "desc_closer", "TIMERS": "timers_heap",
              "SCHED": "gqueue_count", "STACKPOOL": "stackpool_count"}
    assert registered == set(broken) and set(broken.values()) <= set(NAMES)


def test_ordinary_builds_have_none_of_it():
    preset = re.search(r"GODWIT_PARANOID:BOOL=(\w+)", (gt.BUILD / "CMakeCache.txt").read_text())[1]
    for library in ("libgodwit.a", "libgodwit_race.a"):
        symbols = subprocess.run(["nm", gt.BUILD / "lib/godwit" / library], capture_output=True, text=True, check=True).stdout
        assert ("paranoid" in symbols) == (preset == "ON")
