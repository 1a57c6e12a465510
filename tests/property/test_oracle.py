"""The oracle against verdicts known without it."""

import random

import pytest

from generate import generate
from scenarios import SCENARIOS, read
from script import execute


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    program, pairs = read(SCENARIOS[name])
    execution, made = execute(program.ops)
    assert made == program.ops
    assert {(r.later, r.earlier) for r in execution.oracle.races} == pairs


def test_generated_programs_are_worth_running():
    """Some variables race and many don't, and long histories are ordered: else the comparison would say little."""
    raced = clean = shared = 0
    for seed in range(500):
        program = generate(random.Random(seed))
        execution, made = execute(program.ops)
        assert made == program.ops
        racing = {program.region_of(r.lo) for r in execution.oracle.races}
        users = {}
        for accesses in execution.oracle.accesses.values():
            for a in accesses:
                users.setdefault(program.region_of(a.lo), set()).add(a.g)
        shared += sum(1 for region, gs in users.items() if len(gs) > 2 and region not in racing)
        raced += len(racing)
        clean += len(program.regions) - len(racing)
    assert raced > 200 and clean > 500 and shared > 100
