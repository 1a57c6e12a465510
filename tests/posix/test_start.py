"""Where a program starts: every kind of executable, address layout, allocator and confinement."""

import shutil
from pathlib import Path

import pytest

import godwit_testing as gt

PROGRAM = r"""
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static long global, *heap;
static void on_signal(int s) { (void)s; global++; }
static void *touch(void *p) {
  global++;
  heap[1]++;
  char *big = malloc(300000), *copy = strdup("some text");
  memset(big, 1, 300000);
  free(copy);
  free(realloc(big, 600000));
  return p;
}
/* argv[1]: r two threads race, o they are ordered; argv[2]: f in a forked child */
int main(int argc, char **argv) {
  signal(SIGUSR1, on_signal);
  heap = calloc(4, sizeof *heap);
  raise(SIGUSR1);
  pid_t child = argc > 2 ? fork() : 0;
  int status = 0;
  if (child) {
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
  pthread_t a, b;
  pthread_create(&a, NULL, touch, NULL);
  if (argv[1][0] == 'o') pthread_join(a, NULL);
  pthread_create(&b, NULL, touch, NULL);
  if (argv[1][0] == 'r') pthread_join(a, NULL);
  pthread_join(b, NULL);
  puts("end");
  return 0;
}
"""

KINDS = {"pie": ("-fPIE", "-pie"), "no-pie": ("-fno-pie", "-no-pie"), "static": ("-static",), "static-pie": ("-static-pie",)}


def judge(run):
    """Both verdicts of run(how, ...)."""
    racy = run("r")
    names = sorted({(f["variable"]["name"] or f["memory"]["kind"]) for f in racy.findings})
    assert racy.status == 66 and names == ["global", "heap"] and racy.result.stdout == "end\n", racy.result
    clean = run("o")
    assert (clean.status, clean.findings, clean.result.stderr) == (0, [], ""), clean.result


@pytest.mark.parametrize("fork", ((), ("f",)), ids=("itself", "child"))
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_executables(kind, fork, programs, tmp_path):
    program = programs(PROGRAM, "-O1", *KINDS[kind])
    judge(lambda how: gt.run_race(program, how, *fork, folder=tmp_path))


@pytest.mark.parametrize("kind", KINDS)
def test_without_address_randomisation(kind, programs, tmp_path):
    program = programs(PROGRAM, "-O1", *KINDS[kind])
    judge(lambda how: gt.run_race("setarch", "-R", program, how, folder=tmp_path))


RANDOMISATION = Path("/proc/sys/vm/mmap_rnd_bits")


def test_wide_address_randomisation(programs, tmp_path):
    """One test for all widths, as the setting is the machine's."""
    built = [programs(PROGRAM, "-O1", *flags) for flags in KINDS.values()]
    before = RANDOMISATION.read_text()
    try:
        RANDOMISATION.write_text(before)
    except OSError:
        pytest.skip("only root may change vm.mmap_rnd_bits")
    try:
        for bits in (28, 30, 32):
            RANDOMISATION.write_text(str(bits))
            for program in built:
                for _ in range(8):  # the layout is another one each time
                    clean = gt.run_race(program, "o", folder=tmp_path)
                    assert (clean.status, clean.findings, clean.result.stderr) == (0, [], ""), clean.result
                judge(lambda how, program=program: gt.run_race(program, how, folder=tmp_path))
    finally:
        RANDOMISATION.write_text(before)


@pytest.mark.parametrize("name", ("libjemalloc", "libmimalloc"))
def test_a_preloaded_malloc(name, programs, tmp_path):
    """Debian's packages libjemalloc2 and libmimalloc-dev, which ./bootstrap installs."""
    library = next(Path("/usr/lib").glob(f"*/{name}.so.[0-9]*"), None)
    assert library, f"{name} isn't installed"
    judge(lambda how: gt.run_race(programs(PROGRAM, "-O1"), how, folder=tmp_path, env={"LD_PRELOAD": library}))


def test_below_gdb(programs, tmp_path):
    program = programs(PROGRAM, "-O1")
    assert shutil.which("gdb"), "gdb isn't installed"

    def run(how):
        r = gt.run_race("gdb", "-q", "-batch", "-ex", "handle SIGUSR1 nostop noprint pass", "-ex", f"run {how}",
                        "-ex", "quit $_exitcode", program, folder=tmp_path)
        return r._replace(result=r.result._replace(stdout="end\n" if "end\n" in r.result.stdout else "", stderr=""))

    judge(run)


def test_in_a_user_namespace_without_rights(programs, tmp_path):
    if gt.run("unshare", "-U", "true").status != 0:
        pytest.skip("no user namespaces here")
    program = programs(PROGRAM, "-O1")
    judge(lambda how: gt.run_race("unshare", "-U", program, how, folder=tmp_path))


@pytest.mark.parametrize("megabytes", (500, 20000, 2000000))
def test_limited_address_space_is_told(megabytes, programs, tmp_path):
    program = programs(PROGRAM, "-O1")
    r = gt.run("sh", "-c", f"ulimit -v {megabytes * 1000}; exec {program} o")
    assert r.status == 125 and "ulimit -v" in r.stderr and len(r.stderr.splitlines()) == 1, r


LIBRARY = r"""
static long inside;
long *lib_address(void) { return &inside; }
void lib_touch(void) { inside++; }
"""

OPENER = r"""
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static void (*touch)(void);
static void *thread(void *p) { touch(); return p; }
int main(int argc, char **argv) {
  for (int round = 0; round < 3; round++) { /* what was recorded goes with the library */
    void *lib = dlopen(argv[1], RTLD_NOW);
    if (!lib) { puts(dlerror()); return 9; }
    *(void **)&touch = dlsym(lib, "lib_touch");
    touch();
    pthread_t a, b;
    pthread_create(&a, NULL, thread, NULL);
    if (argc < 3) pthread_join(a, NULL);
    pthread_create(&b, NULL, thread, NULL);
    if (argc > 2) pthread_join(a, NULL);
    pthread_join(b, NULL);
    dlclose(lib);
  }
  return 0;
}
"""


@pytest.mark.parametrize("instrumented", (True, False), ids=("instrumented", "plain"))
def test_a_library_opened_at_run_time(instrumented, programs, build, tmp_path):
    (tmp_path / "lib.c").write_text(LIBRARY)
    lib = tmp_path / "libopened.so"
    compiler = [gt.GODWIT_CLANG, "-race"] if instrumented else ["clang-19"]
    r = gt.run(*compiler, "-g", "-O1", "-fPIC", "-shared", tmp_path / "lib.c", "-o", lib)
    assert r.status == 0, r
    program = programs(OPENER, "-O1")
    clean = gt.run_race(program, lib, folder=tmp_path)
    assert (clean.status, clean.findings) == (0, []), clean.result
    racy = gt.run_race(program, lib, "race", folder=tmp_path)
    assert {f["variable"]["name"] for f in racy.findings} == ({"inside"} if instrumented else set()), racy.result
    assert racy.status == (66 if instrumented else 0)
