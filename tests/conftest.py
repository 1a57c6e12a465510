"""Fixtures that every room's tests share; the functions behind them are in godwit_testing.py."""

import os

import pytest

import godwit_testing as gt


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", default=os.environ.get("GODWIT_TEST_FULL", "0") not in ("", "0"),
                     help="the long run: 200 runs of each example, the whole property test")


def pytest_configure(config):
    if config.getoption("--full"):
        os.environ["GODWIT_TEST_FULL"] = "1"  # xdist's workers and helper processes see it too
    for variable in gt.OUR_VARIABLES:
        os.environ.pop(variable, None)


def pytest_report_header(config):
    return f"godwit: {gt.BUILD}" + (", full run" if config.getoption("--full") else "")


@pytest.fixture(scope="session")
def full(request):
    """True in the long run."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session")
def runs(full):
    """How often to run a program whose verdict must not depend on the schedule."""
    return 200 if full else 10


@pytest.fixture(scope="session")
def build():
    """The build folder, with bin/godwit in it."""
    assert os.access(gt.GODWIT, os.X_OK), f"{gt.GODWIT} is not there: run ./bootstrap build, or set GODWIT_BUILD"
    return gt.BUILD


@pytest.fixture(scope="session")
def programs(build, tmp_path_factory):
    """gt.Programs: compiles each source once per set of flags."""
    return gt.Programs(tmp_path_factory.mktemp("programs"))
