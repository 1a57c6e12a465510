"""What threads remember of the depot, depot.c, and composites, composite.c: they look at what is found."""

import pytest

import godwit_testing as gt


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depot")

    def program(name):
        r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-DGW_RACE=1", "-Wall", "-Wextra", f"-I{gt.REPO}/include",
                   f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / f"{name}.c",
                   gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", folder / name,
                   timeout=300)
        assert r.status == 0 and not r.stderr, r
        return folder / name

    return program


@pytest.mark.parametrize("way", ("grow", "forget", "share", "names"))
def test_many_places(built, way):
    r = gt.run(built("depot"), way, timeout=120)
    assert r.status == 0, r


@pytest.mark.parametrize("seed", (1, 2))
def test_composites(built, seed):
    r = gt.run(built("composite"), seed, timeout=120)
    assert r.status == 0, r
