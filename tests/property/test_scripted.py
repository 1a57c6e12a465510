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
from generate import generate

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


def run_batch(driver, seed, threads=0):
    """Programs seed, seed + 1, ... in one process."""
    programs = [generate(random.Random(seed + i), threads) for i in range(BATCH)]
    wrong = judge.judge(driver, programs)
    if wrong:
        index, _ = wrong
        upto = programs if index is None else programs[:index + 1]
        where = f"seed {seed} (threads {threads}), program {index}"
        pytest.fail(judge.explain(driver, upto, where), pytrace=False)


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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(st.randoms(use_true_random=False))
def test_hypothesis(driver, rng):
    """Programs drawn, and shrunk, by hypothesis."""
    program = generate(rng)
    wrong = judge.judge(driver, [program])
    assert not wrong, f"{wrong[1]}\nlayout {program.regions}\n{program.text()}"
