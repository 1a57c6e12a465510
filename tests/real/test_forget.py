"""Two racing accesses may lie far apart: every scenario of bench/forget is reported, with pthreads and with goroutines."""

import re

import godwit_testing as gt
import pytest

SOURCE = gt.REPO / "bench" / "forget" / "forget.c"
CASES = [("own", 200_000), ("other", 200_000), ("calls", 200_000), ("objects", 50_000), ("short", 400),
         ("live", 300), ("readers", 3), ("readers", 40)]


@pytest.mark.parametrize("tasks", ["threads", "goroutines"])
@pytest.mark.parametrize("scenario, n", CASES)
def test_reported(programs, tmp_path, scenario, n, tasks):
    program = programs(SOURCE, "-O2", *(["-DGOROUTINES"] if tasks == "goroutines" else []))
    r = gt.run_race(program, scenario, n, folder=tmp_path)
    assert r.status == 66, str(r.result)
    assert [f["kind"] for f in r.findings] == ["GW1001"], "\n".join(map(gt.show, r.findings))
    assert r.findings[0]["variable"]["name"] == "the_variable"
    assert all(a["stack"] and a["stack"][0]["function"] for a in r.findings[0]["accesses"]), "both stacks are there"


def test_same_scenarios_in_go():
    """The Go program stays a twin of the C program."""
    c, go = SOURCE.read_text(), SOURCE.with_suffix(".go").read_text()
    names = set(re.findall(r'{"(\w+)", \w+}', c))
    assert names == {scenario for scenario, _ in CASES} == set(re.findall(r'"(\w+)": +\w+[,}]', go))
