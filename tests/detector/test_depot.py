"""What threads remember of the depot; depot.c meets many places and looks at what is found."""

import pytest

import godwit_testing as gt


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("depot") / "depot"
    r = gt.run("clang-19", "-std=gnu11", "-O1", "-g", "-DGW_RACE=1", "-Wall", "-Wextra", f"-I{gt.REPO}/include",
               f"-I{gt.REPO}", gt.REPO / "tests" / "detector" / "depot.c",
               gt.BUILD / "lib" / "godwit" / "libgodwit_race_parts.a", "-lpthread", "-ldl", "-o", path, timeout=300)
    assert r.status == 0 and not r.stderr, r
    return path


@pytest.mark.parametrize("way", ("grow", "forget", "share"))
def test_many_places(program, way):
    r = gt.run(program, way, timeout=120)
    assert r.status == 0, r
