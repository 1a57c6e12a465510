"""The detector's vector clocks beside plain arrays; clocks.c and pairs.c make the steps and compare."""

import pytest

import godwit_testing as gt


def build(tmp_path_factory, name):
    out = tmp_path_factory.mktemp(name) / name
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-DGW_RACE=1", f"-I{gt.REPO}/include",
               f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / f"{name}.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", out, timeout=300)
    assert r.status == 0, r
    return out


@pytest.fixture(scope="module")
def clocks(tmp_path_factory):
    return build(tmp_path_factory, "clocks")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return build(tmp_path_factory, "pairs")


@pytest.mark.parametrize(("slots", "steps"), ((10, 40_000), (20, 40_000), (300, 20_000), (5_000, 4_000), (70_000, 400)))
def test_clocks(clocks, full, slots, steps):
    """A leaf, a top over a leaf, trees of two to five levels."""
    for seed in range(100 if full else 3):
        r = gt.run(clocks, seed, slots, steps, timeout=300)
        assert r.status == 0, f"seed {seed}: {r}"


@pytest.mark.parametrize(("goroutines", "steps"), ((2, 4_000), (3, 40_000), (6, 40_000), (20, 30_000), (120, 6_000), (300, 2_000)))
def test_pairs(pairs, full, goroutines, steps):
    """Goroutines in a row, some of whom meet others as well, end, or go on with what somebody published."""
    for seed in range(100 if full else 5):
        r = gt.run(pairs, seed, goroutines, steps, timeout=300)
        assert r.status == 0, f"seed {seed}: {r}"
