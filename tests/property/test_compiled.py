"""Whole programs of goroutines and pthreads, through the pass, the runtime and the detector, against the oracle.

A difference is printed with its seed and the smallest program that shows it.  To run one seed again:
    GODWIT_PROPERTY_SEED=N python3 -m pytest tests/property/test_compiled.py
"""

import os
import random

import pytest

import compiled
from tasks import generate, replay

BATCH = 150  # programs to an executable
SHARE, FULL = 12, 170  # executables; 5,100 programs at each level
LEVELS = ("-O1", "-O2", "-O0", "-O3", "-Os")
MAXPROCS = (2, 1, 4)


def batches(full):
    if "GODWIT_PROPERTY_SEED" in os.environ:
        return [int(os.environ["GODWIT_PROPERTY_SEED"])]
    return [BATCH * i for i in range(FULL if full else SHARE)]


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", batches(metafunc.config.getoption("--full")))


def compare(binary, run, where, flags, env, collecting=False):
    wrong = binary.differences(run)
    if wrong:
        where = f"{where}, {' '.join(flags)}, GOMAXPROCS={env['GOMAXPROCS']}"
        pytest.fail(compiled.explain(binary, wrong[0][0], wrong, where, flags, env, collecting), pytrace=False)


def test_programs(seed, tmp_path, full):
    """Programs seed, seed + 1, ...; each executable has its optimisation level, and runs with several GOMAXPROCS;
    the same compiled programs also with epoch ids renamed after every 1,000 new ones.  In every fourth executable locks
    are given back by others, too."""
    by_anybody = seed // BATCH % 4 == 3
    programs = [generate(random.Random(seed + i), by_anybody) for i in range(BATCH)]
    flags = (LEVELS[seed // BATCH % len(LEVELS)],)
    binary = compiled.Binary(programs, tmp_path, "programs", *flags)
    for maxprocs in MAXPROCS if full else MAXPROCS[seed // BATCH % 3:][:1]:
        compare(binary, binary.run({"GOMAXPROCS": maxprocs}), f"seed {seed}", flags, {"GOMAXPROCS": maxprocs})
    if full or seed // BATCH % 3 == 0:
        env = {"GOMAXPROCS": MAXPROCS[seed // BATCH % 3]}
        collecting = binary.collecting()
        run = collecting.run(env)
        assert run.result.stdout.endswith("collected\n") and "never" not in run.result.stdout, run.result
        compare(collecting, run, f"seed {seed}, collecting", flags, env, True)


@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
def test_programs_with_every_check_in_place(level, tmp_path, full):
    """What --audit builds says the same as the oracle, so the same as the builds above."""
    for seed in range(5000, 5000 + BATCH * (10 if full else 1), BATCH):
        programs = [generate(random.Random(seed + i)) for i in range(BATCH)]
        flags = (level, "--audit")
        binary = compiled.Binary(programs, tmp_path, "programs", *flags)
        compare(binary, binary.run({"GOMAXPROCS": 2}), f"seed {seed}", flags, {"GOMAXPROCS": 2})


def test_programs_are_worth_running():
    """Variables race and don't, and every kind of operation occurs."""
    raced = clean = 0
    kinds = set()
    for seed in range(400):
        program = generate(random.Random(seed))
        world, made = replay(program)
        assert made == program
        racing = {program.variable_of(r.lo) for r in world.oracle.races}
        raced += len(racing)
        clean += len(program.regions) - len(racing)
        kinds |= {op[0] for op in program.ops}
    assert raced > 150 and clean > 400
    assert kinds == set(compiled.OPS)
