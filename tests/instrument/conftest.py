"""Makes what this folder's tests share importable, and builds what they share once."""

import sys
from pathlib import Path

import pytest

import godwit_testing as gt

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def claims_objects(tmp_path_factory):
    """The main program of generated functions (claims_testing.py), and the runtime that writes down what they claim."""
    from claims_testing import CASES
    from instrument_testing import CLANG, RUN, WARNINGS, command

    folder = tmp_path_factory.mktemp("claims")
    (folder / "table.h").write_text("".join(f"CASE({i})\n" for i in range(CASES)))
    for name in ("mock", "claims_main"):
        command(CLANG, "-g", "-O1", *WARNINGS, f"-I{gt.REPO / 'include'}", f"-I{folder}", "-c", RUN / f"{name}.c", "-o",
                folder / f"{name}.o")
    return [folder / "mock.o", folder / "claims_main.o"]
