"""The detector's vector clocks beside plain arrays; clocks.c makes the steps and compares."""

import pytest

import godwit_testing as gt


@pytest.fixture(scope="module")
def clocks(tmp_path_factory):
    out = tmp_path_factory.mktemp("clocks") / "clocks"
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-DGW_RACE=1", f"-I{gt.REPO}/include",
               f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / "clocks.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", out, timeout=300)
    assert r.status == 0, r
    return out


@pytest.mark.parametrize(("slots", "steps"), ((10, 40_000), (20, 40_000), (300, 20_000), (5_000, 4_000), (70_000, 400)))
def test_clocks(clocks, full, slots, steps):
    """A leaf, a top over a leaf, trees of two to five levels."""
    for seed in range(100 if full else 3):
        r = gt.run(clocks, seed, slots, steps, timeout=300)
        assert r.status == 0, f"seed {seed}: {r}"
