"""A project of somebody else's, against the installed tree: by pkg-config and by CMake's find_package, from where the tree
was moved to."""

import re
import shutil

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <godwit.h>
#include <stdio.h>
static int hits;
static void add(gw_chan(int) to, int n) {
  hits++;
  gw_send(to, n);
}
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  for (int i = 0; i < 10; i++) gw_go(add, c, i);
  int sum = 0;
  for (int i = 0; i < 10; i++) sum += gw_recv(c);
  printf("%d\n", sum);
}
"""
LIBRARY = r"""
#include <godwit.h>
int squares(int n);
static void square(gw_chan(int) to, int n) { gw_send(to, n * n); }
int squares(int n) {
  gw_chan(int) c = gw_make(int, 4);
  for (int i = 1; i <= n; i++) gw_go(square, c, i);
  int sum = 0;
  for (int i = 1; i <= n; i++) sum += gw_recv(c);
  gw_chan_free(c);
  return sum;
}
"""
USES_LIBRARY = r"""
#include <godwit.h>
#include <stdio.h>
int squares(int n);
static void ask(gw_chan(int) to) { gw_send(to, squares(4)); }
int main(void) {
  gw_chan(int) c = gw_make(int, 0);
  gw_go(ask, c);
  printf("%d\n", gw_recv(c) + squares(3));
}
"""


@pytest.fixture(scope="module")
def tree(build, tmp_path_factory):
    """The installed tree; the folder that it was installed into is gone."""
    folder = tmp_path_factory.mktemp("tree")
    r = gt.run("cmake", "--install", gt.BUILD, env={"DESTDIR": folder / "stage"})
    assert r.status == 0, r
    shutil.move(folder / "stage/usr/local", folder / "moved")
    shutil.rmtree(folder / "stage")
    return folder / "moved"


def package(tree, *args):
    r = gt.run("pkg-config", *args, env={"PKG_CONFIG_PATH": tree / "lib/pkgconfig"})
    assert r.status == 0 and not r.stderr, r
    return r.stdout.split()


@pytest.fixture
def project(tmp_path):
    (tmp_path / "program.c").write_text(PROGRAM)
    (tmp_path / "library.c").write_text(LIBRARY)
    (tmp_path / "uses.c").write_text(USES_LIBRARY)
    return tmp_path


def compiled(folder, compiler, *args, out="program"):
    r = gt.run(compiler, "-Wall", "-Wextra", "-Werror", "-O2", *args, "-o", out, cwd=folder)
    assert r.status == 0, r
    return folder / out


def test_pkg_config_by_gcc(tree, project):
    cflags, libs = package(tree, "--cflags", "godwit"), package(tree, "--libs", "godwit")
    program = compiled(project, "gcc", *cflags, "program.c", *libs, f"-Wl,-rpath,{tree}/lib")
    r = gt.run(program)
    assert (r.status, r.stdout, r.stderr) == (0, "45\n", ""), r
    assert "libgodwit.so.0" in gt.run("readelf", "-d", program).stdout


def test_pkg_config_static_by_gcc(tree, project):
    flags = package(tree, "--cflags", "--libs", "--static", "godwit")
    program = compiled(project, "gcc", "-static", "program.c", *flags)
    r = gt.run(program)
    assert (r.status, r.stdout, r.stderr) == (0, "45\n", ""), r
    assert "(NEEDED)" not in gt.run("readelf", "-d", program).stdout


def test_pkg_config_race_by_clang(tree, project):
    cflags, libs = package(tree, "--cflags", "godwit-race"), package(tree, "--libs", "godwit-race")
    r = gt.run("clang-19", "-g", "-O1", *cflags, "-c", "program.c", cwd=project)
    assert r.status == 0, r
    program = compiled(project, "clang-19", "program.o", *libs)
    r = gt.run(program)
    assert r.status == 66 and "data race on 'hits'" in r.stderr and "program.c:6" in r.stderr, r


def test_the_shared_library_exports_only_its_interface(build):
    table = gt.run("nm", "-D", "--defined-only", "--format=posix", gt.BUILD / "lib/libgodwit.so").stdout
    names = {line.split()[0] for line in table.splitlines()}
    assert {"gw__go", "gw_yield", "gw_mutex_lock"} <= names
    assert not [n for n in names if not re.match(r"gw_|__gw_|AnnotateHappens|__tsan_|_Block_|_NSConcrete", n)]


def test_two_libraries_share_one_runtime(tree, project):
    """A library of the user's that uses goroutines, and a program that does, by libgodwit.so."""
    cflags, libs = package(tree, "--cflags", "godwit"), package(tree, "--libs", "godwit")
    rpath = f"-Wl,-rpath,{tree}/lib,-rpath,{project}"
    compiled(project, "gcc", "-shared", "-fPIC", *cflags, "library.c", *libs, rpath, out="libsquares.so")
    program = compiled(project, "gcc", *cflags, "uses.c", "-L.", "-lsquares", *libs, rpath)
    r = gt.run(program)
    assert (r.status, r.stdout, r.stderr) == (0, "44\n", ""), r


CMAKE = """
cmake_minimum_required(VERSION 3.20)
project(outside C)
find_package(Godwit 0.1 REQUIRED%s)
add_executable(program program.c)
target_link_libraries(program PRIVATE %s)
"""


def configured(tree, project, compiler, target, components=""):
    (project / "CMakeLists.txt").write_text(CMAKE % (components, target))
    return gt.run("cmake", "-S", project, "-B", project / "out", "-G", "Ninja", f"-DCMAKE_C_COMPILER={compiler}",
                  f"-DCMAKE_PREFIX_PATH={tree}", "-DCMAKE_BUILD_TYPE=Debug")


@pytest.mark.parametrize("target", ["Godwit::godwit", "Godwit::shared"])
@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_find_package(tree, project, compiler, target):
    r = configured(tree, project, "gcc" if compiler == "gcc" else compiler, target)
    assert r.status == 0 and not r.stderr, r
    r = gt.run("cmake", "--build", project / "out")
    assert r.status == 0, r
    r = gt.run(project / "out/program")
    assert (r.status, r.stdout, r.stderr) == (0, "45\n", ""), r


def test_find_package_race(tree, project):
    r = configured(tree, project, "clang-19", "Godwit::race", " COMPONENTS race")
    assert r.status == 0 and not r.stderr, r
    r = gt.run("cmake", "--build", project / "out")
    assert r.status == 0, r
    r = gt.run(project / "out/program")
    assert r.status == 66 and "data race on 'hits'" in r.stderr, r


def test_find_package_race_says_which_compiler(tree, project):
    r = configured(tree, project, "gcc", "Godwit::race", " COMPONENTS race")
    assert r.status != 0 and "Godwit::race needs clang-19" in r.stderr, r
