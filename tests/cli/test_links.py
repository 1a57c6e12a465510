"""The runtime reaches every kind of link: one race, in the program, in its libraries, in what it opens at run time."""

import subprocess

import pytest

import godwit_testing as gt

RACE = """#include <pthread.h>
#include <stddef.h>
int hits;
void *hit(void *p) {
  hits++;
  return p;
}
int race(void) {
  pthread_t t;
  pthread_create(&t, NULL, hit, NULL);
  hits++;
  return pthread_join(t, NULL);
}
"""
MAIN = "int race(void);\nint main(void) { return race(); }\n"
OPENS = """#include <dlfcn.h>
int main(int argc, char **argv) {
  void *lib = dlopen(argv[argc - 1], RTLD_NOW);
  int (*race)(void) = lib ? (int (*)(void))dlsym(lib, "race") : 0;
  return race ? race() : 9;
}
"""


@pytest.fixture
def folder(build, tmp_path):
    for name, text in (("race.c", RACE), ("main.c", MAIN), ("opens.c", OPENS)):
        (tmp_path / name).write_text(text)
    (tmp_path / "log").mkdir()
    return tmp_path


def cc(folder, *args):
    r = gt.run(gt.GODWIT_CLANG, "-g", "-O1", *args, cwd=folder)
    assert r.status == 0 and not r.stderr, r


def finds_it(folder, program, *args):
    r = gt.run_race(folder / program, *args, folder=folder / "log")
    assert r.status == 66 and len(r.findings) == 1, r.result
    f = r.findings[0]
    assert sorted(a["stack"][0]["line"] for a in f["accesses"]) == [5, 11] and f["variable"]["name"] == "hits", f
    return f


@pytest.mark.parametrize("flags", [(), ("-no-pie",), ("-static",), ("-static-pie",), ("-fuse-ld=lld-19",),
                                   ("-fuse-ld=lld-19", "-static"), ("-Wl,--gc-sections", "-ffunction-sections"),
                                   ("-flto=thin", "-fuse-ld=lld-19"), ("-flto", "-fuse-ld=lld-19"), ("-Wl,-z,now"),
                                   ("-Wl,--as-needed", "-lz")], ids=lambda f: "_".join(f) or "plain")
def test_executables(folder, flags):
    flags = (flags,) if isinstance(flags, str) else flags
    cc(folder, "-race", *flags, "race.c", "main.c", "-o", "prog")
    finds_it(folder, "prog")


def test_objects_and_archives(folder):
    for name in ("race", "main"):
        cc(folder, "-race", "-c", f"{name}.c")
    subprocess.run(["ar", "rcs", "librace.a", "race.o"], cwd=folder, check=True)
    cc(folder, "-race", "main.o", "librace.a", "-o", "prog")
    finds_it(folder, "prog")
    cc(folder, "-race", "-r", "main.o", "race.o", "-o", "both.o")
    cc(folder, "-race", "both.o", "-o", "prog")
    finds_it(folder, "prog")


def test_shared_library(folder):
    cc(folder, "-race", "-shared", "-fPIC", "race.c", "-o", "librace.so")
    cc(folder, "-race", "main.c", "-L.", "-lrace", "-Wl,-rpath,$ORIGIN", "-o", "prog")
    f = finds_it(folder, "prog")
    assert f["accesses"][0]["stack"][0]["module"].endswith("librace.so")


def test_library_opened_at_run_time(folder):
    """The executable uses nothing of the runtime itself; all of it must be there."""
    cc(folder, "-race", "-shared", "-fPIC", "race.c", "-o", "plugin.so")
    cc(folder, "-race", "opens.c", "-o", "prog")
    finds_it(folder, "prog", folder / "plugin.so")


def test_library_with_goroutines_in_a_plain_program(folder):
    """Without -race as well: a library finds the executable's runtime."""
    (folder / "race.c").write_text("#include <godwit.h>\nstatic void f(gw_chan(int) c) { gw_send(c, 7); }\n"
                                   "int race(void) {\n  gw_chan(int) c = gw_make(int, 0);\n  gw_go(f, c);\n"
                                   "  return gw_recv(c) != 7;\n}\n")
    cc(folder, "-shared", "-fPIC", "race.c", "-o", "plugin.so")
    cc(folder, "opens.c", "-o", "prog")
    assert gt.run(folder / "prog", folder / "plugin.so") == gt.Result(0, "", "")


@pytest.mark.parametrize("flags", [(), ("-static",), ("-flto=thin", "-fuse-ld=lld-19")], ids=lambda f: "_".join(f) or "plain")
def test_programs_without_race(folder, flags):
    cc(folder, *flags, "race.c", "main.c", "-o", "prog")
    assert gt.run(folder / "prog") == gt.Result(0, "", "")


def test_a_program_of_mixed_parts(folder):
    """A part that another compiler made takes part in synchronisation: its locks are seen, its accesses are not."""
    (folder / "locks.c").write_text("#include <pthread.h>\nstatic pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;\n"
                                    "void enter(void) { pthread_mutex_lock(&mu); }\n"
                                    "void leave(void) { pthread_mutex_unlock(&mu); }\n")
    guarded = RACE.replace("  hits++;\n", "  enter(), hits++, leave();\n").replace("int hits", "void enter(void), leave(void);\nint hits")
    (folder / "race.c").write_text(guarded)
    subprocess.run(["gcc", "-O2", "-c", "locks.c"], cwd=folder, check=True)
    for flags in ((), ("-static",)):
        cc(folder, "-race", *flags, "race.c", "main.c", "locks.o", "-o", "prog")
        r = gt.run_race(folder / "prog", folder=folder / "log")
        assert r.status == 0 and not r.findings, r.result
