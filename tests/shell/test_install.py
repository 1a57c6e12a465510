"""cmake --install: the tree works from wherever it was put, and needs neither the build folder nor the sources."""

import os
import shutil

import pytest

import godwit_testing as gt

PARTS = ("bin/godwit", "bin/godwit-clang", "lib/godwit/libgodwit.a", "lib/godwit/libgodwit_race.a",
         "lib/godwit/godwit_pass.so", "include/godwit.h", "include/godwit/macros.h")


def installed_with_prefix(folder):
    r = gt.run("cmake", "--install", gt.BUILD, "--prefix", folder)
    assert r.status == 0, r
    return folder


def installed_with_destdir(folder):
    r = gt.run("cmake", "--install", gt.BUILD, env={"DESTDIR": folder})
    assert r.status == 0, r
    return folder / "usr" / "local"


@pytest.mark.parametrize("install", [installed_with_prefix, installed_with_destdir])
def test_installed_tree(install, build, tmp_path):
    root = install(tmp_path / "stage")
    assert not [p for p in PARTS if not (root / p).exists()]
    moved = tmp_path / "moved"  # a package is built here and lives there
    shutil.move(root, moved)
    r = gt.run(moved / "bin" / "godwit", "selftest", cwd=tmp_path)
    assert r.status == 0, r
    program = tmp_path / "program"
    racy = gt.REPO / "examples" / "counter_racy.c"
    r = gt.run(moved / "bin" / "godwit-clang", "-race", "-g", racy, "-o", program, env={"PATH": f"/usr/bin:/bin"})
    assert r.status == 0, r
    r = gt.run(program)
    assert r.status == 66 and "data race on 'hits'" in r.stderr, r


def test_nothing_installed_names_the_build_folder(build, tmp_path):
    root = installed_with_prefix(tmp_path / "stage")
    for path in root.rglob("*"):
        if path.is_file() and path.suffix not in (".a",):
            assert os.fsencode(gt.BUILD / "bin") not in path.read_bytes(), path
