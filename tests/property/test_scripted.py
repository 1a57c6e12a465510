"""The detector, scripted from one thread, against the oracle: random programs.

A difference is printed with its seed and the smallest script that shows it.  To run one seed again:
    GODWIT_PROPERTY_SEED=N python3 -m pytest tests/property/test_scripted.py -k seeded
"""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import judge
from duos import generate_duos
from generate import generate
from rows import generate_rows

BATCH = 500  # programs to a process
SHARE, FULL = 20_000, 300_000  # programs in all


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    return judge.build_driver(tmp_path_factory.mktemp("driver"))


def seeds(full, part, parts):
    """Seeds of the batches of one part of a run; always the same ones in the default share."""
    if "GODWIT_PROPERTY_SEED" in os.environ:
        return [int(os.environ["GODWIT_PROPERTY_SEED"])] if part == 0 else []
    batches = (FULL if full else SHARE) // BATCH
    return [i * BATCH for i in range(batches) if i % parts == part]


def run_batch(driver, seed, threads=0, collect=0, planes=3, credit=0):
    """Programs seed, seed + 1, ... in one process; epoch ids are collected each time that `collect` were used up (less
    than 0: and all lines that can be are retired then), and threads may have so many read planes of their own, and can afford so much for sets of readers and for duos."""
    programs = [generate(random.Random(seed + i), threads) for i in range(BATCH)]
    arguments = (collect, planes, credit)
    wrong = judge.judge(driver, programs, arguments)
    if wrong:
        index, _ = wrong
        upto = programs if index is None else programs[:index + 1]
        where = f"seed {seed} (threads {threads}, collect {collect}, planes {planes}, credit {credit}), program {index}"
        pytest.fail(judge.explain(driver, upto, where, arguments), pytrace=False)


@pytest.mark.parametrize("part", range(4))
def test_seeded(driver, full, part):
    """All goroutines on one thread."""
    for seed in seeds(full, part, 4):
        run_batch(driver, seed)


@pytest.mark.parametrize("part", range(2))
def test_seeded_on_several_threads(driver, full, part):
    """Goroutines move between four threads, so that several read planes are in use."""
    for seed in seeds(full, part, 2)[:None if full else 4]:
        run_batch(driver, seed + 10_000_000, threads=4)


@pytest.mark.parametrize("collect", (50, 1000, -50, -5))
def test_seeded_with_collection(driver, full, collect):
    """Epoch ids are renamed all the time, and programs follow one another in one process."""
    for seed in seeds(full, 0, 1)[:None if full else 6]:
        run_batch(driver, seed + 20_000_000, threads=2 if seed % (2 * BATCH) else 0, collect=collect)


RICH = 1 << 20


@pytest.mark.parametrize("planes, threads, collect, credit", [
    (0, 0, 0, RICH), (0, 8, 0, RICH), (1, 8, 0, RICH), (0, 8, 50, RICH), (1, 8, -20, RICH), (1, 8, 1000, RICH), (3, 8, 0, 200), (1, 8, 50, 200)])
def test_seeded_with_sets(driver, full, planes, threads, collect, credit):
    """Those that read side by side become sets, and a write and the reads after it duos; those that can't afford that
    any more get planes of their own."""
    for seed in seeds(full, 0, 1)[:None if full else 4]:
        run_batch(driver, seed + 30_000_000, threads, collect, planes, credit)


@pytest.mark.parametrize("collect, planes, credit", [(0, 0, RICH), (0, 3, 1 << 13), (50, 3, RICH), (-20, 3, RICH), (300, 1, 200)])
def test_duos(driver, full, collect, planes, credit):
    """Many duos, and at the end somebody for each word who knows of all its readers but one."""
    for seed in range(40_000_000, 40_002_000 if full else 40_000_020, 20):
        programs = [generate_duos(random.Random(seed + i)) for i in range(20)]
        wrong = judge.judge(driver, programs, (collect, planes, credit))
        if wrong:
            upto = programs if wrong[0] is None else programs[:wrong[0] + 1]
            pytest.fail(judge.explain(driver, upto, f"seed {seed}", (collect, planes, credit)), pytrace=False)


@pytest.mark.parametrize("collect, credit", [(0, 0), (0, RICH), (50, 0), (-20, 0), (300, 0)])
def test_rows(driver, full, collect, credit):
    """Goroutines in rows, circles, trees and around hubs: large clocks that are joined again and again."""
    for seed in range(50_000_000, 50_003_000 if full else 50_000_120, 20):
        programs = [generate_rows(random.Random(seed + i)) for i in range(20)]
        wrong = judge.judge(driver, programs, (collect, 3, credit))
        if wrong:
            upto = programs if wrong[0] is None else programs[:wrong[0] + 1]
            pytest.fail(judge.explain(driver, upto, f"seed {seed}", (collect, 3, credit)), pytrace=False)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(st.randoms(use_true_random=False))
def test_hypothesis(driver, rng):
    """Programs drawn, and shrunk, by hypothesis."""
    program = generate(rng)
    wrong = judge.judge(driver, [program])
    assert not wrong, f"{wrong[1]}\nlayout {program.regions}\n{program.text()}"
