"""The warning for a thread-local's address that lives across a blocking call."""

import re
from pathlib import Path

import pytest

import godwit_testing as gt

SOURCE = Path(__file__).parent / "stale.c"


def compiled(*flags):
    return gt.run(gt.GODWIT_CLANG, *flags, "-c", SOURCE, "-o", "/dev/null")


@pytest.mark.parametrize("flags", ["-O0", "-O2", "-O0 -race", "-O3 -race -fPIC"])
def test_warns_where_it_says(build, flags):
    r = compiled("-g", *flags.split())
    found = [(str(Path(file).resolve()), *rest) for file, *rest in re.findall(
        r"warning: (\S+):(\d+):\d+: the address of thread-local '(\w+)' is used after a call that may block", r.stderr)]
    expected = [(str(SOURCE), str(n), m[1]) for n, line in enumerate(SOURCE.read_text().splitlines(), 1)
                if (m := re.search(r"/\* WARN (\w+) \*/", line))]
    assert r.status == 0 and sorted(found) == sorted(expected), r


def test_without_lines_it_names_the_function(build):
    r = compiled("-O1")
    assert "warning: in 'kept': the address of thread-local 'own' is used" in r.stderr, r


def test_can_be_an_error_or_silent(build):
    assert compiled("-Werror").status == 1
    r = compiled("-Wno-backend-plugin")
    assert (r.status, r.stderr) == (0, ""), r
