"""The benchmarks' own machinery: what is measured is right, and a wrong result or a report never passes for a figure."""

import importlib.machinery
import importlib.util
import json
import re

import godwit_testing as gt
import measuring
import pytest

BENCH = gt.REPO / "bench"

EATER = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
int main(int argc, char **argv) {
  size_t n = (size_t)atoi(argv[1]) << 20;
  char *p = malloc(n);
  memset(p, argc, n);
  while (clock() < atoi(argv[2]) * (CLOCKS_PER_SEC / 100)) p[0]++;
  if (argc > 3) abort();
  return p[0] == 3 ? 4 : 0;
}
"""


@pytest.fixture(scope="module")
def measure(tmp_path_factory):
    return measuring.Measurer(tmp_path_factory.mktemp("measure"))


def load(folder):
    loader = importlib.machinery.SourceFileLoader(f"{folder}_run", str(BENCH / folder / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tsan_run():
    return load("tsan")


@pytest.fixture(scope="module")
def go_run():
    return load("go")


def test_measurer(measure, tmp_path):
    source, program = tmp_path / "eater.c", tmp_path / "eater"
    source.write_text(EATER)
    assert gt.run("clang-19", "-O1", source, "-o", program).status == 0
    small, large = measure([program, "1", "0"]), measure([program, "40", "20"])
    assert small.rss_kib < 8 * 1024, "this interpreter's own size must not count"
    assert 40 * 1024 <= large.rss_kib < 48 * 1024
    assert 0.2 <= large.cpu_s < 2 and small.cpu_s < 0.15
    assert measure([program, "1", "0", "abort"]).status == -6
    assert measure([program, "1", "100000"], timeout=0.3).status is None


def test_harness(tmp_path):
    figures = tmp_path / "figures.json"
    r = gt.run(BENCH / "tsan" / "run", "quicksort", "queue", "--size", 3000, "--rounds", 2, "--builds", "native,tsan",
               "--build", tmp_path, "--json", figures, timeout=300)
    assert r.status == 0, str(r)
    data = json.loads(figures.read_text())
    assert list(data["medians"]) == ["quicksort", "queue"] and not data["problems"]
    assert data["ratios"]["geomean"]["tsan/native"]["rss_mib"] > 1
    assert all(len(runs) == 2 for runs in data["runs"].values()) and len(data["runs"]) == 4
    assert "geomean" in r.stdout


def test_harness_usage(tmp_path):
    for words in (["nosuch"], ["--rounds", 0], ["--threads", 3], ["--builds", "nosuch"]):
        r = gt.run(BENCH / "tsan" / "run", *words, "--build", tmp_path)
        assert r.status == 64 and "bench/tsan/run" in r.stderr, str(r)


@pytest.mark.parametrize("run, word", [
    (measuring.Run(66, 1, 1, "k 1\n", "WARNING: data race\n"), "status 66"),
    (measuring.Run(0, 1, 1, "k 1\n", "something\n"), "a message"),
    (measuring.Run(0, 1, 1, "k 2\n", ""), "instead of"),
    (measuring.Run(-11, 1, 1, "", ""), "status -11"),
    (measuring.Run(None, 0, 0, "", ""), "no end"),
])
def test_problems_are_seen(tsan_run, run, word):
    assert word in tsan_run.judge("k", "godwit", run, {"k": "k 1\n"}).text
    assert tsan_run.judge("k", "godwit", measuring.Run(0, 1, 1, "k 1\n", ""), {"k": "k 1\n"}) is None


def test_ratios(tsan_run):
    figures = {"a": {"native": {"cpu_s": 1, "rss_mib": 10}, "godwit": {"cpu_s": 2, "rss_mib": 20},
                     "tsan": {"cpu_s": 4, "rss_mib": 40}},
               "b": {"native": {"cpu_s": 1, "rss_mib": 10}, "godwit": {"cpu_s": 8, "rss_mib": 20},
                     "tsan": {"cpu_s": 16, "rss_mib": 40}}}
    ratio = tsan_run.ratios(figures)
    assert ratio["a"]["godwit/tsan"] == {"cpu_s": 0.5, "rss_mib": 0.5}
    assert ratio["geomean"]["godwit/native"]["cpu_s"] == pytest.approx(4)
    assert ratio["geomean"]["tsan/native"]["rss_mib"] == pytest.approx(4)


def test_go_harness(tmp_path, go_run):
    figures = tmp_path / "figures.json"
    r = gt.run(BENCH / "go" / "run", "--scale", 0.001, "--rounds", 1, "--many", 1000, "--json", figures, timeout=300)
    assert r.status == 0, str(r)
    data = json.loads(figures.read_text())
    assert not data["problems"] and len(data["rows"]) == 2 * len(go_run.ROWS)
    assert all(e["godwit"]["wall"] > 0 for e in data["rows"]) and data["many"]["rss"]["godwit"] > 4000


def test_go_harness_usage(tmp_path):
    for words in (["nosuch"], ["--rounds", 0], ["--procs", "0"], ["--scale", 0]):
        r = gt.run(BENCH / "go" / "run", *words, "--build", tmp_path)
        assert r.status == 64 and "bench/go/run" in r.stderr, str(r)


def test_the_go_programs_are_twins(go_run):
    """Every row exists in C, in Go and in the harness."""
    c = re.findall(r'^ROW\("([^"]+)"', (BENCH / "go" / "c" / "rows.inc").read_text(), re.M)
    go = re.findall(r'^\t"([^"]+)":', (BENCH / "go" / "go" / "main.go").read_text(), re.M)
    assert sorted(c) == sorted(go) == sorted(r.name for r in go_run.ROWS)


def test_go_means(go_run):
    entries = [{"procs": 2, "parallel": p, "ratio": {"cpu": c, "wall": w}}
               for p, c, w in ((True, 1, 0.25), (True, 4, 1), (False, 2, 64))]
    mean = go_run.means([*entries, {"procs": 1, "parallel": True, "ratio": {"cpu": 9, "wall": 9}}], 2)
    assert mean["cpu"] == pytest.approx(2) and mean["parallel_wall"] == pytest.approx(0.5)
    assert go_run.means(entries, 1) == {"cpu": None, "parallel_wall": None}


def test_live(tmp_path):
    figures = tmp_path / "figures.json"
    r = gt.run(BENCH / "live" / "run", "--scale", 0.002, "--json", figures, timeout=300)
    assert r.status == 0, str(r)
    said = {(f["scenario"], f["n"]): f for f in json.loads(figures.read_text())["figures"]}
    assert 3000 < said["parked", 2000]["rss"] < 20000 and all(f["status"] == 0 for f in said.values())
    assert gt.run(BENCH / "live" / "run", "--scenario", "nosuch", "--build", tmp_path).status == 64
