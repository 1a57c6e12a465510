"""The programs written by hand, on the scripted detector: exactly the pairs that they name, as far as one finding
doesn't stand for another (judge.py); also with epoch ids renamed all the time."""

import tempfile

import pytest

import judge
from scenarios import SCENARIOS, read


@pytest.fixture(scope="module")
def driver():
    with tempfile.TemporaryDirectory(prefix="godwit-driver-") as folder:
        yield judge.build_driver(folder)


@pytest.mark.parametrize("collect", (0, 50, -5))
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(driver, name, collect):
    program, pairs = read(SCENARIOS[name])
    arguments = (collect,) if collect else ()
    wrong = judge.judge(driver, [program], arguments)
    assert not wrong, f"{wrong[1]}\n{program.text()}"
    reported = judge.run_programs(driver, [program], arguments).outcomes[0].pairs
    assert reported <= pairs
    assert bool(reported) == bool(pairs)
