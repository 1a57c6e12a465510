"""Programs with goroutines under AddressSanitizer, LeakSanitizer and valgrind: no false alarm, and what is wrong is found."""

import shutil
from pathlib import Path

import pytest

import godwit_testing as gt

HERE = Path(__file__).parent
LIBRARY = gt.BUILD / "lib/godwit/libgodwit.a"
COMPILERS = ["clang-19", "gcc"]


@pytest.fixture(scope="module")
def built(build, tmp_path_factory):
    folder, done = tmp_path_factory.mktemp("tools"), {}

    def program(source, compiler, *flags):
        key = (source, compiler, flags)
        if key not in done:
            out = folder / f"{source.stem}-{len(done)}"
            r = gt.run(shutil.which(compiler) or "gcc", "-g", "-gdwarf-4", "-fno-omit-frame-pointer", *flags,
                       f"-I{gt.REPO / 'include'}", source, LIBRARY, "-lpthread", "-lm", "-o", out)
            assert r.status == 0, r
            done[key] = out
        return done[key]

    return program


FRAMES = HERE / "programs/frames.c"
GROUPS = sorted((HERE / "properties").glob("*.c"))


@pytest.mark.parametrize("procs", [1, 4])
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("source", [FRAMES, *GROUPS], ids=lambda p: p.stem)
def test_sanitizers_are_silent(built, compiler, source, procs):
    program = built(source, compiler, "-fsanitize=address", "-O1")
    r = gt.run(program, env={"GOMAXPROCS": procs, "ASAN_OPTIONS": "detect_stack_use_after_return=1", "GODWIT": "stress=yield"})
    assert (r.status, r.stderr) == (0, ""), r


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("way, message, function", [
    ("overflow", "stack-buffer-overflow", "overflow"),
    ("return", "stack-use-after-return", "use_after_return"),
    ("leak", "77 byte(s) in 1 object", "leak"),
])
def test_sanitizers_find(built, compiler, way, message, function):
    program = built(FRAMES, compiler, "-fsanitize=address", "-O0")
    r = gt.run(program, way, env={"ASAN_OPTIONS": "detect_stack_use_after_return=1"})
    assert r.status != 0 and message in r.stderr and f"in {function} " in r.stderr, r


def valgrind(program, *args, procs=2):
    # fair: who tries again and again else keeps the lock of all threads, and another never gets it
    return gt.run("valgrind", "-q", "--fair-sched=try", "--error-exitcode=9", program, *args,
                  env={"GOMAXPROCS": procs}, timeout=300)


@pytest.mark.parametrize("source", [FRAMES, *(p for p in GROUPS if p.stem in ("channels", "locks"))], ids=lambda p: p.stem)
def test_valgrind_is_silent(built, source):
    """Nothing about the client's switching stacks either."""
    r = valgrind(built(source, "gcc", "-O1"))
    assert (r.status, r.stderr) == (0, ""), r


def test_valgrind_finds(built):
    r = valgrind(built(FRAMES, "gcc", "-O0"), "uninitialised")
    assert r.status == 9 and "depends on uninitialised value" in r.stderr and "uninitialised (frames.c" in r.stderr, r
