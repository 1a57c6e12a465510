"""Programs for the tests of the tool."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import cli_testing as ct  # noqa: E402


@pytest.fixture(scope="session")
def bank(build, tmp_path_factory):
    """bank.c, built in its own folder."""
    return ct.build(tmp_path_factory.mktemp("bank"))
