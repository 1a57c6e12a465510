"""The programs written by hand, on the scripted detector: exactly the pairs that they name, as far as one finding doesn't
stand for another (judge.py)."""

import tempfile

import pytest

import judge
from scenarios import SCENARIOS, read


@pytest.fixture(scope="module")
def driver():
    with tempfile.TemporaryDirectory(prefix="godwit-driver-") as folder:
        yield judge.build_driver(folder)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(driver, name):
    program, pairs = read(SCENARIOS[name])
    wrong = judge.judge(driver, [program])
    assert not wrong, f"{wrong[1]}\n{program.text()}"
    reported = judge.run_programs(driver, [program]).outcomes[0].pairs
    assert reported <= pairs
    assert bool(reported) == bool(pairs)
