"""The door to contexts against a plain array; contexts.c makes random steps and compares."""

import pytest

import godwit_testing as gt


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("contexts") / "contexts"
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-DGW_RACE=1", "-Wall", "-Wextra", f"-I{gt.REPO}/include",
               f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / "contexts.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", path, timeout=300)
    assert r.status == 0 and not r.stderr, r
    return path


@pytest.mark.parametrize("threads, steps", ((1, 200_000), (2, 800_000), (8, 800_000)))
def test_like_an_array(program, threads, steps, full):
    seeds = 200 if full else 4
    for seed in range(seeds):
        r = gt.run(program, seed, steps // threads, threads, timeout=120)
        assert r.status == 0, (seed, r)
