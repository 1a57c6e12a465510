"""Code that goes on on another thread after a blocking call: errno and thread-locals are that thread's, at every level of
optimisation, in executables and libraries."""

from pathlib import Path

import pytest

import godwit_testing as gt

SOURCE = Path(__file__).parent / "programs/moves.c"
RUN = {"GOMAXPROCS": 4, "GODWIT": "stress=all"}


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("flags", [("-O0",), ("-O2",), ("-O3",), ("-O2", "-fPIC"), ("-O3", "-fPIE", "-pie"), ("-Os", "-flto")],
                         ids=" ".join)
def test_executable(programs, flags, race):
    r = gt.run(programs(SOURCE, *flags, race=race), env=RUN)
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("race", [False, True], ids=["plain", "race"])
@pytest.mark.parametrize("level", ["-O2", "-O3"])
def test_library(build, tmp_path, level, race):
    """Of which the compiler may not know that it is loaded at start-up."""
    mode = ["-race"] if race else []
    r = gt.run(gt.GODWIT_CLANG, *mode, "-g", level, "-fPIC", "-shared", "-DLIBRARY", SOURCE, "-o", tmp_path / "libmoves.so")
    assert r.status == 0, r
    r = gt.run(gt.GODWIT_CLANG, *mode, "-g", level, "-DMAIN", SOURCE, "-o", tmp_path / "moves", f"-L{tmp_path}", "-lmoves",
               f"-Wl,-rpath,{tmp_path}")
    assert r.status == 0, r
    r = gt.run(tmp_path / "moves", env=RUN)
    assert (r.status, r.stderr) == (0, ""), r


def test_another_compiler_keeps_addresses(build, tmp_path):
    """Why godwit cc is needed for that: without it the same program is wrong (the manual says what to do then)."""
    r = gt.run("clang-19", "-O2", f"-I{gt.REPO / 'include'}", SOURCE, gt.BUILD / "lib/godwit/libgodwit.a", "-lpthread", "-o",
               tmp_path / "moves")
    assert r.status == 0, r
    r = gt.run(tmp_path / "moves", env=RUN)
    assert r.status == 1 and "moves.c:" in r.stderr, r
