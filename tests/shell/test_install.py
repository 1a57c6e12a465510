"""cmake --install: the tree works from wherever it was put, and needs neither the build folder nor the sources."""

import os
import re
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


@pytest.mark.parametrize("library", ["libgodwit.a", "libgodwit_race.a", "libgodwit_interpose.a", "libgodwit_wrap.a"])
def test_libraries_leave_the_users_names_alone(library, build):
    """A static library's global names are the program's too: all of ours begin as ours do."""
    table = gt.run("nm", "--extern-only", "--defined-only", "--format=posix", gt.BUILD / "lib" / "godwit" / library).stdout
    ours = ("gw_", "gw__", "__gw_", "AnnotateHappens", "__tsan_", "__wrap_", "_Block_", "_NSConcrete")
    found_by_name = {"ompt_start_tool"}  # by OpenMP's runtime; weak, as a program may bring a tool of its own
    weak = {line.split()[0] for line in table.splitlines() if line.split()[1:2] in (["W"], ["V"])}
    interposed = set(re.findall(r"^GW_INTER\w+\((\w+)\)", (gt.REPO / "include/godwit/intercept.inc").read_text(), re.M))
    names = {line.split()[0] for line in table.splitlines() if len(line.split()) > 1}
    assert len(names) > 20
    assert {n for n in names if not n.startswith(ours)} <= interposed | (found_by_name & weak)


@pytest.mark.parametrize("race", [False, True])
def test_a_program_may_use_our_inner_names(race, programs):
    """Names that our rooms use themselves, as functions and variables of the user's."""
    names = ("mutex_lock", "pool_get", "pool_put", "arena_alloc", "options_init", "cond_wait", "runq_get", "thread_create",
             "shadow", "sched", "race_acquire", "text_add", "goid_next", "prim_map")
    text = "#include <godwit.h>\n#include <stdio.h>\n" + "".join(f"int {n}(int x);\nint {n}(int x) {{ return x + 1; }}\n"
                                                               for n in names)
    text += "static void f(gw_chan(int) c) { gw_send(c, 1); }\nint main(void) {\n  gw_chan(int) c = gw_make(int, 0);\n"
    text += "  gw_go(f, c);\n  int n = gw_recv(c);\n" + "".join(f"  n = {n}(n);\n" for n in names)
    text += '  printf("%d\\n", n);\n}\n'
    r = gt.run(programs(text, "-O1", race=race))
    assert (r.status, r.stdout) == (0, f"{len(names) + 1}\n"), r
