"""bench/prof runs, and its figures are there."""

import json
import shutil

import godwit_testing as gt

RUN = gt.REPO / "bench" / "prof" / "run"


def test_it_runs(tmp_path):
    figures = tmp_path / "figures.json"
    r = gt.run(RUN, "--rounds", 1, "--scale", 0.01, "--json", figures, "--build", gt.BUILD, timeout=300)
    assert r.status == 0, r
    results = json.loads(figures.read_text())["results"]
    for tool in ["godwit"] + (["go"] if shutil.which("go") else []):
        assert results[f"ping-pong block:1 {tool}"]["cpu_ns"] > 0 and results[f"parked {tool}"]["cpu_ms"] > 0


def test_usage():
    for words in (["--rounds", 0], ["--scale", 0], ["nothing"]):
        assert gt.run(RUN, *words).status == 64
